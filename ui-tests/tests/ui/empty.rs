use keras_runtime::keras_model;

keras_model! {}

fn main() {}
