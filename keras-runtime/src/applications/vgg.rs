//! VGG (Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014).
//!
//! | block | parameters | without the top |
//! | --- | ---: | ---: |
//! | `vgg16` | 138,357,544 | 14,714,688 |
//! | `vgg19` | 143,667,240 | 20,024,384 |
//!
//! The counts are for images of 224 × 224, which the dense layers of the top depend on. Images are BGR, less the means of ImageNet
//! (103.939, 116.779, 123.68), for Keras's weights.

use crate::keras_model;

keras_model! {
    /// Keras's `VGG16`.
    pub block vgg16(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> stage(64, 1, 2, name = "") >> stage(128, 2, 2, name = "") >> stage(256, 3, 3, name = "") >> stage(512, 4, 3, name = "") >> stage(512, 5, 3, name = "")
          >> if include_top { top(classes, classifier_activation, name = "") } else { pooled(pooling, name = "") }
    }

    /// Keras's `VGG19`.
    pub block vgg19(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> stage(64, 1, 2, name = "") >> stage(128, 2, 2, name = "") >> stage(256, 3, 4, name = "") >> stage(512, 4, 4, name = "") >> stage(512, 5, 4, name = "")
          >> if include_top { top(classes, classifier_activation, name = "") } else { pooled(pooling, name = "") }
    }

    block stage(filters, number, convolutions) |x| {
        x >> repeat i in convolutions {
                 conv2d(filters, 3, padding = same, activation = relu, name = "block{number}_conv{i + 1}")
             }
          >> max_pooling2d(2, strides = 2, name = "block{number}_pool")
    }

    block top(classes, act) |x| {
        x >> flatten(name = "flatten") >> dense(4096, relu, name = "fc1") >> dense(4096, relu, name = "fc2")
          >> dense(classes, act, name = "predictions")
    }

    block pooled(pooling) |x| {
        x >> if pooling == avg { global_average_pooling2d() } else if pooling == max { global_max_pooling2d() }
    }
}
