use keras_runtime::keras_model;

keras_model! {
    Unknown = dense(4, input = 8, kernel_constraint = maxnorm(2.0));
    Nothing = dense(4, input = 8, kernel_constraint = [1.0]);
    Axis = dense(4, input = 8, kernel_constraint = max_norm(2.0, axis = 2));
    Vector = dense(4, input = 8, bias_constraint = unit_norm(axis = [0, 1]));
}

fn main() {}
