//! Fused reductions.
//!
//! The order in which a result's terms are added is a function of the shape (and of the machine's vectors) alone:
//! threads divide results, never the terms of one.

use std::marker::PhantomData;
use std::ops::Range;

use super::map::{RANK, Walk, any_random, load, load_partial, store, store_partial, stride};
use super::pass::{Pass, Rows, record};
use super::philox;
use super::simd::{self, Simd};
use super::split;
use crate::compiled::{Access, Reduce, ReduceKind};

/// Terms below which a reduction over the batch is not divided among threads.
const SERIAL_BELOW: usize = 1 << 18;

impl Rows<'_, '_> {
    /// Reduces each of these samples (or the one tensor of an unbatched space).
    pub fn reduce<const L: usize, K: Reduce<L>>(&self, _kernel: &K) {
        const {
            assert!(!K::OVER_BATCH, "a reduction over the batch runs on the whole pass");
        }
        record!(self.pass, Kernel::reduce::<L, K>());
        let range = if K::BATCHED { self.range.clone() } else { 0..1 };
        let run = Run::<K, L>::new(self);
        for sample in range {
            simd::run_of_model(
                self.pass.isa,
                Part { run: &run, samples: sample..sample + 1, results: 0..Run::<K, L>::RESULTS },
            );
        }
    }
}

impl Pass<'_> {
    /// Reduces over the batch.
    pub fn reduce<const L: usize, K: Reduce<L>>(&mut self, _kernel: &K) {
        record!(self, Kernel::reduce::<L, K>());
        let run = Run::<K, L>::new(&self.all());
        let (batch, isa) = (self.batch, self.isa);
        let work = batch * K::DIMS.iter().product::<usize>();
        let threads = if work < SERIAL_BELOW { 1 } else { self.threads };
        split::ranges(Run::<K, L>::RESULTS, 1, threads, &|results| {
            simd::run_of_model(isa, Part { run: &run, samples: 0..batch, results });
        });
    }
}

struct Run<K, const L: usize> {
    loads: [Walk; L],
    store: Walk,
    key: philox::Key,
    /// The number of the space's first element in random streams.
    drawn: u64,
    kernel: PhantomData<K>,
}

// SAFETY: operands are only read; results are divided among the threads.
unsafe impl<K, const L: usize> Sync for Run<K, L> {}

/// Vectors of results that are accumulated side by side.
const SIDE: usize = 4;
/// Columns for which random numbers are drawn at once: whole vectors, and enough for results side by side.
const BLOCK: usize = 128;

/// Random numbers of a block of columns, for each operand that is random.
type Drawn<const L: usize> = [[f32; BLOCK]; L];

impl<K: Reduce<L>, const L: usize> Run<K, L> {
    /// Pieces of the result that can be computed apart: rows of it, divided into blocks of columns if those are kept.
    const RESULTS: usize = Self::rows(false) * Self::BLOCKS;
    const BLOCKS: usize = if K::OVER[Self::LAST] { 1 } else { K::DIMS[Self::LAST].div_ceil(SIDE * 16) };

    /// The dimension that vectors run along.
    const LAST: usize = K::DIMS.len() - 1;

    /// Rows of the last dimension, by the dimensions that are reduced or by the others.
    const fn rows(over: bool) -> usize {
        assert!(K::DIMS.len() <= RANK, "an index space has at most eight dimensions");
        let (mut rows, mut d) = (1, 0);
        while d < Self::LAST {
            rows *= Self::extent(d, over);
            d += 1;
        }
        rows
    }

    const IS_RANDOM: bool = any_random(&K::LOADS);

    const fn extent(dim: usize, over: bool) -> usize {
        if K::OVER[dim] == over { K::DIMS[dim] } else { 1 }
    }

    fn new(rows: &Rows<'_, '_>) -> Self {
        let mut loads = [Walk::NONE; L];
        Walk::fill(&mut loads, rows, &K::LOADS, K::BATCHED);
        let store = Walk::new(rows, &K::STORE, K::BATCHED && !K::OVER_BATCH).unwrap_or(Walk::NONE);
        let key = philox::Key { seed: rows.pass.seed, step: rows.pass.step };
        Run { loads, store, key, drawn: philox::first(rows.time), kernel: PhantomData }
    }
}

struct Part<'a, K, const L: usize> {
    run: &'a Run<K, L>,
    /// Samples whose terms are accumulated.
    samples: Range<usize>,
    results: Range<usize>,
}

#[inline(always)]
fn combine<V: Simd>(kind: ReduceKind, a: V, b: V) -> V {
    match kind {
        ReduceKind::Sum => a + b,
        ReduceKind::Product => a * b,
        ReduceKind::Max => a.maximum(b),
        ReduceKind::Min => a.minimum(b),
    }
}

fn combine_one(kind: ReduceKind, a: f32, b: f32) -> f32 {
    match kind {
        ReduceKind::Sum => a + b,
        ReduceKind::Product => a * b,
        ReduceKind::Max => {
            if a.is_nan() || a > b {
                a
            } else {
                b
            }
        }
        ReduceKind::Min => {
            if a.is_nan() || a < b {
                a
            } else {
                b
            }
        }
    }
}

#[inline(always)]
fn neutral(kind: ReduceKind) -> f32 {
    match kind {
        ReduceKind::Sum => 0.0,
        ReduceKind::Product => 1.0,
        ReduceKind::Max => f32::NEG_INFINITY,
        ReduceKind::Min => f32::INFINITY,
    }
}

impl<K: Reduce<L>, const L: usize> simd::Kernel for Part<'_, K, L> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        for result in self.results.clone() {
            let (row, block) = (result / Run::<K, L>::BLOCKS, result % Run::<K, L>::BLOCKS);
            let kept = index::<K, L>(row, false);
            if K::OVER[Self::LAST] {
                self.over_columns::<V>(kept);
            } else {
                let first = block * SIDE * 16;
                let mut at = first;
                let end = K::DIMS[Self::LAST].min(first + SIDE * 16);
                while at < end {
                    at += self.columns::<V>(kept, at, end);
                }
            }
        }
    }
}

/// The `flat`-th index of all dimensions but the last that are reduced (or are not).
#[inline(always)]
fn index<K: Reduce<L>, const L: usize>(mut flat: usize, over: bool) -> [usize; RANK] {
    let mut at = [0; RANK];
    for d in (0..Run::<K, L>::LAST).rev() {
        let extent = Run::<K, L>::extent(d, over);
        if extent > 1 {
            (at[d], flat) = (flat % extent, flat / extent);
        }
    }
    at
}

impl<K: Reduce<L>, const L: usize> Part<'_, K, L> {
    const TERMS: usize = Run::<K, L>::rows(true);
    const LAST: usize = Run::<K, L>::LAST;

    #[inline(always)]
    fn operands(&self, sample: usize, kept: [usize; RANK], term: usize) -> [*const f32; L] {
        let over = index::<K, L>(term, true);
        std::array::from_fn(|i| {
            let (access, walk) = (&K::LOADS[i], &self.run.loads[i]);
            let rows = (0..Self::LAST).map(|d| (kept[d] + over[d]) * stride(access, d)).sum::<usize>();
            walk.ptr.wrapping_add(sample * walk.sample + rows).cast_const()
        })
    }

    /// Draws the random operands of `n` columns from column `first` on.
    #[inline(always)]
    fn draw<V: Simd>(
        &self,
        sample: usize,
        kept: [usize; RANK],
        term: usize,
        first: usize,
        n: usize,
        drawn: &mut Drawn<L>,
    ) {
        if Run::<K, L>::IS_RANDOM {
            let over = index::<K, L>(term, true);
            let row = (0..Self::LAST).fold(sample, |row, d| row * K::DIMS[d] + kept[d] + over[d]);
            let index = self.run.drawn + (row * K::DIMS[Self::LAST] + first) as u64;
            for (access, drawn) in K::LOADS.iter().zip(drawn) {
                if let Access::Random { stream, seed } = access {
                    philox::uniform::<V>(self.run.key.or(*seed), *stream, index, &mut drawn[..n]);
                }
            }
        }
    }

    /// The expression on columns `[at, at + n)` of a row; those of `drawn` begin at `first`.
    #[inline(always)]
    unsafe fn eval<V: Simd>(from: [*const f32; L], drawn: &Drawn<L>, first: usize, at: usize, n: usize) -> V {
        let mut x = [V::splat(0.0); L];
        for (i, x) in x.iter_mut().enumerate() {
            let (from, at) = match K::LOADS[i] {
                Access::Buf { .. } => (from[i], at),
                Access::Random { .. } => (drawn[i].as_ptr(), at - first),
            };
            let stride = stride(&K::LOADS[i], Self::LAST);
            // SAFETY: the plan places every element of the space within the operands.
            *x = unsafe {
                if n >= V::LANES { load(from, stride, at) } else { load_partial(from, stride, at, n) }
            };
        }
        K::eval(x)
    }

    #[inline(always)]
    fn result(&self, kept: [usize; RANK]) -> *mut f32 {
        let rows = (0..Self::LAST).map(|d| kept[d] * stride(&K::STORE, d)).sum::<usize>();
        let sample = if K::OVER_BATCH { 0 } else { self.samples.start };
        self.run.store.ptr.wrapping_add(sample * self.run.store.sample + rows)
    }

    /// One result: the terms of each row by vectors, and their lanes at the end.
    #[inline(always)]
    fn over_columns<V: Simd>(&self, kept: [usize; RANK]) {
        let columns = K::DIMS[Self::LAST];
        let block = if Run::<K, L>::IS_RANDOM { BLOCK } else { columns.max(1) };
        let mut drawn = [[0.0; BLOCK]; L];
        let mut sum = V::splat(neutral(K::KIND));
        let mut rest = neutral(K::KIND);
        for sample in self.samples.clone() {
            for term in 0..Self::TERMS {
                let from = self.operands(sample, kept, term);
                for first in (0..columns).step_by(block) {
                    let end = columns.min(first + block);
                    self.draw::<V>(sample, kept, term, first, end - first, &mut drawn);
                    let mut at = first;
                    // SAFETY: the plan places every element of the space within the operands.
                    unsafe {
                        while at + V::LANES <= end {
                            sum = combine(K::KIND, sum, Self::eval::<V>(from, &drawn, first, at, V::LANES));
                            at += V::LANES;
                        }
                        if at < end {
                            let mut lanes = [0.0; 16];
                            Self::eval::<V>(from, &drawn, first, at, end - at).store(lanes.as_mut_ptr());
                            for lane in &lanes[..end - at] {
                                rest = combine_one(K::KIND, rest, *lane);
                            }
                        }
                    }
                }
            }
        }
        let total = combine_one(K::KIND, sum.fold(|a, b| combine_one(K::KIND, a, b)), rest);
        // SAFETY: the plan places the result.
        unsafe { *self.result(kept) = total * K::SCALE };
    }

    /// Some vectors of results from column `at` on; gives how many columns they are.
    #[inline(always)]
    fn columns<V: Simd>(&self, kept: [usize; RANK], at: usize, end: usize) -> usize {
        let n = end - at;
        if n >= SIDE * V::LANES {
            self.accumulate::<V, SIDE>(kept, at, SIDE * V::LANES)
        } else if n >= V::LANES {
            self.accumulate::<V, 1>(kept, at, V::LANES)
        } else {
            self.accumulate::<V, 1>(kept, at, n)
        }
    }

    #[inline(always)]
    fn accumulate<V: Simd, const N: usize>(&self, kept: [usize; RANK], at: usize, n: usize) -> usize {
        let mut sums = [V::splat(neutral(K::KIND)); N];
        let mut drawn = [[0.0; BLOCK]; L];
        let whole = n == N * V::LANES;
        // SAFETY: the plan places every element of the space within the operands.
        unsafe {
            for sample in self.samples.clone() {
                for term in 0..Self::TERMS {
                    let from = self.operands(sample, kept, term);
                    self.draw::<V>(sample, kept, term, at, n, &mut drawn);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let lanes = if whole { V::LANES } else { n };
                        *sum = combine(
                            K::KIND,
                            *sum,
                            Self::eval::<V>(from, &drawn, at, at + v * V::LANES, lanes),
                        );
                    }
                }
            }
            let to = self.result(kept);
            for (v, sum) in sums.iter().enumerate() {
                let (y, at) = (*sum * V::splat(K::SCALE), at + v * V::LANES);
                match whole {
                    true => store(y, to, stride(&K::STORE, Self::LAST), at),
                    false => store_partial(y, to, stride(&K::STORE, Self::LAST), at, n),
                }
            }
        }
        n
    }
}
