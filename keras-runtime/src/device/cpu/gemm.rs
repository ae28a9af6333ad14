//! The matrix product: register tiles over panels of 16 columns.
//!
//! `C[m, n] = A[m, k] · B[k, n]`, with `B` in panels `[ceil(n / 16)][k][16]`, padded with zeros. A panel's piece of
//! [`KC`] rows stays in the first-level cache while the tiles of a block of `A` pass over it; `A` is read in place,
//! through strides, so that `X · W`, `Xᵀ · dY` and `dY · Wᵀ` are one routine. Each element of `C` is summed over `k` in
//! one order, whatever tile it falls into: results do not depend on how rows are divided among threads or calls.
//!
//! Where many columns repay it, a block of `A` whose words lie a power of two apart is copied into tiles first: they
//! would fight for the same few lines of the caches.

use std::mem::MaybeUninit;

use super::simd::{self, Isa, Kernel, Simd};

/// Columns of a panel.
pub const PANEL: usize = 16;
/// Rows of a panel that are worked on at once: 20 KiB.
const KC: usize = 320;
/// Rows of `A` that are worked on at once: with [`KC`] columns a quarter of a second-level cache of 512 KiB.
const MC: usize = 96;
/// Columns of `B` from which on it is worth copying a block of `A` whose rows lie unluckily.
const COPY_FROM: usize = 512;
/// The same if it is its columns that lie apart: each of a tile's steps then takes a line of the cache of its own.
const COPY_TRANSPOSED_FROM: usize = 256;

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
    let product = Gemm { m, k, a, b, c, accumulate };
    // Words 2 KiB apart share an eighth of the sets of a first-level cache, or fewer. Elsewhere a copy costs more than
    // it brings.
    let columns = if a.rows < a.columns { COPY_TRANSPOSED_FROM } else { COPY_FROM };
    let pays = m >= 48 && k >= 64 && c.columns >= columns && a.rows.max(a.columns).is_multiple_of(512);
    // Kernels of their own: the copy would burden the stack of every small product.
    match pays {
        true => simd::run(isa, Copied(product)),
        false => simd::run(isa, product),
    }
}

struct Gemm {
    m: usize,
    k: usize,
    a: Left,
    b: *const f32,
    c: Target,
    accumulate: bool,
}

/// The same product, by way of copies of the blocks of `A`.
struct Copied(Gemm);

impl Kernel for Gemm {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        // SAFETY: the promise of the caller of `gemm`.
        unsafe { self.blocks::<V>(None) };
    }
}

impl Kernel for Copied {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        // On the stack: a step allocates nothing, whichever thread it runs on.
        let mut copy = MaybeUninit::<[f32; MC * KC]>::uninit();
        // SAFETY: the promise of the caller of `gemm`; a block has at most MC rows of KC columns.
        unsafe { self.0.blocks::<V>(Some(copy.as_mut_ptr().cast())) };
    }
}

impl Gemm {
    /// Block by block: [`MC`] rows and [`KC`] columns of `A`. How `k` is cut depends on `k` alone.
    ///
    /// No closures on the way to a tile: what is not inlined loses the instructions of its instruction set.
    #[inline(always)]
    unsafe fn blocks<V: Simd>(self, copy: Option<*mut f32>) {
        let Gemm { m, k, a, b, c, accumulate } = self;
        if k == 0 {
            // SAFETY: the caller of `gemm` promises that `c` can be written.
            return unsafe { clear(m, c, accumulate) };
        }
        let kc = k.div_ceil(k.div_ceil(KC));
        for k0 in (0..k).step_by(kc) {
            let depth = kc.min(k - k0);
            let add = accumulate || k0 > 0;
            for m0 in (0..m).step_by(MC) {
                // SAFETY: within the operands that the caller of `gemm` describes.
                unsafe {
                    let a = Left { ptr: a.ptr.add(m0 * a.rows + k0 * a.columns), ..a };
                    let c = Target { ptr: c.ptr.add(m0 * c.rows), ..c };
                    let block = Block { k, depth, a, b: b.add(k0 * PANEL), c, add };
                    block.by_tiles::<V>(MC.min(m - m0), copy);
                }
            }
        }
    }
}

/// `c = 0` for an empty sum.
unsafe fn clear(m: usize, c: Target, accumulate: bool) {
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

/// How many of the `left` rows the next tile takes: `most` as long as enough are left for the tiles after it, which
/// need four rows to keep two multipliers busy.
#[inline(always)]
fn height(left: usize, most: usize) -> usize {
    if left == most || left >= most + 4 || most < 4 {
        return left.min(most);
    }
    match left {
        0..=6 => left,
        7 | 8 => 4,
        9 | 10 => 5,
        _ => 6,
    }
}

impl Block {
    /// All columns for `m` rows, by tiles that fill the registers of `V`. With `copy`, through a copy of `A`.
    #[inline(always)]
    unsafe fn by_tiles<V: Simd>(self, m: usize, copy: Option<*mut f32>) {
        // SAFETY: tiles cover the block.
        unsafe {
            match (V::LANES, V::REGISTERS) {
                (16, _) => self.rows::<V, 12, 2>(m, copy),
                (8, 16) => self.rows::<V, 6, 2>(m, copy),
                (4, _) => self.rows::<V, 6, 4>(m, copy),
                _ => self.rows::<V, 2, 2>(m, copy),
            }
        }
    }

    #[inline(always)]
    unsafe fn rows<V: Simd, const MR: usize, const NV: usize>(self, m: usize, copy: Option<*mut f32>) {
        let group = NV * V::LANES;
        // SAFETY: tiles cover the block.
        unsafe {
            match (copy, m) {
                (None, 1) => return self.few::<V, 1, 8>(),
                (None, 2) => return self.few::<V, 2, 4>(),
                (None, 3) => return self.few::<V, 3, 4>(),
                (Some(copy), _) => self.copy::<MR>(m, copy),
                _ => {}
            }
            let mut j = 0;
            // A last vector of columns by itself has a taller tile, in place of registers for columns that are not there.
            while j < self.c.columns {
                let narrow = NV == 2 && self.c.columns - j <= V::LANES;
                let mut i = 0;
                while i < m {
                    let rows = height(m - i, MR);
                    let block = match copy {
                        // Tiles lie one after the other, each column by column.
                        Some(copy) => Block {
                            a: Left { ptr: copy.add(i * self.depth), rows: 1, columns: rows },
                            ..self
                        },
                        None => Block { a: Left { ptr: self.a.ptr.add(i * self.a.rows), ..self.a }, ..self },
                    };
                    match narrow {
                        true if copy.is_none() && MR == 6 && m - i >= 12 => {
                            block.tile::<V, 12, 1>(i, j);
                            i += 6;
                        }
                        true => block.tile_of::<V, MR, 1>(rows, i, j),
                        false => block.tile_of::<V, MR, NV>(rows, i, j),
                    }
                    i += rows;
                }
                j += group;
            }
        }
    }

    /// Copies `m` rows, tile by tile as [`Block::rows`] takes them, each column by column.
    #[inline(always)]
    unsafe fn copy<const MR: usize>(&self, m: usize, to: *mut f32) {
        let Left { ptr, rows: stride, columns: step } = self.a;
        let depth = self.depth;
        // Along whichever of both runs through memory.
        if stride < step {
            for l in 0..depth {
                let mut i = 0;
                while i < m {
                    let rows = height(m - i, MR);
                    // SAFETY: within the block and its copy.
                    unsafe {
                        column::<MR>(
                            rows,
                            ptr.add(i * stride + l * step),
                            stride,
                            to.add(i * depth + l * rows),
                        )
                    };
                    i += rows;
                }
            }
            return;
        }
        let mut i = 0;
        while i < m {
            let rows = height(m - i, MR);
            for l in 0..depth {
                // SAFETY: within the block and its copy.
                unsafe {
                    column::<MR>(rows, ptr.add(i * stride + l * step), stride, to.add(i * depth + l * rows))
                };
            }
            i += rows;
        }
    }

    /// All columns for `MR` rows, many columns at a time: what few rows need to keep the machine busy.
    #[inline(always)]
    unsafe fn few<V: Simd, const MR: usize, const NV: usize>(self) {
        let group = NV * V::LANES;
        let mut j = 0;
        // SAFETY: tiles cover the rows.
        unsafe {
            while j + group <= self.c.columns.next_multiple_of(PANEL) {
                self.tile::<V, MR, NV>(0, j);
                j += group;
            }
            while j < self.c.columns {
                match V::LANES {
                    16 => self.tile::<V, MR, 1>(0, j),
                    8 => self.tile::<V, MR, 2>(0, j),
                    _ => self.tile::<V, MR, 4>(0, j),
                }
                j += PANEL;
            }
        }
    }

    /// The tile of `rows` rows, at most `MR`.
    #[inline(always)]
    unsafe fn tile_of<V: Simd, const MR: usize, const NV: usize>(self, rows: usize, i: usize, j: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            match rows {
                _ if rows == MR => self.tile::<V, MR, NV>(i, j),
                6 if MR > 6 => self.tile::<V, 6, NV>(i, j),
                5 if MR > 5 => self.tile::<V, 5, NV>(i, j),
                4 if MR > 4 => self.tile::<V, 4, NV>(i, j),
                3 if MR > 3 => self.tile::<V, 3, NV>(i, j),
                2 if MR > 2 => self.tile::<V, 2, NV>(i, j),
                _ => self.tile::<V, 1, NV>(i, j),
            }
        }
    }

    /// The tile of `NV` vectors from column `j` on, and of `MR` rows: from row `i` of `c` on, and the first of `a`.
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
            let (stride, step) = (a.rows, a.columns);
            let (mut a, mut b) = (a.ptr, b);
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
                    let to =
                        c.ptr.wrapping_add((i + r) * c.rows + column / PANEL * c.panels + column % PANEL);
                    put(*sum, to, c.columns.saturating_sub(column), add);
                }
            }
        }
    }
}

/// Copies one column of a tile of `rows` rows, at most `MR`.
#[inline(always)]
unsafe fn column<const MR: usize>(rows: usize, from: *const f32, stride: usize, to: *mut f32) {
    // With the number of rows known, a column is a few instructions.
    let rows = if rows == MR { MR } else { rows };
    for r in 0..rows {
        // SAFETY: the caller's promise.
        unsafe { *to.add(r) = *from.add(r * stride) };
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
                unsafe {
                    pack_panel(
                        k,
                        n,
                        self.b.as_ptr(),
                        (n, 1),
                        panel,
                        self.packed.as_mut_ptr().add(panel * k * PANEL),
                    )
                };
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
            for (m, n, k) in
                [(7, 20, KC - 1), (7, 20, KC), (13, 40, KC + 1), (1, 100, 2 * KC + 5), (3, 10, 3 * KC)]
            {
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

    /// Whole, these products go by way of copies; by few rows at a time they do not.
    #[test]
    fn copies_of_blocks_give_the_same_bits() {
        for (m, n, k, transposed) in
            [(48, 520, 512, false), (512, 258, 70, true), (1024, 257, 330, true), (103, 513, 1024, false)]
        {
            let case = Case::new(m, n, k);
            let mut a = case.a.clone();
            if transposed {
                (0..m * k).for_each(|at| a[at % k * m + at / k] = case.a[at]);
            }
            let (rows, columns) = if transposed { (1, m) } else { (k, 1) };
            for isa in Isa::available() {
                let product = |step: usize| {
                    let mut c = vec![0.5; m * n];
                    for start in (0..m).step_by(step) {
                        // SAFETY: the operands have these sizes.
                        unsafe {
                            let a = Left { ptr: a.as_ptr().add(start * rows), rows, columns };
                            let c = Target::row_major(c.as_mut_ptr().add(start * n), n, n);
                            gemm(isa, step.min(m - start), k, a, case.packed.as_ptr(), c, true);
                        }
                    }
                    c
                };
                let whole = product(m);
                assert!(whole == product(13), "{isa:?} {m} {n} {k}");
                for at in (0..m * n).step_by(1009) {
                    let expected = case.expected(at / n, at % n) + 0.5;
                    assert!(
                        (f64::from(whole[at]) - expected).abs() < 4e-6 * k as f64,
                        "{isa:?} {m} {n} {k} {at}"
                    );
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
