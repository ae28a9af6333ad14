//! The latency of a prediction for one sample on one thread, as lines of JSON.
//! `keras-runtime/benches/README.md` says how to use it.

use std::hint::black_box;

use examples::{line, times};
use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    Mnist = dense(256, relu, input = 784) >> dense(128, relu) >> dense(10, softmax)
}

fn main() -> Result<()> {
    let mnist = datasets::mnist()?;
    let pixels = mnist.x_test.iter().take(784).map(|pixel| f32::from(*pixel) / 255.0);
    let x = Array2::from_shape_vec((1, 784), pixels.collect()).expect("an image");
    let mut model = Mnist::on(&Cpu::threads(1), 1)?;
    if let Some(folder) = std::env::var_os("PEERS_DATA") {
        model.load_weights(std::path::Path::new(&folder).join("mlp.safetensors"))?;
    }
    let mut p = [0.0; 10];
    let seconds = times(200, 100, || {
        model.predict_into(&x, &mut p)?;
        black_box(&p);
        Result::Ok(())
    })?;
    let check = [("check", p[0].into())];
    line("W4a", "p50 latency", seconds[seconds.len() / 2] * 1e6, "us", 1, &check);
    line("W4a", "p99 latency", seconds[seconds.len() * 99 / 100] * 1e6, "us", 1, &check);

    // What no prediction can be faster than: every weight passes through a register once.
    let weights: Vec<f32> = vec![0.5; 235_146];
    let seconds = times(200, 100, || {
        let mut sums = [0.0f32; 64];
        for chunk in black_box(&weights).chunks_exact(64) {
            sums.iter_mut().zip(chunk).for_each(|(sum, w)| *sum += w);
        }
        black_box(sums);
        Result::Ok(())
    })?;
    line("W4a", "weights read once", seconds[seconds.len() / 2] * 1e6, "us", 1, &[]);
    Ok(())
}
