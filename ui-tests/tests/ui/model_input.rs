use keras_runtime::keras_model;

keras_model! {
    Encoder = dense(64, relu, input = 784) >> dense(8)
    pub Net(x: [28]) { x >> Encoder }
}

fn main() {
    let _ = Net::new(0);
}
