use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) -> (label: [10], size: [2]) {
        let h = x >> dense(64, relu);
        (h >> dense(12, softmax), h >> dense(2))
    }
}

fn main() {
    let _ = Net::new(0);
}
