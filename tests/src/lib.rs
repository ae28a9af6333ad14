//! Integration tests of the workspace; see `tests/`.

/// The README, whose programs are doctests of this package: they compile as they stand there.
#[doc = include_str!(concat!(env!("OUT_DIR"), "/README.md"))]
pub mod readme {}
