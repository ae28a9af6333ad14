use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [8]) {
        let a = (x, b) >> add();
        let b = x >> dense(8);
        a
    }
}

fn main() {
    let _ = Net::new(0);
}
