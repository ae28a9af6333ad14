use keras_runtime::keras_model;

const DEPTH: usize = 3;

keras_model! {
    block head(classes, top = true) |x| { x >> if top { dense(classes, softmax) } else { dropout(0.5) } }

    pub Word = input(4) >> head(3, top = yes)
    pub Known = input(4) >> if DEPTH > 2 { dense(3) }
    pub Number = input(4) >> if 3 { dense(3) }
    pub NoBraces = input(4) >> if true dense(3)
    pub Value(x: [4]) { let y = if 1 > 2 { x }; y }
    pub Inside = input(4) >> if 1 < 2 { dense(0) } else { unknown() }
    pub Argument = input(4) >> dense(if 1 < 2 { 3 } else { 4 }) >> dense(if 1 > 2 { 3 })
    pub Behind = input(4) >> if 1 < 2 { dense(4) } else dense(3)
}

fn main() {
    let _ = (Word::new(0), Known::new(0), Number::new(0), NoBraces::new(0), Value::new(0));
    let _ = (Inside::new(0), Behind::new(0), Argument::new(0));
}
