//! ConvNeXt (Liu et al., "A ConvNet for the 2020s", 2022).
//!
//! | block | parameters |
//! | --- | ---: |
//! | `convnext_tiny` | 28,589,128 |
//! | `convnext_small` | 50,223,688 |
//! | `convnext_base` | 88,591,464 |
//! | `convnext_large` | 197,767,336 |
//! | `convnext_xlarge` | 350,196,968 |
//!
//! Images are bytes, from 0 to 255, unless `include_preprocessing = false`. What Keras calls `LayerScale` is a factor for each
//! channel: the kernel of an `einsum_dense`.

use crate::keras_model;

keras_model! {
    /// Keras's `ConvNeXtTiny`.
    pub block convnext_tiny(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, include_preprocessing = true,
        drop_path_rate = 0.0, layer_scale_init_value = 0.000001
    ) |x| {
        x >> network("convnext_tiny", 96, 9, include_top, classes, classifier_activation, pooling, include_preprocessing,
                     drop_path_rate, layer_scale_init_value, name = "")
    }

    /// Keras's `ConvNeXtSmall`.
    pub block convnext_small(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, include_preprocessing = true,
        drop_path_rate = 0.0, layer_scale_init_value = 0.000001
    ) |x| {
        x >> network("convnext_small", 96, 27, include_top, classes, classifier_activation, pooling, include_preprocessing,
                     drop_path_rate, layer_scale_init_value, name = "")
    }

    /// Keras's `ConvNeXtBase`.
    pub block convnext_base(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, include_preprocessing = true,
        drop_path_rate = 0.0, layer_scale_init_value = 0.000001
    ) |x| {
        x >> network("convnext_base", 128, 27, include_top, classes, classifier_activation, pooling, include_preprocessing,
                     drop_path_rate, layer_scale_init_value, name = "")
    }

    /// Keras's `ConvNeXtLarge`.
    pub block convnext_large(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, include_preprocessing = true,
        drop_path_rate = 0.0, layer_scale_init_value = 0.000001
    ) |x| {
        x >> network("convnext_large", 192, 27, include_top, classes, classifier_activation, pooling, include_preprocessing,
                     drop_path_rate, layer_scale_init_value, name = "")
    }

    /// Keras's `ConvNeXtXLarge`.
    pub block convnext_xlarge(
        include_top = true, classes = 1000, classifier_activation = softmax, pooling = none, include_preprocessing = true,
        drop_path_rate = 0.0, layer_scale_init_value = 0.000001
    ) |x| {
        x >> network("convnext_xlarge", 256, 27, include_top, classes, classifier_activation, pooling, include_preprocessing,
                     drop_path_rate, layer_scale_init_value, name = "")
    }

    block network(net, width, depth, include_top, classes, act, pooling, preprocessing, drop, scale) |x| {
        x >> stem(net, width, preprocessing, name = "") >> stages(net, width, depth, drop, scale, name = "")
          >> head(net, include_top, classes, act, pooling, name = "")
    }

    block stem(net, width, preprocessing) |x| {
        x >> if preprocessing {
                 normalization(mean = [123.675, 116.28, 103.53], variance = [3409.976025, 3262.6944, 3291.890625],
                               name = "{net}_prestem_normalization")
             }
          >> conv2d(width, 4, strides = 4, name = "{net}_stem_conv")
          >> layer_normalization(epsilon = 0.000001, name = "{net}_stem_layernorm")
    }

    /// Four stages, the third of which has `depth` parts and the others three.
    block stages(net, width, depth, drop, scale) |x| {
        x >> repeat i in 3 { part("{net}_stage_0_block_{i}", width, drop * i / (depth + 8.0), scale, name = "") }
          >> smaller(net, 0, 2 * width, name = "")
          >> repeat i in 3 { part("{net}_stage_1_block_{i}", 2 * width, drop * (i + 3) / (depth + 8.0), scale, name = "") }
          >> smaller(net, 1, 4 * width, name = "")
          >> repeat i in depth { part("{net}_stage_2_block_{i}", 4 * width, drop * (i + 6) / (depth + 8.0), scale, name = "") }
          >> smaller(net, 2, 8 * width, name = "")
          >> repeat i in 3 { part("{net}_stage_3_block_{i}", 8 * width, drop * (i + 6 + depth) / (depth + 8.0), scale, name = "") }
    }

    block smaller(net, i, width) |x| {
        x >> layer_normalization(epsilon = 0.000001, name = "{net}_downsampling_layernorm_{i}")
          >> conv2d(width, 2, strides = 2, name = "{net}_downsampling_conv_{i}")
    }

    block part(id, width, drop, scale) |x| {
        let h = x >> conv2d(width, 7, padding = same, groups = width, name = "{id}_depthwise_conv")
            >> layer_normalization(epsilon = 0.000001, name = "{id}_layernorm")
            >> einsum_dense("...x,xy->...y", 4 * width, bias_axes = "y", activation = gelu, name = "{id}_pointwise_conv_1")
            >> einsum_dense("...x,xy->...y", width, bias_axes = "y", name = "{id}_pointwise_conv_2")
            >> einsum_dense("...x,x->...x", -1, kernel_initializer = constant(scale), name = "{id}_layer_scale")
            >> if drop > 0.0 { dropout(drop, noise_shape = [-1, 1, 1, 1], name = "{id}_stochastic_depth") };
        x + h
    }

    block head(net, include_top, classes, act, pooling) |x| {
        x >> if include_top {
                 global_average_pooling2d(name = "{net}_head_gap")
                 >> layer_normalization(epsilon = 0.000001, name = "{net}_head_layernorm")
                 >> dense(classes, act, name = "{net}_head_dense")
             } else if pooling == avg {
                 global_average_pooling2d() >> layer_normalization(epsilon = 0.000001)
             } else if pooling == max {
                 global_max_pooling2d() >> layer_normalization(epsilon = 0.000001)
             } else { layer_normalization(epsilon = 0.000001) }
    }
}
