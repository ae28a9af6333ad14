//! LAMB.

#[cfg(feature = "cuda")]
use super::Told;
use super::update::sum_of_squares;
use super::{
    Formula, Moment, Optimizer, config, each, learning_rate, require_epsilon, require_rate, require_share,
};
#[cfg(feature = "cuda")]
use crate::device::cpu::simd::{
    Mask,
    symbol::{Fold, RowTape, Symbol},
};
use crate::device::cpu::simd::{Portable, Simd};
use crate::error::Result;

/// [`Adam`](super::Adam) with steps in proportion to each weight's norm, for large batches (You et al., 2019;
/// `keras.optimizers.Lamb`).
///
/// `u = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)` with Adam's `m` and `v`, and
/// `w -= learning_rate * |w| / |u| * u` with the norms of a weight and its step (their quotient is 1 where one is 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Lamb {
    /// The step size.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the quotient in range.
    pub epsilon: f32,
}

impl Default for Lamb {
    fn default() -> Self {
        Lamb { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

/// The moments.
#[derive(Clone, Copy)]
struct Moments {
    beta_1: f32,
    beta_2: f32,
}

impl Formula<2> for Moments {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        let m = m + (g - m) * V::splat(1.0 - self.beta_1);
        (w, [m, v + (g * g - v) * V::splat(1.0 - self.beta_2)])
    }
}

/// The step that follows from them.
#[derive(Clone, Copy)]
struct Step {
    rate: f32,
    of_m: f32,
    of_v: f32,
    epsilon: f32,
}

impl Step {
    #[inline(always)]
    fn change<V: Simd>(self, m: V, v: V) -> V {
        V::splat(self.of_m) * m / ((V::splat(self.of_v) * v).sqrt() + V::splat(self.epsilon))
    }

    /// Of the changes, some at a time, so that it can be done by vectors.
    fn sum_of_squares(self, m: &[f32], v: &[f32]) -> f64 {
        let mut changes = [0.0; 64];
        let runs = m.chunks(changes.len()).zip(v.chunks(changes.len()));
        let sums = runs.map(|(m, v)| {
            for ((to, &m), &v) in changes.iter_mut().zip(m).zip(v) {
                *to = self.change(Portable::<1>::splat(m), Portable::splat(v)).word();
            }
            sum_of_squares(&changes[..m.len()])
        });
        sums.sum()
    }
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, _: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        (w - V::splat(self.rate) * self.change(m, v), [m, v])
    }
}

impl Lamb {
    fn moments(&self) -> Moments {
        Moments { beta_1: self.beta_1, beta_2: self.beta_2 }
    }

    fn after_moments(&self, at: &Moment) -> Step {
        let (of_m, of_v) = (1.0 / at.correction(self.beta_1), 1.0 / at.correction(self.beta_2));
        Step { rate: at.learning_rate, of_m: of_m as f32, of_v: of_v as f32, epsilon: self.epsilon }
    }
}

impl Optimizer for Lamb {
    fn name(&self) -> &str {
        "lamb"
    }

    fn state_words(&self) -> usize {
        2
    }

    fn whole_weights(&self) -> bool {
        true
    }

    learning_rate!();

    config! { "Lamb" beta_1 beta_2 epsilon }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("beta_1", self.beta_1)?;
        require_share("beta_2", self.beta_2)?;
        require_epsilon(self.epsilon)
    }

    #[cfg(feature = "cuda")]
    fn told(&self, at: &Moment) -> Option<Told> {
        let step = self.after_moments(at);
        let word = RowTape::word;
        Some(Told::Elements(RowTape::formula(|tape| {
            tape.pass(|| {
                let (w, [m, v]) = at.apply(self.moments(), word(0), word(1), [word(2), word(3)]);
                (None, vec![(0, w), (2, m), (3, v)])
            });
            let weight = tape.pass(|| (Some((Fold::Sum, word(0) * word(0))), vec![]));
            let change = tape.pass(|| {
                let change = step.change(word(2), word(3));
                (Some((Fold::Sum, change * change)), vec![])
            });
            let (zero, one) = (Symbol::splat(0.0), Symbol::splat(1.0));
            let moves = weight.gt(zero).and(change.gt(zero));
            let rate = Symbol::splat(step.rate) * moves.select(weight.sqrt() / change.sqrt(), one);
            tape.pass(|| (None, vec![(0, word(0) - rate * step.change(word(2), word(3)))]));
            []
        })))
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        each(at, params, grads, state, self.moments());
        let mut step = self.after_moments(at);
        // Padding is 0 in all of them.
        let weight = sum_of_squares(params).sqrt();
        let change = step.sum_of_squares(state[0], state[1]).sqrt();
        if weight > 0.0 && change > 0.0 {
            step.rate *= (weight / change) as f32;
        }
        // The first pass has decayed the weights and seen the gradient.
        each(&Moment { keep: 1.0, scale: 1.0, clip: None, ..*at }, params, grads, state, step);
    }
}
