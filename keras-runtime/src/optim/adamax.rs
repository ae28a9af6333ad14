//! Adamax.

use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require_epsilon, require_rate, require_share,
};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// [`Adam`](super::Adam) by the largest gradient instead of the mean square (Kingma and Ba, 2014;
/// `keras.optimizers.Adamax`).
///
/// `m += (g - m) * (1 - beta_1)`, `u = max(beta_2 * u, |g|)` and
/// `w -= learning_rate / (1 - beta_1^t) * m / (u + epsilon)` in step `t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Adamax {
    /// The step size.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the largest gradient.
    pub beta_2: f32,
    /// Keeps the quotient in range.
    pub epsilon: f32,
}

impl Default for Adamax {
    fn default() -> Self {
        Adamax { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

#[derive(Clone, Copy)]
struct Step {
    alpha: f32,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m, u]: [V; 2]) -> (V, [V; 2]) {
        let m = m + (g - m) * V::splat(1.0 - self.beta_1);
        let u = (u * V::splat(self.beta_2)).maximum(g.abs());
        (w - V::splat(self.alpha) * m / (u + V::splat(self.epsilon)), [m, u])
    }
}

impl Optimizer for Adamax {
    fn name(&self) -> &str {
        "adamax"
    }

    fn state_words(&self) -> usize {
        2
    }

    learning_rate!();

    config! { "Adamax" beta_1 beta_2 epsilon }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("beta_1", self.beta_1)?;
        require_share("beta_2", self.beta_2)?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let alpha = (f64::from(at.learning_rate) / at.correction(self.beta_1)) as f32;
        let Adamax { beta_1, beta_2, epsilon, .. } = *self;
        each(at, params, grads, state, Step { alpha, beta_1, beta_2, epsilon });
    }
}
