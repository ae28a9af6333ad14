//! A fresh process classifies one handwritten digit: model, weights and picture are inside of the program.
//!
//!     cargo run --release --example classify
//!     cargo run --release --example classify -- weights.safetensors     # with weights from the disk
//!
//! The weights are those of `cargo run --release --example mnist_mlp -- --save examples/data/mnist_mlp.safetensors`
//! after its thirty epochs; `examples/data/seven.raw` is the first picture of the test set, 28 x 28 grey values.
//! `keras-runtime/benches/start/run.sh` measures size, time and memory of this program.

use keras_runtime::prelude::*;

keras_model! {
    /// The classifier of the Keras overview.
    pub Mnist = dense(256, relu, input = 784) >> dropout(0.4)
             >> dense(128, relu) >> dropout(0.3)
             >> dense(10, softmax)
}

static WEIGHTS: &[u8] = include_bytes!("data/mnist_mlp.safetensors");
static PICTURE: &[u8; 784] = include_bytes!("data/seven.raw");

fn main() -> Result<()> {
    let mut model = match std::env::args_os().nth(1) {
        Some(path) => Mnist::from_weights_file(path)?,
        None => Mnist::from_weights(WEIGHTS)?,
    };
    let mut probabilities = [0.0; 10];
    let pixels = PICTURE.map(|pixel| f32::from(pixel) / 255.0);
    model.predict_into(&[pixels], &mut probabilities)?;
    let likely = (0..10).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    let digit = likely.expect("there are ten");
    println!("{digit}, with probability {:.4}", probabilities[digit]);
    Ok(())
}
