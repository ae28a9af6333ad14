//! Networks whose weights follow a formula, held to Keras.

use keras_runtime::compiled::WeightSpec;
use keras_runtime::prelude::*;
use ndarray::{Array4, ArrayD, IxDyn};

use crate::fixture::{Fixture, assert_close};

/// `value` of `fixtures/applications.py`.
fn value(name: &str, shape: &[usize]) -> ArrayD<f32> {
    let phase = f64::from(name.bytes().map(u32::from).sum::<u32>() % 1000);
    let count: usize = shape.iter().product();
    let wave = (0..count).map(|i| (i as f64 * 0.7 + phase).sin());
    let part = name.rsplit('/').next().expect("there is one");
    let wave: Vec<f32> = match part {
        "gamma" | "moving_variance" => wave.map(|x| (1.0 + 0.3 * x) as f32).collect(),
        "beta" | "bias" | "moving_mean" => wave.map(|x| (0.1 * x) as f32).collect(),
        _ => {
            let fan = if part == "depthwise_kernel" { &shape[..2] } else { &shape[..shape.len() - 1] };
            let scale = (3.0 / fan.iter().product::<usize>() as f64).sqrt();
            wave.map(|x| (x * scale) as f32).collect()
        }
    };
    ArrayD::from_shape_vec(IxDyn(shape), wave).expect("as many as the shape says")
}

/// Keras's name: without the block's own, joined by `_`.
fn keras_name(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    let [_, layer @ .., weight] = &parts[..] else { panic!("{name} has no layer") };
    let layer = layer.join("_");
    let depthwise =
        *weight == "kernel" && ["_dw_", "dwconv", "depthwise"].iter().any(|part| layer.contains(part));
    // Layers without a name.
    let layer = match layer.as_str() {
        "block2_conv" => "conv2d",
        "block3_conv" => "conv2d_1",
        "block4_conv" => "conv2d_2",
        "block13_conv" => "conv2d_3",
        "block2_bn" => "batch_normalization",
        "block3_bn" => "batch_normalization_1",
        "block4_bn" => "batch_normalization_2",
        "block13_bn" => "batch_normalization_3",
        layer => layer,
    };
    format!("{layer}/{}", if depthwise { "depthwise_kernel" } else { weight })
}

pub fn check<M: Model>(mut model: M, name: &str, size: usize) -> Result<()> {
    // Those of `normalization` stay 0 and 1.
    let own = |weight: &&WeightSpec| !weight.name.contains("/normalization/");
    for weight in M::SPEC.weights.iter().filter(own) {
        model.set_weight(weight.name, &value(&keras_name(weight.name), weight.shape))?;
    }
    let x = Array4::from_shape_fn((2, size, size, 3), |(n, i, j, c)| {
        ((((n * size + i) * size + j) * 3 + c) as f64 * 0.013).sin() as f32
    });
    assert_close(name, &model.predict(&x)?, Fixture::load("applications").get(name), 1e-4);
    Ok(())
}
