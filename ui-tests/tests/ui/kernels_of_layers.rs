use keras_runtime::keras_model;

// Kernels larger than what they run over, and arguments that do not go together.
keras_model! {
    Volume = input([2, 5, 5, 1]) >> conv3d(4, 3) >> flatten();
    EachChannel = input([4, 3]) >> depthwise_conv1d(5) >> flatten();
    Separable = input([4, 3]) >> separable_conv1d(4, 3, dilation_rate = 2) >> flatten();
    SeparableImage = input([8, 8, 3]) >> separable_conv2d(4, [3, 3, 3]) >> flatten();
    Local = input([4, 3]) >> locally_connected1d(4, 5) >> flatten();
    LocalImage = input([8, 8, 3]) >> locally_connected2d(4, 3, padding = same) >> flatten();
    Mean = input([4, 3]) >> average_pooling1d(5) >> flatten();
    Flat = input([4, 3]) >> max_pooling3d(2) >> flatten();
    Sizes = input([8, 8, 8, 3]) >> up_sampling3d([2, 2]) >> flatten();
}

fn main() {}
