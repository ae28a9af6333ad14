use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [4]) {
        let (a, b) = x >> dense(8);
        let (f, _) = dense(3);
        a + b >> f
    }
}

fn main() {
    let _ = Net::new(0);
}
