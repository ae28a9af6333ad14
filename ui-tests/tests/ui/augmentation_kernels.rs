use keras_runtime::keras_model;

keras_model! {
    pub Even = random_gaussian_blur(kernel_size = 4, input = [8, 8, 3])
    pub Three = random_gaussian_blur(kernel_size = [3, 3, 3], input = [8, 8, 3])
    pub Sharp(image: [8, 8, 3]) { gaussian_blur(image, sigma = 0.0) }
    pub NoBins = equalization(bins = 0, input = [8, 8, 3])
    pub NoTiles = contrast_limited_adaptive_histogram_equalization(tile_grid_size = [0, 8], input = [8, 8, 3])
    pub Border = resizing(8, 8, fill_mode = reflect, input = [4, 5, 3])
}

fn main() {}
