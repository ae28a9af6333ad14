use keras_runtime::keras_model;

keras_model! {
    pub Net = resizing(32, 32, crop_to_aspect_ratio = true, pad_to_aspect_ratio = true, input = [28, 30, 1]) >> flatten() >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
