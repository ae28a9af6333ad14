use keras_runtime::keras_model;

keras_model! {
    pub Hue = random_hue(0.2, input = [8, 8, 1])
    pub Saturation = random_saturation(0.2, input = [3, 8, 8])
    pub Grey = random_grayscale(input = [8, 8, 2])
    pub Jitter = random_color_jitter(hue_factor = 0.1, input = [8, 8, 4])
    pub Covered = random_erasing(fill_value = [1.0, 2.0, 3.0], input = [8, 8, 1])
    pub Sun = solarization(input = [28, 28])
    pub Hsv(image: [8, 8, 1]) { rgb_to_hsv(image) }
}

fn main() {}
