use keras_runtime::keras_model;

keras_model! {
    block mlp(units, act = relu) |x| { x >> dense(units, activatoin = act) >> flaten() }
    pub Net = input([32]) >> mlp(32) >> mlp(64, tanh) >> dense(10)
    Other = input([16]) >> mlp(2)
}

fn main() {
    let _ = Net::new(0);
}
