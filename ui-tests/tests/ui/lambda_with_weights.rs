use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) { x >> lambda(|a| a >> dense(3)) >> lambda(|a| 3.0 * 2.0) }
}

fn main() {
    let _ = Net::new(0);
}
