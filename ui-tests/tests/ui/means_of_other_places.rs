use keras_runtime::keras_model;

keras_model! {
    pub Net = normalization(mean = [0.5, 1.0], variance = [1.0, 1.0], input = [4, 3]) >> flatten() >> dense(1)
}

fn main() {
    let _ = Net::new(0);
}
