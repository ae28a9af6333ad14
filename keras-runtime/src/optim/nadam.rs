//! Nadam.

#[cfg(feature = "keras-files")]
use super::variables::{self, Variable};
use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require_epsilon, require_rate, require_share,
};
#[cfg(feature = "keras-files")]
use crate::compiled::WeightSpec;
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// [`Adam`](super::Adam) with Nesterov's momentum (Dozat, 2016; `keras.optimizers.Nadam`).
///
/// With `u_t = beta_1 * (1 - 0.96^t / 2)` and `U_t` the product of all up to it: `m` and `v` as Adam's,
/// `m̂ = u_{t+1} * m / (1 - U_{t+1}) + (1 - u_t) * g / (1 - U_t)`, `v̂ = v / (1 - beta_2^t)` and
/// `w -= learning_rate * m̂ / (sqrt(v̂) + epsilon)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Nadam {
    /// The step size.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the quotient in range.
    pub epsilon: f32,
}

impl Default for Nadam {
    fn default() -> Self {
        Nadam { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

#[derive(Clone, Copy)]
struct Step {
    /// Factors of the first moment and of the gradient, and of the second moment.
    of_m: f32,
    of_g: f32,
    of_v: f32,
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        let m = m + (g - m) * V::splat(1.0 - self.beta_1);
        let v = v + (g * g - v) * V::splat(1.0 - self.beta_2);
        let ahead = V::splat(self.of_m) * m + V::splat(self.of_g) * g;
        let root = (v * V::splat(self.of_v)).sqrt() + V::splat(self.epsilon);
        (w - ahead / root, [m, v])
    }
}

impl Nadam {
    /// `u_t`
    fn momentum(&self, step: u64) -> f64 {
        f64::from(self.beta_1) * (1.0 - 0.5 * 0.96f64.powf(step as f64))
    }

    /// `U_t`: a function of the step, so that it need not be kept. It is 0 before long.
    fn product(&self, steps: u64) -> f64 {
        let (mut product, mut power) = (1.0, 1.0);
        for _ in 0..steps {
            power *= 0.96;
            product *= f64::from(self.beta_1) * (1.0 - 0.5 * power);
            if product < 1e-30 {
                return 0.0;
            }
        }
        product
    }
}

impl Optimizer for Nadam {
    fn name(&self) -> &str {
        "nadam"
    }

    fn state_words(&self) -> usize {
        2
    }

    learning_rate!();

    config! { "Nadam" beta_1 beta_2 epsilon }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], steps: u64) -> Vec<Variable> {
        let mut all = variables::interleaved(weights, 0..2);
        all.push(Variable::Number(self.product(steps) as f32));
        all
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("beta_1", self.beta_1)?;
        require_share("beta_2", self.beta_2)?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let (now, next) = (self.momentum(at.step), self.momentum(at.step + 1));
        let product = self.product(at.step);
        let rate = f64::from(at.learning_rate);
        let step = Step {
            of_m: (rate * next / (1.0 - product * next)) as f32,
            of_g: (rate * (1.0 - now) / (1.0 - product)) as f32,
            of_v: (1.0 / at.correction(self.beta_2)) as f32,
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
        };
        each(at, params, grads, state, step);
    }
}
