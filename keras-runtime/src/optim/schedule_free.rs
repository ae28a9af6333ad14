//! AdamW without a schedule.

#[cfg(feature = "keras-files")]
use super::variables::Variable;
use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require, require_epsilon, require_rate,
    require_share,
};
#[cfg(feature = "keras-files")]
use crate::compiled::WeightSpec;
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps of Adam's size whose running mean takes the place of a schedule (Defazio et al., 2024;
/// `keras.optimizers.ScheduleFreeAdamW`).
///
/// In step `t`, `v += (g² - v) * (1 - beta_2)` and `z -= learning_rate * g / (sqrt(v / (1 - beta_2^t)) + epsilon)`; `x` is the mean
/// of all `z` so far, and `w = (1 - beta_1) * z + beta_1 * x`. With [`Optimizer::decay`] weights decay before that.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleFreeAdamW {
    /// The step size after the first `warmup_steps`.
    pub learning_rate: f32,
    /// The share of the mean in the weights, above 0.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the quotient in range.
    pub epsilon: f32,
    /// Steps in which the step size rises from 0.
    pub warmup_steps: u32,
}

impl Default for ScheduleFreeAdamW {
    fn default() -> Self {
        ScheduleFreeAdamW {
            learning_rate: 0.0025,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            warmup_steps: 0,
        }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
    /// `1 / (1 - beta_2^t)`.
    correction: f32,
    /// What the mean takes from `z`: `1 / t`.
    share: f32,
    /// In the first step: what makes weights those that they were before they decayed, where `z` starts.
    start: Option<f32>,
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [z, v]: [V; 2]) -> (V, [V; 2]) {
        let z = self.start.map_or(z, |undecayed| w * V::splat(undecayed));
        let v = v + (g * g - v) * V::splat(1.0 - self.beta_2);
        let size = (v * V::splat(self.correction)).sqrt() + V::splat(self.epsilon);
        let next = z - V::splat(self.learning_rate) * g / size;
        let own = V::splat(1.0 - self.beta_1);
        let x = (w - own * z) / V::splat(self.beta_1);
        let x = x * V::splat(1.0 - self.share) + next * V::splat(self.share);
        (own * next + V::splat(self.beta_1) * x, [next, v])
    }
}

impl Optimizer for ScheduleFreeAdamW {
    fn name(&self) -> &str {
        "schedule_free_adamw"
    }

    fn state_words(&self) -> usize {
        2
    }

    learning_rate!();

    config! { "ScheduleFreeAdamW" beta_1 beta_2 epsilon warmup_steps }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], steps: u64) -> Vec<Variable> {
        let first = |weight| if steps == 0 { Variable::Weight(weight) } else { Variable::Slot(0, weight) };
        weights.iter().flat_map(|weight| [first(weight), Variable::Slot(1, weight)]).collect()
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        let share = self.beta_1;
        require("beta_1", share, share > 0.0 && share < 1.0, "a number in (0, 1)")?;
        require_share("beta_2", self.beta_2)?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let warm = match self.warmup_steps {
            0 => 1.0,
            steps => (at.step as f32 / steps as f32).min(1.0),
        };
        let formula = Step {
            learning_rate: at.learning_rate * warm,
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
            correction: (1.0 / at.correction(self.beta_2)) as f32,
            share: 1.0 / at.step as f32,
            start: (at.step == 1).then(|| 1.0 / at.keep),
        };
        each(at, params, grads, state, formula);
    }
}
