//! The CPU: kernels over `f32` words, chosen for the machine's vectors when a model is built.

mod aligned;
mod backend;
mod constraint;
#[cfg(feature = "cuda")]
pub(crate) mod ends;
mod flip;
mod gather;
pub mod gemm;
pub(crate) mod head;
mod map;
mod matmul;
mod pack;
mod pass;
mod penalty;
pub mod philox;
pub mod product;
mod reduce;
mod sample;
pub mod simd;
mod softmax;
pub mod split;
#[cfg(test)]
mod tests;
mod windows;
mod winograd;

pub use backend::{Cpu, CpuBackend};
pub use map::RANK;
pub use matmul::Packing;
pub use pass::{Pass, RawSpace, Rows, Spaces};
pub use winograd::Transformed;
