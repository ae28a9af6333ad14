use keras_runtime::keras_model;

keras_model! {
    pub Net = category_encoding(10, input = [4, 3]) >> flatten() >> dense(1)
}

fn main() {
    let _ = Net::new(0);
}
