//! The front end as a function of tokens: what it builds, and what it says.

use std::str::FromStr;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diagnostics;
use crate::graph;
use crate::model::{Compilation, Model};

pub fn compile(source: &str) -> (Vec<Model>, Vec<String>) {
    let diag = Diagnostics::default();
    let tokens = TokenStream::from_str(source).expect("tokens");
    let compilation = Compilation::new(quote!([keras_runtime] #tokens), &diag);
    (compilation.models, diag.texts())
}

/// A model that has no errors.
pub fn model(source: &str) -> Model {
    let (mut models, texts) = compile(source);
    assert!(texts.is_empty(), "{texts:#?}");
    models.pop().expect("a model")
}

/// The table of layers.
pub fn table(source: &str) -> String {
    graph::table(&model(source).graph)
}

/// Headlines of the errors.
pub fn errors(source: &str) -> Vec<String> {
    let (_, texts) = compile(source);
    texts.iter().map(|text| text.lines().next().unwrap_or_default().to_string()).collect()
}

#[test]
fn mnist_of_the_keras_overview() {
    let source = "dense(256, relu, input = 784) >> dropout(0.4) >> dense(128, relu) >> dropout(0.3) >> dense(10, softmax)";
    let expected = "\
input_layer: [batch, 784] F32
dense (Dense) [batch, 256] <- input_layer; dense/kernel[784, 256] GlorotUniform dense/bias[256] Zeros
dropout (Dropout) [batch, 256] <- dense;
dense_1 (Dense) [batch, 128] <- dropout; dense_1/kernel[256, 128] GlorotUniform dense_1/bias[128] Zeros
dropout_1 (Dropout) [batch, 128] <- dense_1;
dense_2 (Dense) [batch, 10] <- dropout_1; dense_2/kernel[128, 10] GlorotUniform dense_2/bias[10] Zeros
-> dense_2: [batch, 10]
";
    assert_eq!(table(source), expected);
}

#[test]
fn dense_is_a_product_a_sum_and_an_activation() {
    let expected = "\
%0 = input input_layer : [batch, 3]
%1 = weight dense/kernel : [3, 2]
%2 = matmul %0 %1 : [batch, 2]
%3 = weight dense/bias : [2]
%4 = broadcast %3 : [batch, 2]
%5 = add %2 %4 : [batch, 2]
%6 = relu %5 : [batch, 2]
output dense = Linear %6
";
    assert_eq!(model("pub M = dense(2, relu, input = 3)").graph.to_string(), expected);
}

#[test]
fn named_layers_share_their_weights() {
    let m = model(
        "pub Siamese(a: [4], b: [4]) -> (distance: [1]) {
            let tower = dense(8, tanh) >> dense(3);
            let d = abs((a >> tower) - tower(b));
            d >> dense(1, sigmoid)
        }",
    );
    let names: Vec<&str> = m.graph.weights.iter().map(|weight| weight.name.as_str()).collect();
    assert_eq!(
        names,
        ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "dense_2/kernel", "dense_2/bias"]
    );
    assert_eq!(m.graph.outputs[0].name, "distance");
}

#[test]
fn models_are_layers_of_models() {
    let m = model(
        "Encoder = dense(4, input = 6) >> dense(2);
         pub Pair(x: [6], y: [6]) { concatenate(x >> Encoder, Encoder(y)) >> dense(1) }",
    );
    let names: Vec<&str> = m.graph.layers.iter().map(|layer| layer.name.as_str()).collect();
    let expected = [
        "x",
        "y",
        "encoder/dense",
        "encoder/dense_1",
        "encoder_1/dense",
        "encoder_1/dense_1",
        "concatenate",
        "dense",
    ];
    assert_eq!(names, expected);
    let m = model(
        "Encoder = dense(4, input = 6) >> dense(2);
         pub Pair(x: [6], y: [6]) { let e = Encoder; concatenate(x >> e, e(y)) >> dense(1) }",
    );
    assert_eq!(m.graph.weights.len(), 6);
}

#[test]
fn constants_are_numbers_or_symbols() {
    let m = model("const N: usize = 2 * 8; pub M = dense(N + 1, input = config::WIDTH) >> dense(2 * K)");
    let shapes: Vec<String> = m.graph.layers.iter().map(|layer| layer.output.to_string()).collect();
    assert_eq!(shapes, ["[batch, 17]", "[batch, 2 * K]"]);
}

#[test]
fn operators_bind_as_in_rust() {
    let m = model("pub M(x: [3]) { let y = -x * 2.0 + x / 4; (y > 0.5) * y >> lambda(|t| exp(t) - 1) }");
    assert_eq!(m.graph.outputs.len(), 1);
    assert_eq!(errors("pub M(x: [3]) { x >> dense(3) + x }"), ["a layer cannot be added to a tensor"]);
}

#[test]
fn layers_have_the_shapes_of_keras() {
    let shape = |layers: &str| {
        let m = model(&format!("input([4, 6]) >> {layers}"));
        m.graph.shape(m.graph.outputs[0].value).to_string()
    };
    assert_eq!(shape("flatten()"), "[batch, 24]");
    assert_eq!(shape("reshape([3, -1])"), "[batch, 3, 8]");
    assert_eq!(shape("permute([2, 1])"), "[batch, 6, 4]");
    assert_eq!(shape("flatten() >> repeat_vector(3)"), "[batch, 3, 24]");
    assert_eq!(shape("dense(5)"), "[batch, 4, 5]");
    assert_eq!(shape("softmax(axis = 1)"), "[batch, 4, 6]");
    assert_eq!(shape("sparsemax"), "[batch, 4, 6]");
    assert_eq!(shape("glu"), "[batch, 4, 3]");
    assert_eq!(shape("sum(axis = 1)"), "[batch, 6]");
    let dot = |axes: &str| {
        let m = model(&format!("M(a: [4, 6], b: [5, 6]) {{ (a, b) >> dot({axes}, normalize = true) }}"));
        m.graph.shape(m.graph.outputs[0].value).to_string()
    };
    assert_eq!(dot("2"), "[batch, 4, 5]");
    assert_eq!(dot("(2, -1)"), "[batch, 4, 5]");
}

#[test]
fn every_activation_builds() {
    for name in include_str!("../tests/keras_activations.txt").split_whitespace() {
        let call = if name == "threshold" { "threshold(1.0, 0.0)" } else { name };
        model(&format!("dense(4, {call}, input = 2)"));
        model(&format!("M(x: [4]) {{ {name}(x{}) }}", if name == "threshold" { ", 1.0, 0.0" } else { "" }));
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let found =
        errors("pub M = dens(3, input = 4) >> dropout(1.5) >> dense(0) >> dense(4, rulu) >> flaten()");
    let expected = [
        "unknown layer `dens`",
        "`rate` of `dropout` must be in [0, 1), found 1.5",
        "`units` of `dense` must be at least 1, found 0",
        "unknown activation `rulu`",
        "unknown layer `flaten`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn one_error_has_no_consequences() {
    assert_eq!(errors("M(x: [28, 28, 1]) { let h = x >> dense(3); let y = h >> dense(4); (y, h) }").len(), 1);
    assert_eq!(errors("M(x: [3]) { let h = x >> dens(3); add(h, x) }"), ["unknown layer `dens`"]);
    assert_eq!(errors("A = dense(0, input = 3) B = A >> dense(1) C(x: [3]) { x >> A }").len(), 1);
}

#[test]
fn cycles_are_named() {
    assert_eq!(
        errors("M(x: [3]) { let a = b >> dense(3); let b = a >> dense(3); b }"),
        ["`a` needs its own value"]
    );
    assert_eq!(
        errors("M(x: [3]) { let a = b >> dense(3); let b = x >> dense(3); a }"),
        ["`b` is used before it is defined"]
    );
    assert_eq!(errors("A(x: [3]) { x >> B } B(x: [3]) { x >> A }"), ["model `A` contains itself"]);
}

#[test]
fn the_parser_goes_on_after_an_error() {
    let found =
        errors("A = dense(3 4, input = 2) >> >> dense(1) B = dense(2, input = ) pub C = dense(0, input = 2)");
    assert_eq!(found.len(), 4, "{found:#?}");
}

/// No sequence of tokens makes the compiler panic, or run for ever.
#[test]
fn any_tokens_are_survived() {
    let words = [
        "dense",
        "(",
        ")",
        "(3, input = 4)",
        "(8)",
        ">>",
        ">>",
        ">",
        ",",
        ";",
        "=",
        "x",
        "{",
        "}",
        "[",
        "]",
        "->",
        "-",
        "+",
        "pub",
        "let",
        "const",
        "|",
        "|x| x",
        "4",
        "0.5",
        "add",
        "A",
        "A =",
        "N",
        ":",
        "::",
        "#",
        "\"s\"",
        "block",
        "block b(n, a = relu) |x| { x >> dense(n, a) }",
        "b(3)",
        "A(outputs = \"dense\")",
        "models::A",
        "let (a, _) = (x, y);",
        "repeat",
        "repeat 2 { dense(3) }",
        "repeat i in 2 |x|",
        "in",
        "lambda",
        "relu",
        "dropout(0.5)",
        "flatten()",
        "(x: [3, 4])",
        "A(x: [3]) { x >> dense(2) }",
        "input([2, 2])",
        "reshape([-1])",
        "axis = 1",
        "concatenate",
        "where",
        "sum",
        "let h = x >> A;",
        "(x, y)",
        "softmax",
        "dot",
    ];
    let mut state = 7u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..5_000 {
        let count = 1 + next(12);
        let source: Vec<&str> = (0..count).map(|_| words[next(words.len())]).collect();
        let source = source.join(" ");
        for source in [
            source.clone(),
            format!("pub M(x: [3], y: [3]) {{ {source} }}"),
            format!("M = dense(3, input = 4) {source}"),
        ] {
            if TokenStream::from_str(&source).is_ok() {
                compile(&source);
            }
        }
    }
}
