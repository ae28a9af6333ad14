use keras_runtime::keras_model;

keras_model! {
    cell counter(x: [3]; total: [3]) -> [3] { x + total }
    pub Net = dense(10, input = 784) >> dropout(0.5, noise_shape = [1])
}

fn main() {
    let _ = Net::new(0);
}
