#![deny(warnings)]

use keras_runtime::keras_model;

keras_model! {
    block mlp(units) |x| { let h = x >> dense(units); x >> dense(units) }
    block unused(units) |x| { x >> dense(units) }
    pub Net = input([3]) >> mlp(4) >> mlp(5)
}

fn main() {
    let _ = Net::new(0);
}
