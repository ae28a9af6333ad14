use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [4]) {
        let (a, (b, c)) = x >> dense(8);
        x >> dense(3)
    }
}

fn main() {
    let _ = Net::new(0);
}
