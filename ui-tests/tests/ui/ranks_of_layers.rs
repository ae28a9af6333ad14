use keras_runtime::keras_model;

// Layers of sequences, images and volumes, each on something else.
keras_model! {
    Mean1d = input([8]) >> average_pooling1d(2) >> flatten();
    MaxOfAll1d = input([8]) >> global_max_pooling1d();
    MeanOfAll1d = input([8, 8, 3]) >> global_average_pooling1d();
    AdaptiveMax1d = input([8]) >> adaptive_max_pooling1d(3) >> flatten();
    AdaptiveMean1d = input([8, 8, 3]) >> adaptive_average_pooling1d(3) >> flatten();
    Mean2d = input([8, 3]) >> average_pooling2d(2) >> flatten();
    MaxOfAll2d = input([8, 3]) >> global_max_pooling2d();
    MeanOfAll2d = input([8]) >> global_average_pooling2d();
    AdaptiveMax2d = input([8, 3]) >> adaptive_max_pooling2d([3, 2]) >> flatten();
    AdaptiveMean2d = input([8, 3]) >> adaptive_average_pooling2d(2) >> flatten();
    Max3d = input([8, 8, 3]) >> max_pooling3d(2) >> flatten();
    Mean3d = input([8, 8, 3]) >> average_pooling3d(2) >> flatten();
    MaxOfAll3d = input([8, 3]) >> global_max_pooling3d();
    MeanOfAll3d = input([8, 8, 3]) >> global_average_pooling3d();
    AdaptiveMax3d = input([8, 8, 3]) >> adaptive_max_pooling3d(2) >> flatten();
    AdaptiveMean3d = input([8, 8, 3]) >> adaptive_average_pooling3d([2, 2, 2]) >> flatten();
    Padded3d = input([8, 8, 3]) >> zero_padding3d(1) >> flatten();
    Cropped3d = input([8, 8, 3]) >> cropping3d(1) >> flatten();
    Larger1d = input([8]) >> up_sampling1d(2) >> flatten();
    Larger2d = input([8, 3]) >> up_sampling2d([2, 2]) >> flatten();
    Larger3d = input([8, 8, 3]) >> up_sampling3d(2) >> flatten();
    Dropped1d = input([8]) >> spatial_dropout1d(0.5);
    Dropped2d = input([8, 3]) >> spatial_dropout2d(0.5) >> flatten();
    Dropped3d = input([8, 8, 3]) >> spatial_dropout3d(0.5) >> flatten();
    Back1d = input([8]) >> conv1d_transpose(4, 3) >> flatten();
    Back3d = input([8, 8, 3]) >> conv3d_transpose(4, 3) >> flatten();
    Remembered3d = input([4, 8, 8, 3]) >> conv_lstm3d(4, 3) >> flatten();
    Cropped = input([8, 3]) >> random_crop(4, 4) >> flatten();
    Zoomed = input([8, 3]) >> random_zoom(0.1) >> flatten();
    Moved = input([8]) >> random_translation(0.1, 0.1);
    Dulled = input([8]) >> random_contrast(0.1);
}

fn main() {}
