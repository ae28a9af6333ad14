use keras_runtime::keras_model;

keras_model! {
    block residual(filters) |x| { x + (x >> dense(filters)) }
    pub Net = dense(10, input = 784) >> dropout(0.5, noise_shape = [1])
}

fn main() {
    let _ = Net::new(0);
}
