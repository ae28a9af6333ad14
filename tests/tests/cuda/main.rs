//! Models on a GPU, or on the emulator where there is none, beside the same models on the CPU.
//!
//! Every other test of this package runs on a GPU too, if `KERAS_DEVICE=cuda` is set; here is what they do not see.

mod ahead;
mod errors;
mod feeding;
mod losses;
mod metrics;
mod planted;
mod process;
mod training;

use std::sync::OnceLock;

use keras_runtime::device::Device;
use keras_runtime::loss::Loss;
use keras_runtime::metric::Metrics;
use keras_runtime::optim::Optimizer;
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD};

keras_model! {
    Mlp = dense(64, relu, input = 40) >> dropout(0.4) >> dense(32, tanh) >> dense(10, softmax);
    Wide = dense(256, relu, input = 784) >> dense(128, relu) >> dense(16, softmax);
    Deep = conv2d(32, 3, activation = relu, input = [12, 12, 16]) >> conv2d(64, 3, activation = relu) >> flatten()
        >> dense(16, softmax);
    Attended(x: [32, 32]) -> [16] {
        multi_head_attention(x, x, num_heads = 2, key_dim = 16) >> global_average_pooling1d() >> dense(16, softmax)
    }
    Remembered = lstm(32, return_sequences = true, input = [6, 32]) >> gru(32) >> dense(16, softmax);
    Normalized = conv2d(32, 3, padding = same, input = [8, 8, 16]) >> batch_normalization() >> relu >> conv2d(32, 3, padding = same)
        >> layer_normalization() >> global_average_pooling2d() >> dense(16, softmax);
    Looked(words: [u32; 12]) { words >> embedding(64, 32) >> layer_normalization() >> flatten() >> dense(16, softmax) }
    Pooled = conv2d(16, 3, padding = same, input = [9, 8, 8]) >> max_pooling2d(2) >> flatten() >> dense(16, softmax);
    Many = dense(64, relu, input = 64) >> dense(512, softmax);
    Tall = dense(128, relu, input = 64) >> dense(160, relu) >> dense(16, softmax);
    Dropped = dropout(0.5, input = 64) >> dense(1);
    // Attention in tiles, the gradient of whose last kernel tells what part of the weights is kept.
    Kept(x: [256, 1]) {
        (x, x) >> attention(dropout = 0.5) >> flatten() >> dense(1, use_bias = false, kernel_initializer = zeros)
    }
    Pictures = reshape([5, 8, 1], input = 40) >> conv2d(8, 3, padding = same) >> batch_normalization() >> relu
        >> max_pooling2d(2) >> conv2d(20, 2, activation = relu) >> spatial_dropout2d(0.2) >> flatten()
        >> dense(10, softmax, kernel_regularizer = l2(0.01), kernel_constraint = max_norm(2.0));
    Seen = reshape([5, 8, 1], input = 40) >> conv2d(8, 3, activation = tanh) >> conv2d(20, 2, activation = tanh)
        >> flatten() >> dense(10, softmax);
    Steps = reshape([10, 4], input = 40) >> lstm(12, return_sequences = true) >> layer_normalization()
        >> gru(9, dropout = 0.2) >> dense(10, softmax);
    Sigmoids = dense(12, tanh, input = 40) >> dense(10, sigmoid);
    Logits = dense(12, tanh, input = 40) >> dense(10);
    Places = reshape([4, 10], input = 40) >> dense(10, softmax);
    Embedded = dense(6, tanh, input = 40) >> unit_normalization();
    Read = reshape([10, 4], input = 40) >> gru(6, return_sequences = true) >> dense(5);
    Masked = masking(input = [5, 3]) >> gru(4, return_sequences = true) >> dense(2, sigmoid);
    loss Whole(y: [5, 2], p: [5, 2]) { mean(square(y - p)) }
    loss Squares(y: [10], p: [10]) { mean(square(y - p), axis = -1) }
    loss Near(y: [10], p: [10]) {
        let near = softmax(y * p, axis = -1);
        sum(near * near, axis = -1) + mean(log(cosh(p - y)), axis = -1)
    }
    Attending(x: [10, 4]) -> [10] {
        let h = x + multi_head_attention(x, x, num_heads = 2, key_dim = 4);
        h >> group_normalization(4) >> global_average_pooling1d() >> dense(10, softmax)
    }
}

/// A GPU, or the emulator; nothing without NVRTC, where the machine is nobody's that must have it.
fn device() -> Option<Cuda> {
    static DEVICE: OnceLock<Option<Cuda>> = OnceLock::new();
    DEVICE.get_or_init(|| tests::gpu::open().map_err(|reason| println!("skipped: {reason}")).ok()).clone()
}

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array::from_shape_fn((40, 40), |(i, j)| ((i * 37 + j * 11) as f32 * 0.31).sin());
    let y: Vec<u32> = (0..40).map(|i| (i * 7 % 10) as u32).collect();
    (x, to_categorical(&y, 10).unwrap())
}

/// Inputs in the shape that a model wants.
fn inputs<M: Model>(x: Array2<f32>) -> ArrayD<f32> {
    let shape: Vec<usize> = [40].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    x.into_shape_with_order(shape).unwrap()
}

/// Settings of a training that says nothing.
fn quiet(epochs: usize, batch_size: usize) -> Fit<'static> {
    Fit { epochs, batch_size, verbose: Verbose::Silent, ..Fit::default() }
}

/// Trains on [`data`] with these targets; gives the weights and the losses.
fn trained_with<M: Model>(
    device: &dyn Device,
    optimizer: impl Optimizer + 'static,
    loss: Box<dyn Loss>,
    metrics: impl Metrics,
    y: &ArrayD<f32>,
    fit: Fit<'_>,
) -> (Vec<f32>, Vec<f64>) {
    let mut model = M::on(device, 3).unwrap().compile(optimizer, loss, metrics);
    let x = inputs::<M>(data().0);
    let history = model.fit(x.view(), y, fit).unwrap();
    (model.network().params().to_vec(), history.get("loss").unwrap())
}

/// Trains for 21 steps, the last of each epoch with fewer samples; gives the weights and the losses.
fn trained<M: Model>(device: &dyn Device, optimizer: impl Optimizer + 'static) -> (Vec<f32>, Vec<f64>) {
    let y = data().1.into_dyn();
    trained_with::<M>(device, optimizer, Box::new(CategoricalCrossentropy), [Accuracy], &y, quiet(7, 16))
}

fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    close_for("word", found, expected, tolerance);
}

fn close_for(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0f32, |scale, x| scale.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what} {i}: {a} instead of {b}");
    }
}
