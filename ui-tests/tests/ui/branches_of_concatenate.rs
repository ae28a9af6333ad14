use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [4, 8], y: [5, 8]) {
        let h = concatenate(x, y, axis = 2);
        h >> flatten() >> dense(10)
    }
}

fn main() {
    let _ = Net::new(0);
}
