//! Images whose values are spread by how often they are there.
//!
//! A histogram is a sum of ones, at the places that values name, and a look-up in a table reads the place that a value names:
//! for a batch [`Graph::scatter_add`] and [`Graph::gather`], for the tiles of an image [`Graph::sample_sum`] and
//! [`Graph::sample`]. No gradient goes through either, as in Keras.

use super::super::images::entry;
use super::super::spatial::{DATA_FORMAT, Spatial};
use super::super::{Entry, Kind, Use, optional};
use super::tones::rescaled;
use super::{BYTES, Bounds, VALUE_RANGE, value_range, while_training};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Fill, Graph, Id, ReduceKind, Sampling, Shape, Unary};

/// Keras: Preprocessing layers, image augmentation.
pub const LAYERS: &[Entry] = &[
    entry(
        "equalization",
        "Equalization",
        "While training, spreads the values of each channel so that each part of the range is there as often, in all images \
         of the batch together.",
        &[
            VALUE_RANGE,
            optional("bins", Kind::Integer, "256", "How many values are told apart."),
            DATA_FORMAT,
        ],
        |b, u| {
            let (s, range, bins) = (u.spatial(b, 2)?, value_range(b, u)?, u.args.integer("bins"));
            if bins < 1 {
                let headline = format!("`bins` of `equalization` must be at least 1, found {bins}");
                return Err(b.diag.report(Message::new(u.args.place("bins"), headline)));
            }
            let y = equalized(&mut b.graph, s.x, bins as usize, range);
            Ok(while_training(b, u, &s, y))
        },
    ),
    entry(
        "contrast_limited_adaptive_histogram_equalization",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "Spreads the values of each channel by how often they are there in each tile of an image, and mixes neighbouring \
         tiles at each pixel, while training and while inferring (Zuiderveld, 1994).",
        &[
            VALUE_RANGE,
            optional(
                "clip_limit",
                Kind::Number,
                "4.0",
                "How many times as often as on average a value counts at most; no bound if it is 0 or less.",
            ),
            optional(
                "tile_grid_size",
                Kind::Integers,
                "[8, 8]",
                "Tiles along height and width; or one for both.",
            ),
            DATA_FORMAT,
        ],
        |b, u| {
            let (s, range) = (u.spatial(b, 2)?, value_range(b, u)?);
            let grid = u.per_axis(b, "tile_grid_size", 2, 1)?;
            let tiles = Tiles::of(b, u, &s, [grid[0], grid[1]])?;
            let y = tiles.equalized(&mut b.graph, s.x, u.args.number("clip_limit"), range);
            Ok(s.finish(&mut b.graph, y))
        },
    ),
];

/// `x * scale + offset`, from one range to another: Keras's `_scale_values`.
fn scaled(graph: &mut Graph, x: Id, from: Bounds, to: Bounds) -> Id {
    if from == to {
        return x;
    }
    let scale = (to.1 - to.0) / (from.1 - from.0);
    let x = graph.times(x, scale as f32);
    graph.plus(x, (to.0 - from.0 * scale) as f32)
}

/// `x` as whole numbers below `count`.
fn level(graph: &mut Graph, x: Id, count: usize) -> Id {
    let x = graph.clip(x, 0.0, (count - 1) as f32);
    graph.unary(Unary::Floor, x)
}

/// The sums of all places of the last axis up to each.
fn cumulated(graph: &mut Graph, x: Id, count: usize) -> Id {
    let places = graph.iota(Dim::known(count));
    let column = graph.reshape(places, vec![Dim::known(count), 1.into()]);
    let until = graph.binary(Binary::Le, column, places);
    graph.matmul(x, until, false)
}

/// `x`, or 1 where it is 0.
fn safe(graph: &mut Graph, x: Id) -> Id {
    let is_zero = graph.binary_const(Binary::Eq, x, 0.0);
    graph.add(x, is_zero)
}

/// Channels with each of `bins` values as often, in all samples together. One of a single value stays.
pub fn equalized(graph: &mut Graph, x: Id, bins: usize, range: Bounds) -> Id {
    let x = scaled(graph, x, range, BYTES);
    let values = graph.stop_gradient(x);
    let shape = graph.shape(x).clone();
    let (channels, most) = (shape.dims[2].clone(), (bins - 1) as f32);
    // The tables of all channels are one: each has its own part of it.
    let channel = graph.iota(channels.clone());
    let first = graph.times(channel, bins as f32);

    let bin = graph.times(values, most);
    let bin = graph.binary_const(Binary::Div, bin, BYTES.1 as f32);
    let bin = level(graph, bin, bins);
    let place = graph.add(bin, first);
    let ones = graph.constant(1.0);
    let one_each = Shape { batched: shape.batched, dims: [&shape.dims[..], &[1.into()]].concat() };
    let ones = graph.broadcast_to(ones, &one_each);
    let rows = channels.mul(&Dim::known(bins));
    let counts = graph.scatter_add(place, ones, vec![rows.clone(), 1.into()]);
    let counts = graph.reshape(counts, vec![channels.clone(), Dim::known(bins)]);
    let (table, is_flat) = table(graph, counts, bins);

    let table = graph.reshape(table, vec![rows, 1.into()]);
    let share = graph.binary_const(Binary::Div, values, BYTES.1 as f32);
    let bin = graph.times(share, most);
    let bin = level(graph, bin, bins);
    let place = graph.add(bin, first);
    let found = graph.gather(table, place);
    let found = graph.reshape(found, shape.dims);
    let is_flat = graph.reshape(is_flat, vec![1.into(), 1.into(), channels]);
    let y = graph.select(is_flat, x, found);
    scaled(graph, y, BYTES, range)
}

/// What each bin of `counts`, `[channels, bins]`, becomes, and which channels have all in one: `[channels, 1]`.
fn table(graph: &mut Graph, counts: Id, bins: usize) -> (Id, Id) {
    let until = cumulated(graph, counts, bins);
    let all = graph.slice(until, 1, Dim::known(bins - 1), 1.into());
    let is_there = graph.binary_const(Binary::Gt, until, 0.0);
    let first = graph.select(is_there, until, all);
    let first = graph.reduce(ReduceKind::Min, first, vec![1], true);
    let rest = graph.sub(all, first);
    let rest = safe(graph, rest);
    let above = graph.sub(until, first);
    let above = graph.times(above, BYTES.1 as f32);
    let table = graph.div(above, rest);
    let table = graph.unary(Unary::Round, table);
    let table = graph.clip(table, BYTES.0 as f32, BYTES.1 as f32);
    let used = graph.binary_const(Binary::Gt, counts, 0.0);
    let used = graph.reduce(ReduceKind::Sum, used, vec![1], true);
    (table, graph.binary_const(Binary::Le, used, 1.0))
}

/// Values that a tile's table has.
const LEVELS: usize = 256;
const NEAREST: Sampling = Sampling { nearest: true, fill: Fill::Reflect, value: 0.0 };

/// An image in tiles of one size, which may go beyond it.
struct Tiles {
    image: [usize; 2],
    grid: [usize; 2],
    tile: [usize; 2],
    channels: usize,
}

impl Tiles {
    fn of(b: &Builder, u: &Use, s: &Spatial, grid: [usize; 2]) -> Result<Tiles, Reported> {
        let image = [s.extents[0], s.extents[1]];
        let tile = [0, 1].map(|axis| image[axis].div_ceil(grid[axis]));
        let channels = s.channels.as_known().ok_or_else(|| {
            let headline = format!("`{}` must know the number of its channels", u.entry.name);
            let message = Message::new(u.place, headline);
            b.diag.report(message.help("declare `const NAME: usize = ..;` inside of the macro call"))
        })?;
        Ok(Tiles { image, grid, tile, channels })
    }

    fn extents(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.tile[axis] * self.grid[axis])
    }

    fn equalized(&self, graph: &mut Graph, x: Id, limit: f64, range: Bounds) -> Id {
        let x = rescaled(graph, x, range, BYTES);
        let x = graph.stop_gradient(x);
        let whole = if self.extents() == self.image {
            x
        } else {
            let same = graph.numbers(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
            graph.sample(x, same, self.extents(), NEAREST)
        };
        let levels = level(graph, whole, LEVELS);
        let tables = self.tables(graph, levels, limit);
        let y = self.mixed(graph, tables, levels);
        let y = (0..2).fold(y, |y, axis| graph.slice(y, axis, 0.into(), self.image[axis].into()));
        rescaled(graph, y, BYTES, range)
    }

    /// The table of each tile and channel: `[tiles * channels, LEVELS, 1]`.
    fn tables(&self, graph: &mut Graph, levels: Id, limit: f64) -> Id {
        let own = [0, 1].map(|axis| {
            let places = self.places(graph, axis);
            let tile = graph.binary_const(Binary::Div, places, self.tile[axis] as f32);
            graph.unary(Unary::Floor, tile)
        });
        let at = self.rows_and_levels(graph, own, levels);
        let [height, width] = self.extents();
        let one = graph.constant(1.0);
        let each = Shape::fixed([height.into(), (width * self.channels).into(), 1.into()]);
        let ones = graph.broadcast_to(one, &each);
        let rows = self.grid[0] * self.grid[1] * self.channels;
        let counts = graph.sample_sum(ones, at, [rows.into(), LEVELS.into(), 1.into()], NEAREST);
        let mut counts = graph.reshape(counts, vec![rows.into(), LEVELS.into()]);
        let pixels = (self.tile[0] * self.tile[1]) as f32;
        if limit > 0.0 {
            let limit = (limit * f64::from(pixels) / LEVELS as f64) as f32;
            let clipped = graph.binary_const(Binary::Minimum, counts, limit);
            let excess = graph.sub(counts, clipped);
            let excess = graph.reduce(ReduceKind::Sum, excess, vec![1], true);
            let share = graph.binary_const(Binary::Div, excess, LEVELS as f32);
            counts = graph.add(clipped, share);
        }
        let until = cumulated(graph, counts, LEVELS);
        let first = graph.reduce(ReduceKind::Min, until, vec![1], true);
        let above = graph.sub(until, first);
        let above = graph.times(above, BYTES.1 as f32);
        let all = graph.constant(pixels);
        let rest = graph.sub(all, first);
        let rest = safe(graph, rest);
        let table = graph.div(above, rest);
        let table = graph.clip(table, BYTES.0 as f32, BYTES.1 as f32);
        graph.reshape(table, vec![rows.into(), LEVELS.into(), 1.into()])
    }

    /// What the tables of the four tiles around each pixel have for its level, by its distances from their middles.
    fn mixed(&self, graph: &mut Graph, tables: Id, levels: Id) -> Id {
        let around = [0, 1].map(|axis| {
            let tile = self.tile[axis] as f32;
            let places = self.places(graph, axis);
            let place = graph.plus(places, -tile / 2.0);
            let place = graph.binary_const(Binary::Div, place, tile);
            let before = graph.unary(Unary::Floor, place);
            let share = graph.sub(place, before);
            let behind = graph.plus(before, 1.0);
            // Beyond the last tile there is that tile again.
            let tiles = [before, behind].map(|tile| graph.clip(tile, 0.0, (self.grid[axis] - 1) as f32));
            (tiles, share)
        });
        let [(rows, down), (columns, right)] = around;
        let sides = rows.map(|row| {
            let [left, right_value] =
                columns.map(|column| self.looked_up(graph, tables, [row, column], levels));
            between(graph, left, right_value, right)
        });
        between(graph, sides[0], sides[1], down)
    }

    fn looked_up(&self, graph: &mut Graph, tables: Id, tile: [Id; 2], levels: Id) -> Id {
        let at = self.rows_and_levels(graph, tile, levels);
        let [height, width] = self.extents();
        let found = graph.sample(tables, at, [height, width * self.channels], NEAREST);
        graph.reshape(found, vec![height.into(), width.into(), self.channels.into()])
    }

    /// The numbers of the places along `axis`, to stand beside pixels.
    fn places(&self, graph: &mut Graph, axis: usize) -> Id {
        let extent = Dim::known(self.extents()[axis]);
        let places = graph.iota(extent.clone());
        let mut dims = vec![Dim::known(1); 3];
        dims[axis] = extent;
        graph.reshape(places, dims)
    }

    /// Where each pixel's level is in the table of a tile and its channel: `[height, width * channels, 2]`.
    fn rows_and_levels(&self, graph: &mut Graph, [row, column]: [Id; 2], levels: Id) -> Id {
        let tile = graph.times(row, self.grid[1] as f32);
        let tile = graph.add(tile, column);
        let channel = graph.iota(self.channels.into());
        let table = graph.times(tile, self.channels as f32);
        let table = graph.add(table, channel);
        let shape = graph.shape(levels).clone();
        let table = graph.broadcast_to(table, &shape);
        let [height, width] = self.extents();
        let flat = [table, levels]
            .map(|x| graph.reshape(x, vec![height.into(), (width * self.channels).into(), 1.into()]));
        graph.concat(flat.to_vec(), 2)
    }
}

/// `a (1 - share) + b share`
fn between(graph: &mut Graph, a: Id, b: Id, share: Id) -> Id {
    let one = graph.constant(1.0);
    let rest = graph.sub(one, share);
    let (a, b) = (graph.mul(a, rest), graph.mul(b, share));
    graph.add(a, b)
}
