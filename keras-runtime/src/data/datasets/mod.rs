//! Data sets: found on the machine, or (with the feature `download`) fetched once.
//!
//! Each has a function with Keras's name for it, which looks in folders `examples/data/NAME` and `data/NAME` of the running
//! package, of the current folder and of those above, and then in Keras's folder, `~/.keras/datasets` or
//! `$KERAS_HOME/datasets`. [`Store::at`] looks in another folder instead. The files are those of Keras; when one is nowhere, the
//! error names the place where it can be put by hand.
//!
//! ```no_run
//! use keras_runtime::prelude::*;
//! use keras_runtime::data::datasets::{LabelMode, TextSettings};
//!
//! let images = datasets::cifar100(LabelMode::Coarse)?;
//! let reviews = datasets::imdb(&TextSettings { num_words: Some(10_000), ..TextSettings::default() })?;
//! let here = datasets::Store::at("/data/keras").fashion_mnist()?;
//! # Ok::<(), keras_runtime::Error>(())
//! ```

mod cifar;
#[cfg(feature = "download")]
mod download;
mod housing;
mod idx;
mod mnist;
mod pickle;
mod series;
mod store;
mod tables;
mod text;

pub use cifar::{Cifar, LabelMode, cifar10, cifar100};
#[cfg(feature = "download")]
pub use download::{GetFile, get_file};
pub use housing::{Houses, Version, boston_housing, california_housing};
pub use mnist::{Mnist, fashion_mnist, mnist};
pub use series::{Births, Weather, nyc_weather, us_births};
pub use store::Store;
pub use tables::{Table, breast_cancer, digits, iris, wine};
pub use text::{
    REUTERS_LABELS, TextSettings, Texts, alice, imdb, imdb_word_index, reuters, reuters_word_index,
    tiny_shakespeare,
};

/// Samples to train with, and samples to test with.
#[derive(Debug, Clone, PartialEq)]
pub struct Split<X, Y> {
    /// Inputs to train with.
    pub x_train: X,
    /// Targets to train with.
    pub y_train: Y,
    /// Inputs to test with.
    pub x_test: X,
    /// Targets to test with.
    pub y_test: Y,
}
