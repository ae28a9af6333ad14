//! Tiles of images and of results, to and from the places that are multiplied.

use std::ops::Range;

use super::{CHUNK, Winograd};
use crate::device::cpu::gemm::PANEL;
use crate::device::cpu::simd::{Kernel, Simd};

// No closures on vectors: what is not inlined loses the instructions of its instruction set.

/// Columns as rows.
#[inline(always)]
pub(super) fn turned<V: Simd, const M: usize, const N: usize>(columns: [[V; N]; M]) -> [[V; M]; N] {
    let mut rows = [[V::splat(0.0); M]; N];
    for (x, column) in columns.iter().enumerate() {
        for (y, word) in column.iter().enumerate() {
            rows[y][x] = *word;
        }
    }
    rows
}

/// Tiles of a sample.
#[derive(Clone, Copy)]
pub(super) struct Tiles<'a> {
    pub(super) of: &'a Winograd,
    pub(super) first: usize,
    pub(super) count: usize,
    /// Tiles of a row.
    pub(super) columns: usize,
    pub(super) image: *const f32,
    pub(super) result: *mut f32,
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
pub(super) struct See<'a> {
    pub(super) tiles: Tiles<'a>,
    pub(super) to: *mut f32,
    /// Words from place to place.
    pub(super) place: usize,
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
pub(super) struct Make<'a> {
    pub(super) tiles: Tiles<'a>,
    /// `[place][tile][CHUNK]`.
    pub(super) from: *const f32,
    /// Words from place to place.
    pub(super) place: usize,
    /// The first of the chunk.
    pub(super) filter: usize,
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

/// `A d Aᵀ` of every tile of a gradient, each place in panels of the filters from `filter` on: `[place][panel][tile][16]`.
pub(super) struct Spread<'a> {
    pub(super) tiles: Tiles<'a>,
    /// Where the first tile's words of the first place and panel go.
    pub(super) to: *mut f32,
    /// Words from place to place.
    pub(super) place: usize,
    /// Words from panel to panel.
    pub(super) panel: usize,
    /// Filters: whole panels.
    pub(super) filters: Range<usize>,
}

/// `A` times a column.
#[inline(always)]
fn gradient_column<V: Simd>([a, b]: [V; 2]) -> [V; 4] {
    [a, a + b, a - b, -b]
}

impl Kernel for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Tiles { of, first, count, columns, result, .. } = self.tiles;
        let Winograd { result: [height, width], filters, .. } = *of;
        for tile in 0..count {
            let (y, x) = ((first + tile) / columns * 2, (first + tile) % columns * 2);
            let from = result.cast_const().wrapping_add((y * width + x) * filters);
            let (bottom, right) = (2.min(height - y), 2.min(width - x));
            for (panel, first) in self.filters.clone().step_by(PANEL).enumerate() {
                let to = self.to.wrapping_add(panel * self.panel + tile * PANEL);
                let mut lane = 0;
                while lane < PANEL {
                    let mut down = [[V::splat(0.0); 4]; 2];
                    for (x, down) in down.iter_mut().enumerate() {
                        let mut column = [V::splat(0.0); 2];
                        for (y, word) in column.iter_mut().enumerate() {
                            if y < bottom && x < right {
                                let at = (y * width + x) * filters + first + lane;
                                // SAFETY: within the gradient, whose filters fill panels.
                                *word = unsafe { V::load(from.wrapping_add(at)) };
                            }
                        }
                        *down = gradient_column(column);
                    }
                    for (y, row) in turned(down).into_iter().enumerate() {
                        let across = gradient_column(row);
                        for (x, word) in across.iter().enumerate() {
                            // SAFETY: the scratch has room for 16 matrices.
                            unsafe { word.store(to.add((4 * y + x) * self.place + lane)) };
                        }
                    }
                    lane += V::LANES;
                }
            }
        }
    }
}
