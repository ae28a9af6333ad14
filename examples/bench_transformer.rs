//! Training and prediction of a Transformer encoder (4 layers, width 256, 8 heads) on 128 and on 1,024 tokens, as lines of
//! JSON. `keras-runtime/benches/README.md` says how to use it.

use std::time::Instant;

use examples::{line, threads};
use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    block encoder() |x| {
        let a = (x, x) >> multi_head_attention(8, 32);
        let x = x + a >> layer_normalization();
        let h = x >> dense(512, relu) >> dense(256);
        x + h >> layer_normalization()
    }

    pub Short(x: [u32; 128]) {
        let h = x >> embedding(1000, 256) >> encoder() >> encoder() >> encoder() >> encoder();
        h >> global_average_pooling1d() >> dense(10, softmax)
    }

    pub Long(x: [u32; 1024]) {
        let h = x >> embedding(1000, 256) >> encoder() >> encoder() >> encoder() >> encoder();
        h >> global_average_pooling1d() >> dense(10, softmax)
    }
}

/// The least time of `repeats` runs, in seconds.
fn least(repeats: usize, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..repeats {
        let start = Instant::now();
        run()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

/// Training and prediction of `model`, `batch` sequences of `tokens` at a time.
fn measure<M: Model>(model: M, tokens: usize, batch: usize, threads: usize) -> Result<()> {
    let repeats = std::env::var("BENCH_REPEATS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let x = Array2::from_shape_fn((batch, tokens), |(i, t)| ((i * 31 + t * 7) % 1000) as u32);
    let labels: Vec<u8> = (0..batch).map(|i| (i % 10) as u8).collect();
    let y = to_categorical(&labels, 10)?;
    let mut model = model.compile(Sgd::default(), CategoricalCrossentropy, ());
    model.train_on_batch(&x, &y)?;
    let train = least(repeats, || model.train_on_batch(&x, &y).map(drop))?;
    let infer = least(repeats, || model.predict(&x).map(drop))?;
    for (metric, value, unit) in [
        ("train", batch as f64 / train, "sequences/s"),
        ("infer", batch as f64 / infer, "sequences/s"),
        ("train, memory", (4 * M::SPEC.train.arena_words) as f64 / 1e6, "MB a sequence"),
        ("infer, memory", (4 * M::SPEC.infer.arena_words) as f64 / 1e6, "MB a sequence"),
    ] {
        line(&format!("transformer {tokens}"), metric, value, unit, threads, &[]);
    }
    Ok(())
}

fn main() -> Result<()> {
    let threads = threads(2);
    let device = Cpu::threads(threads);
    measure(Short::on(&device, 1)?, 128, 16, threads)?;
    measure(Long::on(&device, 1)?, 1024, 2, threads)
}
