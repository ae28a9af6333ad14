use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) {
        let h = x >> dense(64);
        x >> h
    }
}

fn main() {
    let _ = Net::new(0);
}
