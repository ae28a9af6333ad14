use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, relu, input = 784) >> dropuot(0.4) >> dense(10, softmax)
}

fn main() {
    let _ = Net::new(0);
}
