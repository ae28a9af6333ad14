//! Data on its way into a model.

mod batches;
#[cfg(feature = "csv")]
mod csv;
mod dataset;
#[cfg(feature = "datasets")]
pub mod datasets;
mod dtype;
mod finite;
pub(crate) mod gather;
#[cfg(feature = "images")]
mod images;
mod mixing;
mod npy;
mod one_hot;
mod prefetch;
mod samples;
mod tensor;

pub use batches::{Batch, Batches, IntoBatch, generator, stream};
#[cfg(feature = "csv")]
pub use csv::{Csv, CsvBatches};
pub use dataset::Dataset;
pub(crate) use dtype::expect_dtype;
pub(crate) use finite::{expect_finite, expect_indices};
pub use gather::Selection;
#[cfg(feature = "images")]
pub use images::{ImageFolder, read_image};
pub use mixing::{cut_mix, mix_up};
pub use npy::Npy;
pub use one_hot::to_categorical;
pub use samples::{InMemorySamples, Sample, Samples};
pub use tensor::{Arrays, Element, IntoTensor, MAX_RANK, Shape, Tensor, Values};
