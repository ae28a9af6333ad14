use keras_runtime::keras_model;

keras_model! {
    pub Net = Dense(256, relu, input = 784) >> dense(10, softmax)
}

fn main() {
    let _ = Net::new(0);
}
