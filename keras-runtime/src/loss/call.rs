//! Losses of arrays, without a model.

use ndarray::{ArrayD, IxDyn};

use super::{Loss, Predicted, Reduction, Scope, Values};
use crate::compiled::{Head, OutputSpec};
use crate::data::gather::gather;
use crate::data::{Selection, Tensor, expect_finite};
use crate::device::cpu::head::from_logits;
use crate::error::{Error, Result};
use crate::train::expect_weights;

/// All words of a tensor.
fn words(tensor: &Tensor<'_>) -> Vec<f32> {
    let len = tensor.shape().rows();
    let mut words = vec![0.0; len * tensor.shape().width()];
    gather(tensor, Selection::Range { start: 0, len }, &mut words, 1);
    words
}

/// The loss of predictions, reduced.
pub(super) fn call(
    loss: &dyn Loss,
    y_true: &Tensor<'_>,
    y_pred: &Tensor<'_>,
    weights: Option<&Tensor<'_>>,
) -> Result<ArrayD<f32>> {
    let (sample, samples) = (y_pred.shape(), y_pred.shape().rows());
    let output = OutputSpec { name: "y_pred", shape: sample.sample(), head: Head::Linear, mask: 0 };
    if samples == 0 {
        return Err(Error::Empty { what: "`y_pred`".into() });
    }
    if y_true.shape().rows() != samples {
        return Err(Error::Rows {
            what: "`y_true`".into(),
            found: y_true.shape().rows(),
            other: "`y_pred`".into(),
            expected: samples,
        });
    }
    loss.check(&output, y_true)?;
    expect_finite(y_true, || "`y_true`".into())?;
    if let Some(weights) = weights {
        expect_weights(weights, &output, loss.scope(output.shape), samples)?;
    }
    let (y, p, weights) = (words(y_true), words(y_pred), weights.map(words).unwrap_or_default());
    let of = Of { loss, shape: output.shape, samples, y: &y, p: &p };
    if loss.reduced_by() == Reduction::None {
        return Ok(of.values(&weights));
    }
    let losses = of.losses();
    let share = Values {
        scope: of.scope(),
        left_out: loss.left_out(),
        samples,
        positions: of.positions(),
        targets: &y,
        weights: &weights,
        losses: &losses,
    }
    .share(loss.reduced_by());
    let sum: f64 = match weights.len() / samples {
        0 => losses.iter().map(|loss| f64::from(*loss)).sum(),
        1 => losses.iter().zip(&weights).map(|(loss, weight)| f64::from(loss * weight)).sum(),
        // Each step has a weight of its own.
        _ => {
            let each = of.values(&weights);
            each.iter().map(|loss| f64::from(*loss)).sum::<f64>() / of.positions() as f64
        }
    };
    Ok(ArrayD::from_elem(IxDyn(&[]), (sum * share / samples as f64) as f32))
}

/// A loss, and what it is of.
struct Of<'a> {
    loss: &'a dyn Loss,
    shape: &'a [usize],
    samples: usize,
    y: &'a [f32],
    p: &'a [f32],
}

impl Of<'_> {
    fn scope(&self) -> Scope {
        self.loss.scope(self.shape)
    }

    fn classes(&self) -> usize {
        self.shape.last().copied().unwrap_or(1).max(1)
    }

    fn positions(&self) -> usize {
        (self.p.len() / self.samples / self.classes()).max(1)
    }

    /// Places that have a value of their own, without the batch.
    fn places(&self) -> &[usize] {
        match self.scope() {
            Scope::Positions => &self.shape[..self.shape.len().saturating_sub(1)],
            _ => &[],
        }
    }

    /// The loss of each sample.
    fn losses(&self) -> Vec<f32> {
        let mut losses = vec![0.0; self.samples];
        let batch = Predicted { samples: self.samples, shape: self.shape, y: self.y, p: self.p };
        if let (Scope::Batch { .. }, Some(over)) = (self.scope(), self.loss.over_batch()) {
            over.losses(&batch, &mut losses);
        } else if let Some(run) = self.loss.run() {
            run.losses(&batch, &mut losses, None);
        } else {
            let (width, words) = (self.y.len() / self.samples, self.p.len() / self.samples);
            for (i, loss) in losses.iter_mut().enumerate() {
                let (y, p) = (&self.y[i * width..(i + 1) * width], &self.p[i * words..(i + 1) * words]);
                *loss = match self.loss.fused(Head::Linear) {
                    Some(fused) => from_logits(fused, y, p, self.classes()),
                    None => self.loss.shaped(y, p, self.shape, None),
                };
            }
        }
        losses
    }

    /// The loss of one place.
    fn value(&self, y: &[f32], p: &[f32]) -> f32 {
        match self.loss.fused(Head::Linear) {
            Some(fused) => from_logits(fused, y, p, self.classes()),
            None => self.loss.sample(y, p, self.classes(), None),
        }
    }

    /// Every value, times its weight.
    fn values(&self, weights: &[f32]) -> ArrayD<f32> {
        let positions: usize = self.places().iter().product();
        let mut values = match self.scope() {
            Scope::Positions => {
                let (classes, width) = (self.classes(), self.y.len() / (self.samples * positions).max(1));
                let y = |i: usize| &self.y[i * width..(i + 1) * width];
                let p = self.p.chunks_exact(classes).enumerate();
                p.map(|(i, p)| self.value(y(i), p)).collect()
            }
            Scope::Sample { .. } | Scope::Batch { values: None } => self.losses(),
            Scope::Batch { values: Some(_) } if !weights.is_empty() => self.losses(),
            Scope::Batch { values: Some(_) } => {
                return ArrayD::from_elem(IxDyn(&[]), self.losses()[0]);
            }
        };
        let (each, len) = (weights.len(), values.len());
        if each > 0 {
            values.iter_mut().enumerate().for_each(|(i, value)| *value *= weights[i * each / len]);
        }
        let dims: Vec<usize> = std::iter::once(self.samples).chain(self.places().iter().copied()).collect();
        ArrayD::from_shape_fn(IxDyn(&dims), |index| {
            let flat = (0..dims.len()).fold(0, |flat, d| flat * dims[d] + index[d]);
            values[flat]
        })
    }
}
