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
pub(crate) mod images;
mod kind;
mod mixing;
mod npy;
mod one_hot;
mod prefetch;
#[cfg(feature = "images")]
pub(crate) mod resample;
mod samples;
pub(crate) mod seeded;
mod split;
mod tensor;

pub use batches::{Batch, Batches, IntoBatch, generator, stream};
#[cfg(feature = "csv")]
pub use csv::{Csv, CsvBatches};
pub use dataset::Dataset;
pub(crate) use dtype::expect_dtype;
pub(crate) use finite::{expect_finite, expect_indices, expect_whole};
pub use gather::Selection;
#[cfg(feature = "images")]
pub use images::{ImageFolder, read_image};
pub(crate) use kind::Kind;
pub use mixing::{cut_mix, mix_up};
#[cfg(feature = "datasets")]
pub use npy::Npz;
pub use npy::{Npy, read_npy, write_npy};
pub use one_hot::{normalize, to_categorical};
#[cfg(feature = "images")]
pub use resample::Interpolation;
pub use samples::{InMemorySamples, Sample, Samples};
pub use split::{Size, split_dataset};
pub use tensor::{Arrays, Element, IntoTensor, MAX_RANK, Shape, Tensor, Values};
