#![deny(warnings)]

use keras_runtime::{Model, keras_model};

mod config {
    pub const WIDTH: usize = 24;
}

keras_model! {
    const HIDDEN: usize = 2 * 8;
    const SCALE: f32 = 0.5;

    /// A sequential model.
    pub Encoder = input(shape = [4, 6], dtype = u8) >> flatten() >> dense(HIDDEN, "relu", name = "hidden");
    /// Several inputs and outputs, shared layers.
    pub(crate) Pair(a: [4, 6], b: [u8; 4, 6]) -> (same: [1], [HIDDEN]) {
        let tower = reshape([-1]) >> dense(config::WIDTH, tanh, trainable = false) >> dense(8, kernel_initializer = he_normal);
        let d = abs((a >> tower) - tower(b));
        let code = concatenate(Encoder(a), b >> Encoder, axis = -1) >> dense(HIDDEN);
        (d * SCALE >> dense(1, sigmoid), code)
    }
    Plain = Encoder >> dense(3, softmax)
}

fn main() {
    let parens = keras_model!(dense(2, relu(max_value = 6), input = 3) >> lambda(|x| exp(-x) + 1) >> softmax);
    let brackets = keras_model![dense(2, activation = leaky_relu(0.1), input = [3])];
    let braces = keras_model! { dense(2, input = 3) };
    assert_eq!(parens.count_params() + brackets.count_params() + braces.count_params(), 24);
    assert_eq!(Encoder::new(0).count_params(), 24 * 16 + 16);
    assert_eq!(Plain::new(0).count_params(), 24 * 16 + 16 + 16 * 3 + 3);
    assert!(Pair::new(0).count_params() > 0);
}
