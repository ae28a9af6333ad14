use keras_runtime::keras_model;

keras_model! {
    pub Net = random_brightness(0.2, value_range = [1.0, 0.0], input = [8, 8, 1]) >> flatten() >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
