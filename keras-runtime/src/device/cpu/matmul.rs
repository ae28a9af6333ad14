//! Products of activations with weights, and the products of their gradients.

use std::cell::RefCell;

use super::gemm::{KC, Left, PANEL, Target, gemm, panels_len};
use super::pack::pack_panel;
use super::pass::{Pass, Rows, record};
use super::split::{self, Shared};
use super::winograd::Winograd;
use crate::compiled::{BatchMatMul, MatMul, MatMulT, Matrix};

/// Work, in floating-point operations, below which threads cost more than they bring.
const SERIAL_BELOW: usize = 1_000_000;
/// Rows of a tile of the product: work is cut at multiples of it.
const TILE: usize = 6;
/// Words of `dY` that are packed at once: half a megabyte.
const PACKED_WORDS: usize = 1 << 17;
/// Rows whose sum is taken before it is added to the sum of the rows before.
const SUM_ROWS: usize = 64;

/// Dimensions of a matrix's rows with the samples as the outermost.
const DIMS: usize = 5;

/// The rows of `a` over samples, in `dims`: one dimension where no words lie between.
fn rows_of<'d>(a: &Matrix, dims: &'d mut [(usize, usize); DIMS]) -> &'d [(usize, usize)] {
    let &(extent, stride) = &a.rows[0];
    if a.rows.len() == 1 && extent == 1 {
        dims[0] = (usize::MAX, a.buf.len);
        return &dims[..1];
    }
    if a.buf.len == extent * stride {
        dims[..a.rows.len()].copy_from_slice(a.rows);
        return &dims[..a.rows.len()];
    }
    dims[0] = (usize::MAX, a.buf.len);
    dims[1..=a.rows.len()].copy_from_slice(a.rows);
    &dims[..=a.rows.len()]
}

impl Rows<'_, '_> {
    /// `C = A · W`.
    pub fn matmul(&self, op: &MatMul) {
        record!(self.pass, Kernel::MatMul(*op));
        let MatMul { a, w, c, rows, k, n } = *op;
        let w = self.pass.ptr(w);
        let mut dims = [(0, 0); DIMS];
        let left = rows_of(&a, &mut dims);
        // SAFETY: `at_sample` and `ptr` checked that the operands are in bounds; the plan keeps `c` apart from both.
        let product = |sample: usize, m: usize, c_row: usize| unsafe {
            let left = Left::new(self.at_sample(a.buf, sample), left, a.columns);
            let target = Target::row_major(self.at_sample(c, sample), c_row, n);
            gemm(self.pass.isa, m, k, left, w, target, false);
        };
        let samples = self.range.len();
        match (c.len == rows * n, rows) {
            (true, _) => product(self.range.start, samples * rows, n),
            // Other words lie between the samples.
            (false, 1) => product(self.range.start, samples, c.len),
            (false, _) => self.range.clone().for_each(|sample| product(sample, rows, n)),
        }
    }

    /// The same where the rows of `A` may be windows of 3 x 3 pixels: by Winograd's way if it repays, which no program without
    /// convolutions has in it.
    pub fn convolve(&self, op: &MatMul) {
        record!(self.pass, Kernel::MatMul(*op));
        let Some(convolution) = Winograd::of_matmul(op) else { return self.matmul(op) };
        let at = |sample| (self.at_sample(op.a.buf, sample).cast_const(), self.at_sample(op.c, sample));
        // SAFETY: `at_sample` and `ptr` checked that the operands are in bounds; the plan keeps `c` apart from both.
        unsafe { convolution.run(self.pass, self.range.clone(), op.w, at) }
    }

    /// `C[g] = A[g] · B[g]`.
    pub fn batch_matmul(&self, op: &BatchMatMul) {
        record!(self.pass, Kernel::BatchMatMul(*op));
        let BatchMatMul { a: (a, a_strides), b: (b, b_strides), c, groups, m, k, n } = *op;
        PACKED.with_borrow_mut(|packed| {
            packed.resize(packed.len().max(panels_len(k, n)), 0.0);
            for sample in self.range.clone() {
                let [a, b, c] = [a, b, c].map(|buf| self.at_sample(buf, sample));
                for group in 0..groups {
                    // SAFETY: the operands are in bounds as above, and `packed` has room for the panels.
                    unsafe {
                        let b = b.add(group * b_strides[0]);
                        for panel in 0..n.div_ceil(PANEL) {
                            let to = packed.as_mut_ptr().add(panel * k * PANEL);
                            pack_panel(k, n, b, (b_strides[1], b_strides[2]), panel, to);
                        }
                        let (rows, columns) = ([(m, a_strides[1])], [(k, a_strides[2])]);
                        let left = Left::new(a.add(group * a_strides[0]), &rows, &columns);
                        let target = Target::row_major(c.add(group * m * n), n, n);
                        gemm(self.pass.isa, m, k, left, packed.as_ptr(), target, false);
                    }
                }
            }
        });
    }
}

thread_local! {
    /// The packed right operand of a thread's `batch_matmul`, kept from call to call.
    static PACKED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl Pass<'_> {
    /// `dW (+)= Aᵀ · dY`, and `db (+)= column sums of dY`.
    pub fn matmul_t(&mut self, op: &MatMulT) {
        record!(self, Kernel::MatMulT(*op));
        let MatMulT { a, dy, dw, panels, db, accumulate, scratch, rows, k, n } = *op;
        let m = self.batch * rows;
        let mut dims = [(0, 0); DIMS];
        let (matrix, samples) = (a, rows_of(&a, &mut dims));
        let a = Shared(self.all().at(matrix.buf));
        let (dy, packed) = (Shared(self.ptr(dy)), Shared(self.ptr(scratch)));
        let (dw, db) = (Shared(self.ptr(dw)), db.map(|db| Shared(self.ptr(db))));
        let threads = self.threads_for(op);
        let count = n.div_ceil(PANEL);
        let isa = self.isa;
        // Piece by piece, each of which is in the cache when it is multiplied. How the sums are cut depends on the sizes alone.
        let piece = (PACKED_WORDS / (count * PANEL) / KC * KC).max(KC);
        for first_row in (0..m.max(1)).step_by(piece) {
            let m = piece.min(m - first_row);
            let accumulate = accumulate || first_row > 0;
            split::ranges(count, 1, threads, &|range| {
                for panel in range {
                    // SAFETY: each panel, and its 16 sums, belong to one thread.
                    unsafe {
                        let to = packed.get().add(panel * m * PANEL);
                        pack_panel(m, n, dy.get().add(first_row * n), (n, 1), panel, to);
                        if let Some(db) = db {
                            let width = PANEL.min(n - panel * PANEL);
                            column_sums(m, (to, PANEL), db.get().add(panel * PANEL), width, accumulate);
                        }
                    }
                }
            });
            let left = |first| {
                let left = Left::new(a.get(), matrix.columns, samples);
                Left { first, first_column: first_row, ..left }
            };
            // Rows of dW are divided; where there are few of them, its panels.
            if k >= 2 * TILE * threads || count < threads {
                split::ranges(k, TILE, threads, &|range| {
                    // SAFETY: each thread has rows of its own.
                    unsafe {
                        let target = match panels {
                            true => Target::panels(dw.get(), k, n),
                            false => Target::row_major(dw.get(), n, n),
                        };
                        let target = Target { ptr: target.ptr.add(range.start * target.rows), ..target };
                        gemm(isa, range.len(), m, left(range.start), packed.get(), target, accumulate);
                    }
                });
            } else {
                split::ranges(count, 1, threads, &|range| {
                    let first = range.start * PANEL;
                    let columns = n.min(range.end * PANEL) - first;
                    // SAFETY: each thread has panels of its own.
                    unsafe {
                        let target = match panels {
                            true => Target::panels(dw.get().add(first * k), k, columns),
                            false => Target::row_major(dw.get().add(first), n, columns),
                        };
                        gemm(isa, k, m, left(0), packed.get().add(first * m), target, accumulate);
                    }
                });
            }
        }
    }
}

impl Pass<'_> {
    /// The same where the rows of `A` may be windows of 3 x 3 pixels: as [`Rows::convolve`].
    pub fn convolve_t(&mut self, op: &MatMulT) {
        record!(self, Kernel::MatMulT(*op));
        let Some(convolution) = Winograd::of_gradient(op) else { return self.matmul_t(op) };
        let MatMulT { a, dy, dw, db, accumulate, rows, n, .. } = *op;
        let m = self.batch * rows;
        let (from, dy) = (Shared(self.all().at(a.buf)), Shared(self.ptr(dy)));
        let (dw, db) = (self.ptr(dw), db.map(|db| Shared(self.ptr(db))));
        let at = |sample: usize| {
            let (image, slopes) = (sample * a.buf.len, sample * rows * n);
            (from.get().wrapping_add(image).cast_const(), dy.get().wrapping_add(slopes))
        };
        // SAFETY: the operands are in bounds, and the plan keeps them apart.
        unsafe { convolution.gradient(self, op, dw, at) };
        let Some(db) = db else { return };
        split::ranges(n / PANEL, 1, self.threads_for(op), &|range| {
            for first in range.map(|panel| panel * PANEL) {
                // SAFETY: each panel's sums belong to one thread; filters fill panels.
                unsafe { column_sums(m, (dy.get().add(first), n), db.get().add(first), PANEL, accumulate) };
            }
        });
    }

    /// Threads that work on a gradient.
    fn threads_for(&self, op: &MatMulT) -> usize {
        if 2 * self.batch * op.rows * op.k * op.n < SERIAL_BELOW { 1 } else { self.threads }
    }
}

/// Sums the 16 columns of `m` rows, so many words apart, and keeps `width` of them.
unsafe fn column_sums(
    m: usize,
    (from, apart): (*const f32, usize),
    to: *mut f32,
    width: usize,
    accumulate: bool,
) {
    let mut total = [0.0f32; PANEL];
    for first in (0..m).step_by(SUM_ROWS) {
        let mut sum = [0.0f32; PANEL];
        for i in first..m.min(first + SUM_ROWS) {
            // SAFETY: there are m rows of 16 words.
            let row = unsafe { from.add(i * apart).cast::<[f32; PANEL]>().read_unaligned() };
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        total.iter_mut().zip(sum).for_each(|(total, sum)| *total += sum);
    }
    for (j, total) in total[..width].iter().enumerate() {
        // SAFETY: the caller's `to` has `width` words.
        unsafe { *to.add(j) = total + if accumulate { *to.add(j) } else { 0.0 } };
    }
}
