use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [u64; 30]) { x >> dense(3) }
}

fn main() {
    let _ = Net::new(0);
}
