//! Adadelta.

use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require_epsilon, require_rate, require_share,
};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps as large as the last ones were, by the gradient (Zeiler, 2012; `keras.optimizers.Adadelta`).
///
/// `a = rho * a + (1 - rho) * g²`, `d = g * sqrt(b + epsilon) / sqrt(a + epsilon)`, `b = rho * b + (1 - rho) * d²` and
/// `w -= learning_rate * d`. The paper's step size is 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Adadelta {
    /// The step size.
    pub learning_rate: f32,
    /// Decay of the running means.
    pub rho: f32,
    /// Keeps the roots in range.
    pub epsilon: f32,
}

impl Default for Adadelta {
    fn default() -> Self {
        Adadelta { learning_rate: 0.001, rho: 0.95, epsilon: 1e-7 }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    rho: f32,
    epsilon: f32,
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [a, b]: [V; 2]) -> (V, [V; 2]) {
        let (rho, rest, epsilon) = (V::splat(self.rho), V::splat(1.0 - self.rho), V::splat(self.epsilon));
        let a = rho * a + rest * (g * g);
        let d = g * (b + epsilon).sqrt() / (a + epsilon).sqrt();
        let b = rho * b + rest * (d * d);
        (w - V::splat(self.learning_rate) * d, [a, b])
    }
}

impl Optimizer for Adadelta {
    fn name(&self) -> &str {
        "adadelta"
    }

    fn state_words(&self) -> usize {
        2
    }

    learning_rate!();

    config! { "Adadelta" rho epsilon }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("rho", self.rho)?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let step = Step { learning_rate: at.learning_rate, rho: self.rho, epsilon: self.epsilon };
        each(at, params, grads, state, step);
    }
}
