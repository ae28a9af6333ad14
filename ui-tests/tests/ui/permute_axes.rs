use keras_runtime::keras_model;

keras_model! {
    pub Net = input([28, 14]) >> permute([0, 1])
}

fn main() {
    let _ = Net::new(0);
}
