use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [8]) { x >> repeat 3 |x, y| { (y, x) } }
}

fn main() {
    let _ = Net::new(0);
}
