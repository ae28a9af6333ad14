//! Data on its way into a model.

mod batches;
#[cfg(feature = "datasets")]
pub mod datasets;
mod dtype;
mod finite;
pub(crate) mod gather;
mod one_hot;
mod tensor;

pub use batches::{Batch, Batches, IntoBatch, generator, stream};
pub(crate) use dtype::expect_dtype;
pub(crate) use finite::{expect_finite, expect_indices};
pub use gather::Selection;
pub use one_hot::to_categorical;
pub use tensor::{Arrays, Element, IntoTensor, MAX_RANK, Shape, Tensor, Values};
