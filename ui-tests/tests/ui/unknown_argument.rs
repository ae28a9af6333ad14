use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, activaton = relu, input = 784) >> dense(10, size = 3)
}

fn main() {
    let _ = Net::new(0);
}
