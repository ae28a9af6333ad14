//! The CPU: kernels over `f32` words, chosen for the machine's vectors when a model is built.

pub mod simd;
mod pass;

pub use pass::{Pass, Rows};
