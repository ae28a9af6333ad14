//! Adafactor.

use super::{Moment, Optimizer, learning_rate, require, require_rate};
use crate::compiled::{Layout, WeightSpec};
use crate::error::Result;
use crate::init;

/// Steps by second moments of rows and columns alone, relative to the weights' size (Shazeer and Stern, 2018;
/// `keras.optimizers.Adafactor`).
///
/// With `b = 1 - t^beta_2_decay`, a matrix's `r` and `c` are running means, by `b`, of `g² + epsilon_1` along its rows and
/// columns, and `v = r cᵀ / mean(r)`; a vector's `v` is a running mean itself. `u = g / sqrt(v)`, scaled to a root mean square
/// of at most `clip_threshold`, and `w -= rho * max(epsilon_2, rms(w)) * u` with
/// `rho = min(learning_rate, 1 / sqrt(t))`.
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

/// A weight as matrices: its last two axes.
struct Matrices {
    layout: Layout,
    count: usize,
    rows: usize,
    columns: usize,
}

impl Matrices {
    fn of(weight: &WeightSpec) -> Self {
        let (lead, [rows, columns]) = match weight.shape {
            [lead @ .., rows, columns] => (lead, [*rows, *columns]),
            _ => (&[][..], [1, weight.shape.iter().product()]),
        };
        Matrices { layout: weight.layout, count: lead.iter().product(), rows, columns }
    }

    /// Where element `(i, j)` of matrix `matrix` lies in the weight's words.
    fn at(&self, matrix: usize, i: usize, j: usize) -> usize {
        let row = matrix * self.rows + i;
        match self.layout {
            Layout::Plain => row * self.columns + j,
            Layout::Panels { k, .. } => init::in_panels(k, row, j),
        }
    }

    /// All elements of one matrix.
    fn elements(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = (self.rows, self.columns);
        (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
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

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require("beta_2_decay", self.beta_2_decay, self.beta_2_decay <= 0.0, "at most 0")?;
        require("clip_threshold", self.clip_threshold, self.clip_threshold > 0.0, "above 0")?;
        require("epsilon_1", self.epsilon_1, self.epsilon_1 >= 0.0, "at least 0")?;
        require("epsilon_2", self.epsilon_2, self.epsilon_2 >= 0.0, "at least 0")
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let weight = at.weight.expect("whole weights were asked for");
        let of = Matrices::of(weight);
        let keep = (1.0 - (at.step as f64).powf(f64::from(self.beta_2_decay))) as f32;
        let fall = 1.0 / (at.step as f64).sqrt();
        let rate = f64::from(at.learning_rate).min(fall);
        let [first, second] = state else { unreachable!("there are two words for each weight") };
        let elements = (of.count * of.rows * of.columns).max(1) as f64;
        params.iter_mut().for_each(|w| *w *= at.keep);
        let size = (super::update::sum_of_squares(params) / elements).sqrt();
        let factored = weight.shape.len() >= 2;
        let square = |matrix, i, j| at.gradient(grads[of.at(matrix, i, j)]).powi(2) + self.epsilon_1;
        for matrix in 0..of.count {
            if !factored {
                for (i, j) in of.elements() {
                    let v = &mut first[of.at(matrix, i, j)];
                    *v = keep * *v + (1.0 - keep) * square(matrix, i, j);
                }
                continue;
            }
            for i in 0..of.rows {
                let mean = (0..of.columns).map(|j| square(matrix, i, j)).sum::<f32>() / of.columns as f32;
                let r = &mut first[of.at(matrix, i, 0)];
                *r = keep * *r + (1.0 - keep) * mean;
            }
            for j in 0..of.columns {
                let mean = (0..of.rows).map(|i| square(matrix, i, j)).sum::<f32>() / of.rows as f32;
                let c = &mut second[of.at(matrix, 0, j)];
                *c = keep * *c + (1.0 - keep) * mean;
            }
        }
        let change = |matrix: usize, mean: f32, i: usize, j: usize| {
            let v = match factored {
                true => first[of.at(matrix, i, 0)] / mean * second[of.at(matrix, 0, j)],
                false => first[of.at(matrix, i, j)],
            };
            at.gradient(grads[of.at(matrix, i, j)]) / v.sqrt()
        };
        let mean = |matrix: usize| match factored {
            true => (0..of.rows).map(|i| first[of.at(matrix, i, 0)]).sum::<f32>() / of.rows as f32,
            false => 1.0,
        };
        let mut sum = 0.0;
        for matrix in 0..of.count {
            let mean = mean(matrix);
            sum += of.elements().map(|(i, j)| f64::from(change(matrix, mean, i, j)).powi(2)).sum::<f64>();
        }
        let clip = ((sum / elements).sqrt() / f64::from(self.clip_threshold)).max(1.0);
        let rate = (f64::from(self.epsilon_2).max(size) * rate / clip) as f32;
        for matrix in 0..of.count {
            let mean = mean(matrix);
            for (i, j) in of.elements() {
                params[of.at(matrix, i, j)] -= rate * change(matrix, mean, i, j);
            }
        }
    }
}
