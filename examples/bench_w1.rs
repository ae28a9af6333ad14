//! The time of a training epoch of the Keras overview's network, as one line of JSON: 48,000 samples in batches of 128,
//! the mean of three epochs after a warm one. `keras-runtime/benches/README.md` says how to use it.

use examples::{line, peak, threads};
use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    Mnist = dense(256, relu, input = 784) >> dropout(0.4) >> dense(128, relu) >> dropout(0.3) >> dense(10, softmax)
}

fn main() -> Result<()> {
    let threads = threads(2);
    let mnist = datasets::mnist()?;
    let pixels = mnist.x_train.iter().take(48_000 * 784).map(|pixel| f32::from(*pixel) / 255.0);
    let x = Array2::from_shape_vec((48_000, 784), pixels.collect()).expect("48,000 images");
    let y = to_categorical(&mnist.y_train.as_slice().expect("in order")[..48_000], 10)?;

    let model = Mnist::on(&Cpu::threads(threads), 1)?;
    let mut model = model.compile(RmsProp::default(), CategoricalCrossentropy, [Accuracy]);
    let settings = Fit { epochs: 4, batch_size: 128, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    let seconds = history.seconds()[1..].iter().sum::<f64>() / 3.0;
    line("W1", "train", seconds, "s/epoch", threads, &[]);
    line("W1", "fma peak", peak(threads), "GFLOP/s", threads, &[]);
    Ok(())
}
