//! The matrix product: register tiles over panels of 16 columns.
//!
//! `C[m, n] = A[m, k] · B[k, n]`, with `B` in panels `[ceil(n / 16)][k][16]`, padded with zeros. A panel's piece of
//! `KC` rows stays in the first-level cache while the tiles of a block of `A` pass over it; `A` is read in place,
//! through strides, so that `X · W`, `Xᵀ · dY` and `dY · Wᵀ` are one routine. Each element of `C` is summed over `k` in
//! one order, whatever tile it falls into: results do not depend on how rows are divided among threads or calls.
//!
//! Where many columns repay it, a block of `A` is copied into tiles first: if its columns lie apart, as those of `Xᵀ` do, or its
//! words a power of two, which would fight for the same few lines of the caches.

mod narrow;
mod operands;
pub(super) mod sums;

use std::mem::MaybeUninit;

use self::narrow::{Lanes, Narrow};
pub use self::operands::{Extents, Left, Target};
use self::operands::{Runs, offset};
use self::sums::{ByColumns, ByRows, Scattered, Slice};
use super::simd::{self, Isa, Kernel, Simd};

/// Columns of a panel.
pub const PANEL: usize = 16;
/// Rows of a panel that are worked on at once: 20 KiB.
pub(super) const KC: usize = 320;
/// Rows of `A` that are worked on at once: with [`KC`] columns a quarter of a second-level cache of 512 KiB.
const MC: usize = 96;
/// Columns of `B` from which on it is worth copying a block of `A` whose rows lie unluckily.
const COPY_FROM: usize = 512;
/// The same, in vectors, if it is its columns that lie apart: each of a tile's steps then takes a line of the cache of its own.
const COPY_TRANSPOSED_FROM: usize = 16;
/// Columns of `A` from which on a tile takes long enough for its place in `C` to be fetched meanwhile.
const FETCH_FROM: usize = 128;
/// Sums of the tiles that most of a product consists of, in vectors.
const MANY: usize = 12;

/// Words that a `[k, n]` matrix takes in panels.
pub const fn panels_len(k: usize, n: usize) -> usize {
    n.next_multiple_of(PANEL) * k
}

/// Computes `c = a · b`, or `c += a · b` if `accumulate`, for `m` rows.
///
/// # Safety
/// `a` has `m` rows of `k` elements, `b` is `c.columns` columns of `k` rows in panels, `c` can be written where it says
/// and overlaps neither.
pub unsafe fn gemm(isa: Isa, m: usize, k: usize, a: Left<'_>, b: *const f32, c: Target, accumulate: bool) {
    let product = Gemm { m, k, a, b, c, accumulate };
    if Narrow::fits(isa, &product) {
        return simd::run(isa, Narrow(product));
    }
    let pays = match a.strides() {
        Some((1, _)) => {
            m >= 24 && k >= 32 && c.columns >= COPY_TRANSPOSED_FROM * PANEL.min(simd::run(isa, Lanes))
        }
        // Words 2 KiB apart share an eighth of the sets of a first-level cache, or fewer. Elsewhere a copy costs more than
        // it brings.
        Some((rows, columns)) => {
            m >= 48 && k >= 64 && c.columns >= COPY_FROM && rows.max(columns).is_multiple_of(512)
        }
        None => false,
    };
    // Kernels of their own: the copy would burden the stack of every small product.
    match pays {
        true => simd::run(isa, Copied(product)),
        false => simd::run(isa, product),
    }
}

struct Gemm<'a> {
    m: usize,
    k: usize,
    a: Left<'a>,
    b: *const f32,
    c: Target,
    accumulate: bool,
}

/// The same product, by way of copies of the blocks of `A`.
struct Copied<'a>(Gemm<'a>);

impl Kernel for Gemm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        // SAFETY: the promise of the caller of `gemm`.
        unsafe { self.blocks::<V>(None) };
    }
}

impl Kernel for Copied<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        // On the stack: a step allocates nothing, whichever thread it runs on.
        let mut copy = MaybeUninit::<[f32; MC * KC]>::uninit();
        // SAFETY: the promise of the caller of `gemm`; a block has at most MC rows of KC columns.
        unsafe { self.0.blocks::<V>(Some(copy.as_mut_ptr().cast())) };
    }
}

impl Gemm<'_> {
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
        let mut space = MaybeUninit::uninit();
        let mut rows = [0; MC];
        for k0 in (0..k).step_by(kc) {
            let depth = kc.min(k - k0);
            let runs = Runs::find(a.columns, a.first_column + k0, depth, &mut space);
            let add = accumulate || k0 > 0;
            for m0 in (0..m).step_by(MC) {
                let height = MC.min(m - m0);
                for (r, row) in rows[..height].iter_mut().enumerate() {
                    *row = offset(a.first + m0 + r, a.rows);
                }
                // SAFETY: within the operands that the caller of `gemm` describes.
                unsafe {
                    let c = Target { ptr: c.ptr.add(m0 * c.rows), ..c };
                    let strides = a.strides().unwrap_or((0, 0));
                    let a = Rows { ptr: a.ptr, rows: &rows, runs: &runs, strides };
                    let block = Block { k, depth, a, b: b.add(k0 * PANEL), c, add };
                    block.by_tiles::<V>(height, copy);
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

/// The rows of a block of `A`.
#[derive(Clone, Copy)]
struct Rows<'a> {
    ptr: *const f32,
    /// The first word of each row.
    rows: &'a [usize; MC],
    /// The words of its columns, relative to that.
    runs: &'a Runs<'a>,
    /// Of rows and columns, if they are equal everywhere.
    strides: (usize, usize),
}

impl Rows<'_> {
    /// The distance of the `MR` rows from row `i` on, if it is the same for all of them and their columns follow each other.
    #[inline(always)]
    fn distance<const MR: usize>(&self, i: usize) -> Option<usize> {
        match self.strides {
            _ if self.runs.step != 1 => None,
            // As windows of an image are, but for those at the ends of its rows.
            (0, 0) => {
                let stride = self.rows[i + 1].wrapping_sub(self.rows[i]);
                let mut equal = true;
                for r in 1..MR {
                    equal &= self.rows[i + r].wrapping_sub(self.rows[i + r - 1]) == stride;
                }
                equal.then_some(stride)
            }
            (stride, _) => Some(stride),
        }
    }
}

/// One block of rows and one piece of `k`.
#[derive(Clone, Copy)]
struct Block<'a> {
    /// Rows of a whole panel of `b`.
    k: usize,
    /// Rows of it that this block takes.
    depth: usize,
    a: Rows<'a>,
    b: *const f32,
    c: Target,
    add: bool,
}

/// How many of the `left` rows the next tile takes: `most` as long as enough are left for the tiles after it, which
/// need four rows to keep two multipliers busy.
#[inline(always)]
pub(super) fn height(left: usize, most: usize) -> usize {
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

impl Block<'_> {
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
            // A vector of plain Rust takes two registers or more: there are none for as many columns.
            let wide = V::LANES * V::REGISTERS > 64;
            match (copy, m) {
                (None, 1) if wide => return self.few::<V, 1, 8>(),
                (None, 1) => return self.few::<V, 1, 4>(),
                (None, 2) if wide => return self.few::<V, 2, 4>(),
                (None, 3) if wide => return self.few::<V, 3, 4>(),
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
                    // Tiles of a copy lie one after the other, each column by column.
                    let copied = copy.map(|copy| copy.add(i * self.depth).cast_const());
                    match narrow {
                        true if copy.is_none() && MR == 6 && m - i >= 8 => {
                            self.tile::<V, 8, 1>(i, j);
                            i += 8;
                            continue;
                        }
                        true => self.tile_of::<V, MR, 1>(rows, i, j, copied),
                        false => self.tile_of::<V, MR, NV>(rows, i, j, copied),
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
        let (stride, step) = self.a.strides;
        let depth = self.depth;
        let ptr = self.a.ptr.wrapping_add(self.a.rows[0] + self.a.runs.runs[0].0);
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

    /// The tile of `rows` rows, at most `MR`, from row `i` on, or from their copy.
    #[inline(always)]
    unsafe fn tile_of<V: Simd, const MR: usize, const NV: usize>(
        self,
        rows: usize,
        i: usize,
        j: usize,
        copied: Option<*const f32>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match rows {
                _ if rows == MR => self.tile_from::<V, MR, NV>(i, j, copied),
                6 if MR > 6 => self.tile_from::<V, 6, NV>(i, j, copied),
                5 if MR > 5 => self.tile_from::<V, 5, NV>(i, j, copied),
                4 if MR > 4 => self.tile_from::<V, 4, NV>(i, j, copied),
                3 if MR > 3 => self.tile_from::<V, 3, NV>(i, j, copied),
                2 if MR > 2 => self.tile_from::<V, 2, NV>(i, j, copied),
                _ => self.tile_from::<V, 1, NV>(i, j, copied),
            }
        }
    }

    #[inline(always)]
    unsafe fn tile_from<V: Simd, const MR: usize, const NV: usize>(
        self,
        i: usize,
        j: usize,
        copied: Option<*const f32>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match copied {
                None => self.tile::<V, MR, NV>(i, j),
                Some(first) => {
                    let slice = ByColumns { first, stride: MR, run: [(0, self.depth)] };
                    self.columns::<V, MR, NV>(slice, i, j)
                }
            }
        }
    }

    /// The tile of `NV` vectors from column `j` on, and of `MR` rows from row `i` on.
    #[inline(always)]
    unsafe fn tile<V: Simd, const MR: usize, const NV: usize>(self, i: usize, j: usize) {
        let Rows { ptr, rows, runs, .. } = self.a;
        // SAFETY: the caller's promise.
        unsafe {
            // In all other tiles it would be much code for little.
            if MR * NV >= MANY
                && let Some(stride) = self.a.distance::<MR>(i)
            {
                let slice = ByRows { first: ptr.wrapping_add(rows[i]), stride, runs: runs.runs };
                return self.columns::<V, MR, NV>(slice, i, j);
            }
            let rows = std::array::from_fn(|r| ptr.wrapping_add(rows[i + r]));
            self.columns::<V, MR, NV>(Scattered { rows, runs: runs.runs, step: runs.step }, i, j);
        }
    }

    /// The same, of a slice of `A`.
    #[inline(always)]
    unsafe fn columns<V: Simd, const MR: usize, const NV: usize>(
        self,
        a: impl Slice<MR>,
        i: usize,
        j: usize,
    ) {
        let Block { k, b, c, add, .. } = self;
        // Where each vector's column lies in the panels; a last, missing panel is read as the one before.
        let last = c.columns.next_multiple_of(PANEL) - PANEL;
        let column = |v: usize| j + v * V::LANES;
        let at: [usize; NV] = std::array::from_fn(|v| {
            let column = column(v);
            let panel = (column / PANEL * PANEL).min(last);
            panel * k + column % PANEL
        });
        // What does not fit into the caches would be waited for at the end, by every tile.
        if add && self.depth >= FETCH_FROM {
            for r in 0..MR {
                for v in 0..NV {
                    fetch(c.at(i + r, column(v)));
                }
                // Vectors may begin within a line.
                fetch(c.at(i + r, column(NV) - 1));
            }
        }
        // SAFETY: the slice has as many columns as the block of `b` has rows.
        unsafe {
            let sum = a.sums::<V, NV>(b, at);
            // Asked once for the tile and not for each vector, whose sums then stay in their registers.
            let whole = column(NV) <= c.columns;
            if whole && !add {
                for (r, sum) in sum.iter().enumerate() {
                    for (v, sum) in sum.iter().enumerate() {
                        sum.store(c.at(i + r, column(v)));
                    }
                }
                return;
            }
            // Of the tiles that most of a product consists of; in all others it would be much code for little.
            if whole && MR * NV >= MANY {
                for (r, sum) in sum.iter().enumerate() {
                    for (v, sum) in sum.iter().enumerate() {
                        let to = c.at(i + r, column(v));
                        (*sum + V::load(to)).store(to);
                    }
                }
                return;
            }
            // A loop that is not unrolled reads them from memory: from a copy, or each run of columns would store them.
            let mut copy = [[V::splat(0.0); NV]; MR];
            for (copy, sum) in copy.iter_mut().zip(&sum) {
                for (copy, sum) in copy.iter_mut().zip(sum) {
                    *copy = *sum;
                }
            }
            for (r, sum) in std::hint::black_box(&copy).iter().enumerate() {
                for (v, sum) in sum.iter().enumerate() {
                    put(*sum, c.at(i + r, column(v)), c.columns.saturating_sub(column(v)), add);
                }
            }
        }
    }
}

/// Asks for the line that `at` lies in, if it lies anywhere.
#[inline(always)]
fn fetch(at: *const f32) {
    // SAFETY: a hint, which no address offends.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast())
    };
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{0}]", in(reg) at, options(nostack, preserves_flags, readonly))
    };
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = at;
}

/// Copies one column of a tile of `rows` rows, at most `MR`.
#[inline(always)]
unsafe fn column<const MR: usize>(rows: usize, from: *const f32, stride: usize, to: *mut f32) {
    // With the number of rows known, a column is a few instructions: of rows that follow each other, two loads and two stores.
    if stride == 1 && rows == MR {
        // SAFETY: the caller's promise.
        return unsafe { std::ptr::copy_nonoverlapping(from, to, MR) };
    }
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
mod tests;
