use keras_runtime::keras_model;

keras_model! {
    pub Net = category_encoding(input = 4) >> dense(1)
}

fn main() {
    let _ = Net::new(0);
}
