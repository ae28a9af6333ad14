//! MobileNet (Howard et al., "MobileNets", 2017; Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
//! 2018).
//!
//! | block | parameters | trainable |
//! | --- | ---: | ---: |
//! | `mobilenet` | 4,253,864 | 4,231,976 |
//! | `mobilenet_v2` | 3,538,984 | 3,504,872 |
//!
//! These are for `alpha = 1.0`, the width. For Keras's weights images lie between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `MobileNet`.
    pub block mobilenet(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, alpha = 1.0, dropout_rate = 0.001
    ) |x| {
        x >> conv2d(floor(32 * alpha), 3, strides = 2, padding = same, use_bias = false, name = "conv1")
          >> batch_normalization(name = "conv1_bn") >> relu6
          >> separable(floor(64 * alpha), 1, 1, name = "") >> separable(floor(128 * alpha), 2, 2, name = "")
          >> separable(floor(128 * alpha), 1, 3, name = "") >> separable(floor(256 * alpha), 2, 4, name = "")
          >> separable(floor(256 * alpha), 1, 5, name = "") >> separable(floor(512 * alpha), 2, 6, name = "")
          >> repeat i in 5 { separable(floor(512 * alpha), 1, i + 7, name = "") }
          >> separable(floor(1024 * alpha), 2, 12, name = "") >> separable(floor(1024 * alpha), 1, 13, name = "")
          >> if include_top {
                 global_average_pooling2d(keepdims = true) >> dropout(dropout_rate, name = "dropout")
                 >> conv2d(classes, 1, padding = same, name = "conv_preds") >> reshape([classes], name = "reshape_2")
                 >> activation(classifier_activation, name = "predictions")
             } else { pooled(pooling, name = "") }
    }

    block separable(filters, strides, number) |x| {
        x >> if strides == 1 {
                 depthwise_conv2d(3, padding = same, use_bias = false, name = "conv_dw_{number}")
             } else {
                 zero_padding2d([[0, 1], [0, 1]])
                 >> depthwise_conv2d(3, strides = strides, use_bias = false, name = "conv_dw_{number}")
             }
          >> batch_normalization(name = "conv_dw_{number}_bn") >> relu6
          >> conv2d(filters, 1, padding = same, use_bias = false, name = "conv_pw_{number}")
          >> batch_normalization(name = "conv_pw_{number}_bn") >> relu6
    }

    /// Keras's `MobileNetV2`.
    pub block mobilenet_v2(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, alpha = 1.0
    ) |x| {
        x >> convolved(32 * alpha, 3, 2, name = "") >> batch_normalization(momentum = 0.999, name = "bn_Conv1") >> relu6
          >> inverted(16, alpha, expansion = 1, name = "expanded_conv")
          >> inverted(24, alpha, 2, name = "block_1") >> inverted(24, alpha, name = "block_2")
          >> inverted(32, alpha, 2, name = "block_3") >> repeat i in 2 { inverted(32, alpha, name = "block_{i + 4}") }
          >> inverted(64, alpha, 2, name = "block_6") >> repeat i in 3 { inverted(64, alpha, name = "block_{i + 7}") }
          >> repeat i in 3 { inverted(96, alpha, name = "block_{i + 10}") }
          >> inverted(160, alpha, 2, name = "block_13") >> repeat i in 2 { inverted(160, alpha, name = "block_{i + 14}") }
          >> inverted(320, alpha, name = "block_16")
          >> convolved(if alpha > 1.0 { 1280 * alpha } else { 1280 }, 1, 1, name = "")
          >> batch_normalization(momentum = 0.999, name = "Conv_1_bn") >> relu6
          >> if include_top { global_average_pooling2d() >> dense(classes, classifier_activation, name = "predictions") }
             else { pooled(pooling, name = "") }
    }

    /// The first convolution, and the last: of near so many filters that 8 divides, not less than nine tenths.
    block convolved(filters, size, strides) |x| {
        let eights = 8 * (floor(filters + 4.0) / 8);
        let chosen = if eights < 0.9 * filters { eights + 8 } else { eights };
        x >> if strides == 2 { conv2d(chosen, size, strides = 2, padding = same, use_bias = false, name = "Conv1") }
             else { conv2d(chosen, size, use_bias = false, name = "Conv_1") }
    }

    /// Expands the channels, convolves each by itself, and projects; to its input, where it may be.
    block inverted(filters, alpha, strides = 1, expansion = 6) |x| {
        let wanted = floor(filters * alpha);
        let eights = if wanted < 12 { 8 } else { 8 * ((wanted + 4) / 8) };
        let chosen = if eights < 0.9 * wanted { eights + 8 } else { eights };
        let h = x
            >> if expansion > 1 {
                   conv2d(expansion * shape(x, 3), 1, padding = same, use_bias = false, name = "expand")
                   >> batch_normalization(momentum = 0.999, name = "expand_BN") >> relu6
               }
            >> depthwise_conv2d(3, strides = strides, padding = same, use_bias = false, name = "depthwise")
            >> batch_normalization(momentum = 0.999, name = "depthwise_BN") >> relu6
            >> conv2d(chosen, 1, padding = same, use_bias = false, name = "project")
            >> batch_normalization(momentum = 0.999, name = "project_BN");
        if strides > 1 { h } else if shape(x, 3) != chosen { h } else { (x, h) >> add(name = "add") }
    }

    block pooled(pooling) |x| {
        x >> if pooling == avg { global_average_pooling2d() } else if pooling == max { global_max_pooling2d() }
    }
}
