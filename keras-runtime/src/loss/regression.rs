//! Distances between numbers: the mean over all words of a sample.

use super::defaults::defaults;
use super::{EPSILON, Loss};

/// The mean of `f` over the words of a sample, where `f(y, p)` is a term and its derivative by `p`.
pub(super) fn mean_of(
    y: &[f32],
    p: &[f32],
    slope: Option<&mut [f32]>,
    f: impl Fn(f32, f32) -> (f32, f32),
) -> f32 {
    let n = p.len() as f32;
    if let Some(slope) = slope {
        slope.iter_mut().zip(y).zip(p).for_each(|((d, &y), &p)| *d = f(y, p).1 / n);
    }
    y.iter().zip(p).map(|(&y, &p)| f(y, p).0).sum::<f32>() / n
}

/// -1, 0 or 1; NaN stays NaN.
fn sign(x: f32) -> f32 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// `mean((y - p)^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquaredError;

impl Loss for MeanSquaredError {
    fn name(&self) -> &str {
        "mean_squared_error"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of(y, p, slope, |y, p| ((p - y) * (p - y), 2.0 * (p - y)))
    }
}

/// `mean(|y - p|)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanAbsoluteError;

impl Loss for MeanAbsoluteError {
    fn name(&self) -> &str {
        "mean_absolute_error"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of(y, p, slope, |y, p| ((p - y).abs(), sign(p - y)))
    }
}

/// `100 * mean(|y - p| / max(|y|, 1e-7))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanAbsolutePercentageError;

impl Loss for MeanAbsolutePercentageError {
    fn name(&self) -> &str {
        "mean_absolute_percentage_error"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of(y, p, slope, |y, p| {
            let share = 100.0 / y.abs().max(EPSILON);
            ((p - y).abs() * share, sign(p - y) * share)
        })
    }
}

/// `mean((log(y + 1) - log(p + 1))^2)`, where words below `1e-7` count as `1e-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquaredLogarithmicError;

impl Loss for MeanSquaredLogarithmicError {
    fn name(&self) -> &str {
        "mean_squared_logarithmic_error"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        // NaN stays NaN, as `max` would not leave it.
        let above = |x: f32| if x < EPSILON { EPSILON } else { x };
        mean_of(y, p, slope, |y, p| {
            let apart = above(p).ln_1p() - above(y).ln_1p();
            (apart * apart, if p < EPSILON { 0.0 } else { 2.0 * apart / (p + 1.0) })
        })
    }
}

/// Half the squared error up to `delta`, and linear beyond it: the mean over the words of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    /// The error from which on the loss is linear.
    pub delta: f32,
}

impl Loss for Huber {
    fn name(&self) -> &str {
        "huber_loss"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let delta = self.delta;
        mean_of(y, p, slope, |y, p| {
            let e = p - y;
            if e.abs() <= delta {
                (0.5 * e * e, e)
            } else {
                (delta * e.abs() - 0.5 * delta * delta, delta * sign(e))
            }
        })
    }
}

defaults! { Huber { delta: 1.0 } }

/// `mean(log(cosh(p - y)))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogCosh;

impl Loss for LogCosh {
    fn name(&self) -> &str {
        "log_cosh"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of(y, p, slope, |y, p| {
            let e = (p - y).abs();
            (e + (-2.0 * e).exp().ln_1p() - std::f32::consts::LN_2, (p - y).tanh())
        })
    }
}

/// `mean(p - y * log(p + 1e-7))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Poisson;

impl Loss for Poisson {
    fn name(&self) -> &str {
        "poisson"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of(y, p, slope, |y, p| (p - y * (p + EPSILON).ln(), 1.0 - y / (p + EPSILON)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::{check_slope, close};

    #[test]
    fn means_over_the_words_of_a_sample() {
        close(MeanSquaredError.sample(&[1.0, 2.0], &[3.0, 2.0], 2, None), 2.0);
        close(MeanAbsoluteError.sample(&[1.0, 2.0], &[3.0, 2.0], 2, None), 1.0);
    }

    #[test]
    fn slopes_agree_with_differences() {
        let losses: [&dyn Loss; 7] = [
            &MeanSquaredError,
            &MeanAbsoluteError,
            &MeanAbsolutePercentageError,
            &MeanSquaredLogarithmicError,
            &Huber,
            &LogCosh,
            &Poisson,
        ];
        for loss in losses {
            check_slope(loss, &[1.0, 2.0, 0.5], &[3.0, 1.5, 0.9], 3);
        }
    }
}
