//! A plain reference interpreter in `f64`: what every operation means, slowly. Tests hold the compiler to it.

use super::{Binary, Dim, Graph, Id, Op, ReduceKind, Sampling, Unary, Unit, Window};

/// A tensor with the batch, if there is one, as its first dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub dims: Vec<usize>,
    pub data: Vec<f64>,
}

impl Tensor {
    pub fn new(dims: &[usize], data: Vec<f64>) -> Self {
        assert_eq!(dims.iter().product::<usize>(), data.len());
        Tensor { dims: dims.to_vec(), data }
    }

    /// An element of each index, in order.
    fn from_fn(dims: &[usize], f: impl Fn(&[usize]) -> f64) -> Self {
        let count: usize = dims.iter().product();
        let data = (0..count).map(|flat| f(&unflatten(flat, dims))).collect();
        Tensor { dims: dims.to_vec(), data }
    }

    fn get(&self, index: &[usize]) -> f64 {
        let flat = index.iter().zip(&self.dims).fold(0, |flat, (i, dim)| flat * dim + i);
        self.data[flat]
    }
}

fn unflatten(mut flat: usize, dims: &[usize]) -> Vec<usize> {
    let mut index = vec![0; dims.len()];
    for (i, dim) in index.iter_mut().zip(dims).rev() {
        (*i, flat) = (flat % dim, flat / dim);
    }
    index
}

fn number(dim: &Dim) -> usize {
    dim.as_known().expect("tests use known dimensions")
}

/// What a run needs from outside.
pub struct Values<'a> {
    pub batch: usize,
    pub inputs: &'a [Tensor],
    pub weights: &'a [Tensor],
    /// The gradient of the loss for each output.
    pub loss_gradients: &'a [Tensor],
}

/// Computes every node. Dropout keeps the elements whose index and stream add up to an even number.
///
/// Of the nodes of a loop the results are those of its last step.
pub fn run(graph: &Graph, values: &Values<'_>) -> Vec<Tensor> {
    let mut results = Results { values: vec![Tensor::new(&[0], vec![]); graph.nodes.len()], steps: vec![] };
    results.steps = vec![vec![]; graph.nodes.len()];
    for unit in graph.units() {
        match unit {
            Unit::Node(id) => results.values[id.0] = evaluate(graph, id, values, &results, 0),
            Unit::Loop(scan, body) => run_loop(graph, scan, &body, values, &mut results),
        }
    }
    results.values
}

#[derive(Clone)]
struct Results {
    values: Vec<Tensor>,
    /// Of the nodes of loops: their values by time. States have one more.
    steps: Vec<Vec<Tensor>>,
}

fn run_loop(graph: &Graph, scan: usize, body: &[Id], values: &Values<'_>, results: &mut Results) {
    let loop_ = &graph.scans[scan];
    let length = number(&loop_.length);
    let empty = Tensor::new(&[0], vec![]);
    body.iter().for_each(|id| results.steps[id.0] = vec![empty.clone(); length]);
    // What a step finds of a state is at its own time going forward, and one later going backward.
    let (before, after) = if loop_.reverse { (1, 0) } else { (0, 1) };
    let states = || loop_.states.iter().filter_map(|state| Some((state, state.next?)));
    for (state, _) in states() {
        let start = if loop_.reverse { length } else { 0 };
        results.steps[state.node.0] = vec![empty.clone(); length + 1];
        results.steps[state.node.0][start] = results.values[state.init.0].clone();
    }
    for step in 0..length {
        let t = if loop_.reverse { length - 1 - step } else { step };
        for id in body {
            let value = match graph.nodes[id.0].op {
                Op::State { .. } => results.steps[id.0][t + before].clone(),
                _ => evaluate(graph, *id, values, results, t),
            };
            if !matches!(graph.nodes[id.0].op, Op::State { .. }) {
                results.steps[id.0][t] = value.clone();
            }
            results.values[id.0] = value;
        }
        for (state, next) in states() {
            results.steps[state.node.0][t + after] = results.values[next.0].clone();
        }
    }
}

/// The tensors of a sequence as one, behind the batch if there is one.
fn stacked(parts: &[Tensor], batched: bool, dims: &[usize]) -> Tensor {
    let at = usize::from(batched);
    Tensor::from_fn(dims, |i| parts[i[at]].get(&[&i[..at], &i[at + 1..]].concat()))
}

fn evaluate(graph: &Graph, id: Id, values: &Values<'_>, results: &Results, time: usize) -> Tensor {
    let node = &graph.nodes[id.0];
    let batch = node.shape.batched.then_some(values.batch);
    let dims: Vec<usize> = batch.into_iter().chain(node.shape.dims.iter().map(number)).collect();
    // A node of another loop has the value of the same time.
    let of = |x: &Id| match (graph.nodes[x.0].scan, &graph.nodes[x.0].op) {
        (Some(scan), Op::State { .. }) => &results.steps[x.0][time + usize::from(graph.scans[scan].reverse)],
        (Some(_), _) => &results.steps[x.0][time],
        (None, _) => &results.values[x.0],
    };
    // Axes do not count the batch.
    let first = |x: &Id| graph.shape(*x).batched as usize;
    match &node.op {
        Op::Input(i) => values.inputs[*i].clone(),
        Op::Carried(_) => Tensor::from_fn(&dims, |_| 0.0),
        Op::Weight(i) => values.weights[*i].clone(),
        Op::Item { x, .. } => {
            let batched = graph.shape(*x).batched;
            Tensor::from_fn(&dims, |i| {
                let at = usize::from(batched);
                of(x).get(&[&i[..at], &[time], &i[at..]].concat())
            })
        }
        Op::State { .. } => unreachable!("its loop gives its value"),
        Op::States { scan, index } => {
            stacked(&results.steps[graph.scans[*scan].states[*index].node.0], true, &dims)
        }
        Op::Trace(x) => stacked(&results.steps[x.0], node.shape.batched, &dims),
        Op::Total(x) => {
            let parts = &results.steps[x.0];
            Tensor::from_fn(&dims, |i| parts.iter().map(|part| part.get(i)).sum())
        }
        Op::LossGradient { output, .. } => values.loss_gradients[*output].clone(),
        Op::Const(value) => Tensor::new(&[], vec![f64::from(*value)]),
        Op::Extent(dim) => Tensor::new(&[], vec![number(dim) as f64]),
        Op::Unary(f, x) => Tensor::new(&dims, of(x).data.iter().map(|x| unary(*f, *x)).collect()),
        Op::Binary(f, a, b) => {
            let pairs = of(a).data.iter().zip(&of(b).data);
            Tensor::new(&dims, pairs.map(|(a, b)| binary(*f, *a, *b)).collect())
        }
        Op::Select(c, a, b) => {
            Tensor::from_fn(&dims, |i| if of(c).get(i) != 0.0 { of(a).get(i) } else { of(b).get(i) })
        }
        Op::Dropout { x, rate, stream } => {
            let kept = |i: &[usize]| (i.iter().sum::<usize>() + *stream as usize).is_multiple_of(2);
            Tensor::from_fn(&dims, |i| if kept(i) { of(x).get(i) / (1.0 - f64::from(*rate)) } else { 0.0 })
        }
        Op::Broadcast(x) => {
            // Dimensions align at the end, but the batch stays the batch.
            let (x, own) = (of(x), first(x));
            let added = dims.len() - (x.dims.len() - own);
            Tensor::from_fn(&dims, |i| {
                let rest = i[added..].iter().zip(&x.dims[own..]);
                let rest = rest.map(|(i, dim)| if *dim == 1 { 0 } else { *i });
                x.get(&i[..own].iter().copied().chain(rest).collect::<Vec<_>>())
            })
        }
        Op::Reshape(x) => Tensor::new(&dims, of(x).data.clone()),
        Op::Permute { x, axes } => {
            let b = first(x);
            Tensor::from_fn(&dims, |i| {
                let mut index = i.to_vec();
                axes.iter().enumerate().for_each(|(to, from)| index[b + from] = i[b + to]);
                of(x).get(&index)
            })
        }
        Op::Slice { x, axis, start } => Tensor::from_fn(&dims, |i| {
            let mut index = i.to_vec();
            index[first(x) + axis] += number(start);
            of(x).get(&index)
        }),
        Op::Pad { x, before, value } => Tensor::from_fn(&dims, |i| {
            let mut index = i.to_vec();
            for (axis, before) in before.iter().enumerate().map(|(axis, dim)| (first(x) + axis, number(dim)))
            {
                match index[axis].checked_sub(before).filter(|at| *at < of(x).dims[axis]) {
                    Some(at) => index[axis] = at,
                    None => return f64::from(*value),
                }
            }
            of(x).get(&index)
        }),
        Op::Windows { x, axis, windows } => {
            Tensor::from_fn(&dims, |i| of(x).get(&within(i, first(x) + axis, windows)))
        }
        Op::Overlap { x, axis, windows } => {
            let mut sum = Tensor::from_fn(&dims, |_| 0.0);
            let x = of(x);
            for (flat, value) in x.data.iter().enumerate() {
                let index = within(&unflatten(flat, &x.dims), node.shape.batched as usize + axis, windows);
                let at = index.iter().zip(&dims).fold(0, |flat, (i, dim)| flat * dim + i);
                sum.data[at] += value;
            }
            sum
        }
        Op::MaxPoolGrad { x, y, dy, windows } => {
            let (x, y, dy, at) = (of(x), of(y), of(dy), node.shape.batched as usize);
            let mut dx = Tensor::from_fn(&dims, |_| 0.0);
            let sizes: Vec<usize> = windows.iter().map(|window| window.size).collect();
            for (flat, slope) in dy.data.iter().enumerate() {
                let place = unflatten(flat, &y.dims);
                let count = sizes.iter().product::<usize>();
                let elements = (0..count).map(|i| {
                    let (before, after) = place.split_at(at + windows.len());
                    within(&[before, &unflatten(i, &sizes), after].concat(), at, windows)
                });
                let found = elements.into_iter().find(|index| x.get(index) == y.data[flat]);
                let index = found.expect("a maximum is in its window");
                let to = index.iter().zip(&dims).fold(0, |flat, (i, dim)| flat * dim + i);
                dx.data[to] += slope;
            }
            dx
        }
        Op::Flip { x, axis } => Tensor::from_fn(&dims, |i| {
            let (mut index, axis) = (i.to_vec(), first(x) + axis);
            index[axis] = dims[axis] - 1 - index[axis];
            of(x).get(&index)
        }),
        Op::Concat { parts, axis } => Tensor::from_fn(&dims, |i| {
            let (mut index, axis) = (i.to_vec(), node.shape.batched as usize + axis);
            for part in parts {
                if index[axis] < of(part).dims[axis] {
                    return of(part).get(&index);
                }
                index[axis] -= of(part).dims[axis];
            }
            unreachable!("the parts cover the axis")
        }),
        Op::Reduce { kind, x, axes, batch } => reduce(*kind, of(x), &dims, axes, *batch, first(x)),
        Op::MatMul { x, w, transposed } => {
            let (x, w) = (of(x), of(w));
            let k = x.dims[x.dims.len() - 1];
            Tensor::from_fn(&dims, |i| {
                let (row, n) = (&i[..i.len() - 1], i[i.len() - 1]);
                let term = |j: usize| {
                    x.get(&[row, &[j]].concat()) * if *transposed { w.get(&[n, j]) } else { w.get(&[j, n]) }
                };
                (0..k).map(term).sum()
            })
        }
        Op::MatMulT { x, y } => {
            let (x, y) = (of(x), of(y));
            let rows = x.data.len() / dims[0];
            Tensor::from_fn(&dims, |i| {
                (0..rows).map(|r| x.data[r * dims[0] + i[0]] * y.data[r * dims[1] + i[1]]).sum()
            })
        }
        Op::BatchMatMul { a, b } => {
            let (a, b) = (of(a), of(b));
            let k = a.dims[a.dims.len() - 1];
            Tensor::from_fn(&dims, |i| {
                let (lead, m, n) = (&i[..i.len() - 2], i[i.len() - 2], i[i.len() - 1]);
                (0..k).map(|j| a.get(&[lead, &[m, j]].concat()) * b.get(&[lead, &[j, n]].concat())).sum()
            })
        }
        Op::Iota => Tensor::from_fn(&dims, |i| i[0] as f64),
        Op::Numbers(numbers) => Tensor::new(&dims, numbers.iter().map(|&x| f64::from(x)).collect()),
        // The golden ratio spreads them over [0, 1).
        Op::Random { stream } => {
            let number = |i| (0.3 + 0.618_033_988_749_895 * (i + 7 * *stream as usize) as f64).fract();
            Tensor::new(&dims, (0..dims.iter().product()).map(number).collect())
        }
        Op::Sample { x, at, sampling } => {
            let (x, at) = (of(x), of(at));
            Tensor::from_fn(&dims, |i| {
                let taps = taps(i, at, &x.dims, node.shape.batched, sampling);
                taps.iter()
                    .map(|(weight, place)| {
                        weight * place.as_ref().map_or(f64::from(sampling.value), |p| x.get(p))
                    })
                    .sum()
            })
        }
        Op::SampleGrad { dy, at, sampling } => {
            let (dy, at) = (of(dy), of(at));
            let mut sum = Tensor::from_fn(&dims, |_| 0.0);
            for (flat, dy_here) in dy.data.iter().enumerate() {
                let index = unflatten(flat, &dy.dims);
                for (weight, place) in taps(&index, at, &dims, node.shape.batched, sampling) {
                    let Some(place) = place else { continue };
                    let to = place.iter().zip(&dims).fold(0, |flat, (i, dim)| flat * dim + i);
                    sum.data[to] += weight * dy_here;
                }
            }
            sum
        }
        Op::Phase { .. } => unreachable!("functions are of one phase"),
        Op::StopGradient(_) => unreachable!("functions have their gradients"),
        Op::Gather { table, index } => {
            let (table, index) = (of(table), of(index));
            let width = table.data.len() / table.dims[0];
            let row = |i: &f64| &table.data[place(*i, table.dims[0]) * width..][..width];
            Tensor::new(&dims, index.data.iter().flat_map(row).copied().collect())
        }
        Op::ScatterAdd { index, dy } => {
            let width = dims[1..].iter().product();
            let mut sum = Tensor::from_fn(&dims, |_| 0.0);
            for (i, piece) in of(index).data.iter().zip(of(dy).data.chunks(width)) {
                let at = place(*i, dims[0]) * width;
                sum.data[at..at + width].iter_mut().zip(piece).for_each(|(sum, x)| *sum += x);
            }
            sum
        }
        Op::Softmax(x) => softmax(of(x), |z, max, sum| (z - max).exp() / sum),
        Op::LogSoftmax(x) => softmax(of(x), |z, max, sum| z - max - sum.ln()),
    }
}

/// The row that an index means, of `rows`.
fn place(index: f64, rows: usize) -> usize {
    (index.max(0.0) as usize).min(rows - 1)
}

/// The places of an image of `dims` that place `index` of a sampled one is read from, and their weights.
fn taps(
    index: &[usize],
    at: &Tensor,
    dims: &[usize],
    batched: bool,
    sampling: &Sampling,
) -> Vec<(f64, Option<Vec<usize>>)> {
    let first = usize::from(batched);
    let (i, j) = (index[first], index[first + 1]);
    let each = at.dims.len() > 2;
    let own = at.dims[at.dims.len() - if each { 3 } else { 1 }..].iter().product::<usize>();
    let sample = if at.data.len() > own { index[0] * own } else { 0 };
    let a = |k: usize| at.data[sample + k];
    let coordinates = if each {
        let place = 2 * (i * at.dims[at.dims.len() - 2] + j);
        [a(place), a(place + 1)]
    } else {
        let (i, j) = (i as f64, j as f64);
        [a(3) * j + a(4) * i + a(5), a(0) * j + a(1) * i + a(2)]
    };
    let along = |axis: usize| -> Vec<(f64, i64)> {
        let (x, floor) = (coordinates[axis], coordinates[axis].floor());
        match sampling.nearest {
            true => vec![(1.0, x.round() as i64)],
            false => vec![(1.0 - (x - floor), floor as i64), (x - floor, floor as i64 + 1)],
        }
    };
    let mut taps = vec![];
    for (p, row) in along(0) {
        for (q, column) in along(1) {
            let place = |place, axis: usize| sampling.fill.place(place, dims[first + axis] as i64);
            let place = place(row, 0).zip(place(column, 1)).map(|(row, column)| {
                let inner = [row as usize, column as usize, index[first + 2]];
                [&index[..first], &inner].concat()
            });
            taps.push((p * q, place));
        }
    }
    taps
}

/// The place in a tensor of the place `index` in its windows.
fn within(index: &[usize], axis: usize, windows: &[Window]) -> Vec<usize> {
    let n = windows.len();
    let places = windows
        .iter()
        .enumerate()
        .map(|(i, window)| index[axis + i] * window.stride + index[axis + n + i] * window.dilation);
    index[..axis].iter().copied().chain(places).chain(index[axis + 2 * n..].iter().copied()).collect()
}

fn softmax(x: &Tensor, f: impl Fn(f64, f64, f64) -> f64) -> Tensor {
    let rows = x.data.chunks(x.dims[x.dims.len() - 1]).flat_map(|row| {
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|z| (z - max).exp()).sum();
        row.iter().map(|z| f(*z, max, sum)).collect::<Vec<_>>()
    });
    Tensor::new(&x.dims, rows.collect())
}

fn reduce(kind: ReduceKind, x: &Tensor, dims: &[usize], axes: &[usize], batch: bool, first: usize) -> Tensor {
    let neutral = match kind {
        ReduceKind::Sum => 0.0,
        ReduceKind::Product => 1.0,
        ReduceKind::Max => f64::NEG_INFINITY,
        ReduceKind::Min => f64::INFINITY,
    };
    let count: usize = dims.iter().product();
    let mut result = Tensor::new(dims, vec![neutral; count]);
    for (flat, value) in x.data.iter().enumerate() {
        let mut index = unflatten(flat, &x.dims);
        axes.iter().for_each(|axis| index[first + axis] = 0);
        let index = if batch { &index[1..] } else { &index[..] };
        let at = index.iter().zip(dims).fold(0, |flat, (i, dim)| flat * dim + i);
        let sum = &mut result.data[at];
        *sum = match kind {
            ReduceKind::Sum => *sum + value,
            ReduceKind::Product => *sum * value,
            ReduceKind::Max => sum.max(*value),
            ReduceKind::Min => sum.min(*value),
        };
    }
    result
}

fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Unary::Square => x * x,
        Unary::Sqrt => x.sqrt(),
        Unary::Reciprocal => 1.0 / x,
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.exp_m1(),
        Unary::Log => x.ln(),
        Unary::Log1p => x.ln_1p(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Asin => x.asin(),
        Unary::Acos => x.acos(),
        Unary::Atan => x.atan(),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Asinh => x.asinh(),
        Unary::Acosh => x.acosh(),
        Unary::Atanh => x.atanh(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Relu => x.max(0.0),
        Unary::Erf => erf(x),
        Unary::Softplus => x.exp().ln_1p(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round_ties_even(),
    }
}

/// By its Maclaurin series, which is exact to rounding for the small arguments of tests.
fn erf(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

fn binary(f: Binary, a: f64, b: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Maximum => a.max(b),
        Binary::Minimum => a.min(b),
        Binary::Pow => a.powf(b),
        Binary::Gt => truth(a > b),
        Binary::Ge => truth(a >= b),
        Binary::Lt => truth(a < b),
        Binary::Le => truth(a <= b),
        Binary::Eq => truth(a == b),
        Binary::Ne => truth(a != b),
    }
}
