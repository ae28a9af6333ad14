//! Rules: what each operation makes of the gradient of its result.

use super::Adjoint;
use crate::ir::{Binary, Dim, Id, Op, ReduceKind, Sampling, Shape, Unary, Window};

impl Adjoint {
    /// Passes `dy`, the gradient of node `y`, on to its operands.
    pub(super) fn rule(&mut self, y: Id, dy: Id) {
        let node = self.graph.nodes[y.0].clone();
        let needs = |this: &Self, x: Id| this.needed[x.0];
        match node.op {
            Op::Input(_)
            | Op::Carried(_)
            | Op::Weight(_)
            | Op::Const(_)
            | Op::Extent(_)
            | Op::LossGradient { .. } => {}
            Op::Item { .. } | Op::State { .. } => unreachable!("the rule of their loop takes them"),
            Op::States { .. } | Op::Trace(_) | Op::Total(_) => self.ask(&node.op, dy),
            Op::Unary(f, x) => {
                if let Some(dx) = self.unary_rule(f, x, y, dy) {
                    self.add(x, dx);
                }
            }
            Op::Binary(f, a, b) => {
                if needs(self, a)
                    && let Some(da) = self.left_rule(f, a, b, y, dy)
                {
                    self.add(a, da);
                }
                if needs(self, b)
                    && let Some(db) = self.right_rule(f, a, b, y, dy)
                {
                    self.add(b, db);
                }
            }
            Op::Select(c, a, b) => {
                let zero = self.graph.constant(0.0);
                if needs(self, a) {
                    let da = self.graph.select(c, dy, zero);
                    self.add(a, da);
                }
                if needs(self, b) {
                    let db = self.graph.select(c, zero, dy);
                    self.add(b, db);
                }
            }
            Op::Dropout { x, rate, stream } => {
                let dx = self.graph.push(Op::Dropout { x: dy, rate, stream }, node.shape);
                self.add(x, dx);
            }
            Op::Broadcast(x) => {
                let dx = self.sum_to(dy, x);
                self.add(x, dx);
            }
            Op::Reshape(x) => {
                let dx = self.graph.reshape(dy, self.graph.shape(x).dims.clone());
                self.add(x, dx);
            }
            Op::Permute { x, axes } => {
                let mut inverse = vec![0; axes.len()];
                axes.iter().enumerate().for_each(|(i, &axis)| inverse[axis] = i);
                let dx = self.graph.permute(dy, inverse);
                self.add(x, dx);
            }
            Op::Slice { x, axis, start } => {
                let length = self.graph.shape(x).dims[axis].clone();
                let dx = self.graph.pad(dy, axis, start, length);
                self.add(x, dx);
            }
            Op::Pad { x, before, .. } => {
                let mut dx = dy;
                for (axis, start) in before.into_iter().enumerate() {
                    let length = self.graph.shape(x).dims[axis].clone();
                    dx = self.graph.slice(dx, axis, start, length);
                }
                self.add(x, dx);
            }
            Op::Windows { x, axis, windows } => {
                let extents = self.graph.shape(x).dims[axis..axis + windows.len()].to_vec();
                let dx = self.graph.overlap(dy, axis, windows, &extents);
                self.add(x, dx);
            }
            Op::Overlap { x, axis, windows } => {
                let dx = self.graph.windows(dy, axis, windows);
                self.add(x, dx);
            }
            // It is linear in the slopes; which element is a maximum does not change.
            Op::MaxPoolGrad { x, y, dy: slope, ref windows } => {
                if needs(self, slope) {
                    let dx = self.at_maxima(x, y, slope, windows, dy);
                    self.add(slope, dx);
                }
            }
            Op::Flip { x, axis } => {
                let dx = self.graph.flip(dy, axis);
                self.add(x, dx);
            }
            Op::Concat { parts, axis } => {
                let mut start = Dim::known(0);
                for part in parts {
                    let length = self.graph.shape(part).dims[axis].clone();
                    if needs(self, part) {
                        let dx = self.graph.slice(dy, axis, start.clone(), length.clone());
                        self.add(part, dx);
                    }
                    start = start.add(&length);
                }
            }
            Op::Reduce { kind: ReduceKind::Max, x, ref axes, batch: false }
                if let Some((source, windows)) = self.pooled(x, axes) =>
            {
                let dims = self.graph.shape(y).dims.clone();
                let dims: Vec<_> = dims
                    .into_iter()
                    .enumerate()
                    .filter(|(i, _)| !axes.contains(i))
                    .map(|(_, dim)| dim)
                    .collect();
                let (y, dy) = (self.graph.reshape(y, dims.clone()), self.graph.reshape(dy, dims));
                let shape = self.graph.shape(source).clone();
                let dx = self.graph.push(Op::MaxPoolGrad { x: source, y, dy, windows }, shape);
                self.add(source, dx);
            }
            Op::Reduce { kind, x, .. } => {
                let shape = self.graph.shape(x).clone();
                let dy = self.graph.broadcast_to(dy, &shape);
                let dx = match kind {
                    ReduceKind::Sum => dy,
                    ReduceKind::Max | ReduceKind::Min => self.extremum_rule(x, y, dy),
                    ReduceKind::Product => {
                        let y = self.graph.broadcast_to(y, &shape);
                        let others = self.binary(Binary::Div, y, x);
                        self.mul(dy, others)
                    }
                };
                self.add(x, dx);
            }
            Op::MatMul { x, w, transposed } => {
                if needs(self, x) {
                    let dx = self.graph.matmul(dy, w, !transposed);
                    self.add(x, dx);
                }
                if needs(self, w) {
                    let (a, b) = if transposed { (dy, x) } else { (x, dy) };
                    let dw = self.graph.matmul_t(a, b);
                    self.add(w, dw);
                }
            }
            Op::MatMulT { x, y } => {
                if needs(self, x) {
                    let dx = self.graph.matmul(y, dy, true);
                    self.add(x, dx);
                }
                if needs(self, y) {
                    let dy = self.graph.matmul(x, dy, false);
                    self.add(y, dy);
                }
            }
            Op::Gather { table, index } => {
                if needs(self, table) {
                    let dims = self.graph.shape(table).dims.clone();
                    let dx = self.graph.scatter_add(index, dy, dims);
                    self.add(table, dx);
                }
            }
            Op::Iota | Op::Numbers(_) | Op::Random { .. } => {}
            // Where an image is read depends on no trainable weight.
            Op::Sample { x, at, sampling } => {
                let shape = self.graph.shape(x).clone();
                let dx = self.graph.push(Op::SampleGrad { dy, at, sampling }, shape);
                self.add(x, dx);
            }
            Op::SampleGrad { dy: slope, at, sampling } => {
                let shape = self.graph.shape(slope).clone();
                // What was read beyond the border is a number, and in no sum.
                let sampling = Sampling { value: 0.0, ..sampling };
                let dx = self.graph.push(Op::Sample { x: dy, at, sampling }, shape);
                self.add(slope, dx);
            }
            Op::ScatterAdd { index, dy: slope } => {
                if needs(self, slope) {
                    let dx = self.graph.gather(dy, index);
                    self.add(slope, dx);
                }
            }
            Op::Phase { train, infer } => {
                let zero = self.graph.constant(0.0);
                let zero = self.graph.broadcast_to(zero, &node.shape);
                if needs(self, train) {
                    let dx = self.graph.phase(dy, zero);
                    self.add(train, dx);
                }
                if needs(self, infer) {
                    let dx = self.graph.phase(zero, dy);
                    self.add(infer, dx);
                }
            }
            Op::StopGradient(_) => {}
            Op::BatchMatMul { a, b } => {
                if needs(self, a) {
                    let bt = self.transposed(b);
                    let da = self.graph.batch_matmul(dy, bt);
                    self.add(a, da);
                }
                if needs(self, b) {
                    let at = self.transposed(a);
                    let db = self.graph.batch_matmul(at, dy);
                    self.add(b, db);
                }
            }
            // y (dy - sum(dy y))
            Op::Softmax(x) => {
                let weighted = self.mul(dy, y);
                let sum = self.graph.reduce(ReduceKind::Sum, weighted, vec![node.shape.rank() - 1], true);
                let centred = self.binary(Binary::Sub, dy, sum);
                let dx = self.mul(y, centred);
                self.add(x, dx);
            }
            // dy - exp(y) sum(dy)
            Op::LogSoftmax(x) => {
                let sum = self.graph.reduce(ReduceKind::Sum, dy, vec![node.shape.rank() - 1], true);
                let p = self.unary(Unary::Exp, y);
                let back = self.mul(p, sum);
                let dx = self.binary(Binary::Sub, dy, back);
                self.add(x, dx);
            }
        }
    }

    /// What is pooled, if reducing `x` over `axes` is pooling.
    pub(super) fn pooled(&self, x: Id, axes: &[usize]) -> Option<(Id, Vec<Window>)> {
        match &self.graph.nodes[x.0].op {
            Op::Windows { x, axis: 0, windows } => {
                let n = windows.len();
                axes.iter().copied().eq(n..2 * n).then(|| (*x, windows.clone()))
            }
            _ => None,
        }
    }

    /// The elements of `g` where the windows of `x` have their maxima `y`: a value for each of `slope`.
    pub(super) fn at_maxima(&mut self, x: Id, y: Id, slope: Id, windows: &[Window], g: Id) -> Id {
        let n = windows.len();
        let within: Vec<usize> = (n..2 * n).collect();
        let x = self.graph.windows(x, 0, windows.to_vec());
        let shape = self.graph.shape(x).clone();
        let mut dims = shape.dims.clone();
        within.iter().for_each(|&axis| dims[axis] = 1.into());
        let y = self.graph.reshape(y, dims);
        let hit = self.binary(Binary::Eq, x, y);
        let size: usize = windows.iter().map(|window| window.size).product();
        let places = self.graph.iota(size.into());
        let dims = shape.dims.iter().enumerate();
        let dims = dims.map(|(i, dim)| if within.contains(&i) { dim.clone() } else { 1.into() }).collect();
        let places = self.graph.reshape(places, dims);
        let nowhere = self.graph.constant(size as f32);
        let found = self.graph.select(hit, places, nowhere);
        let first = self.graph.reduce(ReduceKind::Min, found, within.clone(), true);
        let first = self.binary(Binary::Eq, found, first);
        let g = self.graph.windows(g, 0, windows.to_vec());
        let chosen = self.mul(g, first);
        let chosen = self.graph.reduce(ReduceKind::Sum, chosen, within, false);
        let dims = self.graph.shape(slope).dims.clone();
        self.graph.reshape(chosen, dims)
    }

    /// `dy`, shared equally by the elements of `x` that are the extremum `y`.
    pub(super) fn extremum_rule(&mut self, x: Id, y: Id, dy: Id) -> Id {
        let shape = self.graph.shape(x).clone();
        let reduced = self.graph.nodes[y.0].op.clone();
        let Op::Reduce { axes, batch, .. } = reduced else {
            unreachable!("only reductions have an extremum")
        };
        let extremum = self.graph.broadcast_to(y, &shape);
        let hit = self.binary(Binary::Eq, x, extremum);
        let count = self
            .graph
            .push(Op::Reduce { kind: ReduceKind::Sum, x: hit, axes, batch }, self.graph.shape(y).clone());
        let share = self.binary(Binary::Div, hit, count);
        self.mul(dy, share)
    }

    pub(super) fn transposed(&mut self, x: Id) -> Id {
        let rank = self.graph.shape(x).rank();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 2, rank - 1);
        self.graph.permute(x, axes)
    }

    /// Sums `dy` over what a broadcast of `x` repeated.
    pub(super) fn sum_to(&mut self, dy: Id, x: Id) -> Id {
        let (from, to) = (self.graph.shape(dy).clone(), self.graph.shape(x).clone());
        let added = from.rank() - to.rank();
        let repeated = |i: &usize| *i < added || (to.dims[*i - added].is(1) && !from.dims[*i].is(1));
        let axes: Vec<usize> = (0..from.rank()).filter(repeated).collect();
        let batch = from.batched && !to.batched;
        let mut sum = dy;
        if batch || !axes.is_empty() {
            let mut dims = from.dims.clone();
            axes.iter().for_each(|&axis| dims[axis] = 1.into());
            let shape = Shape { batched: to.batched, dims };
            sum = self.graph.push(Op::Reduce { kind: ReduceKind::Sum, x: dy, axes, batch }, shape);
        }
        self.graph.reshape(sum, to.dims)
    }
}
