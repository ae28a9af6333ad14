use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(3, input = 2) >> add() >> dense(4)
}

fn main() {
    let _ = Net::new(0);
}
