//! From a model's forward graph to the two functions that are compiled: `infer`, and `train` with its gradients.
//!
//! Reverse mode over the IR: one rule for each operation, in [`Adjoint::rule`], and none for any layer.

mod scan;
mod value;

use std::fmt;

use crate::ir::{Binary, Graph, Head, Id, Op, ReduceKind, Shape, Unary, Unit, Window};
use scan::Body;
pub use value::gradient;

/// A graph and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Function {
    /// The operations.
    pub graph: Graph,
    /// For each output the value that its head reads, and the node that holds the loss's gradient there.
    pub heads: Vec<HeadUse>,
    /// The gradient of each trainable weight that the loss depends on.
    pub gradients: Vec<(usize, Id)>,
    /// What a training step makes of weights that are not trained.
    pub updates: Vec<(usize, Id)>,
    /// What the model adds to its loss, if it is wanted and adds anything.
    pub loss: Option<Id>,
}

/// What an output needs of its function.
#[derive(Clone, Copy, Debug)]
pub struct HeadUse {
    /// Index of the output.
    pub output: usize,
    /// What the head reads.
    pub z: Id,
    /// The [`Op::LossGradient`] of `z`, if anything is derived from it.
    pub dz: Option<Id>,
}

impl Function {
    /// Every node that is wanted for itself.
    pub fn roots(&self) -> impl Iterator<Item = Id> + '_ {
        let heads = self.heads.iter().flat_map(|head| [Some(head.z), head.dz]).flatten();
        let weights = self.gradients.iter().chain(&self.updates).map(|(_, id)| *id);
        heads.chain(weights).chain(self.loss)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.graph)?;
        for (weight, id) in &self.gradients {
            writeln!(f, "gradient {} = {id}", self.graph.weights[*weight].name)?;
        }
        for (weight, id) in &self.updates {
            writeln!(f, "update {} = {id}", self.graph.weights[*weight].name)?;
        }
        self.loss.iter().try_for_each(|loss| writeln!(f, "added loss = {loss}"))
    }
}

/// Leaves the last activation of each output to its head, where it meets the loss.
pub fn split_heads(graph: &mut Graph) {
    for i in 0..graph.outputs.len() {
        let value = graph.outputs[i].value;
        let (value, head) = match graph.nodes[value.0].op {
            Op::Softmax(z) => (z, Head::Softmax),
            Op::Unary(Unary::Sigmoid, z) => (z, Head::Sigmoid),
            _ => (value, Head::Linear),
        };
        (graph.outputs[i].value, graph.outputs[i].head) = (value, head);
    }
}

/// The forward pass as it is used for prediction: nothing is dropped.
pub fn infer(graph: &Graph) -> Function {
    let mut graph = graph.clone();
    for node in &mut graph.nodes {
        if let Op::Dropout { x, .. } | Op::Phase { infer: x, .. } | Op::StopGradient(x) = node.op {
            node.op = Op::Reshape(x);
        }
    }
    let heads = graph.outputs.iter().enumerate();
    let heads = heads.map(|(output, o)| HeadUse { output, z: o.value, dz: None }).collect();
    Function { graph, heads, gradients: vec![], updates: vec![], loss: None }
}

/// [`infer`] with what the model adds to its loss.
pub fn evaluate(graph: &Graph) -> Function {
    let mut function = infer(graph);
    function.loss = added_loss(&mut function.graph);
    function
}

fn added_loss(graph: &mut Graph) -> Option<Id> {
    let losses = graph.losses.clone();
    losses.into_iter().reduce(|sum, loss| graph.binary(Binary::Add, sum, loss))
}

/// The forward pass, the losses, and the gradient of every trainable weight.
pub fn train(graph: &Graph) -> Function {
    let mut graph = graph.clone();
    let loss = added_loss(&mut graph);
    for node in &mut graph.nodes {
        if let Op::Phase { train, .. } = node.op {
            node.op = Op::Reshape(train);
        }
    }
    let updates = graph.updates.clone();
    let mut adjoint = Adjoint::new(graph, Source::Weights);
    let mut heads = Vec::new();
    for output in 0..adjoint.graph.outputs.len() {
        let z = adjoint.graph.outputs[output].value;
        let dz = adjoint.needed[z.0].then(|| {
            let shape = adjoint.graph.shape(z).clone();
            let dz = adjoint.graph.push(Op::LossGradient { output, z }, shape);
            adjoint.add(z, dz);
            dz
        });
        heads.push(HeadUse { output, z, dz });
    }
    if let Some(loss) = loss.filter(|loss| adjoint.needed[loss.0]) {
        let one = adjoint.graph.constant(1.0);
        adjoint.add(loss, one);
    }
    for unit in adjoint.graph.units().into_iter().rev() {
        match unit {
            Unit::Node(id) if id.0 >= adjoint.needed.len() => {}
            Unit::Node(id) => adjoint.node(id),
            Unit::Loop(scan, body) => adjoint.body(scan, &body),
        }
    }
    for node in &mut adjoint.graph.nodes {
        if let Op::StopGradient(x) = node.op {
            node.op = Op::Reshape(x);
        }
    }
    let mut gradients: Vec<(usize, Id)> = Vec::new();
    for i in 0..adjoint.needed.len() {
        if let (Op::Weight(weight), true, Some(id)) =
            (&adjoint.graph.nodes[i].op, adjoint.needed[i], adjoint.of[i])
        {
            let weight = *weight;
            // A weight that several nodes read has the sum of their gradients.
            match gradients.iter().position(|(other, _)| *other == weight) {
                Some(at) => gradients[at].1 = adjoint.graph.binary(Binary::Add, gradients[at].1, id),
                None => gradients.push((weight, id)),
            }
        }
    }
    Function { graph: adjoint.graph, heads, gradients, updates, loss }
}

/// What gradients are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// Of every trainable weight.
    Weights,
    /// Of one value.
    Value(Id),
}

struct Adjoint {
    graph: Graph,
    source: Source,
    /// Whether a node of the forward graph depends on what gradients are asked for.
    needed: Vec<bool>,
    /// The gradient of the loss with respect to a node, as far as it is known.
    of: Vec<Option<Id>>,
    /// What loops are asked for from outside.
    asked: Vec<Body>,
    /// While a loop is at work: its index, and what its nodes give to values outside of it.
    within: Option<(usize, Vec<(Id, Id)>)>,
}

impl Adjoint {
    fn new(graph: Graph, source: Source) -> Self {
        let mut needed = vec![false; graph.nodes.len()];
        loop {
            let before = needed.clone();
            for (i, node) in graph.nodes.iter().enumerate() {
                needed[i] = match node.op {
                    _ if source == Source::Value(Id(i)) => true,
                    Op::Weight(i) => source == Source::Weights && graph.weights[i].trainable,
                    Op::StopGradient(_) => false,
                    // A state is made of nodes that come after it: hence the repetition.
                    Op::State { scan, index } | Op::States { scan, index } => {
                        let state = &graph.scans[scan].states[index];
                        needed[state.init.0] || state.next.is_some_and(|next| needed[next.0])
                    }
                    ref op => op.operands().iter().any(|x| needed[x.0]),
                };
            }
            if needed == before {
                break;
            }
        }
        let of = vec![None; graph.nodes.len()];
        let asked = vec![Body::default(); graph.scans.len()];
        Adjoint { graph, source, needed, of, asked, within: None }
    }

    /// Passes the gradient of `id` on, if there is one.
    fn node(&mut self, id: Id) {
        // Nothing is asked for behind a value.
        if self.source == Source::Value(id) {
            return;
        }
        if let (true, Some(dy)) = (self.needed[id.0], self.of[id.0]) {
            self.graph.current_layer = self.graph.nodes[id.0].layer;
            self.rule(id, dy);
        }
    }

    /// Adds `dx` to the gradient of `x`.
    fn add(&mut self, x: Id, dx: Id) {
        if let Some((scan, outside)) = &mut self.within
            && self.graph.nodes[x.0].scan != Some(*scan)
        {
            return outside.push((x, dx));
        }
        self.of[x.0] = Some(match self.of[x.0] {
            Some(sum) => self.graph.binary(Binary::Add, sum, dx),
            None => dx,
        });
    }

    fn unary(&mut self, f: Unary, x: Id) -> Id {
        self.graph.unary(f, x)
    }

    fn binary(&mut self, f: Binary, a: Id, b: Id) -> Id {
        self.graph.binary(f, a, b)
    }

    fn with(&mut self, f: Binary, a: Id, b: f32) -> Id {
        self.graph.binary_const(f, a, b)
    }

    fn mul(&mut self, a: Id, b: Id) -> Id {
        self.graph.binary(Binary::Mul, a, b)
    }

    /// `dy` where `condition` holds, else 0.
    fn masked(&mut self, condition: Id, dy: Id) -> Id {
        let zero = self.graph.constant(0.0);
        self.graph.select(condition, dy, zero)
    }

    /// Passes `dy`, the gradient of node `y`, on to its operands.
    fn rule(&mut self, y: Id, dy: Id) {
        let node = self.graph.nodes[y.0].clone();
        let needs = |this: &Self, x: Id| this.needed[x.0];
        match node.op {
            Op::Input(_) | Op::Weight(_) | Op::Const(_) | Op::Extent(_) | Op::LossGradient { .. } => {}
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
                let mut start = crate::ir::Dim::known(0);
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

    /// `dy f'(x)`; `None` where the derivative is 0 everywhere it exists.
    fn unary_rule(&mut self, f: Unary, x: Id, y: Id, dy: Id) -> Option<Id> {
        Some(match f {
            Unary::Neg => self.unary(Unary::Neg, dy),
            Unary::Abs => {
                let sign = self.unary(Unary::Sign, x);
                self.mul(dy, sign)
            }
            Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round => return None,
            Unary::Square => {
                let twice = self.with(Binary::Mul, x, 2.0);
                self.mul(dy, twice)
            }
            Unary::Sqrt => {
                let half = self.with(Binary::Mul, dy, 0.5);
                self.binary(Binary::Div, half, y)
            }
            Unary::Reciprocal => {
                let square = self.unary(Unary::Square, y);
                let product = self.mul(dy, square);
                self.unary(Unary::Neg, product)
            }
            Unary::Exp => self.mul(dy, y),
            Unary::Expm1 => {
                let exp = self.with(Binary::Add, y, 1.0);
                self.mul(dy, exp)
            }
            Unary::Log => self.binary(Binary::Div, dy, x),
            Unary::Log1p => {
                let x1 = self.with(Binary::Add, x, 1.0);
                self.binary(Binary::Div, dy, x1)
            }
            Unary::Sin => {
                let cos = self.unary(Unary::Cos, x);
                self.mul(dy, cos)
            }
            Unary::Cos => {
                let sin = self.unary(Unary::Sin, x);
                let product = self.mul(dy, sin);
                self.unary(Unary::Neg, product)
            }
            // 1 + tan²
            Unary::Tan => {
                let square = self.unary(Unary::Square, y);
                let factor = self.with(Binary::Add, square, 1.0);
                self.mul(dy, factor)
            }
            // 1 / sqrt(1 - x²), and its negative
            Unary::Asin | Unary::Acos => {
                let root = self.sqrt_of_square(-1.0, 1.0, x);
                let quotient = self.binary(Binary::Div, dy, root);
                if f == Unary::Asin { quotient } else { self.unary(Unary::Neg, quotient) }
            }
            // 1 / (1 + x²)
            Unary::Atan => {
                let square = self.unary(Unary::Square, x);
                let below = self.with(Binary::Add, square, 1.0);
                self.binary(Binary::Div, dy, below)
            }
            Unary::Sinh => {
                let cosh = self.unary(Unary::Cosh, x);
                self.mul(dy, cosh)
            }
            Unary::Cosh => {
                let sinh = self.unary(Unary::Sinh, x);
                self.mul(dy, sinh)
            }
            // 1 / sqrt(x² ± 1)
            Unary::Asinh | Unary::Acosh => {
                let root = self.sqrt_of_square(1.0, if f == Unary::Asinh { 1.0 } else { -1.0 }, x);
                self.binary(Binary::Div, dy, root)
            }
            // 1 / (1 - x²)
            Unary::Atanh => {
                let below = self.one_minus_square(x);
                self.binary(Binary::Div, dy, below)
            }
            Unary::Tanh => {
                let factor = self.one_minus_square(y);
                self.mul(dy, factor)
            }
            // y (1 - y)
            Unary::Sigmoid => {
                let one = self.graph.constant(1.0);
                let rest = self.binary(Binary::Sub, one, y);
                let factor = self.mul(y, rest);
                self.mul(dy, factor)
            }
            Unary::Relu => {
                let positive = self.with(Binary::Gt, y, 0.0);
                self.masked(positive, dy)
            }
            // 2 / sqrt(pi) exp(-x²)
            Unary::Erf => {
                let square = self.unary(Unary::Square, x);
                let negative = self.unary(Unary::Neg, square);
                let exp = self.unary(Unary::Exp, negative);
                let factor = self.with(Binary::Mul, exp, std::f32::consts::FRAC_2_SQRT_PI);
                self.mul(dy, factor)
            }
            Unary::Softplus => {
                let sigmoid = self.unary(Unary::Sigmoid, x);
                self.mul(dy, sigmoid)
            }
        })
    }

    /// The gradient of `f(a, b)` with respect to `a`.
    fn left_rule(&mut self, f: Binary, a: Id, b: Id, y: Id, dy: Id) -> Option<Id> {
        Some(match f {
            Binary::Add | Binary::Sub => dy,
            Binary::Mul => self.mul(dy, b),
            Binary::Div => self.binary(Binary::Div, dy, b),
            Binary::Maximum => self.larger_rule(Binary::Gt, a, b, dy),
            Binary::Minimum => self.larger_rule(Binary::Lt, a, b, dy),
            // b a^(b - 1)
            Binary::Pow => {
                let exponent = self.with(Binary::Sub, b, 1.0);
                let power = self.binary(Binary::Pow, a, exponent);
                let factor = self.mul(b, power);
                self.mul(dy, factor)
            }
            Binary::Gt | Binary::Ge | Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => {
                let _ = y;
                return None;
            }
        })
    }

    /// The gradient of `f(a, b)` with respect to `b`.
    fn right_rule(&mut self, f: Binary, a: Id, b: Id, y: Id, dy: Id) -> Option<Id> {
        Some(match f {
            Binary::Add => dy,
            Binary::Sub => self.unary(Unary::Neg, dy),
            Binary::Mul => self.mul(dy, a),
            // -y / b
            Binary::Div => {
                let product = self.mul(dy, y);
                let quotient = self.binary(Binary::Div, product, b);
                self.unary(Unary::Neg, quotient)
            }
            Binary::Maximum => self.larger_rule(Binary::Gt, b, a, dy),
            Binary::Minimum => self.larger_rule(Binary::Lt, b, a, dy),
            // y ln(a), 0 where a is not positive
            Binary::Pow => {
                let log = self.unary(Unary::Log, a);
                let factor = self.mul(y, log);
                let positive = self.with(Binary::Gt, a, 0.0);
                let factor = self.masked(positive, factor);
                self.mul(dy, factor)
            }
            Binary::Gt | Binary::Ge | Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => return None,
        })
    }

    /// `dy` where `a` wins over `b`, half of it where they are equal (as JAX, and so Keras, has it).
    fn larger_rule(&mut self, wins: Binary, a: Id, b: Id, dy: Id) -> Id {
        let wins = self.binary(wins, a, b);
        let equal = self.binary(Binary::Eq, a, b);
        let half = self.with(Binary::Mul, equal, 0.5);
        let factor = self.binary(Binary::Add, wins, half);
        self.mul(dy, factor)
    }

    /// What is pooled, if reducing `x` over `axes` is pooling.
    fn pooled(&self, x: Id, axes: &[usize]) -> Option<(Id, Vec<Window>)> {
        match &self.graph.nodes[x.0].op {
            Op::Windows { x, axis: 0, windows } => {
                let n = windows.len();
                axes.iter().copied().eq(n..2 * n).then(|| (*x, windows.clone()))
            }
            _ => None,
        }
    }

    /// The elements of `g` where the windows of `x` have their maxima `y`: a value for each of `slope`.
    fn at_maxima(&mut self, x: Id, y: Id, slope: Id, windows: &[Window], g: Id) -> Id {
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
    fn extremum_rule(&mut self, x: Id, y: Id, dy: Id) -> Id {
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

    fn one_minus_square(&mut self, x: Id) -> Id {
        let square = self.unary(Unary::Square, x);
        let one = self.graph.constant(1.0);
        self.binary(Binary::Sub, one, square)
    }

    /// `sqrt(a x² + b)`.
    fn sqrt_of_square(&mut self, a: f32, b: f32, x: Id) -> Id {
        let square = self.unary(Unary::Square, x);
        let scaled = self.with(Binary::Mul, square, a);
        let sum = self.with(Binary::Add, scaled, b);
        self.unary(Unary::Sqrt, sum)
    }

    fn transposed(&mut self, x: Id) -> Id {
        let rank = self.graph.shape(x).rank();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 2, rank - 1);
        self.graph.permute(x, axes)
    }

    /// Sums `dy` over what a broadcast of `x` repeated.
    fn sum_to(&mut self, dy: Id, x: Id) -> Id {
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
