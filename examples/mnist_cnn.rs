//! The convolutional network of Keras's `mnist_cnn` learns handwritten digits.
//!
//!     cargo run --release --example mnist_cnn
//!
//! Options: `--epochs 12`, `--seed 42`, `--threads 2`, `--plot history.svg`, `--save weights.safetensors`.

use keras_runtime::prelude::*;
use ndarray::{Array3, Array4};

keras_model! {
    /// The convolutional classifier of Keras's examples.
    pub Mnist = conv2d(32, 3, activation = relu, input = [28, 28, 1])
             >> conv2d(64, 3, activation = relu)
             >> max_pooling2d(2) >> dropout(0.25)
             >> flatten()
             >> dense(128, relu) >> dropout(0.5)
             >> dense(10, softmax)
}

/// Images with one channel of numbers in [0, 1].
fn images(images: &Array3<u8>) -> Array4<f32> {
    let (count, height, width) = images.dim();
    let pixels = images.iter().map(|pixel| f32::from(*pixel) / 255.0);
    Array4::from_shape_vec((count, height, width, 1), pixels.collect()).expect("one number a pixel")
}

/// The value after `name` among the program's arguments.
fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

fn number(name: &str) -> Option<usize> {
    option(name).and_then(|value| value.parse().ok())
}

fn main() -> Result<()> {
    let mnist = datasets::mnist()?;
    let (x_train, x_test) = (images(&mnist.x_train), images(&mnist.x_test));
    let (y_train, y_test) = (to_categorical(&mnist.y_train, 10)?, to_categorical(&mnist.y_test, 10)?);

    let device = number("--threads").map_or(Cpu::default(), Cpu::threads);
    let seed = number("--seed").unwrap_or(42) as u64;
    let model = Mnist::on(&device, seed)?;
    println!("{}\n", model.summary());

    let mut model = model.compile(Adam::default(), CategoricalCrossentropy, [Accuracy]);
    let epochs = number("--epochs").unwrap_or(12);
    let settings = Fit { epochs, batch_size: 128, validation_split: 0.1, ..Fit::default() };
    let history = model.fit(&x_train, &y_train, settings)?;
    if let Some(path) = option("--plot") {
        history.plot(&path)?;
        println!("history drawn to {path}");
    }

    println!("\ntest {}", model.evaluate(&x_test, &y_test)?);
    if let Some(path) = option("--save") {
        model.save_weights(&path)?;
        println!("weights saved to {path}");
    }
    Ok(())
}
