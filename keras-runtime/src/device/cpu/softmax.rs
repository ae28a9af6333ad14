//! Softmax and its logarithm, row by row.

use super::pass::{Rows, record};
use super::simd::{self, Kernel, Simd};
use crate::compiled::Buf;

impl Rows<'_, '_> {
    /// `y = exp(x) / sum(exp(x))` over `rows` rows of `columns` elements in each sample. `y` may be `x`.
    pub fn softmax(&self, x: Buf, y: Buf, rows: usize, columns: usize) {
        self.normalise(x, y, rows, columns, false);
    }

    /// `y = x - ln(sum(exp(x)))` over `rows` rows of `columns` elements in each sample. `y` may be `x`.
    pub fn log_softmax(&self, x: Buf, y: Buf, rows: usize, columns: usize) {
        self.normalise(x, y, rows, columns, true);
    }

    fn normalise(&self, x: Buf, y: Buf, rows: usize, columns: usize, log: bool) {
        record!(self.pass, Kernel::Softmax { x, y, rows, columns, log });
        let run = |x, y, rows| simd::run(self.pass.isa, Softmax { x, y, rows, columns, log });
        if x.len == rows * columns && y.len == rows * columns {
            return run(self.at(x), self.at(y), rows * self.range.len());
        }
        // Other words lie between the samples.
        for sample in self.range.clone() {
            run(self.at_sample(x, sample), self.at_sample(y, sample), rows);
        }
    }
}

/// Softmax of `rows` rows from `x` to `y`.
pub(crate) struct Softmax {
    pub x: *const f32,
    pub y: *mut f32,
    pub rows: usize,
    pub columns: usize,
    /// Its logarithm.
    pub log: bool,
}

impl Kernel for Softmax {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        for row in 0..self.rows {
            // SAFETY: whoever made this promises the rows.
            unsafe {
                let (x, y) = (self.x.add(row * self.columns), self.y.add(row * self.columns));
                let max = fold::<V>(x, self.columns, f32::NEG_INFINITY, V::maximum, f32::max);
                let sum = exponentials::<V>(x, y, self.columns, max, !self.log);
                match self.log {
                    true => each::<V>(x, y, self.columns, |z| z - V::splat(max) - V::splat(sum.ln())),
                    false => each::<V>(y, y, self.columns, |p| p * V::splat(1.0 / sum)),
                }
            }
        }
    }
}

/// Folds a row: whole vectors, then their lanes, then what is left over. NaN is left to the exponentials.
#[inline(always)]
unsafe fn fold<V: Simd>(
    x: *const f32,
    n: usize,
    start: f32,
    f: impl Fn(V, V) -> V,
    one: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut sum = V::splat(start);
    let mut at = 0;
    // SAFETY: the row has n words.
    unsafe {
        while at + V::LANES <= n {
            sum = f(sum, V::load(x.add(at)));
            at += V::LANES;
        }
        let mut total = sum.fold(&one);
        while at < n {
            total = one(total, *x.add(at));
            at += 1;
        }
        total
    }
}

/// The sum of `exp(x - max)` over a row, whose terms go to `y` if they are wanted.
#[inline(always)]
unsafe fn exponentials<V: Simd>(x: *const f32, y: *mut f32, n: usize, max: f32, keep: bool) -> f32 {
    let mut sum = V::splat(0.0);
    let mut at = 0;
    // SAFETY: the rows have n words.
    unsafe {
        while at + V::LANES <= n {
            let e = (V::load(x.add(at)) - V::splat(max)).exp();
            if keep {
                e.store(y.add(at));
            }
            sum = sum + e;
            at += V::LANES;
        }
        let mut total = sum.fold(|a, b| a + b);
        if at < n {
            let e = (V::load_partial(x.add(at), n - at) - V::splat(max)).exp();
            if keep {
                e.store_partial(y.add(at), n - at);
            }
            let mut lanes = [0.0; 16];
            e.store(lanes.as_mut_ptr());
            total += lanes[..n - at].iter().sum::<f32>();
        }
        total
    }
}

#[inline(always)]
unsafe fn each<V: Simd>(x: *const f32, y: *mut f32, n: usize, f: impl Fn(V) -> V) {
    let mut at = 0;
    // SAFETY: the rows have n words.
    unsafe {
        while at + V::LANES <= n {
            f(V::load(x.add(at))).store(y.add(at));
            at += V::LANES;
        }
        if at < n {
            f(V::load_partial(x.add(at), n - at)).store_partial(y.add(at), n - at);
        }
    }
}
