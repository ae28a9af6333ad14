//! Building a [`Graph`]: one method per operation, each of which computes the shape of its result.

use super::{
    Binary, Carried, Dim, Graph, Head, Id, Input, Op, Output, ReduceKind, Shape, Start, Unary, Weight,
};

/// The shape that operands of shapes `a` and `b` broadcast to, by NumPy's rules, if they do.
pub fn broadcast(a: &Shape, b: &Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    // A batched tensor's first axis is the batch: a fixed one of higher rank would be aligned with it.
    if (a.batched && a.rank() < rank || b.batched && b.rank() < rank) && a.batched != b.batched {
        return None;
    }
    let extent = |s: &Shape, i: usize| match (i + s.rank()).checked_sub(rank) {
        Some(i) => s.dims[i].clone(),
        None => Dim::known(1),
    };
    let dims = (0..rank).map(|i| match (extent(a, i), extent(b, i)) {
        (x, y) if x == y => Some(x),
        (x, y) if x.is(1) => Some(y),
        (x, y) if y.is(1) => Some(x),
        _ => None,
    });
    Some(Shape { batched: a.batched || b.batched, dims: dims.collect::<Option<Vec<_>>>()? })
}

impl Graph {
    /// Appends a node.
    pub fn push(&mut self, op: Op, shape: Shape) -> Id {
        let scan = self.scan_of(&op);
        self.nodes.push(super::Node { op, shape, layer: self.current_layer, scan });
        Id(self.nodes.len() - 1)
    }

    /// The shape of `x`.
    pub fn shape(&self, x: Id) -> &Shape {
        &self.nodes[x.0].shape
    }

    /// Declares an input and gives its value.
    pub fn input(&mut self, input: Input) -> Id {
        let shape = input.shape.clone();
        self.inputs.push(input);
        self.push(Op::Input(self.inputs.len() - 1), shape)
    }

    /// Declares a weight and gives its index; [`Graph::weight_value`] reads it.
    pub fn weight(
        &mut self,
        name: String,
        shape: Vec<Dim>,
        start: impl Into<Start>,
        trainable: bool,
    ) -> usize {
        let start = start.into();
        self.weights.push(Weight { name, shape, start, penalty: None, constraint: None, trainable });
        self.weights.len() - 1
    }

    /// The value of weight `index`.
    pub fn weight_value(&mut self, index: usize) -> Id {
        let shape = Shape::fixed(self.weights[index].shape.clone());
        self.push(Op::Weight(index), shape)
    }

    /// Declares an output.
    pub fn output(&mut self, name: String, value: Id) {
        self.outputs.push(Output { name, value, head: Head::Linear, mask: None });
    }

    /// A value of each sample that lives from batch to batch, and its index for [`Graph::carry`].
    pub fn carried(&mut self, dims: Vec<Dim>) -> (usize, Id) {
        self.carried.push(Carried { dims: dims.clone(), next: None });
        let index = self.carried.len() - 1;
        (index, self.push(Op::Carried(index), Shape::batched(dims)))
    }

    /// What the next batch finds.
    pub fn carry(&mut self, index: usize, next: Id) {
        self.carried[index].next = Some(next);
    }

    /// Every value that lives from batch to batch, by index, and what it becomes.
    pub fn carries(&self) -> Vec<(usize, Id)> {
        let all = self.carried.iter().enumerate();
        all.filter_map(|(index, carried)| Some((index, carried.next?))).collect()
    }

    /// Adds the sum of `x` to the model's loss; of a batched `x` the mean over the samples of their sums.
    pub fn add_loss(&mut self, x: Id) {
        let axes = (0..self.shape(x).rank()).collect();
        let mut loss = self.reduce(ReduceKind::Sum, x, axes, false);
        if self.shape(loss).batched {
            let sum = self.sum_over_batch(loss);
            let samples = self.batch_size();
            loss = self.binary(Binary::Div, sum, samples);
        }
        self.losses.push(loss);
    }

    /// Whether `x` depends on an input or a weight.
    pub fn depends_on_anything(&self, x: Id) -> bool {
        let op = &self.nodes[x.0].op;
        matches!(op, Op::Input(_) | Op::Weight(_))
            || op.operands().iter().any(|x| self.depends_on_anything(*x))
    }

    fn sum_over_batch(&mut self, x: Id) -> Id {
        self.reduce_batch(x, vec![])
    }

    /// The sum over the batch and over `axes`, which stay with extent 1.
    pub fn reduce_batch(&mut self, x: Id, axes: Vec<usize>) -> Id {
        let mut dims = self.shape(x).dims.clone();
        axes.iter().for_each(|&axis| dims[axis] = Dim::known(1));
        self.push(Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: true }, Shape::fixed(dims))
    }

    /// `0, 1, ..`: `[length]`.
    pub fn iota(&mut self, length: Dim) -> Id {
        self.push(Op::Iota, Shape::fixed([length]))
    }

    /// `train` while training, else `infer`: two values of one shape.
    pub fn phase(&mut self, train: Id, infer: Id) -> Id {
        let shape = self.shape(train).clone();
        let infer = self.broadcast_to(infer, &shape);
        self.push(Op::Phase { train, infer }, shape)
    }

    /// `x` as a number to gradients.
    pub fn stop_gradient(&mut self, x: Id) -> Id {
        let shape = self.shape(x).clone();
        self.push(Op::StopGradient(x), shape)
    }

    /// The number of samples: the sum of ones over the batch.
    pub fn batch_size(&mut self) -> Id {
        let one = self.constant(1.0);
        let ones = self.broadcast_to(one, &Shape::batched([]));
        self.sum_over_batch(ones)
    }

    /// A number.
    pub fn constant(&mut self, value: f32) -> Id {
        self.push(Op::Const(value), Shape::fixed([]))
    }

    /// An element-wise function.
    pub fn unary(&mut self, f: Unary, x: Id) -> Id {
        let shape = self.shape(x).clone();
        self.push(Op::Unary(f, x), shape)
    }

    /// An element-wise function of two operands, which are broadcast to each other.
    pub fn binary(&mut self, f: Binary, a: Id, b: Id) -> Id {
        let shape = broadcast(self.shape(a), self.shape(b)).expect("shapes were checked");
        let (a, b) = (self.broadcast_to(a, &shape), self.broadcast_to(b, &shape));
        self.push(Op::Binary(f, a, b), shape)
    }

    /// A function of a tensor and a number.
    pub fn binary_const(&mut self, f: Binary, a: Id, b: f32) -> Id {
        let b = self.constant(b);
        self.binary(f, a, b)
    }

    /// `a + b`
    pub fn add(&mut self, a: Id, b: Id) -> Id {
        self.binary(Binary::Add, a, b)
    }

    /// `a - b`
    pub fn sub(&mut self, a: Id, b: Id) -> Id {
        self.binary(Binary::Sub, a, b)
    }

    /// `a * b`
    pub fn mul(&mut self, a: Id, b: Id) -> Id {
        self.binary(Binary::Mul, a, b)
    }

    /// `a / b`
    pub fn div(&mut self, a: Id, b: Id) -> Id {
        self.binary(Binary::Div, a, b)
    }

    /// `x + number`
    pub fn plus(&mut self, x: Id, number: f32) -> Id {
        self.binary_const(Binary::Add, x, number)
    }

    /// `x * number`
    pub fn times(&mut self, x: Id, number: f32) -> Id {
        self.binary_const(Binary::Mul, x, number)
    }

    /// The polynomial of these coefficients, that of the highest power first, at `x`.
    pub fn polynomial(&mut self, x: Id, coefficients: &[f32]) -> Id {
        let first = self.constant(coefficients[0]);
        coefficients[1..].iter().fold(first, |sum, coefficient| {
            let product = self.mul(sum, x);
            self.plus(product, *coefficient)
        })
    }

    /// The angle of the point `(x, y)`, from -π to π: that of the smaller coordinate over the greater, turned to where the
    /// point is. Its gradient has no infinities but at the origin, where it is a number too.
    pub fn arctan2(&mut self, y: Id, x: Id) -> Id {
        let [width, height] = [x, y].map(|part| self.unary(Unary::Abs, part));
        let flat = self.binary(Binary::Ge, width, height);
        let (upper, lower) = (self.select(flat, y, x), self.select(flat, x, y));
        let nowhere = self.binary_const(Binary::Eq, lower, 0.0);
        let one = self.constant(1.0);
        let lower = self.select(nowhere, one, lower);
        let slope = self.binary(Binary::Div, upper, lower);
        let angle = self.unary(Unary::Atan, slope);
        let turn = |g: &mut Self, coordinate: Id, angle: f32| {
            let [there, back] = [angle, -angle].map(|angle| g.constant(angle));
            let below = g.binary_const(Binary::Lt, coordinate, 0.0);
            g.select(below, back, there)
        };
        // Beside the y axis, counted from it; else to the left or to the right.
        let quarter = turn(self, y, std::f32::consts::FRAC_PI_2);
        let steep = self.binary(Binary::Sub, quarter, angle);
        let half = turn(self, y, std::f32::consts::PI);
        let turned = self.binary(Binary::Add, angle, half);
        let left = self.binary_const(Binary::Lt, x, 0.0);
        let level = self.select(left, turned, angle);
        self.select(flat, level, steep)
    }

    /// `a` where `condition` is not 0, else `b`, broadcast to each other.
    pub fn select(&mut self, condition: Id, a: Id, b: Id) -> Id {
        let shape = broadcast(self.shape(a), self.shape(b)).expect("shapes were checked");
        let shape = broadcast(&shape, self.shape(condition)).expect("shapes were checked");
        let [condition, a, b] = [condition, a, b].map(|x| self.broadcast_to(x, &shape));
        self.push(Op::Select(condition, a, b), shape)
    }

    /// `x` repeated to `shape`.
    pub fn broadcast_to(&mut self, x: Id, shape: &Shape) -> Id {
        if self.shape(x) == shape { x } else { self.push(Op::Broadcast(x), shape.clone()) }
    }

    /// `x` with a fraction `rate` of its elements zeroed while training.
    pub fn dropout(&mut self, x: Id, rate: f32) -> Id {
        let (shape, stream) = (self.shape(x).clone(), self.stream());
        self.push(Op::Dropout { x, rate, stream }, shape)
    }

    /// The elements of `x` as `dims`.
    pub fn reshape(&mut self, x: Id, dims: Vec<Dim>) -> Id {
        let shape = Shape { batched: self.shape(x).batched, dims };
        if self.shape(x) == &shape { x } else { self.push(Op::Reshape(x), shape) }
    }

    /// The dimensions of `x` in another order.
    pub fn permute(&mut self, x: Id, axes: Vec<usize>) -> Id {
        if axes.iter().enumerate().all(|(i, &axis)| i == axis) {
            return x;
        }
        let shape = self.shape(x);
        let dims = axes.iter().map(|&axis| shape.dims[axis].clone()).collect();
        let shape = Shape { batched: shape.batched, dims };
        self.push(Op::Permute { x, axes }, shape)
    }

    /// `length` places of `axis` from `start` on.
    pub fn slice(&mut self, x: Id, axis: usize, start: Dim, length: Dim) -> Id {
        let mut shape = self.shape(x).clone();
        if shape.dims[axis] == length {
            return x;
        }
        shape.dims[axis] = length;
        self.push(Op::Slice { x, axis, start }, shape)
    }

    /// `x` with zeros around it along `axis`, to `length` places in all.
    pub fn pad(&mut self, x: Id, axis: usize, before: Dim, length: Dim) -> Id {
        let mut dims = self.shape(x).dims.clone();
        let mut all = vec![Dim::known(0); dims.len()];
        (dims[axis], all[axis]) = (length, before);
        self.border(x, all, dims, 0.0)
    }

    /// Rows of `table` by the whole numbers of `index`.
    pub fn gather(&mut self, table: Id, index: Id) -> Id {
        let (rows, shape) = (&self.shape(table).dims[1..], self.shape(index));
        let shape = Shape { batched: shape.batched, dims: [&shape.dims, rows].concat() };
        self.push(Op::Gather { table, index }, shape)
    }

    /// The sums of what was gathered from each row of a table of `dims`.
    pub fn scatter_add(&mut self, index: Id, dy: Id, dims: Vec<Dim>) -> Id {
        self.push(Op::ScatterAdd { index, dy }, Shape::fixed(dims))
    }

    /// `x` within a tensor of `dims` that is `value` around it, behind `before` places along each axis.
    pub fn border(&mut self, x: Id, before: Vec<Dim>, dims: Vec<Dim>, value: f32) -> Id {
        let shape = Shape { batched: self.shape(x).batched, dims };
        if self.shape(x) == &shape { x } else { self.push(Op::Pad { x, before, value }, shape) }
    }

    /// `x` with the places of `axis` in reverse order.
    pub fn flip(&mut self, x: Id, axis: usize) -> Id {
        let shape = self.shape(x).clone();
        self.push(Op::Flip { x, axis }, shape)
    }

    /// `parts` one after another along `axis`.
    pub fn concat(&mut self, parts: Vec<Id>, axis: usize) -> Id {
        if let [part] = parts[..] {
            return part;
        }
        let mut shape = self.shape(parts[0]).clone();
        shape.batched = parts.iter().any(|&part| self.shape(part).batched);
        shape.dims[axis] =
            parts.iter().fold(Dim::known(0), |sum, &part| sum.add(&self.shape(part).dims[axis]));
        let parts = parts.into_iter().map(|part| {
            let own = Shape { batched: shape.batched, dims: self.shape(part).dims.clone() };
            self.broadcast_to(part, &own)
        });
        let parts = parts.collect();
        self.push(Op::Concat { parts, axis }, shape)
    }

    /// A reduction over `axes` (of the dimensions without the batch), which stay with extent 1 if `keepdims`.
    pub fn reduce(&mut self, kind: ReduceKind, x: Id, axes: Vec<usize>, keepdims: bool) -> Id {
        let mut shape = self.shape(x).clone();
        for &axis in &axes {
            shape.dims[axis] = Dim::known(1);
        }
        let kept = self.push(Op::Reduce { kind, x, axes: axes.clone(), batch: false }, shape.clone());
        if keepdims {
            return kept;
        }
        let dims = shape.dims.into_iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, dim)| dim);
        self.reshape(kept, dims.collect())
    }

    /// The mean over `axes`.
    pub fn mean(&mut self, x: Id, axes: Vec<usize>, keepdims: bool) -> Id {
        let count = Dim::product(axes.iter().map(|&axis| &self.shape(x).dims[axis]));
        let sum = self.reduce(ReduceKind::Sum, x, axes, keepdims);
        let count = self.extent(count);
        self.binary(Binary::Div, sum, count)
    }

    /// A dimension as a number. Symbolic ones become numbers of the generated code.
    pub fn extent(&mut self, dim: Dim) -> Id {
        match dim.as_known() {
            Some(n) => self.constant(n as f32),
            None => self.push(Op::Extent(dim), Shape::fixed([])),
        }
    }

    /// `x[..., k] · w[k, n]` (or `w[n, k]` if `transposed`).
    pub fn matmul(&mut self, x: Id, w: Id, transposed: bool) -> Id {
        let mut shape = self.shape(x).clone();
        let n = self.shape(w).dims[if transposed { 0 } else { 1 }].clone();
        *shape.dims.last_mut().expect("rank was checked") = n;
        self.push(Op::MatMul { x, w, transposed }, shape)
    }

    /// `xᵀ · y` summed over the batch and all dimensions but the last.
    pub fn matmul_t(&mut self, x: Id, y: Id) -> Id {
        let last = |id| self.shape(id).dims.last().expect("rank was checked").clone();
        let (k, n) = (last(x), last(y));
        if self.shape(x).batched {
            return self.push(Op::MatMulT { x, y }, Shape::fixed([k, n]));
        }
        let rows = Dim::product(&self.shape(x).dims[..self.shape(x).rank() - 1]);
        let (x, y) = (self.reshape(x, vec![rows.clone(), k]), self.reshape(y, vec![rows, n]));
        let xt = self.permute(x, vec![1, 0]);
        self.batch_matmul(xt, y)
    }

    /// `a[..., m, k] · b[..., k, n]`; leading dimensions are equal.
    pub fn batch_matmul(&mut self, a: Id, b: Id) -> Id {
        let mut shape = self.shape(a).clone();
        shape.batched |= self.shape(b).batched;
        let rank = shape.rank();
        shape.dims[rank - 1] = self.shape(b).dims[rank - 1].clone();
        let [a, b] = [a, b].map(|x| {
            let own = Shape { batched: shape.batched, dims: self.shape(x).dims.clone() };
            self.broadcast_to(x, &own)
        });
        self.push(Op::BatchMatMul { a, b }, shape)
    }

    /// Softmax over `axis`.
    pub fn softmax(&mut self, x: Id, axis: usize) -> Id {
        self.on_last_axis(x, axis, Op::Softmax)
    }

    /// Logarithm of the softmax over `axis`.
    pub fn log_softmax(&mut self, x: Id, axis: usize) -> Id {
        self.on_last_axis(x, axis, Op::LogSoftmax)
    }

    fn on_last_axis(&mut self, x: Id, axis: usize, op: impl Fn(Id) -> Op) -> Id {
        let mut axes: Vec<usize> = (0..self.shape(x).rank()).collect();
        let last = axes.len() - 1;
        axes.swap(axis, last);
        let x = self.permute(x, axes.clone());
        let shape = self.shape(x).clone();
        let y = self.push(op(x), shape);
        self.permute(y, axes)
    }
}
