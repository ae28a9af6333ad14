//! The matrix product: register tiles over panels of 16 columns.
//!
//! `C[m, n] = A[m, k] · B[k, n]`, with `B` in panels `[ceil(n / 16)][k][16]`, padded with zeros. A panel's piece of
//! [`KC`] rows stays in the first-level cache while the tiles of a block of `A` pass over it; `A` is read in place,
//! through strides, so that `X · W`, `Xᵀ · dY` and `dY · Wᵀ` are one routine. Each element of `C` is summed over `k` in
//! one order, whatever tile it falls into: results do not depend on how rows are divided among threads or calls.

use super::simd::{self, Isa, Kernel, Simd};

/// Columns of a panel.
pub const PANEL: usize = 16;
/// Rows of a panel that are worked on at once: 20 KiB.
const KC: usize = 320;
/// Rows of `A` that are worked on at once.
const MC: usize = 96;

/// Words that a `[k, n]` matrix takes in panels.
pub const fn panels_len(k: usize, n: usize) -> usize {
    n.next_multiple_of(PANEL) * k
}

/// The left operand: element `(i, j)` is word `i * rows + j * columns`.
#[derive(Clone, Copy)]
pub struct Left {
    /// First word.
    pub ptr: *const f32,
    /// Stride of rows.
    pub rows: usize,
    /// Stride of columns.
    pub columns: usize,
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
}

/// Computes `c = a · b`, or `c += a · b` if `accumulate`, for `m` rows.
///
/// # Safety
/// `a` has `m` rows of `k` elements, `b` is `c.columns` columns of `k` rows in panels, `c` can be written where it says
/// and overlaps neither.
pub unsafe fn gemm(isa: Isa, m: usize, k: usize, a: Left, b: *const f32, c: Target, accumulate: bool) {
    simd::run(isa, Gemm { isa, m, k, a, b, c, accumulate });
}

struct Gemm {
    isa: Isa,
    m: usize,
    k: usize,
    a: Left,
    b: *const f32,
    c: Target,
    accumulate: bool,
}

impl Kernel for Gemm {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Gemm { isa, m, k, a, b, c, accumulate } = self;
        if k == 0 {
            // SAFETY: the caller of `gemm` promises that `c` can be written.
            return unsafe { clear::<V>(m, c, accumulate) };
        }
        let blocks = k.div_ceil(KC);
        let kc = k.div_ceil(blocks);
        for k0 in (0..k).step_by(kc) {
            let depth = kc.min(k - k0);
            let add = accumulate || k0 > 0;
            for m0 in (0..m).step_by(MC) {
                let rows = MC.min(m - m0);
                // SAFETY: within the operands that the caller of `gemm` describes.
                unsafe {
                    let a = Left { ptr: a.ptr.add(m0 * a.rows + k0 * a.columns), ..a };
                    let c = Target { ptr: c.ptr.add(m0 * c.rows), ..c };
                    let block = Block { k, depth, a, b: b.add(k0 * PANEL), c, add };
                    match isa {
                        Isa::Avx512 => block.rows::<V, 12, 2>(rows),
                        Isa::Avx2 => block.rows::<V, 6, 2>(rows),
                        Isa::Neon => block.rows::<V, 6, 4>(rows),
                        Isa::Portable => block.rows::<V, 2, 2>(rows),
                    }
                }
            }
        }
    }
}

/// `c = 0` for an empty sum.
#[inline(always)]
unsafe fn clear<V: Simd>(m: usize, c: Target, accumulate: bool) {
    if !accumulate {
        for i in 0..m {
            for j in 0..c.columns {
                // SAFETY: within `c`.
                unsafe { *c.ptr.add(i * c.rows + j / PANEL * c.panels + j % PANEL) = 0.0 };
            }
        }
    }
}

/// One block of rows and one piece of `k`.
#[derive(Clone, Copy)]
struct Block {
    /// Rows of a whole panel of `b`.
    k: usize,
    /// Rows of it that this block takes.
    depth: usize,
    a: Left,
    b: *const f32,
    c: Target,
    add: bool,
}

impl Block {
    /// All columns for `m` rows, by tiles of `MR` rows and `NV` vectors.
    #[inline(always)]
    unsafe fn rows<V: Simd, const MR: usize, const NV: usize>(self, m: usize) {
        // SAFETY: tiles cover the block.
        unsafe {
            match m {
                1 => return self.few::<V, 1, 8>(0),
                2 => return self.few::<V, 2, 4>(0),
                3 => return self.few::<V, 3, 4>(0),
                _ => {}
            }
            let group = NV * V::LANES;
            let mut j = 0;
            while j < self.c.columns {
                let mut i = 0;
                while i + MR <= m {
                    self.tile::<V, MR, NV>(i, j);
                    i += MR;
                }
                while m - i >= 4 {
                    self.tile::<V, 4, NV>(i, j);
                    i += 4;
                }
                match m - i {
                    1 => self.tile::<V, 1, NV>(i, j),
                    2 => self.tile::<V, 2, NV>(i, j),
                    3 => self.tile::<V, 3, NV>(i, j),
                    _ => {}
                }
                j += group;
            }
        }
    }

    /// All columns for the `MR` rows from `i` on, many columns at a time: what few rows need to keep the machine busy.
    #[inline(always)]
    unsafe fn few<V: Simd, const MR: usize, const NV: usize>(self, i: usize) {
        let group = NV * V::LANES;
        let mut j = 0;
        // SAFETY: tiles cover the rows.
        unsafe {
            while j + group <= self.c.columns.next_multiple_of(PANEL) {
                self.tile::<V, MR, NV>(i, j);
                j += group;
            }
            let rest = (16 / V::LANES).max(1);
            while j < self.c.columns {
                match rest {
                    1 => self.tile::<V, MR, 1>(i, j),
                    2 => self.tile::<V, MR, 2>(i, j),
                    _ => self.tile::<V, MR, 4>(i, j),
                }
                j += PANEL;
            }
        }
    }

    /// The tile of `MR` rows from `i` on and `NV` vectors from column `j` on.
    #[inline(always)]
    unsafe fn tile<V: Simd, const MR: usize, const NV: usize>(self, i: usize, j: usize) {
        let Block { k, depth, a, b, c, add } = self;
        // Where each vector's column lies in the panels; a last, missing panel is read as the one before.
        let last = c.columns.next_multiple_of(PANEL) - PANEL;
        let column = |v: usize| j + v * V::LANES;
        let at: [usize; NV] = std::array::from_fn(|v| {
            let column = column(v);
            let panel = (column / PANEL * PANEL).min(last);
            panel * k + column % PANEL
        });
        let mut sum = [[V::splat(0.0); NV]; MR];
        // SAFETY: `depth` columns of `a`'s rows and rows of `b`'s panels.
        unsafe {
            let a = a.ptr.add(i * a.rows);
            let (stride, step) = (self.a.rows, self.a.columns);
            let (mut a, mut b) = (a, b);
            for _ in 0..depth {
                let vectors: [V; NV] = std::array::from_fn(|v| V::load(b.add(at[v])));
                for (r, sum) in sum.iter_mut().enumerate() {
                    let x = V::splat(*a.add(r * stride));
                    for (sum, vector) in sum.iter_mut().zip(vectors) {
                        *sum = x.mul_add(vector, *sum);
                    }
                }
                a = a.wrapping_add(step);
                b = b.add(PANEL);
            }
            for (r, sum) in sum.iter().enumerate() {
                for (v, sum) in sum.iter().enumerate() {
                    let column = column(v);
                    let to = c.ptr.wrapping_add((i + r) * c.rows + column / PANEL * c.panels + column % PANEL);
                    put(*sum, to, c.columns.saturating_sub(column), add);
                }
            }
        }
    }
}

/// Writes the first `n` lanes, if there are that many, or adds them to what is there.
#[inline(always)]
unsafe fn put<V: Simd>(x: V, to: *mut f32, n: usize, add: bool) {
    // SAFETY: the caller's `to` has `n` words.
    unsafe {
        if n >= V::LANES {
            let x = if add { x + V::load(to) } else { x };
            x.store(to);
        } else if n > 0 {
            let x = if add { x + V::load_partial(to, n) } else { x };
            x.store_partial(to, n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu::pack::pack_panel;
    use crate::random::Philox;

    struct Case {
        m: usize,
        n: usize,
        k: usize,
        a: Vec<f32>,
        b: Vec<f32>,
        packed: Vec<f32>,
    }

    impl Case {
        fn new(m: usize, n: usize, k: usize) -> Self {
            let mut random = Philox::new((m * 10_007 + n * 101 + k) as u64, 0);
            let mut numbers = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<f32>>();
            let (a, b) = (numbers(m * k), numbers(k * n));
            let mut case = Case { m, n, k, a, b, packed: vec![] };
            case.pack();
            case
        }

        fn pack(&mut self) {
            let Case { n, k, .. } = *self;
            self.packed = vec![f32::NAN; panels_len(k, n)];
            for panel in 0..n.div_ceil(PANEL) {
                // SAFETY: the matrix and the panels have these sizes.
                unsafe { pack_panel(k, n, self.b.as_ptr(), (n, 1), panel, self.packed.as_mut_ptr().add(panel * k * PANEL)) };
            }
        }

        fn expected(&self, i: usize, j: usize) -> f64 {
            (0..self.k).map(|l| f64::from(self.a[i * self.k + l]) * f64::from(self.b[l * self.n + j])).sum()
        }

        /// Row-major, with guards around every row.
        fn run(&self, isa: Isa, rows: std::ops::Range<usize>, c: &mut [f32], accumulate: bool) {
            let stride = self.n + 3;
            // SAFETY: the operands have these sizes.
            unsafe {
                let a = Left { ptr: self.a.as_ptr().add(rows.start * self.k), rows: self.k, columns: 1 };
                let c = Target::row_major(c.as_mut_ptr().add(rows.start * stride), stride, self.n);
                gemm(isa, rows.len(), self.k, a, self.packed.as_ptr(), c, accumulate);
            }
        }

        fn check(&self, isa: Isa) {
            let (stride, bound) = (self.n + 3, 4e-6 * (self.k as f64 + 1.0));
            let mut c = vec![7.0; self.m * stride];
            self.run(isa, 0..self.m, &mut c, false);
            self.run(isa, 0..self.m, &mut c, true);
            for (at, &found) in c.iter().enumerate() {
                let (i, j) = (at / stride, at % stride);
                let expected = if j < self.n { 2.0 * self.expected(i, j) } else { 7.0 };
                let what = (isa, self.m, self.n, self.k, i, j);
                assert!((f64::from(found) - expected).abs() <= bound, "{what:?}: {found} for {expected}");
            }
        }
    }

    /// Every remainder of every tile height and width, and both sides of a piece of `k`.
    #[test]
    fn every_remainder() {
        for isa in Isa::available() {
            for m in (0..=14).chain([MC - 1, MC, MC + 1]) {
                for n in (1..=34).step_by(3).chain([1, 15, 16, 17, 31, 32, 33, 64, 65, 130]) {
                    for k in [0, 1, 2, 7, 33] {
                        Case::new(m, n, k).check(isa);
                    }
                }
            }
            for (m, n, k) in [(7, 20, KC - 1), (7, 20, KC), (13, 40, KC + 1), (1, 100, 2 * KC + 5), (3, 10, 3 * KC)] {
                Case::new(m, n, k).check(isa);
            }
        }
    }

    #[test]
    fn rows_divided_in_any_way_give_the_same_bits() {
        let case = Case::new(61, 37, 700);
        for isa in Isa::available() {
            let stride = case.n + 3;
            let mut whole = vec![0.0; case.m * stride];
            case.run(isa, 0..case.m, &mut whole, false);
            for step in [1, 2, 3, 5, 6, 7, 16, 40] {
                let mut parts = vec![0.0; case.m * stride];
                for start in (0..case.m).step_by(step) {
                    case.run(isa, start..case.m.min(start + step), &mut parts, false);
                }
                assert_eq!(parts, whole, "{isa:?} by {step}");
            }
        }
    }

    #[test]
    fn strides_and_panels() {
        // dW = Xᵀ · dY, into panels.
        let (rows, k, n) = (50, 23, 21);
        for isa in Isa::available() {
            let case = Case::new(rows, n, rows);
            let x: Vec<f32> = (0..rows * k).map(|i| case.a[i % case.a.len()]).collect();
            let mut c = vec![f32::NAN; panels_len(k, n)];
            // SAFETY: the operands have these sizes; the packed matrix has `rows` rows.
            unsafe {
                let a = Left { ptr: x.as_ptr(), rows: 1, columns: k };
                gemm(isa, k, rows, a, case.packed.as_ptr(), Target::panels(c.as_mut_ptr(), k, n), false);
            }
            for i in 0..k {
                for j in 0..n.next_multiple_of(PANEL) {
                    let term = |r: usize| f64::from(x[r * k + i]) * f64::from(case.b[r * n + j]);
                    let expected: f64 = if j < n { (0..rows).map(term).sum() } else { 0.0 };
                    let found = f64::from(c[j / PANEL * k * PANEL + i * PANEL + j % PANEL]);
                    assert!((found - expected).abs() < 1e-3, "{isa:?} {i} {j}: {found} for {expected}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_in_its_row() {
        for isa in Isa::available() {
            let mut case = Case::new(9, 18, 40);
            case.a[4 * 40 + 3] = f32::NAN;
            case.a[7 * 40] = f32::INFINITY;
            let mut c = vec![0.0; 9 * 21];
            case.run(isa, 0..9, &mut c, false);
            for i in 0..9 {
                for j in 0..18 {
                    let x = c[i * 21 + j];
                    assert_eq!(x.is_nan(), i == 4, "{isa:?} {i} {j}");
                    assert_eq!(x.is_infinite(), i == 7, "{isa:?} {i} {j}");
                }
            }
        }
    }
}
