use keras_runtime::keras_model;

// `flatten` mixes the steps: which of them count could not be told behind it.
keras_model! {
    Sentiment = input([80], dtype = i32) >> embedding(1000, 16, mask_zero = true) >> flatten() >> dense(1, sigmoid)
}

fn main() {}
