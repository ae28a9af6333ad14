//! Well-known networks against Keras: their features for weights by a formula.

#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod network;

use keras_runtime::applications::{inception, xception};
use keras_runtime::prelude::*;
use network::check;

keras_model! {
    Xception = input([71, 71, 3]) >> xception::xception(include_top = false, pooling = avg);
    InceptionV3 = input([75, 75, 3]) >> inception::inception_v3(include_top = false, pooling = avg)
}

#[test]
fn xception_of_71() -> Result<()> {
    check(Xception::new(0), "xception", 71)
}

#[test]
fn inception_v3() -> Result<()> {
    check(InceptionV3::new(0), "inception_v3", 75)
}
