//! Muon.

use std::cell::RefCell;

use super::matrices::Matrices;
use super::update::sum_of_squares;
#[cfg(feature = "keras-files")]
use super::variables::{self, Variable};
use super::{
    Adam, Formula, Moment, Optimizer, Options, config, each, learning_rate, require, require_epsilon,
    require_rate, require_share,
};
#[cfg(feature = "cuda")]
use super::{Orthogonal, Told};
use crate::compiled::WeightSpec;
use crate::device::cpu::product::{Operand, product};
use crate::device::cpu::simd::Simd;
use crate::error::Result;

/// Steps along the nearest orthogonal matrix to a matrix's momentum (Jordan et al., 2024; Liu et al., 2025;
/// `keras.optimizers.Muon`); [`AdamW`](super::AdamW)'s for all other weights.
///
/// `m = momentum * m + g`, `x = g + momentum * m` (with `nesterov`; else `m`) over its norm, then `ns_steps` times
/// `x = a x + (b x xᵀ + c (x xᵀ)²) x`, which takes all singular values near 1, and
/// `w -= learning_rate * rms_rate * sqrt(max(rows, columns)) * x`. Before it `w -= w * weight_decay * learning_rate`.
///
/// Weights of two dimensions are matrices, except embeddings and those in `exclude_layers`. A model's last kernel
/// should be among these.
#[derive(Debug, Clone, PartialEq)]
pub struct Muon {
    /// The step size.
    pub learning_rate: f32,
    /// Adam's decay of the first moment.
    pub adam_beta_1: f32,
    /// Adam's decay of the second moment.
    pub adam_beta_2: f32,
    /// The decay of weights that Adam changes.
    pub adam_weight_decay: f32,
    /// Keeps Adam's quotient in range.
    pub epsilon: f32,
    /// The decay of weights that are matrices.
    pub weight_decay: f32,
    /// Parts of the names of weights that Adam changes; in Keras patterns.
    pub exclude_layers: Vec<String>,
    /// Whether Adam changes weights with `embedding` in their name.
    pub exclude_embeddings: bool,
    /// The factor of `x`.
    pub muon_a: f32,
    /// The factor of `x xᵀ x`.
    pub muon_b: f32,
    /// The factor of `(x xᵀ)² x`.
    pub muon_c: f32,
    /// Adam's step size, as a share of `learning_rate`.
    pub adam_lr_ratio: f32,
    /// The share of the momentum that a step keeps.
    pub momentum: f32,
    /// Iterations towards an orthogonal matrix.
    pub ns_steps: u32,
    /// Whether a step looks ahead by the momentum.
    pub nesterov: bool,
    /// The root mean square of a matrix's step, over the step size; without it the matrix is taken as it is.
    pub rms_rate: Option<f32>,
}

impl Default for Muon {
    fn default() -> Self {
        Muon {
            learning_rate: 0.001,
            adam_beta_1: 0.9,
            adam_beta_2: 0.999,
            adam_weight_decay: 0.004,
            epsilon: 1e-7,
            weight_decay: 0.004,
            exclude_layers: vec![],
            exclude_embeddings: true,
            muon_a: 3.4445,
            muon_b: -4.7750,
            muon_c: 2.0315,
            adam_lr_ratio: 1.0,
            momentum: 0.95,
            ns_steps: 5,
            nesterov: true,
            rms_rate: Some(0.2),
        }
    }
}

/// `m = momentum * m + g`; a matrix has no second moment.
#[derive(Clone, Copy)]
struct Momentum(f32);

impl Formula<2> for Momentum {
    #[inline(always)]
    fn apply<V: Simd>(self, w: V, g: V, [m, unused]: [V; 2]) -> (V, [V; 2]) {
        (w, [m + (g + m * V::splat(self.0 - 1.0)), unused])
    }
}

/// Memory for a matrix and the products of an iteration.
#[derive(Default)]
struct Space {
    x: Vec<f32>,
    next: Vec<f32>,
    square: Vec<f32>,
    fourth: Vec<f32>,
}

thread_local! {
    /// Kept from step to step.
    static SPACE: RefCell<Space> = RefCell::default();
}

impl Muon {
    fn is_matrix(&self, weight: &WeightSpec) -> bool {
        // In place: this is asked in every step.
        let mut parts = weight.name.as_bytes().windows("embedding".len());
        let embedding = self.exclude_embeddings && parts.any(|part| part.eq_ignore_ascii_case(b"embedding"));
        let excluded = self.exclude_layers.iter().any(|part| weight.name.contains(part));
        weight.shape.len() == 2 && !embedding && !excluded
    }

    fn adam(&self) -> Adam {
        Adam {
            learning_rate: self.learning_rate,
            beta_1: self.adam_beta_1,
            beta_2: self.adam_beta_2,
            epsilon: self.epsilon,
            amsgrad: false,
        }
    }

    /// Takes `x`, with no more rows than columns, near an orthogonal matrix (Newton and Schulz).
    fn orthogonalise(&self, at: &Moment, space: &mut Space, rows: usize, columns: usize) {
        let Space { x, next, square, fourth } = space;
        let norm = sum_of_squares(x).sqrt() as f32 + 1e-7;
        x.iter_mut().for_each(|x| *x /= norm);
        for _ in 0..self.ns_steps {
            let of_x = Operand::row_major(x, rows, columns);
            product(at.isa, at.threads, of_x, of_x.transposed(), square, false);
            let of_square = Operand::row_major(square, rows, rows);
            product(at.isa, at.threads, of_square, of_square, fourth, false);
            for (fourth, &square) in fourth.iter_mut().zip(&*square) {
                *fourth = self.muon_b * square + self.muon_c * *fourth;
            }
            for (next, &x) in next.iter_mut().zip(&*x) {
                *next = self.muon_a * x;
            }
            product(at.isa, at.threads, Operand::row_major(fourth, rows, rows), of_x, next, true);
            std::mem::swap(x, next);
        }
    }

    fn matrix_step(&self, at: &Moment, of: &Matrices, params: &mut [f32], grads: &[f32], momentum: &[f32]) {
        let (rows, columns) = (of.rows.min(of.columns), of.rows.max(of.columns));
        let wide = of.rows <= of.columns;
        let place = |i: usize, j: usize| if wide { i * columns + j } else { j * columns + i };
        // Taken, not borrowed: see `product`.
        let mut space = SPACE.take();
        space.x.resize(rows * columns, 0.0);
        space.next.resize(rows * columns, 0.0);
        space.square.resize(rows * rows, 0.0);
        space.fourth.resize(rows * rows, 0.0);
        for (i, j) in of.elements() {
            let (from, m) = (of.at(0, i, j), momentum[of.at(0, i, j)]);
            space.x[place(i, j)] =
                if self.nesterov { at.gradient(grads[from]) + self.momentum * m } else { m };
        }
        self.orthogonalise(at, &mut space, rows, columns);
        let size = self.rms_rate.map_or(1.0, |rate| (columns as f32).sqrt() * rate);
        for (i, j) in of.elements() {
            params[of.at(0, i, j)] -= at.learning_rate * space.x[place(i, j)] * size;
        }
        SPACE.set(space);
    }
}

impl Optimizer for Muon {
    fn name(&self) -> &str {
        "muon"
    }

    /// The momentum and Adam's second moment, which a matrix does not use.
    fn state_words(&self) -> usize {
        2
    }

    fn whole_weights(&self) -> bool {
        true
    }

    learning_rate!();

    config! {
        "Muon" adam_beta_1 adam_beta_2 adam_weight_decay epsilon exclude_layers exclude_embeddings muon_a muon_b muon_c
        adam_lr_ratio momentum ns_steps nesterov rms_rate
    }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], _: u64) -> Vec<Variable> {
        let slots = |weight| if self.is_matrix(weight) { 0..1 } else { 0..2 };
        weights.iter().flat_map(|weight| variables::interleaved(&[*weight], slots(weight))).collect()
    }

    fn options(&self) -> Options<'_> {
        Options { decay: self.weight_decay, ..Options::default() }
    }

    fn decay_of(&self, weight: &WeightSpec, decay: f32) -> f32 {
        if self.is_matrix(weight) { decay } else { self.adam_weight_decay }
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        require_share("adam_beta_1", self.adam_beta_1)?;
        require_share("adam_beta_2", self.adam_beta_2)?;
        require_share("momentum", self.momentum)?;
        require_epsilon(self.epsilon)?;
        let finite = |name, value: f32| require(name, value, value.is_finite(), "a finite number");
        finite("muon_a", self.muon_a)?;
        finite("muon_b", self.muon_b)?;
        finite("muon_c", self.muon_c)?;
        let positive = |name, value: f32| {
            require(name, value, value.is_finite() && value >= 0.0, "a finite number of at least 0")
        };
        positive("weight_decay", self.weight_decay)?;
        positive("adam_weight_decay", self.adam_weight_decay)?;
        positive("adam_lr_ratio", self.adam_lr_ratio)?;
        self.rms_rate.map_or(Ok(()), |rate| positive("rms_rate", rate))
    }

    #[cfg(feature = "cuda")]
    fn told(&self, at: &Moment) -> Option<Told> {
        if !self.is_matrix(at.weight?) {
            return Some(Told::Step);
        }
        Some(Told::Orthogonal(Orthogonal {
            momentum: self.momentum,
            nesterov: self.nesterov,
            factors: [self.muon_a, self.muon_b, self.muon_c],
            iterations: self.ns_steps,
            rms_rate: self.rms_rate,
        }))
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let weight = at.weight.expect("whole weights were asked for");
        if !self.is_matrix(weight) {
            let at = Moment { learning_rate: at.learning_rate * self.adam_lr_ratio, ..*at };
            return self.adam().step(&at, params, grads, state);
        }
        each(at, params, grads, state, Momentum(self.momentum));
        self.matrix_step(at, &Matrices::of(weight), params, grads, state[0]);
    }
}
