use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [4], y: [4]) { (x, y) >> concatenate(axis = 2) >> softmax(axis = 0) }
}

fn main() {
    let _ = Net::new(0);
}
