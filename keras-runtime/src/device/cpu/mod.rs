//! The CPU: kernels over `f32` words, chosen for the machine's vectors when a model is built.

pub mod simd;
pub mod gemm;
mod map;
mod matmul;
mod pack;
mod pass;
pub mod philox;
mod reduce;
mod softmax;
pub mod split;

pub use pass::{Pass, RawSpace, Rows, Spaces};
