//! Execution: a block at a time, in it a warp at a time, in it 32 lanes at once.

mod atomic;
mod block;
mod carry;
mod convert;
mod crossing;
mod float;
mod global;
mod half;
mod integer;
mod lanes;
mod launch;
mod matrix;
mod memory;
mod shared;
pub mod softfloat;
mod step;
mod warp;

pub use global::LAST_LAUNCH;
pub use launch::{Checks, Launch};
