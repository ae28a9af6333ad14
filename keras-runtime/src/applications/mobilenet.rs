//! MobileNet (Howard et al., "MobileNets", 2017; Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
//! 2018).
//!
//! | block | parameters | trainable |
//! | --- | ---: | ---: |
//! | `mobilenet` | 4,253,864 | 4,231,976 |
//! | `mobilenet_v2` | 3,538,984 | 3,504,872 |
//!
//! Both with Keras's `alpha = 1`. For Keras's weights images lie between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `MobileNet`.
    pub block mobilenet(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, dropout_rate = 0.001
    ) |x| {
        x >> conv2d(32, 3, strides = 2, padding = same, use_bias = false, name = "conv1")
          >> batch_normalization(name = "conv1_bn") >> relu6
          >> separable(64, 1, 1, name = "") >> separable(128, 2, 2, name = "") >> separable(128, 1, 3, name = "") >> separable(256, 2, 4, name = "")
          >> separable(256, 1, 5, name = "") >> separable(512, 2, 6, name = "")
          >> repeat i in 5 { separable(512, 1, i + 7, name = "") }
          >> separable(1024, 2, 12, name = "") >> separable(1024, 1, 13, name = "")
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
    pub block mobilenet_v2(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> conv2d(32, 3, strides = 2, padding = same, use_bias = false, name = "Conv1")
          >> batch_normalization(momentum = 0.999, name = "bn_Conv1") >> relu6
          >> inverted(0, 16, 1, name = "expanded_conv")
          >> inverted(96, 24, 2, name = "block_1") >> inverted(144, 24, residual = true, name = "block_2")
          >> inverted(144, 32, 2, name = "block_3")
          >> repeat i in 2 { inverted(192, 32, residual = true, name = "block_{i + 4}") }
          >> inverted(192, 64, 2, name = "block_6")
          >> repeat i in 3 { inverted(384, 64, residual = true, name = "block_{i + 7}") }
          >> inverted(384, 96, name = "block_10")
          >> repeat i in 2 { inverted(576, 96, residual = true, name = "block_{i + 11}") }
          >> inverted(576, 160, 2, name = "block_13")
          >> repeat i in 2 { inverted(960, 160, residual = true, name = "block_{i + 14}") }
          >> inverted(960, 320, name = "block_16")
          >> conv2d(1280, 1, use_bias = false, name = "Conv_1")
          >> batch_normalization(momentum = 0.999, name = "Conv_1_bn") >> relu6
          >> if include_top { global_average_pooling2d() >> dense(classes, classifier_activation, name = "predictions") }
             else { pooled(pooling, name = "") }
    }

    /// Expands the channels (0: does not), convolves each by itself, and projects.
    block inverted(expanded, filters, strides = 1, residual = false) |x| {
        let h = x
            >> if expanded > 0 {
                   conv2d(expanded, 1, padding = same, use_bias = false, name = "expand")
                   >> batch_normalization(momentum = 0.999, name = "expand_BN") >> relu6
               }
            >> depthwise_conv2d(3, strides = strides, padding = same, use_bias = false, name = "depthwise")
            >> batch_normalization(momentum = 0.999, name = "depthwise_BN") >> relu6
            >> conv2d(filters, 1, padding = same, use_bias = false, name = "project")
            >> batch_normalization(momentum = 0.999, name = "project_BN");
        if residual { (x, h) >> add(name = "add") } else { h }
    }

    block pooled(pooling) |x| {
        x >> if pooling == avg { global_average_pooling2d() } else if pooling == max { global_max_pooling2d() }
    }
}
