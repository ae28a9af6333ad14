//! Layers that make one tensor of several.

use super::{Entry, Family, Kind, Masks, Operands, Use, optional, required, resolve_axis};
use crate::diag::{Message, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Binary, Dim, Id, ReduceKind, Shape, Unary};

/// An element-wise merge of any number of tensors.
macro_rules! merge {
    ($name:literal, $class:literal, $op:expr, $doc:literal) => {
        merge!($name, $class, Operands::AtLeast(2), $doc, |b, u| fold(b, u, u.inputs, $op))
    };
    ($name:literal, $class:literal, $operands:expr, $doc:literal, $apply:expr) => {
        Entry {
            name: $name,
            aliases: &[],
            class: $class,
            family: Family::Layer,
            masks: Masks::Through,
            doc: $doc,
            shapes: "equal shapes, or such that broadcast to each other",
            operands: $operands,
            params: &[],
            weights: &[],
            apply: $apply,
        }
    };
}

/// Keras: Merging layers.
pub const LAYERS: &[Entry] = &[
    merge!(
        "add",
        "Add",
        Binary::Add,
        "The sum: `(a, b) >> add()`, or `add(a, b)`. As of all merging layers, a step of the result counts if it does in \
         one of the inputs."
    ),
    merge!(
        "multiply",
        "Multiply",
        Operands::AtLeast(2),
        "The product, element by element. A step that does not count is a factor of 1.",
        |b, u| {
            let one = b.graph.constant(1.0);
            let factors: Vec<Tensor> =
                u.inputs.iter().map(|x| x.with(counted(b, x.mask, x.id, one))).collect();
            fold(b, u, &factors, Binary::Mul)
        }
    ),
    merge!(
        "maximum",
        "Maximum",
        Operands::AtLeast(2),
        "The greater of the elements, of steps that count.",
        |b, u| extreme(b, u, Binary::Maximum)
    ),
    merge!(
        "minimum",
        "Minimum",
        Operands::AtLeast(2),
        "The lesser of the elements, of steps that count.",
        |b, u| extreme(b, u, Binary::Minimum)
    ),
    merge!("subtract", "Subtract", Operands::Exactly(2), "The first minus the second.", |b, u| fold(
        b,
        u,
        u.inputs,
        Binary::Sub
    )),
    merge!("average", "Average", Operands::AtLeast(2), "The mean of the elements.", |b, u| {
        let sum = fold(b, u, u.inputs, Binary::Add)?;
        Ok(b.graph.binary_const(Binary::Div, sum, u.inputs.len() as f32))
    }),
    Entry {
        name: "concatenate",
        aliases: &[],
        class: "Concatenate",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "One after another along `axis`: `(a, b) >> concatenate()`, or `concatenate(a, b, axis = 1)`.",
        shapes: "[batch, ..., m], [batch, ..., n] → [batch, ..., m + n]",
        operands: Operands::AtLeast(2),
        params: &[optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0.")],
        weights: &[],
        apply: concatenate,
    },
    Entry {
        name: "dot",
        aliases: &["batch_dot"],
        class: "Dot",
        family: Family::Layer,
        masks: Masks::End,
        doc: "Scalar products along `axes` of two tensors, for each sample.",
        shapes: "[batch, m, k], [batch, n, k] with axes = 2 → [batch, m, n]",
        operands: Operands::Exactly(2),
        params: &[
            required("axes", Kind::Integers, "An axis of each, or one for both; the batch is axis 0."),
            optional("normalize", Kind::Flag, "false", "Whether to divide by the norms: the cosine."),
        ],
        weights: &[],
        apply: dot,
    },
];

fn fold(b: &mut Builder, u: &Use, parts: &[Tensor], op: Binary) -> Result<Id, Reported> {
    let mut result = parts[0].clone();
    for next in &parts[1..] {
        let (x, y) = fit(b, u, &result, next)?;
        result.id = b.graph.binary(op, x, y);
    }
    merged_mask(b, u);
    Ok(result.id)
}

/// Keras's `_apply_merge_op_and_or_mask`: where one of two does not count, it is the other.
fn extreme(b: &mut Builder, u: &Use, op: Binary) -> Result<Id, Reported> {
    let mut result = u.inputs[0].clone();
    for next in &u.inputs[1..] {
        let (x, y) = fit(b, u, &result, next)?;
        let y = counted(b, next.mask, y, x);
        let x = counted(b, result.mask, x, y);
        result.id = b.graph.binary(op, x, y);
        let both = result.mask.zip(next.mask);
        result.mask = both.map(|(one, other)| b.graph.binary(Binary::Maximum, one, other));
    }
    merged_mask(b, u);
    Ok(result.id)
}

/// `x` where `mask` says that a step counts, else `other`.
fn counted(b: &mut Builder, mask: Option<Id>, x: Id, other: Id) -> Id {
    let shape = Shape { batched: true, ..b.shape(x) };
    let Some(mask) = mask.filter(|mask| b.shape(*mask).rank() < shape.rank()) else { return x };
    let mut steps = b.shape(mask).dims;
    steps.resize(shape.rank(), 1.into());
    let mask = b.graph.reshape(mask, steps);
    let [mask, x, other] = [mask, x, other].map(|x| b.graph.broadcast_to(x, &shape));
    b.graph.select(mask, x, other)
}

/// The masks of all inputs, if there are any, and they are of the same steps.
fn comparable_masks(b: &Builder, u: &Use) -> Option<Vec<Option<Id>>> {
    let mut masks = u.inputs.iter().filter_map(|input| input.mask).map(|mask| b.shape(mask));
    let first = masks.next()?;
    masks.all(|other| other == first).then(|| u.inputs.iter().map(|input| input.mask).collect())
}

/// As in Keras, a step counts that counts in one of the inputs; of one without a mask all do.
fn merged_mask(b: &mut Builder, u: &Use) {
    let Some(masks) = comparable_masks(b, u) else { return };
    let masks: Option<Vec<Id>> = masks.into_iter().collect();
    let mask = masks
        .and_then(|masks| masks.into_iter().reduce(|one, other| b.graph.binary(Binary::Maximum, one, other)));
    b.set_mask(mask);
}

/// The mask of inputs one after another along `axis`, which may be one of steps.
fn joined_mask(b: &mut Builder, u: &Use, axis: usize) {
    let masks = u.inputs.iter().filter_map(|input| input.mask);
    let ranks: Vec<usize> = masks.map(|mask| b.shape(mask).rank()).collect();
    match ranks[..] {
        [rank, ref others @ ..] if axis < rank && others.iter().all(|other| *other == rank) => {
            let masks = u.inputs.iter().map(|input| {
                let dims = b.shape(input.id).dims[..rank].to_vec();
                let mask = input.mask.unwrap_or_else(|| b.graph.constant(1.0));
                b.graph.broadcast_to(mask, &Shape { batched: true, dims })
            });
            let masks = masks.collect();
            let all = b.graph.concat(masks, axis);
            b.set_mask(Some(all));
        }
        _ => merged_mask(b, u),
    }
}

/// Two tensors that broadcast to each other, or an error that names both.
pub fn fit(b: &mut Builder, u: &Use, x: &Tensor, y: &Tensor) -> Result<(Id, Id), Reported> {
    if let Some(pair) = b.broadcastable(x.id, y.id, u.place, u.entry.name) {
        return Ok(pair);
    }
    let (first, second) = (b.shape(x.id), b.shape(y.id));
    let headline = format!("`{}` cannot combine {first} with {second}", u.entry.name);
    let message = mismatch(u, headline, x, &first, y, &second);
    Err(b.diag.report(message.help("give both branches the same shape")))
}

/// Underlines the second branch's layer as the culprit, and the merge.
fn mismatch(u: &Use, headline: String, x: &Tensor, first: &Shape, y: &Tensor, second: &Shape) -> Message {
    u.misfit(y, headline, format!("this layer is given {first} and {second}"))
        .note(format!("`{}` makes {first}", x.text))
        .note(format!("`{}` makes {second}", y.text))
}

fn concatenate(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let first = b.shape(u.x());
    let axis = u.axis(b, "axis", &first)?;
    let keras_axis = axis + usize::from(first.batched);
    let mut parts = vec![u.x()];
    for part in &u.inputs[1..] {
        let shape = b.shape(part.id);
        let differ = |b: &mut Builder| {
            let headline = format!("`concatenate` cannot join {first} and {shape} along axis {keras_axis}");
            let message = mismatch(u, headline, &u.inputs[0], &first, part, &shape);
            b.diag.report(message.help(format!("all sizes but the one of axis {keras_axis} must be equal")))
        };
        if shape.rank() != first.rank() {
            return Err(differ(b));
        }
        for i in (0..first.rank()).filter(|&i| i != axis) {
            let sentence = format!("`concatenate` joins {first} and {shape}: axis {} differs", i + 1);
            if !b.agree(&first.dims[i], &shape.dims[i], u.place, &sentence) {
                return Err(differ(b));
            }
        }
        let dims = first.dims.iter().zip(&shape.dims).enumerate();
        let dims = dims.map(|(i, (a, own))| if i == axis { own.clone() } else { a.clone() }).collect();
        parts.push(b.graph.reshape(part.id, dims));
    }
    joined_mask(b, u, axis);
    Ok(b.graph.concat(parts, axis))
}

/// Keras's `batch_dot`: contracts one axis of each, keeps the others.
fn dot(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let place = u.args.place("axes");
    let shapes = [b.shape(u.inputs[0].id), b.shape(u.inputs[1].id)];
    let axes = match u.args.integers("axes") {
        Some(&[axis]) => [axis, axis],
        Some(&[first, second]) => [first, second],
        _ => {
            let message = Message::new(place, "`axes` of `dot` must be one axis, or one of each tensor");
            return Err(b.diag.report(message));
        }
    };
    let axes = [resolve_axis(b, axes[0], &shapes[0], place)?, resolve_axis(b, axes[1], &shapes[1], place)?];
    let k = shapes[0].dims[axes[0]].clone();
    let other = &shapes[1].dims[axes[1]];
    let sentence = format!("`dot` contracts axes of {k} and {other} elements, which must be equal");
    if !b.agree(&k, other, place, &sentence) {
        let headline =
            format!("`dot` cannot contract {} with {}: {k} and {other} elements", shapes[0], shapes[1]);
        let message = mismatch(u, headline, &u.inputs[0], &shapes[0], &u.inputs[1], &shapes[1]);
        return Err(b
            .diag
            .report(message.help("`axes` names the axis of each tensor to sum over; the batch is axis 0")));
    }
    let mut dims = vec![];
    let mut operands = [u.inputs[0].id, u.inputs[1].id];
    for (i, x) in operands.iter_mut().enumerate() {
        if u.args.flag("normalize") {
            *x = normalize(b, *x, axes[i]);
        }
        let kept: Vec<usize> = (0..shapes[i].rank()).filter(|&axis| axis != axes[i]).collect();
        let extents: Vec<Dim> = kept.iter().map(|&axis| shapes[i].dims[axis].clone()).collect();
        let rest = Dim::product(&extents);
        // [..., k] on the left, [k, ...] on the right.
        let (order, matrix) = match i {
            0 => ([kept, vec![axes[i]]].concat(), vec![rest, k.clone()]),
            _ => ([vec![axes[i]], kept].concat(), vec![k.clone(), rest]),
        };
        *x = b.graph.permute(*x, order);
        *x = b.graph.reshape(*x, matrix);
        dims.extend(extents);
    }
    let product = b.graph.batch_matmul(operands[0], operands[1]);
    if dims.is_empty() {
        dims.push(1.into());
    }
    Ok(b.graph.reshape(product, dims))
}

/// `keras.ops.normalize`: the inverse norm is at most 1 / epsilon.
pub fn normalize(b: &mut Builder, x: Id, axis: usize) -> Id {
    let squares = b.graph.unary(Unary::Square, x);
    let sum = b.graph.reduce(ReduceKind::Sum, squares, vec![axis], true);
    let norm = b.graph.unary(Unary::Sqrt, sum);
    let inverse = b.graph.unary(Unary::Reciprocal, norm);
    let inverse = b.graph.binary_const(Binary::Minimum, inverse, 1e7);
    b.graph.binary(Binary::Mul, x, inverse)
}
