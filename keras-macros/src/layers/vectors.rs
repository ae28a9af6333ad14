//! Functions of vectors: products, distances, correlations and areas.

use super::functions::function;
use super::merging::fit;
use super::{Entry, Family, Kind, Operands, Use, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Unary, Window};

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    function!(
        "cross",
        "Cross",
        Operands::Exactly(2),
        "The cross product of vectors of three numbers; the third of a vector of two is 0, and of two such there is the third \
         of the product alone.",
        "[batch, ..., 3], [batch, ..., 3] → [batch, ..., 3]",
        &[
            optional("axisa", Kind::Integer, "-1", "The axis of the first's vectors; the batch is axis 0."),
            optional("axisb", Kind::Integer, "-1", "The axis of the second's."),
            optional("axisc", Kind::Integer, "-1", "The axis of the result's."),
            optional("axis", Kind::Integer, "None", "The axis of all of them."),
        ],
        cross
    ),
    function!(
        "cdist",
        "CDist",
        Operands::Exactly(2),
        "The Euclidean distance of each vector of the first from each of the second.",
        "[batch, ..., m, k], [batch, ..., n, k] → [batch, ..., m, n]",
        &[],
        cdist
    ),
    function!(
        "corrcoef",
        "Corrcoef",
        Operands::Exactly(1),
        "The correlation of each row of a matrix with each other, for each sample.",
        "[batch, m, n] → [batch, m, m]",
        &[],
        corrcoef
    ),
    function!(
        "correlate",
        "Correlate",
        Operands::Exactly(2),
        "The sums of products of a vector with another that is moved along it, for each sample.",
        "[batch, m], [batch, n] → [batch, m - n + 1], `same`: [batch, m], `full`: [batch, m + n - 1] (if m is not the less)",
        &[optional(
            "mode",
            Kind::Choice(&["valid", "same", "full"]),
            "valid",
            "`valid`: where one lies within the other; `same`: as many places as the longer has; `full`: wherever they meet.",
        )],
        correlate
    ),
    function!(
        "trapezoid",
        "Trapezoid",
        Operands::AtLeast(1),
        "The area below what is given at places of an axis, by straight lines between them: `trapezoid(y)`, or \
         `trapezoid(y, x)` with the places, a vector or a tensor of the same shape.",
        "[batch, ..., n, ...] → [batch, ..., ...]",
        &[
            optional("dx", Kind::Number, "1.0", "The distance of places that are not given."),
            optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0."),
        ],
        trapezoid
    ),
];

fn cross(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let all = u.args.optional_integer("axis").map(|_| "axis");
    let mut parts = vec![];
    for (i, name) in ["axisa", "axisb"].into_iter().enumerate() {
        let shape = b.shape(u.inputs[i].id);
        let axis = u.axis(b, all.unwrap_or(name), &shape)?;
        let Some(size) = shape.dims[axis].as_known().filter(|n| [2, 3].contains(n)) else {
            let headline = format!(
                "`cross` takes vectors of 2 or 3 numbers, but those along axis {} of {shape} have {}",
                axis + usize::from(shape.batched),
                shape.dims[axis]
            );
            return Err(b.diag.report(u.misfit_of(b, i, headline)));
        };
        let mut rest = shape.dims;
        rest.remove(axis);
        let part = |b: &mut Builder, k: usize| {
            let part = b.graph.slice(u.inputs[i].id, axis, k.into(), 1.into());
            b.graph.reshape(part, rest.clone())
        };
        parts.push((0..size).map(|k| part(b, k)).collect::<Vec<_>>());
    }
    let [x, y] = [0, 1].map(|i| u.inputs[i].with(parts[i][0]));
    fit(b, u, &x, &y)?;
    let g = &mut b.graph;
    let (x, y) = (&parts[0], &parts[1]);
    // The number `i` of the one times `j` of the other: none where there is no such number.
    let product = |g: &mut Graph, i: usize, j: usize| Some(g.mul(*x.get(i)?, *y.get(j)?));
    let mut found = vec![];
    for (i, j) in [(1, 2), (2, 0), (0, 1)] {
        found.push(match (product(g, i, j), product(g, j, i)) {
            (Some(more), Some(less)) => Some(g.sub(more, less)),
            (Some(more), None) => Some(more),
            (None, Some(less)) => Some(g.unary(Unary::Neg, less)),
            (None, None) => None,
        });
    }
    let found: Vec<Id> = found.into_iter().flatten().collect();
    let [one] = found[..] else {
        let mut shape = b.shape(found[0]);
        shape.dims.push(3.into());
        let axis = u.axis(b, all.unwrap_or("axisc"), &shape)?;
        shape.dims.pop();
        shape.dims.insert(axis, 1.into());
        let g = &mut b.graph;
        let parts = found.into_iter().map(|x| g.reshape(x, shape.dims.clone())).collect();
        return Ok(g.concat(parts, axis));
    };
    Ok(one)
}

fn cdist(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [own, other] = [0, 1].map(|i| b.shape(u.inputs[i].id));
    let fits = own.rank() >= 2 && other.rank() >= 2 && {
        let (k, l) = (&own.dims[own.rank() - 1], &other.dims[other.rank() - 1]);
        b.agree(k, l, u.place, &format!("cdist of {own} and {other}: vectors of {k} and of {l} numbers"))
    };
    if !fits {
        let headline = format!("`cdist` cannot compare the vectors of {own} with those of {other}");
        return Err(b.diag.report(u.misfit_of(b, 1, headline)));
    }
    let rank = own.rank().max(other.rank());
    let apart = |b: &mut Builder, i: usize| {
        let mut dims = b.shape(u.inputs[i].id).dims;
        dims.insert(dims.len() - if i == 0 { 1 } else { 2 }, 1.into());
        // Axes before the vectors' are lined up at their end.
        let lead = vec![Dim::known(1); rank + 1 - dims.len()];
        u.inputs[i].with(b.graph.reshape(u.inputs[i].id, [lead, dims].concat()))
    };
    let (x, y) = (apart(b, 0), apart(b, 1));
    let (x, y) = fit(b, u, &x, &y)?;
    let g = &mut b.graph;
    let apart = g.sub(x, y);
    let square = g.unary(Unary::Square, apart);
    let sum = g.reduce(ReduceKind::Sum, square, vec![rank], false);
    Ok(g.unary(Unary::Sqrt, sum))
}

fn corrcoef(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    if shape.rank() != 2 {
        let headline = format!("`corrcoef` takes [batch, m, n], but its input is {shape}");
        return Err(b.diag.report(u.misfit_of(b, 0, headline)));
    }
    let g = &mut b.graph;
    let mean = g.mean(u.x(), vec![1], true);
    let off = g.sub(u.x(), mean);
    let square = g.unary(Unary::Square, off);
    let sum = g.reduce(ReduceKind::Sum, square, vec![1], true);
    let norm = g.unary(Unary::Sqrt, sum);
    let rows = g.div(off, norm);
    let columns = g.permute(rows, vec![1, 0]);
    let products = g.batch_matmul(rows, columns);
    Ok(g.clip(products, -1.0, 1.0))
}

fn correlate(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shapes = [0, 1].map(|i| b.shape(u.inputs[i].id));
    let lengths = shapes.each_ref().map(|shape| match &shape.dims[..] {
        [n] => n.as_known(),
        _ => None,
    });
    let [Some(m), Some(n)] = lengths else {
        let [own, other] = &shapes;
        let headline =
            format!("`correlate` takes two of [batch, n] of known size, but is given {own} and {other}");
        return Err(b.diag.report(u.misfit_of(b, usize::from(lengths[0].is_some()), headline)));
    };
    let ids = [u.inputs[0].id, u.inputs[1].id];
    // The shorter moves along the longer.
    let ([long, short], [m, n]) = if m < n { ([ids[1], ids[0]], [n, m]) } else { (ids, [m, n]) };
    let (before, after) = match u.args.text("mode") {
        Some("same") => (n / 2, n - n / 2 - 1),
        Some("full") => (n - 1, n - 1),
        _ => (0, 0),
    };
    let g = &mut b.graph;
    let long = g.border(long, vec![before.into()], vec![(before + m + after).into()], 0.0);
    let windows = g.windows(long, 0, vec![Window { size: n, stride: 1, dilation: 1 }]);
    let count = g.shape(windows).dims[0].clone();
    let windows = g.reshape(windows, vec![count.clone(), n.into()]);
    let short = g.reshape(short, vec![n.into(), 1.into()]);
    let batched = g.shape(short).batched;
    let sums = if batched { g.batch_matmul(windows, short) } else { g.matmul(windows, short, false) };
    let sums = g.reshape(sums, vec![count]);
    // Told by how far the second is moved.
    Ok(if lengths[0] < lengths[1] { g.flip(sums, 0) } else { sums })
}

fn trapezoid(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    if u.inputs.len() > 2 {
        let message = Message::new(
            u.place,
            format!("`trapezoid` takes at most 2 tensors, but gets {}", u.inputs.len()),
        );
        return Err(b.diag.report(message.help("name the other arguments: `trapezoid(y, axis = 1)`")));
    }
    let Some(n) = shape.dims[axis].as_known().filter(|n| *n > 1) else {
        let headline = format!(
            "`trapezoid` needs two places at least along its axis, and {shape} has {}",
            shape.dims[axis]
        );
        return Err(b.diag.report(Message::new(u.args.place("axis"), headline)));
    };
    let sides = |g: &mut Graph, x: Id, axis: usize| {
        [1, 0].map(|start: usize| g.slice(x, axis, start.into(), (n - 1).into()))
    };
    let g = &mut b.graph;
    let [later, earlier] = sides(g, u.x(), axis);
    let heights = g.add(later, earlier);
    let areas = match u.inputs.get(1) {
        None => g.times(heights, (u.args.number("dx") / 2.0) as f32),
        Some(x) => {
            let own = b.shape(x.id);
            let fits = own.rank() == shape.rank() || own.rank() == 1;
            let along = if own.rank() == 1 { 0 } else { axis };
            if !fits || !own.dims[along].is(n) {
                let headline = format!("`trapezoid` cannot use places {own} for what is at {shape}");
                return Err(b.diag.report(u.misfit_of(b, 1, headline)));
            }
            let [later, earlier] = sides(&mut b.graph, x.id, along);
            let mut widths = b.graph.sub(later, earlier);
            if own.rank() == 1 {
                let dims = (0..shape.rank()).map(|i| if i == axis { (n - 1).into() } else { 1.into() });
                widths = b.graph.reshape(widths, dims.collect());
            }
            let (widths, heights) = fit(b, u, &x.with(widths), &u.inputs[0].with(heights))?;
            let areas = b.graph.binary(Binary::Mul, widths, heights);
            b.graph.times(areas, 0.5)
        }
    };
    Ok(b.graph.reduce(ReduceKind::Sum, areas, vec![axis], false))
}
