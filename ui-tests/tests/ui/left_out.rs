use keras_runtime::keras_model;

keras_model! {
    pub Net = input([8]) >> lambda(|x| x + 1, output_shape = 8) >> dense(2);
    Masked = input([8]) >> lambda(|x| x * 2, mask = 1) >> dense(2)
}

fn main() {
    let _ = Net::new(0);
}
