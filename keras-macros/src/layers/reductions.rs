//! Functions along axes: reductions that are made of others, places of extremes, running sums and products.

use super::functions::{REDUCTION, function, reduced_axes};
use super::merging::normalize;
use super::{Entry, Family, Kind, Operands, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Shape, Unary};

macro_rules! reduction {
    ($name:literal $(| $alias:literal)*, $class:literal, $doc:literal, $apply:expr) => {
        function!(
            $name $(| $alias)*,
            $class,
            Operands::Exactly(1),
            $doc,
            "[batch, ..., n, ...] → [batch, ..., ...]",
            REDUCTION,
            |b, u| {
                let axes = reduced_axes(b, u)?;
                let reduce: fn(&mut Graph, Id, Vec<usize>, bool) -> Id = $apply;
                Ok(reduce(&mut b.graph, u.x(), axes, u.args.flag("keepdims")))
            }
        )
    };
}

/// The place of an extreme along one axis, or in a whole sample.
macro_rules! place {
    ($name:literal, $class:literal, $kind:ident, $doc:literal) => {
        function!(
            $name,
            $class,
            Operands::Exactly(1),
            $doc,
            "[batch, ..., n, ...] → [batch, ..., ...]",
            &[
                optional(
                    "axis",
                    Kind::Integer,
                    "None",
                    "The axis (the batch is axis 0); None: all but the batch as one."
                ),
                optional("keepdims", Kind::Flag, "false", "Whether the axis stays, with one element."),
            ],
            |b, u| place(b, u, ReduceKind::$kind)
        )
    };
}

const ALONG: &[super::Param] = &[required("axis", Kind::Integer, "The axis; the batch is axis 0.")];

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    reduction!(
        "logsumexp",
        "Logsumexp",
        "The logarithm of the sum of exponentials over axes, without overflow.",
        |g, x, axes, keep| {
            let greatest = g.reduce(ReduceKind::Max, x, axes.clone(), true);
            let greatest = g.stop_gradient(greatest);
            let less = g.binary(Binary::Sub, x, greatest);
            let less = g.unary(Unary::Exp, less);
            let sum = g.reduce(ReduceKind::Sum, less, axes, true);
            let log = g.unary(Unary::Log, sum);
            let y = g.binary(Binary::Add, log, greatest);
            kept_or_not(g, x, y, keep)
        }
    ),
    reduction!("var", "Var", "The variance over axes.", variance),
    reduction!("std", "Std", "The standard deviation over axes.", |g, x, axes, keep| {
        let variance = variance(g, x, axes, keep);
        g.unary(Unary::Sqrt, variance)
    }),
    reduction!("any", "Any", "1 where one element over axes is not 0, else 0.", |g, x, axes, keep| {
        let truth = g.binary_const(Binary::Ne, x, 0.0);
        g.reduce(ReduceKind::Max, truth, axes, keep)
    }),
    reduction!("all", "All", "1 where no element over axes is 0, else 0.", |g, x, axes, keep| {
        let truth = g.binary_const(Binary::Ne, x, 0.0);
        g.reduce(ReduceKind::Min, truth, axes, keep)
    }),
    reduction!(
        "count_nonzero",
        "CountNonzero",
        "How many elements over axes are not 0.",
        |g, x, axes, keep| {
            let truth = g.binary_const(Binary::Ne, x, 0.0);
            g.reduce(ReduceKind::Sum, truth, axes, keep)
        }
    ),
    reduction!("norm", "Norm", "The root of the sum of squares over axes.", |g, x, axes, keep| {
        let square = g.unary(Unary::Square, x);
        let sum = g.reduce(ReduceKind::Sum, square, axes, keep);
        g.unary(Unary::Sqrt, sum)
    }),
    reduction!("ptp", "Ptp", "The greatest less the least element over axes.", |g, x, axes, keep| {
        let [high, low] =
            [ReduceKind::Max, ReduceKind::Min].map(|kind| g.reduce(kind, x, axes.clone(), keep));
        g.binary(Binary::Sub, high, low)
    }),
    function!(
        "moments",
        "Moments",
        Operands::Exactly(1),
        "Mean and variance over axes: `let (mean, variance) = moments(x, axes = 1);`.",
        "[batch, ..., n, ...] → two of [batch, ..., ...]",
        &[
            required("axes", Kind::Integers, "One axis or several; the batch is axis 0."),
            optional("keepdims", Kind::Flag, "false", "Whether the axis stays, with one element."),
        ],
        |b, u| {
            let shape = b.shape(u.x());
            let place = u.args.place("axes");
            let given = u.args.integers("axes").expect("it is required").to_vec();
            let axes = given.into_iter().map(|axis| super::resolve_axis(b, axis, &shape, place));
            let mut axes = axes.collect::<Result<Vec<_>, _>>()?;
            axes.sort_unstable();
            axes.dedup();
            let keep = u.args.flag("keepdims");
            let variance = variance(&mut b.graph, u.x(), axes.clone(), keep);
            b.also(variance);
            Ok(b.graph.mean(u.x(), axes, keep))
        }
    ),
    function!(
        "normalize" | "l2_normalize",
        "Normalize",
        Operands::Exactly(1),
        "Divided by the Euclidean norm along an axis.",
        "any shape, unchanged",
        &[optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0.")],
        |b, u| {
            let shape = b.shape(u.x());
            let axis = u.axis(b, "axis", &shape)?;
            Ok(normalize(b, u.x(), axis))
        }
    ),
    place!("argmax", "Argmax", Max, "The first place of the greatest element."),
    place!("argmin", "Argmin", Min, "The first place of the least element."),
    function!(
        "cumsum",
        "Cumsum",
        Operands::Exactly(1),
        "The sum of the elements up to each place of an axis.",
        "any shape, unchanged",
        ALONG,
        cumsum
    ),
    function!(
        "cumprod",
        "Cumprod",
        Operands::Exactly(1),
        "The product of the elements up to each place of an axis.",
        "any shape, unchanged",
        ALONG,
        cumprod
    ),
    function!(
        "diff",
        "Diff",
        Operands::Exactly(1),
        "Each element less the one before it along an axis.",
        "[batch, ..., n, ...] → [batch, ..., n - 1, ...]",
        &[optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0.")],
        diff
    ),
    function!(
        "in_top_k",
        "InTopK",
        Operands::Exactly(2),
        "1 where fewer than `k` predictions are greater than that of the target, a whole number, else 0.",
        "[batch], [batch, classes] → [batch]",
        &[required("k", Kind::Size, "How many of the greatest.")],
        in_top_k
    ),
];

/// `y`, which has the rank of `x`, without the axes that were reduced unless they are to be kept.
fn kept_or_not(g: &mut Graph, x: Id, y: Id, keep: bool) -> Id {
    if keep {
        return y;
    }
    let (from, to) = (g.shape(x).dims.clone(), g.shape(y).dims.clone());
    let kept = from.iter().zip(to).filter(|(own, dim)| *own == dim).map(|(_, dim)| dim);
    g.reshape(y, kept.collect())
}

fn variance(g: &mut Graph, x: Id, axes: Vec<usize>, keep: bool) -> Id {
    let mean = g.mean(x, axes.clone(), true);
    let off = g.binary(Binary::Sub, x, mean);
    let square = g.unary(Unary::Square, off);
    g.mean(square, axes, keep)
}

fn place(b: &mut Builder, u: &Use, kind: ReduceKind) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let keep = u.args.flag("keepdims");
    let all = u.args.optional_integer("axis").is_none();
    let (x, axis) = match u.args.optional_integer("axis") {
        Some(_) => (u.x(), u.axis(b, "axis", &shape)?),
        None => (b.graph.reshape(u.x(), vec![shape.size()]), 0),
    };
    let g = &mut b.graph;
    let first = first_place(g, kind, x, axis, keep && !all);
    Ok(if keep && all { g.reshape(first, vec![Dim::known(1); shape.rank()]) } else { first })
}

/// The first place of the extreme along `axis`.
pub fn first_place(g: &mut Graph, kind: ReduceKind, x: Id, axis: usize, keep: bool) -> Id {
    let dims = g.shape(x).dims.clone();
    let extreme = g.reduce(kind, x, vec![axis], true);
    let hit = g.binary(Binary::Eq, x, extreme);
    let places = g.iota(dims[axis].clone());
    let aligned = (0..dims.len()).map(|i| if i == axis { dims[axis].clone() } else { 1.into() });
    let places = g.reshape(places, aligned.collect());
    let beyond = g.extent(dims[axis].clone());
    let found = g.select(hit, places, beyond);
    g.reduce(ReduceKind::Min, found, vec![axis], keep)
}

fn cumsum(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    Ok(running_sum(&mut b.graph, u.x(), axis))
}

/// By the product with a triangle of ones.
pub fn running_sum(g: &mut Graph, x: Id, axis: usize) -> Id {
    let shape = g.shape(x).clone();
    let last = shape.rank() - 1;
    let mut order: Vec<usize> = (0..=last).collect();
    order.swap(axis, last);
    let n = shape.dims[axis].clone();
    let (from, to) = (g.iota(n.clone()), g.iota(n.clone()));
    let from = g.reshape(from, vec![n, 1.into()]);
    let triangle = g.binary(Binary::Le, from, to);
    let x = g.permute(x, order.clone());
    let sums = g.matmul(x, triangle, false);
    g.permute(sums, order)
}

/// An error for `u`, a loop, in a step of another.
pub fn outside_of_cells(b: &Builder, u: &Use, about: &str) -> Result<(), Reported> {
    if u.inputs.iter().all(|input| b.graph.nodes[input.id.0].scan.is_none()) {
        return Ok(());
    }
    let message = Message::new(u.place, format!("`{}` has no place in a cell", u.entry.name))
        .note(format!("it is a loop over {about}, and a step of a loop has no loop of its own"))
        .help("take it of what the cell is given, or of what it makes, outside of it");
    Err(b.diag.report(message))
}

/// By a loop: its gradient is right where elements are 0 too.
fn cumprod(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    outside_of_cells(b, u, "the places of its axis")?;
    let g = &mut b.graph;
    let order: Vec<usize> = std::iter::once(axis).chain((0..shape.rank()).filter(|i| *i != axis)).collect();
    let x = g.broadcast_to(u.x(), &Shape::batched(shape.dims.clone()));
    let x = g.permute(x, order.clone());
    let scan = g.scan(shape.dims[axis].clone(), false);
    let one = g.constant(1.0);
    let start = g.broadcast_to(one, &Shape::batched(g.shape(x).dims[1..].to_vec()));
    let state = g.state(scan, start);
    let item = g.item(scan, x);
    let next = g.binary(Binary::Mul, state, item);
    g.set_next(state, next);
    let all = g.trace(scan, next);
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(i, &from)| back[from] = i);
    Ok(g.permute(all, back))
}

fn diff(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let Some(n) = shape.dims[axis].as_known().filter(|n| *n > 1) else {
        let headline =
            format!("`diff` needs two places at least along its axis, and {shape} has {}", shape.dims[axis]);
        return Err(b.diag.report(Message::new(u.args.place("axis"), headline)));
    };
    let [later, earlier] =
        [1, 0].map(|start: usize| b.graph.slice(u.x(), axis, start.into(), (n - 1).into()));
    Ok(b.graph.binary(Binary::Sub, later, earlier))
}

fn in_top_k(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (targets, predictions) = (&u.inputs[0], &u.inputs[1]);
    let [own, other] = [targets, predictions].map(|x| b.shape(x.id));
    if own.rank() != 0 || other.rank() != 1 {
        let headline =
            format!("`in_top_k` takes [batch] and [batch, classes], but is given {own} and {other}");
        let message = u.misfit(predictions, headline, format!("this is given {own} and {other}"));
        let message = message.note(format!("`{}` makes {own}", targets.text));
        return Err(b.diag.report(message.note(format!("`{}` makes {other}", predictions.text))));
    }
    let k = b.graph.extent(u.args.size("k"));
    let hit = super::preprocessing::one_hot(b, targets.id, other.dims[0].clone());
    let g = &mut b.graph;
    let score = g.binary(Binary::Mul, hit, predictions.id);
    let score = g.reduce(ReduceKind::Sum, score, vec![0], true);
    let above = g.binary(Binary::Gt, predictions.id, score);
    let above = g.reduce(ReduceKind::Sum, above, vec![0], false);
    Ok(g.binary(Binary::Lt, above, k))
}
