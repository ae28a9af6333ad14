use keras_runtime::keras_model;

keras_model! {
    Neither = discretization(input = 4)
    Both = discretization([0.0, 1.0], num_bins = 3, input = 4)
    One = discretization(num_bins = 1, input = 4)
    Rough = discretization(num_bins = 4, epsilon = 1.0, input = 4)
    Many = discretization(num_bins = 4, epsilon = 0.0, input = 4)
}

fn main() {}
