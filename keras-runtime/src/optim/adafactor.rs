//! Adafactor.

use std::ops::Range;

use super::matrices::{Matrices, RUN};
use super::update::sum_of_squares;
#[cfg(feature = "keras-files")]
use super::variables::Variable;
#[cfg(feature = "cuda")]
use super::{Factored, Formula, Told};
use super::{Moment, Optimizer, config, learning_rate, require, require_rate};
#[cfg(feature = "keras-files")]
use crate::compiled::WeightSpec;
#[cfg(feature = "cuda")]
use crate::device::cpu::simd::{
    Simd,
    symbol::{Fold, RowTape, Symbol},
};
use crate::error::Result;

/// Steps by second moments of rows and columns alone, relative to the weights' size (Shazeer and Stern, 2018;
/// `keras.optimizers.Adafactor`).
///
/// With `b = 1 - t^beta_2_decay`, a matrix's `r` and `c` are running means, by `b`, of `g² + epsilon_1` along its rows and
/// columns, and `v = r cᵀ / mean(r)`; a vector's `v` is a running mean itself. `u = g / sqrt(v)`, scaled to a root mean square
/// of at most `clip_threshold`, and `w -= rho * max(epsilon_2, rms(w)) * u` with
/// `rho = min(learning_rate, 1 / sqrt(t))`. The root of `v` is taken factor by factor: an element with an input that is
/// always 0 and a unit that never fires stays as it is, where Keras divides 0 by 0.
///
/// The state is as large as Adam's second moment and once more, though most of it is not used: every optimizer has
/// so many words for each weight here.
#[derive(Debug, Clone, PartialEq)]
pub struct Adafactor {
    /// The largest step size.
    pub learning_rate: f32,
    /// How fast the running means come to keep everything.
    pub beta_2_decay: f32,
    /// Keeps the roots in range.
    pub epsilon_1: f32,
    /// The least size of a weight that counts.
    pub epsilon_2: f32,
    /// The largest root mean square of a step.
    pub clip_threshold: f32,
    /// Whether the step size falls with the steps. As in Keras, that of the formula above falls in any case.
    pub relative_step: bool,
}

impl Default for Adafactor {
    fn default() -> Self {
        Adafactor {
            learning_rate: 0.001,
            beta_2_decay: -0.8,
            epsilon_1: 1e-30,
            epsilon_2: 1e-3,
            clip_threshold: 1.0,
            relative_step: true,
        }
    }
}

impl Optimizer for Adafactor {
    fn name(&self) -> &str {
        "adafactor"
    }

    /// For a matrix the means of rows lie in the first column of the first piece, and those of columns in the first row of
    /// the second.
    fn state_words(&self) -> usize {
        2
    }

    fn whole_weights(&self) -> bool {
        true
    }

    learning_rate!();

    config! { "Adafactor" beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], _: u64) -> Vec<Variable> {
        let of = |&weight: &&'static WeightSpec| match weight.shape.len() {
            0 | 1 => [Variable::Unused, Variable::Unused, Variable::Slot(0, weight)],
            _ => [Variable::Rows(0, weight), Variable::Columns(1, weight), Variable::Product(weight)],
        };
        weights.iter().flat_map(of).collect()
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require("beta_2_decay", self.beta_2_decay, self.beta_2_decay <= 0.0, "at most 0")?;
        require("clip_threshold", self.clip_threshold, self.clip_threshold > 0.0, "above 0")?;
        require("epsilon_1", self.epsilon_1, self.epsilon_1 >= 0.0, "at least 0")?;
        require("epsilon_2", self.epsilon_2, self.epsilon_2 >= 0.0, "at least 0")
    }

    #[cfg(feature = "cuda")]
    fn told(&self, at: &Moment) -> Option<Told> {
        let weight = at.weight?;
        let how = Factored {
            rate: self.rate(at) as f32,
            keep: self.keep(at),
            epsilons: [self.epsilon_1, self.epsilon_2],
            most: self.clip_threshold,
        };
        if weight.shape.len() >= 2 {
            return Some(Told::Factored(how));
        }
        let (number, word) = (Symbol::splat, RowTape::word);
        let gradient = || at.apply(Gradient, word(0), word(1), [number(0.0)]);
        let formula = RowTape::formula(|tape| {
            let size = tape.pass(|| {
                let (w, _) = gradient();
                (Some((Fold::Sum, w * w)), vec![(0, w)])
            });
            let change = |v: Symbol| gradient().1[0] / v.sqrt();
            let changes = tape.pass(|| {
                let (_, [g]) = gradient();
                let v =
                    number(how.keep) * word(2) + number(1.0 - how.keep) * (g * g + number(self.epsilon_1));
                let change = change(v);
                (Some((Fold::Sum, change * change)), vec![(2, v)])
            });
            let elements = number(weight.shape.iter().product::<usize>().max(1) as f32);
            let rate = number(how.rate) * number(self.epsilon_2).maximum((size / elements).sqrt());
            let factor = (changes / elements).sqrt() / number(self.clip_threshold);
            let factor = rate / factor.maximum(number(1.0));
            tape.pass(|| (None, vec![(0, word(0) - factor * change(word(2)))]));
            []
        });
        Some(Told::Elements(formula))
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let weight = at.weight.expect("whole weights were asked for");
        let [first, second] = state else { unreachable!("there are two words for each weight") };
        let elements = weight.shape.iter().product::<usize>().max(1) as f64;
        if at.keep != 1.0 {
            params.iter_mut().for_each(|w| *w *= at.keep);
        }
        let size = (sum_of_squares(params) / elements).sqrt();
        let rate = f64::from(self.epsilon_2).max(size) * self.rate(at);
        let factor =
            |sum: f64| (rate / ((sum / elements).sqrt() / f64::from(self.clip_threshold)).max(1.0)) as f32;
        if weight.shape.len() < 2 {
            self.second_moment(at, grads, first);
            let change = |k: usize| at.gradient(grads[k]) / first[k].sqrt();
            let factor = factor((0..grads.len()).map(|k| f64::from(change(k)).powi(2)).sum());
            params.iter_mut().enumerate().for_each(|(k, w)| *w -= factor * change(k));
            return;
        }
        let of = Matrices::of(weight);
        for matrix in 0..of.count {
            self.factors(at, &of, matrix, grads, first, second);
        }
        let change = Change { at, of: &of, grads, first, second };
        let mut sum = 0.0;
        change.each(|_, change| sum += sum_of_squares(change));
        let factor = factor(sum);
        change.each(|run, change| {
            params[run].iter_mut().zip(change).for_each(|(w, change)| *w -= factor * change);
        });
    }
}

/// The gradient, cut and scaled, in the place of a state.
#[cfg(feature = "cuda")]
#[derive(Clone, Copy)]
struct Gradient;

#[cfg(feature = "cuda")]
impl Formula<1> for Gradient {
    fn apply<V: Simd>(self, w: V, g: V, _: [V; 1]) -> (V, [V; 1]) {
        (w, [g])
    }
}

impl Adafactor {
    /// The step size, relative to the size of a weight.
    fn rate(&self, at: &Moment) -> f64 {
        f64::from(at.learning_rate).min(1.0 / (at.step as f64).sqrt())
    }

    /// The share of the running means that a step keeps.
    fn keep(&self, at: &Moment) -> f32 {
        (1.0 - (at.step as f64).powf(f64::from(self.beta_2_decay))) as f32
    }

    /// The running mean of a vector.
    fn second_moment(&self, at: &Moment, grads: &[f32], v: &mut [f32]) {
        let keep = self.keep(at);
        for (v, &g) in v.iter_mut().zip(grads) {
            *v = keep * *v + (1.0 - keep) * (at.gradient(g).powi(2) + self.epsilon_1);
        }
    }

    /// The running means of a matrix's rows and columns, in one pass over its gradient.
    fn factors(
        &self,
        at: &Moment,
        of: &Matrices,
        matrix: usize,
        grads: &[f32],
        rows: &mut [f32],
        columns: &mut [f32],
    ) {
        let keep = self.keep(at);
        for i in 0..of.rows {
            rows[of.at(matrix, i, 0)] *= keep;
        }
        for j in (0..of.columns).step_by(RUN) {
            let mut sums = [0.0; RUN];
            for i in 0..of.rows {
                let mut squares = [0.0; RUN];
                for (square, &g) in squares.iter_mut().zip(&grads[of.run(matrix, i, j)]) {
                    *square = at.gradient(g).powi(2) + self.epsilon_1;
                }
                sums.iter_mut().zip(&squares).for_each(|(sum, square)| *sum += square);
                rows[of.at(matrix, i, 0)] += (1.0 - keep) * (folded(squares) / of.columns as f32);
            }
            for (c, sum) in columns[of.run(matrix, 0, j)].iter_mut().zip(sums) {
                *c = keep * *c + (1.0 - keep) * (sum / of.rows as f32);
            }
        }
    }
}

/// The sum of a run.
fn folded(mut words: [f32; RUN]) -> f32 {
    let mut half = RUN / 2;
    while half > 0 {
        for k in 0..half {
            words[k] += words[k + half];
        }
        half /= 2;
    }
    words[0]
}

/// The step of matrices before it is clipped: `g / sqrt(v)`.
struct Change<'a> {
    at: &'a Moment,
    of: &'a Matrices,
    grads: &'a [f32],
    first: &'a [f32],
    second: &'a [f32],
}

impl Change<'_> {
    /// Calls `f` with every run of elements: their places, and their step.
    fn each(&self, mut f: impl FnMut(Range<usize>, &[f32])) {
        let Change { at, of, grads, first, second } = self;
        for matrix in 0..of.count {
            let mean = (0..of.rows).map(|i| first[of.at(matrix, i, 0)]).sum::<f32>() / of.rows as f32;
            for j in (0..of.columns).step_by(RUN) {
                // A root for each factor: where neither row nor column has a gradient their product is 0 in 32 bits.
                let mut columns = [0.0; RUN];
                for (to, c) in columns.iter_mut().zip(&second[of.run(matrix, 0, j)]) {
                    *to = 1.0 / c.sqrt();
                }
                for i in 0..of.rows {
                    let row = 1.0 / (first[of.at(matrix, i, 0)] / mean).sqrt();
                    let run = of.run(matrix, i, j);
                    let (mut change, width) = ([0.0; RUN], run.len());
                    for ((to, &g), column) in change.iter_mut().zip(&grads[run.clone()]).zip(&columns) {
                        *to = at.gradient(g) * row * column;
                    }
                    f(run, &change[..width]);
                }
            }
        }
    }
}
