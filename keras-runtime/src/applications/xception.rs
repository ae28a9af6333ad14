//! Xception (Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2016): 22,910,480 parameters.
//!
//! For Keras's weights images lie between -1 and 1.

use crate::keras_model;

keras_model! {
    /// Keras's `Xception`, for images of at least 71 × 71.
    pub block xception(include_top = true, classes = 1000, classifier_activation = softmax, pooling = none) |x| {
        x >> conv2d(32, 3, strides = 2, use_bias = false, name = "block1_conv1")
          >> batch_normalization(name = "block1_conv1_bn") >> relu
          >> conv2d(64, 3, use_bias = false, name = "block1_conv2") >> batch_normalization(name = "block1_conv2_bn") >> relu
          >> reduced(128, 128, act = false, name = "block2") >> reduced(256, 256, name = "block3")
          >> reduced(728, 728, name = "block4")
          >> repeat i in 8 { middle(name = "block{i + 5}") }
          >> reduced(728, 1024, name = "block13")
          >> last(name = "block14")
          >> if include_top { global_average_pooling2d(name = "avg_pool") >> dense(classes, classifier_activation, name = "predictions") }
             else if pooling == avg { global_average_pooling2d() } else if pooling == max { global_max_pooling2d() }
    }

    block last() |x| {
        x >> separable_conv2d(1536, 3, padding = same, use_bias = false, name = "sepconv1")
          >> batch_normalization(name = "sepconv1_bn") >> relu
          >> separable_conv2d(2048, 3, padding = same, use_bias = false, name = "sepconv2")
          >> batch_normalization(name = "sepconv2_bn") >> relu
    }

    block reduced(first, second, act = true) |x| {
        let shortcut = x >> conv2d(second, 1, strides = 2, padding = same, use_bias = false, name = "conv")
                         >> batch_normalization(name = "bn");
        let h = x >> if act { relu }
                  >> separable_conv2d(first, 3, padding = same, use_bias = false, name = "sepconv1")
                  >> batch_normalization(name = "sepconv1_bn") >> relu
                  >> separable_conv2d(second, 3, padding = same, use_bias = false, name = "sepconv2")
                  >> batch_normalization(name = "sepconv2_bn")
                  >> max_pooling2d(3, strides = 2, padding = same, name = "pool");
        (h, shortcut) >> add()
    }

    block middle() |x| {
        let h = x >> repeat i in 3 {
            relu >> separable_conv2d(728, 3, padding = same, use_bias = false, name = "sepconv{i + 1}")
                 >> batch_normalization(name = "sepconv{i + 1}_bn")
        };
        (h, x) >> add()
    }
}
