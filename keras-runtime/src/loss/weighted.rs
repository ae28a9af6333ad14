//! The share of one output's loss in the loss of a model.

use super::{Fused, Loss};
use crate::compiled::{Head, OutputSpec};
use crate::data::Tensor;
use crate::error::Result;

/// A loss that counts `weight` times: see [`Loss::weighted`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedLoss<L> {
    /// The loss.
    pub loss: L,
    /// Its factor in the sum over the outputs.
    pub weight: f32,
}

impl<L: Loss> Loss for WeightedLoss<L> {
    fn name(&self) -> &str {
        self.loss.name()
    }
    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        self.loss.check(output, target)
    }
    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        self.loss.sample(y, p, classes, slope)
    }
    fn fused(&self, head: Head) -> Option<Fused> {
        self.loss.fused(head)
    }
    fn weight(&self) -> f32 {
        self.weight * self.loss.weight()
    }
}
