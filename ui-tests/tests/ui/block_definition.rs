use keras_runtime::keras_model;

keras_model! {
    block one(units) { dense(units) }
    block two(units) |x| x >> dense(units)
    block three(units, units) |x| { x >> dense(units) }
    block four(3) |x| { x >> dense(3) }
    block five() x { x >> dense(3) }
    block six() || { dense(3) }
    pub Net = mlp(3) >> dense(4)
    block mlp(units) |x| { x >> dense(units) }
    block mlp(units) |x| { x >> dense(units) }
}

fn main() {
    let _ = Net::new(0);
}
