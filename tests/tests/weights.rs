//! What samples, steps and classes count, against Keras: losses, metrics, and weights after a step.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use ndarray::{Array1, ArrayD};

keras_model! {
    Classes = dense(4, softmax, input = 6);
    Steps = input([5, 3]) >> dense(2);
    Both(x: [6]) -> (first: [2], second: [1]) {
        (x >> dense(2, name = "first"), x >> dense(1, sigmoid, name = "second"))
    }
}

fn get(name: &str) -> ArrayD<f32> {
    Fixture::load("weights").get(name).to_owned()
}

fn labels() -> Array1<f32> {
    get("labels").into_dimensionality().expect("a vector")
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

fn ended<M: Model>(model: &Trainer<M>, case: &str, loss: f64) -> Result<()> {
    let expected = get(&format!("{case}/loss"))[[0]];
    assert!(
        (loss - f64::from(expected)).abs() < 1e-5 * f64::from(expected),
        "{case}: {loss} instead of {expected}"
    );
    for weight in M::SPEC.weights {
        let expected = get(&format!("{case}/end/{}", weight.name));
        assert_close(&format!("{case}: {}", weight.name), &model.weight(weight.name)?, &expected, 1e-5);
    }
    Ok(())
}

#[test]
fn samples_count_what_their_weights_say() -> Result<()> {
    let metrics = (SparseCategoricalAccuracy, Weighted(SparseCategoricalAccuracy));
    let mut model =
        started(Classes::new(0), "samples")?.compile(sgd(), SparseCategoricalCrossentropy, metrics);
    let (x, y, w) = (get("x"), labels(), get("w"));
    let tested = model.test_on_batch_weighted(&x, &y, &w)?;
    let score = model.train_on_batch_weighted(&x, &y, &w)?;
    assert!((tested.loss - score.loss).abs() < 1e-6, "{tested} before the step, {score} in it");
    ended(&model, "samples", score.loss)?;
    for (name, expected) in [
        ("sparse_categorical_accuracy", "samples/accuracy"),
        ("weighted_sparse_categorical_accuracy", "samples/weighted_accuracy"),
    ] {
        assert!((score[name] - f64::from(get(expected)[[0]])).abs() < 1e-6, "{name}: {score}");
    }
    // Batches of any size give the same.
    let settings = Evaluate { sample_weight: sample_weight(&w), batch_size: 5, ..Evaluate::default() };
    let loss = model.evaluate_with(&x, &y, settings)?.loss;
    assert!((loss - f64::from(get("samples/evaluated")[[0]])).abs() < 1e-5, "{loss}");
    // They do not stay.
    assert!((model.evaluate(&x, &y)?.loss - loss).abs() > 1e-3);
    Ok(())
}

#[test]
fn samples_of_a_class_count_what_it_does() -> Result<()> {
    let build = || {
        Ok::<_, Error>(started(Classes::new(0), "classes")?.compile(sgd(), SparseCategoricalCrossentropy, ()))
    };
    let (x, y) = (get("x"), labels());
    let settings = || Fit { batch_size: 4, shuffle: false, verbose: Verbose::Silent, ..Fit::default() };
    let mut model = build()?;
    let history = model.fit(&x, &y, Fit { class_weight: vec![(0, 0.5), (2, 3.0)], ..settings() })?;
    ended(&model, "classes", history.get("loss").expect("it trained")[0])?;
    // The same as weights of the samples, and with them shuffled and threads.
    let w: Vec<f32> = y
        .iter()
        .map(|&class| {
            if class == 0.0 {
                0.5
            } else if class == 2.0 {
                3.0
            } else {
                1.0
            }
        })
        .collect();
    let mut same = build()?;
    same.fit(&x, &y, Fit { sample_weight: sample_weight(&w), ..settings() })?;
    assert_eq!(same.weight("dense/kernel")?, model.weight("dense/kernel")?);
    Ok(())
}

#[test]
fn steps_count_what_their_weights_say() -> Result<()> {
    let mut model = started(Steps::new(0), "steps")?.compile(sgd(), MeanSquaredError, ());
    let score = model.train_on_batch_weighted(get("xs").view(), get("ys").view(), get("ws").view())?;
    ended(&model, "steps", score.loss)
}

#[test]
fn outputs_have_weights_of_their_own() -> Result<()> {
    let losses = (MeanAbsoluteError, BinaryCrossentropy.weighted(0.3));
    let mut model = started(Both::new(0), "outputs")?.compile(sgd(), losses, ());
    let score = model.train_on_batch_weighted(
        get("x").view(),
        (get("y1").view(), get("y2").view()),
        (get("w").view(), get("w2").view()),
    )?;
    ended(&model, "outputs", score.loss)
}

#[test]
fn held_back_samples_keep_their_weights() -> Result<()> {
    let (x, y) = (get("x"), labels());
    let mut w = vec![1.0f32; 12];
    w[9..].fill(0.0);
    let mut model = Classes::new(3).compile(sgd(), SparseCategoricalCrossentropy, ());
    let settings = Fit {
        validation_split: 0.25,
        sample_weight: sample_weight(&w),
        verbose: Verbose::Silent,
        ..Fit::default()
    };
    let history = model.fit(&x, &y, settings)?;
    assert_eq!(history.get("val_loss").expect("it was validated"), [0.0]);
    Ok(())
}

#[test]
fn weights_that_do_not_fit_are_errors() {
    let mut model = Classes::new(0).compile(sgd(), SparseCategoricalCrossentropy, ());
    let (x, y) = (get("x"), labels());
    let mut message = |w: Vec<f32>| model.train_on_batch_weighted(&x, &y, &w).unwrap_err().to_string();
    assert!(message(vec![1.0; 11]).contains("sample weights of output"), "{}", message(vec![1.0; 11]));
    assert!(message(vec![f32::NAN; 12]).contains("NaN"), "{}", message(vec![f32::NAN; 12]));
    let both = Fit { sample_weight: sample_weight(&y), class_weight: vec![(0, 2.0)], ..Fit::default() };
    assert!(model.fit(&x, &y, both).unwrap_err().to_string().contains("class_weight"));
    let infinite = Fit { class_weight: vec![(0, 1.0), (2, f32::INFINITY)], ..Fit::default() };
    assert!(model.fit(&x, &y, infinite).unwrap_err().to_string().contains("inf for class 2"));
    let mut model = Both::new(0).compile(sgd(), (MeanSquaredError, BinaryCrossentropy), ());
    let fit = Fit { class_weight: vec![(0, 2.0)], ..Fit::default() };
    let problem = model.fit(&x, (get("y1").view(), get("y2").view()), fit).unwrap_err().to_string();
    assert!(problem.contains("one output"), "{problem}");
}
