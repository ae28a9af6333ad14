use keras_runtime::keras_model;

keras_model! {
    loss Sequential = dense(3, input = 4)
    loss One(p: [3]) { mean(square(p), axis = -1) }
    loss Three(y: [3], p: [3], q: [3]) { mean(square(p - y * q), axis = -1) }
    loss Tuple(y: [3], p: [3]) { (square(p - y), p) }
    loss Weights(y: [3], p: [3]) { square((p >> dense(3)) - y) }
    loss Constant(y: [3], p: [3]) { square(y) + stop_gradient(p) }
    loss Unused(y: [3], p: [3]) { square(p) }
    loss Shapes(y: [3], p: [4]) { square(y - p) }
    loss Shapeless(y, p) { square(y - p) }
    loss Twice(y: [3], p: [3]) { add_loss(square(p)); square(y - p) }
    loss Fine(y: [3], p: [3]) { square(y - p) }
    loss Fine(y: [3], p: [3]) { square(p - y) }
}

fn main() {
    let _ = (One, Tuple, Weights, Fine);
}
