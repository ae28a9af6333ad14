//! Follow the regularized leader.

use super::{Formula, Moment, Optimizer, config, each, learning_rate, require, require_rate};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Follow the regularized leader, which makes weights exactly 0 (McMahan et al., 2013; `keras.optimizers.Ftrl`).
///
/// With `p = -learning_rate_power`: `n' = n + g²`, `z += g' - (n'^p - n^p) / learning_rate * w` where
/// `g' = g + 2 * l2_shrinkage * w`, and `w = (clip(z, -l1, l1) - z) / (n'^p / learning_rate + 2 * l2 + beta / learning_rate)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ftrl {
    /// The step size.
    pub learning_rate: f32,
    /// How the step size falls with the gradients so far; 0 keeps it.
    pub learning_rate_power: f32,
    /// What the sum of squares starts from.
    pub initial_accumulator_value: f32,
    /// `l1`: makes small weights 0.
    pub l1_regularization_strength: f32,
    /// `l2`: makes weights small.
    pub l2_regularization_strength: f32,
    /// `l2_shrinkage`: the same through the gradient.
    pub l2_shrinkage_regularization_strength: f32,
    /// The paper's `beta`.
    pub beta: f32,
}

impl Default for Ftrl {
    fn default() -> Self {
        Ftrl {
            learning_rate: 0.001,
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
        }
    }
}

#[derive(Clone, Copy)]
struct Step {
    rate: f32,
    power: f32,
    l1: f32,
    l2: f32,
    shrinkage: f32,
}

impl Step {
    #[inline(always)]
    fn power<V: Simd>(self, x: V) -> V {
        if self.power == 0.5 { x.sqrt() } else { x.powf(V::splat(self.power)) }
    }
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [n, z]: [V; 2]) -> (V, [V; 2]) {
        let rate = V::splat(self.rate);
        let next = n + g * g;
        let (old, new) = (self.power(n), self.power(next));
        let z = z + (g + V::splat(2.0 * self.shrinkage) * w - (new - old) / rate * w);
        let cut = z.maximum(V::splat(-self.l1)).minimum(V::splat(self.l1));
        ((cut - z) / (new / rate + V::splat(2.0 * self.l2)), [next, z])
    }
}

impl Optimizer for Ftrl {
    fn name(&self) -> &str {
        "ftrl"
    }

    fn state_words(&self) -> usize {
        2
    }

    fn state_start(&self, slot: usize) -> f32 {
        if slot == 0 { self.initial_accumulator_value } else { 0.0 }
    }

    learning_rate!();

    config! {
        "Ftrl" learning_rate_power initial_accumulator_value l1_regularization_strength l2_regularization_strength
        l2_shrinkage_regularization_strength beta
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require("learning_rate", self.learning_rate, self.learning_rate > 0.0, "above 0")?;
        let power = self.learning_rate_power;
        require("learning_rate_power", power, power <= 0.0, "at most 0")?;
        let not_negative = [
            ("initial_accumulator_value", self.initial_accumulator_value),
            ("l1_regularization_strength", self.l1_regularization_strength),
            ("l2_regularization_strength", self.l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", self.l2_shrinkage_regularization_strength),
        ];
        not_negative
            .into_iter()
            .try_for_each(|(name, value)| require(name, value, value >= 0.0, "at least 0"))
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let rate = at.learning_rate;
        let step = Step {
            rate,
            power: -self.learning_rate_power,
            l1: self.l1_regularization_strength,
            l2: self.l2_regularization_strength + self.beta / (2.0 * rate),
            shrinkage: self.l2_shrinkage_regularization_strength,
        };
        each(at, params, grads, state, step);
    }
}
