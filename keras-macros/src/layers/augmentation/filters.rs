//! Images whose pixels are mixed with those around them: sharper, or blurred.

use super::super::images::entry;
use super::super::spatial::DATA_FORMAT;
use super::super::{Entry, Kind, Param, Use, optional, required};
use super::tones::within;
use super::{Bounds, SEED, VALUE_RANGE, bounds, chosen, draw_for_pixels, value_range, while_training};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Shape, Unary, Window};

/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "random_sharpness",
        "RandomSharpness",
        "While training, blurs each image or sharpens it: `smooth + 2 f (image - smooth)`, where `f` is a number of its own.",
        &[
            required(
                "factor",
                Kind::Numbers,
                "The greatest `f`: 0.5 leaves an image as it is, 0 makes it smooth; or its bounds.",
            ),
            VALUE_RANGE,
            DATA_FORMAT,
            SEED,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, range) = (bounds(b, u, "factor", 0.0, 1.0)?, value_range(b, u)?);
            let factor = draw_for_pixels(&mut b.graph, s.x, bounds);
            let y = sharpened(&mut b.graph, s.x, factor, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "random_gaussian_blur",
        "RandomGaussianBlur",
        "While training, blurs some images by a bell-shaped kernel, of one shape for the batch; black lies around them.",
        &[
            optional(
                "factor",
                Kind::Numbers,
                "1.0",
                "The greatest probability of it for an image; or the bounds of it.",
            ),
            KERNEL_SIZE,
            optional(
                "sigma",
                Kind::Numbers,
                "1.0",
                "The greatest deviation of the kernel, along each axis; or the bounds of it.",
            ),
            VALUE_RANGE,
            DATA_FORMAT,
            SEED,
        ],
        random_gaussian_blur,
    ),
];

const KERNEL_SIZE: Param = optional(
    "kernel_size",
    Kind::Integers,
    "3",
    "Columns and rows of the kernel: odd numbers; or one for both.",
);

/// Between `smooth`, at 0, and what is as far from it on the other side of `x`, at 1.
pub fn sharpened(graph: &mut Graph, x: Id, factor: Id, range: Bounds) -> Id {
    // The kernel is 1/13 everywhere but in the middle, where it is 5/13.
    let ones = graph.constant(1.0);
    let ones = graph.broadcast_to(ones, &Shape::fixed([3.into()]));
    let rows = filtered(graph, x, 0, ones);
    let around = filtered(graph, rows, 1, ones);
    let around = graph.times(around, 1.0 / 13.0);
    let middle = graph.times(x, 4.0 / 13.0);
    let smooth = graph.add(around, middle);
    let difference = graph.sub(smooth, x);
    let share = graph.times(factor, -2.0);
    let share = graph.plus(share, 1.0);
    let change = graph.mul(share, difference);
    let y = graph.add(x, change);
    within(graph, y, range)
}

/// Keras draws the deviations once for a batch, and 1e-6 more than its bounds.
const LEAST_SIGMA: f64 = 1e-6;

fn random_gaussian_blur(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (factor, sigma) = (bounds(b, u, "factor", 0.0, 1.0)?, bounds(b, u, "sigma", 0.0, 1.0)?);
    let (sizes, range) = (kernel_size(b, u)?, value_range(b, u)?);
    let sigma = (sigma.0 + LEAST_SIGMA, sigma.1 + LEAST_SIGMA);
    let sigmas = [0, 1].map(|_| b.graph.uniform(Shape::fixed([1.into()]), sigma.0, sigma.1));
    let blurred = blurred(&mut b.graph, s.x, sizes, sigmas);
    let chosen = chosen(&mut b.graph, s.x, factor);
    let y = b.graph.select(chosen, blurred, s.x);
    let y = within(&mut b.graph, y, range);
    Ok(while_training(b, u, &s, y))
}

/// Arguments of `gaussian_blur`.
pub const BLUR: &[Param] = &[
    KERNEL_SIZE,
    optional(
        "sigma",
        Kind::Numbers,
        "1.0",
        "Deviation of the kernel along columns and rows; or one for both.",
    ),
    DATA_FORMAT,
];

/// `keras.ops.image.gaussian_blur`
pub fn gaussian_blur(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (s, sizes) = (u.spatial(b, 2)?, kernel_size(b, u)?);
    let sigmas = match *u.args.numbers("sigma").expect("it has a value") {
        [sigma] if sigma > 0.0 => [sigma, sigma],
        [x, y] if x > 0.0 && y > 0.0 => [x, y],
        ref other => {
            let headline =
                format!("`sigma` of `gaussian_blur` must be one positive number or two, found {other:?}");
            return Err(b.diag.report(Message::new(u.args.place("sigma"), headline)));
        }
    };
    let sigmas = sigmas.map(|sigma| b.graph.constant(sigma as f32));
    let y = blurred(&mut b.graph, s.x, sizes, sigmas);
    Ok(s.finish(&mut b.graph, y))
}

/// Columns and rows of a kernel.
fn kernel_size(b: &Builder, u: &Use) -> Result<[usize; 2], Reported> {
    let sizes = u.per_axis(b, "kernel_size", 2, 1)?;
    if let Some(even) = sizes.iter().find(|size| **size % 2 == 0) {
        let headline = format!("`kernel_size` of `{}` must be odd, found {even}", u.entry.name);
        let message = Message::new(u.args.place("kernel_size"), headline);
        return Err(b.diag.report(message.help(format!("a kernel has a middle: take {}", even + 1))));
    }
    Ok([sizes[0], sizes[1]])
}

/// `x` filtered by bells of these sizes and deviations along its columns and its rows.
fn blurred(graph: &mut Graph, x: Id, sizes: [usize; 2], sigmas: [Id; 2]) -> Id {
    [1, 0].into_iter().zip(sizes).zip(sigmas).fold(x, |x, ((axis, size), sigma)| {
        let kernel = bell(graph, size, sigma, None);
        filtered(graph, x, axis, kernel)
    })
}

/// The density of the normal distribution at `size` places around its middle, of sum 1; none further from it than `reach`.
pub fn bell(graph: &mut Graph, size: usize, sigma: Id, reach: Option<Id>) -> Id {
    let places = graph.iota(Dim::known(size));
    let distance = graph.plus(places, -((size - 1) as f32) / 2.0);
    let deviations = graph.div(distance, sigma);
    let square = graph.unary(Unary::Square, deviations);
    let exponent = graph.times(square, -0.5);
    let mut density = graph.unary(Unary::Exp, exponent);
    if let Some(reach) = reach {
        let distance = graph.unary(Unary::Abs, distance);
        let is_near = graph.binary(Binary::Le, distance, reach);
        density = graph.mul(density, is_near);
    }
    let sum = graph.reduce(ReduceKind::Sum, density, vec![0], true);
    graph.div(density, sum)
}

/// The sum of the places around each place of `axis`, times an odd number of `weights`; zeros lie around all of them.
pub fn filtered(graph: &mut Graph, x: Id, axis: usize, weights: Id) -> Id {
    let shape = graph.shape(x).clone();
    let size = graph.shape(weights).dims[0].as_known().expect("a kernel's size is known");
    let length = shape.dims[axis].add(&Dim::known(size - 1));
    let padded = graph.pad(x, axis, Dim::known(size / 2), length);
    let windows = graph.windows(padded, axis, vec![Window { size, stride: 1, dilation: 1 }]);
    let mut aligned = vec![Dim::known(1); shape.rank() + 1];
    aligned[axis + 1] = Dim::known(size);
    let weights = graph.reshape(weights, aligned);
    let products = graph.mul(windows, weights);
    graph.reduce(ReduceKind::Sum, products, vec![axis + 1], false)
}
