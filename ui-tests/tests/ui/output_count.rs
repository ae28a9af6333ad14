use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) -> (label: [10], size: [1]) {
        x >> dense(10)
    }
}

fn main() {
    let _ = Net::new(0);
}
