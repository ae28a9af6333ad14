use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784], y: [784]) {
        (x, y) >> lambda(|a| a * 2.0) >> lambda(|a| dense(a, 3)) >> lambda(3)
    }
}

fn main() {
    let _ = Net::new(0);
}
