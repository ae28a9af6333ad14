use keras_runtime::keras_model;

keras_model! {
    block mlp(units, act = relu) |x| { x >> dense(units, act) }
    block merge |x, y| { x + y }
    pub Net(x: [32], z: [8]) {
        let a = x >> mlp() >> mlp(8, relu, 3);
        let b = x >> mlp(8, unit = 3) >> mlp(8, units = 3);
        let c = x >> mlp(0) >> mlp(8, rulu);
        let d = x >> merge;
        (a, b, c, d, z >> merge(3), z + mlp(3), merge(x, z))
    }
}

fn main() {
    let _ = Net::new(0);
}
