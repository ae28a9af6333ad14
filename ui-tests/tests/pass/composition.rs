#![deny(warnings)]

use keras_runtime::{Model, keras_model};

keras_model! {
    const DEPTH: usize = 2;

    block residual(units, act = relu) |x| {
        let h = x >> dense(units, act) >> dense(units);
        h + x
    }
    block merge(units) |x, y| {
        let (a, b) = (x >> dense(units), y >> dense(units));
        (a * b, a - b)
    }
    block sandwich(layer, f) |x| { x >> residual(8) >> layer >> lambda(f) }

    pub Net(x: [8], y: [8]) -> (sum: [8], difference: [8]) {
        let shared = residual(8, act = tanh);
        let (product, difference) = (x >> shared, y >> shared) >> merge(8);
        let n = 4;
        (product >> sandwich(dense(2 * n) >> relu, |t| t * 2.0), difference >> repeat DEPTH { dense(8) >> dropout(0.1) })
    }
    Deep = input([8]) >> repeat i in 3 |x| { let h = x >> dense(4 + i) >> dense(8); h + x } >> residual(8, name = "last")
}

fn main() {
    let net = Net::new(0);
    // Six residual and merging products, the sandwich's three, and the two that are repeated.
    assert_eq!(net.count_params(), (2 + 2 + 3 + 2) * 72);
    let deep = Deep::new(0);
    assert!(deep.weight("dense_4/kernel").is_ok() && deep.weight("last/dense_1/bias").is_ok());
}
