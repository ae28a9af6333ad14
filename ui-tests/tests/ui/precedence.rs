use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784], y: [10]) {
        x >> dense(10) + y
    }
}

fn main() {
    let _ = Net::new(0);
}
