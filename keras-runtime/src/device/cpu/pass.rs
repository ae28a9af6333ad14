//! One run of generated code over one batch: resolves [`Buf`]s, splits the batch into rows for the threads.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::matmul::Packing;
use super::simd::Isa;
use super::split;
use super::winograd::Transformed;
use crate::compiled::{Buf, Space};
#[cfg(feature = "cuda")]
use crate::device::record::Recorder;
use crate::loss::Heads;

/// Memory of one [`Space`], as raw words.
#[derive(Debug, Clone, Copy)]
pub struct RawSpace<'a> {
    ptr: *mut f32,
    len: usize,
    marker: PhantomData<&'a mut [f32]>,
}

// SAFETY: a `RawSpace` is only dereferenced by kernels, on ranges that the plan makes disjoint between threads.
unsafe impl Send for RawSpace<'_> {}
// SAFETY: as above.
unsafe impl Sync for RawSpace<'_> {}

impl<'a> RawSpace<'a> {
    /// Memory that kernels may write.
    pub fn writable(words: &'a mut [f32]) -> Self {
        RawSpace { ptr: words.as_mut_ptr(), len: words.len(), marker: PhantomData }
    }

    /// Memory that kernels only read. (Generated code never names it as a result.)
    pub fn readable(words: &'a [f32]) -> Self {
        RawSpace { ptr: words.as_ptr().cast_mut(), len: words.len(), marker: PhantomData }
    }
}

/// The memories of a pass.
#[derive(Debug)]
pub struct Spaces<'a> {
    /// The flat parameter buffer.
    pub params: RawSpace<'a>,
    /// Another number each time that somebody could have written it.
    pub params_stamp: u64,
    /// What was made of kernels in it, and of those that passes compute.
    pub transformed: &'a Transformed,
    /// Where gradients are packed.
    pub packing: &'a Packing,
    /// The flat gradient (empty while inferring).
    pub grads: RawSpace<'a>,
    /// `arena_words * batch` words.
    pub arena: RawSpace<'a>,
    /// `fixed_words` words.
    pub fixed: RawSpace<'a>,
    /// `2 * state_words * batch` words.
    pub state: RawSpace<'a>,
    /// Batches of the inputs.
    pub inputs: &'a [RawSpace<'a>],
    /// Batches of the outputs.
    pub outputs: &'a [RawSpace<'a>],
}

/// A number that nothing else in this process has.
pub(super) fn unique() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// One run of generated code over one batch.
#[derive(Debug)]
pub struct Pass<'a> {
    /// No other pass of this process has it, nor has this one had it before it last packed a weight: what is kept of packed
    /// weights is good as long as this is the same.
    pub(crate) packed: u64,
    pub(crate) batch: usize,
    pub(crate) isa: Isa,
    pub(crate) threads: usize,
    /// Key of the random streams.
    pub(crate) seed: u64,
    /// Counter of the random streams.
    pub(crate) step: u64,
    pub(crate) spaces: Spaces<'a>,
    pub(crate) heads: Heads<'a>,
    /// Takes down the kernels, which then are not run.
    #[cfg(feature = "cuda")]
    pub(crate) recorder: Option<&'a Recorder>,
}

impl<'a> Pass<'a> {
    /// A pass over `batch` samples with at most `threads` threads of the current rayon pool.
    pub fn new(
        batch: usize,
        isa: Isa,
        threads: usize,
        seed: u64,
        step: u64,
        spaces: Spaces<'a>,
        heads: Heads<'a>,
    ) -> Self {
        Pass {
            packed: unique(),
            batch,
            isa,
            threads: threads.max(1),
            seed,
            step,
            spaces,
            heads,
            #[cfg(feature = "cuda")]
            recorder: None,
        }
    }

    /// A pass that leaves all its kernels to `recorder`.
    #[cfg(feature = "cuda")]
    pub fn recording(recorder: &'a Recorder) -> Self {
        static NOTHING: Transformed = Transformed::new();
        static NONE: Packing = Packing::new();
        let none = RawSpace::readable(&[]);
        let spaces = Spaces {
            params: none,
            params_stamp: 0,
            transformed: &NOTHING,
            packing: &NONE,
            grads: none,
            arena: none,
            fixed: none,
            state: none,
            inputs: &[],
            outputs: &[],
        };
        let pass = Pass::new(1, Isa::Portable, 1, 0, 0, spaces, Heads::new(&[]));
        Pass { recorder: Some(recorder), ..pass }
    }

    /// Whether kernels are taken down instead of run.
    fn is_recording(&self) -> bool {
        #[cfg(feature = "cuda")]
        return self.recorder.is_some();
        #[cfg(not(feature = "cuda"))]
        false
    }

    /// Runs `body` on disjoint ranges of the batch that cover it, in parallel where `flops` per sample makes it pay.
    ///
    /// Every kernel of `body` works on its own rows alone, so the result does not depend on the split.
    pub fn rows(&mut self, flops: usize, body: impl Fn(&Rows<'_, 'a>) + Sync) {
        let all = self.all();
        let parts = if self.batch.saturating_mul(flops) < SERIAL_BELOW || self.is_recording() {
            1
        } else {
            self.threads.min(self.batch)
        };
        split::ranges(self.batch, 1, parts, &|range| body(&all.with(range)));
    }

    /// Every sample of the batch.
    pub(crate) fn all(&self) -> Rows<'_, 'a> {
        Rows { pass: self, range: 0..self.batch, time: 0 }
    }

    /// Runs `body` once, on what does not depend on the batch.
    pub fn fixed(&mut self, body: impl Fn(&Rows<'_, 'a>)) {
        body(&Rows { pass: self, range: 0..1, time: 0 });
    }

    /// First word of `buf` in this pass.
    ///
    /// # Panics
    /// When `buf` reaches past its space: a mistake of the compiler, never of its user.
    pub(crate) fn ptr(&self, buf: Buf) -> *mut f32 {
        let space = match buf.space {
            Space::Params => self.spaces.params,
            Space::Grads => self.spaces.grads,
            Space::Arena => self.spaces.arena,
            Space::Fixed => self.spaces.fixed,
            Space::State => self.spaces.state,
            Space::Input(i) => self.spaces.inputs[i],
            Space::Output(i) => self.spaces.outputs[i],
        };
        let times = if buf.space.is_batched() { self.batch } else { 1 };
        assert!((buf.offset + buf.len) * times <= space.len, "{buf:?} reaches past {} words", space.len);
        // SAFETY: in bounds by the assertion.
        unsafe { space.ptr.add(buf.offset * times) }
    }
}

/// Leaves a kernel to the recorder of a pass that has one.
macro_rules! record {
    ($pass:expr, $kernel:expr) => {
        #[cfg(feature = "cuda")]
        if let Some(recorder) = $pass.recorder {
            use crate::device::record::Kernel;
            return recorder.take($kernel);
        }
    };
}
pub(super) use record;

/// Work of a region, in floating-point operations, below which threads cost more than they bring.
const SERIAL_BELOW: usize = 1_000_000;
/// Words of a block: half of a second-level cache of 512 KiB.
const CACHE_WORDS: usize = 1 << 16;
/// Rows of a GEMM tile: blocks have multiples of it.
const TILE_ROWS: usize = 6;

/// A range of the samples of a pass, worked on by one thread.
#[derive(Debug, Clone)]
pub struct Rows<'p, 'a> {
    pub(crate) pass: &'p Pass<'a>,
    /// Samples `[start, end)` of the batch.
    pub(crate) range: Range<usize>,
    /// Within a loop: the step, in the order of time.
    pub(crate) time: usize,
}

impl<'p, 'a> Rows<'p, 'a> {
    fn with(&self, range: Range<usize>) -> Self {
        Rows { pass: self.pass, range, time: self.time }
    }

    /// Runs `body` for each of `length` steps, from the last on if `reverse`.
    pub fn steps(&self, length: usize, reverse: bool, body: impl Fn(&Rows<'p, 'a>)) {
        #[cfg(feature = "cuda")]
        if let Some(recorder) = self.pass.recorder {
            return recorder.repeat(length, reverse, || body(self));
        }
        for step in 0..length {
            let time = if reverse { length - 1 - step } else { step };
            body(&Rows { pass: self.pass, range: self.range.clone(), time });
        }
    }

    /// Runs `body` on one small piece after another, so that what one kernel writes is in the cache for the next.
    ///
    /// A piece has as many samples as fit with their `words` in half of a second-level cache, and enough for full tiles
    /// of products that take `rows` rows of each.
    pub fn blocks(&self, words: usize, rows: usize, body: impl Fn(&Rows<'p, 'a>)) {
        if self.pass.is_recording() {
            return body(self);
        }
        let samples = (CACHE_WORDS / words.max(1)).max((TILE_ROWS * 16).checked_div(rows).unwrap_or(1));
        let samples = if samples > TILE_ROWS { samples / TILE_ROWS * TILE_ROWS } else { samples.max(1) };
        let mut at = self.range.start;
        while at < self.range.end {
            let end = (at + samples).min(self.range.end);
            body(&self.with(at..end));
            at = end;
        }
    }

    /// First word of these samples in `buf`.
    pub(crate) fn at(&self, buf: Buf) -> *mut f32 {
        self.at_sample(buf, self.range.start)
    }

    /// First word of `sample` in `buf`; an unbatched `buf` is the same for every sample.
    pub(crate) fn at_sample(&self, buf: Buf, sample: usize) -> *mut f32 {
        let first = if buf.space.is_batched() { sample * buf.len } else { 0 };
        self.pass.ptr(buf).wrapping_add(first + buf.skip + self.time * buf.time)
    }
}
