use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [8]) {
        let a = (x, c) >> add();
        let b = a >> dense(8);
        let c = b >> dense(8);
        c
    }
}

fn main() {
    let _ = Net::new(0);
}
