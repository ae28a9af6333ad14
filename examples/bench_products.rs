//! Products of matrices alone, as lines of JSON: `C = A B` of matrices that lie row by row, as a BLAS has them, and of a `B` that
//! lies in panels already, as weights do.
//!
//!     cargo run --release --example bench_products -- GEMM1
//!
//! `GEMM1` runs on one thread, `GEMM2` on `BENCH_THREADS` (2) of rayon's threads. A shape is `M x N x K`; each measurement takes a
//! quarter of `BENCH_SECONDS`.

use std::convert::Infallible;

use examples::{line, peak, seconds, threads, times_within};
use keras_runtime::device::cpu::gemm::{Left, Target, gemm, panels_len};
use keras_runtime::device::cpu::product::{Operand, product};
use keras_runtime::device::cpu::simd::Isa;
use keras_runtime::device::cpu::split;

/// Layers and larger, narrow results, few rows: `gemm_blas.py` has the same.
const SHAPES: [(usize, usize, usize); 13] = [
    (128, 256, 784),
    (1024, 1024, 1024),
    (2048, 2048, 2048),
    (1024, 1, 1024),
    (1024, 2, 1024),
    (1024, 4, 1024),
    (1024, 8, 1024),
    (1024, 16, 1024),
    (1, 1024, 1024),
    (2, 1024, 1024),
    (4, 1024, 1024),
    (8, 1024, 1024),
    (16, 1024, 1024),
];

/// Rows that are divided among threads together.
const ROWS: usize = 12;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "GEMM1".into());
    let threads = if name == "GEMM1" { 1 } else { threads(2) };
    let isa = Isa::detect();
    line(&name, "fma peak", peak(1), "GFLOP/s", 1, &[]);
    for (m, n, k) in SHAPES {
        let value = |i: usize| (i * 31 % 23) as f32 / 11.0 - 1.0;
        let a: Vec<f32> = (0..m * k).map(value).collect();
        let b: Vec<f32> = (0..k * n).map(value).collect();
        let panels = vec![0.25f32; panels_len(k, n)];
        let mut c = vec![0.0f32; m * n];
        let mut show = |metric: &str, run: &mut dyn FnMut(&mut [f32])| {
            let Ok(times) = times_within::<Infallible>(seconds() / 4.0, 3, 5, || {
                run(&mut c);
                Ok(())
            });
            let rate = 2.0 * (m * n * k) as f64 / times[times.len() / 2] / 1e9;
            let best = 2.0 * (m * n * k) as f64 / times[0] / 1e9;
            line(&name, metric, rate, "GFLOP/s", threads, &[("best", best)]);
        };
        let shape = format!("{m} x {n} x {k}");
        show(&shape, &mut |c| {
            let (a, b) = (Operand::row_major(&a, m, k), Operand::row_major(&b, k, n));
            product(isa, threads, a, b, c, false);
        });
        show(&format!("{shape}, B in panels"), &mut |c| {
            let (rows, columns) = ([(m, k)], [(k, 1)]);
            let to = split::Shared(c.as_mut_ptr());
            let threads = if 2 * m * n * k < 1_000_000 { 1 } else { threads };
            split::ranges(m, ROWS, threads, &|own| {
                let left = Left { first: own.start, ..Left::new(a.as_ptr(), &rows, &columns) };
                let target = Target::row_major(to.get().wrapping_add(own.start * n), n, n);
                // SAFETY: the operands have these sizes, and each thread has rows of its own.
                unsafe { gemm(isa, own.len(), k, left, panels.as_ptr(), target, false) };
            });
        });
    }
}
