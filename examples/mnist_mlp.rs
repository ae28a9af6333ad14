//! The network of the Keras overview learns handwritten digits.
//!
//!     cargo run --release --example mnist_mlp
//!
//! Options: `--epochs 30`, `--seed 42`, `--threads 2`, `--plot history.svg`, `--save weights.safetensors`.

use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    /// The classifier of the Keras overview.
    pub Mnist = dense(256, relu, input = 784) >> dropout(0.4)
             >> dense(128, relu) >> dropout(0.3)
             >> dense(10, softmax)
}

/// Images as rows of 784 numbers in [0, 1].
fn rows(images: &ndarray::Array3<u8>) -> Array2<f32> {
    let pixels = images.iter().map(|pixel| f32::from(*pixel) / 255.0);
    Array2::from_shape_vec((images.dim().0, 784), pixels.collect()).expect("28 x 28 pixels")
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
    let (x_train, x_test) = (rows(&mnist.x_train), rows(&mnist.x_test));
    let (y_train, y_test) = (to_categorical(&mnist.y_train, 10)?, to_categorical(&mnist.y_test, 10)?);

    let device = number("--threads").map_or(Cpu::default(), Cpu::threads);
    let seed = number("--seed").unwrap_or(42) as u64;
    let model = Mnist::on(&device, seed)?;
    println!("{}\n", model.summary());

    let mut model = model.compile(RmsProp::default(), CategoricalCrossentropy, [Accuracy]);
    let epochs = number("--epochs").unwrap_or(30);
    let settings = Fit { epochs, batch_size: 128, validation_split: 0.2, ..Fit::default() };
    let history = model.fit(&x_train, &y_train, settings)?;
    if let Some(path) = option("--plot") {
        history.plot(&path)?;
        println!("history drawn to {path}");
    }

    println!("\ntest {}", model.evaluate(&x_test, &y_test)?);
    let classes = model.predict_classes(&x_test)?;
    println!("first hundred predicted digits:");
    for row in classes[..100].chunks(25) {
        println!("  {}", row.iter().map(usize::to_string).collect::<Vec<_>>().join(" "));
    }
    if let Some(path) = option("--save") {
        model.save_weights(&path)?;
        println!("weights saved to {path}");
    }
    Ok(())
}
