use keras_runtime::keras_model;

keras_model! {
    Two(x: [4]) { (x >> dense(3), x >> dense(3)) }
    pub Net(x: [4]) {
        let (a, b, c) = x >> Two;
        a + b + c
    }
}

fn main() {
    let _ = Net::new(0);
}
