//! Images that are turned, shifted, cut and coloured at random while training.

use super::images::{FILL_VALUE, HEIGHT, INTERPOLATION, WIDTH, crop_and_resize, entry, sampling, size};
use super::spatial::{DATA_FORMAT, Spatial};
use super::{Entry, Kind, Param, SEED, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Fill, Graph, Id, Sampling, Shape, Unary};

const FILL_MODE: Param = optional(
    "fill_mode",
    Kind::Choice(&["reflect", "wrap", "constant", "nearest"]),
    "reflect",
    "What lies beyond the border.",
);
const VALUE_RANGE: Param =
    optional("value_range", Kind::Numbers, "[0.0, 255.0]", "Least and greatest value of an image.");

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
        random_contrast,
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
        random_brightness,
    ),
];

/// The bounds that argument `name` gives: two numbers, or one for both directions. They are to be in `[least, most]`.
fn bounds(b: &Builder, u: &Use, name: &'static str, least: f64, most: f64) -> Result<(f64, f64), Reported> {
    let (low, high) = match *u.args.numbers(name).expect("it has a value") {
        [x] => (-x.abs(), x.abs()),
        [x, y] => (x.min(y), x.max(y)),
        ref numbers => {
            let headline =
                format!("`{name}` of `{}` must be one number or two, found {}", u.entry.name, numbers.len());
            return Err(b.diag.report(Message::new(u.args.place(name), headline)));
        }
    };
    if least <= low && high <= most {
        return Ok((low, high));
    }
    let wrong = if high > most { high } else { low };
    let headline = format!("`{name}` of `{}` must be in [{least}, {most}], found {wrong}", u.entry.name);
    let size = wrong.abs();
    let help = (size > 1.0).then(|| match u.entry.name {
        "random_rotation" => {
            format!("it is a share of a full turn: for {size} degrees write {size:?} / 360.0")
        }
        _ => format!("it is a share: for {size} % write {}", size / 100.0),
    });
    Err(b.diag.report(Message::new(u.args.place(name), headline).help_if(help)))
}

/// One number for each sample, uniform in `[low, high)`.
fn draw(graph: &mut Graph, x: Id, (low, high): (f64, f64)) -> Id {
    let shape = Shape { batched: graph.shape(x).batched, dims: vec![1.into()] };
    graph.uniform(shape, low, high)
}

/// The transformation `start + Σ number * part`, with one number for each sample.
fn affine(graph: &mut Graph, start: [f32; 6], terms: &[(Id, [f32; 6])]) -> Id {
    let start = graph.numbers(start.to_vec());
    terms.iter().fold(start, |sum, (number, part)| {
        let part = graph.numbers(part.to_vec());
        let term = graph.binary(Binary::Mul, part, *number);
        graph.binary(Binary::Add, term, sum)
    })
}

/// `y` of `s` while training, the image as it is while inferring.
fn while_training(b: &mut Builder, u: &Use, s: &Spatial, y: Id) -> Id {
    let y = s.finish(&mut b.graph, y);
    b.graph.phase(y, u.x())
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
    let (low, high) = bounds(b, u, "factor", -1.0, 1.0)?;
    let turn = draw(&mut b.graph, s.x, (low, high));
    let angle = b.graph.binary_const(Binary::Mul, turn, std::f32::consts::TAU);
    let (cos, sin) = (b.graph.unary(Unary::Cos, angle), b.graph.unary(Unary::Sin, angle));
    let [cx, cy] = centre(&s);
    let terms = [(cos, [1.0, 0.0, -cx, 0.0, 1.0, -cy]), (sin, [0.0, -1.0, cy, 1.0, 0.0, -cx])];
    let at = affine(&mut b.graph, [0.0, 0.0, cx, 0.0, 0.0, cy], &terms);
    Ok(sampled(b, u, &s, at))
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
    let shift = |b: &mut Builder, name, axis: usize| {
        let (low, high) = bounds(b, u, name, -1.0, 1.0)?;
        let places = s.extents[axis] as f64;
        Ok(draw(&mut b.graph, s.x, (low * places, high * places)))
    };
    let (y, x) = (shift(b, "height_factor", 0)?, shift(b, "width_factor", 1)?);
    let terms = [(x, [0.0, 0.0, -1.0, 0.0, 0.0, 0.0]), (y, [0.0, 0.0, 0.0, 0.0, 0.0, -1.0])];
    let at = affine(&mut b.graph, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &terms);
    Ok(sampled(b, u, &s, at))
}

/// `x` within the bounds of argument `value_range`.
fn value_range(b: &Builder, u: &Use) -> Result<(f64, f64), Reported> {
    match *u.args.numbers("value_range").expect("it has a value") {
        [low, high] if low < high => Ok((low, high)),
        ref other => {
            let headline =
                format!("`value_range` of `{}` must be two ascending numbers, found {other:?}", u.entry.name);
            let message = Message::new(u.args.place("value_range"), headline);
            Err(b.diag.report(message.help("for example `[0.0, 255.0]`, or `[0.0, 1.0]` behind `rescaling`")))
        }
    }
}

fn random_contrast(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (low, high) = match u.args.numbers("factor") {
        Some(&[lower, upper]) => (lower, upper),
        _ => bounds(b, u, "factor", -1.0, 1.0).map(|(_, high)| (high, high))?,
    };
    if low < 0.0 || high < 0.0 || low > 1.0 {
        let headline =
            format!("the parts of `factor` of `random_contrast` must be in [0, 1], found [{low}, {high}]");
        return Err(b.diag.report(Message::new(u.args.place("factor"), headline)));
    }
    let (least, most) = value_range(b, u)?;
    let factor = draw(&mut b.graph, s.x, (1.0 - low, 1.0 + high));
    let factor = b.graph.reshape(factor, vec![Dim::known(1); 3]);
    let mean = b.graph.mean(s.x, vec![0, 1], true);
    let centred = b.graph.binary(Binary::Sub, s.x, mean);
    let scaled = b.graph.binary(Binary::Mul, centred, factor);
    let y = b.graph.binary(Binary::Add, scaled, mean);
    let y = b.graph.clip(y, least as f32, most as f32);
    Ok(while_training(b, u, &s, y))
}

fn random_brightness(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (low, high) = bounds(b, u, "factor", -1.0, 1.0)?;
    let (least, most) = value_range(b, u)?;
    let range = most - least;
    let delta = draw(&mut b.graph, s.x, (low * range, high * range));
    let delta = b.graph.reshape(delta, vec![Dim::known(1); 3]);
    let y = b.graph.binary(Binary::Add, s.x, delta);
    let y = b.graph.clip(y, least as f32, most as f32);
    Ok(while_training(b, u, &s, y))
}
