//! Images made larger, smaller, cut, read between their places.

use super::augmentation::warps::{Point, perspective};
use super::resizing::{Kernel, resized};
use super::spatial::{DATA_FORMAT, Spatial};
use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Fill, Graph, Id, Op, Sampling};

const SHAPES: &str = "[batch, height, width, channels] → [batch, height, width, channels]";
pub(super) const HEIGHT: Param = required("height", Kind::Size, "Rows of the result.");
pub(super) const WIDTH: Param = required("width", Kind::Size, "Columns of the result.");
pub(super) const INTERPOLATION: Param = optional(
    "interpolation",
    Kind::Choice(&["bilinear", "nearest"]),
    "bilinear",
    "What comes between the places of the image.",
);
pub(super) const FILL_VALUE: Param =
    optional("fill_value", Kind::Number, "0.0", "The number beyond the border, with `fill_mode = constant`.");

pub(super) const fn entry(
    name: &'static str,
    class: &'static str,
    doc: &'static str,
    params: &'static [Param],
    apply: fn(&mut Builder, &Use) -> Result<Id, Reported>,
) -> Entry {
    Entry {
        name,
        aliases: &[],
        class,
        family: Family::Layer,
        masks: Masks::Refused,
        doc,
        shapes: SHAPES,
        operands: Operands::Exactly(1),
        params,
        weights: &[],
        apply,
    }
}

/// Keras: Preprocessing layers, images.
pub const LAYERS: &[Entry] = &[
    entry(
        "resizing",
        "Resizing",
        "The image with so many rows and columns.",
        &[
            HEIGHT,
            WIDTH,
            optional(
                "interpolation",
                Kind::Choice(&["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area"]),
                "bilinear",
                "What comes between the places of the image.",
            ),
            optional(
                "crop_to_aspect_ratio",
                Kind::Flag,
                "false",
                "Whether to cut what would change the shape.",
            ),
            optional(
                "pad_to_aspect_ratio",
                Kind::Flag,
                "false",
                "Whether to put borders where the shape would change.",
            ),
            optional(
                "fill_mode",
                Kind::Choice(&["constant"]),
                "constant",
                "How borders are filled: Keras has no other way.",
            ),
            optional("fill_value", Kind::Number, "0.0", "What the borders are made of."),
            optional(
                "antialias",
                Kind::Flag,
                "false",
                "Whether every place has its part in a smaller image, rather than those next to where it is read; nearest \
                 places stay so, and `area` gives all of them one anyway.",
            ),
            DATA_FORMAT,
        ],
        resizing,
    ),
    entry(
        "center_crop",
        "CenterCrop",
        "The middle of the image. Of an image that is smaller, the largest part of this shape, made larger.",
        &[HEIGHT, WIDTH, DATA_FORMAT],
        |b, u| {
            let (s, size) = (u.spatial(b, 2)?, size(b, u)?);
            let y = match (0..2).all(|axis| s.extents[axis] >= size[axis]) {
                true => middle(&mut b.graph, &s, size),
                false => crop_and_resize(&mut b.graph, &s, size),
            };
            Ok(s.finish(&mut b.graph, y))
        },
    ),
];

/// Arguments of `affine_transform`.
pub const TRANSFORM: &[Param] = &[
    INTERPOLATION,
    optional(
        "fill_mode",
        Kind::Choice(&["constant", "nearest", "wrap", "mirror", "reflect"]),
        "constant",
        "What lies beyond the border.",
    ),
    FILL_VALUE,
];

/// `keras.ops.image.affine_transform`, without its last two coefficients.
pub fn affine_transform(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (at, shape) = (u.inputs[1].id, b.shape(u.inputs[1].id));
    if shape.rank() != 1 || !shape.dims[0].is(8) {
        let headline =
            format!("`affine_transform` takes [batch, 8] for its transformation, but gets {shape}");
        let message = u.misfit(&u.inputs[1], headline, format!("this is {shape}"));
        return Err(b.diag.report(message.help("`[a, b, c, d, e, f, 0, 0]` for each sample")));
    }
    refuse_training(b, u, &u.inputs[1], "its transformation")?;
    Ok(b.graph.sample(s.x, at, [s.extents[0], s.extents[1]], sampling(u)))
}

/// An error if a trained weight is part of `input`, where an image is read.
fn refuse_training(b: &Builder, u: &Use, input: &Tensor, what: &str) -> Result<(), Reported> {
    let nodes = b.graph.ancestors([input.id]);
    let trained = b.graph.nodes.iter().zip(nodes).find_map(|(node, needed)| match node.op {
        Op::Weight(i) if needed && b.graph.weights[i].trainable => Some(b.graph.weights[i].name.clone()),
        _ => None,
    });
    let Some(weight) = trained else { return Ok(()) };
    let name = u.entry.name;
    let headline = format!("`{name}` has no gradient for {what}, which `{weight}` is part of");
    let message = u.misfit(input, headline, "this depends on a trained weight".to_string());
    Err(b.diag.report(message.help("set `trainable = false` on the layer of that weight")))
}

/// Arguments of `perspective_transform`.
pub const PERSPECTIVE: &[Param] = &[INTERPOLATION, FILL_VALUE, DATA_FORMAT];

/// `keras.ops.image.perspective_transform`
pub fn perspective_transform(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let [start, end] = [1, 2].map(|i| points(b, u, &u.inputs[i]));
    let at = perspective(&mut b.graph, &s, start?, end?);
    let y = b.graph.sample(s.x, at, [s.extents[0], s.extents[1]], sampling(u));
    Ok(s.finish(&mut b.graph, y))
}

/// Four points, columns before rows.
fn points(b: &mut Builder, u: &Use, input: &Tensor) -> Result<[Point; 4], Reported> {
    let shape = b.shape(input.id);
    if shape.rank() != 2 || !shape.dims[0].is(4) || !shape.dims[1].is(2) {
        let headline =
            format!("`perspective_transform` takes [batch, 4, 2] for its points, but gets {shape}");
        let message = u.misfit(input, headline, format!("this is {shape}"));
        return Err(b.diag.report(
            message.help("column and row of four corners: left and right above, left and right below"),
        ));
    }
    refuse_training(b, u, input, "its points")?;
    let one = |b: &mut Builder, i: usize, k: usize| {
        let row = b.graph.slice(input.id, 0, i.into(), 1.into());
        let number = b.graph.slice(row, 1, k.into(), 1.into());
        b.graph.reshape(number, vec![1.into(); 3])
    };
    Ok([0, 1, 2, 3].map(|i| [0, 1].map(|k| one(b, i, k))))
}

/// Arguments `height` and `width`.
pub(super) fn size(b: &Builder, u: &Use) -> Result<[usize; 2], Reported> {
    let mut size = [0; 2];
    for (size, name) in size.iter_mut().zip(["height", "width"]) {
        *size = u.args.size(name).as_known().ok_or_else(|| {
            let headline = format!("`{name}` of `{}` must be known to the macro", u.entry.name);
            let message = Message::new(u.args.place(name), headline);
            b.diag.report(
                message
                    .help("write the number, or declare `const NAME: usize = ..;` inside of the macro call"),
            )
        })?;
    }
    Ok(size)
}

/// How argument names `interpolation`, `fill_mode` and `fill_value` have images read.
pub(super) fn sampling(u: &Use) -> Sampling {
    let has_mode = u.entry.params.iter().any(|param| param.name == "fill_mode");
    let mode = if has_mode { u.args.text("fill_mode") } else { Some("constant") };
    let fill = match mode {
        Some("reflect") => Fill::Reflect,
        Some("mirror") => Fill::Mirror,
        Some("wrap") => Fill::Wrap,
        Some("constant") => Fill::Constant,
        _ => Fill::Nearest,
    };
    let value = u.args.number("fill_value") as f32;
    Sampling { nearest: u.args.text("interpolation") == Some("nearest"), fill, value }
}

/// The middle of an image that is large enough.
fn middle(graph: &mut Graph, s: &Spatial, size: [usize; 2]) -> Id {
    (0..2).fold(s.x, |x, axis| {
        let start = (s.extents[axis] - size[axis]) / 2;
        graph.slice(x, axis, start.into(), size[axis].into())
    })
}

/// The image `x` of `from` places as one of `to` places.
fn resize(graph: &mut Graph, x: Id, from: [usize; 2], to: [usize; 2], nearest: bool) -> Id {
    if from == to {
        return x;
    }
    // The centre of place i is i + 1/2. The nearest one is then exactly between two where sizes divide each other: a
    // hair more leads to the second whatever the rounding, as in Keras.
    let along = |axis: usize| {
        let ratio = from[axis] as f64 / to[axis] as f64;
        let hair = if nearest { 0.125 / to[axis] as f64 } else { 0.0 };
        (ratio as f32, (0.5 * ratio - 0.5 + hair) as f32)
    };
    let ((sy, oy), (sx, ox)) = (along(0), along(1));
    let at = graph.numbers(vec![sx, 0.0, ox, 0.0, sy, oy]);
    graph.sample(x, at, to, Sampling { nearest, fill: Fill::Nearest, value: 0.0 })
}

/// Height and width of the largest part of an image of `from` places that has the shape of `to` (`smart_resize`).
fn largest_part(from: [usize; 2], to: [usize; 2]) -> [usize; 2] {
    let part = |own: usize, other: usize, to_own: usize, to_other: usize| {
        ((other as f64 * to_own as f64 / to_other as f64) as usize).min(own).max(1)
    };
    [part(from[0], from[1], to[0], to[1]), part(from[1], from[0], to[1], to[0])]
}

/// The largest part in the middle that has the shape of `size`, resized.
pub(super) fn crop_and_resize(graph: &mut Graph, s: &Spatial, size: [usize; 2]) -> Id {
    let part = largest_part([s.extents[0], s.extents[1]], size);
    let x = middle(graph, s, part);
    resize(graph, x, part, size, false)
}

fn resizing(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (s, size) = (u.spatial(b, 2)?, size(b, u)?);
    let interpolation = u.args.text("interpolation").expect("it has a value");
    let antialias = u.args.flag("antialias");
    let (crop, pad) = (u.args.flag("crop_to_aspect_ratio"), u.args.flag("pad_to_aspect_ratio"));
    if crop && pad {
        let headline = "`resizing` cannot both cut and pad to keep the shape";
        let message = Message::new(u.args.place("pad_to_aspect_ratio"), headline);
        return Err(b.diag.report(message.help("leave one of the two out")));
    }
    let mut from = [s.extents[0], s.extents[1]];
    let mut x = s.x;
    if crop {
        from = largest_part(from, size);
        x = middle(&mut b.graph, &s, from);
    } else if pad {
        let needed = |other: usize, own: usize, to: [usize; 2]| {
            ((other as f64 * to[0] as f64 / to[1] as f64) as usize).max(own)
        };
        let [height, width] = from;
        let around = [
            (needed(width, height, size) - height) / 2,
            (needed(height, width, [size[1], size[0]]) - width) / 2,
        ];
        x = s.border(&mut b.graph, &around.map(|n| (n, n)), u.args.number("fill_value") as f32);
        from = [height + 2 * around[0], width + 2 * around[1]];
    }
    let y = match Kernel::named(interpolation) {
        // Four places each, read where they are, are less work than a product.
        Some(Kernel::Bilinear) if !antialias => resize(&mut b.graph, x, from, size, false),
        Some(kernel) => resized(&mut b.graph, x, from, size, kernel, antialias),
        None => resize(&mut b.graph, x, from, size, true),
    };
    Ok(s.finish(&mut b.graph, y))
}
