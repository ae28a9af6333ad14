//! Layers that put something around sequences, images and volumes, cut it off, or repeat what is there.

use super::spatial::{DATA_FORMAT, Spatial};
use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, Shape};

const SIZE_1D: Param = optional("size", Kind::Integers, "2", "How often.");
const SIZE: Param = optional("size", Kind::Integers, "2", "How often, for all axes or for each.");

const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    class: &'static str,
    (doc, shapes): (&'static str, &'static str),
    params: &'static [Param],
    apply: fn(&mut Builder, &Use) -> Result<Id, Reported>,
) -> Entry {
    let (family, masks, operands) = (Family::Layer, Masks::Refused, Operands::Exactly(1));
    Entry { name, aliases, class, family, masks, doc, shapes, operands, params, weights: &[], apply }
}

const fn margins(name: &'static str, default: &'static str, doc: &'static str) -> Param {
    optional(name, Kind::Margins, default, doc)
}

const ENDS: &str = "Places at both ends, or `(left, right)`.";
const SIDES: &str = "Places on all sides, `(height, width)`, or `((top, bottom), (left, right))`.";
const FACES: &str = "Places on all sides, a number for each axis, or a pair for each axis.";

/// Keras: Reshaping layers for sequences, images and volumes.
pub const LAYERS: &[Entry] = &[
    entry(
        "zero_padding1d",
        &["zero_padding_1d"],
        "ZeroPadding1D",
        (
            "Puts zeros before and behind a sequence.",
            "[batch, steps, channels] → [batch, left + steps + right, channels]",
        ),
        &[margins("padding", "1", ENDS), DATA_FORMAT],
        |b, u| pad(b, u, 1),
    ),
    entry(
        "zero_padding2d",
        &["zero_padding_2d"],
        "ZeroPadding2D",
        (
            "Puts zeros around an image.",
            "[batch, height, width, channels] → [batch, top + height + bottom, left + width + right, channels]",
        ),
        &[margins("padding", "1", SIDES), DATA_FORMAT],
        |b, u| pad(b, u, 2),
    ),
    entry(
        "zero_padding3d",
        &["zero_padding_3d"],
        "ZeroPadding3D",
        ("Puts zeros around a volume.", "[batch, depth, height, width, channels] → the same, larger"),
        &[margins("padding", "1", FACES), DATA_FORMAT],
        |b, u| pad(b, u, 3),
    ),
    entry(
        "cropping1d",
        &["cropping_1d"],
        "Cropping1D",
        (
            "Cuts steps off the ends of a sequence.",
            "[batch, steps, channels] → [batch, steps - left - right, channels]",
        ),
        &[margins("cropping", "1", ENDS), DATA_FORMAT],
        |b, u| crop(b, u, 1),
    ),
    entry(
        "cropping2d",
        &["cropping_2d"],
        "Cropping2D",
        (
            "Cuts off the sides of an image.",
            "[batch, height, width, channels] → [batch, height - top - bottom, width - left - right, channels]",
        ),
        &[margins("cropping", "0", SIDES), DATA_FORMAT],
        |b, u| crop(b, u, 2),
    ),
    entry(
        "cropping3d",
        &["cropping_3d"],
        "Cropping3D",
        ("Cuts off the sides of a volume.", "[batch, depth, height, width, channels] → the same, smaller"),
        &[margins("cropping", "1", FACES), DATA_FORMAT],
        |b, u| crop(b, u, 3),
    ),
    entry(
        "up_sampling1d",
        &["upsampling1d", "upsampling_1d"],
        "UpSampling1D",
        ("Repeats each step.", "[batch, steps, channels] → [batch, size * steps, channels]"),
        &[SIZE_1D],
        |b, u| up_sample(b, u, 1),
    ),
    entry(
        "up_sampling2d",
        &["upsampling2d", "upsampling_2d"],
        "UpSampling2D",
        (
            "Makes an image larger: repeats its rows and columns, or interpolates between them.",
            "[batch, height, width, channels] → [batch, size * height, size * width, channels]",
        ),
        &[
            SIZE,
            DATA_FORMAT,
            optional(
                "interpolation",
                Kind::Choice(&["nearest", "bilinear"]),
                "nearest",
                "What comes between the places of the input.",
            ),
        ],
        |b, u| up_sample(b, u, 2),
    ),
    entry(
        "up_sampling3d",
        &["upsampling3d", "upsampling_3d"],
        "UpSampling3D",
        (
            "Repeats the planes, rows and columns of a volume.",
            "[batch, depth, height, width, channels] → the same, `size` times as large along each axis",
        ),
        &[SIZE, DATA_FORMAT],
        |b, u| up_sample(b, u, 3),
    ),
];

/// Places before and behind each axis, from argument `name`.
fn around(b: &Builder, u: &Use, name: &'static str, axes: usize) -> Result<Vec<(usize, usize)>, Reported> {
    let given = u.args.margins(name);
    let what = format!("`{name}` of `{}`", u.entry.name);
    let place = u.args.place(name);
    let flat: Option<Vec<i64>> =
        given.iter().map(|part| if let [n] = part[..] { Some(n) } else { None }).collect();
    let pairs: Vec<(i64, i64)> = match (flat.as_deref(), axes) {
        (Some(&[n]), _) => vec![(n, n); axes],
        (Some(&[left, right]), 1) => vec![(left, right)],
        (Some(each), _) if each.len() == axes => each.iter().map(|n| (*n, *n)).collect(),
        (None, _) if given.len() == axes && given.iter().all(|part| part.len() == 2) => {
            given.iter().map(|part| (part[0], part[1])).collect()
        }
        _ => {
            let forms = match axes {
                1 => "one number, or `(left, right)`".to_string(),
                2 => "one number, `(height, width)`, or `((top, bottom), (left, right))`".to_string(),
                _ => "one number, or a number or a pair for each of three axes".to_string(),
            };
            return Err(b.diag.report(Message::new(place, format!("{what} must be {forms}"))));
        }
    };
    if let Some(n) = pairs.iter().flat_map(|(before, behind)| [before, behind]).find(|n| **n < 0) {
        let message = Message::new(place, format!("{what} must not be negative, found {n}"));
        let other = if name == "padding" { "cropping" } else { "zero_padding" };
        let help = format!("the layer for the opposite is `{other}{axes}d`");
        return Err(b.diag.report(message.help(help)));
    }
    Ok(pairs.into_iter().map(|(before, behind)| (before as usize, behind as usize)).collect())
}

fn pad(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let around = around(b, u, "padding", axes)?;
    let s = u.spatial(b, axes)?;
    let y = s.border(&mut b.graph, &around, 0.0);
    Ok(s.finish(&mut b.graph, y))
}

fn crop(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let around = around(b, u, "cropping", axes)?;
    let s = u.spatial(b, axes)?;
    let mut y = s.x;
    for (axis, ((before, behind), extent)) in around.into_iter().zip(&s.extents).enumerate() {
        if before + behind >= *extent {
            let input = &u.inputs[0];
            let headline =
                format!("`{}` cuts {} places off an axis that has {extent}", u.entry.name, before + behind);
            let label = format!("this layer is given {}", b.graph.shape(u.x()));
            let message = u.misfit(input, headline, label);
            let message = message.note(format!("`{}` makes {}", input.text, b.graph.shape(input.id)));
            return Err(b.diag.report(message.help("something must be left: cut less")));
        }
        y = b.graph.slice(y, axis, before.into(), (extent - before - behind).into());
    }
    Ok(s.finish(&mut b.graph, y))
}

fn up_sample(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let sizes = u.per_axis(b, "size", axes, 1)?;
    let s = u.spatial(b, axes)?;
    let interpolate = axes == 2 && u.args.text("interpolation") == Some("bilinear");
    let y = match interpolate {
        true => {
            (0..axes).fold(s.x, |x, axis| interpolated(&mut b.graph, x, axis, s.extents[axis], sizes[axis]))
        }
        false => repeated(&mut b.graph, &s, &sizes),
    };
    Ok(s.finish(&mut b.graph, y))
}

/// Every place `sizes` times along each axis.
fn repeated(graph: &mut Graph, s: &Spatial, sizes: &[usize]) -> Id {
    let of = |place: &dyn Fn(usize, usize) -> Vec<usize>| -> Vec<Dim> {
        let axes = s.extents.iter().zip(sizes).flat_map(|(extent, size)| place(*extent, *size));
        axes.map(Dim::known).chain([s.channels.clone()]).collect()
    };
    let apart = graph.reshape(s.x, of(&|extent, _| vec![extent, 1]));
    let shape = Shape { batched: graph.shape(s.x).batched, dims: of(&|extent, size| vec![extent, size]) };
    let repeated = graph.broadcast_to(apart, &shape);
    graph.reshape(repeated, of(&|extent, size| vec![extent * size]))
}

/// `size` places for each of `extent` along `axis`, between the centres of their neighbours; at the ends the last place
/// goes on (`keras.ops.image.resize`, bilinear, along one axis).
fn interpolated(graph: &mut Graph, x: Id, axis: usize, extent: usize, size: usize) -> Id {
    if size == 1 {
        return x;
    }
    let first = graph.slice(x, axis, 0.into(), 1.into());
    let last = graph.slice(x, axis, (extent - 1).into(), 1.into());
    let wide = graph.concat(vec![first, x, last], axis);
    let mut apart = graph.shape(x).dims.clone();
    apart.insert(axis + 1, Dim::known(1));
    let phases = (0..size).map(|phase| {
        // How far the place is from the centre of the input's: within half a place.
        let offset = (phase as f32 + 0.5) / size as f32 - 0.5;
        let (start, share) = if offset < 0.0 { (0, offset + 1.0) } else { (1, offset) };
        let mut near = |start: usize, share: f32| {
            let part = graph.slice(wide, axis, start.into(), extent.into());
            graph.binary_const(Binary::Mul, part, share)
        };
        let (before, behind) = (near(start, 1.0 - share), near(start + 1, share));
        let sum = graph.binary(Binary::Add, before, behind);
        graph.reshape(sum, apart.clone())
    });
    let phases: Vec<Id> = phases.collect();
    let together = graph.concat(phases, axis + 1);
    let mut dims = graph.shape(x).dims.clone();
    dims[axis] = Dim::known(extent * size);
    graph.reshape(together, dims)
}
