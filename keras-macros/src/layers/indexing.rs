//! Functions that read and write where whole numbers say, which are values of the model: their gradients go through what
//! is read and written, and not through the numbers.

use super::functions::function;
use super::{Entry, Family, Kind, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Fill, Graph, Id, ReduceKind, Sampling, Shape};

/// A segment function.
macro_rules! segment {
    ($name:literal, $class:literal, $kind:ident, $doc:literal) => {
        function!(
            $name,
            $class,
            Operands::Exactly(2),
            $doc,
            "[batch, n, ...], [batch, n] → [batch, num_segments, ...]",
            SEGMENTS,
            |b, u| segments(b, u, ReduceKind::$kind)
        )
    };
}

const SEGMENTS: &[Param] = &[
    required("num_segments", Kind::Size, "How many segments there are."),
    optional("sorted", Kind::Flag, "false", "Whether the numbers of segments ascend: it changes nothing."),
];

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    function!(
        "take_along_axis",
        "TakeAlongAxis",
        Operands::Exactly(2),
        "The elements of the first whose places along an axis the second says: `take_along_axis(x, argmax(x, axis = 1, \
         keepdims = true), axis = 1)`. Negative places count from the end.",
        "[batch, ..., n, ...], [batch, ..., k, ...] → [batch, ..., k, ...]",
        &[optional(
            "axis",
            Kind::Integer,
            "None",
            "The axis; the batch is axis 0. None: all but the batch as one.",
        )],
        take_along_axis
    ),
    segment!(
        "segment_sum",
        "SegmentSum",
        Sum,
        "For each segment the sum of what belongs to it, for each sample; the second operand says which segment that is. What \
         has a number of no segment belongs to none."
    ),
    segment!(
        "segment_max",
        "SegmentMax",
        Max,
        "For each segment the greatest of what belongs to it, as `segment_sum`; minus infinity for one that is empty."
    ),
    segment!(
        "segment_min",
        "SegmentMin",
        Min,
        "For each segment the least of what belongs to it, as `segment_sum`; infinity for one that is empty."
    ),
    segment!(
        "segment_prod",
        "SegmentProd",
        Product,
        "For each segment the product of what belongs to it, as `segment_sum`; 1 for one that is empty."
    ),
    function!(
        "scatter",
        "Scatter",
        Operands::Exactly(2),
        "Zeros with values, the second operand, where indices, the first, say: the last axis of the indices has a number for each \
         of the first axes of `shape`. Values of one place are added up; those beyond are left out. It is done for each sample.",
        "[batch, n, k], [batch, n, ...] → [batch, shape...]",
        &[required("shape", Kind::Extents, "Sizes of the result, without the batch.")],
        scatter
    ),
    function!(
        "scatter_update",
        "ScatterUpdate",
        Operands::Exactly(3),
        "The first operand with updates, the third, where indices, the second, say, as `scatter` has them; of several updates of \
         one place the last. It is done for each sample.",
        "[batch, ...], [batch, n, k], [batch, n, ...] → [batch, ...]",
        &[optional(
            "reduction",
            Kind::Choice(&["none", "add", "max", "min", "mul"]),
            "none",
            "What is made of an update and what is there: `none` takes the update.",
        )],
        scatter_update
    ),
    function!(
        "slice_update",
        "SliceUpdate",
        Operands::Exactly(2),
        "The first operand with the second in the place of a part of it: `slice_update(x, [0, 2, 1], updates)`.",
        "[batch, ...], [batch, ...] → the first",
        &[required(
            "start_indices",
            Kind::Integers,
            "Where the part begins along each axis: 0 for the batch."
        )],
        slice_update
    ),
];

/// `indices` of `n` places, the negative ones counted from the end.
fn counted(g: &mut Graph, indices: Id, n: &Dim) -> Id {
    let indices = g.stop_gradient(indices);
    let n = g.extent(n.clone());
    let from_end = g.add(indices, n);
    let negative = g.binary_const(Binary::Lt, indices, 0.0);
    g.select(negative, from_end, indices)
}

/// 1 where `indices` are places of `n`.
fn inside(g: &mut Graph, indices: Id, n: &Dim) -> Id {
    let n = g.extent(n.clone());
    let (above, below) = (g.binary_const(Binary::Ge, indices, 0.0), g.binary(Binary::Lt, indices, n));
    g.mul(above, below)
}

fn dims<const N: usize>(g: &Graph, x: Id) -> [Dim; N] {
    g.shape(x).dims.clone().try_into().expect("its rank is known")
}

/// The rows of `x` that `indices` say, in each line: `[lines, n, width], [lines, k] → [lines, k, width]`. One that is beyond
/// is the last, or the first.
fn rows(g: &mut Graph, x: Id, indices: Id) -> Id {
    let [lines, n, width] = dims(g, x);
    let [_, k] = dims(g, indices);
    if g.shape(x).batched {
        let at = places(g, indices);
        return g.sample(x, at, [lines, k], Sampling { nearest: true, fill: Fill::Nearest, value: 0.0 });
    }
    let last = g.extent(n.clone());
    let last = g.plus(last, -1.0);
    let indices = g.binary(Binary::Minimum, indices, last);
    let indices = g.binary_const(Binary::Maximum, indices, 0.0);
    let indices = in_one_table(g, indices, &n);
    let table = g.reshape(x, vec![lines.mul(&n), width]);
    g.gather(table, indices)
}

/// The transpose of [`rows`]: the sums of `values` in the rows that they belong to. What is beyond is left out.
fn sums(g: &mut Graph, values: Id, indices: Id, n: Dim) -> Id {
    let [lines, _, width] = dims(g, values);
    if [values, indices].iter().any(|x| g.shape(*x).batched) {
        let at = places(g, indices);
        let outside = Sampling { nearest: true, fill: Fill::Constant, value: 0.0 };
        return g.sample_sum(values, at, [lines, n, width], outside);
    }
    // One more row, for what is beyond.
    let (all, there) = (lines.mul(&n), inside(g, indices, &n));
    let found = in_one_table(g, indices, &n);
    let beyond = g.extent(all.clone());
    let indices = g.select(there, found, beyond);
    let sums = g.scatter_add(indices, values, vec![all.add(&1.into()), width.clone()]);
    let sums = g.slice(sums, 0, 0.into(), all);
    g.reshape(sums, vec![lines, n, width])
}

/// Row and column of each of `indices`, `[lines, k]`, in an image whose rows are the lines.
fn places(g: &mut Graph, indices: Id) -> Id {
    let [lines, k] = dims(g, indices);
    let each = vec![lines.clone(), k, 1.into()];
    let row = g.iota(lines.clone());
    let row = g.reshape(row, vec![lines, 1.into(), 1.into()]);
    let row = g.broadcast_to(row, &Shape::fixed(each.clone()));
    let column = g.reshape(indices, each);
    g.concat(vec![row, column], 2)
}

/// The numbers that `indices` of lines of `n` rows have where all lines are one table.
fn in_one_table(g: &mut Graph, indices: Id, n: &Dim) -> Id {
    let [lines, _] = dims(g, indices);
    let (first, n) = (g.iota(lines.clone()), g.extent(n.clone()));
    let first = g.reshape(first, vec![lines, 1.into()]);
    let first = g.mul(first, n);
    g.add(indices, first)
}

/// What `values`, `[k, width]`, are together in each of `n` rows, by their numbers, `[k]`.
fn together(g: &mut Graph, kind: ReduceKind, values: Id, indices: Id, n: Dim) -> Id {
    let [k, width] = dims(g, values);
    if kind == ReduceKind::Sum {
        let (values, indices) = (
            g.reshape(values, vec![1.into(), k.clone(), width.clone()]),
            g.reshape(indices, vec![1.into(), k]),
        );
        let sums = sums(g, values, indices, n.clone());
        return g.reshape(sums, vec![n, width]);
    }
    let nothing = g.constant(match kind {
        ReduceKind::Sum => 0.0,
        ReduceKind::Max => f32::NEG_INFINITY,
        ReduceKind::Min => f32::INFINITY,
        ReduceKind::Product => 1.0,
    });
    let row = g.iota(n.clone());
    let row = g.reshape(row, vec![n, 1.into(), 1.into()]);
    let indices = g.reshape(indices, vec![1.into(), k.clone(), 1.into()]);
    let values = g.reshape(values, vec![1.into(), k, width]);
    let own = g.binary(Binary::Eq, indices, row);
    let chosen = g.select(own, values, nothing);
    g.reduce(kind, chosen, vec![1], false)
}

fn take_along_axis(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [mut x, mut indices] = [u.inputs[0].id, u.inputs[1].id];
    let (shape, asked) = (b.shape(x), b.shape(indices));
    let axis = match u.args.optional_integer("axis") {
        Some(_) => u.axis(b, "axis", &shape)?,
        None => {
            x = b.graph.reshape(x, vec![shape.size()]);
            0
        }
    };
    let (own, rank) = (b.shape(x), b.shape(x).rank());
    let alike = |b: &mut Builder, i: usize| {
        let sentence = format!("take_along_axis takes places of {own} by {asked}: their sizes differ");
        let (m, n) = (&own.dims[i], &asked.dims[i]);
        i == axis || m.is(1) || n.is(1) || b.agree(m, n, u.place, &sentence)
    };
    if asked.rank() != rank || !(0..rank).all(|i| alike(b, i)) {
        let headline = format!("`take_along_axis` cannot take places of {own} by {asked}");
        let help = match u.args.optional_integer("axis") {
            Some(_) => "give indices whose sizes are those of the tensor, or 1, but along the axis",
            None => "without an `axis` there is one axis of all elements: give indices of one axis",
        };
        return Err(b.diag.report(u.misfit_of(b, 1, headline).help(help)));
    }
    let g = &mut b.graph;
    // Elements that go together are read together; else the axis is the last.
    let together = asked.dims[axis + 1..].iter().all(|dim| dim.is(1));
    let order: Vec<usize> = match together {
        true => (0..rank).collect(),
        false => (0..rank).filter(|i| *i != axis).chain([axis]).collect(),
    };
    let at = if together { axis } else { rank - 1 };
    (x, indices) = (g.permute(x, order.clone()), g.permute(indices, order.clone()));
    let (own, asked) = (g.shape(x).clone(), g.shape(indices).clone());
    let lead = own.dims[..at].iter().zip(&asked.dims).map(|(m, n)| if m.is(1) { n } else { m }.clone());
    let lead: Vec<Dim> = lead.collect();
    let (n, k, rest) = (own.dims[at].clone(), asked.dims[at].clone(), own.dims[at + 1..].to_vec());
    let lines = Dim::product(&lead);
    let wide = |middle: &Dim, rest: &[Dim]| [&lead[..], std::slice::from_ref(middle), rest].concat();
    x = g.broadcast_to(x, &Shape { batched: own.batched, dims: wide(&n, &rest) });
    x = g.reshape(x, vec![lines.clone(), n.clone(), Dim::product(&rest)]);
    indices = counted(g, indices, &n);
    let alone = vec![Dim::known(1); rest.len()];
    indices = g.broadcast_to(indices, &Shape { batched: asked.batched, dims: wide(&k, &alone) });
    indices = g.reshape(indices, vec![lines, k.clone()]);
    let found = rows(g, x, indices);
    let found = g.reshape(found, wide(&k, &rest));
    let mut back = vec![0; rank];
    order.iter().enumerate().for_each(|(i, from)| back[*from] = i);
    Ok(g.permute(found, back))
}

fn segments(b: &mut Builder, u: &Use, kind: ReduceKind) -> Result<Id, Reported> {
    let [data, numbers] = [u.inputs[0].id, u.inputs[1].id];
    let (own, other) = (b.shape(data), b.shape(numbers));
    let name = u.entry.name;
    let sentence = format!("{name} sorts parts of {own} by {other}: their sizes differ");
    let first = other.rank();
    let fits = (1..=own.rank()).contains(&first)
        && (0..first).all(|i| b.agree(&own.dims[i], &other.dims[i], u.place, &sentence));
    if !fits {
        let headline = format!("`{name}` cannot sort the parts of {own} by {other}");
        return Err(b.diag.report(
            u.misfit_of(b, 1, headline).help("give a number of a segment for each place of the first axis"),
        ));
    }
    let g = &mut b.graph;
    let (parts, rest) = (other.size(), own.dims[first..].to_vec());
    let data = g.reshape(data, vec![parts.clone(), Dim::product(&rest)]);
    let numbers = g.stop_gradient(numbers);
    let numbers = g.reshape(numbers, vec![parts]);
    let n = u.args.size("num_segments");
    let found = together(g, kind, data, numbers, n.clone());
    Ok(g.reshape(found, [&[n], &rest[..]].concat()))
}

/// Where updates go: numbers of rows, and the updates for them.
struct Targets {
    /// `[k]`, -1 for one that is beyond.
    indices: Id,
    /// `[k, width]`
    values: Id,
    rows: Dim,
}

impl Targets {
    /// Of operands `indices` and `values` in a tensor of `dims`.
    fn of(
        b: &mut Builder,
        u: &Use,
        [indices, values]: [usize; 2],
        dims: &[Dim],
    ) -> Result<Targets, Reported> {
        let name = u.entry.name;
        let (at, what) = (b.shape(u.inputs[indices].id), b.shape(u.inputs[values].id));
        let whole = Shape { batched: at.batched || what.batched, dims: dims.to_vec() };
        let depth = at.dims.last().and_then(Dim::as_known).filter(|depth| (1..=dims.len()).contains(depth));
        let Some(depth) = depth else {
            let headline = format!("`{name}` cannot use indices {at} for a tensor {whole}");
            let help = "the last axis of the indices has a number for each of the tensor's first axes";
            return Err(b.diag.report(u.misfit_of(b, indices, headline).help(help)));
        };
        let expected = [&at.dims[..at.rank() - 1], &dims[depth..]].concat();
        let sentence = format!("{name} puts {what} into {whole} at {at}: their sizes differ");
        let fits = expected.len() == what.rank()
            && expected.iter().zip(&what.dims).all(|(m, n)| b.agree(m, n, u.place, &sentence));
        if !fits {
            let expected = Shape { batched: what.batched, dims: expected };
            let headline = format!("`{name}` takes {expected} for indices {at} of {whole}, but gets {what}");
            let help = "there is a part for each of the indices, as large as what they leave of the tensor";
            return Err(b.diag.report(u.misfit_of(b, values, headline).help(help)));
        }
        let g = &mut b.graph;
        let count = Dim::product(&at.dims[..at.rank() - 1]);
        let all = g.reshape(u.inputs[indices].id, vec![count.clone(), depth.into()]);
        let (mut row, mut there) = (g.constant(0.0), g.constant(1.0));
        for (i, dim) in dims[..depth].iter().enumerate() {
            let index = g.slice(all, 1, i.into(), 1.into());
            let index = counted(g, index, dim);
            let within = inside(g, index, dim);
            there = g.mul(there, within);
            let size = g.extent(dim.clone());
            row = g.mul(row, size);
            row = g.add(row, index);
        }
        let beyond = g.constant(-1.0);
        let row = g.select(there, row, beyond);
        let indices = g.reshape(row, vec![count.clone()]);
        let values = g.reshape(u.inputs[values].id, vec![count, Dim::product(&dims[depth..])]);
        Ok(Targets { indices, values, rows: Dim::product(&dims[..depth]) })
    }

    fn together(&self, g: &mut Graph, kind: ReduceKind) -> Id {
        together(g, kind, self.values, self.indices, self.rows.clone())
    }

    /// `x`, `[rows, width]`, with the last update of each row that has one.
    fn last(&self, g: &mut Graph, x: Id) -> Id {
        let [count, width] = dims(g, self.values);
        let row = g.iota(self.rows.clone());
        let row = g.reshape(row, vec![self.rows.clone(), 1.into()]);
        let indices = g.reshape(self.indices, vec![1.into(), count.clone()]);
        let own = g.binary(Binary::Eq, indices, row);
        let (order, nothing) = (g.iota(count.clone()), g.constant(-1.0));
        let order = g.select(own, order, nothing);
        let last = g.reduce(ReduceKind::Max, order, vec![1], true);
        let values = g.reshape(self.values, vec![1.into(), count, width.clone()]);
        let numbers = g.reshape(last, vec![1.into(), self.rows.clone()]);
        let found = rows(g, values, numbers);
        let found = g.reshape(found, vec![self.rows.clone(), width]);
        let there = g.binary_const(Binary::Ge, last, 0.0);
        g.select(there, found, x)
    }
}

fn scatter(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let dims: Vec<Dim> = u.args.extents("shape").expect("it is required").iter().flatten().cloned().collect();
    let targets = Targets::of(b, u, [0, 1], &dims)?;
    let found = targets.together(&mut b.graph, ReduceKind::Sum);
    Ok(b.graph.reshape(found, dims))
}

fn scatter_update(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let targets = Targets::of(b, u, [1, 2], &shape.dims)?;
    let g = &mut b.graph;
    let [_, width] = dims(g, targets.values);
    let x = g.reshape(u.x(), vec![targets.rows.clone(), width]);
    let merged = |g: &mut Graph, kind, merge| {
        let found = targets.together(g, kind);
        g.binary(merge, x, found)
    };
    let y = match u.args.text("reduction") {
        Some("add") => merged(g, ReduceKind::Sum, Binary::Add),
        Some("max") => merged(g, ReduceKind::Max, Binary::Maximum),
        Some("min") => merged(g, ReduceKind::Min, Binary::Minimum),
        Some("mul") => merged(g, ReduceKind::Product, Binary::Mul),
        _ => targets.last(g, x),
    };
    Ok(g.reshape(y, shape.dims))
}

fn slice_update(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (shape, part) = (b.shape(u.x()), b.shape(u.inputs[1].id));
    let starts = u.args.integers("start_indices").expect("it is required").to_vec();
    let (place, batch) = (u.args.place("start_indices"), usize::from(shape.batched));
    if part.rank() != shape.rank() {
        let headline = format!("`slice_update` cannot put {part} into {shape}");
        return Err(b
            .diag
            .report(u.misfit_of(b, 1, headline).help("give a part with as many axes as the whole")));
    }
    if starts.len() != shape.rank() + batch || starts[..batch].iter().any(|start| *start != 0) {
        let headline = format!(
            "`start_indices` of `slice_update` has a number for each axis of {shape}, and 0 for the batch"
        );
        let list = vec!["0"; shape.rank() + batch].join(", ");
        let message = Message::new(place, headline);
        return Err(b.diag.report(message.help(format!("for example `slice_update(x, [{list}], updates)`"))));
    }
    let mut before = vec![];
    for (axis, start) in starts[batch..].iter().enumerate() {
        let sizes = shape.dims[axis].as_known().zip(part.dims[axis].as_known());
        let fits = *start >= 0 && sizes.is_none_or(|(whole, part)| *start as usize + part <= whole);
        if !fits {
            let headline = format!(
                "`slice_update` leaves axis {}: {} places from {start} on are not among its {}",
                axis + batch,
                part.dims[axis],
                shape.dims[axis]
            );
            return Err(b.diag.report(Message::new(place, headline)));
        }
        before.push(Dim::known(*start as usize));
    }
    let g = &mut b.graph;
    let ones = g.constant(1.0);
    let ones = g.broadcast_to(ones, &Shape::fixed(part.dims));
    let updated = g.border(ones, before.clone(), shape.dims.clone(), 0.0);
    let updates = g.border(u.inputs[1].id, before, shape.dims.clone(), 0.0);
    Ok(g.select(updated, updates, u.x()))
}
