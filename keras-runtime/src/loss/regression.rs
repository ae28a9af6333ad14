//! Distances between numbers: the mean over all words of a sample.

use super::defaults::defaults;
use super::terms::{Terms, as_terms};
use super::{EPSILON, Loss};
use crate::config::config;
use crate::device::cpu::simd::{Mask, Simd};

/// `mean((y - p)^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquaredError;

impl Loss for MeanSquaredError {
    fn name(&self) -> &str {
        "mean_squared_error"
    }

    config! { "MeanSquaredError" }

    as_terms!();
}

impl Terms for MeanSquaredError {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let apart = p - y;
        (apart * apart, V::splat(2.0) * apart)
    }
}

/// `mean(|y - p|)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanAbsoluteError;

impl Loss for MeanAbsoluteError {
    fn name(&self) -> &str {
        "mean_absolute_error"
    }

    config! { "MeanAbsoluteError" }

    as_terms!();
}

impl Terms for MeanAbsoluteError {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let apart = p - y;
        (apart.abs(), apart.sign())
    }
}

/// `100 * mean(|y - p| / max(|y|, 1e-7))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanAbsolutePercentageError;

impl Loss for MeanAbsolutePercentageError {
    fn name(&self) -> &str {
        "mean_absolute_percentage_error"
    }

    config! { "MeanAbsolutePercentageError" }

    as_terms!();
}

impl Terms for MeanAbsolutePercentageError {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let share = V::splat(100.0) / y.abs().max_or(V::splat(EPSILON));
        ((p - y).abs() * share, (p - y).sign() * share)
    }
}

/// `mean((log(y + 1) - log(p + 1))^2)`, where words below `1e-7` count as `1e-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquaredLogarithmicError;

impl Loss for MeanSquaredLogarithmicError {
    fn name(&self) -> &str {
        "mean_squared_logarithmic_error"
    }

    config! { "MeanSquaredLogarithmicError" }

    as_terms!();
}

impl Terms for MeanSquaredLogarithmicError {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        // NaN stays NaN, as `max` would not leave it.
        let above = |x: V| x.lt(V::splat(EPSILON)).select(V::splat(EPSILON), x);
        let apart = above(p).log1p() - above(y).log1p();
        let slope = V::splat(2.0) * apart / (p + V::splat(1.0));
        (apart * apart, p.lt(V::splat(EPSILON)).select(V::splat(0.0), slope))
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

    config! { "Huber" delta }

    as_terms!();
}

impl Terms for Huber {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let (e, delta) = (p - y, V::splat(self.delta));
        let near = e.abs().le(delta);
        let half = V::splat(0.5);
        let far = delta * e.abs() - half * delta * delta;
        (near.select(half * e * e, far), near.select(e, delta * e.sign()))
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

    config! { "LogCosh" }

    as_terms!();
}

impl Terms for LogCosh {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let e = (p - y).abs();
        (e + (V::splat(-2.0) * e).exp().log1p() - V::splat(std::f32::consts::LN_2), (p - y).tanh())
    }
}

/// `mean(p - y * log(p + 1e-7))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Poisson;

impl Loss for Poisson {
    fn name(&self) -> &str {
        "poisson"
    }

    config! { "Poisson" }

    as_terms!();
}

impl Terms for Poisson {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let above = p + V::splat(EPSILON);
        (p - y * above.ln(), V::splat(1.0) - y / above)
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
