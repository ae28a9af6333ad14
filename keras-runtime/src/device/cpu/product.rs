//! Products of matrices outside of a pass: of optimizers that treat a weight as a matrix.

use std::cell::RefCell;

use super::aligned::Aligned;
use super::gemm::{Left, PANEL, Target, gemm, panels_len};
use super::pack::pack_panels;
use super::simd::Isa;
use super::split::{self, Shared};

/// Work, in floating-point operations, below which threads cost more than they bring.
const SERIAL_BELOW: usize = 1_000_000;
/// Rows that are divided among threads together.
const ROWS: usize = 12;

thread_local! {
    /// The packed right operand, kept from call to call.
    static PACKED: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

/// A matrix whose element `(i, j)` is word `i * strides.0 + j * strides.1`.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    words: &'a [f32],
    rows: usize,
    columns: usize,
    strides: (usize, usize),
}

impl<'a> Operand<'a> {
    /// A matrix of so many rows and columns, row by row.
    pub fn row_major(words: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(words.len() >= rows * columns, "{rows} rows of {columns} in {} words", words.len());
        Operand { words, rows, columns, strides: (columns, 1) }
    }

    /// The same words, rows for columns.
    pub fn transposed(self) -> Self {
        let (rows, columns) = self.strides;
        Operand { rows: self.columns, columns: self.rows, strides: (columns, rows), ..self }
    }
}

/// `c = a · b`, or `c += a · b` if `accumulate`, with `c` row by row, on as many of the current pool's threads.
pub fn product(isa: Isa, threads: usize, a: Operand<'_>, b: Operand<'_>, c: &mut [f32], accumulate: bool) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(b.rows == k && c.len() >= m * n, "[{m}, {k}] · [{}, {n}] to {} words", b.rows, c.len());
    let threads = if 2 * m * k * n < SERIAL_BELOW { 1 } else { threads };
    // Taken, not borrowed: a thread that waits for others may be given the work of another model meanwhile.
    let mut packed = PACKED.take();
    packed.grow(panels_len(k, n));
    let (panels, c) = (Shared(packed.as_mut_ptr()), Shared(c.as_mut_ptr()));
    split::ranges(n.div_ceil(PANEL), 1, threads, &|own| {
        // SAFETY: the operand is within its words, and each panel has its place in `packed`.
        unsafe { pack_panels(k, n, b.words.as_ptr(), b.strides, own, panels.get()) };
    });
    split::ranges(m, ROWS, threads, &|own| {
        let (rows, columns) = ([(m, a.strides.0)], [(k, a.strides.1)]);
        let left = Left { first: own.start, ..Left::new(a.words.as_ptr(), &rows, &columns) };
        // SAFETY: the operands are as large as was checked, and each thread has rows of its own.
        unsafe {
            let target = Target::row_major(c.get().add(own.start * n), n, n);
            gemm(isa, own.len(), k, left, panels.get(), target, accumulate);
        }
    });
    PACKED.set(packed);
}
