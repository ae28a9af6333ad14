//! Products of so few columns that a panel would be mostly padding. Sums go along the rows of `A` instead, and are folded at the end.

use std::mem::MaybeUninit;

use super::{Gemm, PANEL, Target, offset};
use crate::device::cpu::simd::{self, Isa, Kernel, Simd};

/// Columns of a narrow product, at most.
const COLUMNS: usize = 4;
/// Columns of `A` that are worked on at once: their `B` takes 16 KiB at most.
const DEPTH: usize = 1024;
/// Columns of `A` from which on folding a sum costs less than padding.
const FROM: usize = 64;

/// A product of few columns, whose rows of `A` lie in one piece each.
pub(super) struct Narrow<'a>(pub Gemm<'a>);

impl Narrow<'_> {
    /// Depends on nothing that a division of the rows changes: an element's sum has one order.
    pub fn fits(isa: Isa, product: &Gemm<'_>) -> bool {
        let columns = product.c.columns;
        let in_one_piece = matches!(product.a.columns, [(_, 1)]);
        // A panel's vectors have fewer lanes to spare.
        let narrow = (1..=COLUMNS).contains(&columns) && 4 * columns <= simd::run(isa, Lanes);
        narrow && in_one_piece && product.k >= FROM
    }

    /// At most `N` columns, by tiles of `MR` rows.
    #[inline(always)]
    unsafe fn columns<V: Simd, const MR: usize, const N: usize>(self) {
        let Gemm { m, k, a, b, c, accumulate } = self.0;
        let mut space = MaybeUninit::<[f32; COLUMNS * DEPTH]>::uninit();
        let columns = space.as_mut_ptr().cast::<f32>();
        let piece = k.div_ceil(k.div_ceil(DEPTH));
        for k0 in (0..k).step_by(piece) {
            let depth = piece.min(k - k0);
            let add = accumulate || k0 > 0;
            let row = |i: usize| a.ptr.wrapping_add(offset(a.first + i, a.rows) + a.first_column + k0);
            // SAFETY: within the operands that the caller of `gemm` describes, and within the copy.
            unsafe {
                for l in 0..depth {
                    for j in 0..N {
                        *columns.add(j * depth + l) = *b.add((k0 + l) * PANEL + j);
                    }
                }
                let mut i = 0;
                while i < m {
                    let to = c.ptr.add(i * c.rows);
                    if i + MR <= m {
                        let rows = std::array::from_fn(|r| row(i + r));
                        sums::<V, MR, N>(rows, columns, depth, (to, c), add);
                        i += MR;
                    } else {
                        sums::<V, 1, N>([row(i)], columns, depth, (to, c), add);
                        i += 1;
                    }
                }
            }
        }
    }
}

/// Numbers of a vector.
pub struct Lanes;

impl Kernel for Lanes {
    type Output = usize;

    #[inline(always)]
    fn run<V: Simd>(self) -> usize {
        V::LANES
    }
}

impl Kernel for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let columns = self.0.c.columns;
        // SAFETY: the promise of the caller of `gemm`.
        unsafe {
            // Eight sums or more keep two multipliers busy.
            match columns {
                1 => self.columns::<V, 8, 1>(),
                2 if V::LANES >= 8 => self.columns::<V, 4, 2>(),
                3 | 4 if V::LANES >= 16 => self.columns::<V, 4, 4>(),
                _ => unreachable!("{columns} columns with {} lanes are no narrow product", V::LANES),
            }
        }
    }
}

/// Writes the products of `depth` words of each row and each column to `to`, or adds them to what is there.
#[inline(always)]
unsafe fn sums<V: Simd, const MR: usize, const N: usize>(
    rows: [*const f32; MR],
    columns: *const f32,
    depth: usize,
    (to, c): (*mut f32, Target),
    add: bool,
) {
    let mut sums = [[V::splat(0.0); N]; MR];
    let whole = depth / V::LANES * V::LANES;
    // SAFETY: the caller's promise.
    unsafe {
        for l in (0..whole).step_by(V::LANES) {
            let column: [V; N] = std::array::from_fn(|j| V::load(columns.add(j * depth + l)));
            for (row, sums) in rows.iter().zip(&mut sums) {
                let x = V::load(row.add(l));
                for (sum, column) in sums.iter_mut().zip(column) {
                    *sum = x.mul_add(column, *sum);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.iter().enumerate().take(c.columns) {
                let mut sum = *sum;
                if whole < depth {
                    let x = V::load_partial(rows[r].add(whole), depth - whole);
                    sum = x.mul_add(V::load_partial(columns.add(j * depth + whole), depth - whole), sum);
                }
                let (to, sum) = (to.add(r * c.rows + j), sum.fold(|a, b| a + b));
                *to = if add { *to + sum } else { sum };
            }
        }
    }
}
