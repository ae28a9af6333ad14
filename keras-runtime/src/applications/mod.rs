//! Well-known networks (`keras.applications`), as blocks for models of any input size.
//!
//! A block costs nothing until a model uses it. With the top it ends in `classes` probabilities; without, in features, to
//! which a model adds layers of its own:
//!
//! ```no_run
//! use keras_runtime::applications::vgg;
//! use keras_runtime::prelude::*;
//!
//! keras_model! {
//!     pub Flowers = input([96, 96, 3])
//!         >> vgg::vgg16(include_top = false, pooling = avg, trainable = false)
//!         >> dense(5, softmax)
//! }
//! # fn main() { println!("{}", Flowers::new(0).count_params()); }
//! ```
//!
//! Every block takes `include_top = true`, `classes = 1000`, `classifier_activation = softmax` and `pooling = none` (`avg` or
//! `max`, where there is no top). Weights have Keras's names, but that what Keras joins by `_` is joined by `/` where it is a part
//! of a part: `vgg16/block1_conv1/kernel`, `resnet50/conv2/block1/1/conv/kernel` for Keras's `conv2_block1_1_conv`. The
//! numbers of parameters are Keras's (tests hold them to that).
//!
//! What `cargo check` takes to expand and check one after an edit grows with its depth: some two seconds for `resnet50`, and twelve for
//! `nasnet_large`, which has the most layers of all (`benches/BENCHMARKS.md`).

pub mod convnext;
pub mod densenet;
pub mod efficientnet;
pub mod imagenet;
pub mod inception;
pub mod mobilenet;
pub mod mobilenet_v3;
pub mod nasnet;
pub mod resnet;
pub mod vgg;
pub mod xception;
