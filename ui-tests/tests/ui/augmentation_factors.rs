use keras_runtime::keras_model;

keras_model! {
    pub Sun = solarization(1.5, input = [8, 8, 3])
    pub Negative = random_invert([-0.5, 0.5], input = [8, 8, 3])
    pub Poster = random_posterization(9, input = [8, 8, 3])
    pub HalfABit = random_posterization([2.5, 4.0], input = [8, 8, 3])
    pub Grey = random_grayscale(2.0, input = [8, 8, 3])
    pub Hue = random_hue(-0.5, input = [8, 8, 3])
    pub Saturation = random_saturation(80, input = [8, 8, 3])
    pub Degenerate = random_color_degeneration([0.1, 0.2, 0.3], input = [8, 8, 3])
    pub Jitter = random_color_jitter(contrast_factor = 3.0, input = [8, 8, 3])
    pub Sharp = random_sharpness(1.5, input = [8, 8, 3])
    pub Shear = random_shear([-0.2, 0.2], input = [8, 8, 3])
    pub Aside = random_perspective(scale = 2.0, input = [8, 8, 3])
    pub Rippled = random_elastic_transform(scale = 20, input = [8, 8, 3])
    pub Covered = random_erasing(scale = [0.1, 1.5], input = [8, 8, 3])
}

fn main() {}
