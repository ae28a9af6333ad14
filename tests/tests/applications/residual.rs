//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::resnet;
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    ResNet50 = input([64, 64, 3]) >> resnet::resnet50(include_top = false, pooling = avg);
    ResNet50V2 = input([64, 64, 3]) >> resnet::resnet50v2(include_top = false, pooling = avg)
}

#[test]
fn resnet50() -> Result<()> {
    check(ResNet50::new(0), "resnet50", 64)
}

#[test]
fn resnet50v2() -> Result<()> {
    check(ResNet50V2::new(0), "resnet50v2", 64)
}
