//! MobileNetV3 (Howard et al., "Searching for MobileNetV3", 2019), with Keras's `alpha = 1`.
//!
//! | block | parameters | trainable |
//! | --- | ---: | ---: |
//! | `mobilenet_v3_small` | 2,554,968 | 2,542,856 |
//! | `mobilenet_v3_large` | 5,507,432 | 5,483,032 |
//!
//! Images are bytes, from 0 to 255, unless `include_preprocessing = false`: then they lie between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `MobileNetV3Small`.
    pub block mobilenet_v3_small(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, dropout_rate = 0.2,
        include_preprocessing = true
    ) |x| {
        x >> stem(include_preprocessing, name = "")
          >> inverted(0, 16, 3, 2, 8, relu, name = "expanded_conv")
          >> inverted(72, 24, 3, 2, 0, relu, name = "expanded_conv_1")
          >> inverted(88, 24, 3, 1, 0, relu, residual = true, name = "expanded_conv_2")
          >> inverted(96, 40, 5, 2, 24, name = "expanded_conv_3")
          >> repeat i in 2 { inverted(240, 40, 5, 1, 64, residual = true, name = "expanded_conv_{i + 4}") }
          >> inverted(120, 48, 5, 1, 32, name = "expanded_conv_6")
          >> inverted(144, 48, 5, 1, 40, residual = true, name = "expanded_conv_7")
          >> inverted(288, 96, 5, 2, 72, name = "expanded_conv_8")
          >> repeat i in 2 { inverted(576, 96, 5, 1, 144, residual = true, name = "expanded_conv_{i + 9}") }
          >> head(576, 1024, include_top, classes, classifier_activation, pooling, dropout_rate, name = "")
    }

    /// Keras's `MobileNetV3Large`.
    pub block mobilenet_v3_large(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, dropout_rate = 0.2,
        include_preprocessing = true
    ) |x| {
        x >> stem(include_preprocessing, name = "")
          >> inverted(0, 16, 3, 1, 0, relu, residual = true, name = "expanded_conv")
          >> inverted(64, 24, 3, 2, 0, relu, name = "expanded_conv_1")
          >> inverted(72, 24, 3, 1, 0, relu, residual = true, name = "expanded_conv_2")
          >> inverted(72, 40, 5, 2, 24, relu, name = "expanded_conv_3")
          >> repeat i in 2 { inverted(120, 40, 5, 1, 32, relu, residual = true, name = "expanded_conv_{i + 4}") }
          >> inverted(240, 80, 3, 2, 0, name = "expanded_conv_6")
          >> inverted(200, 80, 3, 1, 0, residual = true, name = "expanded_conv_7")
          >> repeat i in 2 { inverted(184, 80, 3, 1, 0, residual = true, name = "expanded_conv_{i + 8}") }
          >> inverted(480, 112, 3, 1, 120, name = "expanded_conv_10")
          >> inverted(672, 112, 3, 1, 168, residual = true, name = "expanded_conv_11")
          >> inverted(672, 160, 5, 2, 168, name = "expanded_conv_12")
          >> repeat i in 2 { inverted(960, 160, 5, 1, 240, residual = true, name = "expanded_conv_{i + 13}") }
          >> head(960, 1280, include_top, classes, classifier_activation, pooling, dropout_rate, name = "")
    }

    block stem(preprocessing) |x| {
        x >> if preprocessing { rescaling(0.00784313725490196, offset = -1.0) }
          >> conv2d(16, 3, strides = 2, padding = same, use_bias = false, name = "conv")
          >> batch_normalization(momentum = 0.999, name = "conv_bn") >> hard_swish
    }

    /// Expands the channels (0: does not), convolves each by itself, weighs them by what all places hold (0: does not), and projects.
    block inverted(expanded, filters, size, strides, squeezed, act = hard_swish, residual = false) |x| {
        let h = x
            >> if expanded > 0 {
                   conv2d(expanded, 1, padding = same, use_bias = false, name = "expand")
                   >> batch_normalization(momentum = 0.999, name = "expand_bn") >> activation(act)
               }
            >> depthwise_conv2d(size, strides = strides, padding = same, use_bias = false, name = "depthwise")
            >> batch_normalization(momentum = 0.999, name = "depthwise_bn") >> activation(act)
            >> if squeezed > 0 { excited(if expanded > 0 { expanded } else { 16 }, squeezed, name = "") }
            >> conv2d(filters, 1, padding = same, use_bias = false, name = "project")
            >> batch_normalization(momentum = 0.999, name = "project_bn");
        if residual { (x, h) >> add(name = "add") } else { h }
    }

    block excited(channels, squeezed) |x| {
        let weights = x >> global_average_pooling2d(keepdims = true)
            >> conv2d(squeezed, 1, padding = same, name = "squeeze_excite_conv") >> relu
            >> conv2d(channels, 1, padding = same, name = "squeeze_excite_conv_1") >> hard_sigmoid;
        x * weights
    }

    block head(last, point, include_top, classes, act, pooling, dropout_rate) |x| {
        x >> conv2d(last, 1, padding = same, use_bias = false, name = "conv_1")
          >> batch_normalization(momentum = 0.999, name = "conv_1_bn") >> hard_swish
          >> if include_top {
                 global_average_pooling2d(keepdims = true) >> conv2d(point, 1, padding = same, name = "conv_2") >> hard_swish
                 >> dropout(dropout_rate) >> conv2d(classes, 1, padding = same, name = "logits") >> flatten()
                 >> activation(act, name = "predictions")
             } else if pooling == avg { global_average_pooling2d(name = "avg_pool") }
             else if pooling == max { global_max_pooling2d(name = "max_pool") }
    }
}
