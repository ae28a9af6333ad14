//! Windows that are added up where they lie, and the gradient of max pooling.

use std::cell::RefCell;

use super::aligned::Aligned;
use super::gemm::{Left, Target, gemm};
use super::pass::{Rows, record};
use super::simd::{self, Kernel, Mask, Simd};
use super::winograd::Winograd;
use crate::compiled::{MatMulOverlap, MaxPoolGrad};

thread_local! {
    /// The windows of one row of counts, kept from call to call.
    static WINDOWS: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

/// The word that the digits of `i` lead to.
fn offset(mut i: usize, dims: &[(usize, usize)]) -> usize {
    let mut words = 0;
    for &(extent, stride) in dims.iter().rev() {
        words += i % extent * stride;
        i /= extent;
    }
    words
}

fn count(dims: &[(usize, usize)]) -> usize {
    dims.iter().map(|(extent, _)| extent).product()
}

impl Rows<'_, '_> {
    /// `C = ` the sum of the windows `A · W` where they lie.
    pub fn matmul_overlap(&self, op: &MatMulOverlap) {
        record!(self.pass, Kernel::MatMulOverlap(*op));
        let MatMulOverlap { a, w, c, words, counts, window, k, n } = *op;
        if let Some(convolution) = Winograd::of_overlap(op) {
            let at = |sample| (self.at_sample(a, sample).cast_const(), self.at_sample(c, sample));
            // SAFETY: as below.
            return unsafe { convolution.run(self.pass, self.range.clone(), w, at) };
        }
        let w = self.pass.ptr(w);
        let (&(m, apart), outer) = counts.split_last().expect("windows have counts");
        let (&(run, step), places) = window.split_last().expect("windows have places");
        WINDOWS.with_borrow_mut(|windows| {
            windows.grow(m * n);
            for sample in self.range.clone() {
                let (a, c) = (self.at_sample(a, sample), self.at_sample(c, sample));
                // SAFETY: the plan places the operands, and keeps `c` apart from the others.
                unsafe {
                    c.write_bytes(0, words);
                    for row in 0..count(outer) {
                        let (rows, columns) = ([(m, k)], [(k, 1)]);
                        let left = Left::new(a.add(row * m * k), &rows, &columns);
                        let target = Target::row_major(windows.as_mut_ptr(), n, n);
                        gemm(self.pass.isa, m, k, left, w, target, false);
                        let at = c.add(offset(row, outer));
                        let sum = Scatter { from: windows.as_ptr(), to: at, m, apart, places, run, step };
                        simd::run(self.pass.isa, sum);
                    }
                }
            }
        });
    }

    /// `dx = dy` at the first place of each window of `x` that holds its maximum, added up.
    pub fn max_pool_grad(&self, op: &MaxPoolGrad) {
        record!(self.pass, Kernel::MaxPoolGrad(*op));
        for sample in self.range.clone() {
            let [x, y, dy, dx] = [op.x, op.y, op.dy, op.dx].map(|buf| self.at_sample(buf, sample));
            simd::run(self.pass.isa, FirstMaximum { op, x, y, dy, dx });
        }
    }
}

/// Adds `m` windows to where they lie, `apart` words from each other.
struct Scatter<'a> {
    from: *const f32,
    to: *mut f32,
    m: usize,
    apart: usize,
    /// Where the runs of a window begin.
    places: &'a [(usize, usize)],
    /// Words of a run, and how far apart they are.
    run: usize,
    step: usize,
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let mut from = self.from;
        for i in 0..self.m {
            for place in 0..count(self.places) {
                let to = self.to.wrapping_add(i * self.apart + offset(place, self.places));
                let mut at = 0;
                // SAFETY: whoever made this promises the words of every window.
                unsafe {
                    while self.step == 1 && at + V::LANES <= self.run {
                        (V::load(to.add(at)) + V::load(from.add(at))).store(to.add(at));
                        at += V::LANES;
                    }
                    while at < self.run {
                        *to.add(at * self.step) += *from.add(at);
                        at += 1;
                    }
                    from = from.add(self.run);
                }
            }
        }
    }
}

struct FirstMaximum<'a> {
    op: &'a MaxPoolGrad,
    x: *const f32,
    y: *const f32,
    dy: *const f32,
    dx: *mut f32,
}

impl Kernel for FirstMaximum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let MaxPoolGrad { counts, window, channels, .. } = *self.op;
        // SAFETY: the plan places the operands, and keeps `dx` apart from the others.
        unsafe {
            self.dx.write_bytes(0, self.op.words);
            for place in 0..count(counts) {
                let first = offset(place, counts);
                let mut at = 0;
                while at < channels {
                    let n = V::LANES.min(channels - at);
                    let load = |from: *const f32| match n == V::LANES {
                        true => V::load(from),
                        false => V::load_partial(from, n),
                    };
                    let (y, mut left) =
                        (load(self.y.add(place * channels + at)), load(self.dy.add(place * channels + at)));
                    for pixel in 0..count(window) {
                        let word = first + offset(pixel, window) + at;
                        let hit = load(self.x.add(word)).eq(y);
                        let sum = load(self.dx.add(word)) + hit.select(left, V::splat(0.0));
                        match n == V::LANES {
                            true => sum.store(self.dx.add(word)),
                            false => sum.store_partial(self.dx.add(word), n),
                        }
                        // What has found its place goes nowhere else.
                        left = hit.select(V::splat(0.0), left);
                    }
                    at += n;
                }
            }
        }
    }
}
