//! A decoded kernel: what the executor runs.
//!
//! Registers of 32 bits and less are rows of 32 lanes of `u32`, those of 64 bits rows of `u64`, predicates masks with a bit a lane.
//! Constants and special registers are rows too, filled before a warp starts: every operand is the number of a row.

mod operations;

use std::sync::Arc;

pub use operations::*;

use crate::ptx::Space;

/// The number of a row.
pub type Row = u16;

/// A row or predicate that is not there.
pub const NONE: Row = u16::MAX;

/// What is known about a kernel before it runs.
#[derive(Debug, Default)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// Its instructions.
    pub code: Vec<Ins>,
    /// The text of the module, line by line.
    pub lines: Arc<Vec<String>>,
    /// How many rows of 32 bits there are.
    pub narrow: usize,
    /// How many rows of 64 bits.
    pub wide: usize,
    /// How many predicates.
    pub predicates: usize,
    /// Rows that hold a constant.
    pub narrow_constants: Vec<(Row, u32)>,
    /// Rows of 64 bits that hold a constant.
    pub wide_constants: Vec<(Row, u64)>,
    /// Rows that hold a special register.
    pub specials: Vec<(Row, Special)>,
    /// Bytes of shared memory that are declared with a size.
    pub shared: usize,
    /// Bytes of local memory of a thread.
    pub local: usize,
    /// Offset and size of each parameter.
    pub parameters: Vec<(usize, usize)>,
    /// Bytes of all parameters.
    pub parameter_bytes: usize,
    /// The largest block that it was compiled for.
    pub max_threads: Option<u32>,
    /// Whether it has atomic operations on anything but shared memory: then its blocks run one after another.
    pub atomics: bool,
    /// The bytes of the smallest access to shared memory (4 at most): the unit in which races are looked for.
    pub shared_grain: usize,
}

/// A special register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Special {
    /// `%tid`.
    Thread(u8),
    /// `%ntid`.
    BlockSize(u8),
    /// `%ctaid`.
    Block(u8),
    /// `%nctaid`.
    GridSize(u8),
    /// `%laneid`.
    Lane,
    /// `%warpid`.
    Warp,
    /// `%nwarpid`.
    Warps,
    /// `%smid`, `%gridid` and others that are always zero here.
    Zero,
    /// `%lanemask_lt` and its like: by lane.
    LaneMask(LaneMask),
    /// `%dynamic_smem_size`.
    DynamicShared,
    /// `%total_smem_size`.
    TotalShared,
}

/// Which lanes a `%lanemask` register names, compared with the lane itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs)]
pub enum LaneMask {
    Less,
    LessEqual,
    Equal,
    GreaterEqual,
    Greater,
}

/// The predicate that an instruction is executed under.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Its number, or [`NONE`].
    pub predicate: Row,
    /// Whether it is negated.
    pub negated: bool,
}

/// A decoded instruction. What `d` (written) and `a`, `b`, `c` (read) mean depends on the operation.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Ins {
    pub op: Op,
    pub guard: Guard,
    pub d: Row,
    pub a: Row,
    pub b: Row,
    pub c: Row,
    /// The line of the text.
    pub line: u32,
}

/// An operation.
#[derive(Clone, Debug)]
pub enum Op {
    /// `d = a`, 32 bits.
    Move32,
    /// `d = a`, 64 bits.
    Move64,
    /// A row of 64 bits from rows of 32, or of pieces of 16 bits (`mov.b64 d, {..}`).
    Join64(Box<Pieces>),
    /// The other way.
    Split64(Box<Pieces>),
    /// A row of 32 bits from two halves `a`, `b`.
    Join32,
    /// Halves `d` and the row given here from `a`.
    Split32(Row),
    /// Integers of 32 bits and less.
    Int32(Int, Lane16),
    /// Integers of 64 bits.
    Int64(Int),
    /// A shift of 64 bits; `b` is a row of 32.
    Shift64(Int),
    /// An operation from 64 bits to a count of 32.
    Count64(Int),
    /// A bit field of 64 bits: `b` is position, `c` length, both of 32 bits.
    Extract64 {
        /// Whether the field's highest bit is its sign.
        signed: bool,
    },
    /// Insert a bit field: `a` into `b` at `c`, with the length in the given row.
    Insert32(Row),
    /// The same in 64 bits.
    Insert64(Row),
    /// `d = a * b`, twice as wide.
    MulWide {
        /// Whether the factors have signs.
        signed: bool,
    },
    /// `d = a * b + c`, twice as wide.
    MadWide {
        /// Whether the factors have signs.
        signed: bool,
    },
    /// Addition or subtraction that reads (`input`) and leaves (`output`) a carry.
    Carry(Carry),
    /// `f32`.
    Float32(Float, Mode),
    /// `f64`.
    Float64(Float, Mode),
    /// `f16` or `bf16`, one or two in a row.
    Half(Float, Mode, Half),
    /// A comparison, into predicate `d`.
    Compare(Box<Compare>),
    /// What kind of number `a` is, into predicate `d`.
    Test(Test, bool),
    /// `d = if c { a } else { b }`, 32 bits.
    Select32,
    /// The same with 64 bits.
    Select64,
    /// Logic on predicates.
    Logic(Logic),
    /// A conversion.
    Convert(Box<Convert>),
    /// Two `f32` `a` (high) and `b` (low) to two halves in a row.
    Pack(Half, Rounding, bool),
    /// Read memory.
    Load(Box<Access>),
    /// Write memory.
    Store(Box<Access>),
    /// Read, change, write.
    Atomic(Box<Atomic>),
    /// `cp.async`.
    CopyAsync(Box<CopyAsync>),
    /// `cp.async.commit_group`.
    CopyCommit,
    /// `cp.async.wait_group`: until at most so many groups are under way. `wait_all` also waits for what is not committed.
    CopyWait {
        /// How many groups may remain.
        groups: usize,
        /// Whether copies outside groups are waited for too.
        all: bool,
    },
    /// Whether a generic address lies in a space, into predicate `d`.
    InSpace(Space),
    /// `shfl.sync`: predicate (or none) and row of the mask.
    Shuffle(ShuffleMode, Row, Row),
    /// `vote.sync`; `a` is a predicate, `b` the row of the mask.
    Vote(Vote, bool),
    /// `match.sync`: whether all must be equal, its predicate; `b` is the row of the mask.
    Match {
        /// `match.all`.
        all: bool,
        /// Whether `a` has 64 bits.
        wide: bool,
        /// The predicate of `match.all`.
        predicate: Row,
    },
    /// `redux.sync`; `b` is the row of the mask.
    Reduce(Int),
    /// `activemask`.
    ActiveMask,
    /// `elect.sync`: `d` the lane, the predicate here, `b` the row of the mask.
    Elect(Row),
    /// A product of tensor cores.
    Mma(Box<Mma>),
    /// `ldmatrix`, and `stmatrix`.
    Matrix(Box<Matrix>),
    /// Go on elsewhere.
    Branch(usize),
    /// Go on at the target that `a` numbers.
    BranchIndexed(Box<[usize]>),
    /// The thread is done.
    Exit,
    /// A barrier of the block.
    Barrier(Box<Barrier>),
    /// `bar.warp.sync`; `b` is the row of the mask.
    WarpBarrier,
    /// A fence.
    Fence,
    /// `%clock`.
    Clock {
        /// Whether `d` has 64 bits.
        wide: bool,
    },
    /// `trap`.
    Trap,
    /// Nothing.
    Nothing,
}
