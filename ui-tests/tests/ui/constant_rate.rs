use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(3, input = 4) >> dropout(RATE)
}

fn main() {
    let _ = Net::new(0);
}
