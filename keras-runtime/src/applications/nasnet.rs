//! NASNet-A (Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition", 2018).
//!
//! | block | parameters | trainable | made for images of |
//! | --- | ---: | ---: | ---: |
//! | `nasnet_mobile` | 5,326,716 | 5,289,978 | 224 × 224 |
//! | `nasnet_large` | 88,949,818 | 88,753,150 | 331 × 331 |
//!
//! For Keras's weights images lie between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `NASNetMobile`.
    pub block nasnet_mobile(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        let first = x >> stem(32, name = "");
        (first, first) >> reduced("stem_1", 11, first = true, name = "") >> reduced("stem_2", 22, name = "")
            >> repeat i in 4 { normal("{i}", 44, name = "") } >> reduced("reduce_4", 88, name = "")
            >> repeat i in 4 { normal("{i + 5}", 88, name = "") } >> reduced("reduce_8", 176, name = "")
            >> repeat i in 4 { normal("{i + 9}", 176, name = "") }
            >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `NASNetLarge`.
    pub block nasnet_large(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        let first = x >> stem(96, name = "");
        let (a, b) = (first, first) >> reduced("stem_1", 42, first = true, name = "") >> reduced("stem_2", 84, name = "")
            >> repeat i in 6 { normal("{i}", 168, name = "") };
        // What comes before a reduction is what the part behind it looks back to.
        let (c, _c) = (a, b) >> reduced("reduce_6", 336, name = "");
        let (d, e) = (c, b) >> repeat i in 6 { normal("{i + 7}", 336, name = "") };
        let (f, _f) = (d, e) >> reduced("reduce_12", 672, name = "");
        (f, e) >> repeat i in 6 { normal("{i + 13}", 672, name = "") }
            >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    block stem(filters) |x| {
        x >> conv2d(filters, 3, strides = 2, use_bias = false, kernel_initializer = he_normal, name = "stem_conv1")
          >> batch_normalization(momentum = 0.9997, name = "stem_bn1")
    }

    block head(include_top, classes, act, pooling) |x, last| {
        let features = x >> relu;
        features >> if include_top { global_average_pooling2d() >> dense(classes, act, name = "predictions") }
            else if pooling == avg { global_average_pooling2d() }
            else if pooling == max { global_max_pooling2d() }
    }

    /// Two separable convolutions.
    block separable(id, filters, size, strides = 1) |x| {
        x >> relu
          >> separable_conv2d(filters, size, strides = strides, padding = same, use_bias = false, name = "separable_conv_1_{id}")
          >> batch_normalization(momentum = 0.9997, name = "separable_conv_1_bn_{id}") >> relu
          >> separable_conv2d(filters, size, padding = same, use_bias = false, name = "separable_conv_2_{id}")
          >> batch_normalization(momentum = 0.9997, name = "separable_conv_2_bn_{id}")
    }

    block projected(id, filters) |x| {
        x >> conv2d(filters, 1, padding = same, use_bias = false, kernel_initializer = he_normal, name = id)
    }

    /// The last result as large as this one, and with so many channels.
    block adjusted(id, filters) |last, x| {
        if shape(last, 1) != shape(x, 1) {
            let h = last >> relu;
            let even = h >> average_pooling2d(1, strides = 2) >> projected("adjust_conv_1_{id}", filters / 2, name = "");
            let odd = h >> zero_padding2d([[0, 1], [0, 1]]) >> cropping2d([[1, 0], [1, 0]])
                >> average_pooling2d(1, strides = 2) >> projected("adjust_conv_2_{id}", filters / 2, name = "");
            (even, odd) >> concatenate() >> batch_normalization(momentum = 0.9997, name = "adjust_bn_{id}")
        } else if shape(last, 3) != filters {
            last >> relu >> projected("adjust_conv_projection_{id}", filters, name = "")
                >> batch_normalization(momentum = 0.9997, name = "adjust_bn_{id}")
        } else { last }
    }

    block normal(id, filters) |x, last| {
        let p = (last, x) >> adjusted(id, filters, name = "");
        let h = x >> relu >> projected("normal_conv_1_{id}", filters, name = "")
            >> batch_normalization(momentum = 0.9997, name = "normal_bn_1_{id}");
        let a = (h >> separable("normal_left1_{id}", filters, 5, name = "")) + (p >> separable("normal_right1_{id}", filters, 3, name = ""));
        let b = (p >> separable("normal_left2_{id}", filters, 5, name = "")) + (p >> separable("normal_right2_{id}", filters, 3, name = ""));
        let c = (h >> average_pooling2d(3, strides = 1, padding = same)) + p;
        let mean = p >> average_pooling2d(3, strides = 1, padding = same);
        let d = (h >> separable("normal_left5_{id}", filters, 3, name = "")) + h;
        ((p, a, b, c, 2.0 * mean, d) >> concatenate(), x)
    }

    block reduced(id, filters, first = false) |x, last| {
        let p = if first { x } else { (last, x) >> adjusted(id, filters, name = "") };
        let h = x >> relu >> projected("reduction_conv_1_{id}", filters, name = "")
            >> batch_normalization(momentum = 0.9997, name = "reduction_bn_1_{id}");
        // As `padding = same`, but with zeros that count.
        let odd_height = shape(h, 1) - 2 * (shape(h, 1) / 2);
        let odd_width = shape(h, 2) - 2 * (shape(h, 2) / 2);
        let around = h >> zero_padding2d([[odd_height, 1], [odd_width, 1]]);
        let a = (h >> separable("reduction_left1_{id}", filters, 5, strides = 2, name = ""))
            + (p >> separable("reduction_right1_{id}", filters, 7, strides = 2, name = ""));
        let greatest = around >> max_pooling2d(3, strides = 2);
        let b = greatest + (p >> separable("reduction_right2_{id}", filters, 7, strides = 2, name = ""));
        let c = (around >> average_pooling2d(3, strides = 2)) + (p >> separable("reduction_right3_{id}", filters, 5, strides = 2, name = ""));
        let d = b + (a >> average_pooling2d(3, strides = 1, padding = same));
        let e = (a >> separable("reduction_left4_{id}", filters, 3, name = "")) + greatest;
        ((b, c, d, e) >> concatenate(), x)
    }
}
