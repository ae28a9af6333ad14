use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(10, input = 784) >> dropout(0.5, seed = 7);
    Seeded = lstm(4, seed = 7, input = [5, 3])
}

fn main() {
    let _ = Net::new(0);
}
