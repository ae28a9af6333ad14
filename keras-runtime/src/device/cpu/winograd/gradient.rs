//! Gradients of kernels by Winograd's way: `dL/dg = Gᵀ [(A dY Aᵀ) ∘ (Bᵀ d B)] G`, summed over tiles before the last transform.
//!
//! The batch is cut into parts, each with sums of its own, that are added up in their order: how many there are depends on
//! sizes alone, so that results do not depend on threads.

use std::cell::RefCell;
use std::ops::Range;

use super::tiles::{See, Spread, turned};
use super::{GAP, PLACES, REGISTERS, SCRATCH, Winograd};
use crate::compiled::MatMulT;
use crate::device::cpu::aligned::Aligned;
use crate::device::cpu::gemm::{Left, PANEL, Target, gemm};
use crate::device::cpu::pass::Pass;
use crate::device::cpu::simd::{self, Isa, Kernel, Simd};
use crate::device::cpu::split::{self, Shared};

/// Parts of a batch at most.
const PARTS: usize = 8;
/// Channels times filters above which the parts' sums would take too much memory: 16 MB.
const PRODUCTS_TO: usize = 1 << 15;
/// Words of tiles that are worked on together.
const WORDS: usize = 96 << 10;
/// Tiles that are worked on together at most: what the products' blocks sum over at once.
const TILES: usize = 240;

thread_local! {
    /// The sums of all parts: `[part][place]`, each `[channels, filters]` in panels. Kept from call to call.
    static SUMS: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

impl Winograd {
    /// The convolution of whose kernel `op` makes the gradient, if this way repays.
    pub fn of_gradient(op: &MatMulT) -> Option<Self> {
        let of = Self::of_windows(&op.a, op.rows, op.k, op.n)?;
        (op.n.is_multiple_of(PANEL) && of.channels * of.filters <= PRODUCTS_TO).then_some(of)
    }

    /// The gradient of the kernel, over the whole batch; `at` tells where a sample's image and gradient lie.
    ///
    /// # Safety
    /// Images and gradients are as large as they were said to be, and nobody else touches what `op` says is written.
    pub unsafe fn gradient(
        &self,
        pass: &Pass<'_>,
        op: &MatMulT,
        to: *mut f32,
        at: impl Fn(usize) -> (*const f32, *mut f32) + Clone + Sync,
    ) {
        let (isa, threads, samples) = (pass.isa, pass.threads, pass.batch);
        let parts = PARTS.min(samples).max(1);
        let of_part = PLACES * self.channels * self.filters;
        // More threads than parts share a part's filters.
        let shares = threads.div_ceil(parts).min(self.filters / PANEL);
        SUMS.with_borrow_mut(|sums| {
            sums.grow(parts * of_part);
            let (sums, to) = (Shared(sums.as_mut_ptr()), Shared(to));
            split::ranges(parts * shares, 1, threads, &|tasks| {
                for task in tasks {
                    let (part, share) = (task / shares, task % shares);
                    let samples = samples * part / parts..samples * (part + 1) / parts;
                    let panels = self.filters / PANEL;
                    let filters = panels * share / shares * PANEL..panels * (share + 1) / shares * PANEL;
                    let sums = sums.get().wrapping_add(part * of_part);
                    // SAFETY: each task has sums of its own.
                    unsafe { self.part(isa, samples, filters, sums, at.clone()) };
                }
            });
            split::ranges(self.filters / PANEL, 1, threads, &|panels| {
                let collect =
                    Collect { of: self, op, parts, sums: sums.get().cast_const(), to: to.get(), panels };
                simd::run(isa, collect);
            });
        });
    }

    /// The sums of `samples` for `filters`.
    unsafe fn part(
        &self,
        isa: Isa,
        samples: Range<usize>,
        filters: Range<usize>,
        sums: *mut f32,
        at: impl Fn(usize) -> (*const f32, *mut f32) + Clone,
    ) {
        let channels = self.channels;
        let all = self.tiles() * samples.len();
        // Whatever the share: how sums are cut is how they are rounded.
        let most = (WORDS / (PLACES * (channels + self.filters))).clamp(2 * REGISTERS, TILES);
        let together = all.div_ceil(all.div_ceil(most).max(1)).max(1);
        let (seen_place, spread_place) = (together * channels + GAP, together * filters.len() + GAP);
        SCRATCH.with_borrow_mut(|words| {
            words.grow(PLACES * (seen_place + spread_place));
            let seen = words.as_mut_ptr();
            let spread = seen.wrapping_add(PLACES * seen_place);
            for from in (0..all).step_by(together) {
                let count = together.min(all - from);
                for (tiles, before) in self.parts(from..from + count, |sample| at(samples.start + sample)) {
                    let to = seen.wrapping_add(before * channels);
                    simd::run(isa, See { tiles, to, place: seen_place });
                    let (to, panel) = (spread.wrapping_add(before * PANEL), count * PANEL);
                    let filters = filters.clone();
                    simd::run(isa, Spread { tiles, to, place: spread_place, panel, filters });
                }
                for place in 0..PLACES {
                    let (by_row, by_column) = ([(channels, 1)], [(count, channels)]);
                    // SAFETY: the scratch has room for 16 matrices of each kind, and the sums likewise.
                    unsafe {
                        let a = Left::new(seen.add(place * seen_place), &by_row, &by_column);
                        let to = sums.add((place * self.filters + filters.start) * channels);
                        let c = Target::panels(to, channels, filters.len());
                        gemm(isa, channels, count, a, spread.add(place * spread_place), c, from > 0);
                    }
                }
            }
        });
    }
}

/// `Gᵀ m G` of the sums of all parts.
struct Collect<'a> {
    of: &'a Winograd,
    op: &'a MatMulT,
    parts: usize,
    sums: *const f32,
    to: *mut f32,
    panels: Range<usize>,
}

/// `Gᵀ` times a column.
#[inline(always)]
fn sums_column<V: Simd>([a, b, c, d]: [V; 4]) -> [V; 3] {
    let half = V::splat(0.5);
    let (ends, middle) = ((b + c) * half, (b - c) * half);
    [a + ends, middle, ends + d]
}

impl Kernel for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Winograd { channels, filters, .. } = *self.of;
        let MatMulT { k, n, panels, accumulate, .. } = *self.op;
        let place = channels * filters;
        for panel in self.panels {
            for channel in 0..channels {
                let from = self.sums.wrapping_add((panel * channels + channel) * PANEL);
                let to = match panels {
                    true => self.to.wrapping_add(panel * k * PANEL + channel * PANEL),
                    false => self.to.wrapping_add(channel * n + panel * PANEL),
                };
                let tap = channels * if panels { PANEL } else { n };
                let mut lane = 0;
                while lane < PANEL {
                    let mut sums = [[V::splat(0.0); 4]; 4];
                    for part in 0..self.parts {
                        let from = from.wrapping_add(part * PLACES * place + lane);
                        for (x, column) in sums.iter_mut().enumerate() {
                            for (y, sum) in column.iter_mut().enumerate() {
                                // SAFETY: there are 16 sums for each part.
                                *sum = *sum + unsafe { V::load(from.wrapping_add((4 * y + x) * place)) };
                            }
                        }
                    }
                    let mut down = [[V::splat(0.0); 3]; 4];
                    for (down, column) in down.iter_mut().zip(sums) {
                        *down = sums_column(column);
                    }
                    for (y, row) in turned(down).into_iter().enumerate() {
                        let across = sums_column(row);
                        for (x, word) in across.iter().enumerate() {
                            let to = to.wrapping_add((3 * y + x) * tap + lane);
                            // SAFETY: the gradient has nine taps of whole panels.
                            unsafe {
                                let word = if accumulate { *word + V::load(to) } else { *word };
                                word.store(to);
                            }
                        }
                    }
                    lane += V::LANES;
                }
            }
        }
    }
}
