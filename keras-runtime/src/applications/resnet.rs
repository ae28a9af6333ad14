//! Residual networks (He et al., "Deep Residual Learning for Image Recognition", 2015, and "Identity Mappings in Deep
//! Residual Networks", 2016).
//!
//! | block | parameters |  | block | parameters |
//! | --- | ---: | --- | --- | ---: |
//! | `resnet50` | 25,636,712 | | `resnet50v2` | 25,613,800 |
//! | `resnet101` | 44,707,176 | | `resnet101v2` | 44,675,560 |
//! | `resnet152` | 60,419,944 | | `resnet152v2` | 60,380,648 |
//!
//! For Keras's weights images are BGR, less the means of ImageNet (103.939, 116.779, 123.68); those of the second version lie
//! between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `ResNet50`.
    pub block resnet50(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network(3, 4, 6, 3, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `ResNet101`.
    pub block resnet101(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network(3, 4, 23, 3, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `ResNet152`.
    pub block resnet152(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network(3, 8, 36, 3, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `ResNet50V2`.
    pub block resnet50v2(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network_v2(3, 4, 6, 3, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `ResNet101V2`.
    pub block resnet101v2(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network_v2(3, 4, 23, 3, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `ResNet152V2`.
    pub block resnet152v2(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network_v2(3, 8, 36, 3, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    block network(first, second, third, fourth) |x| {
        x >> zero_padding2d(3) >> unit(64, 7, strides = 2, name = "conv1") >> relu
          >> zero_padding2d(1) >> max_pooling2d(3, strides = 2, name = "pool1_pool")
          >> stage(64, first, strides = 1, name = "conv2") >> stage(128, second, name = "conv3")
          >> stage(256, third, name = "conv4") >> stage(512, fourth, name = "conv5")
    }

    block network_v2(first, second, third, fourth) |x| {
        x >> zero_padding2d(3) >> conv2d(64, 7, strides = 2, name = "conv1_conv")
          >> zero_padding2d(1) >> max_pooling2d(3, strides = 2, name = "pool1_pool")
          >> stage_v2(64, first, name = "conv2") >> stage_v2(128, second, name = "conv3")
          >> stage_v2(256, third, name = "conv4") >> stage_v2(512, fourth, strides = 1, name = "conv5")
          >> batch_normalization(epsilon = 1.001e-5, name = "post_bn") >> relu
    }

    block stage(filters, blocks, strides = 2) |x| {
        x >> residual(filters, strides, projection = true, name = "block1")
          >> repeat i in blocks - 1 { residual(filters, name = "block{i + 2}") }
    }

    block residual(filters, strides = 1, projection = false) |x| {
        let shortcut = x >> if projection { unit(4 * filters, 1, strides = strides, name = "0") };
        let h = x >> unit(filters, 1, strides = strides, name = "1") >> relu >> unit(filters, 3, name = "2") >> relu
                  >> unit(4 * filters, 1, name = "3");
        (shortcut, h) >> add(name = "add") >> activation(relu, name = "out")
    }

    /// A convolution that keeps the size but for its strides (of 7 × 7: after a margin of 3), and its normalization.
    block unit(filters, size, strides = 1) |x| {
        x >> if size == 7 { conv2d(filters, size, strides = strides, name = "conv") }
             else { conv2d(filters, size, strides = strides, padding = same, name = "conv") }
          >> batch_normalization(epsilon = 1.001e-5, name = "bn")
    }

    block stage_v2(filters, blocks, strides = 2) |x| {
        x >> residual_v2(filters, projection = true, name = "block1")
          >> repeat i in blocks - 2 { residual_v2(filters, name = "block{i + 2}") }
          >> residual_v2(filters, strides, name = "block{blocks}")
    }

    block residual_v2(filters, strides = 1, projection = false) |x| {
        let h = x >> batch_normalization(epsilon = 1.001e-5, name = "preact_bn") >> relu;
        let shortcut = if projection { h >> conv2d(4 * filters, 1, name = "0_conv") }
                       else if strides > 1 { x >> max_pooling2d(1, strides = strides) } else { x };
        let y = h >> conv2d(filters, 1, use_bias = false, name = "1_conv")
                  >> batch_normalization(epsilon = 1.001e-5, name = "1_bn") >> relu
                  >> zero_padding2d(1) >> conv2d(filters, 3, strides = strides, use_bias = false, name = "2_conv")
                  >> batch_normalization(epsilon = 1.001e-5, name = "2_bn") >> relu
                  >> conv2d(4 * filters, 1, name = "3_conv");
        (shortcut, y) >> add(name = "out")
    }

    block head(include_top, classes, act, pooling) |x| {
        x >> if include_top { global_average_pooling2d(name = "avg_pool") >> dense(classes, act, name = "predictions") }
             else if pooling == avg { global_average_pooling2d(name = "avg_pool") }
             else if pooling == max { global_max_pooling2d(name = "max_pool") }
    }
}
