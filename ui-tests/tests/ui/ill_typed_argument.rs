use keras_runtime::keras_model;

keras_model! {
    pub Net = dense("many", input = 784) >> dropout(relu) >> dense(2.5, 3) >> dense(10, use_bias = 1)
}

fn main() {
    let _ = Net::new(0);
}
