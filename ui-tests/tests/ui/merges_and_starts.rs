use keras_runtime::keras_model;

keras_model! {
    // Both ways of a recurrent layer are merged element by element.
    pub Widths = bidirectional(lstm(4), backward_layer = lstm(5), merge_mode = sum, input = [3, 2]) >> dense(1)
    pub Ranks = bidirectional(conv_lstm1d(4, 2), backward_layer = conv_lstm1d(4, 3), input = [3, 5, 2]) >> flatten()

    // Initializers of matrices.
    pub Windows = conv2d(3, 3, kernel_initializer = identity, input = [5, 5, 1])
    pub Bias = dense(3, bias_initializer = orthogonal, input = 2)

    // What no other test holds.
    pub Halves = dense(5, glu, input = 4)
    pub Steps = masking(input = 4)
    pub Twice = repeat_vector(3, input = [2, 2])
    pub Free = reshape([-1, -1], input = [4, 2])
    pub Spread = normalization(mean = [1.0], variance = [-1.0], input = 4)
    pub Together(x: [4, 3], y: [1, 3]) { maximum(x >> masking(), y >> masking()) }
}

fn main() {}
