//! Layers in combinations of every kind, against Keras: outputs, and gradients of inputs and weights.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

/// What is used by its path.
mod parts {
    use keras_runtime::keras_model;

    keras_model! {
        /// A mask goes through it.
        pub Inner = dense(4, tanh, input = [5, 3], name = "d") >> lstm(3, return_sequences = true)
        pub block own() |x| { (x, x) >> multi_head_attention(2, 3, name = "m") }
        pub block further(dilation) |x| {
            add(x, x >> conv1d(3, 2, padding = causal, dilation_rate = dilation, activation = tanh, name = "conv"))
        }
        /// Squeeze and excitation (Hu et al., 2018).
        pub block squeezed(channels) |x| {
            let weights = x >> global_average_pooling2d() >> dense(2, relu, name = "s") >> dense(channels, sigmoid, name = "e");
            x * (weights >> reshape([1, 1, channels]))
        }
    }
}

layers! {
    ("combinations", 1e-5);
    shared_in_wrappers SharedInWrappers (a a0 "probe_a" [5; 3]) { let d = dense(4, tanh, name = "d"); concatenate(a, slice(a, 2, 0, 1)) >> time_distributed(d, name = "td") >> bidirectional(lstm(2, return_sequences = true)) >> time_distributed(d) }
    bidirectional_in_steps BidirectionalInSteps (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(bidirectional(simple_rnn(2), merge_mode = mul, name = "inner"), name = "td") >> bidirectional(gru(3)) }
    masks_meet MasksMeet (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); concatenate(m, n) >> lstm(3) }
    masks_meet_in_sum MasksMeetInSum (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); add(m, n) >> gru(3) }
    masks_one_after_another MasksOneAfterAnother (a a0 "probe_a" [4; 3], b b0 "probe_b" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); concatenate(m, n, axis = 1) >> lstm(3) }
    masks_meet_in_product MasksMeetInProduct (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); multiply(m, n) >> gru(3) }
    masks_meet_in_maximum MasksMeetInMaximum (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); maximum(m, n) >> gru(3) }
    masks_meet_in_minimum MasksMeetInMinimum (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); minimum(m, n) >> gru(3) }
    maximum_of_three MaximumOfThree (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3], c c0 "probe_c" [5; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); maximum(c, m, n) >> gru(3) }
    sum_of_masked_and_not SumOfMaskedAndNot (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { add((a * (slice(a, 2, 0, 1) > 0.0)) >> masking(), b) >> gru(3) }
    masked_then_not MaskedThenNot (a a0 "probe_a" [4; 3], b b0 "probe_b" [4; 3]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); concatenate(m, b, axis = 1) >> gru(3) }
    mask_and_none MaskAndNone (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 2]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); concatenate(m, b) >> lstm(3) }
    masked_mean MaskedMean (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> lstm(4, return_sequences = true) >> global_average_pooling1d() }
    masked_mean_kept MaskedMeanKept (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> global_average_pooling1d(keepdims = true) }
    masked_heads MaskedHeads (a a0 "probe_a" [5; 6]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); add(m, (m, m) >> multi_head_attention(2, 3, name = "m")) >> layer_normalization(name = "n") >> lstm(3) }
    grouped_masked GroupedMasked (a a0 "probe_a" [5; 6], b b0 "probe_b" [4; 6]) { let m = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking(); let n = (b * (slice(b, 2, 0, 1) > -0.5)) >> masking(); (m, n) >> group_query_attention(3, 4, 2, use_causal_mask = true, name = "m") >> drop_mask() }
    masked_states MaskedStates (a a0 "probe_a" [5; 3], b b0 "probe_b" [4; 2]) { let (_, h, c) = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> lstm(4, return_state = true); (b, h, c) >> lstm(4, return_sequences = true) }
    masked_normalization MaskedNormalization (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> layer_normalization(name = "n") >> dropout(0.0) >> lstm(3) }
    masked_model MaskedModel (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> parts::Inner(name = "inner") >> gru(2) }
    model_twice ModelTwice (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let m = parts::Inner(name = "inner"); dot(a >> m, b >> m, axes = -1) }
    model_in_steps ModelInSteps (a a0 "probe_a" [2, 5; 3]) { a >> time_distributed(parts::Inner(name = "within"), name = "td") }
    prime_sizes PrimeSizes (a a0 "probe_a" [7, 11; 3]) { a >> conv2d(5, [2, 5], strides = [3, 2], padding = same, activation = tanh, name = "c") >> depthwise_conv2d([3, 2], strides = [2, 2], padding = same, name = "w") >> average_pooling2d([2, 3], padding = same) >> flatten() >> dense(2, name = "d") }
    one_pixel OnePixel (a a0 "probe_a" [1, 1; 3]) { a >> separable_conv2d(4, 3, padding = same, activation = tanh, name = "s") >> conv2d_transpose(2, 3, name = "t") >> group_normalization(1, name = "n") >> up_sampling2d([3, 2], interpolation = bilinear) >> flatten() }
    first_and_last FirstAndLast (a a0 "probe_a" [3, 7; 5]) { a >> conv2d(4, 3, dilation_rate = 2, padding = same, data_format = channels_first, activation = tanh, name = "c") >> max_pooling2d(2, data_format = channels_first) >> permute([2, 3, 1]) >> conv2d(2, 2, padding = same, name = "d") >> permute([3, 1, 2]) }
    first_in_steps FirstInSteps (a a0 "probe_a" [2, 3, 7; 5]) { a >> time_distributed(conv2d(4, 3, dilation_rate = 2, data_format = channels_first, name = "c"), name = "td") }
    shared_by_two SharedByTwo (a a0 "probe_a" [; 4], b b0 "probe_b" [; 4]) { let n = dense(3, tanh, name = "d"); concatenate(a >> n, b >> n) }
    attention_in_steps AttentionInSteps (a a0 "probe_a" [2, 4; 6]) { a >> time_distributed(parts::own(name = ""), name = "td") }
    cells_two_way_two_results CellsTwoWayTwoResults (a a0 "probe_a" [5; 3]) { a >> bidirectional(rnn([lstm_cell(3), gru_cell(2)], return_sequences = true), merge_mode = None) }
    encoder_two_way EncoderTwoWay (a a0 "probe_a" [5; 3], b b0 "probe_b" [4; 2]) { let (_, h, c, i, d) = a >> bidirectional(lstm(3, return_state = true)); (b, concatenate(h, i), concatenate(c, d)) >> lstm(6, return_sequences = true, name = "decoder") }
    two_way_started TwoWayStarted (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4], c c0 "probe_c" [; 4]) { (a, b, c) >> bidirectional(gru(4, return_sequences = true), merge_mode = sum) }
    causal_tower CausalTower (a a0 "probe_a" [13; 2]) { a >> conv1d(3, 2, padding = causal, name = "first") >> parts::further(2, name = "c2") >> parts::further(4, name = "c4") }
    squeezed Squeezed (a a0 "probe_a" [5, 7; 6]) { a >> parts::squeezed(6, name = "") }
    layer_of_layers LayerOfLayers (a a0 "probe_a" [4; 6]) { a >> einsum_dense("abc,bd->adc", [5, 6], bias_axes = "d", name = "e") >> prelu(shared_axes = [1], name = "p") >> rms_normalization(name = "r") >> unit_normalization() >> dense(3, name = "d") }
}

mod volumes {
    use super::*;

    // Steps whose first number is negative are emptied, and do not count.
    layers! {
        ("masked_volumes", 1e-5);
        conv_lstm1d_masked ConvLstm1dMasked (a a0 "probe_a" [4; 10]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([5, 2])) >> conv_lstm1d(3, 2) }
        conv_lstm1d_masked_sequences ConvLstm1dMaskedSequences (a a0 "probe_a" [4; 10]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([5, 2])) >> conv_lstm1d(3, 2, padding = same, return_sequences = true, go_backwards = true) >> drop_mask() }
        conv_lstm2d_masked ConvLstm2dMasked (a a0 "probe_a" [4; 12]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([4, 3, 1])) >> conv_lstm2d(2, 2, return_state = true) }
        conv_lstm3d_masked ConvLstm3dMasked (a a0 "probe_a" [3; 12]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([2, 3, 2, 1])) >> conv_lstm3d(2, 2, return_sequences = true) >> drop_mask() }
        conv_lstm1d_masked_stacked ConvLstm1dMaskedStacked (a a0 "probe_a" [4; 10]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([5, 2])) >> conv_lstm1d(3, 2, return_sequences = true) >> conv_lstm1d(2, 2) }
        bidirectional_conv_lstm_masked BidirectionalConvLstmMasked (a a0 "probe_a" [4; 10]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([5, 2])) >> bidirectional(conv_lstm1d(2, 2, return_sequences = true)) >> drop_mask() }
        convolutions_in_masked_steps ConvolutionsInMaskedSteps (a a0 "probe_a" [4; 12]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(reshape([4, 3, 1])) >> time_distributed(conv2d(2, 2, activation = tanh, name = "c"), name = "td") >> time_distributed(flatten()) >> gru(3) }
    }
}
