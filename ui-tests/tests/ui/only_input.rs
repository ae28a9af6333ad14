use keras_runtime::keras_model;

keras_model! {
    pub Net = input([784])
}

fn main() {
    let _ = Net::new(0);
}
