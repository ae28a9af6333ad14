//! The intermediate representation: some thirty operations on statically shaped `f32` tensors.
//!
//! The batch is the one free dimension; it is a flag of the [`Shape`], never one of its `dims`. A [`Graph`] is in
//! topological order by construction: a node refers only to nodes before it. The builder methods compute shapes and
//! insert broadcasts; that operands fit is checked before, by the layers, where there is a span to complain about.

mod build;
mod dim;
mod distribute;
#[cfg(test)]
pub mod interpret;
mod print;
mod prune;
mod sample;
mod scan;
mod tile;
mod unroll;
mod weight;
mod windows;

use std::fmt;

pub use build::broadcast;
pub use dim::{Dim, Shape};
pub use sample::{Fill, Sampling};
pub use scan::{Scan, State, Unit};
pub use tile::TileSize;
pub use unroll::MOST_NODES;
pub use weight::{AxisSet, Constraint, Init, Penalty, Start, Weight};
pub use windows::Window;

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub usize);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

/// Element-wise functions of one operand, named as in Keras's `ops`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unary {
    Neg,
    Abs,
    Sign,
    Square,
    Sqrt,
    Reciprocal,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Asinh,
    Acosh,
    Atanh,
    Tanh,
    Sigmoid,
    Relu,
    Erf,
    Softplus,
    Floor,
    Ceil,
    /// To the nearest, ties to even.
    Round,
}

impl Unary {
    /// Whether it is an instruction or two.
    pub fn is_cheap(self) -> bool {
        use Unary::*;
        matches!(self, Neg | Abs | Sign | Square | Sqrt | Reciprocal | Relu | Floor | Ceil | Round)
    }
}

/// Element-wise functions of two operands. Comparisons give 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Maximum,
    Minimum,
    Pow,
    Gt,
    Ge,
    Lt,
    Le,
    Eq,
    Ne,
}

/// What a reduction accumulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReduceKind {
    Sum,
    Max,
    Min,
    Product,
}

/// One operation. Operands of element-wise operations have the node's very shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The batch of input `i`.
    Input(usize),
    /// What the batch before this one left in [`Carried`] `i`; zeros for the first.
    Carried(usize),
    /// Weight `i`.
    Weight(usize),
    /// A number, of shape `[]`.
    Const(f32),
    /// A dimension as a number, of shape `[]`: one that depends on Rust constants.
    Extent(Dim),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    /// The second operand where the first is not 0, else the third.
    Select(Id, Id, Id),
    /// Zero with probability `rate`, else divided by `1 - rate`; nothing while inferring. Both passes draw the same
    /// mask for the same `stream`.
    Dropout {
        x: Id,
        rate: f32,
        stream: u32,
    },
    /// To the node's shape, by NumPy's rules (dimensions aligned at the end; a fixed tensor repeats over the batch).
    Broadcast(Id),
    /// The same elements in the same order.
    Reshape(Id),
    /// Dimension `i` of the result is dimension `axes[i]` of the operand (the batch stays first).
    Permute {
        x: Id,
        axes: Vec<usize>,
    },
    /// `[start, start + length)` along `axis`; the length is the node's.
    Slice {
        x: Id,
        axis: usize,
        start: Dim,
    },
    /// Copies of `value` around `x`: so many before it along each axis; the node's shape tells how many after.
    Pad {
        x: Id,
        before: Vec<Dim>,
        value: f32,
    },
    /// The windows that lie along the axes from `axis` on: these become counts of windows, and behind them come the
    /// sizes of a window: `[.., h, w, c] → [.., count_h, count_w, size_h, size_w, c]`.
    Windows {
        x: Id,
        axis: usize,
        windows: Vec<Window>,
    },
    /// The sum of windows where they lie, the transpose of [`Op::Windows`].
    Overlap {
        x: Id,
        axis: usize,
        windows: Vec<Window>,
    },
    /// `dy`, the gradient of the maximum `y` of each window of `x`, where the window has its maximum first.
    MaxPoolGrad {
        x: Id,
        y: Id,
        dy: Id,
        windows: Vec<Window>,
    },
    /// The places of `axis` from the last to the first.
    Flip {
        x: Id,
        axis: usize,
    },
    /// Operands one after another along `axis`.
    Concat {
        parts: Vec<Id>,
        axis: usize,
    },
    /// Over `axes`, which stay with extent 1, and over the batch if `batch`: the result is then fixed.
    Reduce {
        kind: ReduceKind,
        x: Id,
        axes: Vec<usize>,
        batch: bool,
    },
    /// `x[..., k] · w[k, n]`, or `w[n, k]` transposed. `w` is fixed and of rank 2.
    MatMul {
        x: Id,
        w: Id,
        transposed: bool,
    },
    /// `xᵀ · y` over the batch and all dimensions but the last: `[..., k], [..., n] → [k, n]`, fixed.
    MatMulT {
        x: Id,
        y: Id,
    },
    /// `a[..., m, k] · b[..., k, n]` with equal leading dimensions.
    BatchMatMul {
        a: Id,
        b: Id,
    },
    /// Over the last dimension.
    Softmax(Id),
    /// Over the last dimension.
    LogSoftmax(Id),
    /// The place along the first dimension, as a number; fixed.
    Iota,
    /// Numbers that the macro knows; fixed, of one dimension.
    Numbers(Vec<f32>),
    /// Uniform numbers in `[0, 1)`, drawn by the element's place in the node's own shape; only while training.
    Random {
        stream: u32,
    },
    /// The image `x` where `at` says, see [`Graph::sample`]: `[h, w, c], [6 or more] or [h', w', 2] → [h', w', c]`.
    Sample {
        x: Id,
        at: Id,
        sampling: Sampling,
    },
    /// The transpose of [`Op::Sample`]: each place of `dy` added to the places that it was read from.
    SampleGrad {
        dy: Id,
        at: Id,
        sampling: Sampling,
    },
    /// `train` while training, else `infer`.
    Phase {
        train: Id,
        infer: Id,
    },
    /// `x`, which gradients do not go through.
    StopGradient(Id),
    /// Rows of the fixed `table` by the whole numbers of `index`: `[n, d..], [..] → [.., d..]`.
    Gather {
        table: Id,
        index: Id,
    },
    /// The transpose of [`Op::Gather`]: for each row of a table the sum of the pieces of `dy` that were gathered there.
    ScatterAdd {
        index: Id,
        dy: Id,
    },
    /// Element `t` along the first dimension of `x`, in step `t` of a loop.
    Item {
        scan: usize,
        x: Id,
    },
    /// State `index` of a loop, as a step finds it.
    State {
        scan: usize,
        index: usize,
    },
    /// All values of state `index`: one more than there are steps, in the order of time.
    States {
        scan: usize,
        index: usize,
    },
    /// The values that `x` has in the steps of its loop, along a new first dimension, in the order of time.
    Trace(Id),
    /// The sum of the values that `x` has in the steps of its loop.
    Total(Id),
    /// The gradient of the loss with respect to the value that output `output`'s head reads, which is `z`.
    LossGradient {
        output: usize,
        z: Id,
    },
}

/// A value of a [`Graph`].
#[derive(Clone, Debug)]
pub struct Node {
    /// How it is computed.
    pub op: Op,
    /// Its shape.
    pub shape: Shape,
    /// Index into [`Graph::layers`] of the layer that it belongs to.
    pub layer: usize,
    /// Index into [`Graph::scans`] of the loop that it is computed in, once for each step.
    pub scan: Option<usize>,
}

/// Element type at the model's edge; inside every element is `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DType {
    F32,
    U8,
    I8,
    I32,
    U32,
    I64,
}

/// An input of a model.
#[derive(Clone, Debug)]
pub struct Input {
    pub name: String,
    pub shape: Shape,
    pub dtype: DType,
    /// Its elements are indices below this.
    pub below: Option<Dim>,
}

/// The activation left to the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    Linear,
    Sigmoid,
    Softmax,
}

/// An output of a model.
#[derive(Clone, Debug)]
pub struct Output {
    pub name: String,
    pub value: Id,
    /// What is still to be applied to `value`.
    pub head: Head,
    /// For each of its steps whether it counts in the loss, 1 or 0: axes of `value` but the last.
    pub mask: Option<Id>,
}

/// What a layer learns from data of shape `dims` before training.
#[derive(Clone, Debug)]
pub struct Adapts {
    pub dims: Vec<Dim>,
    pub learns: Learns,
}

/// What there is to learn from data.
#[derive(Clone, Debug)]
pub enum Learns {
    /// Mean and variance of each place of these axes.
    Moments { axes: Vec<usize> },
    /// Boundaries of `bins` bins that hold equally many numbers, with an error of `epsilon`.
    Bins { bins: usize, epsilon: f64 },
}

/// A layer, for `summary()` and for dumps.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Unique, for example `dense_1`.
    pub name: String,
    /// Keras's class, for example `Dense`.
    pub kind: String,
    /// Shape of its first output.
    pub output: Shape,
    /// Indices of its weights.
    pub weights: Vec<usize>,
    /// Names of what feeds it.
    pub inputs: Vec<String>,
    /// If it learns from data before training: what.
    pub adapts: Option<Adapts>,
}

/// Layers that are one for those who do not look closer: of a model within the model, or of a cell.
#[derive(Clone, Debug)]
pub struct Group {
    /// What the names of its layers begin with, before a `/`.
    pub name: String,
    /// The name of its definition.
    pub kind: String,
    /// The shape of its (first) result.
    pub output: Shape,
}

/// The seed of a layer, and the number of a stream that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeding {
    pub seed: u64,
    pub next: u32,
}

/// A value of each sample that lives from batch to batch: a state of a recurrent layer.
#[derive(Clone, Debug)]
pub struct Carried {
    pub dims: Vec<Dim>,
    /// What the next batch finds.
    pub next: Option<Id>,
}

/// A model as operations.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub inputs: Vec<Input>,
    pub weights: Vec<Weight>,
    pub outputs: Vec<Output>,
    pub layers: Vec<Layer>,
    /// Inner ones before those around them.
    pub groups: Vec<Group>,
    pub scans: Vec<Scan>,
    /// Numbers that the model adds to its loss: fixed, of shape `[]`.
    pub losses: Vec<Id>,
    /// Weights that are not trained, and what a training step makes them be.
    pub updates: Vec<(usize, Id)>,
    /// Values that live from batch to batch.
    pub carried: Vec<Carried>,
    /// Random streams handed out: of those that do not follow from the model's seed, what they follow from.
    pub streams: Vec<Option<Seeding>>,
    /// What new streams follow from, if not from the model's seed.
    pub seeding: Option<Seeding>,
    /// Layer that new nodes belong to.
    pub current_layer: usize,
    /// Loop that new nodes belong to if they belong to any.
    pub current_scan: Option<usize>,
}
