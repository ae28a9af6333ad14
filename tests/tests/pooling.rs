//! Pooling, padding, cropping and upsampling against Keras: outputs, and gradients of inputs.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

layers! {
    ("pooling", 1e-5);
    max_pooling1d MaxPooling1d (a a0 "probe_a" [9; 3]) { a >> max_pooling1d(2) }
    max_pooling1d_same MaxPooling1dSame (a a0 "probe_a" [9; 3]) { a >> max_pooling1d(3, strides = 2, padding = same) }
    average_pooling1d AveragePooling1d (a a0 "probe_a" [9; 3]) { a >> average_pooling1d(2) }
    average_pooling1d_same AveragePooling1dSame (a a0 "probe_a" [9; 3]) { a >> average_pooling1d(3, strides = 2, padding = same) }
    max_pooling2d MaxPooling2d (a a0 "probe_a" [7, 9; 3]) { a >> max_pooling2d(2) }
    max_pooling2d_same MaxPooling2dSame (a a0 "probe_a" [7, 9; 3]) { a >> max_pooling2d(3, strides = 2, padding = same) }
    average_pooling2d AveragePooling2d (a a0 "probe_a" [7, 9; 3]) { a >> average_pooling2d(2) }
    average_pooling2d_same AveragePooling2dSame (a a0 "probe_a" [7, 9; 3]) { a >> average_pooling2d(3, strides = 2, padding = same) }
    max_pooling3d MaxPooling3d (a a0 "probe_a" [5, 4, 6; 2]) { a >> max_pooling3d(2) }
    max_pooling3d_same MaxPooling3dSame (a a0 "probe_a" [5, 4, 6; 2]) { a >> max_pooling3d(3, strides = 2, padding = same) }
    average_pooling3d AveragePooling3d (a a0 "probe_a" [5, 4, 6; 2]) { a >> average_pooling3d(2) }
    average_pooling3d_same AveragePooling3dSame (a a0 "probe_a" [5, 4, 6; 2]) { a >> average_pooling3d(3, strides = 2, padding = same) }
    max_pooling2d_overlap MaxPooling2dOverlap (a a0 "probe_a" [6, 7; 9]) { a >> max_pooling2d([3, 2], strides = [1, 2]) }
    max_pooling2d_beyond MaxPooling2dBeyond (a a0 "probe_a" [8, 7; 2]) { a >> max_pooling2d(2, strides = [3, 4]) }
    max_pooling2d_beyond_same MaxPooling2dBeyondSame (a a0 "probe_a" [9, 8; 2]) { a >> max_pooling2d(2, strides = [3, 5], padding = same) }
    max_pooling2d_beyond_the_image MaxPooling2dBeyondTheImage (a a0 "probe_a" [3, 4; 2]) { a >> max_pooling2d([5, 6], strides = 2, padding = same) }
    max_pooling2d_whole MaxPooling2dWhole (a a0 "probe_a" [3, 5; 2]) { a >> max_pooling2d([3, 5]) }
    max_pooling3d_beyond MaxPooling3dBeyond (a a0 "probe_a" [5, 4, 7; 2]) { a >> max_pooling3d(2, strides = 3) }
    average_pooling1d_beyond AveragePooling1dBeyond (a a0 "probe_a" [9; 3]) { a >> average_pooling1d(2, strides = 4, padding = same) }
    average_pooling2d_beyond AveragePooling2dBeyond (a a0 "probe_a" [8, 7; 2]) { a >> average_pooling2d(2, strides = [3, 4]) }
    average_pooling2d_beyond_the_image AveragePooling2dBeyondTheImage (a a0 "probe_a" [3, 4; 2]) { a >> average_pooling2d([5, 6], strides = 2, padding = same) }
    max_pooling2d_first MaxPooling2dFirst (a a0 "probe_a" [2, 5; 6]) { a >> max_pooling2d(2, data_format = channels_first) }
    max_pooling2d_one_channel MaxPooling2dOneChannel (a a0 "probe_a" [5, 6; 1]) { a >> max_pooling2d(2, strides = 1) }
    average_pooling2d_overlap AveragePooling2dOverlap (a a0 "probe_a" [6, 7; 9]) { a >> average_pooling2d([3, 2], strides = [1, 2], padding = same) }
    average_pooling2d_first AveragePooling2dFirst (a a0 "probe_a" [2, 5; 7]) { a >> average_pooling2d([2, 3], padding = same, data_format = channels_first) }
    global_max_pooling1d GlobalMaxPooling1d (a a0 "probe_a" [9; 3]) { a >> global_max_pooling1d() }
    global_average_pooling1d GlobalAveragePooling1d (a a0 "probe_a" [9; 3]) { a >> global_average_pooling1d() }
    global_max_pooling2d_keepdims GlobalMaxPooling2dKeepdims (a a0 "probe_a" [3, 4; 5]) { a >> global_max_pooling2d(keepdims = true) }
    global_average_pooling2d_keepdims GlobalAveragePooling2dKeepdims (a a0 "probe_a" [3, 4; 5]) { a >> global_average_pooling2d(keepdims = true) }
    global_max_pooling3d GlobalMaxPooling3d (a a0 "probe_a" [2, 4, 3; 2]) { a >> global_max_pooling3d() }
    global_average_pooling3d GlobalAveragePooling3d (a a0 "probe_a" [2, 4, 3; 2]) { a >> global_average_pooling3d() }
    global_average_pooling2d_first GlobalAveragePooling2dFirst (a a0 "probe_a" [3, 4; 5]) { a >> global_average_pooling2d(data_format = channels_first) }
    global_max_pooling2d_first GlobalMaxPooling2dFirst (a a0 "probe_a" [3, 4; 5]) { a >> global_max_pooling2d(data_format = channels_first, keepdims = true) }
    global_average_pooling1d_masked GlobalAveragePooling1dMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> global_average_pooling1d() }
    adaptive_max_pooling1d AdaptiveMaxPooling1d (a a0 "probe_a" [8; 3]) { a >> adaptive_max_pooling1d(3) }
    adaptive_max_pooling2d AdaptiveMaxPooling2d (a a0 "probe_a" [7, 6; 2]) { a >> adaptive_max_pooling2d([5, 3]) }
    adaptive_max_pooling2d_more AdaptiveMaxPooling2dMore (a a0 "probe_a" [3, 4; 2]) { a >> adaptive_max_pooling2d([5, 4]) }
    adaptive_max_pooling3d AdaptiveMaxPooling3d (a a0 "probe_a" [3, 4, 5; 2]) { a >> adaptive_max_pooling3d([2, 3, 2]) }
    adaptive_average_pooling1d AdaptiveAveragePooling1d (a a0 "probe_a" [8; 3]) { a >> adaptive_average_pooling1d(3) }
    adaptive_average_pooling2d AdaptiveAveragePooling2d (a a0 "probe_a" [7, 6; 2]) { a >> adaptive_average_pooling2d([5, 3]) }
    adaptive_average_pooling2d_more AdaptiveAveragePooling2dMore (a a0 "probe_a" [3, 4; 2]) { a >> adaptive_average_pooling2d([5, 4]) }
    adaptive_average_pooling3d AdaptiveAveragePooling3d (a a0 "probe_a" [3, 4, 5; 2]) { a >> adaptive_average_pooling3d([2, 3, 2]) }
    adaptive_average_pooling2d_first AdaptiveAveragePooling2dFirst (a a0 "probe_a" [2, 7; 5]) { a >> adaptive_average_pooling2d(3, data_format = channels_first) }
    zero_padding1d ZeroPadding1d (a a0 "probe_a" [4; 3]) { a >> zero_padding1d((1, 2)) }
    zero_padding2d ZeroPadding2d (a a0 "probe_a" [3, 4; 2]) { a >> zero_padding2d(((1, 0), (2, 3))) }
    zero_padding2d_each ZeroPadding2dEach (a a0 "probe_a" [3, 4; 2]) { a >> zero_padding2d([1, 2]) }
    zero_padding2d_first ZeroPadding2dFirst (a a0 "probe_a" [2, 3; 4]) { a >> zero_padding2d([[1, 0], [2, 3]], data_format = channels_first) }
    zero_padding3d ZeroPadding3d (a a0 "probe_a" [2, 3, 2; 2]) { a >> zero_padding3d(((1, 0), (0, 2), (1, 1))) }
    cropping1d Cropping1d (a a0 "probe_a" [6; 3]) { a >> cropping1d((1, 2)) }
    cropping2d Cropping2d (a a0 "probe_a" [6, 5; 2]) { a >> cropping2d(((1, 0), (2, 1))) }
    cropping2d_first Cropping2dFirst (a a0 "probe_a" [2, 6; 5]) { a >> cropping2d(((1, 0), (2, 1)), data_format = channels_first) }
    cropping3d Cropping3d (a a0 "probe_a" [4, 3, 5; 2]) { a >> cropping3d() }
    up_sampling1d UpSampling1d (a a0 "probe_a" [4; 3]) { a >> up_sampling1d(3) }
    up_sampling2d UpSampling2d (a a0 "probe_a" [3, 4; 2]) { a >> up_sampling2d((2, 3)) }
    up_sampling2d_first UpSampling2dFirst (a a0 "probe_a" [2, 3; 4]) { a >> up_sampling2d(data_format = channels_first) }
    up_sampling2d_bilinear UpSampling2dBilinear (a a0 "probe_a" [3, 4; 2]) { a >> up_sampling2d((2, 3), interpolation = bilinear) }
    up_sampling2d_bilinear_one UpSampling2dBilinearOne (a a0 "probe_a" [1, 3; 2]) { a >> up_sampling2d((4, 1), interpolation = bilinear) }
    up_sampling3d UpSampling3d (a a0 "probe_a" [2, 3, 2; 2]) { a >> up_sampling3d((2, 1, 3)) }
}

/// Among equal elements of a window the first has the gradient.
#[test]
fn equal_maxima() -> Result<()> {
    cases::check(("pooling_ties", 1e-5), MaxPooling1dSame::new(0), "max_pooling1d_same", &["a"])?;
    cases::check(("pooling_ties", 1e-5), MaxPooling2dSame::new(0), "max_pooling2d_same", &["a"])?;
    cases::check(("pooling_ties", 1e-5), MaxPooling2dOverlap::new(0), "max_pooling2d_overlap", &["a"])?;
    cases::check(
        ("pooling_ties", 1e-5),
        MaxPooling2dOneChannel::new(0),
        "max_pooling2d_one_channel",
        &["a"],
    )?;
    Ok(())
}

/// The same layers on a single sample.
#[test]
fn single_samples() -> Result<()> {
    const ONE: (&str, f32) = ("pooling_one", 1e-5);
    cases::check(ONE, MaxPooling1dSame::new(0), "max_pooling1d_same", &["a"])?;
    cases::check(ONE, MaxPooling2d::new(0), "max_pooling2d", &["a"])?;
    cases::check(ONE, MaxPooling2dOverlap::new(0), "max_pooling2d_overlap", &["a"])?;
    cases::check(ONE, MaxPooling3d::new(0), "max_pooling3d", &["a"])?;
    cases::check(ONE, AveragePooling2dSame::new(0), "average_pooling2d_same", &["a"])?;
    cases::check(ONE, AveragePooling2dFirst::new(0), "average_pooling2d_first", &["a"])?;
    cases::check(ONE, GlobalMaxPooling1d::new(0), "global_max_pooling1d", &["a"])?;
    cases::check(ONE, GlobalAveragePooling2dKeepdims::new(0), "global_average_pooling2d_keepdims", &["a"])?;
    cases::check(ONE, AdaptiveAveragePooling2d::new(0), "adaptive_average_pooling2d", &["a"])?;
    cases::check(ONE, UpSampling2dBilinear::new(0), "up_sampling2d_bilinear", &["a"])
}
