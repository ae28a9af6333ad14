//! EfficientNet (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019).
//!
//! | block | parameters | made for images of |
//! | --- | ---: | ---: |
//! | `efficientnet_b0` | 5,330,571 | 224 × 224 |
//! | `efficientnet_b1` | 7,856,239 | 240 × 240 |
//! | `efficientnet_b2` | 9,177,569 | 260 × 260 |
//! | `efficientnet_b3` | 12,320,535 | 300 × 300 |
//! | `efficientnet_b4` | 19,466,823 | 380 × 380 |
//! | `efficientnet_b5` | 30,562,527 | 456 × 456 |
//! | `efficientnet_b6` | 43,265,143 | 528 × 528 |
//! | `efficientnet_b7` | 66,658,687 | 600 × 600 |
//!
//! Images are bytes, from 0 to 255. Keras's weights for ImageNet ask for `rescaled = true`, which divides by the roots of
//! ImageNet's deviations once more, as Keras does with them.

use crate::keras_model;

keras_model! {
    /// Keras's `EfficientNetB0`.
    pub block efficientnet_b0(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(32, rescaled, name = "")
          >> stage(1, 1, 3, 32, 16, 1, 1, 0, 16, name = "")
          >> stage(2, 2, 3, 16, 24, 6, 2, 1, 16, name = "")
          >> stage(3, 2, 5, 24, 40, 6, 2, 3, 16, name = "")
          >> stage(4, 3, 3, 40, 80, 6, 2, 5, 16, name = "")
          >> stage(5, 3, 5, 80, 112, 6, 1, 8, 16, name = "")
          >> stage(6, 4, 5, 112, 192, 6, 2, 11, 16, name = "")
          >> stage(7, 1, 3, 192, 320, 6, 1, 15, 16, name = "")
          >> head(1280, 0.2, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB1`.
    pub block efficientnet_b1(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(32, rescaled, name = "")
          >> stage(1, 2, 3, 32, 16, 1, 1, 0, 23, name = "")
          >> stage(2, 3, 3, 16, 24, 6, 2, 2, 23, name = "")
          >> stage(3, 3, 5, 24, 40, 6, 2, 5, 23, name = "")
          >> stage(4, 4, 3, 40, 80, 6, 2, 8, 23, name = "")
          >> stage(5, 4, 5, 80, 112, 6, 1, 12, 23, name = "")
          >> stage(6, 5, 5, 112, 192, 6, 2, 16, 23, name = "")
          >> stage(7, 2, 3, 192, 320, 6, 1, 21, 23, name = "")
          >> head(1280, 0.2, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB2`.
    pub block efficientnet_b2(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(32, rescaled, name = "")
          >> stage(1, 2, 3, 32, 16, 1, 1, 0, 23, name = "")
          >> stage(2, 3, 3, 16, 24, 6, 2, 2, 23, name = "")
          >> stage(3, 3, 5, 24, 48, 6, 2, 5, 23, name = "")
          >> stage(4, 4, 3, 48, 88, 6, 2, 8, 23, name = "")
          >> stage(5, 4, 5, 88, 120, 6, 1, 12, 23, name = "")
          >> stage(6, 5, 5, 120, 208, 6, 2, 16, 23, name = "")
          >> stage(7, 2, 3, 208, 352, 6, 1, 21, 23, name = "")
          >> head(1408, 0.3, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB3`.
    pub block efficientnet_b3(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(40, rescaled, name = "")
          >> stage(1, 2, 3, 40, 24, 1, 1, 0, 26, name = "")
          >> stage(2, 3, 3, 24, 32, 6, 2, 2, 26, name = "")
          >> stage(3, 3, 5, 32, 48, 6, 2, 5, 26, name = "")
          >> stage(4, 5, 3, 48, 96, 6, 2, 8, 26, name = "")
          >> stage(5, 5, 5, 96, 136, 6, 1, 13, 26, name = "")
          >> stage(6, 6, 5, 136, 232, 6, 2, 18, 26, name = "")
          >> stage(7, 2, 3, 232, 384, 6, 1, 24, 26, name = "")
          >> head(1536, 0.3, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB4`.
    pub block efficientnet_b4(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(48, rescaled, name = "")
          >> stage(1, 2, 3, 48, 24, 1, 1, 0, 32, name = "")
          >> stage(2, 4, 3, 24, 32, 6, 2, 2, 32, name = "")
          >> stage(3, 4, 5, 32, 56, 6, 2, 6, 32, name = "")
          >> stage(4, 6, 3, 56, 112, 6, 2, 10, 32, name = "")
          >> stage(5, 6, 5, 112, 160, 6, 1, 16, 32, name = "")
          >> stage(6, 8, 5, 160, 272, 6, 2, 22, 32, name = "")
          >> stage(7, 2, 3, 272, 448, 6, 1, 30, 32, name = "")
          >> head(1792, 0.4, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB5`.
    pub block efficientnet_b5(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(48, rescaled, name = "")
          >> stage(1, 3, 3, 48, 24, 1, 1, 0, 39, name = "")
          >> stage(2, 5, 3, 24, 40, 6, 2, 3, 39, name = "")
          >> stage(3, 5, 5, 40, 64, 6, 2, 8, 39, name = "")
          >> stage(4, 7, 3, 64, 128, 6, 2, 13, 39, name = "")
          >> stage(5, 7, 5, 128, 176, 6, 1, 20, 39, name = "")
          >> stage(6, 9, 5, 176, 304, 6, 2, 27, 39, name = "")
          >> stage(7, 3, 3, 304, 512, 6, 1, 36, 39, name = "")
          >> head(2048, 0.4, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB6`.
    pub block efficientnet_b6(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(56, rescaled, name = "")
          >> stage(1, 3, 3, 56, 32, 1, 1, 0, 45, name = "")
          >> stage(2, 6, 3, 32, 40, 6, 2, 3, 45, name = "")
          >> stage(3, 6, 5, 40, 72, 6, 2, 9, 45, name = "")
          >> stage(4, 8, 3, 72, 144, 6, 2, 15, 45, name = "")
          >> stage(5, 8, 5, 144, 200, 6, 1, 23, 45, name = "")
          >> stage(6, 11, 5, 200, 344, 6, 2, 31, 45, name = "")
          >> stage(7, 3, 3, 344, 576, 6, 1, 42, 45, name = "")
          >> head(2304, 0.5, include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `EfficientNetB7`.
    pub block efficientnet_b7(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, rescaled = false
    ) |x| {
        x >> stem(64, rescaled, name = "")
          >> stage(1, 4, 3, 64, 32, 1, 1, 0, 55, name = "")
          >> stage(2, 7, 3, 32, 48, 6, 2, 4, 55, name = "")
          >> stage(3, 7, 5, 48, 80, 6, 2, 11, 55, name = "")
          >> stage(4, 10, 3, 80, 160, 6, 2, 18, 55, name = "")
          >> stage(5, 10, 5, 160, 224, 6, 1, 28, 55, name = "")
          >> stage(6, 13, 5, 224, 384, 6, 2, 38, 55, name = "")
          >> stage(7, 4, 3, 384, 640, 6, 1, 51, 55, name = "")
          >> head(2560, 0.5, include_top, classes, classifier_activation, pooling, name = "")
    }

    block stem(filters, rescaled) |x| {
        x >> rescaling(0.00392156862745098) >> normalization(name = "normalization")
          >> if rescaled { rescaling([2.0896918976428642, 2.1128856368212916, 2.1081851067789197]) }
          >> conv(filters, 3, strides = 2, name = "stem") >> silu
    }

    /// A convolution, started as the paper does, with its normalization.
    block conv(filters, size, strides = 1) |x| {
        x >> conv2d(filters, size, strides = strides, padding = same, use_bias = false, name = "conv",
                    kernel_initializer = variance_scaling(scale = 2.0, mode = fan_out, distribution = truncated_normal))
          >> batch_normalization(name = "bn")
    }

    /// The stage's blocks a, b, c ..: `before` blocks of all `of` come before it.
    block stage(number, repeats, size, input, output, expand, strides, before, of) |x| {
        x >> unit(size, input, output, expand, strides, 0.0, name = "block{number}a")
          >> if repeats > 1 { unit(size, output, output, expand, 1, 0.2 * (before + 1) / of, name = "block{number}b") }
          >> if repeats > 2 { unit(size, output, output, expand, 1, 0.2 * (before + 2) / of, name = "block{number}c") }
          >> if repeats > 3 { unit(size, output, output, expand, 1, 0.2 * (before + 3) / of, name = "block{number}d") }
          >> if repeats > 4 { unit(size, output, output, expand, 1, 0.2 * (before + 4) / of, name = "block{number}e") }
          >> if repeats > 5 { unit(size, output, output, expand, 1, 0.2 * (before + 5) / of, name = "block{number}f") }
          >> if repeats > 6 { unit(size, output, output, expand, 1, 0.2 * (before + 6) / of, name = "block{number}g") }
          >> if repeats > 7 { unit(size, output, output, expand, 1, 0.2 * (before + 7) / of, name = "block{number}h") }
          >> if repeats > 8 { unit(size, output, output, expand, 1, 0.2 * (before + 8) / of, name = "block{number}i") }
          >> if repeats > 9 { unit(size, output, output, expand, 1, 0.2 * (before + 9) / of, name = "block{number}j") }
          >> if repeats > 10 { unit(size, output, output, expand, 1, 0.2 * (before + 10) / of, name = "block{number}k") }
          >> if repeats > 11 { unit(size, output, output, expand, 1, 0.2 * (before + 11) / of, name = "block{number}l") }
          >> if repeats > 12 { unit(size, output, output, expand, 1, 0.2 * (before + 12) / of, name = "block{number}m") }
    }

    /// Expands the channels, convolves each by itself, weighs them by what all places hold, and projects.
    block unit(size, input, output, expand, strides, rate) |x| {
        let h = x >> if expand > 1 { conv(input * expand, 1, name = "expand") >> silu }
                  >> depthwise_conv2d(size, strides = strides, padding = same, use_bias = false, name = "dwconv",
                         depthwise_initializer = variance_scaling(scale = 2.0, mode = fan_out, distribution = truncated_normal))
                  >> batch_normalization(name = "bn") >> silu;
        let weights = h >> global_average_pooling2d(keepdims = true)
            >> conv2d(input / 4, 1, padding = same, activation = silu, name = "se_reduce",
                      kernel_initializer = variance_scaling(scale = 2.0, mode = fan_out, distribution = truncated_normal))
            >> conv2d(input * expand, 1, padding = same, activation = sigmoid, name = "se_expand",
                      kernel_initializer = variance_scaling(scale = 2.0, mode = fan_out, distribution = truncated_normal));
        let y = h * weights >> conv(output, 1, name = "project");
        if strides == 1 {
            if input == output { (y >> if rate > 0.0 { dropout(rate, noise_shape = [-1, 1, 1, 1], name = "drop") }, x) >> add(name = "add") } else { y }
        } else { y }
    }

    block head(filters, rate, include_top, classes, act, pooling) |x| {
        x >> conv(filters, 1, name = "top") >> silu
          >> if include_top {
                 global_average_pooling2d(name = "avg_pool") >> dropout(rate, name = "top_dropout")
                 >> dense(classes, act, name = "predictions",
                          kernel_initializer = variance_scaling(scale = 0.3333333333333333, mode = fan_out, distribution = uniform))
             } else if pooling == avg { global_average_pooling2d(name = "avg_pool") }
             else if pooling == max { global_max_pooling2d(name = "max_pool") }
    }
}
