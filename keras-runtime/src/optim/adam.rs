//! Adam.

#[cfg(feature = "keras-files")]
use super::variables::{self, Variable};
use super::{
    Formula, Moment, Optimizer, Options, config, each, learning_rate, require_epsilon, require_rate,
    require_share,
};
#[cfg(feature = "keras-files")]
use crate::compiled::WeightSpec;
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps by running estimates of the gradient's first two moments (Kingma and Ba, 2014; `keras.optimizers.Adam`).
///
/// `m += (g - m) * (1 - beta_1)`, `v += (g² - v) * (1 - beta_2)` and `w -= alpha * m / (sqrt(v) + epsilon)` with
/// `alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)` in step `t`. With `amsgrad`, `v` is replaced by the
/// largest that it has been (Reddi et al., 2018).
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    /// The step size.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the quotient in range.
    pub epsilon: f32,
    /// Whether the second moment never decreases.
    pub amsgrad: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Adam { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false }
    }
}

#[derive(Clone, Copy)]
struct Step {
    alpha: f32,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
}

impl Step {
    #[inline(always)]
    fn moments<V: Simd>(self, g: V, m: V, v: V) -> (V, V) {
        let m = m + (g - m) * V::splat(1.0 - self.beta_1);
        (m, v + (g * g - v) * V::splat(1.0 - self.beta_2))
    }

    #[inline(always)]
    fn change<V: Simd>(self, m: V, v: V) -> V {
        V::splat(self.alpha) * m / (v.sqrt() + V::splat(self.epsilon))
    }
}

#[derive(Clone, Copy)]
struct Plain(Step);

impl Formula<2> for Plain {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        let (m, v) = self.0.moments(g, m, v);
        (w - self.0.change(m, v), [m, v])
    }
}

#[derive(Clone, Copy)]
struct Amsgrad(Step);

impl Formula<3> for Amsgrad {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m, v, most]: [V; 3]) -> (V, [V; 3]) {
        let (m, v) = self.0.moments(g, m, v);
        let most = most.maximum(v);
        (w - self.0.change(m, most), [m, v, most])
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &str {
        "adam"
    }

    fn state_words(&self) -> usize {
        if self.amsgrad { 3 } else { 2 }
    }

    learning_rate!();

    config! { "Adam" beta_1 beta_2 epsilon amsgrad }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], _: u64) -> Vec<Variable> {
        let first = variables::interleaved(weights, 0..2);
        first.into_iter().chain(variables::interleaved(weights, 2..self.state_words())).collect()
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("beta_1", self.beta_1)?;
        require_share("beta_2", self.beta_2)?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let alpha =
            f64::from(at.learning_rate) * at.correction(self.beta_2).sqrt() / at.correction(self.beta_1);
        let formula =
            Step { alpha: alpha as f32, beta_1: self.beta_1, beta_2: self.beta_2, epsilon: self.epsilon };
        match self.amsgrad {
            false => each(at, params, grads, state, Plain(formula)),
            true => each(at, params, grads, state, Amsgrad(formula)),
        }
    }
}

/// [`Adam`] with decay of the weights that is not part of the gradient (Loshchilov and Hutter, 2017;
/// `keras.optimizers.AdamW`): before each step `w -= w * weight_decay * learning_rate`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    /// The step size.
    pub learning_rate: f32,
    /// The share of the weights that a step of size 1 would take away.
    pub weight_decay: f32,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the quotient in range.
    pub epsilon: f32,
    /// Whether the second moment never decreases.
    pub amsgrad: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        let Adam { learning_rate, beta_1, beta_2, epsilon, amsgrad } = Adam::default();
        AdamW { learning_rate, weight_decay: 0.004, beta_1, beta_2, epsilon, amsgrad }
    }
}

impl AdamW {
    fn adam(&self) -> Adam {
        let AdamW { learning_rate, beta_1, beta_2, epsilon, amsgrad, .. } = *self;
        Adam { learning_rate, beta_1, beta_2, epsilon, amsgrad }
    }
}

impl Optimizer for AdamW {
    fn name(&self) -> &str {
        "adamw"
    }

    fn state_words(&self) -> usize {
        self.adam().state_words()
    }

    learning_rate!();

    config! { "AdamW" beta_1 beta_2 epsilon amsgrad }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], steps: u64) -> Vec<Variable> {
        self.adam().variables(weights, steps)
    }

    fn check(&self) -> Result<()> {
        let decay = self.weight_decay;
        super::require(
            "weight_decay",
            decay,
            decay.is_finite() && decay >= 0.0,
            "a finite number of at least 0",
        )?;
        self.adam().check()
    }

    fn options(&self) -> Options<'_> {
        Options { decay: self.weight_decay, ..Options::default() }
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        self.adam().step(at, params, grads, state);
    }
}
