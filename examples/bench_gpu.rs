//! What a GPU makes of a training step: its rate as one graph, its share of what the GPU can do, and the time of each kernel.
//!
//! `cargo run --release -p examples --features cuda --example bench_gpu [steps [samples]]`, part of `.ci/gpu`. Of no steps: the
//! GPU and its peaks alone. Samples are those of a batch; an emulator is done with few of them.

use std::time::Instant;

use keras_runtime::device::cuda::Precision;
use keras_runtime::prelude::*;
use ndarray::{Array, ArrayD};

keras_model! {
    Overview = dense(256, relu, input = 784) >> dropout(0.4) >> dense(128, relu) >> dropout(0.3) >> dense(10, softmax);
    Pictures = conv2d(32, 3, activation = relu, input = [28, 28, 1]) >> conv2d(64, 3, activation = relu) >> max_pooling2d(2) >> dropout(0.25)
        >> flatten() >> dense(128, relu) >> dropout(0.5) >> dense(10, softmax);
    Characters = lstm(128, input = [40, 57]) >> dense(10, softmax);
}

/// What products may be computed with.
const PRECISIONS: [Precision; 3] = [Precision::Float32, Precision::Tf32, Precision::Bf16];

/// A GPU, what it can do with each precision, and how much it is given to do.
struct Bench {
    gpu: Cuda,
    peaks: [f64; 3],
    steps: usize,
    batch: usize,
}

fn data<M: Model>(batch: usize) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
    let shape: Vec<usize> = [batch].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    let len: usize = shape.iter().product();
    let x = Array::from_shape_fn(len, |i| (i as f32 * 0.37).sin())
        .into_shape_with_order(shape)
        .expect("as many words");
    let y: Vec<u32> = (0..batch as u32).map(|i| i % 10).collect();
    Ok((x, to_categorical(&y, 10)?.into_dyn()))
}

/// Seconds of a step, the best of three runs of `steps`.
fn measure<M: Model>(gpu: &Cuda, steps: usize, batch: usize) -> Result<f64> {
    let (x, y) = data::<M>(batch)?;
    let mut model = M::on(gpu, 1)?.compile(Adam::default(), CategoricalCrossentropy, ());
    model.train_on_batch(&x, &y)?;
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        for _ in 0..steps {
            model.train_on_batch(&x, &y)?;
        }
        best = best.min(start.elapsed().as_secs_f64() / steps as f64);
    }
    Ok(best)
}

fn report<M: Model>(bench: &Bench) -> Result<()> {
    let Bench { gpu, peaks, steps, batch } = bench;
    println!("\n{}, batches of {batch}", M::SPEC.name);
    for (precision, peak) in PRECISIONS.into_iter().zip(peaks) {
        let seconds = measure::<M>(&gpu.clone().precision(precision), *steps, *batch)?;
        let rate = (M::SPEC.train.flops * batch) as f64 / seconds;
        println!(
            "  {precision:?}: {:.3} ms a step, {:.0} samples/s, {:.1} GFLOP/s in products, {:.1} % of the peak",
            seconds * 1e3,
            *batch as f64 / seconds,
            rate / 1e9,
            100.0 * rate / peak
        );
    }
    for precision in PRECISIONS {
        // A handle of its own, whose times are those of this model and precision.
        let timed = Cuda::new(0)?.precision(precision).timed();
        measure::<M>(&timed, *steps, *batch)?;
        let timings = timed.timings();
        let all: f64 = timings.iter().map(|timing| timing.seconds).sum();
        println!("  kernel by kernel, {precision:?}:");
        for timing in timings.iter().take(16) {
            println!(
                "    {:24} {:6} launches {:10.2} us each {:5.1} %",
                timing.kernel,
                timing.launches,
                1e6 * timing.seconds / timing.launches as f64,
                100.0 * timing.seconds / all
            );
        }
    }
    Ok(())
}

/// Argument `i`, if it is there; an error of a user, if it is no number.
fn argument(i: usize, otherwise: usize) -> usize {
    match std::env::args().nth(i) {
        None => otherwise,
        Some(text) => text.parse().unwrap_or_else(|_| {
            eprintln!("`{text}` is no number: bench_gpu [steps [samples of a batch]]");
            std::process::exit(2)
        }),
    }
}

fn main() {
    if let Err(error) = run() {
        // For people, who need the remedy.
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let (steps, batch) = (argument(1, 100), argument(2, 128).max(1));
    let gpu = Cuda::new(0)?;
    println!("{gpu}");
    let mut peaks = [0.0; 3];
    for (peak, precision) in peaks.iter_mut().zip(PRECISIONS) {
        *peak = gpu.clone().precision(precision).peak()?;
        let what = if precision == Precision::Float32 { "multiply-adds" } else { "products of tensor cores" };
        println!("  {precision:?}: {:.0} GFLOP/s in {what} alone", *peak / 1e9);
    }
    if steps == 0 {
        return Ok(());
    }
    let bench = Bench { gpu, peaks, steps, batch };
    report::<Overview>(&bench)?;
    report::<Pictures>(&bench)?;
    report::<Characters>(&bench)
}
