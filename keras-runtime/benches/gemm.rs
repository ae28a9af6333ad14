//! Products at the shapes of layers, as shares of the machine's peak in the same run.
//!
//! `cargo bench -p keras-runtime --bench gemm`

use std::hint::black_box;
use std::time::Instant;

use keras_runtime::device::cpu::gemm::{Left, Target, gemm, panels_len};
use keras_runtime::device::cpu::simd::{Isa, peak};
use keras_runtime::device::cpu::split;

/// The least of many runs, in seconds: what the machine can do, whatever else it is doing.
fn least(f: impl FnMut()) -> f64 {
    least_after(|| (), f)
}

/// The same, each run after `before`, which is not counted.
fn least_after(mut before: impl FnMut(), mut f: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut least = f64::INFINITY;
    while begin.elapsed().as_secs_f64() < 0.8 {
        before();
        let start = Instant::now();
        f();
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}

fn main() {
    let isa = Isa::detect();
    let flops = peak(isa, 1) as f64;
    let spin = || {
        black_box(peak(isa, black_box(20_000)));
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let work = flops * 20_000.0 / 1e9;
    let peak = work / least(spin);
    let both = pool.install(|| {
        2.0 * work
            / least(|| {
                rayon::join(spin, spin);
            })
    });
    println!("{isa:?}, peak of one thread {peak:.1} GFLOP/s, of two {both:.1}");
    println!("{:<28}{:>10}{:>16}{:>22}", "product", "1 thread", "2 threads", "1 thread, cold");
    // Reading it leaves nothing else in a second-level cache: operands then come from where a training step finds them.
    let others = vec![1.0f32; 1 << 19];
    let evict = || {
        black_box(black_box(&others).iter().step_by(16).sum::<f32>());
    };
    let shapes = [
        ("X W    128 x 256 x 784", 128, 256, 784, false),
        ("X W    64 x 256 x 784", 64, 256, 784, false),
        ("X W    128 x 128 x 256", 128, 128, 256, false),
        ("X W    128 x 10 x 128", 128, 10, 128, false),
        ("Xt dY  784 x 256 x 128", 784, 256, 128, true),
        ("Xt dY  256 x 128 x 128", 256, 128, 128, true),
        ("dY Wt  128 x 256 x 128", 128, 256, 128, false),
        ("X W    128 x 128 x 9216", 128, 128, 9216, false),
        ("X W    128 x 4 x 128", 128, 4, 128, false),
        ("X W    1024 x 1024 x 1024", 1024, 1024, 1024, false),
        ("Xt dY  1024 x 1024 x 1024", 1024, 1024, 1024, true),
        ("X W    3 x 256 x 784", 3, 256, 784, false),
        ("x W    1 x 256 x 784", 1, 256, 784, false),
    ];
    for (name, m, n, k, transposed) in shapes {
        let (a, b) = (vec![0.5f32; m * k], vec![0.25f32; panels_len(k, n)]);
        let mut c = vec![0.0f32; m * n];
        let (a, b, c) = (a.as_ptr() as usize, b.as_ptr() as usize, c.as_mut_ptr() as usize);
        let run = |rows: std::ops::Range<usize>| {
            let (row, column) = if transposed { (1, m) } else { (k, 1) };
            let (by_row, by_column) = ([(m, row)], [(k, column)]);
            let a = Left { first: rows.start, ..Left::new(a as *const f32, &by_row, &by_column) };
            let c = Target::row_major((c as *mut f32).wrapping_add(rows.start * n), n, n);
            // SAFETY: the operands have these sizes.
            unsafe { gemm(isa, rows.len(), k, a, b as *const f32, c, false) };
        };
        let work = 2.0 * (m * n * k) as f64 / 1e9;
        let one = work / least(|| run(0..m));
        let two = pool.install(|| work / least(|| split::ranges(m, 6, 2, &|rows| run(rows))));
        let cold = work / least_after(evict, || run(0..m));
        let share = |speed: f64, peak: f64| format!("{speed:.1} {:3.0}%", 100.0 * speed / peak);
        let (one, two, cold) = (share(one, peak), share(two, both), share(cold, peak));
        println!("{name:<28}{one:>12}{two:>16}{cold:>16}");
    }
    // The second convolution of Keras's mnist_cnn: windows of 3 x 3 pixels of 32 words, in place.
    let (side, channels, filters) = (26, 32, 64);
    let (m, k) = ((side - 2) * (side - 2), 9 * channels);
    let (a, b) = (vec![0.5f32; side * side * channels], vec![0.25f32; panels_len(k, filters)]);
    let mut c = vec![0.0f32; m * filters.max(k)];
    let rows = [(side - 2, side * channels), (side - 2, channels)];
    let columns = [(3, side * channels), (3 * channels, 1)];
    let work = 2.0 * (m * k * filters) as f64 / 1e9;
    let one = work
        / least(|| {
            let a = Left::new(a.as_ptr(), &rows, &columns);
            // SAFETY: the operands have these sizes.
            unsafe {
                gemm(isa, m, k, a, b.as_ptr(), Target::row_major(c.as_mut_ptr(), filters, filters), false)
            };
        });
    println!("{:<28}{one:>7.1} {:3.0}%", "conv 3 x 3, 32 to 64", 100.0 * one / peak);
    let dy = vec![0.25f32; panels_len(m, filters)];
    let one = work
        / least(|| {
            let a = Left::new(a.as_ptr(), &columns, &rows);
            // SAFETY: the operands have these sizes.
            unsafe {
                gemm(isa, k, m, a, dy.as_ptr(), Target::row_major(c.as_mut_ptr(), filters, filters), false)
            };
        });
    println!("{:<28}{one:>7.1} {:3.0}%", "its gradient by weights", 100.0 * one / peak);
}
