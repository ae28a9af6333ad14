use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, input = 784) >> dropout(1.0) >> dropout(40) >> dropout(-0.1)
}

fn main() {
    let _ = Net::new(0);
}
