use keras_runtime::keras_model;

fn main() {
    let _model = keras_model!(dense(256, relo, input = 784) >> dropout(0.4) >> dense(0, softmax));
    let _count: u32 = "this error is reported too";
}
