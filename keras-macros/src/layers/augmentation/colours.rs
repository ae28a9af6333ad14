//! Images of three channels, red, green and blue, whose colours change: grey, hue and saturation.

use super::super::images::entry;
use super::super::spatial::{DATA_FORMAT, Spatial};
use super::super::{Entry, Kind, Param, Use, optional, required};
use super::tones::{brightened, contrast_bounds, contrasted, rescaled, within};
use super::{
    Bounds, SEED, VALUE_RANGE, bounds, draw_for_pixels, needs_colours, sign, value_range, while_training,
    wrong_channels,
};
use crate::diag::Reported;
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, Unary};

/// What grey has of red, green and blue.
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];
/// Keras's `epsilon()`.
const EPSILON: f32 = 1e-7;

const fn part(name: &'static str, doc: &'static str) -> Param {
    optional(name, Kind::Numbers, "None", doc)
}

/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "random_grayscale",
        "RandomGrayscale",
        "While training, makes some images grey, with as many channels as before.",
        &[optional("factor", Kind::Number, "0.5", "The probability of it, in `[0, 1]`."), DATA_FORMAT, SEED],
        random_grayscale,
    ),
    entry(
        "random_saturation",
        "RandomSaturation",
        "While training, multiplies the saturation of each image by `f / (1 - f)`, where `f` is a number of its own.",
        &[
            required(
                "factor",
                Kind::Numbers,
                "The greatest `f`: 0.5 leaves an image as it is, 0 makes it grey; or its bounds.",
            ),
            VALUE_RANGE,
            DATA_FORMAT,
            SEED,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, range) = (bounds(b, u, "factor", -1.0, 1.0)?, value_range(b, u)?);
            needs_colours(b, u, &s)?;
            let y = saturated(&mut b.graph, s.x, bounds, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "random_hue",
        "RandomHue",
        "While training, turns the hue of each image one way or the other.",
        &[
            required(
                "factor",
                Kind::Numbers,
                "The greatest turn, as a share of a half one; or the bounds of it.",
            ),
            VALUE_RANGE,
            DATA_FORMAT,
            SEED,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, range) = (bounds(b, u, "factor", 0.0, 1.0)?, value_range(b, u)?);
            needs_colours(b, u, &s)?;
            let y = of_turned_hue(&mut b.graph, s.x, bounds, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "random_color_degeneration",
        "RandomColorDegeneration",
        "While training, mixes each image with its grey version.",
        &[
            required("factor", Kind::Numbers, "The greatest share of grey; or the bounds of it."),
            VALUE_RANGE,
            DATA_FORMAT,
            SEED,
        ],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let (bounds, range) = (bounds(b, u, "factor", -1.0, 1.0)?, value_range(b, u)?);
            let grey = grey(b, u, &s)?;
            let factor = draw_for_pixels(&mut b.graph, s.x, bounds);
            let y = degenerated(&mut b.graph, s.x, grey, factor, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "random_color_jitter",
        "RandomColorJitter",
        "While training, changes brightness, contrast, saturation and hue of each image, one after another.",
        &[
            VALUE_RANGE,
            part("brightness_factor", "As `factor` of `random_brightness`; without it this stays."),
            part("contrast_factor", "As `factor` of `random_contrast`; without it this stays."),
            part("saturation_factor", "As `factor` of `random_saturation`; without it this stays."),
            part("hue_factor", "As `factor` of `random_hue`; without it this stays."),
            SEED,
            DATA_FORMAT,
        ],
        random_color_jitter,
    ),
];

fn random_grayscale(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let factor = u.args.number("factor");
    if !(0.0..=1.0).contains(&factor) {
        let headline = format!("`factor` of `random_grayscale` must be in [0, 1], found {factor}");
        return Err(b.diag.report(crate::diag::Message::new(u.args.place("factor"), headline)));
    }
    let grey = grey(b, u, &s)?;
    let drawn = draw_for_pixels(&mut b.graph, s.x, (0.0, 1.0));
    let chosen = b.graph.binary_const(Binary::Lt, drawn, factor as f32);
    let y = b.graph.select(chosen, grey, s.x);
    Ok(while_training(b, u, &s, y))
}

fn random_color_jitter(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let range = value_range(b, u)?;
    let given = |name| u.args.numbers(name).is_some();
    let mut x = s.x;
    if given("brightness_factor") {
        let bounds = bounds(b, u, "brightness_factor", -1.0, 1.0)?;
        let factor = draw_for_pixels(&mut b.graph, x, bounds);
        x = brightened(&mut b.graph, x, factor, range);
    }
    if given("contrast_factor") {
        let bounds = contrast_bounds(b, u, "contrast_factor")?;
        let factor = draw_for_pixels(&mut b.graph, x, bounds);
        x = contrasted(&mut b.graph, x, factor, range);
    }
    if given("saturation_factor") {
        let bounds = bounds(b, u, "saturation_factor", -1.0, 1.0)?;
        needs_colours(b, u, &s)?;
        x = saturated(&mut b.graph, x, bounds, range);
    }
    if given("hue_factor") {
        let bounds = bounds(b, u, "hue_factor", 0.0, 1.0)?;
        needs_colours(b, u, &s)?;
        x = of_turned_hue(&mut b.graph, x, bounds, range);
    }
    Ok(while_training(b, u, &s, x))
}

/// Red, green and blue, or hue, saturation and value: three images of one channel.
fn planes(graph: &mut Graph, x: Id) -> [Id; 3] {
    [0, 1, 2].map(|i| graph.slice(x, 2, Dim::known(i), 1.into()))
}

/// The grey version of colours, of one channel; an image of one channel is grey (`keras.ops.image.rgb_to_grayscale`).
pub fn grey(b: &mut Builder, u: &Use, s: &Spatial) -> Result<Id, Reported> {
    match s.channels.as_known() {
        Some(1) => Ok(s.x),
        Some(3) => Ok(grey_of_colours(&mut b.graph, s.x)),
        _ => Err(b.diag.report(wrong_channels(b, u, "3 channels, or 1"))),
    }
}

/// The grey version of three channels.
pub fn grey_of_colours(graph: &mut Graph, x: Id) -> Id {
    let planes = planes(graph, x);
    let [red, green, blue] = [0, 1, 2].map(|i| graph.times(planes[i], GREY[i]));
    let sum = graph.add(red, green);
    graph.add(sum, blue)
}

/// `x` mixed with its grey version.
pub fn degenerated(graph: &mut Graph, x: Id, grey: Id, factor: Id, range: Bounds) -> Id {
    let difference = graph.sub(grey, x);
    let change = graph.mul(factor, difference);
    let y = graph.add(x, change);
    within(graph, y, range)
}

/// Saturations times `f / (1 - f)`.
fn saturated(graph: &mut Graph, x: Id, bounds: Bounds, range: Bounds) -> Id {
    let factor = draw_for_pixels(graph, x, bounds);
    let one = graph.constant(1.0);
    let rest = graph.sub(one, factor);
    let rest = graph.plus(rest, EPSILON);
    let factor = graph.div(factor, rest);
    let [hue, saturation, value] = hsv(graph, x);
    let saturation = graph.mul(saturation, factor);
    let saturation = within(graph, saturation, range);
    rgb(graph, [hue, saturation, value])
}

/// Hues turned one way or the other, by up to a half turn.
fn of_turned_hue(graph: &mut Graph, x: Id, bounds: Bounds, range: Bounds) -> Id {
    let unit = (0.0, 1.0);
    let x_in_unit = rescaled(graph, x, range, unit);
    let sign = sign(graph, x);
    let sign = graph.reshape(sign, vec![Dim::known(1); 3]);
    let factor = draw_for_pixels(graph, x, bounds);
    let turn = graph.mul(sign, factor);
    let turn = graph.times(turn, 0.5);
    let [hue, saturation, value] = hsv(graph, x_in_unit);
    let mut hue = graph.add(hue, turn);
    for (beyond, bound, back) in [(Binary::Gt, 1.0, -1.0), (Binary::Lt, 0.0, 1.0)] {
        let is_beyond = graph.binary_const(beyond, hue, bound);
        let inside = graph.plus(hue, back);
        hue = graph.select(is_beyond, inside, hue);
    }
    let y = rgb(graph, [hue, saturation, value]);
    let y = within(graph, y, unit);
    rescaled(graph, y, unit, range)
}

/// `keras.ops.image.rgb_to_hsv`
pub fn rgb_to_hsv(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    needs_colours(b, u, &s)?;
    let planes = hsv(&mut b.graph, s.x);
    let y = b.graph.concat(planes.to_vec(), 2);
    Ok(s.finish(&mut b.graph, y))
}

/// `keras.ops.image.hsv_to_rgb`
pub fn hsv_to_rgb(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    needs_colours(b, u, &s)?;
    let planes = planes(&mut b.graph, s.x);
    let y = rgb(&mut b.graph, planes);
    Ok(s.finish(&mut b.graph, y))
}

/// Hue, saturation and value of red, green and blue.
fn hsv(graph: &mut Graph, x: Id) -> [Id; 3] {
    let (zero, one) = (graph.constant(0.0), graph.constant(1.0));
    let size = graph.unary(Unary::Abs, x);
    let tiny = graph.binary_const(Binary::Lt, size, f32::EPSILON);
    let x = graph.select(tiny, zero, x);
    let [red, green, blue] = planes(graph, x);
    let extreme = |graph: &mut Graph, f| {
        let first = graph.binary(f, red, green);
        graph.binary(f, first, blue)
    };
    let (value, least) = (extreme(graph, Binary::Maximum), extreme(graph, Binary::Minimum));
    let range = graph.sub(value, least);
    let (is_black, is_grey) =
        (graph.binary_const(Binary::Le, value, 0.0), graph.binary_const(Binary::Le, range, 0.0));
    let safe_value = graph.select(is_black, one, value);
    let saturation = graph.div(range, safe_value);
    let saturation = graph.select(is_black, zero, saturation);

    let safe_range = graph.select(is_grey, one, range);
    let norm = graph.times(safe_range, 6.0);
    let norm = graph.unary(Unary::Reciprocal, norm);
    let sector = |graph: &mut Graph, a, b, start: f32| {
        let difference = graph.sub(a, b);
        let part = graph.mul(norm, difference);
        if start == 0.0 { part } else { graph.plus(part, start) }
    };
    let (of_red, of_green, of_blue) = (
        sector(graph, green, blue, 0.0),
        sector(graph, blue, red, 2.0 / 6.0),
        sector(graph, red, green, 4.0 / 6.0),
    );
    let (is_red, is_green) = (graph.binary(Binary::Eq, value, red), graph.binary(Binary::Eq, value, green));
    let hue = graph.select(is_green, of_green, of_blue);
    let hue = graph.select(is_red, of_red, hue);
    let is_negative = graph.binary_const(Binary::Lt, hue, 0.0);
    let hue = graph.select(is_grey, zero, hue);
    [graph.add(hue, is_negative), saturation, value]
}

/// Red, green and blue of hue, saturation and value.
fn rgb(graph: &mut Graph, [hue, saturation, value]: [Id; 3]) -> Id {
    let floor = graph.unary(Unary::Floor, hue);
    let turn = graph.sub(hue, floor);
    let sixths = graph.times(turn, 6.0);
    let white = graph.constant(1.0);
    let white = graph.sub(white, saturation);
    // How far from its own sector of the circle a hue is; red's is the one around 0.
    let planes = [(3.0, 1.0, -1.0), (2.0, -1.0, 2.0), (4.0, -1.0, 2.0)].map(|(middle, sign, start)| {
        let distance = graph.plus(sixths, -middle);
        let distance = graph.unary(Unary::Abs, distance);
        let share = graph.times(distance, sign);
        let share = graph.plus(share, start);
        let share = graph.clip(share, 0.0, 1.0);
        let share = graph.mul(saturation, share);
        let sum = graph.add(white, share);
        graph.mul(value, sum)
    });
    graph.concat(planes.to_vec(), 2)
}
