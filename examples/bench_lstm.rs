//! Training of a character model, an LSTM of 128 units over 40 steps of 57 characters, as lines of JSON.
//! `keras-runtime/benches/README.md` says how to use it.

use keras_runtime::device::cpu::simd::{Isa, peak};
use keras_runtime::prelude::*;
use ndarray::Array3;

keras_model! {
    Text = lstm(128, input = [40, 57]) >> dense(57, softmax)
}

/// Sequences of an epoch, in batches of 128.
const COUNT: usize = 2560;

fn main() -> Result<()> {
    let threads = std::env::var("BENCH_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let character = |i: usize, t: usize| (i * 7 + t * 3) % 57;
    let x = Array3::from_shape_fn((COUNT, 40, 57), |(i, t, c)| f32::from(u8::from(c == character(i, t))));
    let next: Vec<u8> = (0..COUNT).map(|i| character(i, 40) as u8).collect();
    let y = to_categorical(&next, 57)?;

    let model = Text::on(&Cpu::threads(threads), 1)?;
    let mut model = model.compile(RmsProp::default(), CategoricalCrossentropy, [Accuracy]);
    let settings = Fit { epochs: 4, batch_size: 128, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    let seconds = history.seconds()[1..].iter().copied().fold(f64::INFINITY, f64::min);
    let rate = COUNT as f64 / seconds;

    let isa = Isa::detect();
    let mut best = f64::INFINITY;
    let mut flops = 0;
    for _ in 0..20 {
        let start = std::time::Instant::now();
        flops = peak(isa, 1_000_000);
        best = best.min(start.elapsed().as_secs_f64());
    }
    let peak = flops as f64 * 1e6 / best;
    let line = |metric: &str, value: f64, unit: &str| {
        println!(
            r#"{{"peer":"ours","workload":"lstm","metric":"{metric}","value":{value:.1},"unit":"{unit}","threads":{threads},"version":"{}"}}"#,
            env!("CARGO_PKG_VERSION")
        );
    };
    line("train, batch 128", rate, "sequences/s");
    let work = Text::SPEC.train.flops as f64;
    line("train, share of the peak", 100.0 * rate * work / (peak * threads as f64), "%");
    Ok(())
}
