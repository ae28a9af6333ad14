//! From operations to kernels.
//!
//! Products, reductions and the like are kernels of their own. Element-wise operations are not: they become part of
//! the kernel that needs their value, as instructions over its operands, and views become the strides of its loads.
//! A value is stored where a kernel needs it in memory, or where computing it again would cost more than a load.

mod access;
mod kernel;
mod sample;
mod scan;
mod schedule;
mod simplify;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use access::{Strided, collapse};
pub use kernel::{Expression, Instruction, Kernel, Map, Matrix, Operand, Place, Reg, Span, Value};
pub use schedule::Step;
pub use simplify::simplify;

use crate::grad::Function;
use crate::ir::{Dim, Graph, Id, Node, Op, ReduceKind, Shape};
use access::{View, view};
use scan::Loops;

/// Instructions that an elementary function takes, about.
const FUNCTION: usize = 16;

/// Instructions that it may take to compute a value again rather than store it for a second kernel.
const RECOMPUTE: usize = 12;

/// Order of a weight's elements in the flat parameter buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Plain,
    Panels,
}

/// Panels for the matrices that nothing but products read; their optimizer step then needs no repacking. A kernel of a
/// convolution is such a matrix: its last dimension are the columns.
pub fn layouts(graph: &Graph) -> Vec<Layout> {
    let mut users: Vec<Vec<&Node>> = vec![vec![]; graph.nodes.len()];
    for node in &graph.nodes {
        node.op.operands().iter().for_each(|x| users[x.0].push(node));
    }
    let is_product = |node: &&Node, w: Id| matches!(node.op, Op::MatMul { x, w: own, transposed: false } if own == w && graph.shape(x).batched);
    let only_products =
        |id: Id| !users[id.0].is_empty() && users[id.0].iter().all(|node| is_product(node, id));
    let mut layouts: Vec<Option<Layout>> = vec![None; graph.weights.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        let Op::Weight(weight) = node.op else { continue };
        let last = node.shape.dims.last();
        let as_matrix = |user: &&Node| {
            let at = graph.nodes.iter().position(|node| std::ptr::eq(node, *user)).map(Id);
            matches!(user.op, Op::Reshape(_))
                && user.shape.rank() == 2
                && user.shape.dims.last() == last
                && at.is_some_and(only_products)
        };
        let panels = match node.shape.rank() {
            0 | 1 => false,
            2 => only_products(Id(i)),
            _ => !users[i].is_empty() && users[i].iter().all(as_matrix),
        };
        let known = layouts[weight].is_none_or(|layout| layout == Layout::Panels);
        layouts[weight] = Some(if panels && known { Layout::Panels } else { Layout::Plain });
    }
    layouts.into_iter().map(|layout| layout.unwrap_or(Layout::Plain)).collect()
}

/// A function as kernels in order.
#[derive(Clone, Debug)]
pub struct Program {
    /// The simplified function.
    pub function: Function,
    /// Its kernels.
    pub steps: Vec<Step>,
    /// Values that live where a gradient is wanted.
    pub homes: BTreeMap<Value, Value>,
    /// Nodes of loops that have a place for more than one step.
    pub slots: BTreeMap<Id, Dim>,
    /// The value that holds what the model adds to its loss.
    pub loss: Option<Value>,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

/// Fuses `function`.
///
/// # Errors
/// An expression that walks its operands in more ways than a kernel has dimensions.
pub fn fuse(function: &Function, layouts: &[Layout]) -> Result<Program, String> {
    let function = simplify(function);
    let mut fuser = Fuser::new(&function, layouts);
    fuser.decide();
    fuser.place_gradients();
    fuser.kernels();
    let loss = function.loss.map(|id| fuser.buffer(id).value);
    let steps = schedule::schedule(fuser.in_order());
    let (homes, slots) = (fuser.homes, fuser.loops.slots);
    Ok(Program { function, steps, homes, slots, loss })
}

struct Fuser<'a> {
    function: &'a Function,
    graph: &'a Graph,
    layouts: &'a [Layout],
    /// Whether a node has a buffer.
    stored: Vec<bool>,
    /// Kernels by the node that they are for.
    out: BTreeMap<usize, Vec<Kernel>>,
    homes: BTreeMap<Value, Value>,
    loops: Loops,
    /// Products that are added up in windows as they are computed, by the overlap that does so.
    overlapped: BTreeMap<Id, Id>,
    /// Nodes that are computed straight into a gradient, or along with one, and need no kernel of their own.
    done: BTreeSet<Id>,
}

fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Select(..) | Op::Dropout { .. })
}

fn is_view(op: &Op) -> bool {
    matches!(op, Op::Broadcast(_) | Op::Reshape(_) | Op::Permute { .. } | Op::Slice { .. })
        || matches!(op, Op::Windows { .. })
        || matches!(op, Op::Item { .. } | Op::Trace(_) | Op::States { .. })
}

fn is_number(op: &Op) -> bool {
    matches!(op, Op::Const(_) | Op::Extent(_))
}

impl<'a> Fuser<'a> {
    fn new(function: &'a Function, layouts: &'a [Layout]) -> Self {
        let graph = &function.graph;
        let stored = graph
            .nodes
            .iter()
            .map(|node| !is_elementwise(&node.op) && !is_view(&node.op) && !is_number(&node.op));
        let mut stored: Vec<bool> = stored.collect();
        let overlapped = windows::overlapped(graph);
        overlapped.values().for_each(|product| stored[product.0] = false);
        Fuser {
            function,
            graph,
            layouts,
            stored,
            out: BTreeMap::new(),
            homes: BTreeMap::new(),
            loops: Loops::new(graph),
            overlapped,
            done: BTreeSet::new(),
        }
    }

    fn op(&self, id: Id) -> &'a Op {
        &self.graph.nodes[id.0].op
    }

    fn dims(&self, id: Id) -> &'a [Dim] {
        &self.graph.nodes[id.0].shape.dims
    }

    fn view(&self, id: Id) -> View {
        self.place(id).unwrap_or_else(|| self.view_below(id))
    }

    /// How `id`, which is no matter whether stored, is seen from what is stored below it.
    fn view_below(&self, id: Id) -> View {
        view(self.graph, id, &|id| self.place(id))
    }

    /// Where `id` is, if it is stored.
    fn place(&self, id: Id) -> Option<View> {
        self.stored[id.0].then(|| self.loops.place(self.graph, id))
    }

    // --- what is stored ---

    /// Decides which element-wise values and views get a buffer.
    ///
    /// A buffer for one value can end a chain of views that another value was reached by: this goes on until nothing
    /// changes.
    fn decide(&mut self) {
        self.loops.homes.keys().for_each(|id| self.stored[id.0] = true);
        loop {
            let before = self.stored.clone();
            self.loops.trace(self.graph, &self.stored);
            self.decide_once();
            if self.stored == before {
                return;
            }
        }
    }

    fn decide_once(&mut self) {
        let sizes = self.sizes();
        // The kernels that would compute each element-wise node.
        let mut users: Vec<BTreeSet<Id>> = vec![BTreeSet::new(); self.graph.nodes.len()];
        for root in self.function.roots() {
            self.need_buffer(root, true);
        }
        for (state, next) in self.graph.live_states() {
            self.need_view(state.init);
            if self.loops.homes.get(&next) != Some(&state.node) {
                self.need_view(next);
            }
        }
        for i in (0..self.graph.nodes.len()).rev() {
            let id = Id(i);
            if is_elementwise(self.op(id)) && users[i].len() > 1 && sizes[i] > RECOMPUTE {
                self.stored[i] = true;
            }
            let groups = if self.stored[i] { BTreeSet::from([id]) } else { users[i].clone() };
            if groups.is_empty() {
                continue;
            }
            let inlines = is_elementwise(self.op(id))
                || matches!(
                    self.op(id),
                    Op::Reduce { .. }
                        | Op::Concat { .. }
                        | Op::Pad { .. }
                        | Op::Overlap { .. }
                        | Op::Total(_)
                );
            if let Some(&product) = self.overlapped.get(&id) {
                let Op::MatMul { x, w, .. } = *self.op(product) else { unreachable!("it is a product") };
                self.need_buffer(x, false);
                self.need_buffer(w, true);
                continue;
            }
            let whole =
                matches!(self.op(id), Op::MatMulT { .. } | Op::LossGradient { .. } | Op::ScatterAdd { .. });
            for operand in self.op(id).operands() {
                if !inlines && !is_view(self.op(id)) {
                    match self.op(id) {
                        Op::MatMul { x, .. } | Op::MatMulT { x, .. } if *x == operand => self.need_matrix(*x),
                        Op::MatMul { .. } => self.need_buffer(operand, true),
                        Op::Gather { table, .. } if *table == operand => self.need_buffer(operand, true),
                        _ => self.need_buffer(operand, whole),
                    }
                } else if is_elementwise(self.op(operand)) && !is_view(self.op(id)) {
                    users[operand.0].extend(&groups);
                } else {
                    self.need_view(operand);
                }
            }
        }
    }

    /// Instructions that it takes to compute each element-wise node from what is stored in any case.
    fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = Vec::with_capacity(self.graph.nodes.len());
        for node in &self.graph.nodes {
            let own = match &node.op {
                Op::Dropout { .. } => FUNCTION,
                Op::Unary(f, _) if !f.is_cheap() => FUNCTION,
                Op::Binary(crate::ir::Binary::Pow, ..) => 2 * FUNCTION,
                op if is_elementwise(op) => 1,
                _ => 0,
            };
            let below = if own > 0 { node.op.operands().iter().map(|x| sizes[x.0]).sum() } else { 0usize };
            sizes.push((own + below).min(1_000_000));
        }
        sizes
    }

    /// `id` is to lie in memory in the order of its elements, `whole` if nothing may lie around it.
    fn need_buffer(&mut self, id: Id, whole: bool) {
        self.need_view(id);
        let View { base, walk } = self.view(id);
        let part = !walk.is_contiguous(self.dims(id)) || self.size(base) != self.size(id);
        if is_number(self.op(base))
            || !walk.is_in_order(self.dims(id))
            || whole && part
            || self.repeats_over_batch(base, id)
        {
            self.stored[id.0] = true;
        }
    }

    /// `id` is to be reachable by strides from something in memory.
    fn need_view(&mut self, id: Id) {
        let base = self.view(id).base;
        if !is_number(self.op(base)) {
            self.stored[base.0] = true;
        }
    }

    /// Words of the buffer of `id` in each sample.
    fn size(&self, id: Id) -> Dim {
        let one = self.graph.shape(id).size();
        self.loops.slots.get(&id).map_or(one.clone(), |slots| slots.mul(&one))
    }

    fn repeats_over_batch(&self, base: Id, id: Id) -> bool {
        self.graph.shape(base).batched != self.graph.shape(id).batched
    }

    // --- gradients ---

    /// Finds for each gradient the kernels that leave it where it is wanted.
    fn place_gradients(&mut self) {
        for &(weight, id) in &self.function.gradients {
            match self.sum_of_products(id) {
                Some(products) => self.products_into(weight, id, &products),
                None => self.leave_in(Value::Gradient(weight), id),
            }
        }
        for &(weight, id) in &self.function.updates {
            self.leave_in(Value::Update(weight), id);
        }
    }

    /// Has `id` computed where `place` is, or copied there.
    fn leave_in(&mut self, place: Value, id: Id) {
        let base = self.view(id).base;
        let home = Value::Node(base);
        let own = !matches!(self.op(base), Op::Weight(_) | Op::Input(_)) && !is_number(self.op(base));
        if own && !self.homes.contains_key(&home) {
            self.homes.insert(home, place);
            return;
        }
        let shape = self.graph.shape(id).clone();
        let mut expression = Expression::new(shape.clone());
        let reg = self.value(&mut expression, id, None);
        let stores = vec![(place, Strided::contiguous(&shape.dims), reg)];
        self.out.entry(id.0).or_default().push(Kernel::Map(Map { expression, stores, accumulate: false }));
    }

    /// The terms, if `id` is nothing but products `xᵀ · y` added up.
    fn sum_of_products(&self, id: Id) -> Option<Vec<Id>> {
        match self.op(id) {
            Op::MatMulT { .. } => Some(vec![id]),
            Op::Reshape(x) => self.sum_of_products(*x),
            Op::Binary(crate::ir::Binary::Add, a, b) => {
                Some([self.sum_of_products(*a)?, self.sum_of_products(*b)?].concat())
            }
            _ => None,
        }
    }

    fn products_into(&mut self, weight: usize, id: Id, products: &[Id]) {
        self.done.insert(id);
        for (i, &product) in products.iter().enumerate() {
            if self.is_used_for(product, id) {
                self.done.insert(product);
            }
            let panels = self.layouts[weight] == Layout::Panels;
            let kernel = self.product_t(product, Value::Gradient(weight), panels, i > 0);
            self.out.entry(id.0).or_default().push(kernel);
        }
    }

    /// Whether nothing but sums and reshapes on the way to `whole` uses `part`.
    fn is_used_for(&self, part: Id, whole: Id) -> bool {
        let users = self.graph.nodes.iter().enumerate();
        let mut users = users.filter(|(_, node)| node.op.operands().contains(&part)).map(|(j, _)| Id(j));
        part == whole || users.all(|user| self.done.contains(&user) || self.is_used_for(user, whole))
    }

    fn product_t(&mut self, product: Id, into: Value, panels: bool, accumulate: bool) -> Kernel {
        let Op::MatMulT { x, y } = *self.op(product) else { unreachable!("the caller matched a product") };
        let (k, n) = (self.dims(product)[0].clone(), self.dims(product)[1].clone());
        let rows = Dim::product(&self.dims(x)[..self.dims(x).len() - 1]);
        let matrix = self.matrix(x);
        let db = if accumulate { None } else { self.take_column_sums(y) };
        let y = self.buffer(y).value;
        Kernel::MatMulT {
            x: matrix,
            y,
            into,
            panels,
            db,
            accumulate,
            scratch: Value::Scratch(product),
            rows,
            k,
            n,
        }
    }

    /// The reduction of `y` to its column sums, if there is one that nobody computes yet.
    fn take_column_sums(&mut self, y: Id) -> Option<Value> {
        let rank = self.graph.shape(y).rank();
        let sums = self.graph.nodes.iter().position(|node| match &node.op {
            Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: true } => {
                *x == y && axes.iter().copied().eq(0..rank - 1)
            }
            _ => false,
        });
        let sums = Id(sums?);
        self.done.insert(sums).then_some(Value::Node(sums))
    }

    // --- kernels ---

    fn kernels(&mut self) {
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
            };
            self.out.entry(at.0).or_default().push(kernel);
        }
    }

    /// Where `id`, which lies in memory in order, is.
    fn buffer(&self, id: Id) -> Span {
        let View { base, walk } = self.view(id);
        Span { value: Value::Node(base), offset: walk.offset, time: walk.time }
    }

    fn kernel(&mut self, id: Id) -> Vec<Kernel> {
        let shape = self.graph.shape(id).clone();
        let into = self.buffer(id);
        match self.op(id) {
            Op::State { .. } => vec![],
            // Its loop sees to it.
            Op::Total(_) => vec![],
            Op::Overlap { x, axis, windows } => self.overlap(id, *x, *axis, windows),
            Op::MaxPoolGrad { x, y, dy, windows } => vec![self.max_pool_grad(id, [*x, *y, *dy], windows)],
            Op::Input(_) | Op::Weight(_) | Op::LossGradient { .. } | Op::Const(_) | Op::Extent(_) => vec![],
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
    fn map(&self, id: Id, space: Shape, into: &Span, root: Option<Id>) -> Kernel {
        let walk = Strided::in_slots(&space.dims, into.offset.clone(), into.time.clone());
        let mut expression = Expression::new(space);
        let reg = self.value(&mut expression, id, root);
        Kernel::Map(Map { expression, stores: vec![(into.value, walk, reg)], accumulate: false })
    }

    /// Fills `into`, which has `shape`, with `value`.
    fn fill(&self, shape: &Shape, into: &Span, value: f32) -> Kernel {
        let mut expression = Expression::new(shape.clone());
        let zero = expression.push(Instruction::Number(value));
        let walk = Strided::in_slots(&shape.dims, into.offset.clone(), into.time.clone());
        Kernel::Map(Map { expression, stores: vec![(into.value, walk, zero)], accumulate: false })
    }

    /// Computes `part` into its place in `into`, which has `shape`: where it starts along each axis.
    fn part(
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
    fn panels(&mut self, id: Id, w: Id, transposed: bool) -> Value {
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
    fn value(&self, expression: &mut Expression, id: Id, root: Option<Id>) -> Reg {
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
