//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::{efficientnet, mobilenet_v3};
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    MobileNetV3 = input([32, 32, 3]) >> mobilenet_v3::mobilenet_v3_small(include_top = false, pooling = avg);
    EfficientNet = input([32, 32, 3]) >> efficientnet::efficientnet_b0(include_top = false, pooling = avg)
}

#[test]
fn mobilenet_v3_small() -> Result<()> {
    check(MobileNetV3::new(0), "mobilenet_v3_small", 32)
}

#[test]
fn efficientnet() -> Result<()> {
    check(EfficientNet::new(0), "efficientnet_b0", 32)
}
