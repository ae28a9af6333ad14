use keras_runtime::keras_model;

keras_model! {
    Recurrent = spectral_normalization(lstm(4), input = [5, 3]);
    NoKernel = spectral_normalization(flatten(), input = [5, 3]);
    Chain = spectral_normalization(dense(3) >> dense(4), input = 3);
    None = spectral_normalization(dense(3), power_iterations = 0, input = 3);
    Missing = spectral_normalization(input = 3);
}

fn main() {}
