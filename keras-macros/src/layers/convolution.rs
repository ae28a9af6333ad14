//! Convolution: one kernel for every window of a sequence, an image or a volume.
//!
//! A window is a row, the kernel a matrix: a convolution is their product, which is computed without the rows ever lying
//! in memory. Transposed convolution is its adjoint.

use super::spatial::{DATA_FORMAT, PADDING, Spatial};
use super::{ACTIVITY_REGULARIZER, Entry, Family, Kind, Masks, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, ReduceKind, Window};

pub const FILTERS: Param = required("filters", Kind::Size, "Number of channels of the result.");
pub const KERNEL_SIZE: Param =
    required("kernel_size", Kind::Integers, "Places of a window, for all axes or for each.");
pub const STRIDES: Param =
    optional("strides", Kind::Integers, "1", "Places from one window to the next, for all axes or for each.");
const CAUSAL_PADDING: Param = optional(
    "padding",
    Kind::Choice(&["valid", "same", "causal"]),
    "valid",
    "`same` puts zeros around the input, so that with strides of 1 the result is as long; `causal` puts them before it, \
     so that no step sees a later one.",
);
pub const DILATION: Param = optional(
    "dilation_rate",
    Kind::Integers,
    "1",
    "Places from one element of a window to the next, for all axes or for each.",
);
const GROUPS: Param = optional(
    "groups",
    Kind::Integer,
    "1",
    "Parts of the channels that are convolved apart, each to its part of the filters.",
);
const DEPTH_MULTIPLIER: Param =
    optional("depth_multiplier", Kind::Size, "1", "Channels that each channel of the input gives.");
const OUTPUT_PADDING: Param = optional(
    "output_padding",
    Kind::Integers,
    "None",
    "Places that the result has at its end beyond what it needs, for all axes or for each.",
);
const ACTIVATION: Param = optional("activation", Kind::Activation, "None", "Function of the result.");
const USE_BIAS: Param = optional("use_bias", Kind::Flag, "true", "Whether to add a bias.");

const fn starts(name: &'static str, doc: &'static str) -> Param {
    optional(name, Kind::Initializer, "glorot_uniform", doc)
}
const BIAS: Param = optional("bias_initializer", Kind::Initializer, "zeros", "How the bias starts.");
const KERNEL: Param = starts("kernel_initializer", "How the kernel starts.");
const DEPTHWISE: Param = starts("depthwise_initializer", "How the kernel of each channel starts.");
const POINTWISE: Param = starts("pointwise_initializer", "How the kernel across channels starts.");

const fn penalty(name: &'static str, doc: &'static str) -> Param {
    optional(name, Kind::Regularizer, "None", doc)
}
const KERNEL_PENALTY: Param = penalty("kernel_regularizer", "What the loss has for the kernel.");
const DEPTHWISE_PENALTY: Param =
    penalty("depthwise_regularizer", "What the loss has for the kernel of each channel.");
const POINTWISE_PENALTY: Param =
    penalty("pointwise_regularizer", "What the loss has for the kernel across channels.");
const BIAS_PENALTY: Param = penalty("bias_regularizer", "What the loss has for the bias.");

const fn bound(name: &'static str, doc: &'static str) -> Param {
    optional(name, Kind::Constraint, "None", doc)
}
const KERNEL_BOUND: Param = bound("kernel_constraint", "What each step makes the kernel be.");
const DEPTHWISE_BOUND: Param =
    bound("depthwise_constraint", "What each step makes the kernel of each channel be.");
const POINTWISE_BOUND: Param =
    bound("pointwise_constraint", "What each step makes the kernel across channels be.");
const BIAS_BOUND: Param = bound("bias_constraint", "What each step makes the bias be.");

/// `$own` and what follows in every layer with a kernel.
macro_rules! with_kernel {
    ($($own:expr),*) => {
        &[
            $($own,)* ACTIVATION, USE_BIAS, KERNEL, BIAS, KERNEL_PENALTY, BIAS_PENALTY, ACTIVITY_REGULARIZER, KERNEL_BOUND,
            BIAS_BOUND,
        ]
    };
}
/// `$own` and what follows in every layer whose kernel does not mix channels.
macro_rules! with_depthwise_kernel {
    ($($own:expr),*) => {
        &[
            $($own,)* ACTIVATION, USE_BIAS, DEPTHWISE, BIAS, DEPTHWISE_PENALTY, BIAS_PENALTY, ACTIVITY_REGULARIZER,
            DEPTHWISE_BOUND, BIAS_BOUND,
        ]
    };
}

const OF_SEQUENCES: &[Param] =
    with_kernel![FILTERS, KERNEL_SIZE, STRIDES, CAUSAL_PADDING, DATA_FORMAT, DILATION, GROUPS];
const PLAIN: &[Param] = with_kernel![FILTERS, KERNEL_SIZE, STRIDES, PADDING, DATA_FORMAT, DILATION, GROUPS];
const TRANSPOSED: &[Param] =
    with_kernel![FILTERS, KERNEL_SIZE, STRIDES, PADDING, OUTPUT_PADDING, DATA_FORMAT, DILATION];
/// Keras has the two in another order there.
const TRANSPOSED_VOLUMES: &[Param] =
    with_kernel![FILTERS, KERNEL_SIZE, STRIDES, PADDING, DATA_FORMAT, OUTPUT_PADDING, DILATION];
const OF_CHANNELS: &[Param] =
    with_depthwise_kernel![KERNEL_SIZE, STRIDES, PADDING, DEPTH_MULTIPLIER, DATA_FORMAT, DILATION];
const SEPARABLE: &[Param] = &[
    FILTERS,
    KERNEL_SIZE,
    STRIDES,
    PADDING,
    DATA_FORMAT,
    DILATION,
    DEPTH_MULTIPLIER,
    ACTIVATION,
    USE_BIAS,
    DEPTHWISE,
    POINTWISE,
    BIAS,
    DEPTHWISE_PENALTY,
    POINTWISE_PENALTY,
    BIAS_PENALTY,
    ACTIVITY_REGULARIZER,
    DEPTHWISE_BOUND,
    POINTWISE_BOUND,
    BIAS_BOUND,
];
const LOCAL: &[Param] = with_kernel![
    FILTERS,
    KERNEL_SIZE,
    STRIDES,
    optional("padding", Kind::Choice(&["valid"]), "valid", "Windows lie within the input."),
    DATA_FORMAT
];

const PLAIN_WEIGHTS: &[(&str, &str)] =
    &[("kernel", "[kernel_size..., channels / groups, filters]"), ("bias", "[filters]")];
const TRANSPOSED_WEIGHTS: &[(&str, &str)] =
    &[("kernel", "[kernel_size..., filters, channels]"), ("bias", "[filters]")];
const WEIGHTS_OF_CHANNELS: &[(&str, &str)] =
    &[("kernel", "[kernel_size..., channels, depth_multiplier]"), ("bias", "[channels * depth_multiplier]")];
const SEPARABLE_WEIGHTS: &[(&str, &str)] = &[
    ("depthwise_kernel", "[kernel_size..., channels, depth_multiplier]"),
    ("pointwise_kernel", "[1..., channels * depth_multiplier, filters]"),
    ("bias", "[filters]"),
];
const LOCAL_WEIGHTS: &[(&str, &str)] =
    &[("kernel", "[windows, kernel_size * channels, filters]"), ("bias", "[windows..., filters]")];

const OF_1D: &str = "[batch, steps, channels] → [batch, new steps, filters]";
const OF_2D: &str = "[batch, height, width, channels] → [batch, new height, new width, filters]";
const OF_3D: &str =
    "[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]";
const CHANNELS_OF_1D: &str = "[batch, steps, channels] → [batch, new steps, channels * depth_multiplier]";
const CHANNELS_OF_2D: &str =
    "[batch, height, width, channels] → [batch, new height, new width, channels * depth_multiplier]";

const CONVOLVES: &str = "The product of every window with one kernel: `activation(windows · kernel + bias)`.";
const TRANSPOSES: &str =
    "The way back from a convolution: every place becomes a window, and windows that overlap add up.";
const KEEPS_CHANNELS: &str = "Convolves every channel by itself, with `depth_multiplier` kernels of its own.";
const SEPARATES: &str = "Convolves every channel by itself, then mixes the channels of each place.";
const LOCALLY: &str = "A convolution in which every window has a kernel of its own (Keras 2).";

type Apply = fn(&mut Builder, &Use) -> Result<Id, Reported>;
type Weights = &'static [(&'static str, &'static str)];

const fn entry(
    (name, class): (&'static str, &'static str),
    aliases: &'static [&'static str],
    (doc, shapes): (&'static str, &'static str),
    params: &'static [Param],
    weights: Weights,
    apply: Apply,
) -> Entry {
    let (family, masks, operands) = (Family::Layer, Masks::Refused, Operands::Exactly(1));
    Entry { name, aliases, class, family, masks, doc, shapes, operands, params, weights, apply }
}

/// Keras: Convolution layers.
pub const LAYERS: &[Entry] = &[
    entry(
        ("conv1d", "Conv1D"),
        &["convolution1d", "conv_1d"],
        (CONVOLVES, OF_1D),
        OF_SEQUENCES,
        PLAIN_WEIGHTS,
        |b, u| convolution(b, u, 1),
    ),
    entry(
        ("conv2d", "Conv2D"),
        &["convolution2d", "conv_2d"],
        (CONVOLVES, OF_2D),
        PLAIN,
        PLAIN_WEIGHTS,
        |b, u| convolution(b, u, 2),
    ),
    entry(
        ("conv3d", "Conv3D"),
        &["convolution3d", "conv_3d"],
        (CONVOLVES, OF_3D),
        PLAIN,
        PLAIN_WEIGHTS,
        |b, u| convolution(b, u, 3),
    ),
    entry(
        ("conv1d_transpose", "Conv1DTranspose"),
        &["convolution1d_transpose", "conv_1d_transpose"],
        (TRANSPOSES, OF_1D),
        TRANSPOSED,
        TRANSPOSED_WEIGHTS,
        |b, u| transposed(b, u, 1),
    ),
    entry(
        ("conv2d_transpose", "Conv2DTranspose"),
        &["convolution2d_transpose", "conv_2d_transpose"],
        (TRANSPOSES, OF_2D),
        TRANSPOSED,
        TRANSPOSED_WEIGHTS,
        |b, u| transposed(b, u, 2),
    ),
    entry(
        ("conv3d_transpose", "Conv3DTranspose"),
        &["convolution3d_transpose", "conv_3d_transpose"],
        (TRANSPOSES, OF_3D),
        TRANSPOSED_VOLUMES,
        TRANSPOSED_WEIGHTS,
        |b, u| transposed(b, u, 3),
    ),
    entry(
        ("depthwise_conv1d", "DepthwiseConv1D"),
        &["depthwise_conv_1d"],
        (KEEPS_CHANNELS, CHANNELS_OF_1D),
        OF_CHANNELS,
        WEIGHTS_OF_CHANNELS,
        |b, u| depthwise(b, u, 1),
    ),
    entry(
        ("depthwise_conv2d", "DepthwiseConv2D"),
        &["depthwise_conv_2d"],
        (KEEPS_CHANNELS, CHANNELS_OF_2D),
        OF_CHANNELS,
        WEIGHTS_OF_CHANNELS,
        |b, u| depthwise(b, u, 2),
    ),
    entry(
        ("separable_conv1d", "SeparableConv1D"),
        &["separable_convolution1d", "separable_conv_1d"],
        (SEPARATES, OF_1D),
        SEPARABLE,
        SEPARABLE_WEIGHTS,
        |b, u| separable(b, u, 1),
    ),
    entry(
        ("separable_conv2d", "SeparableConv2D"),
        &["separable_convolution2d", "separable_conv_2d"],
        (SEPARATES, OF_2D),
        SEPARABLE,
        SEPARABLE_WEIGHTS,
        |b, u| separable(b, u, 2),
    ),
    entry(
        ("locally_connected1d", "LocallyConnected1D"),
        &["locally_connected_1d"],
        (LOCALLY, OF_1D),
        LOCAL,
        LOCAL_WEIGHTS,
        |b, u| local(b, u, 1),
    ),
    entry(
        ("locally_connected2d", "LocallyConnected2D"),
        &["locally_connected_2d"],
        (LOCALLY, OF_2D),
        LOCAL,
        LOCAL_WEIGHTS,
        |b, u| local(b, u, 2),
    ),
];

/// The windows of a layer, from `kernel_size`, `strides` and `dilation_rate`. `apart`: Keras refuses both of the latter
/// at once.
pub fn windows(b: &Builder, u: &Use, axes: usize, apart: bool) -> Result<Vec<Window>, Reported> {
    let sizes = u.per_axis(b, "kernel_size", axes, 1)?;
    let strides = u.per_axis(b, "strides", axes, 1)?;
    let dilates = u.entry.params.iter().any(|param| param.name == "dilation_rate");
    let dilations = if dilates { u.per_axis(b, "dilation_rate", axes, 1)? } else { vec![1; axes] };
    if apart && strides.iter().any(|n| *n > 1) && dilations.iter().any(|n| *n > 1) {
        let headline =
            format!("`{}` takes `strides` or `dilation_rate` greater than 1, not both", u.entry.name);
        let message = Message::new(u.args.place("dilation_rate"), headline);
        return Err(b.diag.report(message.help("leave one of them out")));
    }
    let all = sizes.into_iter().zip(strides).zip(dilations);
    Ok(all.map(|((size, stride), dilation)| Window { size, stride, dilation }).collect())
}

fn sizes(windows: &[Window]) -> Vec<Dim> {
    windows.iter().map(|window| Dim::known(window.size)).collect()
}

/// The product of every window of `x`, over its axes from `lead` on, with the matrix `kernel`.
pub fn product(b: &mut Builder, x: Id, lead: usize, windows: &[Window], kernel: Id) -> Id {
    let n = lead + windows.len();
    let all = b.graph.windows(x, lead, windows.to_vec());
    let dims = b.graph.shape(all).dims.clone();
    let k = Dim::product(&dims[n..]);
    let rows = b.graph.reshape(all, [&dims[..n], &[k]].concat());
    b.graph.matmul(rows, kernel, false)
}

/// `y`, channels last, with bias and activation, as the user has it.
fn finish(b: &mut Builder, u: &Use, s: &Spatial, y: Id) -> Result<Id, Reported> {
    let mut y = y;
    if u.args.flag("use_bias") {
        let filters = b.graph.shape(y).dims.last().expect("it has channels").clone();
        let bias = b.weight(u, "bias", vec![filters], u.args.initializer("bias_initializer"))?;
        y = b.graph.binary(Binary::Add, y, bias);
    }
    let y = s.finish(&mut b.graph, y);
    b.activate(u, "activation", y)
}

fn convolution(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let windows = windows(b, u, axes, true)?;
    let s = u.spatial(b, axes)?;
    let padding = u.args.text("padding").expect("it has a default");
    let x = s.padded(b, u, &windows, padding, 0.0)?;
    let filters = u.args.size("filters");
    let groups = groups(b, u, &s, &filters)?;
    if groups > 1 && s.channels.is(groups) {
        return of_single_channels(b, u, &s, x, windows);
    }
    let part = |dim: &Dim| match dim.as_known() {
        Some(n) => Dim::known(n / groups),
        None => dim.clone(),
    };
    let (channels, own_filters) = (part(&s.channels), part(&filters));
    let shape = [sizes(&windows), vec![channels.clone(), filters.clone()]].concat();
    let k = Dim::product(&shape[..axes + 1]);
    let kernel = b.weight(u, "kernel", shape, u.args.initializer("kernel_initializer"))?;
    let kernel = b.graph.reshape(kernel, vec![k, filters]);
    let parts = (0..groups).map(|group| {
        let x = b.graph.slice(x, axes, channels.mul(&group.into()), channels.clone());
        let kernel = b.graph.slice(kernel, 1, own_filters.mul(&group.into()), own_filters.clone());
        product(b, x, 0, &windows, kernel)
    });
    let parts = parts.collect();
    let y = b.graph.concat(parts, axes);
    finish(b, u, &s, y)
}

/// A convolution with a group for each channel: its kernel lies as that of a depthwise one.
fn of_single_channels(
    b: &mut Builder,
    u: &Use,
    s: &Spatial,
    x: Id,
    windows: Vec<Window>,
) -> Result<Id, Reported> {
    let (filters, channels) = (u.args.size("filters"), s.channels.clone());
    let shape = [sizes(&windows), vec![1.into(), filters.clone()]].concat();
    let kernel = b.weight(u, "kernel", shape, u.args.initializer("kernel_initializer"))?;
    let multiplier =
        filters.as_known().zip(channels.as_known()).map(|(filters, channels)| filters / channels);
    let multiplier = Dim::known(multiplier.expect("groups are of known numbers"));
    let kernel = b.graph.reshape(kernel, [sizes(&windows), vec![channels, multiplier]].concat());
    let y = windows_by_channel(b, x, windows, kernel);
    finish(b, u, s, y)
}

/// Every window of `x` times a `kernel` of its channel, `[..., channels, multiplier]`.
fn windows_by_channel(b: &mut Builder, x: Id, windows: Vec<Window>, kernel: Id) -> Id {
    let axes = windows.len();
    let columns = b.graph.shape(kernel).dims[axes..].to_vec();
    let all = b.graph.windows(x, 0, windows);
    let dims = b.graph.shape(all).dims.clone();
    let all = b.graph.reshape(all, [dims.clone(), vec![1.into()]].concat());
    let products = b.graph.binary(Binary::Mul, all, kernel);
    let y = b.graph.reduce(ReduceKind::Sum, products, (axes..2 * axes).collect(), false);
    b.graph.reshape(y, [&dims[..axes], &[Dim::product(&columns)]].concat())
}

/// The number of groups, which divides both channels and filters.
fn groups(b: &Builder, u: &Use, s: &Spatial, filters: &Dim) -> Result<usize, Reported> {
    let (groups, place) = (u.args.integer("groups"), u.args.place("groups"));
    let name = u.entry.name;
    if groups < 1 {
        let headline = format!("`groups` of `{name}` must be at least 1, found {groups}");
        return Err(b.diag.report(Message::new(place, headline)));
    }
    let groups = groups as usize;
    if groups == 1 {
        return Ok(1);
    }
    for (what, dim) in [("channels of its input", &s.channels), ("filters", filters)] {
        match dim.as_known() {
            Some(n) if n % groups == 0 => {}
            Some(n) => {
                let headline = format!("the {groups} groups of `{name}` do not divide the {n} {what}");
                let message = Message::new(place, headline);
                let input = &u.inputs[0];
                let message = match what {
                    "filters" => message,
                    _ => message.note(format!("`{}` makes {}", input.text, b.graph.shape(input.id))),
                };
                let divisors: Vec<String> = (1..=n).filter(|d| n % d == 0).map(|d| d.to_string()).collect();
                return Err(b
                    .diag
                    .report(message.help(format!("{n} can be divided by {}", divisors.join(", ")))));
            }
            None => {
                let headline = format!("`{name}` in groups must know the number of {what}, found {dim}");
                let help = "write the number, or declare the constant inside of the macro call";
                return Err(b.diag.report(Message::new(place, headline).help(help)));
            }
        }
    }
    Ok(groups)
}

fn transposed(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let windows = windows(b, u, axes, true)?;
    let more = match u.args.integers("output_padding") {
        Some(_) => u.per_axis(b, "output_padding", axes, 0)?.into_iter().map(Some).collect(),
        None => vec![None; axes],
    };
    for (more, window) in more.iter().zip(&windows) {
        if let Some(more) = more.filter(|more| *more >= window.stride) {
            let headline =
                format!("`output_padding` of `{}` must be less than its strides, found {more}", u.entry.name);
            let message = Message::new(u.args.place("output_padding"), headline);
            return Err(b.diag.report(message.note(format!("the stride of this axis is {}", window.stride))));
        }
    }
    let s = u.spatial(b, axes)?;
    let filters = u.args.size("filters");
    let shape = [sizes(&windows), vec![filters.clone(), s.channels.clone()]].concat();
    let k = Dim::product(&shape[..axes + 1]);
    let kernel = b.weight(u, "kernel", shape, u.args.initializer("kernel_initializer"))?;
    let kernel = b.graph.reshape(kernel, vec![k, s.channels.clone()]);
    let rows = b.graph.matmul(s.x, kernel, true);
    let counts: Vec<Dim> = s.extents.iter().copied().map(Dim::known).collect();
    let all = b.graph.reshape(rows, [counts, sizes(&windows), vec![filters]].concat());
    let same = u.args.text("padding") == Some("same");
    let cuts = s
        .extents
        .iter()
        .zip(&windows)
        .zip(more)
        .map(|((extent, window), more)| cut(*extent, *window, same, more));
    let cuts: Vec<Cut> = cuts.collect();
    let wholes: Vec<Dim> = cuts.iter().map(|cut| Dim::known(cut.whole)).collect();
    let mut y = b.graph.overlap(all, 0, windows, &wholes);
    for (axis, cut) in cuts.into_iter().enumerate() {
        y = b.graph.slice(y, axis, cut.start.into(), cut.length.into());
    }
    finish(b, u, &s, y)
}

/// What is taken of the sum of a transposed convolution's windows along an axis.
struct Cut {
    whole: usize,
    start: usize,
    length: usize,
}

/// `keras.backend.common.backend_utils`, for JAX: what it pads the input with, seen from the result.
fn cut(extent: usize, window: Window, same: bool, more: Option<usize>) -> Cut {
    let (span, stride) = (window.span(), window.stride);
    let sum = (extent - 1) * stride + span;
    let (before, behind) = match same {
        false => (span - 1, span - 1 + more.unwrap_or(span.max(stride) - span)),
        true => {
            let all = more.map_or(stride + span - 2, |more| span + span % 2 + more - 2);
            let before = (all / 2 + all % 2).min(span - 1);
            (before, all - before)
        }
    };
    let start = span - 1 - before;
    let length = sum + before + behind - 2 * (span - 1);
    Cut { whole: sum.max(start + length), start, length }
}

fn depthwise(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let (s, y) = by_channel(b, u, axes, "kernel")?;
    finish(b, u, &s, y)
}

fn separable(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let (s, y) = by_channel(b, u, axes, "depthwise_kernel")?;
    let (channels, filters) = (b.graph.shape(y).dims[axes].clone(), u.args.size("filters"));
    let shape = [vec![Dim::known(1); axes], vec![channels.clone(), filters.clone()]].concat();
    let kernel = b.weight(u, "pointwise_kernel", shape, u.args.initializer("pointwise_initializer"))?;
    let kernel = b.graph.reshape(kernel, vec![channels, filters]);
    let y = b.graph.matmul(y, kernel, false);
    finish(b, u, &s, y)
}

/// Every window times a kernel of its channel: `[..., channels * depth_multiplier]`, channels last.
fn by_channel(b: &mut Builder, u: &Use, axes: usize, name: &str) -> Result<(Spatial, Id), Reported> {
    let windows = windows(b, u, axes, false)?;
    let s = u.spatial(b, axes)?;
    let x = s.padded(b, u, &windows, u.args.text("padding").expect("it has a default"), 0.0)?;
    let multiplier = u.args.size("depth_multiplier");
    let shape = [sizes(&windows), vec![s.channels.clone(), multiplier.clone()]].concat();
    let kernel = b.weight(u, name, shape, u.args.initializer("depthwise_initializer"))?;
    let y = windows_by_channel(b, x, windows, kernel);
    Ok((s, y))
}

fn local(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let windows = windows(b, u, axes, true)?;
    let s = u.spatial(b, axes)?;
    let x = s.padded(b, u, &windows, "valid", 0.0)?;
    let all = b.graph.windows(x, 0, windows);
    let dims = b.graph.shape(all).dims.clone();
    let (positions, k) = (Dim::product(&dims[..axes]), Dim::product(&dims[axes..]));
    let filters = u.args.size("filters");
    let start = u.args.initializer("kernel_initializer");
    let kernel = b.weight(u, "kernel", vec![positions, k, filters.clone()], start)?;
    let kernel = match s.channels_first() {
        false => b.graph.reshape(kernel, [dims.clone(), vec![filters.clone()]].concat()),
        // A row of the kernel for each word of a window, as the words lie in the user's input.
        true => {
            let (place, window) = dims[..2 * axes].split_at(axes);
            let (channels, filters) = (std::slice::from_ref(&s.channels), std::slice::from_ref(&filters));
            let shape = [place, channels, window, filters].concat();
            let kernel = b.graph.reshape(kernel, shape);
            let order = (0..axes).chain(axes + 1..2 * axes + 1).chain([axes, 2 * axes + 1]);
            b.graph.permute(kernel, order.collect())
        }
    };
    let all = b.graph.reshape(all, [dims.clone(), vec![1.into()]].concat());
    let products = b.graph.binary(Binary::Mul, all, kernel);
    let y = b.graph.reduce(ReduceKind::Sum, products, (axes..2 * axes + 1).collect(), false);
    let mut y = s.finish(&mut b.graph, y);
    if u.args.flag("use_bias") {
        let shape = [&dims[..axes], &[filters]].concat();
        let bias = b.weight(u, "bias", shape, u.args.initializer("bias_initializer"))?;
        // Keras 2 reads the words of the bias in the order of the output, whichever that is.
        let bias = b.graph.reshape(bias, b.graph.shape(y).dims.clone());
        y = b.graph.binary(Binary::Add, y, bias);
    }
    b.activate(u, "activation", y)
}
