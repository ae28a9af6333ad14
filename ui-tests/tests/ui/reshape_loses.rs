use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(12, input = 784) >> reshape([3, 5])
}

fn main() {
    let _ = Net::new(0);
}
