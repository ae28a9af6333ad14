//! Layers whose kinds, sizes and arguments were drawn, against Keras: outputs, and gradients of inputs and weights.
//! Written by `tests/fixtures/shapes.py`.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

// Sizes that only rustc knows.
const S2: usize = 2;
const S3: usize = 3;
const S4: usize = 4;
const S7: usize = 7;

layers! {
    ("shapes", 1e-5);
    drawn_1 Drawn1 (a a0 "probe_a" [4; 5]) { a >> softmax(name = "l0") >> einsum_dense("abc,x->abxc", output_shape = [4, 5, 5], bias_axes = "bx", name = "l1") }
    drawn_3 Drawn3 (a a0 "probe_a" [; 4]) { a >> repeat_vector(3, name = "l0") }
    drawn_4 Drawn4 (a a0 "probe_a" [7; 6]) { let l0 = a; (l0, l0) >> group_query_attention(2, 1, 1, name = "l0") >> separable_conv1d(6, 2, strides = 1, padding = same, name = "l1") >> separable_conv1d(6, 3, depth_multiplier = 3, strides = 3, padding = same, activation = elu, use_bias = false, name = "l2") }
    drawn_5 Drawn5 (a a0 "probe_a" [1, 3, 4; 3]) { a >> einsum_dense("abcde,b->acbed", output_shape = [3, 1, 3, 4], bias_axes = "cb", activation = tanh, name = "l0") >> conv3d_transpose(5, 2, strides = 1, padding = valid, activation = silu, dilation_rate = [2, 3, 3], name = "l1") >> time_distributed(prelu(name = "inner"), name = "l2") }
    drawn_8 Drawn8 (a a0 "probe_a" [4; 3], b b0 "probe_b" [4; 3]) { average(a, b) >> dense(5, activation = softsign, name = "l0") >> global_average_pooling1d(data_format = channels_first, name = "l1") >> activation(sigmoid, name = "l2") }
    drawn_9 Drawn9 (a a0 "probe_a" [1, 1; 6]) { a >> conv2d(24, 2, groups = 6, strides = 1, padding = same, name = "l0") >> flatten(name = "l1") }
    drawn_10 Drawn10 (a a0 "probe_a" [1, 3; 3]) { a >> reshape([1, 1, 1, 9], name = "l0") >> flatten(name = "l1") }
    drawn_11 Drawn11 (a a0 "probe_a" [3, 6; 6], b b0 "probe_b" [3, 6; 1]) { average(a, b) >> time_distributed(depthwise_conv1d(3, depth_multiplier = 2, strides = 1, padding = same, use_bias = false, name = "inner"), name = "l0") }
    drawn_12 Drawn12 (a a0 "probe_a" [; 7]) { a >> dense(S2, activation = gelu, name = "l0") }
    drawn_13 Drawn13 (a a0 "probe_a" [6; 4]) { a >> separable_conv1d(1, 4, strides = 1, padding = same, activation = elu, dilation_rate = 2, name = "l0") }
    drawn_14 Drawn14 (a a0 "probe_a" [2, 4; 5]) { a >> conv2d(15, [2, 3], groups = 5, strides = [2, 3], padding = same, use_bias = false, name = "l0") }
    drawn_15 Drawn15 (a a0 "probe_a" [; 5], b b0 "probe_b" [; 2]) { concatenate(a, b, axis = 1) >> dense(2, name = "l0") >> reshape([1, -1], name = "l1") }
    drawn_16 Drawn16 (a a0 "probe_a" [; 7]) { a >> einsum_dense("ab,x->abx", output_shape = [7, 5], bias_axes = "bx", name = "l0") >> permute([2, 1], name = "l1") >> conv1d(9, 2, strides = 1, padding = same, dilation_rate = 2, name = "l2") }
    drawn_18 Drawn18 (a a0 "probe_a" [2; 3]) { let l1 = a >> time_distributed(dense(1, activation = sigmoid, use_bias = false, name = "inner"), name = "l0"); (l1, l1) >> group_query_attention(1, 1, 1, name = "l1") >> dense(1, activation = gelu, name = "l2") }
    drawn_20 Drawn20 (a a0 "probe_a" [4; 6]) { a >> separable_conv1d(6, 3, depth_multiplier = 1, strides = 2, padding = valid, activation = softsign, name = "l0") }
    drawn_21 Drawn21 (a a0 "probe_a" [1; 7]) { a >> conv1d(7, 1, strides = 3, padding = valid, activation = selu, name = "l0") >> time_distributed(layer_normalization(epsilon = 0.1, center = false, name = "inner"), name = "l1") >> adaptive_average_pooling1d(5, data_format = channels_first, name = "l2") }
    drawn_22 Drawn22 (a a0 "probe_a" [6, 7, 7; 3]) { a >> conv3d(7, 2, strides = [1, 1, 1], padding = valid, activation = selu, dilation_rate = [2, 3, 3], name = "l0") >> global_max_pooling3d(name = "l1") >> einsum_dense("ab,byx->ayx", output_shape = [5, 3], name = "l2") }
    drawn_23 Drawn23 (a a0 "probe_a" [5; 6]) { a >> adaptive_average_pooling1d(5, name = "l0") >> flatten(name = "l1") }
    drawn_25 Drawn25 (a a0 "probe_a" [5; 4]) { a >> separable_conv1d(6, 3, strides = 1, padding = valid, name = "l0") >> conv1d_transpose(9, 1, output_padding = [2], strides = 4, padding = valid, name = "l1") }
    drawn_26 Drawn26 (a a0 "probe_a" [7, 6; 4]) { a >> time_distributed(max_pooling1d(4, padding = same, data_format = channels_first, name = "inner"), name = "l0") >> conv2d_transpose(3, [1, 2], output_padding = [0, 0], strides = 3, padding = valid, data_format = channels_first, name = "l1") }
    drawn_28 Drawn28 (a a0 "probe_a" [3; 2]) { let l1 = a >> dense(12, use_bias = false, name = "l0"); (l1, l1) >> group_query_attention(2, 2, 1, use_causal_mask = true, name = "l1") >> separable_conv1d(1, 1, strides = 1, padding = valid, dilation_rate = 1, name = "l2") }
    drawn_30 Drawn30 (a a0 "probe_a" [7, 6; 5]) { a >> global_average_pooling2d(keepdims = true, name = "l0") }
    drawn_31 Drawn31 (a a0 "probe_a" [; 2]) { a >> rms_normalization(epsilon = 0.1, name = "l0") >> einsum_dense("ab,xy->abxy", output_shape = [2, 3, 3], bias_axes = "x", activation = gelu, name = "l1") }
    drawn_32 Drawn32 (a a0 "probe_a" [4, 4; 2], b b0 "probe_b" [4, 4; 2]) { average(a, b) >> cropping2d([[1, 1], [0, 1]], name = "l0") }
    drawn_33 Drawn33 (a a0 "probe_a" [6; 2]) { a >> conv1d(4, 3, groups = 2, strides = 1, padding = valid, name = "l0") >> reshape([1, 2, -1], name = "l1") >> conv2d(6, 1, groups = 2, strides = [1, 3], padding = valid, name = "l2") }
    drawn_34 Drawn34 (a a0 "probe_a" [; 7]) { a >> unit_normalization(name = "l0") >> layer_normalization(axis = [1], epsilon = 0.1, scale = false, name = "l1") >> unit_normalization(name = "l2") }
    drawn_35 Drawn35 (a a0 "probe_a" [; 2]) { a >> relu(max_value = 0.9, negative_slope = 0.1, threshold = 0.05, name = "l0") >> dense(10, activation = softsign, use_bias = false, name = "l1") }
    drawn_37 Drawn37 (a a0 "probe_a" [3; 4], b b0 "probe_b" [1; 1]) { maximum(a, b) >> global_max_pooling1d(keepdims = true, name = "l0") >> flatten(data_format = channels_first, name = "l1") >> einsum_dense("ab,yxb->axy", output_shape = [3, 4], bias_axes = "xy", name = "l2") }
    drawn_40 Drawn40 (a a0 "probe_a" [6, 4; 3]) { a >> conv2d(12, 1, groups = 3, strides = [1, 1], padding = valid, name = "l0") >> separable_conv2d(2, [4, 1], strides = 4, padding = valid, name = "l1") >> conv2d(5, [1, 4], strides = 2, padding = same, name = "l2") }
    drawn_41 Drawn41 (a a0 "probe_a" [5, 6; 4]) { a >> permute([1, 2, 3], name = "l0") >> group_normalization(groups = 1, axis = 1, epsilon = 0.1, center = false, name = "l1") }
    drawn_46 Drawn46 (a a0 "probe_a" [4, 5, 1; 7]) { a >> elu(alpha = 0.6, name = "l0") >> adaptive_average_pooling3d([2, 2, 1], name = "l1") }
    drawn_47 Drawn47 (a a0 "probe_a" [3, 7; 2]) { a >> zero_padding2d([[1, 2], [0, 2]], name = "l0") >> adaptive_max_pooling2d([9, 2], data_format = channels_first, name = "l1") }
    drawn_52 Drawn52 (a a0 "probe_a" [6, 4, 6; 1]) { a >> flatten(name = "l0") }
    drawn_53 Drawn53 (a a0 "probe_a" [2, 4, 2; 4]) { a >> adaptive_average_pooling3d([1, 4, 2], name = "l0") }
    drawn_54 Drawn54 (a a0 "probe_a" [2; 5]) { a >> dense(S7, activation = silu, name = "l0") >> flatten(name = "l1") }
    drawn_56 Drawn56 (a a0 "probe_a" [; 5]) { a >> permute([1], name = "l0") >> einsum_dense("ab,bxy->axy", output_shape = [1, 2], bias_axes = "xy", activation = elu, name = "l1") }
    drawn_59 Drawn59 (a a0 "probe_a" [5, 4; 2]) { a >> conv2d(6, [4, 3], groups = 2, strides = [1, 3], padding = same, use_bias = false, name = "l0") >> separable_conv2d(1, 2, strides = 1, padding = valid, activation = mish, use_bias = false, name = "l1") }
}

layers! {
    ("shapes", 1e-4);
    drawn_0 Drawn0 (a a0 "probe_a" [1, 6; 1]) { a >> einsum_dense("abcd,ycxb->ayxd", output_shape = [2, 3, 1], bias_axes = "yd", activation = tanh, name = "l0") >> average_pooling2d([1, 3], strides = 2, padding = same, name = "l1") >> conv_lstm1d(4, 2, strides = 1, padding = same, dilation_rate = 2, name = "l2") }
    drawn_2 Drawn2 (a a0 "probe_a" [5; 1]) { let l0 = a; (l0, l0) >> attention(use_scale = true, name = "l0") >> bidirectional(gru(6, reset_after = false), merge_mode = ave, name = "l1") >> dense(1, activation = gelu, name = "l2") }
    drawn_6 Drawn6 (a a0 "probe_a" [2; 5]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> dropout(0.0, name = "l0") >> dense(S3, activation = tanh, use_bias = false, name = "l1") >> bidirectional(gru(2, return_sequences = true, reset_after = false), merge_mode = concat, name = "l2") >> drop_mask() }
    drawn_7 Drawn7 (a a0 "probe_a" [3; 2]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> dense(6, use_bias = false, name = "l0") >> dense(9, name = "l1") >> simple_rnn(1, return_sequences = true, name = "l2") >> drop_mask() }
    drawn_17 Drawn17 (a a0 "probe_a" [4, 5; 5]) { a >> conv_lstm1d(4, 3, strides = 1, padding = valid, go_backwards = true, name = "l0") >> dense(4, name = "l1") }
    drawn_19 Drawn19 (a a0 "probe_a" [5; 6]) { a >> bidirectional(simple_rnn(5, return_sequences = true), merge_mode = mul, name = "l0") >> conv1d(20, 3, groups = 5, strides = 1, padding = same, activation = gelu, dilation_rate = 1, name = "l1") >> max_pooling1d(4, strides = 3, padding = valid, name = "l2") }
    drawn_24 Drawn24 (a a0 "probe_a" [1; 5]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> dropout(0.0, name = "l0") >> dense(8, activation = elu, name = "l1") >> lstm(5, return_sequences = true, name = "l2") >> drop_mask() }
    drawn_27 Drawn27 (a a0 "probe_a" [6; 5]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> dense(S4, name = "l0") >> bidirectional(simple_rnn(7, return_sequences = true), merge_mode = ave, name = "l1") >> drop_mask() }
    drawn_29 Drawn29 (a a0 "probe_a" [4; 1]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> dense(9, name = "l0") >> dense(6, activation = tanh, name = "l1") >> simple_rnn(6, return_sequences = true, name = "l2") >> drop_mask() }
    drawn_36 Drawn36 (a a0 "probe_a" [5; 5]) { a >> conv1d(15, 1, groups = 5, strides = 1, padding = causal, name = "l0") >> simple_rnn(2, name = "l1") >> dense(2, name = "l2") }
    drawn_38 Drawn38 (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [1, 1; 1]) { minimum(a, b) >> time_distributed(bidirectional(simple_rnn(5, return_sequences = true, unroll = true), merge_mode = concat, name = "inner"), name = "l0") }
    drawn_39 Drawn39 (a a0 "probe_a" [4; 2]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> gru(5, go_backwards = true, return_sequences = true, use_bias = false, reset_after = false, name = "l0") >> lstm(S7, use_bias = false, name = "l1") }
    drawn_42 Drawn42 (a a0 "probe_a" [2, 3; 4]) { a >> time_distributed(simple_rnn(5, return_sequences = true, use_bias = false, unroll = true, name = "inner"), name = "l0") >> zero_padding2d([[1, 0], [1, 2]], data_format = channels_first, name = "l1") >> time_distributed(up_sampling1d(2, name = "inner"), name = "l2") }
    drawn_43 Drawn43 (a a0 "probe_a" [2; 4], b b0 "probe_b" [2; 4]) { subtract(a, b) >> bidirectional(lstm(1, return_sequences = true, use_bias = false, unit_forget_bias = false), merge_mode = sum, name = "l0") >> time_distributed(dense(5, activation = softplus, name = "inner"), name = "l1") }
    drawn_44 Drawn44 (a a0 "probe_a" [4; 2]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> lstm(1, return_sequences = true, use_bias = false, name = "l0") >> dense(12, activation = softsign, name = "l1") >> bidirectional(simple_rnn(6, activation = tanh), merge_mode = sum, name = "l2") }
    drawn_45 Drawn45 (a a0 "probe_a" [6; 1]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> simple_rnn(3, go_backwards = true, return_sequences = true, name = "l0") >> drop_mask() }
    drawn_48 Drawn48 (a a0 "probe_a" [3, 7, 4; 2]) { a >> conv_lstm2d(3, [3, 2], strides = [1, 1], padding = same, dilation_rate = 1, return_sequences = true, name = "l0") >> cropping3d([[0, 0], [1, 2], [0, 1]], data_format = channels_first, name = "l1") >> softmax(name = "l2") }
    drawn_49 Drawn49 (a a0 "probe_a" [4, 4; 1], b b0 "probe_b" [4, 4; 1]) { maximum(a, b) >> depthwise_conv2d(2, strides = 4, padding = same, name = "l0") >> layer_normalization(axis = [1, 2, 3], epsilon = 0.1, name = "l1") >> conv_lstm1d(1, 3, strides = 1, padding = same, name = "l2") }
    drawn_50 Drawn50 (a a0 "probe_a" [5; 4]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> lstm(7, return_sequences = true, unit_forget_bias = false, unroll = true, name = "l0") >> drop_mask() }
    drawn_51 Drawn51 (a a0 "probe_a" [7, 3, 6; 4]) { a >> conv3d(2, 2, strides = [3, 1, 2], padding = valid, activation = elu, name = "l0") >> conv_lstm2d(2, [1, 1], strides = 1, padding = same, dilation_rate = 1, return_sequences = true, go_backwards = true, name = "l1") >> conv3d(4, [2, 2, 3], groups = 2, strides = [3, 2, 2], padding = same, use_bias = false, name = "l2") }
    drawn_55 Drawn55 (a a0 "probe_a" [7, 4; 4]) { a >> conv2d_transpose(5, 3, output_padding = [0, 0], strides = [1, 1], padding = same, activation = silu, use_bias = false, name = "l0") >> conv_lstm1d(1, 3, strides = 1, padding = same, return_sequences = true, name = "l1") >> conv_lstm1d(4, 3, strides = 1, padding = valid, return_sequences = true, go_backwards = true, name = "l2") }
    drawn_57 Drawn57 (a a0 "probe_a" [5; 5], b b0 "probe_b" [5; 2]) { concatenate(a, b, axis = 2) >> layer_normalization(epsilon = 0.1, scale = false, name = "l0") >> bidirectional(gru(2, return_sequences = true, reset_after = false, unroll = true), merge_mode = mul, name = "l1") }
    drawn_58 Drawn58 (a a0 "probe_a" [3; 4]) { (a * (slice(a, 2, 0, 1) > -0.3)) >> masking() >> dropout(0.0, name = "l0") >> dropout(0.0, name = "l1") >> bidirectional(lstm(3, return_sequences = true, activation = elu), merge_mode = ave, name = "l2") >> drop_mask() }
}
