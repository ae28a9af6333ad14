use keras_runtime::keras_model;

keras_model! {
    cell without_states(x: [3]) -> [3] { x }
    pub cell public(x: [3]; h: [3]) -> [3] { (x, h) }
    cell unused(x: [3]; h: [3]) -> [3] { (x, h) }
    Net = dense(2, input = 3)
}

fn main() {}
