//! From the losses of samples to that of a batch, and losses that are of the whole batch.

use super::{CpuBackend, grow};
use crate::device::Passed;
use crate::loss::{LeftOut, Loss, Predicted, Values};

impl CpuBackend {
    /// What a reduction needs to know of output `i`.
    pub(super) fn values<'a>(&'a self, i: usize, loss: &dyn Loss) -> Values<'a> {
        let shape = self.spec.outputs[i].shape;
        let classes = shape.last().copied().unwrap_or(1).max(1);
        Values {
            scope: loss.scope(shape),
            left_out: loss.left_out(),
            samples: self.batch,
            positions: (shape.iter().product::<usize>() / classes).max(1),
            targets: self.targets(i),
            weights: self.sample_weights(i).unwrap_or_default(),
            losses: self.losses[i].get(..self.batch).unwrap_or_default(),
        }
    }

    /// The loss of a whole batch at output `i`, and its slope, from the predictions that are there.
    pub(super) fn compare(&mut self, i: usize, loss: &dyn Loss, slopes: bool) {
        let Some(formula) = loss.over_batch() else { return };
        let (samples, shape) = (self.batch, self.spec.outputs[i].shape);
        let mut losses = std::mem::take(&mut self.losses[i]);
        let mut slope = std::mem::take(&mut self.slopes[i]);
        let predicted = Predicted { samples, shape, y: self.targets(i), p: self.output(i) };
        formula.losses(&predicted, &mut losses[..samples]);
        self.losses[i] = losses;
        let share = self.values(i, loss).share(loss.reduced_by());
        let factor = loss.weight() * share as f32 * self.scale / samples as f32;
        self.shares[i] = share;
        let mut factors = std::mem::take(&mut self.factors);
        grow(&mut factors, samples);
        let weights = self.sample_weights(i);
        for (sample, to) in factors[..samples].iter_mut().enumerate() {
            *to = weights.map_or(1.0, |weights| weights[sample]) * factor;
        }
        let left_out = loss.left_out() == Some(LeftOut::Zeros);
        for (loss, factor) in self.losses[i][..samples].iter().zip(&mut factors) {
            if left_out && *loss <= 0.0 {
                *factor = 0.0;
            }
        }
        if slopes {
            let predicted = Predicted { samples, shape, y: self.targets(i), p: self.output(i) };
            grow(&mut slope, predicted.p.len());
            formula.slope(&predicted, &factors[..samples], &mut slope[..predicted.p.len()]);
        }
        if let (Some(weights), width @ 1..) = (self.sample_weights.get(i), self.weight_widths[i]) {
            let each = self.losses[i].iter_mut().zip(weights[..samples * width].chunks_exact(width));
            each.for_each(|(loss, weight)| *loss *= weight[0]);
        }
        (self.factors, self.slopes[i]) = (factors, slope);
    }
}
