//! Matrices into panels of 16 columns, as [`gemm`](super::gemm) reads its right operand.

use std::ops::Range;

use super::gemm::PANEL;
use super::pass::{Pass, record, unique};
use super::split;
use crate::compiled::Buf;

/// Elements below which packing is not divided among threads.
const SERIAL_BELOW: usize = 1 << 16;

/// Panels that are packed side by side: long enough runs of a row for the processor to fetch the next ones, few enough places to write to.
const BESIDE: usize = 4;

/// Packs panels `panels` of the matrix `[k, n]` whose element `(i, j)` is word `i * rows + j * columns` of `from`, each to its place from
/// `to` on, where panel 0 lies.
///
/// # Safety
/// `from` holds the matrix, and `to` has room for the panels.
pub unsafe fn pack_panels(
    k: usize,
    n: usize,
    from: *const f32,
    (rows, columns): (usize, usize),
    panels: Range<usize>,
    to: *mut f32,
) {
    let mut next = panels.start;
    // SAFETY: within the matrix and the panels.
    unsafe {
        if columns == 1 {
            let apart = k * PANEL;
            while next + BESIDE <= panels.end.min(n / PANEL) {
                let (mut from, mut to) = (from.add(next * PANEL), to.add(next * apart));
                for _ in 0..k {
                    for panel in 0..BESIDE {
                        std::ptr::copy_nonoverlapping(from.add(panel * PANEL), to.add(panel * apart), PANEL);
                    }
                    (from, to) = (from.wrapping_add(rows), to.add(PANEL));
                }
                next += BESIDE;
            }
        }
        for panel in next..panels.end {
            pack_panel(k, n, from, (rows, columns), panel, to.add(panel * k * PANEL));
        }
    }
}

/// Packs one panel, to `to`, which has room for `k * 16` words.
unsafe fn pack_panel(
    k: usize,
    n: usize,
    from: *const f32,
    (rows, columns): (usize, usize),
    panel: usize,
    to: *mut f32,
) {
    let j0 = panel * PANEL;
    let width = PANEL.min(n - j0);
    // SAFETY: within the matrix and the panel.
    unsafe {
        let from = from.add(j0 * columns);
        for i in 0..k {
            let (from, to) = (from.add(i * rows), to.add(i * PANEL));
            if columns == 1 && width == PANEL {
                std::ptr::copy_nonoverlapping(from, to, PANEL);
                continue;
            }
            for j in 0..PANEL {
                *to.add(j) = if j < width { *from.add(j * columns) } else { 0.0 };
            }
        }
    }
}

impl Pass<'_> {
    /// The matrix `[k, n]` whose element `(i, j)` is word `i * rows + j * columns` of `from`, in panels, to `to`.
    pub fn pack(&mut self, from: Buf, rows: usize, columns: usize, k: usize, n: usize, to: Buf) {
        record!(self, Kernel::Pack { from, strides: (rows, columns), k, n, to });
        self.packed = unique();
        let (from, to) = (split::Shared(self.ptr(from)), split::Shared(self.ptr(to)));
        let threads = if k * n < SERIAL_BELOW { 1 } else { self.threads };
        split::ranges(n.div_ceil(PANEL), 1, threads, &|panels| {
            // SAFETY: `from` holds the matrix; each panel is written by one thread.
            unsafe { pack_panels(k, n, from.get(), (rows, columns), panels, to.get()) };
        });
    }

    /// The transpose of `from`, which is a matrix `[k, n]` in panels, in panels to `to`.
    pub fn pack_transposed(&mut self, from: Buf, k: usize, n: usize, to: Buf) {
        record!(self, Kernel::PackTransposed { from, k, n, to });
        self.packed = unique();
        let (from, to) = (split::Shared(self.ptr(from)), split::Shared(self.ptr(to)));
        let threads = if k * n < SERIAL_BELOW { 1 } else { self.threads };
        split::ranges(k.div_ceil(PANEL), 1, threads, &|panels| {
            for panel in panels {
                // SAFETY: both are matrices in panels; each panel of the transpose is written by one thread.
                unsafe { transpose_panel(k, n, from.get(), panel, to.get().add(panel * n * PANEL)) };
            }
        });
    }
}

/// Panel `panel` of the transpose: 16 rows of the source, as columns.
unsafe fn transpose_panel(k: usize, n: usize, from: *const f32, panel: usize, to: *mut f32) {
    let i0 = panel * PANEL;
    let width = PANEL.min(k - i0);
    for j in 0..n {
        // SAFETY: column j of the source lies at lane j % 16 of its panel's rows.
        unsafe {
            let from = from.add(j / PANEL * k * PANEL + i0 * PANEL + j % PANEL);
            let to = to.add(j * PANEL);
            for i in 0..PANEL {
                *to.add(i) = if i < width { *from.add(i * PANEL) } else { 0.0 };
            }
        }
    }
}
