use keras_runtime::keras_model;

keras_model! {
    pub Net = discretization([0.0, 1.0, 0.5], input = 4) >> dense(1)
}

fn main() {
    let _ = Net::new(0);
}
