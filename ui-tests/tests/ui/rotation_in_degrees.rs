use keras_runtime::keras_model;

keras_model! {
    pub Net = random_rotation(30, input = [28, 28, 1]) >> flatten() >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
