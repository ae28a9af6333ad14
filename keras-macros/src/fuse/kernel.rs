//! The kernels that a function becomes, before they have addresses.

use super::access::Strided;
use crate::ir::{Binary, Dim, Id, ReduceKind, Sampling, Shape, Unary};

/// Something that has an address while a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The result of a node.
    Node(Id),
    /// The gradient of a weight.
    Gradient(usize),
    /// What a training step makes of a weight that is not trained.
    Update(usize),
    /// What the next batch finds.
    Carry(usize),
    /// A matrix in 16-column panels, for kernels that want it so.
    Packed { w: Id, transposed: bool },
}

/// A value in the order of its elements, or a piece of a greater one.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub value: Value,
    /// Words to skip in each sample.
    pub offset: Dim,
    /// Words from one step of a loop to the next in time.
    pub time: Dim,
}

/// A matrix: extents and strides of its rows and of its columns, each of which may have several dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub span: Span,
    pub rows: Vec<(Dim, Dim)>,
    pub columns: Vec<(Dim, Dim)>,
}

impl From<Value> for Span {
    /// All of it.
    fn from(value: Value) -> Self {
        Span { value, offset: Dim::known(0), time: Dim::known(0) }
    }
}

/// A register of an element-wise expression: its index among the instructions.
pub type Reg = usize;

/// One instruction of an element-wise expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Instruction {
    /// Operand `i` of the kernel.
    Load(usize),
    Number(f32),
    /// A number that depends on Rust constants.
    Extent(Dim),
    Unary(Unary, Reg),
    Binary(Binary, Reg, Reg),
    Select(Reg, Reg, Reg),
}

/// An operand of an element-wise expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Value(Value, Strided),
    /// Uniform numbers of a random stream.
    Random(u32),
}

/// Instructions over operands, walked together over an index space.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The index space (per sample if it is batched).
    pub space: Shape,
    pub operands: Vec<Operand>,
    pub body: Vec<Instruction>,
}

impl Expression {
    /// An expression of nothing yet.
    pub fn new(space: Shape) -> Self {
        Expression { space, operands: vec![], body: vec![] }
    }

    /// Appends an instruction, or finds its equal.
    pub fn push(&mut self, instruction: Instruction) -> Reg {
        let found = self.body.iter().position(|other| *other == instruction);
        found.unwrap_or_else(|| {
            self.body.push(instruction);
            self.body.len() - 1
        })
    }

    /// Appends a load of `operand`, or finds its equal.
    pub fn load(&mut self, operand: Operand) -> Reg {
        let found = self.operands.iter().position(|other| *other == operand);
        let at = found.unwrap_or_else(|| {
            self.operands.push(operand);
            self.operands.len() - 1
        });
        self.push(Instruction::Load(at))
    }

    fn values(&self) -> impl Iterator<Item = Value> + '_ {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Value(value, _) => Some(*value),
            Operand::Random(_) => None,
        })
    }
}

/// An element-wise kernel: a register for each result.
#[derive(Clone, Debug)]
pub struct Map {
    pub expression: Expression,
    pub stores: Vec<(Value, Strided, Reg)>,
    /// Adds to what is there.
    pub accumulate: bool,
}

/// A kernel. Shapes are per sample; `rows` counts the rows of a sample.
#[derive(Clone, Debug)]
pub enum Kernel {
    Map(Map),
    /// The expression, accumulated over the dimensions that `over` marks.
    Reduce {
        kind: ReduceKind,
        expression: Expression,
        result: Reg,
        over: Vec<bool>,
        batch: bool,
        into: Span,
    },
    /// `into = x · w`, `w` in panels.
    MatMul {
        x: Matrix,
        w: Value,
        into: Span,
        batched: bool,
        rows: Dim,
        k: Dim,
        n: Dim,
    },
    /// `into (+)= xᵀ · y` over the batch, and the column sums of `y` into `db`.
    MatMulT {
        x: Matrix,
        y: Value,
        into: Value,
        panels: bool,
        db: Option<Value>,
        accumulate: bool,
        rows: Dim,
        k: Dim,
        n: Dim,
    },
    /// `into = a · b` for each of `groups` matrices; strides of group, row, column.
    BatchMatMul {
        a: (Value, Strided),
        b: (Value, Strided),
        into: Span,
        batched: bool,
        groups: Dim,
        m: Dim,
        k: Dim,
        n: Dim,
    },
    Softmax {
        x: Span,
        into: Span,
        batched: bool,
        log: bool,
        rows: Dim,
        columns: Dim,
    },
    /// The activation of output `output` on `z`, its loss and its gradient.
    Head {
        output: usize,
        z: Value,
        dz: Option<Value>,
        /// What each step counts.
        weights: Option<Value>,
    },
    /// `[k, n]` (or its transpose) to panels. `panels`: the source lies in panels already.
    Pack {
        w: Value,
        into: Value,
        transposed: bool,
        panels: bool,
        k: Dim,
        n: Dim,
    },
    /// `into = x` with its `count` pieces of `width` words in reverse order, for each of `groups`.
    Flip {
        x: Span,
        into: Span,
        batched: bool,
        groups: Dim,
        count: Dim,
        width: Dim,
    },
    /// `into = 0, 1, ..`
    Iota {
        into: Value,
        count: Dim,
    },
    /// `into` = the numbers.
    Numbers {
        into: Value,
        numbers: Vec<f32>,
    },
    /// An image of `to` places read from one of `from` places where `at` says. The gradient is the way back: `image` is
    /// the one of `to` places then, and `into` the other.
    Sample {
        image: Span,
        at: Span,
        into: Span,
        batched: bool,
        from: [Dim; 2],
        to: [Dim; 2],
        channels: Dim,
        /// Whether `at` has row and column of each place, rather than one transformation.
        each: bool,
        sampling: Sampling,
        gradient: bool,
    },
    /// `into` = the rows of `table` that `count` indices name.
    Gather {
        table: Value,
        index: Span,
        into: Span,
        batched: bool,
        count: Dim,
        rows: Dim,
        width: Dim,
    },
    /// `into` = for each of `rows` the sum of the pieces of `dy` whose index names it.
    ScatterAdd {
        /// Whether there are indices for each sample.
        batched: bool,
        index: Value,
        dy: Value,
        into: Value,
        count: Dim,
        rows: Dim,
        width: Dim,
    },
    /// The rows of `x · w` are windows, which are added up where they lie in `into`: extents and strides of their
    /// counts and of the places of one.
    MatMulOverlap {
        x: Span,
        w: Value,
        into: Span,
        batched: bool,
        words: Dim,
        counts: Vec<(Dim, Dim)>,
        window: Vec<(Dim, Dim)>,
        k: Dim,
        n: Dim,
    },
    /// `dy` added to the first place of each window of `x` that holds the window's maximum `y`.
    MaxPoolGrad {
        x: Span,
        y: Span,
        dy: Span,
        into: Span,
        batched: bool,
        words: Dim,
        counts: Vec<(Dim, Dim)>,
        window: Vec<(Dim, Dim)>,
        channels: Dim,
    },
    /// All kernels once for each step in time.
    Loop {
        length: Dim,
        reverse: bool,
        kernels: Vec<Kernel>,
    },
}

impl Kernel {
    /// What it reads.
    pub fn reads(&self) -> Vec<Value> {
        match self {
            Kernel::Map(map) => map.expression.values().collect(),
            Kernel::Reduce { expression, .. } => expression.values().collect(),
            Kernel::MatMul { x, w, .. } => vec![x.span.value, *w],
            Kernel::MatMulT { x, y, .. } => vec![x.span.value, *y],
            Kernel::Iota { .. } | Kernel::Numbers { .. } => vec![],
            Kernel::Sample { image, at, .. } => vec![image.value, at.value],
            Kernel::Gather { table, index, .. } => vec![*table, index.value],
            Kernel::ScatterAdd { index, dy, .. } => vec![*index, *dy],
            Kernel::MatMulOverlap { x, w, .. } => vec![x.value, *w],
            Kernel::MaxPoolGrad { x, y, dy, .. } => vec![x.value, y.value, dy.value],
            Kernel::BatchMatMul { a, b, .. } => vec![a.0, b.0],
            Kernel::Softmax { x, .. } | Kernel::Flip { x, .. } => vec![x.value],
            Kernel::Head { z, weights, .. } => std::iter::once(*z).chain(*weights).collect(),
            Kernel::Pack { w, .. } => vec![*w],
            Kernel::Loop { kernels, .. } => kernels.iter().flat_map(Kernel::reads).collect(),
        }
    }

    /// What it writes.
    pub fn writes(&self) -> Vec<Value> {
        match self {
            Kernel::Map(map) => map.stores.iter().map(|(value, ..)| *value).collect(),
            Kernel::MatMulT { into, db, .. } => std::iter::once(*into).chain(*db).collect(),
            Kernel::Head { dz, .. } => dz.iter().copied().collect(),
            Kernel::Reduce { into, .. }
            | Kernel::MatMul { into, .. }
            | Kernel::BatchMatMul { into, .. }
            | Kernel::Flip { into, .. }
            | Kernel::Gather { into, .. }
            | Kernel::Sample { into, .. }
            | Kernel::MatMulOverlap { into, .. }
            | Kernel::MaxPoolGrad { into, .. }
            | Kernel::Softmax { into, .. } => vec![into.value],
            Kernel::Pack { into, .. }
            | Kernel::ScatterAdd { into, .. }
            | Kernel::Iota { into, .. }
            | Kernel::Numbers { into, .. } => vec![*into],
            Kernel::Loop { kernels, .. } => kernels.iter().flat_map(Kernel::writes).collect(),
        }
    }

    /// Whether its result may take the place of `value`, which it reads, element for element.
    pub fn may_overwrite(&self, value: Value) -> bool {
        match self {
            Kernel::Map(map) => {
                let dims = &map.expression.space.dims;
                if map.accumulate {
                    return false;
                }
                let whole = |walk: &Strided| walk.is_contiguous(dims);
                let reads = map.expression.operands.iter().all(|operand| match operand {
                    Operand::Value(read, walk) => *read != value || whole(walk),
                    Operand::Random(_) => true,
                });
                reads && map.stores.iter().all(|(_, walk, _)| whole(walk))
            }
            Kernel::Softmax { .. } => true,
            Kernel::Head { z, .. } => *z == value,
            _ => false,
        }
    }

    /// Whether a loop whose kernels read `old` and write `new` does so in one kernel, which reads each element before it writes there
    /// and asks for none of another step: then both may be in one place.
    pub fn may_replace(&self, old: Value, new: Value) -> bool {
        let Kernel::Loop { kernels, .. } = self else { return false };
        let mut touching =
            kernels.iter().filter(|kernel| kernel.reads().contains(&old) || kernel.writes().contains(&new));
        let (Some(Kernel::Map(map)), None) = (touching.next(), touching.next()) else { return false };
        let dims = &map.expression.space.dims;
        let size = Dim::product(dims).as_known();
        let within = |walk: &Strided| {
            let known = walk.offset.as_known().zip(walk.time.as_known()).zip(size);
            walk.is_in_order(dims) && known.is_some_and(|((offset, time), size)| offset + size <= time)
        };
        let reads = map.expression.operands.iter().filter_map(|operand| match operand {
            Operand::Value(value, walk) if *value == old => Some(walk),
            _ => None,
        });
        let reads: Vec<&Strided> = reads.collect();
        let mut writes = map.stores.iter().filter(|(value, ..)| *value == new);
        !map.accumulate
            && kernels.iter().all(|kernel| !kernel.writes().contains(&old))
            && reads.iter().all(|read| within(read))
            && writes.all(|(_, write, _)| {
                within(write) && reads.iter().all(|read| *read == write || read.is_apart_from(write, dims))
            })
    }

    /// Where it runs.
    pub fn place(&self) -> Place {
        match self {
            Kernel::Map(Map { expression, .. }) => Place::of(expression.space.batched),
            Kernel::Reduce { batch: true, .. }
            | Kernel::MatMulT { .. }
            | Kernel::ScatterAdd { .. }
            | Kernel::Pack { .. } => Place::Whole,
            Kernel::Reduce { expression, .. } => Place::of(expression.space.batched),
            Kernel::MatMul { batched, .. }
            | Kernel::BatchMatMul { batched, .. }
            | Kernel::Flip { batched, .. }
            | Kernel::Gather { batched, .. }
            | Kernel::Sample { batched, .. }
            | Kernel::MatMulOverlap { batched, .. }
            | Kernel::MaxPoolGrad { batched, .. }
            | Kernel::Softmax { batched, .. } => Place::of(*batched),
            Kernel::Head { .. } | Kernel::Loop { .. } => Place::Rows,
            Kernel::Iota { .. } | Kernel::Numbers { .. } => Place::Fixed,
        }
    }

    /// Floating-point operations of its products for each sample.
    pub fn flops(&self) -> Dim {
        let two = Dim::known(2);
        match self {
            Kernel::MatMul { rows, k, n, .. } | Kernel::MatMulT { rows, k, n, .. } => {
                Dim::product([&two, rows, k, n])
            }
            Kernel::BatchMatMul { groups, m, k, n, .. } => Dim::product([&two, groups, m, k, n]),
            Kernel::MatMulOverlap { counts, k, n, .. } => {
                Dim::product([&two, k, n].into_iter().chain(counts.iter().map(|(count, _)| count)))
            }
            Kernel::MaxPoolGrad { counts, window, channels, .. } => {
                let places = counts.iter().chain(window).map(|(extent, _)| extent);
                Dim::product([&two, channels].into_iter().chain(places))
            }
            Kernel::Map(map) => map.expression.space.size().mul(&map.expression.body.len().into()),
            Kernel::Reduce { expression, .. } => expression.space.size().mul(&two),
            Kernel::Softmax { rows, columns, .. } => Dim::product([rows, columns, &Dim::known(16)]),
            Kernel::Gather { count, width, .. } => count.mul(width),
            Kernel::Sample { to: [height, width], channels, .. } => {
                Dim::product([height, width, &channels.add(&Dim::known(4)), &Dim::known(8)])
            }
            Kernel::Head { .. }
            | Kernel::Pack { .. }
            | Kernel::Flip { .. }
            | Kernel::Iota { .. }
            | Kernel::Numbers { .. }
            | Kernel::ScatterAdd { .. } => Dim::known(0),
            Kernel::Loop { length, kernels, .. } => {
                kernels.iter().fold(Dim::known(0), |sum, kernel| sum.add(&kernel.flops())).mul(length)
            }
        }
    }
}

/// Where a kernel runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On any range of the samples, independently of the others.
    Rows,
    /// Once, on what does not depend on the batch.
    Fixed,
    /// Over the whole batch at once, with its own division of labour.
    Whole,
}

impl Place {
    fn of(batched: bool) -> Self {
        if batched { Place::Rows } else { Place::Fixed }
    }
}
