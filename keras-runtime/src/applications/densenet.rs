//! DenseNet (Huang et al., "Densely Connected Convolutional Networks", 2016).
//!
//! | block | parameters | trainable |
//! | --- | ---: | ---: |
//! | `densenet121` | 8,062,504 | 7,978,856 |
//! | `densenet169` | 14,307,880 | 14,149,480 |
//! | `densenet201` | 20,242,984 | 20,013,928 |
//!
//! For Keras's weights images lie between 0 and 1, less the means (0.485, 0.456, 0.406), by the deviations (0.229, 0.224, 0.225).

use crate::keras_model;

keras_model! {
    /// Keras's `DenseNet121`.
    pub block densenet121(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network(6, 12, 24, 16, 512, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `DenseNet169`.
    pub block densenet169(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network(6, 12, 32, 32, 640, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Keras's `DenseNet201`.
    pub block densenet201(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> network(6, 12, 48, 32, 896, name = "") >> head(include_top, classes, classifier_activation, pooling, name = "")
    }

    /// Stages of so many blocks, with transitions that halve the channels: the last one to `channels`.
    block network(first, second, third, fourth, channels) |x| {
        x >> zero_padding2d(3) >> conv2d(64, 7, strides = 2, use_bias = false, name = "conv1_conv")
          >> batch_normalization(epsilon = 1.001e-5, name = "conv1_bn") >> relu
          >> zero_padding2d(1) >> max_pooling2d(3, strides = 2, name = "pool1")
          >> stage(first, name = "conv2") >> transition(128, name = "pool2")
          >> stage(second, name = "conv3") >> transition(256, name = "pool3")
          >> stage(third, name = "conv4") >> transition(channels, name = "pool4")
          >> stage(fourth, name = "conv5")
          >> batch_normalization(epsilon = 1.001e-5, name = "bn") >> relu
    }

    block stage(blocks) |x| { x >> repeat i in blocks { unit(32, name = "block{i + 1}") } }

    block unit(growth) |x| {
        let h = x >> batch_normalization(epsilon = 1.001e-5, name = "0_bn") >> relu
                  >> conv2d(4 * growth, 1, use_bias = false, name = "1_conv")
                  >> batch_normalization(epsilon = 1.001e-5, name = "1_bn") >> relu
                  >> conv2d(growth, 3, padding = same, use_bias = false, name = "2_conv");
        (x, h) >> concatenate(name = "concat")
    }

    block transition(filters) |x| {
        x >> batch_normalization(epsilon = 1.001e-5, name = "bn") >> relu
          >> conv2d(filters, 1, use_bias = false, name = "conv") >> average_pooling2d(2, strides = 2, name = "pool")
    }

    block head(include_top, classes, act, pooling) |x| {
        x >> if include_top { global_average_pooling2d(name = "avg_pool") >> dense(classes, act, name = "predictions") }
             else if pooling == avg { global_average_pooling2d(name = "avg_pool") }
             else if pooling == max { global_max_pooling2d(name = "max_pool") }
    }
}
