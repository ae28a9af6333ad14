//! The time of a training step of the convolutional network of Keras's `mnist_cnn` at batch 128, as lines of JSON, and its
//! share of what products cannot exceed. `keras-runtime/benches/README.md` says how to use it.

use std::time::Instant;

use keras_runtime::device::cpu::simd::{Isa, peak};
use keras_runtime::prelude::*;
use ndarray::Array4;

keras_model! {
    Mnist = conv2d(32, 3, activation = relu, input = [28, 28, 1]) >> conv2d(64, 3, activation = relu)
         >> max_pooling2d(2) >> dropout(0.25) >> flatten()
         >> dense(128, relu) >> dropout(0.5) >> dense(10, softmax)
}

const BATCH: usize = 128;
const IMAGES: usize = 40 * BATCH;

fn main() -> Result<()> {
    let threads = std::env::var("BENCH_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let mnist = datasets::mnist()?;
    let pixels = mnist.x_train.iter().take(IMAGES * 784).map(|pixel| f32::from(*pixel) / 255.0);
    let x = Array4::from_shape_vec((IMAGES, 28, 28, 1), pixels.collect()).expect("as many images");
    let y = to_categorical(&mnist.y_train.as_slice().expect("in order")[..IMAGES], 10)?;

    // Multiplies and adds on registers alone: what products cannot exceed.
    let isa = Isa::detect();
    let peak = |best: f64, _| {
        let start = Instant::now();
        let flops = peak(isa, 1_000_000);
        best.max(flops as f64 / start.elapsed().as_secs_f64() / 1e3)
    };
    let peak = (0..20).fold(0.0, peak);

    let model = Mnist::on(&Cpu::threads(threads), 1)?;
    let flops = Mnist::SPEC.train.flops as f64 / 1e9;
    let mut model = model.compile(Adam::default(), CategoricalCrossentropy, [Accuracy]);
    let settings = Fit { epochs: 4, batch_size: BATCH, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    let seconds = history.seconds()[1..].iter().copied().fold(f64::INFINITY, f64::min);
    let rate = IMAGES as f64 / seconds;
    let start = Instant::now();
    model.predict(&x)?;
    let predicted = IMAGES as f64 / start.elapsed().as_secs_f64();
    let line = |metric: &str, value: f64, unit: &str| {
        println!(
            r#"{{"peer":"ours","workload":"mnist_cnn","metric":"{metric}","value":{value:.1},"unit":"{unit}","threads":{threads},"version":"{}"}}"#,
            env!("CARGO_PKG_VERSION")
        );
    };
    line("train, batch 128", rate, "images/s");
    line("predict", predicted, "images/s");
    line("fma peak of one thread", peak, "GFLOP/s");
    line("train, share of the peak", 100.0 * rate * flops / (peak * threads as f64), "%");
    Ok(())
}
