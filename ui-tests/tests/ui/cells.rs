use keras_runtime::keras_model;

keras_model! {
    cell no_tail(x: [3]; h: [4]) -> [4] { x >> dense(4) }
    cell other_state(x: [3]; h: [4]) -> [4] { let y = x >> dense(5); (h, y) }
    cell other_output(x: [3]; h: [4]) -> [5] { (h, h) }
    cell fine(x: [3]; h: [4]) -> [4] { let h = tanh((x >> dense(4)) + h); (h, h) }

    NoTail(x: [6, 3]) { x >> no_tail() }
    OtherState(x: [6, 3]) { x >> other_state() }
    OtherOutput(x: [6, 3]) { x >> other_output() }
    NoSequence(x: [3]) { x >> fine() }
    OtherStart(x: [6, 3], h: [5]) { (x, h) >> fine() }
    TooMany(x: [6, 3], h: [4]) { (x, h, h) >> fine() }
    Argument(x: [6, 3]) { x >> fine(return_sequence = true) }
}

fn main() {}
