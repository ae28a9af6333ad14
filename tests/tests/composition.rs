//! Models as layers across macro calls, modules and crates.

use keras_runtime::prelude::*;
use ndarray::{Array2, ArrayD};

mod parts {
    use keras_runtime::keras_model;

    keras_model! {
        pub(super) Head = dense(3, relu, input = 4) >> dense(2, softmax)
    }
}

use tests::models::{self as blocks, Encoder, Fork};

// Names of its own, which are not those of the model that it takes in.
const CODE: usize = 7;

keras_model! {
    const HIDDEN: usize = 9;

    block mlp(units) |x| { x >> dense(units, name = "own") }

    /// By name, by path, shared and anew.
    Both(x: [5], y: [5]) -> [2] {
        let shared = Encoder;
        let sum = (x >> shared) + shared(y) + (y >> tests::models::Encoder);
        sum >> parts::Head >> mlp(HIDDEN) >> dense(CODE) >> dense(2)
    }
    Forked(x: [4]) {
        let (left, right) = x >> Fork;
        concatenate(left, right)
    }
    Whole = tests::models::deep::Deep >> dense(1)

    /// Sizes that follow from those of a tensor.
    block halved() |x| { x >> if shape(x, 1) != 2 * (shape(x, 1) / 2) { dense(shape(x, -1) + 1) } >> dense(shape(x, 1) / 2) }
    Halved(x: [7, 2], y: [HIDDEN]) -> [1] {
        let half = floor(0.5 * shape(x, 1) + 0.25);
        concatenate(x >> flatten() >> halved() >> dense(half), y >> halved()) >> dense(1)
    }

    /// A block of another crate, with a constant of this one.
    Pictures = input([8, 8, 1]) >> tests::models::tower(HIDDEN) >> flatten() >> dense(2)
    /// Twice the same weights.
    Twins(a: [8, 8, 1], b: [8, 8, 1]) -> (first: [2, 2, 4], second: [2, 2, 4]) {
        let tower = blocks::tower(3);
        (a >> tower, tower(b))
    }
    Deep(x: [8, 8, 1]) {
        let h = x >> blocks::tower(3, deep = true, name = "towers");
        (h >> if 2 < HIDDEN { blocks::stage(2, tanh, halve = false) }, h)
    }
}

fn names(model: &impl Model) -> Vec<&'static str> {
    model.weights().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn layers_of_other_crates_have_weights_of_their_own() {
    let both = Both::new(1);
    let encoder = Encoder::new(1).count_params();
    assert_eq!(encoder, 5 * 6 + 6 + 6 * 4 + 4 + 2 * (4 * 4 + 4));
    let head = 4 * 3 + 3 + 3 * 2 + 2;
    assert_eq!(both.count_params(), 2 * encoder + head + 2 * 9 + 9 + 9 * 7 + 7 + 7 * 2 + 2);
    for name in ["encoder/mlp/dense/kernel", "encoder_1/dense_1/bias", "head/dense/kernel", "mlp/own/kernel"]
    {
        assert!(names(&both).contains(&name), "{name} is not among {:?}", names(&both));
    }
    assert_eq!(Forked::new(0).count_params(), 4 * 2 + 2 + 4 * 3 + 3);
    assert_eq!(names(&Whole::new(0))[0], "deep/encoder/mlp/dense/kernel");
}

#[test]
fn blocks_of_other_crates_are_built_where_they_are_used() {
    let pictures = Pictures::new(0);
    // 3 × 3 windows; 8 × 8 is halved twice.
    assert_eq!(pictures.count_params(), (9 * 9 + 9) + (9 * 9 * 4 + 4) + (2 * 2 * 4 * 2 + 2));
    assert!(names(&pictures).contains(&"tower/stage_1/conv/kernel"), "{:?}", names(&pictures));
    assert_eq!(Twins::new(0).count_params(), (9 * 3 + 3) + (9 * 3 * 4 + 4));
    let deep = Deep::new(0);
    let (first, second) = (9 * 3 + 3, 9 * 3 * 8 + 8);
    let (third, fourth, own) = (9 * 8 * 4 + 4, 9 * 4 * 4 + 4, 9 * 4 * 2 + 2);
    assert_eq!(deep.count_params(), first + second + third + fourth + own);
    assert!(names(&deep).contains(&"towers/stage_3/conv/bias"), "{:?}", names(&deep));
}

/// The same numbers as the model computes by itself, given its weights.
#[test]
fn a_layer_of_another_crate_computes_what_the_model_does() -> Result<()> {
    keras_model! { Same = tests::models::Encoder >> lambda(|x| x * 1.0) }
    let (mut same, mut encoder) = (Same::new(3), Encoder::new(4));
    for (name, value) in encoder.weights() {
        same.set_weight(&format!("encoder/{name}"), &value)?;
    }
    let x = Array2::from_shape_fn((7, 5), |(i, j)| (i as f32 - 2.0 * j as f32) * 0.3);
    let (a, b): (ArrayD<f32>, ArrayD<f32>) = (same.predict(&x)?, encoder.predict(&x)?);
    assert_eq!(a, b);
    assert!(a.iter().any(|value| value.abs() > 1e-3));
    Ok(())
}

#[test]
fn an_expression_takes_models_from_elsewhere() -> Result<()> {
    let mut model = keras_model!(Encoder >> parts::Head >> dense(3));
    assert_eq!(model.predict(Array2::<f32>::zeros((2, 5)))?.shape(), [2, 3]);
    Ok(())
}

keras_model! {
    block stage(units) |x| { x >> dense(units, relu) >> dropout(0.2) }

    Classifier = input([6]) >> stage(8) >> stage(7) >> dense(3, softmax);
    /// What the classifier sees behind its second stage, and behind its first.
    Features = Classifier(outputs = "stage_1");
    Stages = Classifier(outputs = ["stage", "stage_1/dense"]);
    OtherSize = input([6]) >> stage(9) >> dense(3);
    Code = Encoder(outputs = "mlp")
}

/// A part computes what the whole computes there: put together again with the rest by hand, it is the whole.
#[test]
fn a_part_of_a_model_takes_its_weights() -> Result<()> {
    let mut whole = Classifier::new(5);
    let (mut features, mut stages) = (Features::new(6), Stages::new(7));
    features.copy_weights_from(&whole)?;
    stages.copy_weights_from(&whole)?;
    assert_eq!(names(&features), names(&whole)[..4]);
    let x = Array2::from_shape_fn((5, 6), |(i, j)| ((i * 5 + j * 3) % 7) as f32 / 3.0 - 1.0);
    let hidden = features.predict(&x)?.into_dimensionality::<ndarray::Ix2>().expect("rows and columns");
    assert_eq!(stages.predict_outputs(&x)?[1], hidden.clone().into_dyn());
    let [kernel, bias] = ["dense/kernel", "dense/bias"].map(|name| whole.weight(name).expect("a weight"));
    let kernel = kernel.into_dimensionality::<ndarray::Ix2>().expect("a matrix");
    let logits = hidden.dot(&kernel) + bias;
    let exp = logits.mapv(f32::exp);
    let sums = exp.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
    for (own, whole) in (exp / sums).iter().zip(&whole.predict(&x)?) {
        approx::assert_abs_diff_eq!(own, whole, epsilon = 1e-6);
    }
    // A part of a model of another crate.
    let mut code = Code::new(1);
    code.copy_weights_from(&Encoder::new(2))?;
    assert_eq!(code.predict(x.slice(ndarray::s![.., ..5]).to_owned())?.shape(), [5, 4]);
    Ok(())
}

#[test]
fn weights_of_a_model_that_differs_are_refused() {
    let mut part = Features::new(1);
    let before = part.weights();
    let text = part.copy_weights_from(&OtherSize::new(2)).expect_err("another model").to_string();
    let expected = "the model `OtherSize` does not fit the model `Features`:
  stage/dense/kernel: expected [6, 8], found [6, 9]
  stage/dense/bias: expected [8], found [9]
  stage_1/dense/kernel: expected, and not there
  stage_1/dense/bias: expected, and not there
";
    assert_eq!(text, expected);
    assert_eq!(part.weights(), before);
}

#[test]
fn parts_that_are_not_there_are_told() {
    let (mut both, encoder, fork) = (Both::new(1), Encoder::new(2), Fork::new(3));
    let before = both.weight("encoder/mlp/dense/kernel").unwrap();
    let problem = both.copy_part_from("enkoder", &encoder).unwrap_err().to_string();
    assert!(problem.contains("enkoder") && problem.contains("encoder/mlp/dense"), "{problem}");
    let problem = both.copy_part_from("encoder", &fork).unwrap_err().to_string();
    assert!(problem.contains("encoder/mlp/dense/kernel: expected, and not there"), "{problem}");
    assert_eq!(both.weight("encoder/mlp/dense/kernel").unwrap(), before);
    let mut own = Encoder::new(4);
    assert!(own.copy_weights_from_part(&both, "head").is_err());
    own.copy_weights_from_part(&both, "encoder").unwrap();
    assert_eq!(own.weight("mlp/dense/kernel").unwrap(), before);
}

#[test]
fn sizes_follow_from_tensors() {
    let shapes: Vec<&[usize]> = Halved::SPEC
        .weights
        .iter()
        .filter(|weight| weight.shape.len() == 2)
        .map(|weight| weight.shape)
        .collect();
    // 7 times 2 is even: to a half, and that to floor(3.75); 9 is odd.
    let expected: [&[usize]; 5] = [&[14, 7], &[7, 3], &[9, 10], &[10, 4], &[7, 1]];
    assert_eq!(shapes, expected);
}
