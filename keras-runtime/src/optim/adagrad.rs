//! Adagrad.

use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require, require_epsilon, require_rate,
};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps divided by the root of the sum of all squares of the gradient (Duchi et al., 2011; `keras.optimizers.Adagrad`).
///
/// `a += g²` and `w -= learning_rate * g / sqrt(a + epsilon)`, `a` from `initial_accumulator_value` on.
#[derive(Debug, Clone, PartialEq)]
pub struct Adagrad {
    /// The step size.
    pub learning_rate: f32,
    /// What the sum starts from.
    pub initial_accumulator_value: f32,
    /// Keeps the root in range.
    pub epsilon: f32,
}

impl Default for Adagrad {
    fn default() -> Self {
        Adagrad { learning_rate: 0.001, initial_accumulator_value: 0.1, epsilon: 1e-7 }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    epsilon: f32,
}

impl Formula<1> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [sum]: [V; 1]) -> (V, [V; 1]) {
        let sum = sum + g * g;
        (w - V::splat(self.learning_rate) * g / (sum + V::splat(self.epsilon)).sqrt(), [sum])
    }
}

impl Optimizer for Adagrad {
    fn name(&self) -> &str {
        "adagrad"
    }

    fn state_words(&self) -> usize {
        1
    }

    fn state_start(&self, _: usize) -> f32 {
        self.initial_accumulator_value
    }

    learning_rate!();

    config! { "Adagrad" initial_accumulator_value epsilon }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        let start = self.initial_accumulator_value;
        require("initial_accumulator_value", start, start >= 0.0, "at least 0")?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let step = Step { learning_rate: at.learning_rate, epsilon: self.epsilon };
        each(at, params, grads, state, step);
    }
}
