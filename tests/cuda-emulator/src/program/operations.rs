//! What operations consist of: kinds, types, operands beyond the usual ones.

use super::Row;
use crate::ptx::{Space, Type};

/// Rows of the pieces of a wider one, lowest first, and the bits of each.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Pieces {
    pub rows: Vec<Row>,
    pub bits: u32,
}

/// How lanes of 32 bits hold numbers of 16 or 8.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane16 {
    /// They hold 32 bits.
    No,
    /// 16 bits without sign.
    Unsigned,
    /// 16 bits with a sign.
    Signed,
}

/// An operation on integers; `S` is with, `U` without sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Int {
    Add,
    Sub,
    Mul,
    MulHighS,
    MulHighU,
    Mad,
    MadHighS,
    MadHighU,
    Mul24S,
    Mul24U,
    Mad24S,
    Mad24U,
    SadS,
    SadU,
    AddSaturated,
    SubSaturated,
    MinS,
    MinU,
    MaxS,
    MaxU,
    Neg,
    Abs,
    DivS,
    DivU,
    RemS,
    RemU,
    And,
    Or,
    Xor,
    Not,
    IsZero,
    ShiftLeft,
    ShiftRightS,
    ShiftRightU,
    CountOnes,
    CountZeros,
    Reverse,
    FindS,
    FindU,
    ExtractS,
    ExtractU,
    Permute,
    FunnelLeftWrap,
    FunnelLeftClamp,
    FunnelRightWrap,
    FunnelRightClamp,
    Logic3(u8),
    Dot4 {
        signed_a: bool,
        signed_b: bool,
    },
    /// Two halves of 16 bits with the lower or upper two bytes.
    Dot2 {
        high: bool,
        signed_a: bool,
        signed_b: bool,
    },
}

/// Addition with carry.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Carry {
    pub wide: bool,
    pub kind: CarryKind,
    pub input: bool,
    pub output: bool,
}

/// What is added, or subtracted, with carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CarryKind {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// The low half of `a * b`, and `c`.
    MadLow,
    /// The high half, without sign.
    MadHighU,
    /// The high half, with sign.
    MadHighS,
}

/// An operation on floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Float {
    Add,
    Sub,
    Mul,
    Fma,
    Div,
    Rcp,
    Sqrt,
    Rsqrt,
    Sin,
    Cos,
    Log2,
    Exp2,
    Tanh,
    Min,
    Max,
    Neg,
    Abs,
    CopySign,
}

/// How an operation on floats rounds, and what it does to its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mode {
    /// To which neighbour it rounds.
    pub rounding: Rounding,
    /// Whether subnormal numbers count as zero.
    pub flush: bool,
    /// Whether the result is held in [0, 1].
    pub saturate: bool,
    /// Whether a negative result becomes zero.
    pub relu: bool,
    /// Whether the minimum with NaN is NaN.
    pub nan: bool,
}

/// Which neighbour an inexact result becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Rounding {
    /// The nearest; of two the even one.
    #[default]
    Nearest,
    /// The nearest; of two the one away from zero.
    NearestAway,
    /// The one towards zero.
    Zero,
    /// The lower.
    Down,
    /// The higher.
    Up,
}

/// A float of 16 bits, once or twice in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Half {
    pub brain: bool,
    pub packed: bool,
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Compare {
    /// How.
    pub relation: Relation,
    /// Of what.
    pub ty: Type,
    /// Whether subnormal numbers count as zero.
    pub flush: bool,
    /// The predicate that gets the opposite, or [`NONE`].
    pub opposite: Row,
    /// What the result is combined with: predicate `c`, and whether it is negated.
    pub combine: Option<(LogicKind, bool)>,
}

/// A relation of two numbers; those with `Unordered` also hold if one is NaN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    EqualUnordered,
    NotEqualUnordered,
    LessUnordered,
    LessEqualUnordered,
    GreaterUnordered,
    GreaterEqualUnordered,
    Ordered,
    Unordered,
}

/// A kind of float that `testp` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Test {
    Finite,
    Infinite,
    Number,
    NotANumber,
    Normal,
    Subnormal,
}

/// Logic on predicates `a` and `b`, either of them negated.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Logic {
    pub kind: LogicKind,
    pub negate_a: bool,
    pub negate_b: bool,
}

/// How two predicates are combined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum LogicKind {
    And,
    Or,
    Xor,
}

/// A conversion of `a` to `d`.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Convert {
    pub from: Type,
    pub to: Type,
    /// Whether `a` is a row of 64 bits.
    pub wide_from: bool,
    /// Whether `d` is.
    pub wide_to: bool,
    pub rounding: Rounding,
    /// Whether the result is a whole number (`.rni` between floats).
    pub whole: bool,
    pub saturate: bool,
    pub relu: bool,
    pub flush: bool,
}

/// An address: a row and a constant.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Address {
    pub row: Row,
    pub wide: bool,
    pub offset: i64,
}

/// A read or write of memory.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where.
    pub space: Space,
    /// The address.
    pub address: Address,
    /// Bytes of an element.
    pub bytes: usize,
    /// Whether elements that are read have a sign.
    pub signed: bool,
    /// The rows that are read or written, one an element.
    pub rows: Vec<Row>,
    /// Whether they have 64 bits.
    pub wide: bool,
    /// Whether it orders itself with other blocks: `volatile`, `relaxed`, `acquire`, `release`.
    pub strong: bool,
}

/// An atomic operation.
#[derive(Clone, Debug)]
pub struct Atomic {
    /// Where.
    pub space: Space,
    /// The address.
    pub address: Address,
    /// The type.
    pub ty: Type,
    /// What is done.
    pub kind: AtomicKind,
    /// The row that gets the old value, or [`NONE`].
    pub old: Row,
    /// The operand, and what `cas` stores.
    pub operands: [Row; 2],
}

/// What an atomic operation does to memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum AtomicKind {
    Add,
    Min,
    Max,
    And,
    Or,
    Xor,
    Increment,
    Decrement,
    Exchange,
    CompareExchange,
}

/// An asynchronous copy from device memory to shared memory.
#[derive(Clone, Debug)]
pub struct CopyAsync {
    /// To where.
    pub to: Address,
    /// From where.
    pub from: Address,
    /// How many bytes are written.
    pub bytes: usize,
    /// The row that says how many are read; the rest is zero.
    pub read: Option<Row>,
}

/// How a shuffle picks the lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum ShuffleMode {
    Up,
    Down,
    Butterfly,
    Index,
}

/// What a vote asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Vote {
    All,
    Any,
    Uniform,
    Ballot,
}

/// A product of two matrices by a warp, added to a third: 16×8 by `k`.
#[derive(Clone, Debug)]
pub struct Mma {
    /// The common dimension.
    pub k: usize,
    /// The type of the factors: `F16`, `BF16` or `TF32`.
    pub factors: Type,
    /// Whether the sum is held in `f16`.
    pub half_sum: bool,
    /// The rows of the result, the factors and the summand.
    pub d: Vec<Row>,
    /// Rows of the first factor.
    pub a: Vec<Row>,
    /// Rows of the second factor.
    pub b: Vec<Row>,
    /// Rows of the summand.
    pub c: Vec<Row>,
}

/// Matrices of 8×8 elements of 16 bits between shared memory and a warp's rows.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The address of a row of eight, a lane each.
    pub address: Address,
    /// Whether it is generic.
    pub space: Space,
    /// One row a matrix.
    pub rows: Vec<Row>,
    /// Whether matrices are transposed.
    pub transposed: bool,
    /// Whether they are written.
    pub store: bool,
}

/// A barrier.
#[derive(Clone, Debug)]
pub struct Barrier {
    /// The row of its number.
    pub id: Row,
    /// The row of the number of threads, or [`NONE`] for all.
    pub threads: Row,
    /// What is found out about a predicate of all threads.
    pub reduce: Option<BarrierReduce>,
    /// Whether the thread goes on without waiting (`bar.arrive`).
    pub arrive: bool,
}

/// What a barrier finds out about a predicate of all threads.
#[derive(Clone, Copy, Debug)]
pub struct BarrierReduce {
    /// `popc` is `None`.
    pub kind: Option<LogicKind>,
    /// The predicate.
    pub predicate: Row,
    /// Whether it is negated.
    pub negated: bool,
    /// A row for `popc`, a predicate for `and` and `or`.
    pub result: Row,
}
