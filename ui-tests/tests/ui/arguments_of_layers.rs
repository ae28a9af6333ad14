use keras_runtime::keras_model;

// Axes that are not there, factors that are none, and tensors that do not fit.
keras_model! {
    Leaky = dense(4, input = 3) >> leaky_relu("steep");
    Learnt = input([4, 3]) >> prelu(shared_axes = [3]) >> flatten();
    Exponential = dense(4, input = 3) >> elu(alpha = relu);
    Classes = dense(4, input = 3) >> softmax(axis = 0);
    Normal = input([4, 3]) >> layer_normalization(axis = 4) >> flatten();
    Root = input([4, 3]) >> rms_normalization(axis = -3) >> flatten();
    Unit = input([4, 3]) >> unit_normalization(axis = [1, 5]) >> flatten();
    Product(x: [4, 3], y: [4, 2]) { (x, y) >> multiply() >> flatten() }
    Difference(x: [4], y: [4], z: [4]) { (x, y, z) >> subtract() }
    Mean(x: [4], y: [5]) { (x, y) >> average() }
    Products(x: [4, 3], y: [5, 2]) { (x, y) >> dot(axes = 2) >> flatten() }
    Scaled = input([4]) >> rescaling();
    Mirrored = input([8, 8, 3]) >> random_flip("sideways") >> flatten();
    Alpha = dense(4, input = 3) >> alpha_dropout(1.5);
    Gaussian = dense(4, input = 3) >> gaussian_dropout(50);
    Penalty = dense(4, input = 3) >> activity_regularization(l1 = relu);
    Nothing = dense(4, input = 3) >> drop_mask(1);
    LeftOut = dense(4, lora_rank = 2, input = 3);
    InItsPlace(x: [4, 3]) { (x, x) >> multi_head_attention(2, 3, flash_attention = true) >> flatten() }
    OfAnyLayer = input([4, 3]) >> flatten(activity_regularizer = 0.1);
}

fn main() {}
