use keras_runtime::keras_model;

keras_model! {
    pub Net(image: [8, 8, 1], at: [8]) { affine_transform(image, at >> dense(8)) >> flatten() >> dense(10) }
}

fn main() {
    let _ = Net::new(0);
}
