use keras_runtime::keras_model;

keras_model! {
    Other(x: [i32; 6]) { let e = reversible_embedding(9, 5); x >> e >> e(mask_zero = true) }
    Positional(x: [6]) { let d = dense(6); x >> d(true) }
    Size(x: [i32; 6]) { let e = reversible_embedding(9, 5); x >> e >> dense(4) >> e(reverse = true) }
    Chain(x: [6]) { let d = dense(6) >> dense(5); x >> d(reverse = true) }
    Cap = reversible_embedding(9, 5, logit_soft_cap = 0.0, input = 6)
}

fn main() {}
