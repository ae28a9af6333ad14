//! MobileNetV3 (Howard et al., "Searching for MobileNetV3", 2019).
//!
//! | block | parameters | trainable | `minimalistic` | trainable |
//! | --- | ---: | ---: | ---: | ---: |
//! | `mobilenet_v3_small` | 2,554,968 | 2,542,856 | 2,056,848 | 2,044,736 |
//! | `mobilenet_v3_large` | 5,507,432 | 5,483,032 | 3,948,688 | 3,924,288 |
//!
//! These are for `alpha = 1.0`, the width. Images are bytes, from 0 to 255, unless `include_preprocessing = false`: then they
//! lie between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `MobileNetV3Small`.
    pub block mobilenet_v3_small(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, dropout_rate = 0.2,
        include_preprocessing = true, alpha = 1.0, minimalistic = false
    ) |x| {
        let size = if minimalistic { 3 } else { 5 };
        x >> stem(include_preprocessing, minimalistic, name = "")
          >> first(16 * alpha, 2, true, minimalistic, name = "expanded_conv")
          >> inverted(4.5, 24 * alpha, 3, 2, false, minimalistic, relu, name = "expanded_conv_1")
          >> inverted(3.6666666666666665, 24 * alpha, 3, 1, false, minimalistic, relu, name = "expanded_conv_2")
          >> inverted(4, 40 * alpha, size, 2, true, minimalistic, name = "expanded_conv_3")
          >> repeat i in 2 { inverted(6, 40 * alpha, size, 1, true, minimalistic, name = "expanded_conv_{i + 4}") }
          >> repeat i in 2 { inverted(3, 48 * alpha, size, 1, true, minimalistic, name = "expanded_conv_{i + 6}") }
          >> inverted(6, 96 * alpha, size, 2, true, minimalistic, name = "expanded_conv_8")
          >> repeat i in 2 { inverted(6, 96 * alpha, size, 1, true, minimalistic, name = "expanded_conv_{i + 9}") }
          >> head(1024, alpha, minimalistic, include_top, classes, classifier_activation, pooling, dropout_rate, name = "")
    }

    /// Keras's `MobileNetV3Large`.
    pub block mobilenet_v3_large(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, dropout_rate = 0.2,
        include_preprocessing = true, alpha = 1.0, minimalistic = false
    ) |x| {
        let size = if minimalistic { 3 } else { 5 };
        x >> stem(include_preprocessing, minimalistic, name = "")
          >> first(16 * alpha, 1, false, minimalistic, name = "expanded_conv")
          >> inverted(4, 24 * alpha, 3, 2, false, minimalistic, relu, name = "expanded_conv_1")
          >> inverted(3, 24 * alpha, 3, 1, false, minimalistic, relu, name = "expanded_conv_2")
          >> inverted(3, 40 * alpha, size, 2, true, minimalistic, relu, name = "expanded_conv_3")
          >> repeat i in 2 { inverted(3, 40 * alpha, size, 1, true, minimalistic, relu, name = "expanded_conv_{i + 4}") }
          >> inverted(6, 80 * alpha, 3, 2, false, minimalistic, name = "expanded_conv_6")
          >> inverted(2.5, 80 * alpha, 3, 1, false, minimalistic, name = "expanded_conv_7")
          >> repeat i in 2 { inverted(2.3, 80 * alpha, 3, 1, false, minimalistic, name = "expanded_conv_{i + 8}") }
          >> repeat i in 2 { inverted(6, 112 * alpha, 3, 1, true, minimalistic, name = "expanded_conv_{i + 10}") }
          >> inverted(6, 160 * alpha, size, 2, true, minimalistic, name = "expanded_conv_12")
          >> repeat i in 2 { inverted(6, 160 * alpha, size, 1, true, minimalistic, name = "expanded_conv_{i + 13}") }
          >> head(1280, alpha, minimalistic, include_top, classes, classifier_activation, pooling, dropout_rate, name = "")
    }

    block stem(preprocessing, minimalistic) |x| {
        x >> if preprocessing { rescaling(0.00784313725490196, offset = -1.0) }
          >> conv2d(16, 3, strides = 2, padding = same, use_bias = false, name = "conv")
          >> batch_normalization(momentum = 0.999, name = "conv_bn") >> if minimalistic { relu } else { hard_swish }
    }

    /// Expands the channels and squeezes what comes of it.
    block inverted(expansion, filters, size, strides, excites, minimalistic, act = hard_swish) |x| {
        let wanted = shape(x, 3) * expansion;
        let eights = 8 * (floor(wanted + 4.0) / 8);
        let near = if eights < 8 { 8 } else { eights };
        let wide = if near < 0.9 * wanted { near + 8 } else { near };
        let h = x >> conv2d(wide, 1, padding = same, use_bias = false, name = "expand")
            >> batch_normalization(momentum = 0.999, name = "expand_bn")
            >> if minimalistic { relu } else { activation(act) }
            >> squeezed(filters, size, strides, excites, minimalistic, act, name = "");
        (x, h) >> joined(strides, name = "")
    }

    /// Without the expansion.
    block first(filters, strides, excites, minimalistic) |x| {
        let h = x >> squeezed(filters, 3, strides, excites, minimalistic, relu, name = "");
        (x, h) >> joined(strides, name = "")
    }

    /// Convolves each channel by itself, weighs them by what all places hold, and projects to near so many filters that 8
    /// divides, not less than nine tenths.
    block squeezed(filters, size, strides, excites, minimalistic, act) |x| {
        let eights = 8 * (floor(filters + 4.0) / 8);
        let near = if eights < 8 { 8 } else { eights };
        let chosen = if near < 0.9 * filters { near + 8 } else { near };
        x >> depthwise_conv2d(size, strides = strides, padding = same, use_bias = false, name = "depthwise")
          >> batch_normalization(momentum = 0.999, name = "depthwise_bn")
          >> if minimalistic { relu } else { activation(act) }
          >> if minimalistic { linear } else if excites { excited(name = "") }
          >> conv2d(chosen, 1, padding = same, use_bias = false, name = "project")
          >> batch_normalization(momentum = 0.999, name = "project_bn")
    }

    block excited |x| {
        let wanted = 0.25 * shape(x, 3);
        let eights = 8 * (floor(wanted + 4.0) / 8);
        let near = if eights < 8 { 8 } else { eights };
        let few = if near < 0.9 * wanted { near + 8 } else { near };
        let weights = x >> global_average_pooling2d(keepdims = true)
            >> conv2d(few, 1, padding = same, name = "squeeze_excite_conv") >> relu
            >> conv2d(shape(x, 3), 1, padding = same, name = "squeeze_excite_conv_1") >> hard_sigmoid;
        x * weights
    }

    /// `h` and what it was made of, where they are alike.
    block joined(strides) |x, h| {
        if strides > 1 { h } else if shape(x, 3) != shape(h, 3) { h } else { (x, h) >> add(name = "add") }
    }

    block widened(wanted) |x| {
        let eights = 8 * (floor(wanted + 4.0) / 8);
        let wide = if eights < 0.9 * wanted { eights + 8 } else { eights };
        x >> conv2d(wide, 1, padding = same, name = "conv_2")
    }

    block head(point, alpha, minimalistic, include_top, classes, act, pooling, dropout_rate) |x| {
        let last = 8 * ((6 * shape(x, 3) + 4) / 8);
        x >> conv2d(last, 1, padding = same, use_bias = false, name = "conv_1")
          >> batch_normalization(momentum = 0.999, name = "conv_1_bn") >> if minimalistic { relu } else { hard_swish }
          >> if include_top {
                 global_average_pooling2d(keepdims = true)
                 // It grows with the width, and does not shrink with it.
                 >> if alpha > 1.0 { widened(point * alpha, name = "") }
                    else { conv2d(point, 1, padding = same, name = "conv_2") }
                 >> if minimalistic { relu } else { hard_swish }
                 >> dropout(dropout_rate) >> conv2d(classes, 1, padding = same, name = "logits") >> flatten()
                 >> activation(act, name = "predictions")
             } else if pooling == avg { global_average_pooling2d(name = "avg_pool") }
             else if pooling == max { global_max_pooling2d(name = "max_pool") }
    }
}
