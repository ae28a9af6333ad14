//! Fused element-wise kernels.

use std::ops::Range;

use super::pass::{Rows, record};
use super::philox;
use super::simd::{self, Simd};
use crate::compiled::{Access, Map};

/// Columns for which random numbers are drawn at once.
const BLOCK: usize = 256;
/// Dimensions of an index space, at most.
pub const RANK: usize = 8;

impl Rows<'_, '_> {
    /// Runs `kernel` on these samples (once, if its space is not batched).
    pub fn map<const L: usize, const S: usize, K: Map<L, S>>(&self, _kernel: &K) {
        const {
            assert!(L <= 16, "a kernel has at most 16 operands");
        }
        record!(self.pass, Kernel::map::<L, S, K>());
        let range = if K::BATCHED { self.range.clone() } else { 0..1 };
        let (mut loads, mut stores) = ([Walk::NONE; L], [Walk::NONE; S]);
        Walk::fill(&mut loads, self, &K::LOADS, K::BATCHED);
        Walk::fill(&mut stores, self, &K::STORES, K::BATCHED);
        let key = philox::Key { seed: self.pass.seed, step: self.pass.step };
        simd::run_of_model(
            self.pass.isa,
            Run::<K, L, S> {
                range,
                loads,
                stores,
                key,
                drawn: philox::first(self.time),
                kernel: std::marker::PhantomData,
            },
        );
    }
}

/// An operand of a running kernel.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub ptr: *mut f32,
    /// Words from sample to sample.
    pub sample: usize,
}

impl Walk {
    pub(super) const NONE: Walk = Walk { ptr: std::ptr::null_mut(), sample: 0 };

    /// Where each of `accesses` begins; random numbers nowhere.
    pub(super) fn fill(walks: &mut [Walk], rows: &Rows<'_, '_>, accesses: &[Access], batched: bool) {
        for (walk, access) in walks.iter_mut().zip(accesses) {
            *walk = Walk::new(rows, access, batched).unwrap_or(Walk::NONE);
        }
    }

    /// From where on each of `walks` has the words of `sample`.
    #[inline(always)]
    fn of_sample<const N: usize>(walks: &[Walk; N], sample: usize) -> [usize; N] {
        let (mut from, mut i) = ([0; N], 0);
        while i < N {
            from[i] = sample * walks[i].sample;
            i += 1;
        }
        from
    }

    /// Where `access` begins; `None` for random numbers.
    pub(super) fn new(rows: &Rows<'_, '_>, access: &Access, batched: bool) -> Option<Walk> {
        let Access::Buf { buf, offset, .. } = *access else { return None };
        let ptr = rows.at_sample(buf, 0).wrapping_add(offset);
        Some(Walk { ptr, sample: if batched && buf.space.is_batched() { buf.len } else { 0 } })
    }
}

/// Words between neighbours along dimension `dim`; random numbers are drawn in order.
pub(super) const fn stride(access: &Access, dim: usize) -> usize {
    match access {
        Access::Buf { strides, .. } => strides[dim],
        Access::Random { .. } => 1,
    }
}

/// Whether one of the operands is drawn.
pub(super) const fn any_random(loads: &[Access]) -> bool {
    let mut i = 0;
    while i < loads.len() {
        if matches!(loads[i], Access::Random { .. }) {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether `access` walks the elements of every sample in order, without gaps between samples.
const fn is_flat(access: &Access, dims: &[usize], batched: bool) -> bool {
    let Access::Buf { buf, offset, strides } = access else { return true };
    let mut expected = 1;
    let mut i = dims.len();
    while i > 0 {
        i -= 1;
        if dims[i] != 1 && strides[i] != expected {
            return false;
        }
        expected *= dims[i];
    }
    *offset == 0
        && buf.skip == 0
        && buf.time == 0
        && (!batched || (buf.space.is_batched() && buf.len == expected))
}

struct Run<K, const L: usize, const S: usize> {
    range: Range<usize>,
    loads: [Walk; L],
    stores: [Walk; S],
    key: philox::Key,
    /// The number of the space's first element in random streams.
    drawn: u64,
    kernel: std::marker::PhantomData<K>,
}

impl<K: Map<L, S>, const L: usize, const S: usize> Run<K, L, S> {
    /// The dimension that vectors run along.
    const LAST: usize = K::DIMS.len() - 1;

    /// Rows of the last dimension in a sample.
    const ROWS: usize = {
        assert!(K::DIMS.len() <= RANK, "an index space has at most eight dimensions");
        let (mut rows, mut d) = (1, 0);
        while d < Self::LAST {
            rows *= K::DIMS[d];
            d += 1;
        }
        rows
    };

    const FLAT: bool = {
        let mut flat = true;
        let mut i = 0;
        while i < L {
            flat = flat && is_flat(&K::LOADS[i], K::DIMS, K::BATCHED);
            i += 1;
        }
        i = 0;
        while i < S {
            flat = flat && is_flat(&K::STORES[i], K::DIMS, K::BATCHED);
            i += 1;
        }
        flat
    };

    const IS_RANDOM: bool = any_random(&K::LOADS);
}

impl<K: Map<L, S>, const L: usize, const S: usize> simd::Kernel for Run<K, L, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let columns = K::DIMS[Self::LAST];
        if Self::FLAT {
            let first = self.range.start * Self::ROWS * columns;
            let n = self.range.len() * Self::ROWS * columns;
            return self.span::<V>([first; L], [first; S], n, self.drawn + first as u64);
        }
        for sample in self.range.clone() {
            let mut loads = Walk::of_sample(&self.loads, sample);
            let mut stores = Walk::of_sample(&self.stores, sample);
            let mut at = [0; RANK];
            for row in 0..Self::ROWS {
                let index = self.drawn + ((sample * Self::ROWS + row) * columns) as u64;
                self.span::<V>(loads, stores, columns, index);
                Self::next_row(&mut at, &mut loads, &mut stores);
            }
        }
    }
}

impl<K: Map<L, S>, const L: usize, const S: usize> Run<K, L, S> {
    /// From one row's index and offsets to those of the next.
    #[inline(always)]
    fn next_row(at: &mut [usize; RANK], loads: &mut [usize; L], stores: &mut [usize; S]) {
        for d in (0..Self::LAST).rev() {
            at[d] += 1;
            // At the end of a dimension it starts again, and the one before it moves on.
            let end = at[d] == K::DIMS[d];
            let moved = |offset: usize, stride: usize| match end {
                true => offset - (K::DIMS[d] - 1) * stride,
                false => offset + stride,
            };
            for (access, offset) in K::LOADS.iter().zip(&mut *loads) {
                *offset = moved(*offset, stride(access, d));
            }
            for (access, offset) in K::STORES.iter().zip(&mut *stores) {
                *offset = moved(*offset, stride(access, d));
            }
            if !end {
                return;
            }
            at[d] = 0;
        }
    }

    /// Words between neighbours of a row. A flat walk has the whole batch in one row, whatever the strides of
    /// dimensions of extent 1 say.
    #[inline(always)]
    fn step(access: &Access) -> usize {
        if Self::FLAT { 1 } else { stride(access, Self::LAST) }
    }

    /// `n` elements in a row. `loads` and `stores` say where they begin, `index` which elements of the space they are.
    #[inline(always)]
    fn span<V: Simd>(&self, loads: [usize; L], stores: [usize; S], n: usize, index: u64) {
        if !Self::IS_RANDOM {
            return self.vectors::<V>(loads, stores, n, [std::ptr::null(); L]);
        }
        let mut drawn = [[0.0f32; BLOCK]; L];
        for from in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - from);
            for (access, drawn) in K::LOADS.iter().zip(&mut drawn) {
                if let Access::Random { stream, seed } = access {
                    philox::uniform::<V>(
                        self.key.or(*seed),
                        *stream,
                        index + from as u64,
                        &mut drawn[..count],
                    );
                }
            }
            let random: [*const f32; L] = std::array::from_fn(|i| drawn[i].as_ptr());
            let loads = std::array::from_fn(|i| loads[i] + from * Self::step(&K::LOADS[i]));
            let stores = std::array::from_fn(|i| stores[i] + from * Self::step(&K::STORES[i]));
            self.vectors::<V>(loads, stores, count, random);
        }
    }

    #[inline(always)]
    fn vectors<V: Simd>(&self, loads: [usize; L], stores: [usize; S], n: usize, random: [*const f32; L]) {
        // Loops by hand rather than closures: every kernel of every model has these lines.
        let (mut from, mut to, mut i) = (random, [std::ptr::null_mut(); S], 0);
        while i < L {
            if let Access::Buf { .. } = K::LOADS[i] {
                from[i] = self.loads[i].ptr.wrapping_add(loads[i]).cast_const();
            }
            i += 1;
        }
        i = 0;
        while i < S {
            to[i] = self.stores[i].ptr.wrapping_add(stores[i]);
            i += 1;
        }
        let mut at = 0;
        // SAFETY: the plan places every element of the space within the operands, which `Walk::new` checked.
        unsafe {
            while at + V::LANES <= n {
                let mut x = [V::splat(0.0); L];
                i = 0;
                while i < L {
                    x[i] = load(from[i], Self::step(&K::LOADS[i]), at);
                    i += 1;
                }
                let y = K::eval(x);
                i = 0;
                while i < S {
                    let step = Self::step(&K::STORES[i]);
                    let y = if K::ACCUMULATE { y[i] + load(to[i], step, at) } else { y[i] };
                    store(y, to[i], step, at);
                    i += 1;
                }
                at += V::LANES;
            }
            if at < n {
                let mut x = [V::splat(0.0); L];
                i = 0;
                while i < L {
                    x[i] = load_partial(from[i], Self::step(&K::LOADS[i]), at, n - at);
                    i += 1;
                }
                let y = K::eval(x);
                i = 0;
                while i < S {
                    let step = Self::step(&K::STORES[i]);
                    let y = if K::ACCUMULATE { y[i] + load_partial(to[i], step, at, n - at) } else { y[i] };
                    store_partial(y, to[i], step, at, n - at);
                    i += 1;
                }
            }
        }
    }
}

/// Elements `[at, at + LANES)` of a row.
///
/// # Safety
/// They are in bounds.
#[cfg_attr(not(all(feature = "fast-compile", debug_assertions)), inline(always))]
pub(super) unsafe fn load<V: Simd>(from: *const f32, stride: usize, at: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        match stride {
            1 => V::load(from.add(at)),
            0 => V::splat(*from),
            _ => gather(from, stride, at, V::LANES),
        }
    }
}

/// Elements `[at, at + n)` of a row, then zeros.
///
/// # Safety
/// They are in bounds.
#[cfg_attr(not(all(feature = "fast-compile", debug_assertions)), inline(always))]
pub(super) unsafe fn load_partial<V: Simd>(from: *const f32, stride: usize, at: usize, n: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        match stride {
            1 => V::load_partial(from.add(at), n),
            0 => V::splat(*from),
            _ => gather(from, stride, at, n),
        }
    }
}

#[cfg_attr(not(all(feature = "fast-compile", debug_assertions)), inline(always))]
unsafe fn gather<V: Simd>(from: *const f32, stride: usize, at: usize, n: usize) -> V {
    let mut lanes = [0.0; 16];
    // SAFETY: the caller's promise; a vector has at most 16 lanes.
    unsafe {
        for (i, lane) in lanes[..n].iter_mut().enumerate() {
            *lane = *from.add((at + i) * stride);
        }
        V::load(lanes.as_ptr())
    }
}

/// Writes elements `[at, at + LANES)` of a row.
///
/// # Safety
/// They are in bounds.
#[cfg_attr(not(all(feature = "fast-compile", debug_assertions)), inline(always))]
pub(super) unsafe fn store<V: Simd>(y: V, to: *mut f32, stride: usize, at: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match stride {
            1 => y.store(to.add(at)),
            _ => scatter(y, to, stride, at, V::LANES),
        }
    }
}

/// Writes elements `[at, at + n)` of a row.
///
/// # Safety
/// They are in bounds.
#[cfg_attr(not(all(feature = "fast-compile", debug_assertions)), inline(always))]
pub(super) unsafe fn store_partial<V: Simd>(y: V, to: *mut f32, stride: usize, at: usize, n: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match stride {
            1 => y.store_partial(to.add(at), n),
            _ => scatter(y, to, stride, at, n),
        }
    }
}

#[cfg_attr(not(all(feature = "fast-compile", debug_assertions)), inline(always))]
unsafe fn scatter<V: Simd>(y: V, to: *mut f32, stride: usize, at: usize, n: usize) {
    let mut lanes = [0.0; 16];
    // SAFETY: the caller's promise; a vector has at most 16 lanes.
    unsafe {
        y.store(lanes.as_mut_ptr());
        for (i, lane) in lanes[..n].iter().enumerate() {
            *to.add((at + i) * stride) = *lane;
        }
    }
}
