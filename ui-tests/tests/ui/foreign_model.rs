use keras_runtime::keras_model;

mod models {
    use keras_runtime::keras_model;

    keras_model! {
        pub Encoder = dense(64, relu, input = 784) >> dense(8)
        pub Pair(x: [8], y: [8]) { x + y }
    }
}

use models::Pair;

keras_model! {
    pub Net(x: [28]) {
        let code = x >> models::Encoder;
        let sum = code >> Pair;
        (sum >> models::Encoder(3), code >> code)
    }
}

fn main() {
    let _ = Net::new(0);
}
