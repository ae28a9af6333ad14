use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, kernel_initializer = he_nromal, input = 784)
}

fn main() {
    let _ = Net::new(0);
}
