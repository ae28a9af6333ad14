//! Lion.

use super::{Formula, Moment, Optimizer, config, each, learning_rate, require_rate, require_share};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps of one size, by the sign of a running mean (Chen et al., 2023; `keras.optimizers.Lion`).
///
/// `w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g)`, then `m = beta_2 * m + (1 - beta_2) * g`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lion {
    /// The step size: a third to a tenth of Adam's.
    pub learning_rate: f32,
    /// The share of the mean in the step.
    pub beta_1: f32,
    /// Decay of the mean.
    pub beta_2: f32,
}

impl Default for Lion {
    fn default() -> Self {
        Lion { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.99 }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    beta_1: f32,
    beta_2: f32,
}

impl Formula<1> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m]: [V; 1]) -> (V, [V; 1]) {
        let Step { learning_rate, beta_1, beta_2 } = self;
        let ahead = m * V::splat(beta_1) + g * V::splat(1.0 - beta_1);
        let m = m * V::splat(beta_2) + g * V::splat(1.0 - beta_2);
        (w - V::splat(learning_rate) * ahead.sign(), [m])
    }
}

impl Optimizer for Lion {
    fn name(&self) -> &str {
        "lion"
    }

    fn state_words(&self) -> usize {
        1
    }

    learning_rate!();

    config! { "Lion" beta_1 beta_2 }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("beta_1", self.beta_1)?;
        require_share("beta_2", self.beta_2)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let Lion { beta_1, beta_2, .. } = *self;
        each(at, params, grads, state, Step { learning_rate: at.learning_rate, beta_1, beta_2 });
    }
}
