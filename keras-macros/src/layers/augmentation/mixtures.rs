//! Transformations that are themselves drawn, from all the others.
//!
//! Which one it is is a number of the batch, as in Keras; a training step computes all of them, and takes one. Of those that
//! move pixels only the transformation is chosen: the image is read once.

use super::super::images::{INTERPOLATION, entry};
use super::super::spatial::{DATA_FORMAT, Spatial};
use super::super::{Entry, Kind, Use, optional};
use super::colours::{degenerated, grey_of_colours};
use super::filters::sharpened;
use super::geometry::{rotation, shear, translation};
use super::histograms::equalized;
use super::tones::{
    brightened, contrasted, posterization, posterized, solarization, solarized, stretched, within,
};
use super::{
    Bounds, SEED, VALUE_RANGE, bounds, draw_for_pixels, value_range, while_training, whole, wrong_channels,
};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Fill, Graph, Id, ReduceKind, Sampling, Shape, Unary};

/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "rand_augment",
        "RandAugment",
        "While training, changes images by `num_ops` of eleven transformations one after another, drawn for the batch (Cubuk \
         et al., 2019).",
        &[
            VALUE_RANGE,
            optional("num_ops", Kind::Integer, "2", "How many are drawn."),
            optional(
                "factor",
                Kind::Numbers,
                "0.5",
                "The greatest strength, in `[0, 1]`: each transformation's own factor; or the bounds of it.",
            ),
            INTERPOLATION,
            SEED,
            DATA_FORMAT,
        ],
        rand_augment,
    ),
    entry(
        "aug_mix",
        "AugMix",
        "While training, mixes images with the ends of `num_chains` chains of transformations, drawn for the batch \
         (Hendrycks et al., 2019).",
        &[
            VALUE_RANGE,
            optional("num_chains", Kind::Integer, "3", "Chains that are mixed."),
            optional(
                "chain_depth",
                Kind::Integer,
                "3",
                "Transformations of a chain; one in so many and one is none.",
            ),
            optional(
                "factor",
                Kind::Numbers,
                "0.3",
                "The greatest strength, in `[0, 1]`: each transformation's own factor; or the bounds of it.",
            ),
            optional(
                "alpha",
                Kind::Number,
                "1.0",
                "How alike the shares of a mixture are: those of chains are of a Dirichlet distribution, that of the image \
                 of a beta distribution.",
            ),
            optional(
                "all_ops",
                Kind::Flag,
                "true",
                "Whether brightness, grey, contrast and sharpness are among the transformations.",
            ),
            INTERPOLATION,
            SEED,
            DATA_FORMAT,
        ],
        aug_mix,
    ),
];

/// The transformations that move pixels, which come first: shear, translation, rotation.
const MOVES: usize = 3;
/// Those that are always there: the moves, posterization, solarization, contrast from end to end, equalization.
const MOST: usize = 7;
/// With brightness, grey, contrast and sharpness.
const ALL: usize = 11;
/// The bits of a byte.
const BITS: f64 = 8.0;
/// The values that Keras tells apart.
const BINS: usize = 256;

/// What transformations are made of, whichever is chosen.
struct Frame {
    s: Spatial,
    factor: Bounds,
    range: Bounds,
    sampling: Sampling,
    /// How many transformations there are.
    count: usize,
}

impl Frame {
    fn of(b: &mut Builder, u: &Use, count: usize) -> Result<Frame, Reported> {
        let s = u.spatial(b, 2)?;
        let (factor, range) = (bounds(b, u, "factor", 0.0, 1.0)?, value_range(b, u)?);
        if count == ALL && !s.channels.is(3) && !s.channels.is(1) {
            return Err(b.diag.report(wrong_channels(b, u, "3 channels, or 1")));
        }
        let nearest = u.args.text("interpolation") == Some("nearest");
        let sampling = Sampling { nearest, fill: Fill::Reflect, value: 0.0 };
        Ok(Frame { s, factor, range, sampling, count })
    }

    /// The numbers of all transformations, for each image.
    fn draw(&self, graph: &mut Graph) -> Drawn {
        let (s, factor) = (&self.s, self.factor);
        let moves =
            [shear(graph, s, [factor; 2]), translation(graph, s, [factor; 2]), rotation(graph, s, factor)];
        let bits = (BITS * factor.1).floor().max(1.0);
        let steps = posterization(graph, s.x, (1.0, bits));
        let sun = solarization(graph, s.x, [factor; 2]);
        let more = (self.count == ALL).then(|| {
            let contrast = (1.0 - factor.0, 1.0 + factor.1);
            [factor, factor, contrast, factor].map(|bounds| draw_for_pixels(graph, s.x, bounds))
        });
        Drawn { moves, steps, sun, more }
    }

    /// `x` changed by the transformation of number `which`, `[1, 1, 1]`; by none if there is none of it.
    fn changed(&self, graph: &mut Graph, x: Id, drawn: &Drawn, which: Id) -> Id {
        let range = self.range;
        let mut y = self.moved(graph, x, drawn, which);
        let mut number = MOVES;
        let mut choose = |graph: &mut Graph, changed: Id| {
            let is_this = graph.binary_const(Binary::Eq, which, number as f32);
            y = graph.select(is_this, changed, y);
            number += 1;
        };
        let changed = posterized(graph, x, drawn.steps, range);
        choose(graph, changed);
        let changed = solarized(graph, x, drawn.sun, range);
        choose(graph, changed);
        let changed = stretched(graph, x, range);
        choose(graph, changed);
        let changed = equalized(graph, x, BINS, range);
        choose(graph, changed);
        if let Some([brightness, greyness, contrast, sharpness]) = drawn.more {
            let changed = brightened(graph, x, brightness, range);
            choose(graph, changed);
            let grey = if self.s.channels.is(3) { grey_of_colours(graph, x) } else { x };
            let changed = degenerated(graph, x, grey, greyness, range);
            choose(graph, changed);
            let changed = contrasted(graph, x, contrast, range);
            choose(graph, changed);
            let changed = sharpened(graph, x, sharpness, range);
            choose(graph, changed);
        }
        y
    }

    fn moved(&self, graph: &mut Graph, x: Id, drawn: &Drawn, which: Id) -> Id {
        let number = graph.reshape(which, vec![1.into()]);
        let [shear, translation, rotation] = drawn.moves;
        let (first, second) =
            (graph.binary_const(Binary::Eq, number, 0.0), graph.binary_const(Binary::Eq, number, 1.0));
        let at = graph.select(second, translation, rotation);
        let at = graph.select(first, shear, at);
        let moved = graph.sample(x, at, [self.s.extents[0], self.s.extents[1]], self.sampling);
        let is_move = graph.binary_const(Binary::Lt, which, MOVES as f32);
        graph.select(is_move, moved, x)
    }
}

/// The numbers of each transformation.
struct Drawn {
    moves: [Id; MOVES],
    steps: Id,
    sun: [Id; 2],
    /// Brightness, grey, contrast, sharpness.
    more: Option<[Id; 4]>,
}

/// A whole number below `count` for the batch: `[1, 1, 1]`.
fn one_of(graph: &mut Graph, count: usize) -> Id {
    let drawn = graph.uniform(Shape::fixed([1.into(), 1.into(), 1.into()]), 0.0, count as f64);
    whole(graph, drawn, count as f64)
}

/// A number of things, at least one.
fn number(b: &Builder, u: &Use, name: &'static str) -> Result<usize, Reported> {
    let number = u.args.integer(name);
    usize::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| {
        let headline = format!("`{name}` of `{}` must be at least 1, found {number}", u.entry.name);
        b.diag.report(Message::new(u.args.place(name), headline))
    })
}

fn rand_augment(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (frame, times) = (Frame::of(b, u, ALL)?, number(b, u, "num_ops")?);
    let drawn = frame.draw(&mut b.graph);
    let y = (0..times).fold(frame.s.x, |x, _| {
        let which = one_of(&mut b.graph, ALL);
        frame.changed(&mut b.graph, x, &drawn, which)
    });
    Ok(while_training(b, u, &frame.s, y))
}

fn aug_mix(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let frame = Frame::of(b, u, if u.args.flag("all_ops") { ALL } else { MOST })?;
    let (chains, depth) = (number(b, u, "num_chains")?, number(b, u, "chain_depth")?);
    let alpha = u.args.number("alpha");
    if alpha <= 0.0 {
        let headline = format!("`alpha` of `aug_mix` must be more than 0, found {alpha}");
        return Err(b.diag.report(Message::new(u.args.place("alpha"), headline)));
    }
    let (graph, x) = (&mut b.graph, frame.s.x);
    let ends = (0..chains).map(|_| {
        (0..depth).fold(x, |x, _| {
            let drawn = frame.draw(graph);
            let which = one_of(graph, frame.count + 1);
            frame.changed(graph, x, &drawn, which)
        })
    });
    let ends: Vec<Id> = ends.collect();
    let shares = shares(graph, chains, alpha);
    let parts = ends.into_iter().zip(shares).map(|(end, share)| graph.mul(end, share));
    let parts: Vec<Id> = parts.collect();
    let mixed = parts.into_iter().reduce(|sum, part| graph.add(sum, part)).expect("there is a chain");
    let [own, other] = self::shares(graph, 2, alpha)[..] else { unreachable!("there are two") };
    let (own, other) = (graph.mul(x, own), graph.mul(mixed, other));
    let y = graph.add(own, other);
    let y = within(graph, y, frame.range);
    Ok(while_training(b, u, &frame.s, y))
}

/// Shares of a whole, of the Dirichlet distribution of `alpha`; two of them are of the beta distribution.
fn shares(graph: &mut Graph, count: usize, alpha: f64) -> Vec<Id> {
    let numbers = gamma(graph, count, alpha);
    let sum = graph.reduce(ReduceKind::Sum, numbers, vec![0], true);
    // Where alpha is small, all of them may be too small for a number.
    let sum = graph.binary_const(Binary::Maximum, sum, f32::MIN_POSITIVE);
    let shares = graph.div(numbers, sum);
    let one = |i: usize| {
        let share = graph.slice(shares, 0, i.into(), 1.into());
        graph.reshape(share, vec![Dim::known(1); 3])
    };
    (0..count).map(one).collect()
}

/// How often a number is tried: each time one in twenty fails at most.
const ATTEMPTS: usize = 8;

/// `count` numbers of the gamma distribution of `alpha`, for the batch (Marsaglia and Tsang, 2000).
fn gamma(graph: &mut Graph, count: usize, alpha: f64) -> Id {
    let shape = Shape::fixed([count.into()]);
    // A power of a uniform number makes those of alpha + 1 be of alpha.
    let (alpha, power) = if alpha < 1.0 { (alpha + 1.0, Some(1.0 / alpha)) } else { (alpha, None) };
    let d = alpha - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let mut found = graph.constant(d as f32);
    found = graph.broadcast_to(found, &shape);
    for _ in 0..ATTEMPTS {
        let normal = graph.normal(shape.clone());
        let root = graph.times(normal, c as f32);
        let root = graph.plus(root, 1.0);
        let is_positive = graph.binary_const(Binary::Gt, root, 0.0);
        let one = graph.constant(1.0);
        let root = graph.select(is_positive, root, one);
        let square = graph.unary(Unary::Square, root);
        let cube = graph.mul(square, root);
        let uniform = graph.random(shape.clone());
        let drawn = graph.unary(Unary::Log, uniform);
        let bound = density(graph, normal, cube, d);
        let is_below = graph.binary(Binary::Lt, drawn, bound);
        let is_good = graph.mul(is_below, is_positive);
        let scaled = graph.times(cube, d as f32);
        found = graph.select(is_good, scaled, found);
    }
    match power {
        None => found,
        Some(power) => {
            let uniform = graph.random(shape);
            let factor = graph.binary_const(Binary::Pow, uniform, power as f32);
            graph.mul(found, factor)
        }
    }
}

/// `x² / 2 + d - d v + d log v`
fn density(graph: &mut Graph, x: Id, v: Id, d: f64) -> Id {
    let square = graph.unary(Unary::Square, x);
    let half = graph.times(square, 0.5);
    let log = graph.unary(Unary::Log, v);
    let slope = graph.sub(log, v);
    let slope = graph.plus(slope, 1.0);
    let slope = graph.times(slope, d as f32);
    graph.add(half, slope)
}
