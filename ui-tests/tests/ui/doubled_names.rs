use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) {
        let h = x >> dense(64, name = "hidden");
        let h = h >> dense(64, name = "hidden");
        h
    }
    pub Net = dense(10, input = 784)
}

fn main() {
    let _ = Net::new(0);
}
