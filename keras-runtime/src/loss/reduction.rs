//! How the losses of a batch become one number.

use super::{LeftOut, Scope};

/// How the values that a loss has for a batch become one number: Keras's `reduction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their sum, each times its weight, divided by their number. `"sum_over_batch_size"`, and `"mean"`, which is the same.
    #[default]
    SumOverBatchSize,
    /// As [`Reduction::SumOverBatchSize`].
    Mean,
    /// Their sum, each times its weight, divided by the sum of the weights that were given.
    MeanWithSampleWeight,
    /// Their sum, each times its weight: more samples make it greater.
    Sum,
    /// None: a value for each. There is no number to train on, so it is for [`Loss::call`](super::Loss::call) alone.
    None,
}

/// A batch whose losses are reduced.
pub(crate) struct Values<'a> {
    pub scope: Scope,
    pub left_out: Option<LeftOut>,
    pub samples: usize,
    /// Places of all axes of an output but the last.
    pub positions: usize,
    /// Targets, one sample after another.
    pub targets: &'a [f32],
    /// Weights of samples, or of the steps of samples; empty if none is given.
    pub weights: &'a [f32],
    /// The loss of each sample, before its weight.
    pub losses: &'a [f32],
}

impl Values<'_> {
    /// What the mean over the samples of `weight * loss` is multiplied with.
    pub fn share(&self, reduction: Reduction) -> f64 {
        let n = self.samples as f64;
        let each = match self.scope {
            Scope::Positions => self.positions as f64,
            Scope::Sample { values } => values as f64,
            Scope::Batch { .. } => 1.0,
        };
        match reduction {
            Reduction::Sum => match (self.scope, self.weights.is_empty()) {
                // The values of a batch are there once, unless each sample has a weight for them.
                (Scope::Batch { values: Some(values) }, true) => values as f64,
                (Scope::Batch { values: Some(values) }, false) => n * values as f64,
                _ => n * each,
            },
            Reduction::MeanWithSampleWeight if !self.weights.is_empty() => ratio(n * each, self.weight()),
            // A number that divides itself: the sum of the losses stays as it is, to the bit.
            _ if self.left_out.is_none() => 1.0,
            _ => ratio(n * each, self.count() as f64),
        }
    }

    /// Whether the value of a place counts.
    fn counts(&self, sample: usize, position: usize) -> bool {
        match self.left_out {
            None => true,
            Some(LeftOut::Zeros) => self.losses[sample] > 0.0,
            Some(LeftOut::Target(target)) => {
                let width = self.targets.len() / self.samples.max(1);
                self.targets[sample * width + position * width / self.positions.max(1)] != target
            }
        }
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let positions = if self.scope == Scope::Positions { self.positions } else { 1 };
        (0..self.samples).flat_map(move |sample| (0..positions).map(move |position| (sample, position)))
    }

    fn count(&self) -> usize {
        self.places().filter(|(sample, position)| self.counts(*sample, *position)).count()
    }

    /// The sum of the weights of what counts.
    fn weight(&self) -> f64 {
        if self.left_out.is_none() {
            return self.weights.iter().map(|weight| f64::from(*weight)).sum();
        }
        let width = self.weights.len() / self.samples.max(1);
        let counted = self.places().filter(|(sample, position)| self.counts(*sample, *position));
        let weights = counted.map(|(sample, position)| {
            self.weights[sample * width + position * width / self.positions.max(1)]
        });
        weights.map(f64::from).sum()
    }
}

/// `a / b`, and 0 where `b` is 0.
fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}
