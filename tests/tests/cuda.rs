//! Models on a GPU, or on what stands in for one, beside the same models on the CPU.

use ndarray::{Array, Array2};
use keras_runtime::prelude::*;

keras_model! {
    Mlp = dense(64, relu, input = 50) >> dropout(0.4) >> dense(32, tanh) >> dense(10, softmax);
}

fn data(samples: usize, width: usize) -> Array2<f32> {
    Array::from_shape_fn((samples, width), |(i, j)| ((i * 37 + j * 11) as f32 * 0.31).sin())
}

#[test]
fn perceptron() {
    let device = Cuda::new(0).unwrap();
    let x = data(40, 50);
    let y: Vec<u32> = (0..40).map(|i| (i * 7 % 10) as u32).collect();
    let y = to_categorical(&y, 10).unwrap();
    let mut losses = vec![];
    for gpu in [false, true] {
        let model = if gpu { Mlp::on(&device, 3).unwrap() } else { Mlp::new(3) };
        let mut model = model.compile(Adam::default(), CategoricalCrossentropy, [Accuracy]);
        let history = model.fit(&x, &y, Fit { epochs: 3, batch_size: 16, ..Fit::default() }).unwrap();
        losses.push(history.get("loss").unwrap().to_vec());
        println!("{:?}", losses.last());
    }
    for (a, b) in losses[0].iter().zip(&losses[1]) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}
