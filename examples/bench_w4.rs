//! The latency of a prediction for one sample on one thread, as lines of JSON, and the throughput of batches.
//! `keras-runtime/benches/README.md` says how to use it.

use std::hint::black_box;
use std::time::Instant;

use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    Mnist = dense(256, relu, input = 784) >> dense(128, relu) >> dense(10, softmax)
}

fn line(workload: &str, metric: &str, value: f64, unit: &str, threads: usize, check: f32) {
    println!(
        r#"{{"peer":"ours","workload":"{workload}","metric":"{metric}","value":{value:.3},"unit":"{unit}","threads":{threads},"check":{check:.6}}}"#
    );
}

fn main() -> Result<()> {
    let mnist = datasets::mnist()?;
    let pixels = mnist.x_test.iter().map(|pixel| f32::from(*pixel) / 255.0);
    let x = Array2::from_shape_vec((10_000, 784), pixels.collect()).expect("10,000 images");
    let mut model = Mnist::on(&Cpu::threads(1), 1)?;
    if let Some(folder) = std::env::var_os("PEERS_DATA") {
        model.load_weights(std::path::Path::new(&folder).join("mlp.safetensors"))?;
    }
    let one = x.slice(ndarray::s![..1, ..]);
    let mut p = [0.0; 10];
    let mut times: Vec<f64> = Vec::with_capacity(20_000);
    for _ in 0..20_000 {
        let start = Instant::now();
        model.predict_into(one, &mut p)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
        black_box(&p);
    }
    times.sort_by(f64::total_cmp);
    line("W4-mlp-b1", "p50 latency", times[times.len() / 2], "us", 1, p[0]);
    line("W4-mlp-b1", "p99 latency", times[times.len() * 99 / 100], "us", 1, p[0]);

    // What no prediction can be faster than: every weight passes through a register once.
    let weights: Vec<f32> = vec![0.5; 235_146];
    let mut best: Vec<f64> = Vec::new();
    for _ in 0..5_000 {
        let start = Instant::now();
        let mut sums = [0.0f32; 64];
        for chunk in black_box(&weights).chunks_exact(64) {
            sums.iter_mut().zip(chunk).for_each(|(sum, w)| *sum += w);
        }
        black_box(sums);
        best.push(start.elapsed().as_secs_f64() * 1e6);
    }
    best.sort_by(f64::total_cmp);
    line("W4-mlp-b1", "weights read once", best[best.len() / 2], "us", 1, 0.0);

    let mut model = Mnist::on(&Cpu::threads(2), 1)?;
    for samples in [128, 10_000] {
        let batch = x.slice(ndarray::s![..samples, ..]);
        let mut p = vec![0.0; samples * 10];
        let mut times: Vec<f64> = Vec::new();
        for _ in 0..if samples > 1000 { 30 } else { 1000 } {
            let start = Instant::now();
            model.predict_into(batch, &mut p)?;
            times.push(start.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        let rate = samples as f64 / times[times.len() / 2];
        line(&format!("W4-mlp-b{samples}"), "throughput", rate, "samples/s", 2, p[0]);
    }
    Ok(())
}
