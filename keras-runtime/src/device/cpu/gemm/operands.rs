//! Where the operands of a product lie, and its result.

use std::mem::MaybeUninit;

use super::{KC, PANEL};

/// Dimensions from the outermost on, at most five: for each its extent, and the words between neighbours.
pub type Extents<'a> = &'a [(usize, usize)];

/// The left operand: element `(i, j)` is the word that the digits of `i` in `rows` and of `j` in `columns` lead to.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    /// First word.
    pub ptr: *const f32,
    /// Rows. The extent of the first dimension does not matter.
    pub rows: Extents<'a>,
    /// Columns, likewise.
    pub columns: Extents<'a>,
    /// The row that is the first of the product.
    pub first: usize,
    /// The column that is.
    pub first_column: usize,
}

impl<'a> Left<'a> {
    /// From the first row and column on.
    pub fn new(ptr: *const f32, rows: Extents<'a>, columns: Extents<'a>) -> Self {
        Left { ptr, rows, columns, first: 0, first_column: 0 }
    }

    /// The strides of rows and columns, if both have one dimension.
    pub(super) fn strides(&self) -> Option<(usize, usize)> {
        match (self.rows, self.columns) {
            (&[(_, rows)], &[(_, columns)]) => Some((rows, columns)),
            _ => None,
        }
    }
}

/// Words from the first element to the one of index `i`.
pub(super) fn offset(mut i: usize, dims: Extents<'_>) -> usize {
    let (first, rest) = dims.split_first().expect("an operand has dimensions");
    let mut words = 0;
    for &(extent, stride) in rest.iter().rev() {
        words += i % extent * stride;
        i /= extent;
    }
    words + i * first.1
}

/// The result: column `j` of row `i` is word `i * rows + (j / 16) * panels + j % 16`.
#[derive(Clone, Copy)]
pub struct Target {
    /// First word.
    pub ptr: *mut f32,
    /// Stride of rows.
    pub rows: usize,
    /// Stride of groups of 16 columns.
    pub panels: usize,
    /// Columns that are written: `n`, or the padded number for panels.
    pub columns: usize,
}

impl Target {
    /// A row-major matrix of `n` columns, `stride` words apart.
    pub fn row_major(ptr: *mut f32, stride: usize, n: usize) -> Self {
        Target { ptr, rows: stride, panels: PANEL, columns: n }
    }

    /// A matrix `[m, n]` in panels: padding columns are written too (as zeros, since those of `B` are).
    pub fn panels(ptr: *mut f32, m: usize, n: usize) -> Self {
        Target { ptr, rows: PANEL, panels: m * PANEL, columns: n.next_multiple_of(PANEL) }
    }

    /// Where an element lies.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize) -> *mut f32 {
        self.ptr.wrapping_add(row * self.rows).wrapping_add(column / PANEL * self.panels + column % PANEL)
    }
}

/// Columns of a block of `A` as they lie in memory.
pub(super) struct Runs<'a> {
    /// The first word of each run, and how many columns it has.
    pub runs: &'a [(usize, usize)],
    /// Words from one column of a run to the next.
    pub step: usize,
}

impl<'a> Runs<'a> {
    /// Finds the runs of `depth` columns, at most [`KC`], from column `from` on.
    #[inline(always)]
    pub(super) fn find(
        columns: Extents<'_>,
        from: usize,
        depth: usize,
        space: &'a mut MaybeUninit<[(usize, usize); KC]>,
    ) -> Self {
        let &(extent, step) = columns.last().expect("an operand has dimensions");
        // Not initialised: a product of few rows would feel the time that it takes.
        let (runs, mut count) = (space.as_mut_ptr().cast::<(usize, usize)>(), 0);
        let mut at = from;
        while at < from + depth {
            let left = from + depth - at;
            let length = if columns.len() == 1 { left } else { left.min(extent - at % extent) };
            // SAFETY: every run has a column, so there are at most `depth`.
            unsafe { runs.add(count).write((offset(at, columns), length)) };
            count += 1;
            at += length;
        }
        // SAFETY: as many were written.
        Runs { runs: unsafe { std::slice::from_raw_parts(runs, count) }, step }
    }
}
