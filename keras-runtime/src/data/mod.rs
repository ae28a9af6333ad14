//! Data on its way into a model.

#[cfg(feature = "datasets")]
pub mod datasets;
pub(crate) mod gather;
mod one_hot;
mod tensor;

pub use gather::Selection;
pub use one_hot::to_categorical;
pub use tensor::{Arrays, Element, IntoTensor, MAX_RANK, Shape, Tensor, Values};
