//! The kernel of each stored value.

use super::access::View;
use super::{
    Expression, Fuser, Instruction, Kernel, Layout, Map, Operand, Reg, Span, Strided, Value, is_elementwise,
    is_number,
};
use crate::ir::{Dim, Id, Op, Shape};

impl<'a> Fuser<'a> {
    pub(super) fn kernels(&mut self) {
        for i in 0..self.graph.nodes.len() {
            let id = Id(i);
            if self.stored[i] && !self.done.contains(&id) {
                let kernels = self.kernel(id);
                self.out.entry(i).or_default().extend(kernels);
            }
        }
        for head in &self.function.heads {
            let at = head.dz.unwrap_or(Id(self.graph.nodes.len()));
            let kernel = Kernel::Head {
                output: head.output,
                z: self.buffer(head.z).value,
                dz: head.dz.map(Value::Node),
                weights: head.weights.map(|weights| self.buffer(weights).value),
            };
            self.out.entry(at.0).or_default().push(kernel);
        }
    }

    /// Where `id`, which lies in memory in order, is.
    pub(super) fn buffer(&self, id: Id) -> Span {
        let View { base, walk } = self.view(id);
        Span { value: Value::Node(base), offset: walk.offset, time: walk.time }
    }

    pub(super) fn kernel(&mut self, id: Id) -> Vec<Kernel> {
        let shape = self.graph.shape(id).clone();
        let into = self.buffer(id);
        match self.op(id) {
            Op::State { .. } => vec![],
            // Its loop sees to it.
            Op::Total(_) => vec![],
            Op::Overlap { x, axis, windows } => self.overlap(id, *x, *axis, windows),
            Op::MaxPoolGrad { x, y, dy, windows } => vec![self.max_pool_grad(id, [*x, *y, *dy], windows)],
            Op::Input(_)
            | Op::Carried(_)
            | Op::Weight(_)
            | Op::LossGradient { .. }
            | Op::Const(_)
            | Op::Extent(_) => vec![],
            Op::MatMul { x, w, transposed } => {
                let (k, n) = (self.dims(*x).last(), shape.dims.last());
                let (k, n) = (k.expect("of rank 1 at least").clone(), n.expect("of rank 1 at least").clone());
                let rows = Dim::product(&shape.dims[..shape.rank() - 1]);
                let w = self.panels(id, *w, *transposed);
                vec![Kernel::MatMul { x: self.matrix(*x), w, into, batched: shape.batched, rows, k, n }]
            }
            Op::MatMulT { .. } => vec![self.product_t(id, into.value, false, false)],
            Op::BatchMatMul { a, b } => {
                let [m, n] = [2, 1].map(|back| shape.dims[shape.rank() - back].clone());
                let k = self.dims(*b)[shape.rank() - 2].clone();
                let groups = Dim::product(&shape.dims[..shape.rank() - 2]);
                let walk = |this: &Self, x: Id| {
                    let Span { value, offset, time } = this.buffer(x);
                    (value, Strided::in_slots(&matrix(&groups, this.dims(x)), offset, time))
                };
                vec![Kernel::BatchMatMul {
                    a: walk(self, *a),
                    b: walk(self, *b),
                    into,
                    batched: shape.batched,
                    groups: groups.clone(),
                    m,
                    k,
                    n,
                }]
            }
            Op::Softmax(x) | Op::LogSoftmax(x) => {
                let columns = shape.dims.last().expect("of rank 1 at least").clone();
                let log = matches!(self.op(id), Op::LogSoftmax(_));
                let rows = Dim::product(&shape.dims[..shape.rank() - 1]);
                vec![Kernel::Softmax { x: self.buffer(*x), into, batched: shape.batched, log, rows, columns }]
            }
            Op::Iota => vec![Kernel::Iota { into: into.value, count: shape.size() }],
            Op::Numbers(numbers) => vec![Kernel::Numbers { into: into.value, numbers: numbers.clone() }],
            Op::Sample { x, at, sampling } => vec![self.sample(id, *x, *at, *sampling)],
            Op::SampleGrad { dy, at, sampling } => vec![self.sample_grad(id, *dy, *at, *sampling)],
            Op::Gather { table, index } => {
                let (rows, row) = self.dims(*table).split_first().expect("a table has rows");
                vec![Kernel::Gather {
                    table: self.buffer(*table).value,
                    index: self.buffer(*index),
                    into,
                    batched: shape.batched,
                    count: self.graph.shape(*index).size(),
                    rows: rows.clone(),
                    width: Dim::product(row),
                }]
            }
            Op::ScatterAdd { index, dy } => {
                let (rows, row) = shape.dims.split_first().expect("a table has rows");
                vec![Kernel::ScatterAdd {
                    batched: self.graph.shape(*index).batched,
                    index: self.buffer(*index).value,
                    dy: self.buffer(*dy).value,
                    into: into.value,
                    count: self.graph.shape(*index).size(),
                    rows: rows.clone(),
                    width: Dim::product(row),
                }]
            }
            Op::Flip { x, axis } => {
                let (x, batched) = (self.buffer(*x), shape.batched);
                let [groups, width] = [&shape.dims[..*axis], &shape.dims[axis + 1..]].map(Dim::product);
                let count = shape.dims[*axis].clone();
                vec![Kernel::Flip { x, into, batched, groups, count, width }]
            }
            Op::Reduce { kind, x, axes, batch } => {
                let space = self.graph.shape(*x).clone();
                let over: Vec<bool> = (0..space.rank()).map(|axis| axes.contains(&axis)).collect();
                let mut expression = Expression::new(space);
                let result = self.value(&mut expression, *x, None);
                vec![Kernel::Reduce { kind: *kind, expression, result, over, batch: *batch, into }]
            }
            Op::Concat { parts, axis } => {
                let mut start = Dim::known(0);
                let mut kernels = vec![];
                for &part in parts {
                    kernels.push(self.part(part, &shape, [(*axis, start.clone())], &into));
                    start = start.add(&self.dims(part)[*axis]);
                }
                kernels
            }
            Op::Pad { x, before, value } => {
                let inner = (0..shape.rank()).map(|axis| (axis, before[axis].clone()));
                vec![self.fill(&shape, &into, *value), self.part(*x, &shape, inner, &into)]
            }
            // The copy that a reshape cannot avoid walks its operand.
            Op::Reshape(x) if self.view(*x).base != id => {
                vec![self.map(*x, self.graph.shape(*x).clone(), &into, None)]
            }
            _ => vec![self.map(id, shape, &into, Some(id))],
        }
    }

    /// Computes `id` over `space`, element after element, into `into`. `root` is not loaded but computed.
    pub(super) fn map(&self, id: Id, space: Shape, into: &Span, root: Option<Id>) -> Kernel {
        let walk = Strided::in_slots(&space.dims, into.offset.clone(), into.time.clone());
        let mut expression = Expression::new(space);
        let reg = self.value(&mut expression, id, root);
        Kernel::Map(Map { expression, stores: vec![(into.value, walk, reg)], accumulate: false })
    }

    /// Fills `into`, which has `shape`, with `value`.
    pub(super) fn fill(&self, shape: &Shape, into: &Span, value: f32) -> Kernel {
        let mut expression = Expression::new(shape.clone());
        let zero = expression.push(Instruction::Number(value));
        let walk = Strided::in_slots(&shape.dims, into.offset.clone(), into.time.clone());
        Kernel::Map(Map { expression, stores: vec![(into.value, walk, zero)], accumulate: false })
    }

    /// Computes `part` into its place in `into`, which has `shape`: where it starts along each axis.
    pub(super) fn part(
        &self,
        part: Id,
        shape: &Shape,
        starts: impl IntoIterator<Item = (usize, Dim)>,
        into: &Span,
    ) -> Kernel {
        let mut walk = Strided::in_slots(&shape.dims, into.offset.clone(), into.time.clone());
        for (axis, start) in starts {
            walk.offset = walk.offset.add(&walk.strides[axis].mul(&start));
        }
        let mut expression = Expression::new(self.graph.shape(part).clone());
        let reg = self.value(&mut expression, part, None);
        Kernel::Map(Map { expression, stores: vec![(into.value, walk, reg)], accumulate: false })
    }

    /// `w` (or its transpose) in panels, for the product `id`.
    pub(super) fn panels(&mut self, id: Id, w: Id, transposed: bool) -> Value {
        let source = self.buffer(w).value;
        let Value::Node(base) = source else { unreachable!("buffers are nodes") };
        let panels = matches!(self.op(base), Op::Weight(weight) if self.layouts[*weight] == Layout::Panels);
        if panels && !transposed {
            return source;
        }
        let into = Value::Packed { w: base, transposed };
        let known = self
            .out
            .values()
            .flatten()
            .any(|kernel| matches!(kernel, Kernel::Pack { into: other, .. } if *other == into));
        if !known {
            let (k, n) = (self.dims(w)[0].clone(), self.dims(w)[1].clone());
            self.out.entry(id.0).or_default().push(Kernel::Pack {
                w: source,
                into,
                transposed,
                panels,
                k,
                n,
            });
        }
        into
    }

    /// The instructions for `id` in `expression`, whose space has `id`'s dims. `root` is not loaded but computed.
    pub(super) fn value(&self, expression: &mut Expression, id: Id, root: Option<Id>) -> Reg {
        let op = self.op(id);
        let is_root = root == Some(id);
        match op {
            Op::Const(value) => return expression.push(Instruction::Number(*value)),
            Op::Extent(dim) => return expression.push(Instruction::Extent(dim.clone())),
            Op::Random { stream } if is_root => return expression.load(Operand::Random(*stream)),
            _ if self.stored[id.0] && !is_root || !is_elementwise(op) => {
                let View { base, walk } = if is_root { self.view_below(id) } else { self.view(id) };
                return match self.op(base) {
                    op if is_number(op) => self.value(expression, base, None),
                    _ => expression.load(Operand::Value(Value::Node(base), walk)),
                };
            }
            _ => {}
        }
        let regs: Vec<Reg> = op.operands().into_iter().map(|x| self.value(expression, x, None)).collect();
        match op {
            Op::Unary(f, _) => expression.push(Instruction::Unary(*f, regs[0])),
            Op::Binary(f, ..) => expression.push(Instruction::Binary(*f, regs[0], regs[1])),
            Op::Select(..) => expression.push(Instruction::Select(regs[0], regs[1], regs[2])),
            Op::Dropout { rate, stream, .. } => {
                let uniform = expression.load(Operand::Random(*stream));
                let [rate, scale, zero] =
                    [*rate, 1.0 / (1.0 - rate), 0.0].map(|n| expression.push(Instruction::Number(n)));
                let kept = expression.push(Instruction::Binary(crate::ir::Binary::Ge, uniform, rate));
                let scaled = expression.push(Instruction::Binary(crate::ir::Binary::Mul, regs[0], scale));
                expression.push(Instruction::Select(kept, scaled, zero))
            }
            _ => unreachable!("only element-wise operations are left"),
        }
    }
}

/// `dims` as groups of matrices.
fn matrix(groups: &Dim, dims: &[Dim]) -> [Dim; 3] {
    [groups.clone(), dims[dims.len() - 2].clone(), dims[dims.len() - 1].clone()]
}
