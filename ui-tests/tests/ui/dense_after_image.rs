use keras_runtime::keras_model;

keras_model! {
    pub Net = input([28, 28, 1]) >> dropout(0.1) >> dense(10, softmax)
}

fn main() {
    let _ = Net::new(0);
}
