use keras_runtime::keras_model;

keras_model! {
    block left(n) |x| { x >> right(n) }
    block right(n) |x| { x >> left(n) }
    pub Net = input([3]) >> left(3)
}

fn main() {
    let _ = Net::new(0);
}
