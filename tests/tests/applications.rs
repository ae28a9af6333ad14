//! Well-known networks against Keras: their features for weights by a formula.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::applications::{
    densenet, efficientnet, inception, mobilenet, mobilenet_v3, resnet, vgg, xception,
};
use keras_runtime::compiled::WeightSpec;
use keras_runtime::prelude::*;
use ndarray::{Array4, ArrayD, IxDyn};

keras_model! {
    Vgg16 = input([32, 32, 3]) >> vgg::vgg16(include_top = false, pooling = avg);
    ResNet50 = input([64, 64, 3]) >> resnet::resnet50(include_top = false, pooling = avg);
    ResNet50V2 = input([64, 64, 3]) >> resnet::resnet50v2(include_top = false, pooling = avg);
    DenseNet121 = input([32, 32, 3]) >> densenet::densenet121(include_top = false, pooling = avg);
    MobileNet = input([32, 32, 3]) >> mobilenet::mobilenet(include_top = false, pooling = avg);
    MobileNetV2 = input([32, 32, 3]) >> mobilenet::mobilenet_v2(include_top = false, pooling = avg);
    Xception = input([71, 71, 3]) >> xception::xception(include_top = false, pooling = avg);
    InceptionV3 = input([75, 75, 3]) >> inception::inception_v3(include_top = false, pooling = avg);
    MobileNetV3 = input([32, 32, 3]) >> mobilenet_v3::mobilenet_v3_small(include_top = false, pooling = avg);
    EfficientNet = input([32, 32, 3]) >> efficientnet::efficientnet_b0(include_top = false, pooling = avg)
}

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

fn check<M: Model>(mut model: M, name: &str, size: usize) -> Result<()> {
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

#[test]
fn vgg() -> Result<()> {
    check(Vgg16::new(0), "vgg16", 32)
}

#[test]
fn resnets() -> Result<()> {
    check(ResNet50::new(0), "resnet50", 64)?;
    check(ResNet50V2::new(0), "resnet50v2", 64)
}

#[test]
fn densenet() -> Result<()> {
    check(DenseNet121::new(0), "densenet121", 32)
}

#[test]
fn mobilenets() -> Result<()> {
    check(MobileNet::new(0), "mobilenet", 32)?;
    check(MobileNetV2::new(0), "mobilenet_v2", 32)?;
    check(MobileNetV3::new(0), "mobilenet_v3_small", 32)
}

#[test]
fn inceptions() -> Result<()> {
    check(Xception::new(0), "xception", 71)?;
    check(InceptionV3::new(0), "inception_v3", 75)
}

#[test]
fn efficientnets() -> Result<()> {
    check(EfficientNet::new(0), "efficientnet_b0", 32)
}
