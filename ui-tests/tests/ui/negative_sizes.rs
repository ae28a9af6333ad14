use keras_runtime::keras_model;

keras_model! {
    Units = dense(-4, input = 3);
    Filters = input([8, 8, 1]) >> conv2d(-1, 3) >> flatten();
    Kernel = input([8, 8, 1]) >> conv2d(4, -3) >> flatten();
    Strides = input([8, 8, 1]) >> conv2d(4, 3, strides = -1) >> flatten();
    Recurrent = lstm(-2, input = [5, 3]);
    Rows = input([5], dtype = i32) >> embedding(-5, 3) >> flatten();
    Pool = input([8, 8, 1]) >> max_pooling2d(-2) >> flatten();
    Padding = input([8, 1]) >> zero_padding1d(-1) >> flatten();
    Repeats = dense(4, input = 3) >> repeat_vector(-2) >> flatten();
    Shape = dense(4, input = 3) >> reshape([-2, 2]);
    Heads(q: [4, 6]) { (q, q) >> multi_head_attention(-2, 3) }
    Input = dense(4, input = -3);
}

fn main() {}
