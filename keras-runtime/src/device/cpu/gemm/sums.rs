//! The sums of a tile: over the columns of some rows of `A`, and rows of panels of `B`.
//!
//! These loops are what products spend their time in. Each step should be multiplications, what they read, and little else: additions
//! of addresses take the multipliers' places. Where rows or columns lie at equal distances, two or three registers lead to all
//! of them, and several steps share their additions.

use super::PANEL;
use crate::device::cpu::simd::Simd;

/// Columns that follow each other: the first word, relative to a row's, and how many they are.
pub(in crate::device::cpu) type Run = (usize, usize);

/// What a tile reads of `A`: `MR` rows, with all their columns.
pub(in crate::device::cpu) trait Slice<const MR: usize>: Copy {
    /// The columns.
    fn runs(&self) -> &[Run];

    /// Adds the products of the columns of a run with rows of the panels, from `b` on, whose vectors begin at `at`.
    ///
    /// # Safety
    /// The run can be read, and as many rows of the panels as it has columns.
    unsafe fn run<V: Simd, const NV: usize>(
        &self,
        sum: [[V; NV]; MR],
        run: Run,
        b: *const f32,
        at: [usize; NV],
    ) -> [[V; NV]; MR];

    /// The same with all columns: each sum takes them in their order, one after another.
    ///
    /// # Safety
    /// The slice can be read, and as many rows of the panels as it has columns.
    #[inline(always)]
    unsafe fn sums<V: Simd, const NV: usize>(&self, mut b: *const f32, at: [usize; NV]) -> [[V; NV]; MR] {
        let mut sum = [[V::splat(0.0); NV]; MR];
        // SAFETY: the caller's promise.
        unsafe {
            // Most operands have one run: its loop by itself keeps the sums in registers.
            if let &[run] = self.runs() {
                return self.run(sum, run, b, at);
            }
            for &run in self.runs() {
                sum = self.run(sum, run, b, at);
                b = b.wrapping_add(run.1 * PANEL);
            }
        }
        sum
    }
}

/// Rows that begin anywhere.
#[derive(Clone, Copy)]
pub(in crate::device::cpu) struct Scattered<'a, const MR: usize> {
    pub rows: [*const f32; MR],
    pub runs: &'a [Run],
    /// Words from one column of a run to the next.
    pub step: usize,
}

/// Rows at equal distances, whose columns follow each other in memory.
#[derive(Clone, Copy)]
pub(in crate::device::cpu) struct ByRows<'a> {
    /// The first row.
    pub first: *const f32,
    /// Words from one row to the next.
    pub stride: usize,
    pub runs: &'a [Run],
}

/// Columns at equal distances, whose rows follow each other in memory.
#[derive(Clone, Copy)]
pub(in crate::device::cpu) struct ByColumns {
    /// Where the words of rows begin.
    pub first: *const f32,
    /// Words from one column to the next.
    pub stride: usize,
    /// All of them.
    pub run: [Run; 1],
}

/// The words of one column.
trait Column: Copy {
    /// Where row `r` has its word.
    fn row(&self, r: usize) -> *const f32;
}

/// Words `place` behind the beginnings of rows.
#[derive(Clone, Copy)]
struct Behind<const MR: usize> {
    rows: [*const f32; MR],
    place: usize,
}

impl<const MR: usize> Column for Behind<MR> {
    #[inline(always)]
    fn row(&self, r: usize) -> *const f32 {
        self.rows[r].wrapping_add(self.place)
    }
}

/// Words at equal distances.
#[derive(Clone, Copy)]
struct Spaced {
    first: *const f32,
    /// The same six rows on: a pointer and five multiples of the stride, which are parts of addresses or two registers.
    seventh: *const f32,
    stride: usize,
}

impl Spaced {
    #[inline(always)]
    fn new<const MR: usize>(first: *const f32, stride: usize) -> Self {
        let seventh = if MR > 6 { opaque_pointer(first.wrapping_add(6 * stride)) } else { first };
        Spaced { first, seventh, stride }
    }

    /// Words that follow each other.
    #[inline(always)]
    fn neighbours(first: *const f32) -> Self {
        Spaced { first, seventh: first.wrapping_add(6), stride: 1 }
    }

    /// So many words on.
    #[inline(always)]
    fn moved(self, words: usize) -> Self {
        let Spaced { first, seventh, stride } = self;
        Spaced { first: first.wrapping_add(words), seventh: seventh.wrapping_add(words), stride }
    }
}

impl Column for Spaced {
    #[inline(always)]
    fn row(&self, r: usize) -> *const f32 {
        let base = if r < 6 { self.first } else { self.seventh };
        base.wrapping_add(r % 6 * self.stride)
    }
}

/// One step: adds the products of a column with a row of the panels.
#[inline(always)]
unsafe fn step<V: Simd, const MR: usize, const NV: usize>(
    sum: &mut [[V; NV]; MR],
    column: impl Column,
    b: *const f32,
    at: [usize; NV],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let vectors: [V; NV] = std::array::from_fn(|v| V::load(b.add(at[v])));
        for (r, sum) in sum.iter_mut().enumerate() {
            // Read here, each by its own: of an array of places LLVM would make vectors.
            let x = V::splat(*column.row(r));
            for (sum, vector) in sum.iter_mut().zip(vectors) {
                *sum = x.mul_add(vector, *sum);
            }
        }
    }
}

impl<const MR: usize> Slice<MR> for Scattered<'_, MR> {
    #[inline(always)]
    fn runs(&self) -> &[Run] {
        self.runs
    }

    #[inline(always)]
    unsafe fn run<V: Simd, const NV: usize>(
        &self,
        mut sum: [[V; NV]; MR],
        (first, count): Run,
        mut b: *const f32,
        at: [usize; NV],
    ) -> [[V; NV]; MR] {
        let rows = self.rows.map(|row| row.wrapping_add(first));
        let mut place = 0;
        for _ in 0..count {
            // SAFETY: the caller's promise.
            unsafe { step(&mut sum, Behind { rows, place }, b, at) };
            place += self.step;
            if MR > 8 {
                // One register then leads to every row of a tall tile. LLVM would rather move a pointer to each, for which there
                // are not enough registers: twelve loads, additions and stores for each column.
                place = opaque(place);
            }
            b = b.wrapping_add(PANEL);
        }
        sum
    }
}

impl<const MR: usize> Slice<MR> for ByRows<'_> {
    #[inline(always)]
    fn runs(&self) -> &[Run] {
        self.runs
    }

    #[inline(always)]
    unsafe fn run<V: Simd, const NV: usize>(
        &self,
        mut sum: [[V; NV]; MR],
        (first, count): Run,
        mut b: *const f32,
        at: [usize; NV],
    ) -> [[V; NV]; MR] {
        // Four of tall tiles, with 24 multiplications each, are slower than two.
        let together = if MR > 6 { 2 } else { 4 };
        let (mut first, mut stride) = (self.first.wrapping_add(first), self.stride);
        for _ in 0..count / together {
            let column = Spaced::new::<MR>(first, stride);
            for l in 0..together {
                // SAFETY: the caller's promise.
                unsafe { step(&mut sum, column.moved(l), b.wrapping_add(l * PANEL), at) };
            }
            // Or LLVM would keep all multiples, for which there are not enough registers.
            (first, stride) = (opaque_pointer(first.wrapping_add(together)), opaque(stride));
            b = b.wrapping_add(together * PANEL);
        }
        for _ in 0..count % together {
            // SAFETY: the caller's promise.
            unsafe { step(&mut sum, Spaced::new::<MR>(first, stride), b, at) };
            (first, stride) = (opaque_pointer(first.wrapping_add(1)), opaque(stride));
            b = b.wrapping_add(PANEL);
        }
        sum
    }
}

impl<const MR: usize> Slice<MR> for ByColumns {
    #[inline(always)]
    fn runs(&self) -> &[Run] {
        &self.run
    }

    #[inline(always)]
    unsafe fn run<V: Simd, const NV: usize>(
        &self,
        mut sum: [[V; NV]; MR],
        (first, count): Run,
        mut b: *const f32,
        at: [usize; NV],
    ) -> [[V; NV]; MR] {
        const TOGETHER: usize = 4;
        let mut first = self.first.wrapping_add(first);
        for _ in 0..count / TOGETHER {
            for l in 0..TOGETHER {
                // SAFETY: the caller's promise.
                unsafe { step(&mut sum, Spaced::neighbours(first), b.wrapping_add(l * PANEL), at) };
                first = first.wrapping_add(self.stride);
            }
            b = b.wrapping_add(TOGETHER * PANEL);
        }
        for _ in 0..count % TOGETHER {
            // SAFETY: the caller's promise.
            unsafe { step(&mut sum, Spaced::neighbours(first), b, at) };
            first = first.wrapping_add(self.stride);
            b = b.wrapping_add(PANEL);
        }
        sum
    }
}

/// `x`, of which the compiler forgets what it knows.
#[inline(always)]
fn opaque(mut x: usize) -> usize {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: no instruction at all.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) x, options(pure, nomem, nostack, preserves_flags))
    };
    x
}

/// The same for where something lies.
#[inline(always)]
fn opaque_pointer(mut x: *const f32) -> *const f32 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: no instruction at all.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) x, options(pure, readonly, nostack, preserves_flags))
    };
    x
}
