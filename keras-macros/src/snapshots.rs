//! What models are compiled to, kept as text: `INSTA_UPDATE=always cargo test -p keras-macros` writes it anew.

use proc_macro2::TokenStream;

fn expansion(model: &str) -> String {
    let tokens: TokenStream = format!("[::keras_runtime] {model}").parse().expect("tokens");
    let file = syn::parse2(crate::expand(tokens)).expect("an expansion is a sequence of items");
    let text = prettyplease::unparse(&file);
    assert!(!text.contains("compile_error"), "{text}");
    text
}

/// The whole of it, to be read.
#[test]
fn mnist() {
    let model = "
        /// The MNIST classifier of the Keras overview.
        pub Mnist = dense(256, relu, input = 784) >> dropout(0.4)
                 >> dense(128, relu) >> dropout(0.3)
                 >> dense(10, softmax)";
    insta::assert_snapshot!(expansion(model));
}

/// Sizes that only rustc knows.
#[test]
fn symbolic_sizes() {
    insta::assert_snapshot!(expansion("Net = dense(HIDDEN, tanh, input = config::WIDTH) >> dense(2)"));
}

/// One weight with two uses, values that two branches share, a reduction.
#[test]
fn shared_layers() {
    let model = "
        Siamese(left: [8], right: [8]) -> [1] {
            let tower = dense(4, tanh);
            let a = left >> tower;
            let b = right >> tower;
            sum(square(a - b), axis = -1, keepdims = true)
        }";
    insta::assert_snapshot!(expansion(model));
}

/// A loss: the value for evaluations, and value and slope in one function for training.
#[test]
fn loss() {
    let model = "
        /// Pairs that are alike are near, others apart.
        pub loss Contrastive(y: [1], d: [1]) { y * square(d) + (1 - y) * square(relu(1 - d)) }";
    insta::assert_snapshot!(expansion(model));
}

/// Windows that are never written out, on pieces of the batch of their own; a kernel that lies in panels.
#[test]
fn convolution() {
    let model = "
        Net = conv2d(4, 3, padding = same, activation = relu, input = [12, 10, 3])
           >> conv2d(6, 3, activation = relu) >> max_pooling2d(2)
           >> flatten() >> dense(2)";
    insta::assert_snapshot!(expansion(model));
}
