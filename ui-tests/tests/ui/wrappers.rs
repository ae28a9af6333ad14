use keras_runtime::keras_model;

keras_model! {
    NotRecurrent = bidirectional(dense(4), input = [5, 3])
    Backwards = bidirectional(lstm(4, go_backwards = true), input = [5, 3])
    Mode = bidirectional(lstm(4), merge_mode = concatenate, input = [5, 3])
    NoSteps = dense(4, input = 3) >> time_distributed(dense(2))
    NoLayer = time_distributed(0.5, input = [5, 3])
}

fn main() {}
