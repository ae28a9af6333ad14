//! The contract between the code that `keras_model!` emits and the runtime.
//!
//! Generated code holds a `static` [`Spec`] and two straight-line functions, one per [`Phase`], which call the
//! kernels below on a [`Pass`]. Nothing here is meant to be written by hand, and it may change in any release.

mod description;
mod kernel;
mod spec;

pub use crate::device::cpu::simd::{Mask, Simd};
pub use crate::device::cpu::{Pass, Rows};
pub use description::{Description, Piece};
pub use kernel::{
    Access, BatchMatMul, Buf, Extents, Fill, Map, MatMul, MatMulOverlap, MatMulT, Matrix, MaxPoolGrad,
    Reduce, ReduceKind, Sample, Space,
};
pub use spec::{
    Adapts, Constraint, DType, GroupSpec, Head, Init, InputSpec, LayerSpec, Layout, Learns, OutputSpec,
    Penalty, Phase, Spec, Taper, TaperScaling, Update, WeightSpec,
};
