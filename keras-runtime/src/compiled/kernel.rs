//! Operands and kernel descriptions, all of them compile-time constants of generated code.

use super::Simd;

/// A memory that a [`Buf`] lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// The flat parameter buffer. Read only.
    Params,
    /// The flat gradient, laid out as the trainable parameters.
    Grads,
    /// Activations: offsets and lengths are per sample.
    Arena,
    /// Intermediates that do not depend on the batch.
    Fixed,
    /// What lives from batch to batch, and behind it what it becomes. Per sample.
    State,
    /// The batch of input `i`. Per sample, read only.
    Input(usize),
    /// The batch of output `i`. Per sample.
    Output(usize),
}

impl Space {
    /// Whether offsets and lengths are to be multiplied by the number of samples.
    pub const fn is_batched(self) -> bool {
        matches!(self, Space::Arena | Space::State | Space::Input(_) | Space::Output(_))
    }
}

/// A contiguous piece of a [`Space`]. In a batched space sample `b` of it is the words
/// `[offset * batch + b * len, offset * batch + (b + 1) * len)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buf {
    /// Which memory.
    pub space: Space,
    /// First word (per sample in a batched space).
    pub offset: usize,
    /// Words (per sample in a batched space).
    pub len: usize,
    /// Words of each sample that are skipped.
    pub skip: usize,
    /// Words of each sample that are skipped for each step that a loop is in, in time.
    pub time: usize,
}

impl Buf {
    /// A piece of `space`.
    pub const fn new(space: Space, offset: usize, len: usize) -> Self {
        Buf { space, offset, len, skip: 0, time: 0 }
    }

    /// What lies in each sample from word `skip` on, and `time` words further for each step of a loop.
    pub const fn part(self, skip: usize, time: usize) -> Self {
        Buf { skip: self.skip + skip, time, ..self }
    }

    /// A matrix in it.
    pub const fn matrix(self, rows: Extents, columns: Extents) -> Matrix {
        Matrix { buf: self, rows, columns }
    }

    /// A walk over it, from word `offset` of each sample on.
    pub const fn at(self, offset: usize, strides: &'static [usize]) -> Access {
        Access::Buf { buf: self, offset, strides }
    }
}

/// Dimensions from the outermost on: for each its extent, and the words between neighbours.
pub type Extents = &'static [(usize, usize)];

/// A matrix of each sample: element `(i, j)` is the word that the digits of `i` and `j`, with the extents as bases, lead
/// to. So the windows of an image are the rows of a matrix without being copied out of it.
#[derive(Debug, Clone, Copy)]
pub struct Matrix {
    /// The memory.
    pub buf: Buf,
    /// At most four dimensions.
    pub rows: Extents,
    /// At most four dimensions.
    pub columns: Extents,
}

/// How a [`Map`] or [`Reduce`] walks one operand: element `(b, i0, i1, ...)` of the index space is word
/// `b * buf.len + offset + i0 * strides[0] + i1 * strides[1] + ...` of the operand (without `b` in a fixed space).
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Memory.
    Buf {
        /// The operand.
        buf: Buf,
        /// Words to skip in each sample.
        offset: usize,
        /// Words between neighbours along each dimension of the index space; 0 repeats.
        strides: &'static [usize],
    },
    /// Uniform numbers in `[0, 1)` of random stream `stream`, drawn by the element's linear index in the index space
    /// (sample, then `i0`, `i1`, ...), the seed and the step: the same wherever and however often they are drawn.
    Random {
        /// Distinguishes the draws of one step.
        stream: u32,
        /// The seed, if it is not the model's.
        seed: Option<u64>,
    },
}

/// A fused element-wise kernel: `L` operands in, `S` results out, over a space of one to [`RANK`](crate::device::cpu::RANK)
/// dimensions per sample.
pub trait Map<const L: usize, const S: usize>: Sync {
    /// Whether the space is repeated for each sample of the batch.
    const BATCHED: bool;
    /// Extents (per sample); the last is walked by vectors.
    const DIMS: &'static [usize];
    /// Operands.
    const LOADS: [Access; L];
    /// Results. A result may be the very words of an operand (same `Access`), and overlaps none otherwise.
    const STORES: [Access; S];
    /// Whether results are added to what is there.
    const ACCUMULATE: bool = false;
    /// The expression, on as many elements as the machine's vectors hold.
    fn eval<V: Simd>(x: [V; L]) -> [V; S];
}

/// What a [`Reduce`] accumulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReduceKind {
    Sum,
    Max,
    Min,
    Product,
}

/// A fused element-wise expression reduced over some dimensions of its index space.
///
/// `STORE` has stride 0 along every reduced dimension. The order of accumulation is fixed: it depends on the shape
/// alone, never on the number of threads.
pub trait Reduce<const L: usize>: Sync {
    /// Whether the space is repeated for each sample of the batch.
    const BATCHED: bool;
    /// Whether the batch is reduced as well: the result is then in a fixed space.
    const OVER_BATCH: bool;
    /// Extents (per sample).
    const DIMS: &'static [usize];
    /// Which of them are reduced.
    const OVER: &'static [bool];
    /// The accumulation.
    const KIND: ReduceKind;
    /// A factor on the finished result (1/n for a mean).
    const SCALE: f32;
    /// Operands.
    const LOADS: [Access; L];
    /// The result.
    const STORE: Access;
    /// The expression under the reduction.
    fn eval<V: Simd>(x: [V; L]) -> V;
}

/// `C[rows, n] = A[rows, k] · W[k, n]`: each sample has `rows` rows of `k` words; `W` lies in 16-column panels.
#[derive(Debug, Clone, Copy)]
pub struct MatMul {
    /// `[rows, k]` (per sample if it is batched).
    pub a: Matrix,
    /// `[ceil(n / 16)][k][16]`, in a fixed space.
    pub w: Buf,
    /// `[rows, n]`, row-major.
    pub c: Buf,
    /// Rows for each sample.
    pub rows: usize,
    /// Contracted dimension.
    pub k: usize,
    /// Columns.
    pub n: usize,
}

/// `dW[k, n] (+)= Aᵀ · dY` over all rows of all samples, and optionally `db[n] (+)= column sums of dY`.
#[derive(Debug, Clone, Copy)]
pub struct MatMulT {
    /// `[rows, k]` per sample.
    pub a: Matrix,
    /// `[rows, n]` per sample.
    pub dy: Buf,
    /// `[k, n]` in a fixed space.
    pub dw: Buf,
    /// Whether `dw` is written in 16-column panels (else row-major).
    pub panels: bool,
    /// `[n]` in a fixed space: the bias gradient, summed while `dy` is packed.
    pub db: Option<Buf>,
    /// Adds to what `dw` and `db` hold, for a weight with several uses.
    pub accumulate: bool,
    /// Rows for each sample.
    pub rows: usize,
    /// Rows of `dW`.
    pub k: usize,
    /// Columns of `dW`.
    pub n: usize,
}

/// `C[g] = A[g] · B[g]` for each of `groups` matrices of each sample. Strides are in words.
#[derive(Debug, Clone, Copy)]
pub struct BatchMatMul {
    /// First operand and the strides of its group, row (m) and column (k).
    pub a: (Buf, [usize; 3]),
    /// Second operand and the strides of its group, row (k) and column (n).
    pub b: (Buf, [usize; 3]),
    /// Result, `[groups, m, n]` row-major.
    pub c: Buf,
    /// Matrices for each sample.
    pub groups: usize,
    /// Rows of the result.
    pub m: usize,
    /// Contracted dimension.
    pub k: usize,
    /// Columns of the result.
    pub n: usize,
}

/// The rows of `A[counts, k] · W[k, n]` are windows of `n` words, which are added up where they lie in `C`.
#[derive(Debug, Clone, Copy)]
pub struct MatMulOverlap {
    /// `[counts..., k]`, row-major.
    pub a: Buf,
    /// `[ceil(n / 16)][k][16]`, in a fixed space.
    pub w: Buf,
    /// Where the windows lie. Words that no window covers become 0.
    pub c: Buf,
    /// Words of `C` in each sample.
    pub words: usize,
    /// How many windows there are, and how far apart.
    pub counts: Extents,
    /// The places of a window: `n` in all.
    pub window: Extents,
    /// Contracted dimension.
    pub k: usize,
    /// Words of a window.
    pub n: usize,
}

/// The gradient of max pooling: `dy` goes to the first place of each window of `x` that holds its maximum `y`.
#[derive(Debug, Clone, Copy)]
pub struct MaxPoolGrad {
    /// What was pooled: pixels of `channels` words.
    pub x: Buf,
    /// The maxima, `[counts..., channels]`.
    pub y: Buf,
    /// Their gradient.
    pub dy: Buf,
    /// The result, in the shape of `x`.
    pub dx: Buf,
    /// Words of `dx` in each sample.
    pub words: usize,
    /// How many windows there are, and how far apart in `x`.
    pub counts: Extents,
    /// The pixels of a window, and how far apart.
    pub window: Extents,
    /// Words of a pixel.
    pub channels: usize,
}

/// What lies beyond the border of an image, by the names that Keras has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// One number everywhere.
    Constant,
    /// The place at the border goes on.
    Nearest,
    /// The image in a mirror that stands behind its last place.
    Reflect,
    /// The image in a mirror that stands on its last place.
    Mirror,
    /// The image again.
    Wrap,
}

/// An image read between its places: place `(i, j)` of the new one is column `a j + b i + c` of row `d j + e i + f` of the
/// old, or has row and column of its own. The gradient goes the other way, from an `image` of `to` places to one of `from` places.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// `[height, width, channels]`.
    pub image: Buf,
    /// `a, b, c, d, e, f`, and perhaps more, or rows and columns; those of each sample, or of all of them.
    pub at: Buf,
    /// The result.
    pub into: Buf,
    /// Height and width of the image that is read.
    pub from: [usize; 2],
    /// Height and width of the new image.
    pub to: [usize; 2],
    /// Words of a place.
    pub channels: usize,
    /// Whether `at` has a row and a column for each place of the new image.
    pub each: bool,
    /// Whether the nearest place is read, rather than a mean of the four around.
    pub nearest: bool,
    /// What lies beyond the border.
    pub fill: Fill,
    /// The number of [`Fill::Constant`].
    pub value: f32,
}
