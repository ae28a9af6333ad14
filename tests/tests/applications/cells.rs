//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::nasnet;
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    // Sizes on the way are odd and even.
    NasNet = input([42, 42, 3]) >> nasnet::nasnet_mobile(include_top = false, pooling = avg)
}

#[test]
fn nasnet_mobile() -> Result<()> {
    check(NasNet::new(0), "nasnet_mobile", 42)
}
