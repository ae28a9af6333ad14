//! Convolutions with windows of 3 x 3 pixels at steps of 1, and the gradients of their images, by Winograd's minimal filtering.
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

use std::cell::RefCell;
use std::ops::Range;

use super::gemm::{Left, PANEL, Target, gemm, panels_len};
use super::pass::Pass;
use super::simd::{self, Kernel, Simd};
use crate::compiled::{MatMul, MatMulOverlap};

/// Products of matrices: one for each place of a tile.
const PLACES: usize = 16;
/// Words of tiles that are worked on together. They pass through the second-level cache place by place; what is to stay in
/// there is the kernel of one place.
const WORDS: usize = 192 << 10;
/// Tiles that are worked on together at most: a block of a product.
const TILES: usize = 96;
/// Rows of tiles of the products' registers.
const REGISTERS: usize = 12;
/// Pixels of a result below which the kernels' transforms are too much of the work.
const PIXELS_FROM: usize = 144;
/// Channels of images and of results below which the tiles' are.
const CHANNELS_FROM: usize = 16;

/// What a thread works with, kept from call to call.
#[derive(Default)]
struct Scratch {
    /// Kernels of every place, then tiles as they are seen, then tiles of the result.
    words: Vec<f32>,
    /// Whose kernels are there: pieces of a batch follow each other.
    holds: Option<(u64, *const f32, KernelAt)>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
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
        let (&[(height, row), (width, channels)], &[window, (run, 1)]) = (op.a.rows, op.a.columns) else {
            return None;
        };
        let fits =
            window == (3, row) && run == 3 * channels && op.k == 9 * channels && op.rows == height * width;
        let kernel = KernelAt { first: 0, panels: op.k * PANEL, taps: (channels * PANEL) as isize };
        let image = [height + 2, width + 2];
        let (result, filters) = ([height, width], op.n);
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

    /// The convolution of `samples`, for each of which `at` tells where its image and its result lie.
    ///
    /// # Safety
    /// Images, kernel and results are as large as they were said to be, and results overlap nothing.
    pub unsafe fn run(
        &self,
        pass: &Pass<'_>,
        samples: Range<usize>,
        kernel: *const f32,
        at: impl Fn(usize) -> (*const f32, *mut f32),
    ) {
        let (isa, Winograd { channels, result, filters, .. }) = (pass.isa, *self);
        let [rows, columns] = result.map(|pixels| pixels.div_ceil(2));
        let tiles = rows * columns;
        let wide = filters.next_multiple_of(PANEL);
        let most = (WORDS / (PLACES * (channels + wide))).clamp(REGISTERS, TILES);
        let together = tiles.div_ceil(tiles.div_ceil(most)).next_multiple_of(REGISTERS);
        let panels = panels_len(channels, filters);
        SCRATCH.with_borrow_mut(|Scratch { words, holds }| {
            let needed = PLACES * (panels + together * (channels + wide));
            words.resize(words.len().max(needed), 0.0);
            let kernels = words.as_mut_ptr();
            let seen = kernels.wrapping_add(PLACES * panels);
            let made = seen.wrapping_add(PLACES * together * channels);
            let held = Some((pass.packed, kernel, self.kernel));
            if *holds != held {
                simd::run(isa, Kernels { of: self, from: kernel, to: kernels, panels });
                *holds = held;
            }
            for sample in samples {
                let (image, to) = at(sample);
                for first in (0..tiles).step_by(together) {
                    let count = together.min(tiles - first);
                    let tiles = Tiles { of: self, first, count, columns };
                    simd::run(isa, See { tiles, image, to: seen });
                    for place in 0..PLACES {
                        let (by_row, by_column) = ([(count, channels)], [(channels, 1)]);
                        // SAFETY: the scratch has room for 16 matrices of each kind.
                        unsafe {
                            let a = Left::new(seen.add(place * count * channels), &by_row, &by_column);
                            let c = Target::row_major(made.add(place * count * wide), wide, wide);
                            gemm(isa, count, channels, a, kernels.add(place * panels), c, false);
                        }
                    }
                    simd::run(isa, Make { tiles, from: made, to });
                }
            }
        });
    }
}

// No closures on vectors: what is not inlined loses the instructions of its instruction set.

/// Columns as rows.
#[inline(always)]
fn turned<V: Simd, const M: usize, const N: usize>(columns: [[V; N]; M]) -> [[V; M]; N] {
    let mut rows = [[V::splat(0.0); M]; N];
    for (x, column) in columns.iter().enumerate() {
        for (y, word) in column.iter().enumerate() {
            rows[y][x] = *word;
        }
    }
    rows
}

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

/// Tiles that are worked on together.
#[derive(Clone, Copy)]
struct Tiles<'a> {
    of: &'a Winograd,
    first: usize,
    count: usize,
    /// Tiles of a row.
    columns: usize,
}

/// The first `n` lanes of `from`, all of them where there are so many.
#[inline(always)]
unsafe fn load<V: Simd>(from: *const f32, n: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { if n >= V::LANES { V::load(from) } else { V::load_partial(from, n) } }
}

#[inline(always)]
unsafe fn store<V: Simd>(x: V, to: *mut f32, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { if n >= V::LANES { x.store(to) } else { x.store_partial(to, n) } }
}

/// `Bᵀ d B` of every tile: `[place][tile][channel]`.
struct See<'a> {
    tiles: Tiles<'a>,
    image: *const f32,
    to: *mut f32,
}

/// `Bᵀ` times a column.
#[inline(always)]
fn image_column<V: Simd>([a, b, c, d]: [V; 4]) -> [V; 4] {
    [a - c, b + c, c - b, b - d]
}

impl Kernel for See<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Tiles { of, first, count, columns } = self.tiles;
        let Winograd { image: [height, width], image_row, border, channels, .. } = *of;
        for tile in 0..count {
            let (y, x) = ((first + tile) / columns * 2, (first + tile) % columns * 2);
            let to = self.to.wrapping_add(tile * channels);
            let inside = y >= border && x >= border && y + 4 <= height + border && x + 4 <= width + border;
            let mut channel = 0;
            while channel < channels {
                let n = channels - channel;
                let mut down = [[V::splat(0.0); 4]; 4];
                for (right, down) in down.iter_mut().enumerate() {
                    let mut column = [V::splat(0.0); 4];
                    for (below, word) in column.iter_mut().enumerate() {
                        // Where a tile reaches over the last pixel, no result of it that is kept depends on what is seen there.
                        let (y, x) = ((y + below).wrapping_sub(border), (x + right).wrapping_sub(border));
                        if inside || y < height && x < width {
                            let pixel = self.image.wrapping_add(y * image_row + x * channels + channel);
                            // SAFETY: within the image, as the caller of `Winograd::run` promises.
                            *word = unsafe { load(pixel, n) };
                        }
                    }
                    *down = image_column(column);
                }
                for (y, row) in turned(down).into_iter().enumerate() {
                    let across = image_column(row);
                    for (x, word) in across.iter().enumerate() {
                        // SAFETY: the scratch has room for 16 matrices.
                        unsafe { store(*word, to.add((4 * y + x) * count * channels + channel), n) };
                    }
                }
                channel += V::LANES;
            }
        }
    }
}

/// `Aᵀ m A` of every tile, to where its pixels lie.
struct Make<'a> {
    tiles: Tiles<'a>,
    from: *const f32,
    to: *mut f32,
}

/// `Aᵀ` times a column.
#[inline(always)]
fn result_column<V: Simd>([a, b, c, d]: [V; 4]) -> [V; 2] {
    [a + (b + c), (b - c) - d]
}

impl Kernel for Make<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Tiles { of, first, count, columns } = self.tiles;
        let Winograd { result: [height, width], filters, .. } = *of;
        let wide = filters.next_multiple_of(PANEL);
        for tile in 0..count {
            let (y, x) = ((first + tile) / columns * 2, (first + tile) % columns * 2);
            let from = self.from.wrapping_add(tile * wide);
            let to = self.to.wrapping_add((y * width + x) * filters);
            let (bottom, right) = (2.min(height - y), 2.min(width - x));
            let mut filter = 0;
            while filter < filters {
                let n = filters - filter;
                let mut down = [[V::splat(0.0); 2]; 4];
                for (x, down) in down.iter_mut().enumerate() {
                    let mut column = [V::splat(0.0); 4];
                    for (y, word) in column.iter_mut().enumerate() {
                        // SAFETY: the scratch has room for 16 matrices, of whole vectors.
                        *word = unsafe { V::load(from.add((4 * y + x) * count * wide + filter)) };
                    }
                    *down = result_column(column);
                }
                for (y, row) in turned(down).into_iter().enumerate().take(bottom) {
                    let across = result_column(row);
                    for (x, word) in across[..right].iter().enumerate() {
                        // SAFETY: within the result, as the caller of `Winograd::run` promises.
                        unsafe { store(*word, to.add((y * width + x) * filters + filter), n) };
                    }
                }
                filter += V::LANES;
            }
        }
    }
}
