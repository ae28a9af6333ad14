//! Layers that act while training.

use super::spatial::DATA_FORMAT;
use super::{Entry, Family, Kind, Masks, Operands, Param, SEED, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Penalty, Shape};

const NOISE_SHAPE: Param = optional(
    "noise_shape",
    Kind::Integers,
    "None",
    "Shape of what is drawn, with the batch as `-1`: sizes of 1 drop all along their axis alike.",
);

/// A dropout of whole feature maps of an input with so many axes before its channels.
macro_rules! spatial_dropout {
    ($name:literal, $class:literal, $shapes:literal, $axes:literal, [$($format:expr)?]) => {
        Entry {
            name: $name,
            aliases: &[],
            class: $class,
            family: Family::Layer,
            masks: Masks::Through,
            doc: "While training, zeroes whole channels with probability `rate` and divides the others by `1 - rate`.",
            shapes: $shapes,
            operands: Operands::Exactly(1),
            params: &[
                required("rate", Kind::Rate, "The fraction of the channels to drop."),
                $($format,)?
                SEED,
            ],
            weights: &[],
            apply: |b, u| spatial_dropout(b, u, $axes),
        }
    };
}

/// Keras: Regularization layers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "dropout",
        aliases: &[],
        class: "Dropout",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "While training, zeroes each element with probability `rate` and divides the others by `1 - rate`.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[required("rate", Kind::Rate, "The fraction of the elements to drop."), NOISE_SHAPE, SEED],
        weights: &[],
        apply: dropout,
    },
    spatial_dropout!("spatial_dropout1d", "SpatialDropout1D", "[batch, steps, channels], unchanged", 1, []),
    spatial_dropout!(
        "spatial_dropout2d",
        "SpatialDropout2D",
        "[batch, height, width, channels], unchanged",
        2,
        [DATA_FORMAT]
    ),
    spatial_dropout!(
        "spatial_dropout3d",
        "SpatialDropout3D",
        "[batch, depth, height, width, channels], unchanged",
        3,
        [DATA_FORMAT]
    ),
    Entry {
        name: "alpha_dropout",
        aliases: &[],
        class: "AlphaDropout",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "While training, gives elements with probability `rate` the least value of `selu`, and keeps mean and variance \
              (Klambauer et al., 2017).",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[required("rate", Kind::Rate, "The fraction of the elements to drop."), NOISE_SHAPE, SEED],
        weights: &[],
        apply: alpha_dropout,
    },
    Entry {
        name: "gaussian_noise",
        aliases: &[],
        class: "GaussianNoise",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "While training, adds normal random numbers of mean 0.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[required("stddev", Kind::Number, "Their standard deviation."), SEED],
        weights: &[],
        apply: |b, u| {
            let stddev = u.args.number("stddev");
            if stddev < 0.0 {
                let headline = format!("`stddev` of `gaussian_noise` must not be negative, found {stddev}");
                return Err(b.diag.report(Message::new(u.args.place("stddev"), headline)));
            }
            let noise = noise(b, u, stddev);
            let y = b.graph.binary(Binary::Add, u.x(), noise);
            Ok(b.graph.phase(y, u.x()))
        },
    },
    Entry {
        name: "gaussian_dropout",
        aliases: &[],
        class: "GaussianDropout",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "While training, multiplies by normal random numbers of mean 1 and deviation `sqrt(rate / (1 - rate))`, as much \
              as `dropout` would disturb.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[required("rate", Kind::Rate, "The rate of the dropout."), SEED],
        weights: &[],
        apply: |b, u| {
            let rate = u.args.number("rate");
            let noise = noise(b, u, (rate / (1.0 - rate)).sqrt());
            let factor = b.graph.binary_const(Binary::Add, noise, 1.0);
            let y = b.graph.binary(Binary::Mul, u.x(), factor);
            Ok(b.graph.phase(y, u.x()))
        },
    },
    Entry {
        name: "activity_regularization",
        aliases: &[],
        class: "ActivityRegularization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Adds `l1 * sum(abs(x)) + l2 * sum(square(x))` of each sample to its loss, and passes `x` on.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("l1", Kind::Number, "0.0", "Factor of the magnitudes."),
            optional("l2", Kind::Number, "0.0", "Factor of the squares."),
        ],
        weights: &[],
        apply: |b, u| {
            let [l1, l2] = ["l1", "l2"].map(|name| u.args.number(name) as f32);
            b.penalise(u.x(), Penalty { l1, l2 });
            Ok(u.x())
        },
    },
];

/// Normal random numbers of this deviation, in the shape of the input.
fn noise(b: &mut Builder, u: &Use, stddev: f64) -> Id {
    let shape = b.shape(u.x());
    let unit = b.graph.normal(shape);
    b.graph.binary_const(Binary::Mul, unit, stddev as f32)
}

fn dropout(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let rate = u.args.number("rate") as f32;
    Ok(match noise_dims(b, u)? {
        None if rate == 0.0 => u.x(),
        None => b.graph.dropout(u.x(), rate),
        Some(dims) => dropped(b, u.x(), dims, rate),
    })
}

/// The shape that `noise_shape` says, if it says one.
fn noise_dims(b: &Builder, u: &Use) -> Result<Option<Vec<Dim>>, Reported> {
    let Some(noise) = u.args.integers("noise_shape") else { return Ok(None) };
    let shape = b.shape(u.x());
    let fits = |(own, noise): (&Dim, &i64)| *noise == 1 || own.as_known() == usize::try_from(*noise).ok();
    if noise.len() != shape.rank() + 1 || noise[0] != -1 || !shape.dims.iter().zip(&noise[1..]).all(fits) {
        let dims: Vec<String> = shape.dims.iter().map(|_| "1".to_string()).collect();
        let headline = format!("`noise_shape` of `{}` does not fit {shape}: found {noise:?}", u.entry.name);
        let message = Message::new(u.args.place("noise_shape"), headline)
            .note("it starts with -1 for the batch; every other size is 1 or that of the input")
            .help(format!("for example `noise_shape = [-1, {}]`", dims.join(", ")));
        return Err(b.diag.report(message));
    }
    let dims = shape
        .dims
        .iter()
        .zip(&noise[1..])
        .map(|(own, noise)| if *noise == 1 { 1.into() } else { own.clone() });
    Ok(Some(dims.collect()))
}

/// `x` with what is drawn for a shape of `dims` dropped.
fn dropped(b: &mut Builder, x: Id, dims: Vec<Dim>, rate: f32) -> Id {
    if rate == 0.0 {
        return x;
    }
    let factor = drawn(b, dims, rate);
    b.graph.binary(Binary::Mul, x, factor)
}

/// While training 0 or `1 / (1 - rate)`, else 1.
fn drawn(b: &mut Builder, dims: Vec<Dim>, rate: f32) -> Id {
    let one = b.graph.constant(1.0);
    let ones = b.graph.broadcast_to(one, &Shape::batched(dims));
    b.graph.dropout(ones, rate)
}

fn spatial_dropout(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    if shape.rank() != axes + 1 {
        let name = u.entry.name;
        let headline = format!(
            "`{name}` takes {}, but its input is {shape}",
            u.entry.shapes.trim_end_matches(", unchanged")
        );
        let message = u.misfit(&u.inputs[0], headline, format!("this layer is given {shape}"));
        let message = message.note(format!("`{}` makes {shape}", u.inputs[0].text));
        return Err(b
            .diag
            .report(message.help("for other shapes there is `dropout(rate, noise_shape = [-1, ..])`")));
    }
    let first = axes > 1 && u.args.text("data_format") == Some("channels_first");
    let mut dims = vec![Dim::known(1); axes + 1];
    let channels = if first { 0 } else { axes };
    dims[channels] = shape.dims[channels].clone();
    Ok(dropped(b, u.x(), dims, u.args.number("rate") as f32))
}

/// `a * x + b` with the constants of `keras.layers.AlphaDropout`.
fn alpha_dropout(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (rate, dims) = (u.args.number("rate"), noise_dims(b, u)?);
    if rate == 0.0 {
        return Ok(u.x());
    }
    let shape = b.shape(u.x());
    let least = -1.673_263_242_354_377_2 * 1.050_700_987_355_480_5;
    let factor = ((1.0 - rate) * (1.0 + rate * least * least)).powf(-0.5);
    let kept = drawn(b, dims.unwrap_or_else(|| shape.dims.clone()), rate as f32);
    let kept = b.graph.broadcast_to(kept, &shape);
    let floor = b.graph.constant(least as f32);
    let y = b.graph.select(kept, u.x(), floor);
    let y = b.graph.binary_const(Binary::Mul, y, factor as f32);
    let y = b.graph.binary_const(Binary::Add, y, (-factor * least * rate) as f32);
    Ok(b.graph.phase(y, u.x()))
}
