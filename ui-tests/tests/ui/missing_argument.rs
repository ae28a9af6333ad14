use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(activation = relu, input = 784) >> dropout() >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
