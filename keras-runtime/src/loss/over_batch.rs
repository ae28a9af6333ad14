//! Losses of more than one sample: of a batch as a whole, and of samples one after another.

use std::fmt::Debug;

/// What a loss is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Of each place of all axes but the last. A sample's loss is their mean, and each place may have a weight of its own.
    Positions,
    /// Of a whole sample, which has so many values; its loss is their mean.
    Sample {
        /// How many.
        values: usize,
    },
    /// Of all samples together: see [`OverBatch`].
    Batch {
        /// How many values the batch has; `None` for one of each sample.
        values: Option<usize>,
    },
}

/// Values that are left out of means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LeftOut {
    /// Those of places with this target.
    Target(f32),
    /// Those that are not above 0.
    Zeros,
}

/// Targets and predictions of a whole batch.
#[derive(Debug, Clone, Copy)]
pub struct Predicted<'a> {
    /// Samples.
    pub samples: usize,
    /// The shape of a sample's predictions.
    pub shape: &'a [usize],
    /// Targets, one sample after another.
    pub y: &'a [f32],
    /// Predictions, one sample after another.
    pub p: &'a [f32],
}

/// A loss that compares samples with each other, or adds over them before it divides. A training step passes over the batch
/// twice, because no slope is known before all predictions are.
pub trait OverBatch: Debug + Send + Sync {
    /// The loss of each sample. Where the batch has values as a whole, each sample has their mean.
    fn losses(&self, batch: &Predicted<'_>, losses: &mut [f32]);

    /// The derivative of `sum(factors * losses)`, a factor for each sample, by each prediction.
    fn slope(&self, batch: &Predicted<'_>, factors: &[f32], slope: &mut [f32]);
}

/// A loss that is computed for many samples at once.
pub trait Run: Debug + Send + Sync {
    /// The loss of each sample from its targets and predictions and, where it is asked for, the derivative of it by each of
    /// them.
    fn losses(&self, batch: &Predicted<'_>, losses: &mut [f32], slope: Option<&mut [f32]>);
}
