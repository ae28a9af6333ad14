//! Images that are cut, turned and shifted within their frame: one affine transformation for each.

use super::super::images::{
    FILL_VALUE, HEIGHT, INTERPOLATION, WIDTH, crop_and_resize, entry, sampling, size,
};
use super::super::spatial::{DATA_FORMAT, Spatial};
use super::super::{Entry, Kind, Param, SEED, Use, optional, required};
use super::{Bounds, bounds, draw, sign, while_training};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Fill, Graph, Id, Sampling, Unary};

const FILL_MODE: Param = optional(
    "fill_mode",
    Kind::Choice(&["reflect", "wrap", "constant", "nearest"]),
    "reflect",
    "What lies beyond the border.",
);
/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "random_crop",
        "RandomCrop",
        "While training, a part of the image at a place of its own for each sample. While inferring, and of an image that \
         is smaller, the largest part of this shape, resized.",
        &[HEIGHT, WIDTH, SEED, DATA_FORMAT],
        random_crop,
    ),
    entry(
        "random_flip",
        "RandomFlip",
        "While training, every other image in a mirror.",
        &[
            optional(
                "mode",
                Kind::Choice(&["horizontal", "vertical", "horizontal_and_vertical"]),
                "horizontal_and_vertical",
                "Which axes are reversed; both of an image, or none.",
            ),
            SEED,
            DATA_FORMAT,
        ],
        random_flip,
    ),
    entry(
        "random_rotation",
        "RandomRotation",
        "While training, turns each image by an angle of its own.",
        &[
            required(
                "factor",
                Kind::Numbers,
                "The greatest turn, as a share of a full one in either direction; or the bounds of it.",
            ),
            FILL_MODE,
            INTERPOLATION,
            SEED,
            FILL_VALUE,
            DATA_FORMAT,
        ],
        random_rotation,
    ),
    entry(
        "random_zoom",
        "RandomZoom",
        "While training, makes each image smaller (positive factors) or larger (negative ones) within its frame.",
        &[
            required(
                "height_factor",
                Kind::Numbers,
                "The greatest share of change in either direction; or its bounds.",
            ),
            optional(
                "width_factor",
                Kind::Numbers,
                "None",
                "The same of the width; without it the shape is kept.",
            ),
            FILL_MODE,
            INTERPOLATION,
            SEED,
            FILL_VALUE,
            DATA_FORMAT,
        ],
        random_zoom,
    ),
    entry(
        "random_translation",
        "RandomTranslation",
        "While training, shifts each image within its frame.",
        &[
            required(
                "height_factor",
                Kind::Numbers,
                "The greatest shift down or up, as a share of the height; or its bounds.",
            ),
            required(
                "width_factor",
                Kind::Numbers,
                "The greatest shift right or left, as a share of the width; or its bounds.",
            ),
            FILL_MODE,
            INTERPOLATION,
            SEED,
            FILL_VALUE,
            DATA_FORMAT,
        ],
        random_translation,
    ),
    entry(
        "random_shear",
        "RandomShear",
        "While training, moves each image's rows along each other, and its columns.",
        &[
            optional(
                "x_factor",
                Kind::Numbers,
                "0.0",
                "The greatest move of a row, as a share of its distance from the first; or the bounds of it.",
            ),
            optional("y_factor", Kind::Numbers, "0.0", "The same of columns."),
            INTERPOLATION,
            FILL_MODE,
            FILL_VALUE,
            DATA_FORMAT,
            SEED,
        ],
        random_shear,
    ),
];

/// The transformation `start + Σ number * part`, with one number for each sample.
fn affine(graph: &mut Graph, start: [f32; 6], terms: &[(Id, [f32; 6])]) -> Id {
    let start = graph.numbers(start.to_vec());
    terms.iter().fold(start, |sum, (number, part)| {
        let part = graph.numbers(part.to_vec());
        let term = graph.binary(Binary::Mul, part, *number);
        graph.binary(Binary::Add, term, sum)
    })
}

fn random_crop(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (s, size) = (u.spatial(b, 2)?, size(b, u)?);
    let infer = crop_and_resize(&mut b.graph, &s, size);
    let infer = s.finish(&mut b.graph, infer);
    if (0..2).any(|axis| s.extents[axis] < size[axis]) {
        return Ok(infer);
    }
    let [y, x] = [0, 1].map(|axis| {
        let places = (s.extents[axis] - size[axis] + 1) as f64;
        let place = draw(&mut b.graph, s.x, (0.0, places));
        b.graph.unary(Unary::Floor, place)
    });
    let terms = [(x, [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), (y, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0])];
    let at = affine(&mut b.graph, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &terms);
    let sampling = Sampling { nearest: true, fill: Fill::Nearest, value: 0.0 };
    let train = b.graph.sample(s.x, at, size, sampling);
    let train = s.finish(&mut b.graph, train);
    Ok(b.graph.phase(train, infer))
}

fn random_flip(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let mode = u.args.text("mode").expect("it has a value");
    let mut flipped = s.x;
    for (axis, word) in ["vertical", "horizontal"].into_iter().enumerate() {
        if mode.split("_and_").any(|part| part == word) {
            flipped = b.graph.flip(flipped, axis);
        }
    }
    let drawn = draw(&mut b.graph, s.x, (0.0, 1.0));
    let flips = b.graph.binary_const(Binary::Le, drawn, 0.5);
    let flips = b.graph.reshape(flips, vec![Dim::known(1); 3]);
    let y = b.graph.select(flips, flipped, s.x);
    Ok(while_training(b, u, &s, y))
}

/// The middle of an image: column, row.
fn centre(s: &Spatial) -> [f32; 2] {
    [1, 0].map(|axis| (s.extents[axis] as f32 - 1.0) / 2.0)
}

fn sampled(b: &mut Builder, u: &Use, s: &Spatial, at: Id) -> Id {
    let y = b.graph.sample(s.x, at, [s.extents[0], s.extents[1]], sampling(u));
    while_training(b, u, s, y)
}

fn random_rotation(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let bounds = bounds(b, u, "factor", -1.0, 1.0)?;
    let at = rotation(&mut b.graph, &s, bounds);
    Ok(sampled(b, u, &s, at))
}

/// A turn around the middle, by a share of a full one.
pub fn rotation(graph: &mut Graph, s: &Spatial, bounds: Bounds) -> Id {
    let turn = draw(graph, s.x, bounds);
    let angle = graph.times(turn, std::f32::consts::TAU);
    let (cos, sin) = (graph.unary(Unary::Cos, angle), graph.unary(Unary::Sin, angle));
    let [cx, cy] = centre(s);
    let terms = [(cos, [1.0, 0.0, -cx, 0.0, 1.0, -cy]), (sin, [0.0, -1.0, cy, 1.0, 0.0, -cx])];
    affine(graph, [0.0, 0.0, cx, 0.0, 0.0, cy], &terms)
}

fn random_zoom(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let factor = |b: &mut Builder, name| {
        let (low, high) = bounds(b, u, name, -1.0, 1.0)?;
        if low <= -1.0 {
            let headline = format!("`{name}` of `random_zoom` must be more than -1: nothing would be left");
            return Err(b.diag.report(Message::new(u.args.place(name), headline)));
        }
        Ok(draw(&mut b.graph, s.x, (1.0 + low, 1.0 + high)))
    };
    let y = factor(b, "height_factor")?;
    let x = if u.args.numbers("width_factor").is_some() { factor(b, "width_factor")? } else { y };
    let [cx, cy] = centre(&s);
    let terms = [(x, [1.0, 0.0, -cx, 0.0, 0.0, 0.0]), (y, [0.0, 0.0, 0.0, 0.0, 1.0, -cy])];
    let at = affine(&mut b.graph, [0.0, 0.0, cx, 0.0, 0.0, cy], &terms);
    Ok(sampled(b, u, &s, at))
}

fn random_translation(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let [height, width] = ["height_factor", "width_factor"].map(|name| bounds(b, u, name, -1.0, 1.0));
    let at = translation(&mut b.graph, &s, [height?, width?]);
    Ok(sampled(b, u, &s, at))
}

/// A shift down and to the right, by shares of height and width.
pub fn translation(graph: &mut Graph, s: &Spatial, bounds: [Bounds; 2]) -> Id {
    let [y, x] = [0, 1].map(|axis| {
        let (places, (low, high)) = (s.extents[axis] as f64, bounds[axis]);
        draw(graph, s.x, (low * places, high * places))
    });
    let terms = [(x, [0.0, 0.0, -1.0, 0.0, 0.0, 0.0]), (y, [0.0, 0.0, 0.0, 0.0, 0.0, -1.0])];
    affine(graph, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &terms)
}

fn random_shear(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let factor = |name| {
        let (low, high) = bounds(b, u, name, 0.0, 1.0)?;
        let one = u.args.numbers(name).is_some_and(|numbers| numbers.len() == 1);
        Ok(if one { (-high, high) } else { (low, high) })
    };
    let (x, y) = (factor("x_factor")?, factor("y_factor")?);
    let at = shear(&mut b.graph, &s, [x, y]);
    Ok(sampled(b, u, &s, at))
}

/// Columns moved by shares of the row, rows by shares of the column, both one way or both the other.
pub fn shear(graph: &mut Graph, s: &Spatial, [x, y]: [Bounds; 2]) -> Id {
    let sign = sign(graph, s.x);
    let [x, y] = [x, y].map(|bounds| {
        let factor = draw(graph, s.x, bounds);
        graph.mul(factor, sign)
    });
    let terms = [(x, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]), (y, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0])];
    affine(graph, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &terms)
}
