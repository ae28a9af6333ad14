use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) {
        let left = x >> dense(64, relu);
        let right = x >> dense(32, relu);
        (left, right) >> add() >> dense(10)
    }
}

fn main() {
    let _ = Net::new(0);
}
