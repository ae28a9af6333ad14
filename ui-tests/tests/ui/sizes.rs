use keras_runtime::keras_model;

keras_model! {
    Axis(x: [4, 3]) { x >> reshape([shape(x, 3)]) }
    Batch(x: [4, 3]) { x >> reshape([shape(x, 0) * 3]) }
    Word(x: [4, 3]) { x >> reshape([shape(x, "last")]) }
    Alone(x: [4, 3]) { shape(x, 1) }
    Half(x: [4]) { x >> dense(0.5 * shape(x, 1)) }
}

fn main() {}
