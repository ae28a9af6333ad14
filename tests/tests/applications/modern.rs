//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::{convnext, mobilenet};
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    ConvNeXt = input([32, 32, 3]) >> convnext::convnext_tiny(include_top = false, pooling = avg);
    Narrow = input([32, 32, 3]) >> mobilenet::mobilenet(alpha = 0.5, include_top = false, pooling = avg);
    NarrowV2 = input([32, 32, 3]) >> mobilenet::mobilenet_v2(alpha = 0.35, include_top = false, pooling = avg)
}

#[test]
fn convnext_tiny() -> Result<()> {
    check(ConvNeXt::new(0), "convnext_tiny", 32)
}

#[test]
fn mobilenets_of_other_widths() -> Result<()> {
    check(Narrow::new(0), "mobilenet_narrow", 32)?;
    check(NarrowV2::new(0), "mobilenet_v2_narrow", 32)
}
