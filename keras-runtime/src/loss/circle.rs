//! Circle loss: embeddings of one class together, those of others apart.

use super::defaults::defaults;
use super::over_batch::{LeftOut, OverBatch, Predicted};
use super::{Loss, Scope};
use crate::compiled::OutputSpec;
use crate::config::config;
use crate::data::{Tensor, expect_whole};
use crate::error::{Error, Result, batched};

/// Sun et al., 2020: `softplus(logsumexp(a) + logsumexp(b))` of each sample, over `a = -gamma * (margin + d) * (margin - d)` of
/// the samples of its class and `b = gamma * (1 + margin - d) * (1 - margin - d)` of the others, where `d` is 1 minus the
/// product of two embeddings. Targets are class numbers, and embeddings are of length 1: `unit_normalization()` makes them so.
///
/// Every sample is compared with every other of its batch, and a training step passes over the batch twice. Samples with a loss
/// of 0 are left out of means, as in Keras.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// What differences are multiplied with.
    pub gamma: f32,
    /// How far apart classes are to be.
    pub margin: f32,
    /// Whether a sample is not compared with itself.
    pub remove_diagonal: bool,
}

defaults! { Circle { gamma: 80.0, margin: 0.4, remove_diagonal: true } }

/// `log(sum(exp(x)))` of what comes in one by one.
#[derive(Clone, Copy)]
struct LogSum {
    top: f64,
    sum: f64,
}

impl LogSum {
    const EMPTY: LogSum = LogSum { top: f64::NEG_INFINITY, sum: 0.0 };

    fn add(&mut self, x: f64) {
        if x <= self.top {
            self.sum += (x - self.top).exp();
        } else {
            // Also where `x` is NaN, which stays.
            self.sum = self.sum * (self.top - x).exp() + 1.0;
            self.top = x;
        }
    }

    fn value(self) -> f64 {
        if self.sum == 0.0 { f64::NEG_INFINITY } else { self.top + self.sum.ln() }
    }
}

/// How two samples are to each other.
enum Pair {
    Same(f64),
    Other(f64),
    Left,
}

impl Circle {
    /// Samples `i` and `j` at a distance of `d`: what counts of them.
    fn pair(&self, batch: &Predicted<'_>, i: usize, j: usize, d: f64) -> Pair {
        let (gamma, margin) = (f64::from(self.gamma), f64::from(self.margin));
        match batch.y[i] == batch.y[j] {
            true if i == j && self.remove_diagonal => Pair::Left,
            true => Pair::Same(-gamma * (margin + d) * (margin - d)),
            false => Pair::Other(gamma * (1.0 + margin - d).max(0.0) * (1.0 - margin - d)),
        }
    }

    /// `logsumexp` over the samples of the class of `i`, and over the others.
    fn sums(&self, batch: &Predicted<'_>, i: usize) -> (f64, f64) {
        let (mut same, mut others) = (LogSum::EMPTY, LogSum::EMPTY);
        for j in 0..batch.samples {
            match self.pair(batch, i, j, at_least_zero(distance(batch, i, j))) {
                Pair::Same(x) => same.add(x),
                Pair::Other(x) => others.add(x),
                Pair::Left => {}
            }
        }
        (same.value(), others.value())
    }
}

fn embedding<'a>(batch: &Predicted<'a>, i: usize) -> &'a [f32] {
    let width = batch.shape[0];
    &batch.p[i * width..(i + 1) * width]
}

/// 1 minus the product of two embeddings.
fn distance(batch: &Predicted<'_>, i: usize, j: usize) -> f64 {
    let products = embedding(batch, i).iter().zip(embedding(batch, j));
    1.0 - products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
}

/// NaN stays NaN.
fn at_least_zero(d: f64) -> f64 {
    if d < 0.0 { 0.0 } else { d }
}

impl OverBatch for Circle {
    fn losses(&self, batch: &Predicted<'_>, losses: &mut [f32]) {
        for (i, loss) in losses.iter_mut().enumerate() {
            let (same, others) = self.sums(batch, i);
            let x = same + others;
            // Of softplus; without a pair of either kind it is 0. NaN stays NaN.
            let above = if x < 0.0 { 0.0 } else { x };
            *loss = (above + (-x.abs()).exp().ln_1p()) as f32;
        }
    }

    fn slope(&self, batch: &Predicted<'_>, factors: &[f32], slope: &mut [f32]) {
        let (gamma, margin) = (f64::from(self.gamma), f64::from(self.margin));
        let width = batch.shape[0];
        slope.fill(0.0);
        for i in 0..batch.samples {
            let (same, others) = self.sums(batch, i);
            // The derivative of softplus.
            let outer = f64::from(factors[i]) / (1.0 + (-(same + others)).exp());
            if outer == 0.0 {
                continue;
            }
            for j in 0..batch.samples {
                let d = distance(batch, i, j);
                let by_d = match self.pair(batch, i, j, at_least_zero(d)) {
                    _ if d < 0.0 => 0.0,
                    Pair::Same(x) => (x - same).exp() * 2.0 * gamma * d,
                    Pair::Other(x) if d < 1.0 + margin => (x - others).exp() * 2.0 * gamma * (d - 1.0),
                    Pair::Other(_) | Pair::Left => 0.0,
                };
                let by_product = (-outer * by_d) as f32;
                for k in 0..width {
                    let (a, b) = (batch.p[i * width + k], batch.p[j * width + k]);
                    slope[i * width + k] += by_product * b;
                    slope[j * width + k] += by_product * a;
                }
            }
        }
    }
}

impl Loss for Circle {
    fn name(&self) -> &str {
        "circle"
    }

    config! { "Circle" gamma margin remove_diagonal }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        let what = |of: &str| format!("{of} output `{}` for circle", output.name);
        let [_] = output.shape else {
            return Err(Error::Shape {
                what: what("predictions of"),
                expected: "[batch, dimensions]: an embedding of each sample".into(),
                found: batched(output.shape),
                help: "`flatten()` makes one of any shape".into(),
            });
        };
        if target.shape().width() != 1 {
            return Err(Error::Shape {
                what: what("targets of"),
                expected: "[batch]: the number of a class for each sample".into(),
                found: format!("{:?}", target.shape()),
                help: String::new(),
            });
        }
        expect_whole(target, || what("targets of"))
    }

    fn scope(&self, _shape: &[usize]) -> Scope {
        Scope::Batch { values: None }
    }

    fn left_out(&self) -> Option<LeftOut> {
        Some(LeftOut::Zeros)
    }

    /// A sample by itself has nobody to be compared with.
    fn sample(&self, _y: &[f32], _p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        if let Some(slope) = slope {
            slope.fill(0.0);
        }
        0.0
    }

    fn over_batch(&self) -> Option<&dyn OverBatch> {
        Some(self)
    }

    #[cfg(feature = "cuda")]
    fn told(&self) -> Option<super::Told<'_>> {
        Some(super::Told::Circle(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_agrees_with_differences() {
        let y = [0.0, 1.0, 0.0, 2.0, 1.0];
        let p: Vec<f32> = (0..15).map(|i| ((i * 7 % 11) as f32 - 5.0) / 9.0).collect();
        let factors = [0.3, 1.0, 0.0, 0.7, 0.2];
        for loss in
            [Circle { gamma: 3.0, ..Circle }, Circle { gamma: 2.0, margin: 0.2, remove_diagonal: false }]
        {
            let value = |p: &[f32]| {
                let mut losses = [0.0; 5];
                loss.losses(&Predicted { samples: 5, shape: &[3], y: &y, p }, &mut losses);
                losses.iter().zip(factors).map(|(loss, factor)| loss * factor).sum::<f32>()
            };
            let mut slope = vec![0.0; 15];
            loss.slope(&Predicted { samples: 5, shape: &[3], y: &y, p: &p }, &factors, &mut slope);
            for i in 0..15 {
                let (mut up, mut down) = (p.clone(), p.clone());
                up[i] += 5e-3;
                down[i] -= 5e-3;
                let difference = (value(&up) - value(&down)) / 1e-2;
                assert!(
                    (difference - slope[i]).abs() < 2e-3 * slope[i].abs().max(1.0),
                    "{i}: {difference} {slope:?}"
                );
            }
        }
    }
}
