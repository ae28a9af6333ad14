use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [28]) { x >> other::Encoder }
}

fn main() {
    let _ = Net::new(0);
}
