use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(0, relu, input = 784) >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
