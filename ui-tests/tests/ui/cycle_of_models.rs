use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [8]) { x >> Other }
    Other(x: [8]) { x >> Net }
}

fn main() {
    let _ = Net::new(0);
}
