//! Images made brighter and darker: each pixel by itself, and what a whole image says of it.

use super::super::images::entry;
use super::super::spatial::DATA_FORMAT;
use super::super::{Entry, Kind, Param, Use, optional, required};
use super::{
    BYTES, Bounds, SEED, VALUE_RANGE, bounds, chosen, draw_for_pixels, draw_whole, value_range,
    while_training,
};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Graph, Id, ReduceKind, Unary};

/// The bits of a byte.
const BITS: f64 = 8.0;

/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "random_contrast",
        "RandomContrast",
        "While training, multiplies the distance from the mean of each channel by a factor of each image.",
        &[
            required(
                "factor",
                Kind::Numbers,
                "The factor is in `[1 - factor, 1 + factor]`; or lower and upper part of it.",
            ),
            VALUE_RANGE,
            SEED,
            DATA_FORMAT,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, range) = (contrast_bounds(b, u, "factor")?, value_range(b, u)?);
            let factor = draw_for_pixels(&mut b.graph, s.x, bounds);
            let y = contrasted(&mut b.graph, s.x, factor, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "random_brightness",
        "RandomBrightness",
        "While training, adds a number of its own to each image.",
        &[
            required(
                "factor",
                Kind::Numbers,
                "The greatest change, as a share of the range of values; or its bounds.",
            ),
            VALUE_RANGE,
            SEED,
            DATA_FORMAT,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, range) = (bounds(b, u, "factor", -1.0, 1.0)?, value_range(b, u)?);
            let factor = draw_for_pixels(&mut b.graph, s.x, bounds);
            let y = brightened(&mut b.graph, s.x, factor, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "solarization",
        "Solarization",
        "While training, adds a number of its own to each image, and inverts what is then above a threshold of its own.",
        &[
            optional(
                "addition_factor",
                Kind::Numbers,
                "0.0",
                "The greatest number added, as a share of the range of values; or its bounds, as in Keras the lower one in \
                 parts of 255.",
            ),
            optional("threshold_factor", Kind::Numbers, "0.0", "The same of the threshold."),
            VALUE_RANGE,
            SEED,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let added = bounds(b, u, "addition_factor", 0.0, 1.0)?;
            let threshold = bounds(b, u, "threshold_factor", 0.0, 1.0)?;
            let range = value_range(b, u)?;
            let draws = solarization(&mut b.graph, s.x, [added, threshold]);
            let y = solarized(&mut b.graph, s.x, draws, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "auto_contrast",
        "AutoContrast",
        "Each channel of each image stretched to the whole range of values, while training and while inferring.",
        &[VALUE_RANGE],
        |b, u| {
            let (s, range) = (u.spatial(b, 2)?, value_range(b, u)?);
            Ok(stretched(&mut b.graph, s.x, range))
        },
    ),
    entry(
        "random_invert",
        "RandomInvert",
        "While training, takes some images off the greatest value: their negatives.",
        &[
            optional(
                "factor",
                Kind::Numbers,
                "1.0",
                "The greatest probability of it for an image; or the bounds of it.",
            ),
            VALUE_RANGE,
            SEED,
            DATA_FORMAT,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, (_, high)) = (bounds(b, u, "factor", 0.0, 1.0)?, value_range(b, u)?);
            let inverted = b.graph.times(s.x, -1.0);
            let inverted = b.graph.plus(inverted, high as f32);
            let chosen = chosen(&mut b.graph, s.x, bounds);
            let y = b.graph.select(chosen, inverted, s.x);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "random_posterization",
        "RandomPosterization",
        "While training, leaves only the first bits of each value, as a byte of the range of values: a number of bits for \
         each image.",
        &[BITS_KEPT, VALUE_RANGE, DATA_FORMAT, SEED],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let bits = bounds(b, u, "factor", 1.0, BITS)?;
            if bits.0.fract() != 0.0 || bits.1.fract() != 0.0 {
                let headline = "`factor` of `random_posterization` must be a number of bits: whole numbers";
                return Err(b.diag.report(Message::new(u.args.place("factor"), headline)));
            }
            let range = value_range(b, u)?;
            let step = posterization(&mut b.graph, s.x, bits);
            let y = posterized(&mut b.graph, s.x, step, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
];

const BITS_KEPT: Param = required(
    "factor",
    Kind::Numbers,
    "What the number of bits, at least 1, is less than; or its bounds, of which two that are equal are the number.",
);

/// What the distance from the mean is multiplied by, from argument `name`.
pub fn contrast_bounds(b: &Builder, u: &Use, name: &'static str) -> Result<Bounds, Reported> {
    let (low, high) = match u.args.numbers(name) {
        Some(&[lower, upper]) => (lower, upper),
        _ => bounds(b, u, name, -1.0, 1.0).map(|(_, high)| (high, high))?,
    };
    if low < 0.0 || high < 0.0 || low > 1.0 {
        let name = (name, u.entry.name);
        let headline =
            format!("the parts of `{}` of `{}` must be in [0, 1], found [{low}, {high}]", name.0, name.1);
        return Err(b.diag.report(Message::new(u.args.place(name.0), headline)));
    }
    Ok((1.0 - low, 1.0 + high))
}

/// `x`, whose values are in `from`, with values in `to`: Keras's `_transform_value_range`, rounding included.
pub fn rescaled(graph: &mut Graph, x: Id, from: Bounds, to: Bounds) -> Id {
    if from == to {
        return x;
    }
    let x = graph.plus(x, -from.0 as f32);
    let x = graph.binary_const(Binary::Div, x, from.1 as f32 - from.0 as f32);
    let x = graph.times(x, to.1 as f32 - to.0 as f32);
    graph.plus(x, to.0 as f32)
}

/// `x` within `range`.
pub fn within(graph: &mut Graph, x: Id, (least, most): Bounds) -> Id {
    graph.clip(x, least as f32, most as f32)
}

/// Distances from the means of channels, times `factor`.
pub fn contrasted(graph: &mut Graph, x: Id, factor: Id, range: Bounds) -> Id {
    let mean = graph.mean(x, vec![0, 1], true);
    let centred = graph.sub(x, mean);
    let scaled = graph.mul(centred, factor);
    let y = graph.add(scaled, mean);
    within(graph, y, range)
}

/// `x` and a share of the range.
pub fn brightened(graph: &mut Graph, x: Id, factor: Id, range: Bounds) -> Id {
    let delta = graph.times(factor, (range.1 - range.0) as f32);
    let y = graph.add(x, delta);
    within(graph, y, range)
}

/// What is added, and the threshold, in values of bytes. Keras multiplies only the upper bound by 255.
pub fn solarization(graph: &mut Graph, x: Id, bounds: [Bounds; 2]) -> [Id; 2] {
    bounds.map(|(low, high)| draw_for_pixels(graph, x, (low, high * BYTES.1)))
}

/// Inverted from the threshold on, after the addition.
pub fn solarized(graph: &mut Graph, x: Id, [added, threshold]: [Id; 2], range: Bounds) -> Id {
    let x = rescaled(graph, x, range, BYTES);
    let x = graph.add(x, added);
    let x = within(graph, x, BYTES);
    let inverted = graph.times(x, -1.0);
    let inverted = graph.plus(inverted, BYTES.1 as f32);
    let below = graph.binary(Binary::Lt, x, threshold);
    let y = graph.select(below, x, inverted);
    rescaled(graph, y, BYTES, range)
}

/// Each channel stretched to the whole range; one whose pixels are all equal is left alone.
pub fn stretched(graph: &mut Graph, image: Id, range: Bounds) -> Id {
    let x = rescaled(graph, image, range, BYTES);
    let low = graph.reduce(ReduceKind::Min, x, vec![0, 1], true);
    let high = graph.reduce(ReduceKind::Max, x, vec![0, 1], true);
    let flat = graph.binary(Binary::Eq, low, high);
    let span = graph.sub(high, low);
    let one = graph.constant(1.0);
    let span = graph.select(flat, one, span);
    let most = graph.constant(BYTES.1 as f32);
    let scale = graph.div(most, span);
    let offset = graph.mul(low, scale);
    let offset = graph.unary(Unary::Neg, offset);
    let y = graph.mul(x, scale);
    let y = graph.add(y, offset);
    let y = within(graph, y, BYTES);
    let y = rescaled(graph, y, BYTES, range);
    graph.select(flat, image, y)
}

/// What a value's step is if only so many bits are left.
pub fn posterization(graph: &mut Graph, x: Id, (low, high): Bounds) -> Id {
    let step = |bits: f64| (BITS - bits).exp2() as f32;
    if low == high {
        return graph.constant(step(low));
    }
    let bits = draw_whole(graph, x, (low, high));
    let steps = (low as i32..high as i32).map(|n| {
        let these = graph.binary_const(Binary::Eq, bits, n as f32);
        graph.times(these, step(f64::from(n)))
    });
    let steps: Vec<Id> = steps.collect();
    steps.into_iter().reduce(|sum, step| graph.add(sum, step)).expect("there is a number between them")
}

/// Values as bytes, in steps of `step`.
pub fn posterized(graph: &mut Graph, x: Id, step: Id, range: Bounds) -> Id {
    let x = rescaled(graph, x, range, BYTES);
    let x = within(graph, x, BYTES);
    let steps = graph.div(x, step);
    let steps = graph.unary(Unary::Floor, steps);
    let y = graph.mul(steps, step);
    rescaled(graph, y, BYTES, range)
}
