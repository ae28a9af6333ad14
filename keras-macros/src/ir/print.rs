//! The text form of a [`Graph`], for dumps and snapshot tests: one node a line.

use std::fmt;

use super::{Dim, Graph, Id, Node, Op};

impl Op {
    /// The nodes that the operation reads.
    pub fn operands(&self) -> Vec<Id> {
        match self {
            Op::Input(_) | Op::Carried(_) | Op::Weight(_) | Op::Const(_) | Op::Extent(_) => vec![],
            Op::State { .. } | Op::States { .. } | Op::Iota => vec![],
            Op::Numbers(_) | Op::Random { .. } => vec![],
            Op::Sample { x, at, .. } | Op::SampleGrad { dy: x, at, .. } => vec![*x, *at],
            Op::Item { x, .. } | Op::Trace(x) | Op::Total(x) => vec![*x],
            Op::Unary(_, x) | Op::Broadcast(x) | Op::Reshape(x) | Op::Softmax(x) | Op::LogSoftmax(x) => {
                vec![*x]
            }
            Op::Dropout { x, .. } | Op::Permute { x, .. } | Op::Slice { x, .. } | Op::Pad { x, .. } => {
                vec![*x]
            }
            Op::Reduce { x, .. } | Op::Flip { x, .. } | Op::StopGradient(x) => vec![*x],
            Op::Windows { x, .. } | Op::Overlap { x, .. } => vec![*x],
            Op::MaxPoolGrad { x, y, dy, .. } => vec![*x, *y, *dy],
            Op::LossGradient { z, .. } => vec![*z],
            Op::Binary(_, a, b) | Op::BatchMatMul { a, b } => vec![*a, *b],
            Op::MatMul { x, w, .. } => vec![*x, *w],
            Op::MatMulT { x, y } => vec![*x, *y],
            Op::Phase { train, infer } => vec![*train, *infer],
            Op::Gather { table, index } => vec![*table, *index],
            Op::ScatterAdd { index, dy } => vec![*index, *dy],
            Op::Select(c, a, b) => vec![*c, *a, *b],
            Op::Concat { parts, .. } => parts.clone(),
        }
    }

    /// The same operation on other nodes.
    pub fn map(&self, mut f: impl FnMut(Id) -> Id) -> Op {
        let mut op = self.clone();
        match &mut op {
            Op::Input(_) | Op::Carried(_) | Op::Weight(_) | Op::Const(_) | Op::Extent(_) => {}
            Op::State { .. } | Op::States { .. } | Op::Iota => {}
            Op::Numbers(_) | Op::Random { .. } => {}
            Op::Sample { x, at, .. } | Op::SampleGrad { dy: x, at, .. } => (*x, *at) = (f(*x), f(*at)),
            Op::Item { x, .. } | Op::Trace(x) | Op::Total(x) => *x = f(*x),
            Op::Unary(_, x) | Op::Broadcast(x) | Op::Reshape(x) | Op::Softmax(x) | Op::LogSoftmax(x) => {
                *x = f(*x)
            }
            Op::Dropout { x, .. } | Op::Permute { x, .. } | Op::Slice { x, .. } | Op::Pad { x, .. } => {
                *x = f(*x)
            }
            Op::Reduce { x, .. } | Op::Flip { x, .. } | Op::StopGradient(x) => *x = f(*x),
            Op::Windows { x, .. } | Op::Overlap { x, .. } => *x = f(*x),
            Op::MaxPoolGrad { x, y, dy, .. } => (*x, *y, *dy) = (f(*x), f(*y), f(*dy)),
            Op::LossGradient { z, .. } => *z = f(*z),
            Op::Binary(_, a, b) | Op::BatchMatMul { a, b } => (*a, *b) = (f(*a), f(*b)),
            Op::MatMul { x, w, .. } => (*x, *w) = (f(*x), f(*w)),
            Op::MatMulT { x, y } => (*x, *y) = (f(*x), f(*y)),
            Op::Phase { train, infer } => (*train, *infer) = (f(*train), f(*infer)),
            Op::Gather { table, index } => (*table, *index) = (f(*table), f(*index)),
            Op::ScatterAdd { index, dy } => (*index, *dy) = (f(*index), f(*dy)),
            Op::Select(c, a, b) => (*c, *a, *b) = (f(*c), f(*a), f(*b)),
            Op::Concat { parts, .. } => parts.iter_mut().for_each(|part| *part = f(*part)),
        }
        op
    }
}

impl Graph {
    /// One line for a node: `%3 = relu %2 : [batch, 64]`.
    pub fn describe(&self, id: Id) -> String {
        let Node { op, shape, scan, .. } = &self.nodes[id.0];
        let within = scan.map(|scan| format!("  in loop {scan}")).unwrap_or_default();
        format!("{id} = {} : {shape}{within}", self.operation(op))
    }

    fn operation(&self, op: &Op) -> String {
        let lower = |name: &dyn fmt::Debug| format!("{name:?}").to_lowercase();
        match op {
            Op::Input(i) => format!("input {}", self.inputs[*i].name),
            Op::Carried(i) => format!("carried {i}"),
            Op::Weight(i) => format!("weight {}", self.weights[*i].name),
            Op::Const(value) => format!("{value:?}"),
            Op::Extent(dim) => format!("extent {dim}"),
            Op::Unary(f, x) => format!("{} {x}", lower(f)),
            Op::Binary(f, a, b) => format!("{} {a} {b}", lower(f)),
            Op::Select(c, a, b) => format!("select {c} {a} {b}"),
            Op::Dropout { x, rate, stream } => format!("dropout {x} rate={rate} stream={stream}"),
            Op::Broadcast(x) => format!("broadcast {x}"),
            Op::Reshape(x) => format!("reshape {x}"),
            Op::Permute { x, axes } => format!("permute {x} axes={axes:?}"),
            Op::Slice { x, axis, start } => format!("slice {x} axis={axis} start={start}"),
            Op::Pad { x, before, value } => {
                let before: Vec<String> = before.iter().map(Dim::to_string).collect();
                format!("pad {x} before=[{}] with {value}", before.join(", "))
            }
            Op::Windows { x, axis, windows } => format!("windows {x} axis={axis} {windows:?}"),
            Op::Overlap { x, axis, windows } => format!("overlap {x} axis={axis} {windows:?}"),
            Op::MaxPoolGrad { x, y, dy, windows } => format!("max_pool_grad {x} {y} {dy} {windows:?}"),
            Op::Flip { x, axis } => format!("flip {x} axis={axis}"),
            Op::Concat { parts, axis } => {
                let parts: Vec<String> = parts.iter().map(Id::to_string).collect();
                format!("concat {} axis={axis}", parts.join(" "))
            }
            Op::Reduce { kind, x, axes, batch } => {
                let batch = if *batch { " batch" } else { "" };
                format!("reduce_{} {x} axes={axes:?}{batch}", lower(kind))
            }
            Op::MatMul { x, w, transposed } => {
                format!("matmul {x} {w}{}", if *transposed { "ᵀ" } else { "" })
            }
            Op::MatMulT { x, y } => format!("matmul {x}ᵀ {y}"),
            Op::BatchMatMul { a, b } => format!("batch_matmul {a} {b}"),
            Op::Softmax(x) => format!("softmax {x}"),
            Op::LogSoftmax(x) => format!("log_softmax {x}"),
            Op::Iota => "iota".to_string(),
            Op::Numbers(numbers) => format!("numbers {numbers:?}"),
            Op::Random { stream } => format!("random stream={stream}"),
            Op::Sample { x, at, sampling } => format!("sample {x} {at} {sampling:?}"),
            Op::SampleGrad { dy, at, sampling } => format!("sample_grad {dy} {at} {sampling:?}"),
            Op::StopGradient(x) => format!("stop_gradient {x}"),
            Op::Phase { train, infer } => format!("phase train={train} infer={infer}"),
            Op::Gather { table, index } => format!("gather {table} {index}"),
            Op::ScatterAdd { index, dy } => format!("scatter_add {index} {dy}"),
            Op::Item { scan, x } => format!("item {x} of loop {scan}"),
            Op::State { scan, index } => format!("state {index} of loop {scan}"),
            Op::States { scan, index } => format!("states {index} of loop {scan}"),
            Op::Trace(x) => format!("trace {x}"),
            Op::Total(x) => format!("total {x}"),
            Op::LossGradient { output, z } => format!("loss_gradient {} {z}", self.outputs[*output].name),
        }
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for i in 0..self.nodes.len() {
            writeln!(f, "{}", self.describe(Id(i)))?;
        }
        for (i, scan) in self.scans.iter().enumerate() {
            writeln!(f, "loop {i} {scan}")?;
        }
        for output in &self.outputs {
            write!(f, "output {} = {:?} {}", output.name, output.head, output.value)?;
            match output.mask {
                Some(mask) => writeln!(f, " masked by {mask}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
