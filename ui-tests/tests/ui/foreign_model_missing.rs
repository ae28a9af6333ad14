use keras_runtime::keras_model;

mod models {
    use keras_runtime::keras_model;

    keras_model! {
        pub Encoder = dense(64, relu, input = 784) >> dense(8)
    }
}

keras_model! {
    pub Net(x: [784]) { x >> Encoder >> dense(3) }
}

keras_model! {
    pub Other(x: [784]) { x >> models::Decoder }
}

fn main() {
    let _ = Net::new(0);
    let _ = Other::new(0);
}
