//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::{mobilenet, vgg};
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    Vgg16 = input([32, 32, 3]) >> vgg::vgg16(include_top = false, pooling = avg);
    MobileNet = input([32, 32, 3]) >> mobilenet::mobilenet(include_top = false, pooling = avg);
    MobileNetV2 = input([32, 32, 3]) >> mobilenet::mobilenet_v2(include_top = false, pooling = avg)
}

#[test]
fn vgg16() -> Result<()> {
    check(Vgg16::new(0), "vgg16", 32)
}

#[test]
fn mobilenet() -> Result<()> {
    check(MobileNet::new(0), "mobilenet", 32)
}

#[test]
fn mobilenet_v2() -> Result<()> {
    check(MobileNetV2::new(0), "mobilenet_v2", 32)
}
