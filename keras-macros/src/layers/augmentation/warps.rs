//! Images seen from aside, or through rippled glass; and images of which a part is missing.

use super::super::images::{FILL_VALUE, INTERPOLATION, entry, sampling};
use super::super::spatial::{DATA_FORMAT, Spatial};
use super::super::{Entry, Kind, Param, Use, optional};
use super::filters::{bell, filtered};
use super::tones::within;
use super::{Bounds, SEED, VALUE_RANGE, bounds, chosen, draw_for_pixels, value_range, while_training};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, Shape, Unary};

const FACTOR: Param = optional(
    "factor",
    Kind::Numbers,
    "1.0",
    "The greatest probability of it for an image; or the bounds of it.",
);

/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "random_perspective",
        "RandomPerspective",
        "While training, shows some images from aside: each corner but the first moves by a share of its distance from that.",
        &[
            FACTOR,
            optional("scale", Kind::Number, "1.0", "Twice the greatest share, in `[0, 1]`."),
            INTERPOLATION,
            FILL_VALUE,
            SEED,
            DATA_FORMAT,
        ],
        random_perspective,
    ),
    entry(
        "random_elastic_transform",
        "RandomElasticTransform",
        "While training, moves each pixel of some images by smooth noise (Simard et al., 2003).",
        &[
            FACTOR,
            optional(
                "scale",
                Kind::Numbers,
                "1.0",
                "The greatest strength, one number for the batch; or the bounds of it.",
            ),
            INTERPOLATION,
            optional(
                "fill_mode",
                Kind::Choice(&["constant", "nearest", "wrap", "mirror", "reflect"]),
                "reflect",
                "What lies beyond the border.",
            ),
            FILL_VALUE,
            VALUE_RANGE,
            SEED,
            DATA_FORMAT,
        ],
        random_elastic_transform,
    ),
    entry(
        "random_erasing",
        "RandomErasing",
        "While training, puts a rectangle over some images, at a place of its own for each.",
        &[
            FACTOR,
            optional(
                "scale",
                Kind::Numbers,
                "[0.02, 0.33]",
                "The greatest share of the image that is covered, as if both sides had drawn it; or the bounds of it.",
            ),
            optional(
                "fill_value",
                Kind::Numbers,
                "None",
                "The number that is put there, or one for each of three channels; without it noise.",
            ),
            VALUE_RANGE,
            SEED,
            DATA_FORMAT,
        ],
        random_erasing,
    ),
];

/// A place of an image: column and row, `[1, 1, 1]` each.
pub type Point = [Id; 2];

fn random_perspective(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (factor, scale) = (bounds(b, u, "factor", 0.0, 1.0)?, u.args.number("scale"));
    if !(0.0..=1.0).contains(&scale) {
        let headline = format!("`scale` of `random_perspective` must be in [0, 1], found {scale}");
        return Err(b.diag.report(Message::new(u.args.place("scale"), headline)));
    }
    let [bottom, right] = [0, 1].map(|axis| s.extents[axis] as f32 - 1.0);
    let corners = [[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]];
    let start = corners.map(|corner| corner.map(|x| b.graph.constant(x)));
    let end = corners.map(|corner| {
        corner.map(|x| {
            let share = draw_for_pixels(&mut b.graph, s.x, (-0.5 * scale, 0.5 * scale));
            let moved = b.graph.plus(share, 1.0);
            b.graph.times(moved, x)
        })
    });
    let at = perspective(&mut b.graph, &s, start, end);
    let seen = b.graph.sample(s.x, at, [s.extents[0], s.extents[1]], sampling(u));
    let chosen = chosen(&mut b.graph, s.x, factor);
    let y = b.graph.select(chosen, seen, s.x);
    Ok(while_training(b, u, &s, y))
}

/// Rows and columns `[height, width, 2]` of the image, of which each place is shown where a perspective leads that moves
/// the points `start` to `end`: in the order left and right above, left and right below.
pub fn perspective(graph: &mut Graph, s: &Spatial, start: [Point; 4], end: [Point; 4]) -> Id {
    let (from, to) = (of_unit_square(graph, start), of_unit_square(graph, end));
    let back = adjugate(graph, to);
    let matrix = [0, 1, 2].map(|i| [0, 1, 2].map(|j| dot(graph, from[i], [0, 1, 2].map(|k| back[k][j]))));
    let places = [1, 0].map(|axis| along(graph, s, axis));
    let [x, y, depth] = matrix.map(|[a, b, c]| {
        let (a, b) = (graph.mul(a, places[0]), graph.mul(b, places[1]));
        let sum = graph.add(a, b);
        graph.add(sum, c)
    });
    let (row, column) = (graph.div(y, depth), graph.div(x, depth));
    graph.concat(vec![row, column], 2)
}

/// The number of each place along `axis`, to stand beside an image's pixels.
fn along(graph: &mut Graph, s: &Spatial, axis: usize) -> Id {
    let extent = Dim::known(s.extents[axis]);
    let places = graph.iota(extent.clone());
    let mut dims = vec![Dim::known(1); 3];
    dims[axis] = extent;
    graph.reshape(places, dims)
}

type Matrix = [[Id; 3]; 3];

fn dot(graph: &mut Graph, a: [Id; 3], b: [Id; 3]) -> Id {
    let products = [0, 1, 2].map(|i| graph.mul(a[i], b[i]));
    let sum = graph.add(products[0], products[1]);
    graph.add(sum, products[2])
}

/// `a d - b c`
fn determinant(graph: &mut Graph, [[a, b], [c, d]]: [[Id; 2]; 2]) -> Id {
    let (ad, bc) = (graph.mul(a, d), graph.mul(b, c));
    graph.sub(ad, bc)
}

/// The perspective that moves the corners of the unit square to four points (Heckbert, Fundamentals of Texture Mapping and
/// Image Warping, 1989).
fn of_unit_square(graph: &mut Graph, points: [Point; 4]) -> Matrix {
    let [p0, p1, p2, p3] = points;
    let difference = |graph: &mut Graph, p: Point, q: Point| [0, 1].map(|k| graph.sub(p[k], q[k]));
    let (d1, d2) = (difference(graph, p1, p3), difference(graph, p2, p3));
    let (above, below) = (difference(graph, p0, p1), difference(graph, p3, p2));
    let sum = [0, 1].map(|k| graph.add(above[k], below[k]));
    let whole = determinant(graph, [[d1[0], d2[0]], [d1[1], d2[1]]]);
    let g = determinant(graph, [[sum[0], d2[0]], [sum[1], d2[1]]]);
    let h = determinant(graph, [[d1[0], sum[0]], [d1[1], sum[1]]]);
    let (g, h) = (graph.div(g, whole), graph.div(h, whole));
    let row = |graph: &mut Graph, k: usize| {
        let first = [(p1, g), (p2, h)].map(|(p, share)| {
            let side = graph.sub(p[k], p0[k]);
            let turned = graph.mul(share, p[k]);
            graph.add(side, turned)
        });
        [first[0], first[1], p0[k]]
    };
    let (x, y) = (row(graph, 0), row(graph, 1));
    [x, y, [g, h, graph.constant(1.0)]]
}

/// The inverse of a matrix, times its determinant, which a perspective does not depend on.
fn adjugate(graph: &mut Graph, m: Matrix) -> Matrix {
    [0, 1, 2].map(|i| {
        [0, 1, 2].map(|j| {
            // The rows and columns that are left without row j and column i, in the order that gives the sign.
            let (rows, columns) = ([(j + 1) % 3, (j + 2) % 3], [(i + 1) % 3, (i + 2) % 3]);
            determinant(graph, rows.map(|row| columns.map(|column| m[row][column])))
        })
    })
}

/// How much noise is, and how smooth, as shares of an image's longer and shorter side.
const NOISE: (f64, f64) = (0.1, 0.05);
/// Further from its middle, in deviations, a kernel has nothing.
const REACH: f32 = 3.0;

fn random_elastic_transform(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (factor, scale) = (bounds(b, u, "factor", 0.0, 1.0)?, bounds(b, u, "scale", 0.0, 1.0)?);
    let range = value_range(b, u)?;
    if factor.1 == 0.0 || scale.1 == 0.0 {
        return Ok(u.x());
    }
    let at = elastic(&mut b.graph, &s, scale);
    let moved = b.graph.sample(s.x, at, [s.extents[0], s.extents[1]], sampling(u));
    let chosen = chosen(&mut b.graph, s.x, factor);
    let y = b.graph.select(chosen, moved, s.x);
    let y = within(&mut b.graph, y, range);
    Ok(while_training(b, u, &s, y))
}

/// Rows and columns `[height, width, 2]` of the image that its places show. Along each axis they are moved by noise of their
/// own; Keras's is the same along both, as its two draws have one seed.
fn elastic(graph: &mut Graph, s: &Spatial, scale: Bounds) -> Id {
    let (long, short) = (s.extents[0].max(s.extents[1]) as f64, s.extents[0].min(s.extents[1]) as f64);
    let strength = graph.uniform(Shape::fixed([1.into()]), scale.0, scale.1);
    let alpha = graph.times(strength, (long * NOISE.0) as f32);
    let sigma = graph.times(strength, (short * NOISE.1) as f32);
    // A kernel of no width is one place.
    let sigma = graph.binary_const(Binary::Maximum, sigma, 1e-6);
    let reach = graph.times(sigma, REACH);
    let most = (short * NOISE.1 * scale.1 * f64::from(REACH)).floor() as usize;
    let kernel = bell(graph, 2 * most + 1, sigma, Some(reach));
    let size = graph.mul(alpha, sigma);
    let size = graph.reshape(size, vec![Dim::known(1); 3]);
    let batched = graph.shape(s.x).batched;
    let coordinates = [0, 1].map(|axis| {
        let dims = vec![s.extents[0].into(), s.extents[1].into(), 1.into()];
        let mut noise = graph.normal(Shape { batched, dims });
        for axis in 0..2 {
            noise = filtered(graph, noise, axis, kernel);
        }
        let moved = graph.mul(noise, size);
        let places = along(graph, s, axis);
        graph.add(moved, places)
    });
    graph.concat(coordinates.to_vec(), 2)
}

fn random_erasing(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let s = u.spatial(b, 2)?;
    let (factor, scale) = (bounds(b, u, "factor", 0.0, 1.0)?, bounds(b, u, "scale", 0.0, 1.0)?);
    let range = value_range(b, u)?;
    let cover = cover(b, u, &s, range)?;
    let [columns, rows] = [1, 0].map(|axis| covered(&mut b.graph, &s, axis, scale));
    let hidden = b.graph.mul(rows, columns);
    let chosen = chosen(&mut b.graph, s.x, factor);
    let hidden = b.graph.mul(hidden, chosen);
    let y = b.graph.select(hidden, cover, s.x);
    Ok(while_training(b, u, &s, y))
}

/// 1 for the places of `axis` that are covered: so many that both axes together cover a share of `scale`, if they drew the
/// same number.
fn covered(graph: &mut Graph, s: &Spatial, axis: usize, scale: Bounds) -> Id {
    let extent = s.extents[axis] as f32;
    let share = draw_for_pixels(graph, s.x, scale);
    let share = graph.unary(Unary::Sqrt, share);
    let length = graph.times(share, extent);
    let rest = graph.times(length, -1.0);
    let rest = graph.plus(rest, extent);
    let start = draw_for_pixels(graph, s.x, (0.0, 1.0));
    let start = graph.mul(start, rest);
    let end = graph.add(start, length);
    let places = along(graph, s, axis);
    let (begun, going) = (graph.binary(Binary::Ge, places, start), graph.binary(Binary::Lt, places, end));
    graph.mul(begun, going)
}

/// What covers a part of images, within the range of values.
fn cover(b: &mut Builder, u: &Use, s: &Spatial, range: Bounds) -> Result<Id, Reported> {
    let cover = match u.args.numbers("fill_value") {
        None => {
            let shape = b.graph.shape(s.x).clone();
            let noise = b.graph.normal(shape);
            b.graph.times(noise, range.1 as f32)
        }
        Some(&[number]) => b.graph.constant(number as f32),
        Some(numbers) if numbers.len() == 3 && s.channels.is(3) => {
            b.graph.numbers(numbers.iter().map(|x| *x as f32).collect())
        }
        Some(numbers) => {
            let channels = &s.channels;
            let headline = format!(
                "`fill_value` of `random_erasing` must be one number, or one for each of 3 channels: found {}, of \
                 {channels} channels",
                numbers.len()
            );
            return Err(b.diag.report(Message::new(u.args.place("fill_value"), headline)));
        }
    };
    Ok(within(&mut b.graph, cover, range))
}
