//! Functions that move elements, repeat them or make them up, and products of whatever tensors.

use super::functions::function;
use super::{Entry, Family, Kind, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Shape, broadcast};

const AXIS: Param = required("axis", Kind::Integer, "The axis; the batch is axis 0.");
const DIAGONAL: Param =
    optional("k", Kind::Integer, "0", "The diagonal that ends it: 1 is the one above the main diagonal.");

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    function!(
        "flip" | "reverse",
        "Flip",
        Operands::Exactly(1),
        "The places of axes from the last to the first.",
        "any shape, unchanged",
        &[optional(
            "axis",
            Kind::Integers,
            "None",
            "One axis or several (the batch is axis 0); None is all but the batch."
        )],
        |b, u| {
            let axes = super::functions::reduced_axes(b, u)?;
            Ok(axes.into_iter().fold(u.x(), |x, axis| b.graph.flip(x, axis)))
        }
    ),
    function!(
        "repeat_elements",
        "Repeat",
        Operands::Exactly(1),
        "Each place of an axis several times, one after another.",
        "[batch, ..., n, ...] → [batch, ..., n * repeats, ...]",
        &[required("repeats", Kind::Size, "How often."), AXIS],
        |b, u| {
            let shape = b.shape(u.x());
            let axis = u.axis(b, "axis", &shape)?;
            Ok(repeated(&mut b.graph, u.x(), axis, &u.args.size("repeats"), false))
        }
    ),
    function!(
        "tile",
        "Tile",
        Operands::Exactly(1),
        "The whole of each axis several times, one after another.",
        "[batch, m, n] with repeats = [1, 2, 3] → [batch, m * 2, n * 3]",
        &[required("repeats", Kind::Extents, "How often, for each axis: once for the batch.")],
        tile
    ),
    function!(
        "stack",
        "Stack",
        Operands::AtLeast(2),
        "Tensors of one shape side by side along a new axis.",
        "[batch, m], [batch, m] with axis = 1 → [batch, 2, m]",
        &[required("axis", Kind::Integer, "Where the new axis is; the batch is axis 0.")],
        stack
    ),
    function!(
        "split",
        "Split",
        Operands::Exactly(1),
        "An axis cut into equal parts: `let (a, b) = split(x, 2, axis = 1);`.",
        "[batch, m, n] with 2 along axis 2 → two of [batch, m, n / 2]",
        &[required("indices_or_sections", Kind::Size, "How many parts."), AXIS],
        split
    ),
    function!(
        "swapaxes",
        "Swapaxes",
        Operands::Exactly(1),
        "Two axes in each other's place.",
        "[batch, m, n] with 1 and 2 → [batch, n, m]",
        &[
            required("axis1", Kind::Integer, "One axis; the batch is axis 0."),
            required("axis2", Kind::Integer, "The other."),
        ],
        |b, u| {
            let shape = b.shape(u.x());
            let (first, second) = (u.axis(b, "axis1", &shape)?, u.axis(b, "axis2", &shape)?);
            let mut order: Vec<usize> = (0..shape.rank()).collect();
            order.swap(first, second);
            Ok(b.graph.permute(u.x(), order))
        }
    ),
    function!(
        "moveaxis",
        "Moveaxis",
        Operands::Exactly(1),
        "An axis in another place, the others in their order.",
        "[batch, k, m, n] with 3 and 1 → [batch, n, k, m]",
        &[
            required("source", Kind::Integer, "The axis; the batch is axis 0."),
            required("destination", Kind::Integer, "Where it goes."),
        ],
        |b, u| {
            let shape = b.shape(u.x());
            let (from, to) = (u.axis(b, "source", &shape)?, u.axis(b, "destination", &shape)?);
            let mut order: Vec<usize> = (0..shape.rank()).filter(|axis| *axis != from).collect();
            order.insert(to, from);
            Ok(b.graph.permute(u.x(), order))
        }
    ),
    function!(
        "roll",
        "Roll",
        Operands::Exactly(1),
        "Each place of an axis so many places further; what goes over the end comes in at the beginning.",
        "any shape, unchanged",
        &[required("shift", Kind::Integer, "How many places."), AXIS],
        roll
    ),
    function!(
        "pad",
        "Pad",
        Operands::Exactly(1),
        "A border of one number: `pad(x, [[0, 0], [1, 2]])` has one place before the first axis behind the batch, and two after.",
        "[batch, ..., n, ...] → [batch, ..., before + n + after, ...]",
        &[
            required("pad_width", Kind::Margins, "Places before and after each axis; none for the batch."),
            optional("constant_values", Kind::Number, "0.0", "What is there."),
        ],
        pad
    ),
    function!(
        "take",
        "Take",
        Operands::Exactly(1),
        "Some places of an axis, in whatever order: `take(x, [2, 0], axis = 1)`.",
        "[batch, ..., n, ...] → [batch, ..., indices, ...]",
        &[required("indices", Kind::Integers, "The places, from 0; negative ones count from the end."), AXIS],
        take
    ),
    function!(
        "tril",
        "Tril",
        Operands::Exactly(1),
        "Matrices of the last two axes, 0 above a diagonal.",
        "[batch, ..., m, n], unchanged",
        &[DIAGONAL],
        |b, u| triangle(b, u, Binary::Le)
    ),
    function!(
        "triu",
        "Triu",
        Operands::Exactly(1),
        "Matrices of the last two axes, 0 below a diagonal.",
        "[batch, ..., m, n], unchanged",
        &[DIAGONAL],
        |b, u| triangle(b, u, Binary::Ge)
    ),
    function!(
        "trace",
        "Trace",
        Operands::Exactly(1),
        "The sum of the diagonal of matrices of the last two axes.",
        "[batch, ..., m, n] → [batch, ...]",
        &[],
        |b, u| {
            let diagonal = triangle(b, u, Binary::Eq)?;
            let rank = b.shape(diagonal).rank();
            Ok(b.graph.reduce(ReduceKind::Sum, diagonal, vec![rank - 2, rank - 1], false))
        }
    ),
    function!(
        "matmul",
        "Matmul",
        Operands::Exactly(2),
        "Products of the matrices of the last two axes; a tensor of one axis is a row on the left and a column on the right.",
        "[batch, ..., m, k], [batch, ..., k, n] → [batch, ..., m, n]",
        &[],
        matmul
    ),
    function!(
        "outer",
        "Outer",
        Operands::Exactly(2),
        "All products of an element of the one with an element of the other.",
        "[batch, m], [batch, n] → [batch, m, n]",
        &[],
        |b, u| {
            let [x, y] = [u.inputs[0].id, u.inputs[1].id];
            let [m, n] = [x, y].map(|x| b.shape(x).size());
            let x = b.graph.reshape(x, vec![m, 1.into()]);
            let y = b.graph.reshape(y, vec![1.into(), n]);
            Ok(b.graph.binary(Binary::Mul, x, y))
        }
    ),
    function!(
        "full_like",
        "FullLike",
        Operands::Exactly(1),
        "One number everywhere.",
        "any shape, unchanged",
        &[required("fill_value", Kind::Number, "The number.")],
        |b, u| Ok(super::logic::filled(&mut b.graph, u.x(), u.args.number("fill_value") as f32))
    ),
    function!(
        "zeros",
        "Zeros",
        Operands::Exactly(0),
        "0 everywhere, the same for every sample.",
        "→ [shape...]",
        &[required("shape", Kind::Extents, "Sizes.")],
        |b, u| Ok(full(b, u, 0.0))
    ),
    function!(
        "ones",
        "Ones",
        Operands::Exactly(0),
        "1 everywhere, the same for every sample.",
        "→ [shape...]",
        &[required("shape", Kind::Extents, "Sizes.")],
        |b, u| Ok(full(b, u, 1.0))
    ),
    function!(
        "full",
        "Full",
        Operands::Exactly(0),
        "One number everywhere, the same for every sample.",
        "→ [shape...]",
        &[required("shape", Kind::Extents, "Sizes."), required("fill_value", Kind::Number, "The number.")],
        |b, u| Ok(full(b, u, u.args.number("fill_value") as f32))
    ),
    function!(
        "eye",
        "Eye",
        Operands::Exactly(0),
        "1 on a diagonal, 0 elsewhere, the same for every sample.",
        "→ [n, m]",
        &[
            required("n", Kind::Size, "Rows."),
            optional("m", Kind::Size, "None", "Columns; as many as rows if not given."),
            optional("k", Kind::Integer, "0", "The diagonal: 1 is the one above the main diagonal."),
        ],
        |b, u| {
            let n = u.args.size("n");
            let m = u.args.optional_size("m").unwrap_or_else(|| n.clone());
            Ok(compared(&mut b.graph, n, m, u.args.integer("k"), Binary::Eq))
        }
    ),
    function!(
        "linspace",
        "Linspace",
        Operands::Exactly(0),
        "Numbers at equal distances, the last one included: the same for every sample.",
        "→ [num]",
        &[
            required("start", Kind::Number, "The first."),
            required("stop", Kind::Number, "The last."),
            optional("num", Kind::Integer, "50", "How many."),
        ],
        linspace
    ),
];

/// Each place of `axis`, or the whole of it, `repeats` times.
fn repeated(g: &mut Graph, x: Id, axis: usize, repeats: &Dim, whole: bool) -> Id {
    let shape = g.shape(x).clone();
    let n = shape.dims[axis].clone();
    let around = |middle: [Dim; 2]| [&shape.dims[..axis], &middle, &shape.dims[axis + 1..]].concat();
    let one = Dim::known(1);
    let apart = g.reshape(x, around(if whole { [one, n.clone()] } else { [n.clone(), one] }));
    let wide = around(if whole { [repeats.clone(), n.clone()] } else { [n.clone(), repeats.clone()] });
    let wide = g.broadcast_to(apart, &Shape { batched: shape.batched, dims: wide });
    g.reshape(wide, [&shape.dims[..axis], &[n.mul(repeats)], &shape.dims[axis + 1..]].concat())
}

fn tile(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let batch = usize::from(shape.batched);
    let repeats: Vec<Dim> =
        u.args.extents("repeats").expect("it is required").iter().flatten().cloned().collect();
    let once = batch == 0 || repeats.first().is_some_and(|first| first.is(1));
    if repeats.len() != shape.rank() + batch || !once {
        let headline =
            format!("`repeats` of `tile` has a number for each axis of {shape}, and 1 for the batch");
        let list = vec!["1"; shape.rank() + batch].join(", ");
        let message = Message::new(u.args.place("repeats"), headline);
        return Err(b.diag.report(message.help(format!("for example `tile(x, [{list}])`"))));
    }
    let axes = repeats[batch..].iter().enumerate();
    Ok(axes.fold(u.x(), |x, (axis, n)| repeated(&mut b.graph, x, axis, n, true)))
}

fn stack(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let first = b.shape(u.x());
    let mut wide = first.clone();
    wide.dims.push(1.into());
    let axis = u.axis(b, "axis", &wide)?;
    let mut parts = vec![];
    for part in u.inputs {
        let shape = b.shape(part.id);
        let sentence = format!("stack joins {first} and {shape}: their sizes differ");
        let fits = shape.rank() == first.rank()
            && (0..first.rank()).all(|i| b.agree(&first.dims[i], &shape.dims[i], u.place, &sentence));
        if !fits {
            let headline = format!("`stack` takes tensors of one shape, but is given {first} and {shape}");
            let message = u.misfit(part, headline, format!("this is given {first} and {shape}"));
            return Err(b.diag.report(message.note(format!("`{}` makes {shape}", part.text))));
        }
        let mut dims = first.dims.clone();
        dims.insert(axis, 1.into());
        parts.push(b.graph.reshape(part.id, dims));
    }
    Ok(b.graph.concat(parts, axis))
}

fn split(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let count = u.args.size("indices_or_sections");
    let (extent, parts) = (shape.dims[axis].as_known(), count.as_known());
    let Some((size, parts)) = extent.zip(parts).filter(|(n, parts)| n % parts == 0).map(|(n, k)| (n / k, k))
    else {
        let headline =
            format!("`split` cannot cut {} places of {shape} into {count} equal parts", shape.dims[axis]);
        let message = Message::new(u.args.place("indices_or_sections"), headline);
        return Err(b
            .diag
            .report(message.help("take a number that divides them, or `slice` parts of other sizes")));
    };
    let part = |b: &mut Builder, i: usize| b.graph.slice(u.x(), axis, (i * size).into(), size.into());
    for i in 1..parts {
        let part = part(b, i);
        b.also(part);
    }
    Ok(part(b, 0))
}

fn roll(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let Some(n) = shape.dims[axis].as_known() else {
        let message =
            Message::new(u.args.place("axis"), format!("`roll` must know the size of its axis, of {shape}"));
        return Err(b.diag.report(message.help("declare a `const` inside of the macro call")));
    };
    let cut = (-u.args.integer("shift")).rem_euclid(n as i64) as usize;
    if cut == 0 {
        return Ok(u.x());
    }
    let end = b.graph.slice(u.x(), axis, cut.into(), (n - cut).into());
    let start = b.graph.slice(u.x(), axis, 0.into(), cut.into());
    Ok(b.graph.concat(vec![end, start], axis))
}

fn pad(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let batch = usize::from(shape.batched);
    let margins = u.args.margins("pad_width");
    let pairs = margins.iter().all(|pair| pair.len() == 2 && pair.iter().all(|n| *n >= 0));
    let none = batch == 0 || margins.first().is_some_and(|first| first.iter().all(|n| *n == 0));
    if margins.len() != shape.rank() + batch || !pairs || !none {
        let headline =
            format!("`pad_width` of `pad` has a pair for each axis of {shape}, and [0, 0] for the batch");
        let list = vec!["[0, 0]"; shape.rank() + batch].join(", ");
        let message = Message::new(u.args.place("pad_width"), headline);
        return Err(b.diag.report(message.help(format!("for example `pad(x, [{list}])`"))));
    }
    let margins = &margins[batch..];
    let before = margins.iter().map(|pair| Dim::known(pair[0] as usize)).collect();
    let dims = shape.dims.iter().zip(margins);
    let dims = dims.map(|(dim, pair)| dim.add(&Dim::known((pair[0] + pair[1]) as usize))).collect();
    Ok(b.graph.border(u.x(), before, dims, u.args.number("constant_values") as f32))
}

fn take(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let place = u.args.place("indices");
    let indices = u.args.integers("indices").expect("it is required").to_vec();
    let n = shape.dims[axis].as_known().map_or(i64::MAX, |n| n as i64);
    if let Some(wrong) = indices.iter().find(|i| **i >= n || **i < 0 && (n == i64::MAX || **i < -n)) {
        let headline =
            format!("there is no place {wrong} along the axis, which has {} of them", shape.dims[axis]);
        return Err(b.diag.report(Message::new(place, headline)));
    }
    if indices.is_empty() {
        return Err(b.diag.report(Message::new(place, "`take` takes a place at least")));
    }
    let indices: Vec<usize> =
        indices.iter().map(|i| if *i < 0 { (i + n) as usize } else { *i as usize }).collect();
    // Neighbours go together.
    let runs = indices.chunk_by(|a, b| a + 1 == *b);
    let parts = runs.map(|run| b.graph.slice(u.x(), axis, run[0].into(), run.len().into())).collect();
    Ok(b.graph.concat(parts, axis))
}

/// `[n, m]`: 1 where the column compares so with the row and `k`.
pub fn compared(g: &mut Graph, n: Dim, m: Dim, k: i64, how: Binary) -> Id {
    let (rows, columns) = (g.iota(n.clone()), g.iota(m));
    let rows = g.reshape(rows, vec![n, 1.into()]);
    let rows = g.binary_const(Binary::Add, rows, k as f32);
    g.binary(how, columns, rows)
}

fn triangle(b: &mut Builder, u: &Use, how: Binary) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let [.., m, n] = &shape.dims[..] else {
        let headline = format!("`{}` takes [batch, ..., m, n], but its input is {shape}", u.entry.name);
        return Err(b.diag.report(u.misfit_of(b, 0, headline)));
    };
    let k = if how == Binary::Eq { 0 } else { u.args.integer("k") };
    let there = compared(&mut b.graph, m.clone(), n.clone(), k, how);
    let zero = b.graph.constant(0.0);
    Ok(b.graph.select(there, u.x(), zero))
}

fn matmul(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [x, y] = [&u.inputs[0], &u.inputs[1]];
    let [own, other] = [x, y].map(|x| b.shape(x.id));
    let differ = |b: &Builder| {
        let headline = format!("`matmul` cannot multiply {own} with {other}");
        let message = u.misfit(y, headline, format!("this is given {own} and {other}"));
        let message =
            message.note(format!("`{}` makes {own}", x.text)).note(format!("`{}` makes {other}", y.text));
        b.diag.report(message.help("the last axis of the first is as long as the last but one of the second"))
    };
    if own.rank() == 0 || other.rank() == 0 {
        return Err(differ(b));
    }
    let row = |shape: &Shape| [&[Dim::known(1)], &shape.dims[..]].concat();
    let column = |shape: &Shape| [&shape.dims[..], &[Dim::known(1)]].concat();
    let left = if own.rank() == 1 { b.graph.reshape(x.id, row(&own)) } else { x.id };
    let right = if other.rank() == 1 { b.graph.reshape(y.id, column(&other)) } else { y.id };
    let [a, c] = [left, right].map(|x| b.shape(x));
    let (k, l) = (&a.dims[a.rank() - 1], &c.dims[c.rank() - 2]);
    let sentence = format!("matmul of {own} and {other}: {k} and {l} places are multiplied");
    if !b.agree(k, l, u.place, &sentence) {
        return Err(differ(b));
    }
    let product = if !c.batched && c.rank() == 2 {
        b.graph.matmul(left, right, false)
    } else {
        let lead =
            |shape: &Shape| Shape { batched: shape.batched, dims: shape.dims[..shape.rank() - 2].to_vec() };
        let Some(lead) = broadcast(&lead(&a), &lead(&c)) else { return Err(differ(b)) };
        let wide = |b: &mut Builder, x: Id, shape: &Shape| {
            let dims = [&lead.dims[..], &shape.dims[shape.rank() - 2..]].concat();
            b.graph.broadcast_to(x, &Shape { batched: lead.batched, dims })
        };
        let (left, right) = (wide(b, left, &a), wide(b, right, &c));
        b.graph.batch_matmul(left, right)
    };
    // A row or a column that was made up goes again.
    let mut dims = b.shape(product).dims;
    let rank = dims.len();
    if other.rank() == 1 {
        dims.remove(rank - 1);
    }
    if own.rank() == 1 {
        dims.remove(rank - 2);
    }
    Ok(b.graph.reshape(product, dims))
}

fn full(b: &mut Builder, u: &Use, value: f32) -> Id {
    let dims: Vec<Dim> = u.args.extents("shape").expect("it is required").iter().flatten().cloned().collect();
    let value = b.graph.constant(value);
    b.graph.broadcast_to(value, &Shape::fixed(dims))
}

fn linspace(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (start, stop, num) = (u.args.number("start"), u.args.number("stop"), u.args.integer("num"));
    if num < 1 {
        let headline = format!("`num` of `linspace` must be at least 1, found {num}");
        return Err(b.diag.report(Message::new(u.args.place("num"), headline)));
    }
    let step = if num > 1 { (stop - start) / (num - 1) as f64 } else { 0.0 };
    let places = b.graph.iota(Dim::known(num as usize));
    let scaled = b.graph.binary_const(Binary::Mul, places, step as f32);
    Ok(b.graph.binary_const(Binary::Add, scaled, start as f32))
}
