//! RMSprop.

#[cfg(feature = "keras-files")]
use super::variables::{self, Variable};
use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require_epsilon, require_rate, require_share,
};
#[cfg(feature = "keras-files")]
use crate::compiled::WeightSpec;
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps divided by a running root mean square of the gradient (Hinton, 2012; `keras.optimizers.RMSprop`).
///
/// `v = rho * v + (1 - rho) * g²` and `w -= learning_rate * g / sqrt(v + epsilon)`. With `centered`, the square of the
/// gradient's running mean is taken off `v`; with `momentum`, the step is accumulated.
#[derive(Debug, Clone, PartialEq)]
pub struct RmsProp {
    /// The step size.
    pub learning_rate: f32,
    /// Decay of the running means.
    pub rho: f32,
    /// The share of the last step that the next one keeps.
    pub momentum: f32,
    /// Keeps the root in range.
    pub epsilon: f32,
    /// Divides by the standard deviation rather than the root mean square.
    pub centered: bool,
}

impl Default for RmsProp {
    fn default() -> Self {
        RmsProp { learning_rate: 0.001, rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    rho: f32,
    momentum: f32,
    epsilon: f32,
}

impl Step {
    /// The running mean square, and the step for a denominator that is `centre` less.
    #[inline(always)]
    fn increment<V: Simd>(self, g: V, v: V, centre: V) -> (V, V) {
        let v = V::splat(self.rho) * v + V::splat(1.0 - self.rho) * (g * g);
        let root = (v - centre + V::splat(self.epsilon)).sqrt();
        (v, V::splat(self.learning_rate) * g / root)
    }

    #[inline(always)]
    fn mean<V: Simd>(self, g: V, mean: V) -> V {
        V::splat(self.rho) * mean + V::splat(1.0 - self.rho) * g
    }
}

#[derive(Clone, Copy)]
struct Plain(Step);

impl Formula<1> for Plain {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [v]: [V; 1]) -> (V, [V; 1]) {
        let (v, step) = self.0.increment(g, v, V::splat(0.0));
        (w - step, [v])
    }
}

#[derive(Clone, Copy)]
struct Momentum(Step);

impl Formula<2> for Momentum {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [v, m]: [V; 2]) -> (V, [V; 2]) {
        let (v, step) = self.0.increment(g, v, V::splat(0.0));
        let m = V::splat(self.0.momentum) * m + step;
        (w - m, [v, m])
    }
}

#[derive(Clone, Copy)]
struct Centered(Step);

impl Formula<2> for Centered {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [v, mean]: [V; 2]) -> (V, [V; 2]) {
        let mean = self.0.mean(g, mean);
        let (v, step) = self.0.increment(g, v, mean * mean);
        (w - step, [v, mean])
    }
}

#[derive(Clone, Copy)]
struct CenteredMomentum(Step);

impl Formula<3> for CenteredMomentum {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [v, mean, m]: [V; 3]) -> (V, [V; 3]) {
        let mean = self.0.mean(g, mean);
        let (v, step) = self.0.increment(g, v, mean * mean);
        let m = V::splat(self.0.momentum) * m + step;
        (w - m, [v, mean, m])
    }
}

impl Optimizer for RmsProp {
    fn name(&self) -> &str {
        "rmsprop"
    }

    fn state_words(&self) -> usize {
        1 + usize::from(self.centered) + usize::from(self.momentum > 0.0)
    }

    learning_rate!();

    config! { "RMSprop" rho momentum epsilon centered }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], _: u64) -> Vec<Variable> {
        // Keras's average of gradients comes last.
        let centre = usize::from(self.centered);
        let slots = [0..1, 1 + centre..self.state_words(), 1..1 + centre];
        slots.into_iter().flat_map(|slots| variables::interleaved(weights, slots)).collect()
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("rho", self.rho)?;
        require_share("momentum", self.momentum)?;
        require_epsilon(self.epsilon)
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let RmsProp { rho, momentum, epsilon, centered, .. } = *self;
        let step = Step { learning_rate: at.learning_rate, rho, momentum, epsilon };
        match (centered, momentum > 0.0) {
            (false, false) => each(at, params, grads, state, Plain(step)),
            (false, true) => each(at, params, grads, state, Momentum(step)),
            (true, false) => each(at, params, grads, state, Centered(step)),
            (true, true) => each(at, params, grads, state, CenteredMomentum(step)),
        }
    }
}
