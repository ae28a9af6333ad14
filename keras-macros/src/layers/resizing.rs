//! Images of another size: each axis by a product with a matrix of weights.
//!
//! The weights are operations on the numbers of places, and not numbers themselves, of which large images would have too
//! many for a program's text. They depend on no sample, and are computed once for a pass.

use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Unary};

/// What a place's weight is at a distance from where it is read, by Keras's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    Bilinear,
    /// Keys, 1981, with `a = -0.5`.
    Bicubic,
    Lanczos(u8),
    /// What the new place covers of each.
    Area,
}

impl Kernel {
    /// The kernel of this name; nearest places have none.
    pub fn named(name: &str) -> Option<Kernel> {
        match name {
            "bilinear" => Some(Kernel::Bilinear),
            "bicubic" => Some(Kernel::Bicubic),
            "lanczos3" => Some(Kernel::Lanczos(3)),
            "lanczos5" => Some(Kernel::Lanczos(5)),
            "area" => Some(Kernel::Area),
            _ => None,
        }
    }

    /// Weights at `distance`, element by element, of a new place that is `length` places long.
    fn weights(self, graph: &mut Graph, distance: Id, length: f64) -> Id {
        match self {
            Kernel::Bilinear => {
                let share = graph.times(distance, -1.0);
                let share = graph.plus(share, 1.0);
                graph.unary(Unary::Relu, share)
            }
            Kernel::Bicubic => {
                let near = graph.polynomial(distance, &[1.5, -2.5, 0.0, 1.0]);
                let far = graph.polynomial(distance, &[-0.5, 2.5, -4.0, 2.0]);
                let zero = graph.constant(0.0);
                let is_far = graph.binary_const(Binary::Ge, distance, 1.0);
                let is_beyond = graph.binary_const(Binary::Ge, distance, 2.0);
                let weight = graph.select(is_far, far, near);
                graph.select(is_beyond, zero, weight)
            }
            Kernel::Lanczos(radius) => lanczos(graph, distance, f32::from(radius)),
            Kernel::Area => {
                // Two lengths on one line, of which the shorter one may be within the other.
                let reach = graph.times(distance, -1.0);
                let reach = graph.plus(reach, ((length + 1.0) / 2.0) as f32);
                let reach = graph.unary(Unary::Relu, reach);
                graph.binary_const(Binary::Minimum, reach, length.min(1.0) as f32)
            }
        }
    }
}

/// `radius sin(πx) sin(πx / radius) / (πx)²` up to `radius`.
fn lanczos(graph: &mut Graph, x: Id, radius: f32) -> Id {
    use std::f32::consts::PI;
    let angle = graph.times(x, PI);
    let [wave, slow] = [1.0, radius].map(|period| {
        let angle = graph.binary_const(Binary::Div, angle, period);
        graph.unary(Unary::Sin, angle)
    });
    let waves = graph.mul(wave, slow);
    let waves = graph.times(waves, radius);
    let square = graph.unary(Unary::Square, x);
    let square = graph.times(square, PI * PI);
    let (zero, one) = (graph.constant(0.0), graph.constant(1.0));
    let is_middle = graph.binary_const(Binary::Le, x, 1e-3);
    let safe = graph.select(is_middle, one, square);
    let weight = graph.div(waves, safe);
    let weight = graph.select(is_middle, one, weight);
    let is_beyond = graph.binary_const(Binary::Gt, x, radius);
    graph.select(is_beyond, zero, weight)
}

/// The image `x` of `from` places as one of `to` places. With `antialias` a kernel is wider where the image gets smaller, so
/// that every place has its part in it.
pub fn resized(
    graph: &mut Graph,
    x: Id,
    from: [usize; 2],
    to: [usize; 2],
    kernel: Kernel,
    antialias: bool,
) -> Id {
    (0..2).filter(|axis| from[*axis] != to[*axis]).fold(x, |x, axis| {
        let weights = matrix(graph, from[axis], to[axis], kernel, antialias);
        // The axis goes to the end, and comes back from it.
        let mut order = vec![0, 1, 2];
        order.swap(axis, 2);
        let x = graph.permute(x, order.clone());
        let y = graph.matmul(x, weights, true);
        graph.permute(y, order)
    })
}

/// Below this sum weights are none, as in `jax.image.resize`.
const LEAST_SUM: f32 = 1000.0 * f32::EPSILON;

/// What each of `to` places has of each of `from`: `[to, from]`. The centre of place i is i + 1/2.
fn matrix(graph: &mut Graph, from: usize, to: usize, kernel: Kernel, antialias: bool) -> Id {
    let ratio = from as f64 / to as f64;
    let width = if antialias && kernel != Kernel::Area { ratio.max(1.0) } else { 1.0 };
    let read = graph.iota(Dim::known(to));
    let read = graph.reshape(read, vec![Dim::known(to), 1.into()]);
    let read = graph.plus(read, 0.5);
    let read = graph.times(read, ratio as f32);
    let read = graph.plus(read, -0.5);
    let places = graph.iota(Dim::known(from));
    let distance = graph.sub(read, places);
    let distance = graph.unary(Unary::Abs, distance);
    let distance = graph.binary_const(Binary::Div, distance, width as f32);
    let weights = kernel.weights(graph, distance, ratio);
    let sum = graph.reduce(ReduceKind::Sum, weights, vec![1], true);
    let size = graph.unary(Unary::Abs, sum);
    let is_sum = graph.binary_const(Binary::Gt, size, LEAST_SUM);
    let (zero, one) = (graph.constant(0.0), graph.constant(1.0));
    let safe = graph.select(is_sum, sum, one);
    let shares = graph.div(weights, safe);
    graph.select(is_sum, shares, zero)
}
