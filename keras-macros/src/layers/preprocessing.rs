//! Preprocessing as a part of the model: numbers scaled and centred, sorted into bins, one-hot.

use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional, required, resolve_axis};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Adapts, Binary, Dim, Id, Init, Learns, ReduceKind, Shape, Unary};

/// `keras.config.epsilon()`
const EPSILON: f32 = 1e-7;

const fn output_mode(words: &'static [&'static str], default: &'static str) -> Param {
    optional(
        "output_mode",
        Kind::Choice(words),
        default,
        "`one_hot`: a vector for each; `multi_hot`: 1 for every one that a sample has; `count`: how often it has it.",
    )
}

/// Keras: Preprocessing layers, numerical and categorical features.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "rescaling",
        aliases: &[],
        class: "Rescaling",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "`x * scale + offset`: `rescaling(1.0 / 255.0)` for the bytes of images.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            required("scale", Kind::Numbers, "The factor, or one for each place of the last axis."),
            optional(
                "offset",
                Kind::Numbers,
                "0.0",
                "What is added, or one for each place of the last axis.",
            ),
        ],
        weights: &[],
        apply: |b, u| {
            let last = b.shape(u.x()).rank().checked_sub(1);
            let scale = constant(b, u, "scale", last)?;
            let offset = constant(b, u, "offset", last)?;
            let scaled = b.graph.binary(Binary::Mul, u.x(), scale);
            Ok(b.graph.binary(Binary::Add, scaled, offset))
        },
    },
    Entry {
        name: "normalization",
        aliases: &[],
        class: "Normalization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "`(x - mean) / sqrt(variance)`, with mean and variance of each place of `axis`. They are given, or learnt from \
              data before training: `model.adapt(\"normalization\", &x)?`.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional(
                "axis",
                Kind::Integers,
                "-1",
                "The axes whose places have a mean each, `[]` for one mean of all; the batch is axis 0.",
            ),
            optional("mean", Kind::Numbers, "None", "The mean, or one for each place of the last of `axis`."),
            optional(
                "variance",
                Kind::Numbers,
                "None",
                "The variance, or one for each place of the last of `axis`.",
            ),
            optional(
                "invert",
                Kind::Flag,
                "false",
                "Whether to compute `x * sqrt(variance) + mean` instead.",
            ),
        ],
        weights: &[
            ("mean", "[sizes of axis...], not trained"),
            ("variance", "[sizes of axis...], not trained"),
            ("count", "[], not used"),
        ],
        apply: normalization,
    },
    Entry {
        name: "discretization",
        aliases: &[],
        class: "Discretization",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "The bin that each number falls in: how many boundaries are not above it. They are given by `bin_boundaries`, or \
              learnt from data before training, such that `num_bins` bins hold about equally many numbers: \
              `model.adapt(\"discretization\", &x)?`; until then all of them are 0.",
        shapes: "any shape, unchanged; `one_hot`: [batch, ...] → [batch, ..., bins]",
        operands: Operands::Exactly(1),
        params: &[
            optional(
                "bin_boundaries",
                Kind::Numbers,
                "None",
                "Where bins end and begin, in ascending order.",
            ),
            optional("num_bins", Kind::Integer, "None", "How many bins to learn from data."),
            optional(
                "epsilon",
                Kind::Number,
                "0.01",
                "How far a learnt boundary may be from its place in the order of the numbers, as a share of them.",
            ),
            output_mode(&["int", "one_hot", "multi_hot", "count"], "int"),
        ],
        weights: &[("bin_boundaries", "[num_bins - 1], not trained; where they are learnt")],
        apply: discretization,
    },
    Entry {
        name: "category_encoding",
        aliases: &[],
        class: "CategoryEncoding",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "Vectors of `num_tokens` for whole numbers from 0 to `num_tokens - 1`; others have no place in them.",
        shapes: "[batch, k] → [batch, num_tokens]; `one_hot`: [batch, ...] → [batch, ..., num_tokens]",
        operands: Operands::Exactly(1),
        params: &[
            required("num_tokens", Kind::Size, "How many numbers there are."),
            output_mode(&["multi_hot", "one_hot", "count"], "multi_hot"),
        ],
        weights: &[],
        apply: |b, u| {
            let depth = u.args.size("num_tokens");
            encode(b, u, u.x(), depth)
        },
    },
];

/// The numbers of argument `name`: one, or one for each place of `axis` of the input.
fn constant(b: &mut Builder, u: &Use, name: &'static str, axis: Option<usize>) -> Result<Id, Reported> {
    let numbers: Vec<f32> = u.args.numbers(name).expect("it has a value").iter().map(|x| *x as f32).collect();
    if let [number] = numbers[..] {
        return Ok(b.graph.constant(number));
    }
    let shape = b.shape(u.x());
    let count = Dim::known(numbers.len());
    let sentence = format!("`{name}` of `{}` has {count} numbers", u.entry.name);
    let place = u.args.place(name);
    match axis {
        Some(axis) if b.agree(&shape.dims[axis], &count, place, &sentence) => {
            let mut dims = vec![Dim::known(1); shape.rank()];
            dims[axis] = shape.dims[axis].clone();
            let numbers = b.graph.numbers(numbers);
            Ok(b.graph.reshape(numbers, dims))
        }
        _ => {
            let places = axis.map_or("no such axis".to_string(), |axis| shape.dims[axis].to_string());
            let message =
                Message::new(place, format!("{sentence}, but its input, {shape}, has {places} places"))
                    .note(format!("`{}` makes {shape}", u.inputs[0].text));
            Err(b.diag.report(message.help("give one number, or one for each place")))
        }
    }
}

fn normalization(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let given = u.args.integers("axis").expect("it has a value").to_vec();
    let axes = given.into_iter().map(|axis| resolve_axis(b, axis, &shape, u.args.place("axis")));
    let mut axes = axes.collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    let both = ["mean", "variance"].map(|name| u.args.numbers(name).is_some());
    if both[0] != both[1] {
        let (there, missing) = if both[0] { ("mean", "variance") } else { ("variance", "mean") };
        let headline = format!("`normalization` is given its {there} and not its {missing}");
        let message = Message::new(u.args.place(there), headline);
        return Err(b.diag.report(message.help(format!(
            "give `{missing}` too, or neither: then `model.adapt(..)` computes them from data"
        ))));
    }
    let (mean, variance) = if both[0] {
        let negative = u.args.numbers("variance").and_then(|all| all.iter().find(|x| **x < 0.0));
        if let Some(x) = negative {
            let headline = format!("`variance` of `normalization` must not be negative, found {x}");
            return Err(b.diag.report(Message::new(u.args.place("variance"), headline)));
        }
        let last = axes.last().copied();
        (constant(b, u, "mean", last)?, constant(b, u, "variance", last)?)
    } else {
        let dims: Vec<Dim> = axes.iter().map(|&axis| shape.dims[axis].clone()).collect();
        let mean = b.frozen_weight(u, "mean", dims.clone(), Init::Zeros)?;
        let variance = b.frozen_weight(u, "variance", dims, Init::Ones)?;
        // Keras has it too, for files.
        b.frozen_weight(u, "count", vec![], Init::Zeros)?;
        let kept = |(i, dim): (usize, &Dim)| if axes.contains(&i) { dim.clone() } else { 1.into() };
        let aligned: Vec<Dim> = shape.dims.iter().enumerate().map(kept).collect();
        let row = b.graph.current_layer;
        b.graph.layers[row].adapts =
            Some(Adapts { dims: shape.dims.clone(), learns: Learns::Moments { axes } });
        (b.graph.reshape(mean, aligned.clone()), b.graph.reshape(variance, aligned))
    };
    let deviation = b.graph.unary(Unary::Sqrt, variance);
    let deviation = b.graph.binary_const(Binary::Maximum, deviation, EPSILON);
    Ok(if u.args.flag("invert") {
        let scaled = b.graph.binary(Binary::Mul, u.x(), deviation);
        b.graph.binary(Binary::Add, scaled, mean)
    } else {
        let centred = b.graph.binary(Binary::Sub, u.x(), mean);
        b.graph.binary(Binary::Div, centred, deviation)
    })
}

fn discretization(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let given = u.args.numbers("bin_boundaries").map(<[f64]>::to_vec);
    let (boundaries, depth) = match (given, u.args.optional_integer("num_bins")) {
        (Some(bins), None) => {
            check_boundaries(b, u, &bins)?;
            let depth = bins.len() + 1;
            (b.graph.numbers(bins.into_iter().map(|x| x as f32).collect()), depth)
        }
        (None, Some(bins)) => learnt_boundaries(b, u, bins)?,
        (both, _) => {
            let (headline, place) = match both {
                Some(_) => (
                    "`discretization` is given its boundaries and a number of bins",
                    u.args.place("num_bins"),
                ),
                None => ("`discretization` needs boundaries, or a number of bins to learn them for", u.place),
            };
            let message = Message::new(place, headline);
            return Err(b.diag.report(message.help(
                "give `bin_boundaries`, or `num_bins`: then `model.adapt(..)` computes the boundaries from data",
            )));
        }
    };
    // How many boundaries are at most x.
    let shape = b.shape(u.x());
    let x = b.graph.reshape(u.x(), [&shape.dims[..], &[Dim::known(1)]].concat());
    let above = b.graph.binary(Binary::Ge, x, boundaries);
    let bin = b.graph.reduce(ReduceKind::Sum, above, vec![shape.rank()], false);
    if u.args.text("output_mode") == Some("int") { Ok(bin) } else { encode(b, u, bin, Dim::known(depth)) }
}

fn check_boundaries(b: &Builder, u: &Use, bins: &[f64]) -> Result<(), Reported> {
    let place = u.args.place("bin_boundaries");
    if bins.is_empty() {
        let message = Message::new(place, "`discretization` needs a boundary at least");
        return Err(b.diag.report(message.help("for example `bin_boundaries = [0.0, 1.0]`")));
    }
    let Some(pair) = bins.windows(2).find(|pair| pair[0] >= pair[1]) else { return Ok(()) };
    let mut sorted = bins.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let headline = format!("`bin_boundaries` must ascend, but {} comes before {}", pair[0], pair[1]);
    let message = Message::new(place, headline).help(format!("sorted they are `{sorted:?}`"));
    Err(b.diag.report(message))
}

/// A weight that holds the boundaries of `bins` bins, and that number.
fn learnt_boundaries(b: &mut Builder, u: &Use, bins: i64) -> Result<(Id, usize), Reported> {
    let epsilon = u.args.number("epsilon");
    if bins < 2 {
        let headline = format!("`num_bins` of `discretization` must be at least 2, found {bins}");
        return Err(b.diag.report(Message::new(u.args.place("num_bins"), headline)));
    }
    if !(epsilon > 0.0 && epsilon < 1.0) {
        let headline = format!("`epsilon` of `discretization` must be between 0 and 1, found {epsilon}");
        return Err(b.diag.report(Message::new(u.args.place("epsilon"), headline)));
    }
    let bins = bins as usize;
    let boundaries = b.frozen_weight(u, "bin_boundaries", vec![Dim::known(bins - 1)], Init::Zeros)?;
    let (row, dims) = (b.graph.current_layer, b.shape(u.x()).dims);
    b.graph.layers[row].adapts = Some(Adapts { dims, learns: Learns::Bins { bins, epsilon } });
    Ok((boundaries, bins))
}

/// Whole numbers `x` as vectors of `depth`, as argument `output_mode` says.
fn encode(b: &mut Builder, u: &Use, x: Id, depth: Dim) -> Result<Id, Reported> {
    let shape = b.shape(x);
    let mode = u.args.text("output_mode").expect("it has a value");
    if mode == "one_hot" {
        // As Keras: an axis of one place becomes the vector.
        let x = match shape.dims.split_last() {
            Some((last, lead)) if last.is(1) => b.graph.reshape(x, lead.to_vec()),
            _ => x,
        };
        return Ok(one_hot(b, x, depth));
    }
    if shape.rank() != 1 {
        let headline = format!(
            "`output_mode = {mode}` of `{}` needs [batch, k], but its input is {shape}",
            u.entry.name
        );
        let message = Message::new(u.args.place("output_mode"), headline)
            .note(format!("`{}` makes {shape}", u.inputs[0].text));
        return Err(b.diag.report(message.help("`output_mode = one_hot` takes any shape")));
    }
    let all = one_hot(b, x, depth);
    let kind = if mode == "count" { ReduceKind::Sum } else { ReduceKind::Max };
    Ok(b.graph.reduce(kind, all, vec![0], false))
}

/// A vector of `depth` for each element: 1 at the place that the element says, 0 elsewhere.
pub fn one_hot(b: &mut Builder, x: Id, depth: Dim) -> Id {
    let shape = b.shape(x);
    let x = b.graph.reshape(x, [&shape.dims[..], &[Dim::known(1)]].concat());
    let places = b.graph.iota(depth.clone());
    let wide = Shape { batched: shape.batched, dims: [&shape.dims[..], &[depth]].concat() };
    let (x, places) = (b.graph.broadcast_to(x, &wide), b.graph.broadcast_to(places, &wide));
    b.graph.binary(Binary::Eq, x, places)
}
