//! What a GPU makes of a training step: its rate as one graph, its share of the multiply-add peak, and the time of each kernel.
//!
//! `cargo run --release -p examples --features cuda --example bench_gpu [steps]`, part of `.ci/gpu`. Of no steps: the
//! GPU and its peak alone.

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

const BATCH: usize = 128;

fn data<M: Model>() -> Result<(ArrayD<f32>, ArrayD<f32>)> {
    let shape: Vec<usize> = [BATCH].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    let len: usize = shape.iter().product();
    let x = Array::from_shape_fn(len, |i| (i as f32 * 0.37).sin())
        .into_shape_with_order(shape)
        .expect("as many words");
    let y: Vec<u32> = (0..BATCH as u32).map(|i| i % 10).collect();
    Ok((x, to_categorical(&y, 10)?.into_dyn()))
}

/// Seconds of a step, the best of three runs of `steps`.
fn measure<M: Model>(gpu: &Cuda, steps: usize) -> Result<f64> {
    let (x, y) = data::<M>()?;
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

fn report<M: Model>(gpu: &Cuda, peak: f64, steps: usize) -> Result<()> {
    println!("\n{}, batches of {BATCH}", M::SPEC.name);
    for precision in [Precision::Float32, Precision::Tf32, Precision::Bf16] {
        let seconds = measure::<M>(&gpu.clone().precision(precision), steps)?;
        let rate = (M::SPEC.train.flops * BATCH) as f64 / seconds;
        println!(
            "  {precision:?}: {:.3} ms a step, {:.0} samples/s, {:.1} GFLOP/s in products, {:.1} % of the multiply-add peak",
            seconds * 1e3,
            BATCH as f64 / seconds,
            rate / 1e9,
            100.0 * rate / peak
        );
    }
    let timed = gpu.clone().timed();
    measure::<M>(&timed, steps)?;
    let timings = timed.timings();
    let all: f64 = timings.iter().map(|timing| timing.seconds).sum();
    println!("  kernel by kernel, with 32-bit numbers:");
    for timing in timings.iter().take(16) {
        println!(
            "    {:24} {:6} launches {:10.2} us each {:5.1} %",
            timing.kernel,
            timing.launches,
            1e6 * timing.seconds / timing.launches as f64,
            100.0 * timing.seconds / all
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    let steps = std::env::args().nth(1).and_then(|steps| steps.parse().ok()).unwrap_or(100);
    let gpu = Cuda::new(0)?;
    let peak = gpu.peak()?;
    println!("{gpu}; 32-bit multiply-adds alone: {:.0} GFLOP/s", peak / 1e9);
    if steps == 0 {
        return Ok(());
    }
    report::<Overview>(&gpu, peak, steps)?;
    report::<Pictures>(&Cuda::new(0)?, peak, steps)?;
    report::<Characters>(&Cuda::new(0)?, peak, steps)
}
