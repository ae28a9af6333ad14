//! Inception (Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015, and "Inception-v4,
//! Inception-ResNet and the Impact of Residual Connections on Learning", 2016).
//!
//! | block | parameters | trainable |
//! | --- | ---: | ---: |
//! | `inception_v3` | 23,851,784 | 23,817,352 |
//! | `inception_resnet_v2` | 55,873,736 | 55,813,192 |
//!
//! For images of at least 75 × 75, which for Keras's weights lie between -1 and 1. Convolutions that have no name in Keras are
//! numbered in the order in which it makes them, as there.

use crate::keras_model;

keras_model! {
    /// Keras's `InceptionV3`.
    pub block inception_v3(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> stem(name = "")
          >> mixed_a(64, 32, 5, name = "") >> mixed_a(64, 64, 12, name = "") >> mixed_a(64, 64, 19, name = "")
          >> reduced_a(64, 96, 96, 26, name = "")
          >> mixed_b(128, 30, name = "") >> mixed_b(160, 40, name = "") >> mixed_b(160, 50, name = "") >> mixed_b(192, 60, name = "")
          >> reduced_b(70, name = "") >> mixed_c(76, name = "") >> mixed_c(85, name = "")
          >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `InceptionResNetV2`.
    pub block inception_resnet_v2(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> stem(name = "") >> mixed_a(96, 64, 5, name = "")
          >> repeat i in 10 { block35(i + 1, 6 * i + 12, name = "") }
          >> reduced_a(256, 256, 384, 72, name = "")
          >> repeat i in 20 { block17(i + 1, 4 * i + 76, name = "") }
          >> reduced_c(156, name = "")
          >> repeat i in 9 { block8(i + 1, 4 * i + 163, name = "") >> relu }
          >> block8(10, 199, scale = 1.0, name = "")
          >> conv2d(1536, 1, use_bias = false, name = "conv_7b") >> batch_normalization(scale = false, name = "conv_7b_bn") >> relu
          >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// A convolution with its normalization and `relu`.
    block unit(filters, size, number, strides = 1, border = same) |x| {
        x >> conv2d(filters, size, strides = strides, padding = border, use_bias = false, name = "conv2d_{number}")
          >> batch_normalization(scale = false, name = "batch_normalization_{number}") >> relu
    }

    block stem() |x| {
        x >> conv2d(32, 3, strides = 2, use_bias = false, name = "conv2d") >> batch_normalization(scale = false, name = "batch_normalization") >> relu
          >> unit(32, 3, 1, border = valid, name = "") >> unit(64, 3, 2, name = "") >> max_pooling2d(3, strides = 2)
          >> unit(80, 1, 3, border = valid, name = "") >> unit(192, 3, 4, border = valid, name = "") >> max_pooling2d(3, strides = 2)
    }

    block mixed_a(filters, pooled, n) |x| {
        let one = x >> unit(filters, 1, n, name = "");
        let five = x >> unit(48, 1, n + 1, name = "") >> unit(64, 5, n + 2, name = "");
        let three = x >> unit(64, 1, n + 3, name = "") >> unit(96, 3, n + 4, name = "") >> unit(96, 3, n + 5, name = "");
        let pool = x >> average_pooling2d(3, strides = 1, padding = same) >> unit(pooled, 1, n + 6, name = "");
        (one, five, three, pool) >> concatenate()
    }

    block reduced_a(first, second, third, n) |x| {
        let three = x >> unit(384, 3, n, strides = 2, border = valid, name = "");
        let double = x >> unit(first, 1, n + 1, name = "") >> unit(second, 3, n + 2, name = "")
                       >> unit(third, 3, n + 3, strides = 2, border = valid, name = "");
        (three, double, x >> max_pooling2d(3, strides = 2)) >> concatenate()
    }

    block mixed_b(width, n) |x| {
        let one = x >> unit(192, 1, n, name = "");
        let seven = x >> unit(width, 1, n + 1, name = "") >> unit(width, [1, 7], n + 2, name = "") >> unit(192, [7, 1], n + 3, name = "");
        let double = x >> unit(width, 1, n + 4, name = "") >> unit(width, [7, 1], n + 5, name = "") >> unit(width, [1, 7], n + 6, name = "")
                       >> unit(width, [7, 1], n + 7, name = "") >> unit(192, [1, 7], n + 8, name = "");
        let pool = x >> average_pooling2d(3, strides = 1, padding = same) >> unit(192, 1, n + 9, name = "");
        (one, seven, double, pool) >> concatenate()
    }

    block reduced_b(n) |x| {
        let three = x >> unit(192, 1, n, name = "") >> unit(320, 3, n + 1, strides = 2, border = valid, name = "");
        let seven = x >> unit(192, 1, n + 2, name = "") >> unit(192, [1, 7], n + 3, name = "") >> unit(192, [7, 1], n + 4, name = "")
                      >> unit(192, 3, n + 5, strides = 2, border = valid, name = "");
        (three, seven, x >> max_pooling2d(3, strides = 2)) >> concatenate()
    }

    block mixed_c(n) |x| {
        let one = x >> unit(320, 1, n, name = "");
        let three = x >> unit(384, 1, n + 1, name = "");
        let double = x >> unit(448, 1, n + 4, name = "") >> unit(384, 3, n + 5, name = "");
        let pool = x >> average_pooling2d(3, strides = 1, padding = same) >> unit(192, 1, n + 8, name = "");
        (one, three >> unit(384, [1, 3], n + 2, name = ""), three >> unit(384, [3, 1], n + 3, name = ""),
         double >> unit(384, [1, 3], n + 6, name = ""), double >> unit(384, [3, 1], n + 7, name = ""), pool) >> concatenate()
    }

    block reduced_c(n) |x| {
        let first = x >> unit(256, 1, n, name = "") >> unit(384, 3, n + 1, strides = 2, border = valid, name = "");
        let second = x >> unit(256, 1, n + 2, name = "") >> unit(288, 3, n + 3, strides = 2, border = valid, name = "");
        let third = x >> unit(256, 1, n + 4, name = "") >> unit(288, 3, n + 5, name = "")
                      >> unit(320, 3, n + 6, strides = 2, border = valid, name = "");
        (first, second, third, x >> max_pooling2d(3, strides = 2)) >> concatenate()
    }

    block block35(number, n) |x| {
        let first = x >> unit(32, 1, n, name = "");
        let second = x >> unit(32, 1, n + 1, name = "") >> unit(32, 3, n + 2, name = "");
        let third = x >> unit(32, 1, n + 3, name = "") >> unit(48, 3, n + 4, name = "") >> unit(64, 3, n + 5, name = "");
        let up = (first, second, third) >> concatenate() >> conv2d(320, 1, name = "block35_{number}_conv");
        relu(x + up * 0.17)
    }

    block block17(number, n) |x| {
        let first = x >> unit(192, 1, n, name = "");
        let second = x >> unit(128, 1, n + 1, name = "") >> unit(160, [1, 7], n + 2, name = "") >> unit(192, [7, 1], n + 3, name = "");
        let up = (first, second) >> concatenate() >> conv2d(1088, 1, name = "block17_{number}_conv");
        relu(x + up * 0.1)
    }

    block block8(number, n, scale = 0.2) |x| {
        let first = x >> unit(192, 1, n, name = "");
        let second = x >> unit(192, 1, n + 1, name = "") >> unit(224, [1, 3], n + 2, name = "") >> unit(256, [3, 1], n + 3, name = "");
        let up = (first, second) >> concatenate() >> conv2d(2080, 1, name = "block8_{number}_conv");
        x + up * scale
    }

    block head(include_top, classes, act, pooling) |x| {
        x >> if include_top { global_average_pooling2d(name = "avg_pool") >> dense(classes, act, name = "predictions") }
             else if pooling == avg { global_average_pooling2d() } else if pooling == max { global_max_pooling2d() }
    }
}
