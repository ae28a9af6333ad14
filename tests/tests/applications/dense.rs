//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::densenet;
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    DenseNet121 = input([32, 32, 3]) >> densenet::densenet121(include_top = false, pooling = avg)
}

#[test]
fn densenet121() -> Result<()> {
    check(DenseNet121::new(0), "densenet121", 32)
}
