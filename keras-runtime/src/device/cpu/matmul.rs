//! Products of activations with weights, and the products of their gradients.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::aligned::Aligned;
use super::gemm::{KC, Left, PANEL, Target, gemm, panels_len};
use super::pack::pack_panels;
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
/// Panels for each thread from which on their division is even enough.
const EVEN: usize = 8;
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
            packed.grow(panels_len(k, n));
            for sample in self.range.clone() {
                let [a, b, c] = [a, b, c].map(|buf| self.at_sample(buf, sample));
                for group in 0..groups {
                    // SAFETY: the operands are in bounds as above, and `packed` has room for the panels.
                    unsafe {
                        let b = b.add(group * b_strides[0]);
                        let strides = (b_strides[1], b_strides[2]);
                        pack_panels(k, n, b, strides, 0..n.div_ceil(PANEL), packed.as_mut_ptr());
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
    static PACKED: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

/// Memory for packed gradients, kept from pass to pass.
#[derive(Debug, Default)]
pub struct Packing(Mutex<Aligned>);

impl Packing {
    /// None yet.
    pub const fn new() -> Self {
        Packing(Mutex::new(Aligned::new()))
    }
}

impl Pass<'_> {
    /// `dW (+)= Aᵀ · dY`, and `db (+)= column sums of dY`, for products with the same `dY`, which is packed once for all.
    pub fn matmul_t(&mut self, ops: &[MatMulT]) {
        #[cfg(feature = "cuda")]
        if let Some(recorder) = self.recorder {
            return ops.iter().for_each(|op| recorder.take(crate::device::record::Kernel::MatMulT(*op)));
        }
        let Some(&MatMulT { dy, rows, n, .. }) = ops.first() else { return };
        let m = self.batch * rows;
        let count = n.div_ceil(PANEL);
        // Piece by piece, each of which is in the cache when it is multiplied. How the sums are cut depends on the sizes alone.
        let piece = (PACKED_WORDS / (count * PANEL) / KC * KC).max(KC);
        let mut packed = self.spaces.packing.0.lock().unwrap_or_else(PoisonError::into_inner);
        packed.grow(count * PANEL * piece.min(m));
        let work =
            Gradients { pass: self, ops, n, dy: Shared(self.ptr(dy)), packed: Shared(packed.as_mut_ptr()) };
        let threads = if 2 * m * n * ops.iter().map(|op| op.k).sum::<usize>() < SERIAL_BELOW {
            1
        } else {
            self.threads
        };
        let pieces = || (0..m.max(1)).step_by(piece).map(|first| first..m.min(first + piece));
        // A last range of so few columns could be summed in another order than as a part of more.
        let whole = n.is_multiple_of(PANEL) || n % PANEL > 4 || ops.iter().all(|op| op.panels);
        if whole && (count.is_multiple_of(threads) || count >= EVEN * threads) {
            // Each thread packs the panels that it multiplies, and waits for nobody.
            split::ranges(count, 1, threads, &|panels| {
                for piece in pieces() {
                    work.pack(piece.clone(), panels.clone());
                    ops.iter().for_each(|op| work.add(op, piece.clone(), 0..op.k, panels.clone()));
                }
            });
            return;
        }
        for piece in pieces() {
            split::ranges(count, 1, threads, &|panels| work.pack(piece.clone(), panels));
            for op in ops {
                // Rows of dW are divided; where there are few of them, its panels.
                if !whole || op.k >= 2 * TILE * threads || count < threads {
                    split::ranges(op.k, TILE, threads, &|rows| work.add(op, piece.clone(), rows, 0..count));
                } else {
                    split::ranges(count, 1, threads, &|panels| work.add(op, piece.clone(), 0..op.k, panels));
                }
            }
        }
    }
}

/// Products of several `Aᵀ` with one `dY` of `n` columns.
struct Gradients<'p, 'a> {
    pass: &'p Pass<'a>,
    ops: &'p [MatMulT],
    n: usize,
    dy: Shared<f32>,
    /// Panels of one piece of rows.
    packed: Shared<f32>,
}

impl Gradients<'_, '_> {
    /// Packs these panels of the rows `piece`, and sums their columns.
    fn pack(&self, piece: Range<usize>, panels: Range<usize>) {
        let (n, m) = (self.n, piece.len());
        let dy = self.dy.get().wrapping_add(piece.start * n);
        let to = |panel: usize| self.packed.get().wrapping_add(panel * m * PANEL);
        // SAFETY: the gradient has these rows, and each panel belongs to one thread.
        unsafe { pack_panels(m, n, dy, (n, 1), panels.clone(), self.packed.get()) };
        for (op, db) in self.ops.iter().filter_map(|op| Some((op, self.pass.ptr(op.db?)))) {
            for panel in panels.clone() {
                let (first, accumulate) = (panel * PANEL, op.accumulate || piece.start > 0);
                // SAFETY: the 16 sums of a panel belong to one thread.
                unsafe {
                    column_sums(m, (to(panel), PANEL), db.add(first), PANEL.min(self.n - first), accumulate)
                };
            }
        }
    }

    /// Adds what the rows `piece` give to `rows` of `dW`, and of these to `panels`.
    fn add(&self, op: &MatMulT, piece: Range<usize>, rows: Range<usize>, panels: Range<usize>) {
        let (n, k, m) = (self.n, op.k, piece.len());
        let mut dims = [(0, 0); DIMS];
        let samples = rows_of(&op.a, &mut dims);
        let left = Left::new(self.pass.all().at(op.a.buf), op.a.columns, samples);
        let left = Left { first: rows.start, first_column: piece.start, ..left };
        let (first, end) = (panels.start * PANEL, n.min(panels.end * PANEL));
        let dw = self.pass.ptr(op.dw);
        // SAFETY: the operands are in bounds, the plan keeps them apart, and each thread has rows or panels of its own.
        unsafe {
            let target = match op.panels {
                true => Target::panels(dw.add(first * k), k, end - first),
                false => Target::row_major(dw.add(first), n, end - first),
            };
            let target = Target { ptr: target.ptr.add(rows.start * target.rows), ..target };
            let accumulate = op.accumulate || piece.start > 0;
            gemm(self.pass.isa, rows.len(), m, left, self.packed.get().add(first * m), target, accumulate);
        }
    }
}

impl Pass<'_> {
    /// The same where the rows of `A` may be windows of 3 x 3 pixels: as [`Rows::convolve`].
    pub fn convolve_t(&mut self, op: &MatMulT) {
        record!(self, Kernel::MatMulT(*op));
        let Some(convolution) = Winograd::of_gradient(op) else {
            return self.matmul_t(std::slice::from_ref(op));
        };
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
