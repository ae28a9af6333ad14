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

use super::gemm::{PANEL, height, panels_len, run as sums};
use super::pass::Pass;
use super::simd::{self, Kernel, Simd};
use crate::compiled::{MatMul, MatMulOverlap};

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
/// Words of transformed kernels that a thread keeps for the next piece of a batch.
const KEPT_WORDS: usize = 1 << 20;
/// Pixels of a result below which the kernels' transforms are too much of the work.
const PIXELS_FROM: usize = 144;
/// Channels of images and of results below which the tiles' are.
const CHANNELS_FROM: usize = 16;

/// What a thread works with, kept from call to call.
#[derive(Default)]
struct Scratch {
    /// Tiles as they are seen, then as they are made.
    words: Vec<f32>,
    /// Transformed kernels. Pieces of a batch follow each other, each through all layers of a step.
    kernels: Vec<Kept>,
}

/// A transformed kernel.
struct Kept {
    /// The pass, the words that were transformed, and how.
    of: (u64, *const f32, KernelAt),
    /// Each place in panels.
    words: Vec<f32>,
}

impl Scratch {
    /// The transformed kernel of `convolution` whose words begin at `from`.
    fn kernel(&mut self, pass: &Pass<'_>, convolution: &Winograd, from: *const f32) -> *const f32 {
        let of = (pass.packed, from, convolution.kernel);
        if let Some(kept) = self.kernels.iter().find(|kept| kept.of == of) {
            return kept.words.as_ptr();
        }
        let panels = panels_len(convolution.channels, convolution.filters);
        // Its own place is taken again, and those of other passes where there is no room.
        let mut words = match self.kernels.iter().position(|kept| (kept.of.1, kept.of.2) == (of.1, of.2)) {
            Some(old) => self.kernels.swap_remove(old).words,
            None => vec![],
        };
        self.kernels.retain(|kept| kept.of.0 == pass.packed);
        let others: usize = self.kernels.iter().map(|kept| kept.words.len()).sum();
        if others + PLACES * panels > KEPT_WORDS {
            self.kernels.clear();
        }
        words.resize(PLACES * panels, 0.0);
        simd::run(pass.isa, Kernels { of: convolution, from, to: words.as_mut_ptr(), panels });
        self.kernels.push(Kept { of, words });
        self.kernels.last().expect("it was added").words.as_ptr()
    }
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
        let (each, all) = (rows * columns, rows * columns * samples.len());
        let most = (WORDS / (PLACES * (channels + CHUNK)) / REGISTERS * REGISTERS).clamp(REGISTERS, TILES);
        let together = all.div_ceil(all.div_ceil(most)).next_multiple_of(REGISTERS);
        let (seen_place, made_place) = (together * channels + GAP, together * CHUNK + GAP);
        SCRATCH.with_borrow_mut(|scratch| {
            let kernels = scratch.kernel(pass, self, kernel);
            let words = &mut scratch.words;
            words.resize(words.len().max(PLACES * (seen_place + made_place)), 0.0);
            let seen = words.as_mut_ptr();
            let made = seen.wrapping_add(PLACES * seen_place);
            for from in (0..all).step_by(together) {
                let to = all.min(from + together);
                // The tiles of each sample among them.
                let parts = (from / each..to.div_ceil(each)).map(|sample| {
                    let tiles = from.max(sample * each)..to.min((sample + 1) * each);
                    let (first, count) = (tiles.start - sample * each, tiles.len());
                    let (image, result) = at(samples.start + sample);
                    (Tiles { of: self, first, count, columns, image, result }, tiles.start - from)
                });
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
        let mut rows = [a; MR];
        for (r, row) in rows.iter_mut().enumerate() {
            *row = a.wrapping_add(r * self.channels);
        }
        let mut at = [0; NV];
        for (v, at) in at.iter_mut().enumerate() {
            let column = column + v * V::LANES;
            *at = column / PANEL * self.channels * PANEL + column % PANEL;
        }
        // SAFETY: the caller's promise.
        unsafe {
            let sum = sums([[V::splat(0.0); NV]; MR], rows, 1, b, at, self.channels);
            for (r, sum) in sum.iter().enumerate() {
                for (v, sum) in sum.iter().enumerate() {
                    sum.store(c.add(r * CHUNK + v * V::LANES));
                }
            }
        }
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

/// Tiles of a sample.
#[derive(Clone, Copy)]
struct Tiles<'a> {
    of: &'a Winograd,
    first: usize,
    count: usize,
    /// Tiles of a row.
    columns: usize,
    image: *const f32,
    result: *mut f32,
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
    to: *mut f32,
    /// Words from place to place.
    place: usize,
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
        let Tiles { of, first, count, columns, .. } = self.tiles;
        let Winograd { image: [height, width], border, channels, .. } = *of;
        let whole = channels / V::LANES * V::LANES;
        for tile in 0..count {
            let (y, x) = ((first + tile) / columns * 2, (first + tile) % columns * 2);
            let to = self.to.wrapping_add(tile * channels);
            let inside = y >= border && x >= border && y + 4 <= height + border && x + 4 <= width + border;
            let mut channel = 0;
            // Each case by itself: what is loaded under a condition would not stay in registers.
            while inside && channel < whole {
                self.tile::<V, true>([y, x], channel, V::LANES, to);
                channel += V::LANES;
            }
            while channel < channels {
                self.tile::<V, false>([y, x], channel, channels - channel, to);
                channel += V::LANES;
            }
        }
    }
}

impl See<'_> {
    /// `n` channels of the tile whose first pixel is `y`, `x`: all of them in the image, and a whole vector, if `SIMPLE`.
    #[inline(always)]
    fn tile<V: Simd, const SIMPLE: bool>(&self, [y, x]: [usize; 2], channel: usize, n: usize, to: *mut f32) {
        let Winograd { image: [height, width], image_row, border, channels, .. } = *self.tiles.of;
        let mut down = [[V::splat(0.0); 4]; 4];
        for (right, down) in down.iter_mut().enumerate() {
            let mut column = [V::splat(0.0); 4];
            for (below, word) in column.iter_mut().enumerate() {
                let (y, x) = ((y + below).wrapping_sub(border), (x + right).wrapping_sub(border));
                let pixel = self
                    .tiles
                    .image
                    .wrapping_add(y.wrapping_mul(image_row).wrapping_add(x.wrapping_mul(channels)));
                let pixel = pixel.wrapping_add(channel);
                // Where a tile reaches over the last pixel, no result of it that is kept depends on what is seen there.
                // SAFETY: within the image, as the caller of `Winograd::run` promises.
                unsafe {
                    match SIMPLE {
                        true => *word = V::load(pixel),
                        false if y < height && x < width => *word = load(pixel, n),
                        false => {}
                    }
                }
            }
            *down = image_column(column);
        }
        for (y, row) in turned(down).into_iter().enumerate() {
            let across = image_column(row);
            for (x, word) in across.iter().enumerate() {
                let to = to.wrapping_add((4 * y + x) * self.place + channel);
                // SAFETY: the scratch has room for 16 matrices.
                unsafe {
                    match SIMPLE {
                        true => word.store(to),
                        false => store(*word, to, n),
                    }
                }
            }
        }
    }
}

/// `Aᵀ m A` of every tile and of a chunk of filters, to where its pixels lie.
struct Make<'a> {
    tiles: Tiles<'a>,
    /// `[place][tile][CHUNK]`.
    from: *const f32,
    /// Words from place to place.
    place: usize,
    /// The first of the chunk.
    filter: usize,
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
        let Tiles { of, first, count, columns, result: to, .. } = self.tiles;
        let Winograd { result: [height, width], filters, .. } = *of;
        let chunk = CHUNK.min(filters - self.filter);
        let whole = chunk / V::LANES * V::LANES;
        for tile in 0..count {
            let (y, x) = ((first + tile) / columns * 2, (first + tile) % columns * 2);
            let from = self.from.wrapping_add(tile * CHUNK);
            let to = to.wrapping_add((y * width + x) * filters + self.filter);
            let (bottom, right) = (2.min(height - y), 2.min(width - x));
            let mut filter = 0;
            while bottom * right == 4 && filter < whole {
                self.tile::<V, true>(from, filter, to, [2, 2], V::LANES);
                filter += V::LANES;
            }
            while filter < chunk {
                self.tile::<V, false>(from, filter, to, [bottom, right], chunk - filter);
                filter += V::LANES;
            }
        }
    }
}

impl Make<'_> {
    /// `n` filters of a tile, of which so many rows and columns of pixels are wanted: all of them, and a whole vector, if `SIMPLE`.
    #[inline(always)]
    fn tile<V: Simd, const SIMPLE: bool>(
        &self,
        from: *const f32,
        filter: usize,
        to: *mut f32,
        [bottom, right]: [usize; 2],
        n: usize,
    ) {
        let Winograd { result: [_, width], filters, .. } = *self.tiles.of;
        let mut down = [[V::splat(0.0); 2]; 4];
        for (x, down) in down.iter_mut().enumerate() {
            let mut column = [V::splat(0.0); 4];
            for (y, word) in column.iter_mut().enumerate() {
                // SAFETY: the scratch has room for 16 matrices, of whole vectors.
                *word = unsafe { V::load(from.add((4 * y + x) * self.place + filter)) };
            }
            *down = result_column(column);
        }
        for (y, row) in turned(down).into_iter().enumerate() {
            let across = result_column(row);
            for (x, word) in across.iter().enumerate() {
                let to = to.wrapping_add((y * width + x) * filters + filter);
                // SAFETY: within the result, as the caller of `Winograd::run` promises.
                unsafe {
                    match SIMPLE {
                        true => word.store(to),
                        false if y < bottom && x < right => store(*word, to, n),
                        false => {}
                    }
                }
            }
        }
    }
}
