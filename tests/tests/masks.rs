//! Outputs with masks, against Keras: which steps count in the loss, in metrics and in a training step.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use ndarray::{ArrayD, Axis};

keras_model! {
    Tokens = input([5], dtype = i32) >> embedding(6, 3, mask_zero = true) >> lstm(4, return_sequences = true) >> dense(3, softmax);
    Weights = input([5, 3]) >> masking() >> gru(4, return_sequences = true) >> dense(2);
    Both(x: [5, 3]) -> (first: [5, 1], second: [2]) {
        let h = x >> masking();
        let first = h >> simple_rnn(3, return_sequences = true) >> dense(1, sigmoid, name = "first");
        (first, h >> lstm(3) >> dense(2, name = "second"))
    }
    /// The mask of an output that its layers made sequences of sequences of.
    Images(x: [5, 2, 3]) -> [5, 2, 1] { x >> masking() >> time_distributed(gru(4, return_sequences = true)) >> einsum_dense("abcx,xy->abcy", [5, 2, 1], name = "dense") }
}

fn get(name: &str) -> ArrayD<f32> {
    Fixture::load("masks").get(name).to_owned()
}

fn number(name: &str) -> f64 {
    f64::from(get(name)[[0]])
}

fn sgd() -> Sgd {
    Sgd { learning_rate: 1.0, ..Sgd::default() }
}

fn started<M: Model>(mut model: M, case: &str) -> Result<M> {
    for weight in M::SPEC.weights {
        model.set_weight(weight.name, &get(&format!("{case}/start/{}", weight.name)))?;
    }
    Ok(model)
}

fn expect(case: &str, score: &Score, names: &[(&str, &str)]) {
    let close = |what: &str, found: f64, expected: f64| {
        assert!(
            (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
            "{case}: {what} is {found}, expected {expected}"
        );
    };
    close("loss", score.loss, number(&format!("{case}/loss")));
    for (name, keras) in names {
        close(name, score[*name], number(&format!("{case}/{keras}")));
    }
}

fn ended<M: Model>(model: &Trainer<M>, case: &str) -> Result<()> {
    for weight in M::SPEC.weights {
        let expected = get(&format!("{case}/end/{}", weight.name));
        assert_close(&format!("{case}: {}", weight.name), &model.weight(weight.name)?, &expected, 1e-5);
    }
    Ok(())
}

#[test]
fn steps_that_are_masked_do_not_count() -> Result<()> {
    let metrics = (SparseCategoricalAccuracy, SparseCategoricalCrossentropy);
    let mut model = started(Tokens::new(0), "tokens")?.compile(sgd(), SparseCategoricalCrossentropy, metrics);
    let (x, y) = (get("tokens"), get("labels"));
    let names = ["sparse_categorical_accuracy", "sparse_categorical_crossentropy"].map(|name| (name, name));
    let score = model.evaluate_with(&x, &y, Evaluate { batch_size: 3, ..Evaluate::default() })?;
    expect("tokens/evaluated", &score, &names);
    // Where no step counts, there is no loss.
    let none = (&x * 0.0).slice_axis(Axis(0), (0..2).into()).to_owned();
    assert_eq!(model.evaluate(&none, y.slice_axis(Axis(0), (0..2).into()))?.loss, number("tokens/none"));
    let score = model.train_on_batch(&x, &y)?;
    expect("tokens/trained", &score, &names);
    ended(&model, "tokens")
}

#[test]
fn fitting_goes_by_masks() -> Result<()> {
    let (x, y) = (get("tokens"), get("labels"));
    let mut model = started(Tokens::new(0), "tokens")?.compile(sgd(), SparseCategoricalCrossentropy, ());
    let fit = Fit { batch_size: 7, shuffle: false, epochs: 1, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, fit)?;
    assert!((history.get("loss").expect("it trained")[0] - number("tokens/trained/loss")).abs() < 1e-5);
    ended(&model, "tokens")
}

#[test]
fn masks_and_weights_multiply() -> Result<()> {
    let metrics = (MeanAbsoluteError, RootMeanSquaredError, CosineSimilarity, Weighted(MeanAbsoluteError));
    let mut model = started(Weights::new(0), "weighted")?.compile(sgd(), MeanSquaredError, metrics);
    let (x, y, w) = (get("x"), get("y"), get("ws"));
    let names = [
        "mean_absolute_error",
        "root_mean_squared_error",
        "cosine_similarity",
        "weighted_mean_absolute_error",
    ]
    .map(|name| (name, name));
    let settings = Evaluate { batch_size: 3, sample_weight: sample_weight(&w), ..Evaluate::default() };
    expect("weighted/evaluated", &model.evaluate_with(&x, &y, settings)?, &names);
    expect("weighted/trained", &model.train_on_batch_weighted(&x, &y, &w)?, &names);
    ended(&model, "weighted")
}

#[test]
fn each_output_has_its_mask() -> Result<()> {
    let metrics = PerOutput(((BinaryAccuracy::default(), Precision::default()), MeanSquaredError));
    let losses = (BinaryCrossentropy, MeanAbsoluteError.weighted(0.3));
    let mut model = started(Both::new(0), "both")?.compile(sgd(), losses, metrics);
    let (x, y) = (get("x"), (get("bits"), get("y2")));
    let names = [
        "first_loss",
        "second_loss",
        "first_binary_accuracy",
        "first_precision",
        "second_mean_squared_error",
    ]
    .map(|name| (name, name));
    let score = model.evaluate_with(&x, (&y.0, &y.1), Evaluate { batch_size: 3, ..Evaluate::default() })?;
    expect("both/evaluated", &score, &names);
    expect("both/trained", &model.train_on_batch(&x, (&y.0, &y.1))?, &names);
    ended(&model, "both")
}

/// A mask that says of each step of each step whether it counts: the mean is over those that do.
#[test]
fn masks_have_as_many_axes_as_steps() -> Result<()> {
    let mut model = Images::new(1).compile(sgd(), MeanSquaredError, MeanSquaredError);
    let (x, w) = (get("x"), get("ws").insert_axis(Axis(2)).mapv(|w| f32::from(u8::from(w > 1.0))));
    let x = ndarray::stack(Axis(2), &[x.view(), (&x * &w).view()]).unwrap();
    let y = ndarray::stack(Axis(2), &[get("bits").view(), get("bits").view()]).unwrap();
    let predicted = model.predict(&x)?;
    let (mut sum, mut count) = (0.0, 0.0);
    for (step, (y, p)) in x.rows().into_iter().zip(y.iter().zip(&predicted)) {
        if step.iter().any(|x| *x != 0.0) {
            sum += f64::from(y - p).powi(2);
            count += 1.0;
        }
    }
    let score = model.evaluate(&x, &y)?;
    assert!(count < 70.0 && (score.loss - sum / count).abs() < 1e-5, "{} is not {}", score.loss, sum / count);
    assert!((score["mean_squared_error"] - sum / count).abs() < 1e-5, "{score}");
    Ok(())
}
