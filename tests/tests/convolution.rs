//! Convolutions against Keras: outputs, and gradients of inputs and weights, for batches of three and of one.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

layers! {
    ("convolution", 1e-5);
    conv1d Conv1d (a a0 "probe_a" [7; 3]) { a >> conv1d(4, 3, name = "c") }
    conv1d_same Conv1dSame (a a0 "probe_a" [8; 3]) { a >> conv1d(4, 4, padding = same, activation = relu, name = "c") }
    conv1d_causal Conv1dCausal (a a0 "probe_a" [7; 2]) { a >> conv1d(5, 3, padding = "causal", dilation_rate = 2, name = "c") }
    conv1d_causal_strides Conv1dCausalStrides (a a0 "probe_a" [8; 2]) { a >> conv1d(3, 2, strides = 3, padding = causal, use_bias = false, name = "c") }
    conv1d_first Conv1dFirst (a a0 "probe_a" [3; 9]) { a >> conv1d(4, 3, strides = 2, padding = same, data_format = channels_first, activation = tanh, name = "c") }
    conv1d_groups Conv1dGroups (a a0 "probe_a" [6; 4]) { a >> conv1d(6, 2, groups = 2, name = "c") }
    conv2d Conv2d (a a0 "probe_a" [5, 6; 3]) { a >> conv2d(4, 3, name = "c") }
    conv2d_same Conv2dSame (a a0 "probe_a" [5, 7; 2]) { a >> conv2d(5, [3, 4], padding = same, activation = tanh, name = "c") }
    conv2d_strides Conv2dStrides (a a0 "probe_a" [8, 9; 2]) { a >> conv2d(3, 3, strides = 2, name = "c") }
    conv2d_strides_same Conv2dStridesSame (a a0 "probe_a" [7, 9; 3]) { a >> conv2d(3, (3, 2), strides = (2, 3), padding = same, name = "c") }
    conv1d_strides_beyond_same Conv1dStridesBeyondSame (a a0 "probe_a" [10; 2]) { a >> conv1d(3, 3, strides = 4, padding = same, name = "c") }
    conv2d_strides_beyond Conv2dStridesBeyond (a a0 "probe_a" [9, 8; 2]) { a >> conv2d(3, 2, strides = [3, 4], name = "c") }
    conv2d_dilated Conv2dDilated (a a0 "probe_a" [8, 9; 2]) { a >> conv2d(3, 3, dilation_rate = [2, 3], name = "c") }
    conv2d_dilated_same Conv2dDilatedSame (a a0 "probe_a" [6, 5; 1]) { a >> conv2d(3, 3, dilation_rate = 2, padding = same, name = "c") }
    conv2d_one_channel Conv2dOneChannel (a a0 "probe_a" [9, 7; 1]) { a >> conv2d(2, 3, use_bias = false, name = "c") }
    conv2d_pointwise Conv2dPointwise (a a0 "probe_a" [4, 3; 5]) { a >> conv2d(7, 1, name = "c") }
    conv2d_pointwise_strides Conv2dPointwiseStrides (a a0 "probe_a" [5, 4; 3]) { a >> conv2d(4, 1, strides = 2, name = "c") }
    conv2d_whole Conv2dWhole (a a0 "probe_a" [4, 3; 2]) { a >> conv2d(5, [4, 3], name = "c") }
    conv2d_groups Conv2dGroups (a a0 "probe_a" [5, 4; 6]) { a >> conv2d(9, 2, groups = 3, padding = same, name = "c") }
    conv2d_first Conv2dFirst (a a0 "probe_a" [3, 5; 6]) { a >> conv2d(4, 3, padding = same, data_format = channels_first, name = "c") }
    conv2d_first_softmax Conv2dFirstSoftmax (a a0 "probe_a" [2, 4; 5]) { a >> conv2d(3, 2, data_format = channels_first, activation = softmax, use_bias = false, name = "c") }
    conv2d_wide Conv2dWide (a a0 "probe_a" [9, 14; 17]) { a >> conv2d(35, 5, name = "c") }
    conv2d_stacked Conv2dStacked (a a0 "probe_a" [8, 7; 2]) { a >> conv2d(5, 2, activation = tanh, name = "c") >> conv2d(18, 3, padding = same, activation = relu, name = "d") >> conv2d(3, 3, strides = 2, name = "e") }
    conv2d_dense Conv2dDense (a a0 "probe_a" [6, 6; 1]) { a >> conv2d(4, 3, activation = relu, name = "c") >> max_pooling2d() >> flatten() >> dense(3, softmax, name = "d") }
    conv3d Conv3d (a a0 "probe_a" [4, 5, 3; 2]) { a >> conv3d(3, 2, name = "c") }
    conv3d_same Conv3dSame (a a0 "probe_a" [3, 4, 5; 2]) { a >> conv3d(3, [2, 3, 2], strides = [1, 2, 2], padding = same, activation = relu, name = "c") }
    conv2d_channel_groups Conv2dChannelGroups (a a0 "probe_a" [5, 4; 3]) { a >> conv2d(6, [2, 3], groups = 3, padding = same, strides = 2, activation = tanh, name = "c") }
    conv3d_strides_beyond Conv3dStridesBeyond (a a0 "probe_a" [5, 4, 6; 2]) { a >> conv3d(3, 2, strides = 3, name = "c") }
    conv2d_beyond_the_image Conv2dBeyondTheImage (a a0 "probe_a" [3, 2; 2]) { a >> conv2d(3, [5, 6], padding = same, name = "c") }
    conv2d_one_pixel Conv2dOnePixel (a a0 "probe_a" [1, 1; 3]) { a >> conv2d(4, 3, strides = 2, padding = same, name = "c") }
    conv2d_transpose_one_pixel Conv2dTransposeOnePixel (a a0 "probe_a" [1, 1; 3]) { a >> conv2d_transpose(4, 3, strides = 2, padding = same, name = "c") }
    conv2d_transpose_beyond_same Conv2dTransposeBeyondSame (a a0 "probe_a" [3, 2; 2]) { a >> conv2d_transpose(3, 2, strides = 3, padding = same, name = "c") }
    depthwise_conv2d_strides_beyond DepthwiseConv2dStridesBeyond (a a0 "probe_a" [9, 7; 3]) { a >> depthwise_conv2d(2, strides = 3, name = "c") }
    separable_conv1d_strides_beyond SeparableConv1dStridesBeyond (a a0 "probe_a" [11; 3]) { a >> separable_conv1d(4, 3, strides = 4, padding = same, name = "c") }
    conv3d_groups Conv3dGroups (a a0 "probe_a" [3, 4, 3; 4]) { a >> conv3d(2, 2, groups = 2, dilation_rate = [1, 2, 1], name = "c") }
    conv3d_first Conv3dFirst (a a0 "probe_a" [2, 4, 3; 3]) { a >> conv3d(3, 2, data_format = channels_first, name = "c") }
    conv1d_transpose Conv1dTranspose (a a0 "probe_a" [5; 3]) { a >> conv1d_transpose(4, 3, strides = 2, name = "c") }
    conv1d_transpose_same Conv1dTransposeSame (a a0 "probe_a" [5; 3]) { a >> conv1d_transpose(2, 4, strides = 3, padding = same, activation = tanh, name = "c") }
    conv1d_transpose_beyond Conv1dTransposeBeyond (a a0 "probe_a" [4; 2]) { a >> conv1d_transpose(3, 2, strides = 5, name = "c") }
    conv2d_transpose Conv2dTranspose (a a0 "probe_a" [3, 4; 3]) { a >> conv2d_transpose(2, 3, name = "c") }
    conv2d_transpose_same Conv2dTransposeSame (a a0 "probe_a" [3, 4; 2]) { a >> conv2d_transpose(5, 3, strides = 2, padding = same, activation = relu, name = "c") }
    conv2d_transpose_more Conv2dTransposeMore (a a0 "probe_a" [3, 4; 2]) { a >> conv2d_transpose(3, [3, 2], strides = [2, 3], output_padding = [1, 2], name = "c") }
    conv2d_transpose_same_more Conv2dTransposeSameMore (a a0 "probe_a" [4, 3; 2]) { a >> conv2d_transpose(3, [3, 4], strides = 2, padding = same, output_padding = [1, 0], name = "c") }
    conv2d_transpose_dilated Conv2dTransposeDilated (a a0 "probe_a" [4, 3; 2]) { a >> conv2d_transpose(3, 3, dilation_rate = 2, padding = same, name = "c") }
    conv2d_transpose_first Conv2dTransposeFirst (a a0 "probe_a" [2, 3; 4]) { a >> conv2d_transpose(3, 2, strides = 2, data_format = channels_first, name = "c") }
    conv2d_transpose_back Conv2dTransposeBack (a a0 "probe_a" [7, 6; 2]) { a >> conv2d(17, 3, strides = 2, activation = tanh, name = "c") >> conv2d_transpose(1, 3, strides = 2, name = "d") }
    conv3d_transpose Conv3dTranspose (a a0 "probe_a" [2, 3, 2; 2]) { a >> conv3d_transpose(3, 2, strides = [1, 2, 2], name = "c") }
    conv3d_transpose_same Conv3dTransposeSame (a a0 "probe_a" [2, 2, 3; 2]) { a >> conv3d_transpose(2, 3, strides = 2, padding = same, use_bias = false, name = "c") }
    depthwise_conv1d DepthwiseConv1d (a a0 "probe_a" [7; 3]) { a >> depthwise_conv1d(3, strides = 2, name = "c") }
    depthwise_conv2d DepthwiseConv2d (a a0 "probe_a" [5, 6; 3]) { a >> depthwise_conv2d(3, name = "c") }
    depthwise_conv2d_multiplier DepthwiseConv2dMultiplier (a a0 "probe_a" [5, 4; 3]) { a >> depthwise_conv2d([2, 3], padding = same, depth_multiplier = 2, activation = relu, name = "c") }
    depthwise_conv2d_dilated DepthwiseConv2dDilated (a a0 "probe_a" [7, 6; 18]) { a >> depthwise_conv2d(3, dilation_rate = 2, name = "c") }
    depthwise_conv2d_first DepthwiseConv2dFirst (a a0 "probe_a" [3, 5; 6]) { a >> depthwise_conv2d(3, strides = 2, data_format = channels_first, name = "c") }
    separable_conv1d SeparableConv1d (a a0 "probe_a" [7; 3]) { a >> separable_conv1d(4, 3, padding = same, depth_multiplier = 2, name = "c") }
    separable_conv2d SeparableConv2d (a a0 "probe_a" [5, 6; 3]) { a >> separable_conv2d(4, 3, strides = 2, padding = same, activation = relu, name = "c") }
    separable_conv2d_multiplier SeparableConv2dMultiplier (a a0 "probe_a" [5, 4; 2]) { a >> separable_conv2d(5, [2, 3], depth_multiplier = 3, use_bias = false, name = "c") }
    locally_connected1d LocallyConnected1d (a a0 "probe_a" [7; 3]) { a >> locally_connected1d(4, 3, strides = 2, name = "c") }
    locally_connected2d LocallyConnected2d (a a0 "probe_a" [5, 4; 2]) { a >> locally_connected2d(3, [2, 3], strides = [2, 1], activation = tanh, name = "c") }
    shared_conv2d SharedConv2d (a a0 "probe_a" [6, 5; 2]) { let c = conv2d(2, 3, padding = same, activation = tanh, name = "c"); a >> c >> c }
    time_distributed_conv2d TimeDistributedConv2d (a a0 "probe_a" [3, 5, 6; 2]) { a >> time_distributed(conv2d(5, 2, padding = same, activation = tanh, name = "c") >> max_pooling2d(2) >> conv2d(3, 2, name = "d") >> flatten()) }
    time_distributed_transpose TimeDistributedTranspose (a a0 "probe_a" [2, 3; 2]) { a >> time_distributed(conv1d_transpose(4, 3, strides = 2, activation = tanh, name = "c") >> average_pooling1d(2, padding = same) >> depthwise_conv1d(2, name = "d")) }
    locally_connected1d_first LocallyConnected1dFirst (a a0 "probe_a" [3; 7]) { a >> locally_connected1d(4, 3, strides = 2, activation = tanh, data_format = channels_first, name = "c") }
    locally_connected2d_first LocallyConnected2dFirst (a a0 "probe_a" [2, 5; 4]) { a >> locally_connected2d(3, [2, 3], strides = [2, 1], data_format = channels_first, name = "c") }
}

/// The same layers on a single sample.
#[test]
fn single_samples() -> Result<()> {
    cases::check(("convolution_one", 1e-5), Conv1dCausal::new(0), "conv1d_causal", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv2d::new(0), "conv2d", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv2dStridesSame::new(0), "conv2d_strides_same", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv2dGroups::new(0), "conv2d_groups", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv2dTransposeSame::new(0), "conv2d_transpose_same", &["a"])?;
    cases::check(("convolution_one", 1e-5), DepthwiseConv2d::new(0), "depthwise_conv2d", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv2dDense::new(0), "conv2d_dense", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv1d::new(0), "conv1d", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv2dOnePixel::new(0), "conv2d_one_pixel", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv3dSame::new(0), "conv3d_same", &["a"])?;
    cases::check(("convolution_one", 1e-5), Conv3dTranspose::new(0), "conv3d_transpose", &["a"])?;
    cases::check(("convolution_one", 1e-5), SeparableConv2d::new(0), "separable_conv2d", &["a"])?;
    cases::check(("convolution_one", 1e-5), LocallyConnected2d::new(0), "locally_connected2d", &["a"])?;
    Ok(())
}

/// A number of filters that only rustc knows.
const FILTERS: usize = 6;

keras_model! {
    Symbolic = conv2d(FILTERS, 3, padding = same, activation = relu, input = [6, 5, 1]) >> max_pooling2d(2)
        >> conv2d_transpose(FILTERS, 2) >> conv2d(FILTERS + 1, 2) >> depthwise_conv2d(2) >> flatten() >> dense(2);
    Known = conv2d(6, 3, padding = same, activation = relu, input = [6, 5, 1]) >> max_pooling2d(2)
        >> conv2d_transpose(6, 2) >> conv2d(7, 2) >> depthwise_conv2d(2) >> flatten() >> dense(2);
}

#[test]
fn filters_may_be_a_constant() -> Result<()> {
    let x =
        ndarray::Array4::from_shape_fn((4, 6, 5, 1), |(a, b, c, _)| ((a * 7 + b * 5 + c * 3) % 11) as f32);
    let y = ndarray::Array2::<f32>::ones((4, 2));
    let mut symbolic = Symbolic::new(3).compile(Adam::default(), MeanSquaredError, ());
    let mut known = Known::new(3).compile(Adam::default(), MeanSquaredError, ());
    for _ in 0..3 {
        assert_eq!(symbolic.step_on_batch(&x, &y)?, known.step_on_batch(&x, &y)?);
    }
    assert_eq!(symbolic.predict(&x)?, known.predict(&x)?);
    Ok(())
}
