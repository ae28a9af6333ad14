use keras_runtime::keras_model;

keras_model! {
    pub Sun = solarization(value_range = 255.0, input = [8, 8, 3])
    pub Stretched = auto_contrast([1.0, 0.0], input = [8, 8, 3])
    pub Equal = equalization([0.0, 0.0], input = [8, 8, 3])
}

fn main() {}
