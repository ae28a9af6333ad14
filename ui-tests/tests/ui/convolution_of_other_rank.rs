use keras_runtime::keras_model;

keras_model! {
    pub Flat = input(784) >> conv2d(32, 3) >> flatten();
    pub Grey = input([28, 28]) >> conv2d(32, 3) >> flatten();
    pub Pooled = input([28, 28]) >> max_pooling2d() >> flatten();
}

fn main() {
    let _ = Flat::new(0);
    let _ = Grey::new(0);
    let _ = Pooled::new(0);
}
