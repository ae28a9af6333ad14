use keras_runtime::keras_model;

keras_model! {
    pub Net = resizing(8, 8, interpolation = bilinaer, input = [4, 4, 1]) >> flatten() >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
