//! Convolutions with windows of 3 x 3 pixels at steps of 1, and the gradients of their images and kernels, by Winograd's minimal
//! filtering.
//!
//! F(2 x 2, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): tiles of 2 x 2 pixels of
//! the result take 16 products where sums of windows take 36. With `d` a tile of 4 x 4 pixels that overlaps its neighbours by two,
//! and `g` a kernel of 3 x 3, `Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A`. The sums over channels are 16 products of matrices. The transforms
//! add and halve, and the sums are shorter: the results are about as close to the exact ones as sums of products are (a test
//! holds them to that).
//!
//! What is no number spreads over the four pixels of a tile, and an infinity becomes none; sums of products keep both to the pixels
//! whose windows they are in.
//!
//! Whether a convolution takes this way depends on its shape alone, never on the batch or on threads.

mod gradient;
mod kernels;
mod tiles;

pub use kernels::{Stamped, Transformed};

use std::cell::RefCell;
use std::ops::Range;

use super::aligned::Aligned;
use super::gemm::sums::{ByRows, Slice};
use super::gemm::{PANEL, height, panels_len};
use super::pass::Pass;
use super::simd::{self, Kernel, Simd};
use crate::compiled::{Buf, MatMul, MatMulOverlap, Matrix};
use tiles::{Make, See, Tiles};

/// Products of matrices: one for each place of a tile.
const PLACES: usize = 16;
/// Filters whose results are made at once: those of a tile of the product's registers.
const CHUNK: usize = 2 * PANEL;
/// Words of tiles that are worked on together, as they are seen and as a chunk of filters makes them: a part of a second-level cache.
const WORDS: usize = 64 << 10;
/// Tiles that are worked on together at most: reading a kernel for so many costs little.
const TILES: usize = 96;
/// Rows of tiles of the products' registers.
const REGISTERS: usize = 12;
/// Words between the places: with a power of two of them all places would fight for the same lines of a cache.
const GAP: usize = 16;
/// Pixels of a result below which the kernels' transforms, which are 16 words for 9, are too much to read for one sample.
const PIXELS_FROM: usize = 64;
/// Channels of images and of results below which the tiles' are.
const CHANNELS_FROM: usize = 16;

thread_local! {
    /// Tiles as they are seen, then as they are made: kept from call to call.
    static SCRATCH: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

/// A convolution of 3 x 3 pixels at steps of 1.
#[derive(Debug, Clone, Copy)]
pub struct Winograd {
    /// Rows and columns of pixels of the image.
    image: [usize; 2],
    /// Words from one row of its pixels to the next. Pixels have no words between them.
    image_row: usize,
    /// Zeros around it.
    border: usize,
    /// Channels of the image.
    channels: usize,
    /// Rows and columns of pixels of the result, which lies without gaps.
    result: [usize; 2],
    /// Channels of the result.
    filters: usize,
    kernel: KernelAt,
}

/// Where the words of a kernel lie: 16 filters of channel `c` at tap `t` are at `first + panel * panels + t * taps + c * 16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KernelAt {
    first: usize,
    panels: usize,
    taps: isize,
}

impl Winograd {
    /// The convolution that `op` is, if this way repays.
    pub fn of_matmul(op: &MatMul) -> Option<Self> {
        Self::of_windows(&op.a, op.rows, op.k, op.n)
    }

    /// That of the windows `a`, `rows` of `k` words, with `filters` filters.
    fn of_windows(a: &Matrix, rows: usize, k: usize, filters: usize) -> Option<Self> {
        let (&[(height, row), (width, channels)], &[window, (run, 1)]) = (a.rows, a.columns) else {
            return None;
        };
        let fits = window == (3, row) && run == 3 * channels && k == 9 * channels && rows == height * width;
        let kernel = KernelAt { first: 0, panels: k * PANEL, taps: (channels * PANEL) as isize };
        let (image, result) = ([height + 2, width + 2], [height, width]);
        let of = Winograd { image, image_row: row, border: 0, channels, result, filters, kernel };
        (fits && of.repays()).then_some(of)
    }

    /// The convolution of the gradient that `op` is, with a mirrored kernel, if this way repays.
    pub fn of_overlap(op: &MatMulOverlap) -> Option<Self> {
        let (&[(height, row), (width, filters)], &[window, (run, 1)]) = (op.counts, op.window) else {
            return None;
        };
        let result = [height + 2, width + 2];
        let fits =
            window == (3, row) && run == 3 * filters && op.n == 9 * filters && filters.is_multiple_of(PANEL);
        let whole = row == result[1] * filters && op.words == result[0] * row;
        let (channels, image) = (op.k, [height, width]);
        let tap = filters / PANEL * channels * PANEL;
        let kernel = KernelAt { first: 8 * tap, panels: channels * PANEL, taps: -(tap as isize) };
        let of =
            Winograd { image, image_row: width * channels, border: 2, channels, result, filters, kernel };
        (fits && whole && of.repays()).then_some(of)
    }

    fn repays(&self) -> bool {
        self.result[0] * self.result[1] >= PIXELS_FROM
            && self.channels >= CHANNELS_FROM
            && self.filters >= CHANNELS_FROM
    }

    /// Tiles of a sample.
    fn tiles(&self) -> usize {
        self.result.map(|pixels| pixels.div_ceil(2)).iter().product()
    }

    /// The tiles `range` of all samples' by samples, for each of which `at` tells where its image and its result lie: and how many
    /// of them come before.
    fn parts(
        &self,
        range: Range<usize>,
        at: impl Fn(usize) -> (*const f32, *mut f32) + Clone,
    ) -> impl Iterator<Item = (Tiles<'_>, usize)> + Clone {
        let (each, columns) = (self.tiles(), self.result[1].div_ceil(2));
        (range.start / each..range.end.div_ceil(each)).map(move |sample| {
            let tiles = range.start.max(sample * each)..range.end.min((sample + 1) * each);
            let (first, count) = (tiles.start - sample * each, tiles.len());
            let (image, result) = at(sample);
            (Tiles { of: self, first, count, columns, image, result }, tiles.start - range.start)
        })
    }

    /// The convolution of `samples`, for each of which `at` tells where its image and its result lie.
    ///
    /// # Safety
    /// Images, kernel and results are as large as they were said to be, and results overlap nothing.
    pub unsafe fn run(
        &self,
        pass: &Pass<'_>,
        samples: Range<usize>,
        kernel: Buf,
        at: impl Fn(usize) -> (*const f32, *mut f32) + Clone,
    ) {
        let (isa, Winograd { channels, filters, .. }) = (pass.isa, *self);
        let all = self.tiles() * samples.len();
        let most = (WORDS / (PLACES * (channels + CHUNK)) / REGISTERS * REGISTERS).clamp(REGISTERS, TILES);
        let together = all.div_ceil(all.div_ceil(most)).next_multiple_of(REGISTERS);
        let (seen_place, made_place) = (together * channels + GAP, together * CHUNK + GAP);
        let kernels = pass.transformed(self, kernel);
        SCRATCH.with_borrow_mut(|words| {
            words.grow(PLACES * (seen_place + made_place));
            let seen = words.as_mut_ptr();
            let made = seen.wrapping_add(PLACES * seen_place);
            for from in (0..all).step_by(together) {
                let to = all.min(from + together);
                let parts = self.parts(from..to, |sample| at(samples.start + sample));
                for (tiles, before) in parts.clone() {
                    let to = seen.wrapping_add(before * channels);
                    simd::run(isa, See { tiles, to, place: seen_place });
                }
                for filter in (0..filters.next_multiple_of(PANEL)).step_by(CHUNK) {
                    let width = CHUNK.min(filters.next_multiple_of(PANEL) - filter);
                    let products = Products {
                        count: to - from,
                        channels,
                        width,
                        seen: (seen, seen_place),
                        kernels: (kernels.wrapping_add(filter * channels), panels_len(channels, filters)),
                        made: (made, made_place),
                    };
                    simd::run(isa, products);
                    for (tiles, before) in parts.clone() {
                        let from = made.wrapping_add(before * CHUNK);
                        simd::run(isa, Make { tiles, from, place: made_place, filter });
                    }
                }
            }
        });
    }
}

/// The products of every place for a chunk of filters.
struct Products {
    /// Tiles.
    count: usize,
    channels: usize,
    /// Filters of the chunk: one panel or two.
    width: usize,
    /// `[place][tile][channel]`, and the words from place to place.
    seen: (*const f32, usize),
    /// The chunk's panels of every place, likewise.
    kernels: (*const f32, usize),
    /// `[place][tile][CHUNK]`.
    made: (*mut f32, usize),
}

impl Kernel for Products {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        for place in 0..PLACES {
            let a = self.seen.0.wrapping_add(place * self.seen.1);
            let b = self.kernels.0.wrapping_add(place * self.kernels.1);
            let c = self.made.0.wrapping_add(place * self.made.1);
            // SAFETY: the scratch has room for 16 matrices of each kind.
            unsafe {
                match (V::LANES, V::REGISTERS) {
                    (16, _) if self.width == CHUNK => self.product::<V, 12, 2>(a, b, c),
                    (16, _) => self.product::<V, 12, 1>(a, b, c),
                    (8, 16) => self.product::<V, 6, 2>(a, b, c),
                    (4, _) => self.product::<V, 6, 4>(a, b, c),
                    _ => self.product::<V, 2, 2>(a, b, c),
                }
            }
        }
    }
}

impl Products {
    /// One place's product, by tiles of registers.
    #[inline(always)]
    unsafe fn product<V: Simd, const MR: usize, const NV: usize>(
        &self,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
    ) {
        for column in (0..self.width).step_by(NV * V::LANES) {
            let mut row = 0;
            while row < self.count {
                let rows = height(self.count - row, MR);
                let (a, c) = (a.wrapping_add(row * self.channels), c.wrapping_add(row * CHUNK + column));
                // SAFETY: the caller's promise.
                unsafe {
                    match rows {
                        _ if rows == MR => self.tile::<V, MR, NV>(a, b, column, c),
                        6 if MR > 6 => self.tile::<V, 6, NV>(a, b, column, c),
                        5 if MR > 5 => self.tile::<V, 5, NV>(a, b, column, c),
                        4 if MR > 4 => self.tile::<V, 4, NV>(a, b, column, c),
                        3 if MR > 3 => self.tile::<V, 3, NV>(a, b, column, c),
                        2 if MR > 2 => self.tile::<V, 2, NV>(a, b, column, c),
                        _ => self.tile::<V, 1, NV>(a, b, column, c),
                    }
                }
                row += rows;
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Simd, const MR: usize, const NV: usize>(
        &self,
        a: *const f32,
        b: *const f32,
        column: usize,
        c: *mut f32,
    ) {
        let runs = [(0, self.channels)];
        let rows = ByRows { first: a, stride: self.channels, runs: &runs };
        let mut at = [0; NV];
        for (v, at) in at.iter_mut().enumerate() {
            let column = column + v * V::LANES;
            *at = column / PANEL * self.channels * PANEL + column % PANEL;
        }
        // SAFETY: the caller's promise.
        unsafe {
            let sum: [[V; NV]; MR] = rows.sums(b, at);
            for (r, sum) in sum.iter().enumerate() {
                for (v, sum) in sum.iter().enumerate() {
                    sum.store(c.add(r * CHUNK + v * V::LANES));
                }
            }
        }
    }
}
