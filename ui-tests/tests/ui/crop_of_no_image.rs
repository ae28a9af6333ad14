use keras_runtime::keras_model;

keras_model! {
    pub Net = center_crop(20, 20, input = [28, 28]) >> flatten() >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
