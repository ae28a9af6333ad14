use keras_runtime::keras_model;

// A vector is no sequence, a state has the size of the units, and there are as many states as the layer has.
keras_model! {
    Vector = dense(8, input = 4) >> lstm(16)
    Images = conv2d(4, 3, input = [8, 8, 1]) >> gru(16)
    OtherState(x: [5, 3], h: [7]) { (x, h) >> simple_rnn(4) }
    OneState(x: [5, 3], h: [4]) { (x, h) >> lstm(4) }
    Bias = lstm(4, bias_initializer = he_normal, input = [5, 3])
}

fn main() {}
