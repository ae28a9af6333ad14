use keras_runtime::keras_model;

keras_model! {
    pub Alone = dense(8, kernel_initializer = he_normal(input_axes = 0), input = 4)
    pub Beyond = dense(8, kernel_initializer = glorot_uniform(input_axes = 0, output_axes = [1, 2]), input = 4)
}

fn main() {
    let _ = (Alone::new(0), Beyond::new(0));
}
