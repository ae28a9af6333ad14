use keras_runtime::keras_model;

keras_model! {
    pub Net(image: [784]) {
        let h = imgae >> dense(64);
        let g = image >> flatte >> dense(64);
        (h, g, tower) >> add()
    }
}

fn main() {
    let _ = Net::new(0);
}
