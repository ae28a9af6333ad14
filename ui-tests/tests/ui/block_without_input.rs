use keras_runtime::keras_model;

keras_model! {
    block mlp(units) |x| { x >> dense(units) }
    pub Net = mlp(3) >> dense(4)
    Other = repeat 3 { dense(4) } >> dense(4)
}

fn main() {
    let _ = Net::new(0);
}
