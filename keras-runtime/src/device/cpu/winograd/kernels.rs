//! Transformed kernels: made once for all threads and pieces of a batch, and kept from pass to pass as long as the weights are the same.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::tiles::turned;
use super::{KernelAt, PLACES, Winograd};
use crate::compiled::{Buf, Space};
use crate::device::cpu::aligned::Aligned;
use crate::device::cpu::gemm::{PANEL, panels_len};
use crate::device::cpu::pass::{Pass, unique};
use crate::device::cpu::simd::{self, Kernel, Simd};

/// The transformed kernels of a model: one for each kernel of each pass that takes Winograd's way, of 16 words for 9.
#[derive(Debug, Default)]
pub struct Transformed(Mutex<Vec<Kept>>);

/// A transformed kernel.
#[derive(Debug)]
struct Kept {
    /// Where the words are that were transformed, and how.
    of: (Buf, KernelAt),
    /// What those words had when they were: see [`Pass::transformed`].
    stamp: u64,
    /// Each place in panels.
    words: Aligned,
}

impl Transformed {
    /// None.
    pub const fn new() -> Self {
        Transformed(Mutex::new(Vec::new()))
    }

    /// The words of `of`, which `transform` makes of others where `stamp` is not theirs.
    fn words(&self, of: (Buf, KernelAt), stamp: u64, transform: impl FnOnce(&mut Aligned)) -> *const f32 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|kept| kept.of == of).unwrap_or_else(|| {
            all.push(Kept { of, stamp: 0, words: Aligned::new() });
            all.len() - 1
        });
        let kept = &mut all[at];
        if kept.stamp != stamp {
            transform(&mut kept.words);
            kept.stamp = stamp;
        }
        // They stay where they are, and as they are, as long as the stamp does.
        kept.words.as_ptr()
    }
}

/// Weights that tell whether somebody may have written them.
#[derive(Debug)]
pub struct Stamped {
    words: Aligned,
    stamp: u64,
}

impl Stamped {
    /// These.
    pub fn new(words: Aligned) -> Self {
        Stamped { words, stamp: unique() }
    }

    /// A number that nothing else in this process has, and that is another one each time that somebody could have written them.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }
}

impl Deref for Stamped {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.words
    }
}

impl DerefMut for Stamped {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.stamp = unique();
        &mut self.words
    }
}

impl Pass<'_> {
    /// The transformed kernel of `convolution` at `from`: of weights, or of what this pass has made of them, which are good until it
    /// makes others.
    pub(super) fn transformed(&self, convolution: &Winograd, from: Buf) -> *const f32 {
        let stamp = if from.space == Space::Params { self.spaces.params_stamp } else { self.packed };
        self.spaces.transformed.words((from, convolution.kernel), stamp, |words| {
            let panels = panels_len(convolution.channels, convolution.filters);
            words.resize(PLACES * panels);
            simd::run(
                self.isa,
                Kernels { of: convolution, from: self.ptr(from), to: words.as_mut_ptr(), panels },
            );
        })
    }
}

// No closures on vectors: what is not inlined loses the instructions of its instruction set.

/// `G g Gᵀ` of every channel and filter, each place in panels.
struct Kernels<'a> {
    of: &'a Winograd,
    from: *const f32,
    to: *mut f32,
    /// Words of a place.
    panels: usize,
}

/// `G` times a column.
#[inline(always)]
fn kernel_column<V: Simd>([a, b, c]: [V; 3]) -> [V; 4] {
    let half = V::splat(0.5);
    let (ends, middle) = ((a + c) * half, b * half);
    [a, ends + middle, ends - middle, c]
}

impl Kernel for Kernels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Winograd { channels, filters, kernel, .. } = *self.of;
        for panel in 0..filters.div_ceil(PANEL) {
            for channel in 0..channels {
                let from = self.from.wrapping_add(kernel.first + panel * kernel.panels + channel * PANEL);
                let to = self.to.wrapping_add((panel * channels + channel) * PANEL);
                let mut lane = 0;
                while lane < PANEL {
                    let mut down = [[V::splat(0.0); 4]; 3];
                    for (x, down) in down.iter_mut().enumerate() {
                        let mut column = [V::splat(0.0); 3];
                        for (y, word) in column.iter_mut().enumerate() {
                            let tap = from.wrapping_offset((3 * y + x) as isize * kernel.taps);
                            // SAFETY: panels are whole, and the caller of `Winograd::run` promises all nine taps.
                            *word = unsafe { V::load(tap.add(lane)) };
                        }
                        *down = kernel_column(column);
                    }
                    for (y, row) in turned(down).into_iter().enumerate() {
                        let across = kernel_column(row);
                        for (x, word) in across.iter().enumerate() {
                            // SAFETY: the scratch has room for 16 kernels.
                            unsafe { word.store(to.add((4 * y + x) * self.panels + lane)) };
                        }
                    }
                    lane += V::LANES;
                }
            }
        }
    }
}
