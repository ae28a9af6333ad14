//! Gradient descent.

use super::{Formula, Moment, Optimizer, config, each, learning_rate, require_rate, require_share};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Gradient descent, with momentum if asked for (`keras.optimizers.SGD`).
///
/// `w -= learning_rate * g`; with momentum `m = momentum * m - learning_rate * g` and `w += m`, or
/// `w += momentum * m - learning_rate * g` if `nesterov`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sgd {
    /// The step size.
    pub learning_rate: f32,
    /// The share of the last step that the next one keeps.
    pub momentum: f32,
    /// Whether the momentum is applied ahead (Nesterov, 1983).
    pub nesterov: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Sgd { learning_rate: 0.01, momentum: 0.0, nesterov: false }
    }
}

#[derive(Clone, Copy)]
struct Plain(f32);

impl Formula<0> for Plain {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, _: [V; 0]) -> (V, [V; 0]) {
        (w - V::splat(self.0) * g, [])
    }
}

#[derive(Clone, Copy)]
struct Momentum {
    learning_rate: f32,
    momentum: f32,
    nesterov: bool,
}

impl Formula<1> for Momentum {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m]: [V; 1]) -> (V, [V; 1]) {
        let (momentum, step) = (V::splat(self.momentum), V::splat(self.learning_rate) * g);
        let m = momentum * m - step;
        let change = if self.nesterov { momentum * m - step } else { m };
        (w + change, [m])
    }
}

impl Optimizer for Sgd {
    fn name(&self) -> &str {
        "sgd"
    }

    fn state_words(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    learning_rate!();

    config! { "SGD" momentum nesterov }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("momentum", self.momentum)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let Sgd { momentum, nesterov, .. } = *self;
        let learning_rate = at.learning_rate;
        match state.len() {
            0 => each(at, params, grads, state, Plain(learning_rate)),
            _ => each(at, params, grads, state, Momentum { learning_rate, momentum, nesterov }),
        }
    }
}
