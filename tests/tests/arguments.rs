//! Arguments of layers that other tests leave at their defaults, against Keras: outputs, and gradients of inputs and weights.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

layers! {
    ("arguments", 1e-5);
    conv1d_first_causal Conv1dFirstCausal (a a0 "probe_a" [3; 11]) { a >> conv1d(4, 3, padding = causal, dilation_rate = 2, data_format = channels_first, use_bias = false, name = "c") }
    conv2d_first_groups Conv2dFirstGroups (a a0 "probe_a" [4, 7; 11]) { a >> conv2d(6, [3, 2], padding = same, dilation_rate = [2, 3], groups = 2, data_format = channels_first, activation = tanh, name = "c") }
    conv3d_first_dilated Conv3dFirstDilated (a a0 "probe_a" [2, 5, 5; 3]) { a >> conv3d(3, [2, 3, 2], dilation_rate = [2, 1, 2], data_format = channels_first, use_bias = false, name = "c") }
    conv1d_transpose_more Conv1dTransposeMore (a a0 "probe_a" [4; 3]) { a >> conv1d_transpose(2, 3, strides = 3, output_padding = 2, padding = same, use_bias = false, name = "c") }
    conv1d_transpose_first Conv1dTransposeFirst (a a0 "probe_a" [3; 5]) { a >> conv1d_transpose(4, 3, strides = 2, data_format = channels_first, name = "c") }
    conv1d_transpose_dilated Conv1dTransposeDilated (a a0 "probe_a" [5; 2]) { a >> conv1d_transpose(3, 3, dilation_rate = 2, name = "c") }
    conv2d_transpose_first_same Conv2dTransposeFirstSame (a a0 "probe_a" [2, 3; 5]) { a >> conv2d_transpose(3, [2, 4], strides = [3, 2], padding = same, data_format = channels_first, use_bias = false, name = "c") }
    conv3d_transpose_first Conv3dTransposeFirst (a a0 "probe_a" [2, 2, 3; 2]) { a >> conv3d_transpose(3, 2, strides = 2, output_padding = [1, 0, 1], data_format = channels_first, activation = tanh, name = "c") }
    conv3d_transpose_dilated Conv3dTransposeDilated (a a0 "probe_a" [2, 3, 2; 2]) { a >> conv3d_transpose(2, 2, dilation_rate = [1, 2, 2], name = "c") }
    depthwise_conv1d_first DepthwiseConv1dFirst (a a0 "probe_a" [3; 11]) { a >> depthwise_conv1d(3, padding = same, depth_multiplier = 2, dilation_rate = 2, activation = tanh, use_bias = false, data_format = channels_first, name = "c") }
    depthwise_conv2d_first_dilated DepthwiseConv2dFirstDilated (a a0 "probe_a" [2, 7; 6]) { a >> depthwise_conv2d([2, 3], depth_multiplier = 3, dilation_rate = [3, 2], use_bias = false, data_format = channels_first, name = "c") }
    separable_conv1d_first SeparableConv1dFirst (a a0 "probe_a" [3; 11]) { a >> separable_conv1d(4, 3, dilation_rate = 2, depth_multiplier = 2, activation = tanh, use_bias = false, data_format = channels_first, name = "c") }
    separable_conv2d_first SeparableConv2dFirst (a a0 "probe_a" [3, 7; 5]) { a >> separable_conv2d(4, [3, 2], dilation_rate = [2, 2], data_format = channels_first, padding = same, name = "c") }
    conv_lstm1d_first ConvLstm1dFirst (a a0 "probe_a" [3, 2; 7]) { a >> conv_lstm1d(3, 3, padding = same, data_format = channels_first, dilation_rate = 2, activation = relu, recurrent_activation = hard_sigmoid, use_bias = false, go_backwards = true, return_sequences = true) }
    conv_lstm2d_first ConvLstm2dFirst (a a0 "probe_a" [2, 1, 7; 5]) { a >> conv_lstm2d(2, 3, strides = 2, data_format = channels_first, return_state = true) }
    conv_lstm3d_same ConvLstm3dSame (a a0 "probe_a" [2, 3, 4, 3; 1]) { a >> conv_lstm3d(2, 2, strides = [1, 2, 1], padding = same, unit_forget_bias = false, return_sequences = true, return_state = true, go_backwards = true, activation = relu, recurrent_activation = hard_sigmoid) }
    conv_lstm3d_first ConvLstm3dFirst (a a0 "probe_a" [2, 2, 3, 3; 3]) { a >> conv_lstm3d(2, 2, dilation_rate = 2, use_bias = false, data_format = channels_first) }
    average_pooling1d_first AveragePooling1dFirst (a a0 "probe_a" [3; 7]) { a >> average_pooling1d(3, strides = 2, padding = same, data_format = channels_first) }
    average_pooling3d_first AveragePooling3dFirst (a a0 "probe_a" [2, 3, 5; 4]) { a >> average_pooling3d(2, strides = [1, 2, 3], padding = same, data_format = channels_first) }
    max_pooling1d_first MaxPooling1dFirst (a a0 "probe_a" [3; 7]) { a >> max_pooling1d(2, strides = 3, data_format = channels_first) }
    max_pooling3d_first MaxPooling3dFirst (a a0 "probe_a" [2, 3, 5; 4]) { a >> max_pooling3d([2, 3, 2], padding = same, data_format = channels_first) }
    global_average_pooling1d_first GlobalAveragePooling1dFirst (a a0 "probe_a" [3; 7]) { a >> global_average_pooling1d(data_format = channels_first, keepdims = true) }
    global_max_pooling1d_first GlobalMaxPooling1dFirst (a a0 "probe_a" [3; 7]) { a >> global_max_pooling1d(data_format = channels_first, keepdims = true) }
    global_average_pooling3d_first GlobalAveragePooling3dFirst (a a0 "probe_a" [2, 3, 5; 4]) { a >> global_average_pooling3d(data_format = channels_first, keepdims = true) }
    global_max_pooling3d_first GlobalMaxPooling3dFirst (a a0 "probe_a" [2, 3, 5; 4]) { a >> global_max_pooling3d(data_format = channels_first) }
    adaptive_average_pooling1d_first AdaptiveAveragePooling1dFirst (a a0 "probe_a" [3; 7]) { a >> adaptive_average_pooling1d(4, data_format = channels_first) }
    adaptive_max_pooling1d_first AdaptiveMaxPooling1dFirst (a a0 "probe_a" [3; 7]) { a >> adaptive_max_pooling1d(4, data_format = channels_first) }
    adaptive_average_pooling3d_first AdaptiveAveragePooling3dFirst (a a0 "probe_a" [2, 3, 5; 4]) { a >> adaptive_average_pooling3d(2, data_format = channels_first) }
    adaptive_max_pooling3d_first AdaptiveMaxPooling3dFirst (a a0 "probe_a" [2, 3, 5; 4]) { a >> adaptive_max_pooling3d([2, 3, 2], data_format = channels_first) }
    zero_padding1d_first ZeroPadding1dFirst (a a0 "probe_a" [3; 4]) { a >> zero_padding1d([1, 2], data_format = channels_first) }
    zero_padding3d_first ZeroPadding3dFirst (a a0 "probe_a" [2, 3, 2; 2]) { a >> zero_padding3d([[1, 0], [0, 2], [1, 1]], data_format = channels_first) }
    cropping3d_first Cropping3dFirst (a a0 "probe_a" [2, 4, 3; 5]) { a >> cropping3d([[1, 0], [0, 1], [2, 1]], data_format = channels_first) }
    up_sampling3d_first UpSampling3dFirst (a a0 "probe_a" [2, 3, 2; 2]) { a >> up_sampling3d([2, 1, 3], data_format = channels_first) }
    group_normalization_plain GroupNormalizationPlain (a a0 "probe_a" [3, 4; 6]) { a >> group_normalization(3, scale = false, center = false, epsilon = 0.01) }
    masking_value MaskingValue (a a0 "probe_a" [5; 3]) { where(slice(a, 2, 0, 1) > 0.0, a, 0.5) >> masking(mask_value = 0.5) >> simple_rnn(4) }
    rnn_lstm_cell_arguments RnnLstmCellArguments (a a0 "probe_a" [5; 3]) { a >> rnn(lstm_cell(4, activation = softsign, recurrent_activation = hard_sigmoid, use_bias = false)) }
    rnn_gru_cell_arguments RnnGruCellArguments (a a0 "probe_a" [5; 3]) { a >> rnn(gru_cell(4, activation = softsign, recurrent_activation = hard_sigmoid, use_bias = false, reset_after = false), go_backwards = true) }
    rnn_simple_cell_arguments RnnSimpleCellArguments (a a0 "probe_a" [5; 3]) { a >> rnn(simple_rnn_cell(4, activation = softsign, use_bias = false), return_state = true) }
    gru_activations GruActivations (a a0 "probe_a" [5; 3]) { a >> gru(4, activation = elu, recurrent_activation = softsign, unroll = true) }
    bidirectional_backward_layer BidirectionalBackwardLayer (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4, return_sequences = true), backward_layer = gru(4, return_sequences = true)) }
    bidirectional_conv_lstm BidirectionalConvLstm (a a0 "probe_a" [3, 5; 2]) { a >> bidirectional(conv_lstm1d(2, 2, return_sequences = true), merge_mode = ave) }
}
