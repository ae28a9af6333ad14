//! Images that are turned, shifted, cut, coloured and blurred at random while training.
//!
//! What a transformation does with a number is a function of the graph and that number; where the number comes from, an
//! argument's bounds and a draw for each image, is said here. Mixtures of transformations use the same functions.

pub mod colours;
pub mod filters;
pub mod geometry;
pub mod histograms;
pub mod mixtures;
pub mod tones;
pub mod warps;

use super::spatial::Spatial;
use super::{Kind, Param, SEED, Use, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, Shape};

const VALUE_RANGE: Param =
    optional("value_range", Kind::Numbers, "[0.0, 255.0]", "Least and greatest value of an image.");

/// Least and greatest of some numbers.
pub type Bounds = (f64, f64);

/// The range of values that images of bytes have.
const BYTES: Bounds = (0.0, 255.0);

/// The bounds that argument `name` gives: two numbers, or one for both directions. They are to be in `[least, most]`,
/// which a single number's other direction is cut to.
fn bounds(b: &Builder, u: &Use, name: &'static str, least: f64, most: f64) -> Result<Bounds, Reported> {
    let (low, high) = pair(b, u, name, least)?;
    if least <= low && high <= most {
        return Ok((low, high));
    }
    let wrong = if high > most { high } else { low };
    let headline = format!("`{name}` of `{}` must be in [{least}, {most}], found {wrong}", u.entry.name);
    let size = wrong.abs();
    let help = (size > 1.0 && most == 1.0).then(|| match u.entry.name {
        "random_rotation" => {
            format!("it is a share of a full turn: for {size} degrees write {size:?} / 360.0")
        }
        _ => format!("it is a share: for {size} % write {}", size / 100.0),
    });
    Err(b.diag.report(Message::new(u.args.place(name), headline).help_if(help)))
}

/// Two numbers in order, or one and what it leaves of its other direction above `least`.
fn pair(b: &Builder, u: &Use, name: &'static str, least: f64) -> Result<Bounds, Reported> {
    match *u.args.numbers(name).expect("it has a value") {
        // A number out of bounds is to be found so.
        [x] if x < least => Ok((x, x)),
        [x] => Ok((least.max(-x.abs()), x.abs())),
        [x, y] => Ok((x.min(y), x.max(y))),
        ref numbers => {
            let headline =
                format!("`{name}` of `{}` must be one number or two, found {}", u.entry.name, numbers.len());
            Err(b.diag.report(Message::new(u.args.place(name), headline)))
        }
    }
}

/// The bounds of argument `value_range`.
fn value_range(b: &Builder, u: &Use) -> Result<Bounds, Reported> {
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

/// One number for each sample, uniform in `[low, high)`.
fn draw(graph: &mut Graph, x: Id, (low, high): Bounds) -> Id {
    let shape = Shape { batched: graph.shape(x).batched, dims: vec![1.into()] };
    graph.uniform(shape, low, high)
}

/// One number for each image `x`, to stand beside its pixels: `[1, 1, 1]`.
fn draw_for_pixels(graph: &mut Graph, x: Id, bounds: Bounds) -> Id {
    let number = draw(graph, x, bounds);
    graph.reshape(number, vec![Dim::known(1); 3])
}

/// A whole number for each sample, each from `low` to `high - 1` as often.
fn draw_whole(graph: &mut Graph, x: Id, (low, high): Bounds) -> Id {
    let number = draw_for_pixels(graph, x, (low, high));
    whole(graph, number, high)
}

/// Drawn numbers below `high` as whole ones.
fn whole(graph: &mut Graph, drawn: Id, high: f64) -> Id {
    let floor = graph.unary(crate::ir::Unary::Floor, drawn);
    // Rounding may have made it `high` itself.
    graph.binary_const(Binary::Minimum, floor, high as f32 - 1.0)
}

/// 1 for images that are to be changed, else 0: with a probability that is drawn from `bounds` for each.
fn chosen(graph: &mut Graph, x: Id, bounds: Bounds) -> Id {
    let probability = draw_for_pixels(graph, x, bounds);
    let threshold = draw_for_pixels(graph, x, (0.0, 1.0));
    graph.binary(Binary::Lt, threshold, probability)
}

/// -1 or 1 for each sample: `[1]`.
fn sign(graph: &mut Graph, x: Id) -> Id {
    let drawn = draw(graph, x, (0.0, 1.0));
    let negative = graph.binary_const(Binary::Gt, drawn, 0.5);
    let doubled = graph.times(negative, -2.0);
    graph.plus(doubled, 1.0)
}

/// `y` of `s` while training, the image as it is while inferring.
fn while_training(b: &mut Builder, u: &Use, s: &Spatial, y: Id) -> Id {
    let y = s.finish(&mut b.graph, y);
    b.graph.phase(y, u.x())
}

/// An error unless the images have three channels.
fn needs_colours(b: &Builder, u: &Use, s: &Spatial) -> Result<(), Reported> {
    if s.channels.is(3) { Ok(()) } else { Err(b.diag.report(wrong_channels(b, u, "3 channels"))) }
}

fn wrong_channels(b: &Builder, u: &Use, takes: &str) -> Message {
    let (input, shape) = (&u.inputs[0], b.graph.shape(u.x()));
    let headline = format!("`{}` takes images of {takes}, but its input is {shape}", u.entry.name);
    let message = u.misfit(input, headline, format!("this layer is given {shape}"));
    let message = message.note(format!("`{}` makes {shape}", input.text));
    let has_format = u.entry.params.iter().any(|param| param.name == "data_format");
    let first = has_format && shape.dims[0].is(3) && u.args.text("data_format") == Some("channels_last");
    message.help(match first {
        true => "write `data_format = channels_first` if its first axis is that of the channels",
        false => "its channels are red, green and blue",
    })
}
