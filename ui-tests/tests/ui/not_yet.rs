use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(10, input = 784) >> dropout(0.5, seed = 7)
    Stateful = lstm(4, stateful = true, input = [5, 3])
}

fn main() {
    let _ = Net::new(0);
}
