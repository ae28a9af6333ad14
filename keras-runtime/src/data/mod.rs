//! Data on its way into a model.

mod batches;
mod dataset;
#[cfg(feature = "datasets")]
pub mod datasets;
mod dtype;
mod finite;
pub(crate) mod gather;
mod npy;
mod one_hot;
mod prefetch;
mod samples;
mod tensor;

pub use batches::{Batch, Batches, IntoBatch, generator, stream};
pub use dataset::Dataset;
pub(crate) use dtype::expect_dtype;
pub(crate) use finite::{expect_finite, expect_indices};
pub use gather::Selection;
pub use npy::Npy;
pub use one_hot::to_categorical;
pub use samples::{InMemorySamples, Sample, Samples};
pub use tensor::{Arrays, Element, IntoTensor, MAX_RANK, Shape, Tensor, Values};
