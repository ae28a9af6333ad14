//! Pooling: the maximum or the mean of windows, of everything, or of as many parts as are wanted.

use super::spatial::{DATA_FORMAT, PADDING, Spatial};
use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional, required};
use crate::diag::Reported;
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Shape, Window};

const STRIDES: Param = optional(
    "strides",
    Kind::Integers,
    "None",
    "Places from one window to the next, for all axes or for each. By default as many as a window has.",
);
const KEEPDIMS: Param =
    optional("keepdims", Kind::Flag, "false", "Whether the axes stay, with one place each.");
const SIZE: &str = "Places of a window, for all axes or for each.";
const WINDOW: Param = required("pool_size", Kind::Integers, SIZE);
const WINDOW_OF_TWO: Param = optional("pool_size", Kind::Integers, "2", SIZE);
const OUTPUT: Param =
    required("output_size", Kind::Integers, "Places of the result, for all axes or for each.");

const OF_MAX: &[Param] = &[WINDOW_OF_TWO, STRIDES, PADDING, DATA_FORMAT];
const OF_MEAN: &[Param] = &[WINDOW, STRIDES, PADDING, DATA_FORMAT];
const OF_ALL: &[Param] = &[DATA_FORMAT, KEEPDIMS];
const OF_PARTS: &[Param] = &[OUTPUT, DATA_FORMAT];

const MAX: &str = "The greatest element of each window, channel by channel.";
const MEAN: &str = "The mean of each window, channel by channel. What `padding = same` adds does not count.";
const MAX_OF_ALL: &str = "The greatest element of each channel.";
const MEAN_OF_ALL: &str = "The mean of each channel.";
const MAX_OF_PARTS: &str =
    "The greatest element of each of `output_size` parts of equal size, which overlap where they must.";
const MEAN_OF_PARTS: &str =
    "The mean of each of `output_size` parts of equal size, which overlap where they must.";

/// What a layer does with each window.
#[derive(Clone, Copy, PartialEq)]
enum Pool {
    Max,
    Mean,
}

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

/// Keras: Pooling layers.
pub const LAYERS: &[Entry] = &[
    entry(
        "max_pooling1d",
        &["max_pool1d", "max_pooling_1d"],
        "MaxPooling1D",
        (MAX, "[batch, steps, channels] → [batch, new steps, channels]"),
        OF_MAX,
        |b, u| pool(b, u, 1, Pool::Max),
    ),
    entry(
        "average_pooling1d",
        &["avg_pool1d", "average_pooling_1d"],
        "AveragePooling1D",
        (MEAN, "[batch, steps, channels] → [batch, new steps, channels]"),
        OF_MEAN,
        |b, u| pool(b, u, 1, Pool::Mean),
    ),
    entry(
        "global_max_pooling1d",
        &["global_max_pool1d", "global_max_pooling_1d"],
        "GlobalMaxPooling1D",
        (MAX_OF_ALL, "[batch, steps, channels] → [batch, channels]"),
        OF_ALL,
        |b, u| global(b, u, 1, Pool::Max),
    )
    .masks(Masks::End),
    entry(
        "global_average_pooling1d",
        &["global_avg_pool1d", "global_average_pooling_1d"],
        "GlobalAveragePooling1D",
        (MEAN_OF_ALL, "[batch, steps, channels] → [batch, channels]"),
        OF_ALL,
        |b, u| global(b, u, 1, Pool::Mean),
    )
    .masks(Masks::End),
    entry(
        "adaptive_max_pooling1d",
        &["adaptive_max_pooling_1d"],
        "AdaptiveMaxPooling1D",
        (MAX_OF_PARTS, "[batch, steps, channels] → [batch, output_size, channels]"),
        OF_PARTS,
        |b, u| adaptive(b, u, 1, Pool::Max),
    ),
    entry(
        "adaptive_average_pooling1d",
        &["adaptive_average_pooling_1d"],
        "AdaptiveAveragePooling1D",
        (MEAN_OF_PARTS, "[batch, steps, channels] → [batch, output_size, channels]"),
        OF_PARTS,
        |b, u| adaptive(b, u, 1, Pool::Mean),
    ),
    entry(
        "max_pooling2d",
        &["max_pool2d", "max_pooling_2d"],
        "MaxPooling2D",
        (MAX, "[batch, height, width, channels] → [batch, new height, new width, channels]"),
        OF_MAX,
        |b, u| pool(b, u, 2, Pool::Max),
    ),
    entry(
        "average_pooling2d",
        &["avg_pool2d", "average_pooling_2d"],
        "AveragePooling2D",
        (MEAN, "[batch, height, width, channels] → [batch, new height, new width, channels]"),
        OF_MEAN,
        |b, u| pool(b, u, 2, Pool::Mean),
    ),
    entry(
        "global_max_pooling2d",
        &["global_max_pool2d", "global_max_pooling_2d"],
        "GlobalMaxPooling2D",
        (MAX_OF_ALL, "[batch, height, width, channels] → [batch, channels]"),
        OF_ALL,
        |b, u| global(b, u, 2, Pool::Max),
    ),
    entry(
        "global_average_pooling2d",
        &["global_avg_pool2d", "global_average_pooling_2d"],
        "GlobalAveragePooling2D",
        (MEAN_OF_ALL, "[batch, height, width, channels] → [batch, channels]"),
        OF_ALL,
        |b, u| global(b, u, 2, Pool::Mean),
    ),
    entry(
        "adaptive_max_pooling2d",
        &["adaptive_max_pooling_2d"],
        "AdaptiveMaxPooling2D",
        (MAX_OF_PARTS, "[batch, height, width, channels] → [batch, output_size..., channels]"),
        OF_PARTS,
        |b, u| adaptive(b, u, 2, Pool::Max),
    ),
    entry(
        "adaptive_average_pooling2d",
        &["adaptive_average_pooling_2d"],
        "AdaptiveAveragePooling2D",
        (MEAN_OF_PARTS, "[batch, height, width, channels] → [batch, output_size..., channels]"),
        OF_PARTS,
        |b, u| adaptive(b, u, 2, Pool::Mean),
    ),
    entry(
        "max_pooling3d",
        &["max_pool3d", "max_pooling_3d"],
        "MaxPooling3D",
        (
            MAX,
            "[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]",
        ),
        OF_MAX,
        |b, u| pool(b, u, 3, Pool::Max),
    ),
    entry(
        "average_pooling3d",
        &["avg_pool3d", "average_pooling_3d"],
        "AveragePooling3D",
        (
            MEAN,
            "[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]",
        ),
        OF_MEAN,
        |b, u| pool(b, u, 3, Pool::Mean),
    ),
    entry(
        "global_max_pooling3d",
        &["global_max_pool3d", "global_max_pooling_3d"],
        "GlobalMaxPooling3D",
        (MAX_OF_ALL, "[batch, depth, height, width, channels] → [batch, channels]"),
        OF_ALL,
        |b, u| global(b, u, 3, Pool::Max),
    ),
    entry(
        "global_average_pooling3d",
        &["global_avg_pool3d", "global_average_pooling_3d"],
        "GlobalAveragePooling3D",
        (MEAN_OF_ALL, "[batch, depth, height, width, channels] → [batch, channels]"),
        OF_ALL,
        |b, u| global(b, u, 3, Pool::Mean),
    ),
    entry(
        "adaptive_max_pooling3d",
        &["adaptive_max_pooling_3d"],
        "AdaptiveMaxPooling3D",
        (MAX_OF_PARTS, "[batch, depth, height, width, channels] → [batch, output_size..., channels]"),
        OF_PARTS,
        |b, u| adaptive(b, u, 3, Pool::Max),
    ),
    entry(
        "adaptive_average_pooling3d",
        &["adaptive_average_pooling_3d"],
        "AdaptiveAveragePooling3D",
        (MEAN_OF_PARTS, "[batch, depth, height, width, channels] → [batch, output_size..., channels]"),
        OF_PARTS,
        |b, u| adaptive(b, u, 3, Pool::Mean),
    ),
];

fn pool(b: &mut Builder, u: &Use, axes: usize, pool: Pool) -> Result<Id, Reported> {
    let sizes = u.per_axis(b, "pool_size", axes, 1)?;
    let strides = match u.args.integers("strides") {
        Some(_) => u.per_axis(b, "strides", axes, 1)?,
        None => sizes.clone(),
    };
    let s = u.spatial(b, axes)?;
    let windows = sizes.iter().zip(strides).map(|(&size, stride)| Window { size, stride, dilation: 1 });
    let windows: Vec<Window> = windows.collect();
    let padding = u.args.text("padding").unwrap_or("valid");
    let y = match pool {
        Pool::Max => {
            let x = s.padded(b, u, &windows, padding, f32::NEG_INFINITY)?;
            b.graph.max_pool(x, 0, windows)
        }
        Pool::Mean => {
            let x = s.padded(b, u, &windows, padding, 0.0)?;
            let sum = sum_pool(&mut b.graph, x, 0, &windows);
            let count = match x == s.x {
                true => b.graph.constant(sizes.iter().product::<usize>() as f32),
                false => counts(b, u, &s, &windows, padding)?,
            };
            b.graph.binary(Binary::Div, sum, count)
        }
    };
    Ok(s.finish(&mut b.graph, y))
}

/// The sum of each window along `axis` and the axes behind it.
fn sum_pool(graph: &mut Graph, x: Id, axis: usize, windows: &[Window]) -> Id {
    let n = windows.len();
    let all = graph.windows(x, axis, windows.to_vec());
    graph.reduce(ReduceKind::Sum, all, (axis + n..axis + 2 * n).collect(), false)
}

/// How many places of each window are not padding.
fn counts(b: &mut Builder, u: &Use, s: &Spatial, windows: &[Window], padding: &str) -> Result<Id, Reported> {
    let dims: Vec<Dim> = s.extents.iter().copied().chain([1]).map(Dim::known).collect();
    let one = b.graph.constant(1.0);
    let ones = b.graph.broadcast_to(one, &Shape::fixed(dims));
    let ones = s.of(ones, 1.into()).padded(b, u, windows, padding, 0.0)?;
    Ok(sum_pool(&mut b.graph, ones, 0, windows))
}

fn global(b: &mut Builder, u: &Use, axes: usize, pool: Pool) -> Result<Id, Reported> {
    let s = u.spatial(b, axes)?;
    let all: Vec<usize> = (0..axes).collect();
    let y = match (pool, u.inputs[0].mask) {
        (Pool::Max, _) => b.graph.reduce(ReduceKind::Max, s.x, all, true),
        // Only the steps that count.
        (Pool::Mean, Some(mask)) if axes == 1 => {
            let counts = b.graph.reshape(mask, vec![s.extents[0].into(), 1.into()]);
            let zero = b.graph.constant(0.0);
            let kept = b.graph.select(counts, s.x, zero);
            let [sum, count] = [kept, counts].map(|x| b.graph.reduce(ReduceKind::Sum, x, vec![0], true));
            b.graph.binary(Binary::Div, sum, count)
        }
        (Pool::Mean, _) => b.graph.mean(s.x, all, true),
    };
    Ok(match u.args.flag("keepdims") {
        true => s.finish(&mut b.graph, y),
        false => b.graph.reshape(y, vec![s.channels]),
    })
}

/// Parts from `floor(i * extent / count)` to `ceil((i + 1) * extent / count)` along each axis in turn.
fn adaptive(b: &mut Builder, u: &Use, axes: usize, pool: Pool) -> Result<Id, Reported> {
    let counts = u.per_axis(b, "output_size", axes, 1)?;
    let s = u.spatial(b, axes)?;
    let mut y = s.x;
    for (axis, (&extent, &count)) in s.extents.iter().zip(&counts).enumerate() {
        y = parts(&mut b.graph, y, axis, extent, count, pool);
    }
    Ok(s.finish(&mut b.graph, y))
}

fn parts(graph: &mut Graph, x: Id, axis: usize, extent: usize, count: usize, pool: Pool) -> Id {
    let part = |i: usize| {
        let start = i * extent / count;
        (start, ((i + 1) * extent).div_ceil(count) - start)
    };
    let mut pooled = vec![];
    let mut first = 0;
    while first < count {
        // Parts of one size and at equal distances are windows of one slice.
        let (start, size) = part(first);
        let stride = if first + 1 < count { part(first + 1).0 - start } else { size };
        let alike = |i: &usize| part(*i) == (start + (i - first) * stride, size);
        let n = (first..count).take_while(alike).count();
        let window = Window { size, stride: stride.max(1), dilation: 1 };
        let n = if stride == 0 { 1 } else { n };
        let slice = graph.slice(x, axis, start.into(), ((n - 1) * window.stride + size).into());
        pooled.push(match pool {
            Pool::Max => graph.max_pool(slice, axis, vec![window]),
            Pool::Mean => {
                let sum = sum_pool(graph, slice, axis, &[window]);
                graph.binary_const(Binary::Div, sum, size as f32)
            }
        });
        first += n;
    }
    graph.concat(pooled, axis)
}
