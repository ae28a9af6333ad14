use keras_runtime::keras_model;

keras_model! {
    pub Net(image: [28, 28, 1]) -> [10] {
        let h = image >> dense(64, relu);
        h >> dense(10, softmax)
    }
}

fn main() {
    let _ = Net::new(0);
}
