//! A Keras whose models are compiled by `cargo build`.
//!
//! [`keras_model!`] turns a model into one specialised struct: every shape is checked, the backward pass derived, kernels
//! fused and memory planned before the program exists. This crate is what such a struct runs on, and the crate that
//! programs name in their `Cargo.toml`.
//!
//! ```
//! use keras_runtime::prelude::*;
//!
//! keras_model! {
//!     /// Three species from four measures.
//!     pub Iris = dense(16, relu, input = 4) >> dropout(0.1) >> dense(3, softmax)
//! }
//!
//! let x = ndarray::Array2::from_shape_fn((60, 4), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0);
//! let y: Vec<u8> = (0..60).map(|i| (i % 3) as u8).collect();
//! let mut model = Iris::new(42).compile(Adam::default(), SparseCategoricalCrossentropy::default(), [Accuracy]);
//! let history = model.fit(&x, &y, Fit { epochs: 2, verbose: Verbose::Silent, ..Fit::default() })?;
//! assert_eq!(history.len(), 2);
//! let classes = model.predict_classes(&x)?;
//! assert_eq!(classes.len(), 60);
//! # Ok::<(), keras_runtime::Error>(())
//! ```
//!
//! # Features
//!
//! The default build runs on the CPU and has no optional part.
//!
//! | feature | brings |
//! | --- | --- |
//! | `datasets` | data sets read from gzip and npz files on the machine |
//! | `download` | data sets fetched once if they are not there |
//! | `plot` | `History::plot` to SVG |

pub mod activations;
pub mod compiled;
pub mod data;
pub mod device;
mod error;
mod init;
mod io;
pub mod layers;
pub mod loss;
pub mod metric;
pub mod model;
pub mod optim;
pub mod random;

pub mod train;
pub mod view;

#[cfg(feature = "datasets")]
pub use data::datasets;
pub use error::{Error, Result};
pub use model::{Model, Network};

#[doc(hidden)]
pub use keras_macros::__keras_model;

/// Compiles models.
///
/// As an expression, it is a model; with definitions, it defines a struct for each. Every struct implements [`Model`].
///
/// ```
/// use keras_runtime::prelude::*;
///
/// let mut model = keras_model!(dense(8, tanh, input = 3) >> dense(1));
/// let y = model.predict(&ndarray::arr2(&[[0.1, 0.2, 0.3]]))?;
/// assert_eq!(y.shape(), [1, 1]);
///
/// keras_model! {
///     pub Branches(x: [4], y: [4]) -> [2] {
///         let tower = dense(8, relu);
///         add(x >> tower, y >> tower) >> dense(2, softmax)
///     }
/// }
/// assert_eq!(Branches::new(1).count_params(), 4 * 8 + 8 + 8 * 2 + 2);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[macro_export]
macro_rules! keras_model {
    ($($tokens:tt)*) => { $crate::__keras_model! { [$crate] $($tokens)* } };
}

/// Everything that programs use.
pub mod prelude {
    #[cfg(feature = "datasets")]
    pub use crate::data::datasets;
    pub use crate::data::to_categorical;
    pub use crate::device::Cpu;
    pub use crate::keras_model;
    pub use crate::loss::{
        BinaryCrossentropy, CategoricalCrossentropy, Loss, MeanAbsoluteError, MeanSquaredError,
        SparseCategoricalCrossentropy,
    };
    pub use crate::metric::{Accuracy, Metric};
    pub use crate::model::{Model, Trainer};
    pub use crate::optim::{Adam, Optimizer, RmsProp, Sgd};
    pub use crate::train::{Fit, History, Score, Verbose, validation};
    pub use crate::{Error, Result};
}
