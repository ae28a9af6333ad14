use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, relu, activation = tanh, input = 784)
}

fn main() {
    let _ = Net::new(0);
}
