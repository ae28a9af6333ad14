//! What samples, steps and classes count, against Keras: losses, metrics, and weights after a step.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::data::{Batch, generator};
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

/// Batches bring their weights: of samples, of steps, of each output, whether they are read ahead or generated.
#[test]
fn data_sets_have_weights_of_their_own() -> Result<()> {
    let quiet = || Fit { verbose: Verbose::Silent, ..Fit::default() };
    let metrics = (SparseCategoricalAccuracy, Weighted(SparseCategoricalAccuracy));
    let mut model =
        started(Classes::new(0), "samples")?.compile(sgd(), SparseCategoricalCrossentropy, metrics);
    let dataset = || Dataset::from_weighted_arrays(get("x"), labels(), get("w"));
    let history = model.fit_dataset(dataset()?.batch(12).prefetch(2, 2), quiet())?;
    ended(&model, "samples", history.get("loss").expect("it trained")[0])?;
    let weighted = history.get("weighted_sparse_categorical_accuracy").expect("a weighted metric")[0];
    assert!((weighted - f64::from(get("samples/weighted_accuracy")[[0]])).abs() < 1e-6, "{weighted}");
    let loss = model.evaluate_dataset(dataset()?.batch(5), Evaluate::default())?.loss;
    assert!((loss - f64::from(get("samples/evaluated")[[0]])).abs() < 1e-5, "{loss}");
    // Those of one evaluation are not those of another.
    let plain = model.evaluate_dataset(Dataset::from_arrays(get("x"), labels())?, Evaluate::default())?.loss;
    assert!((plain - model.evaluate(get("x"), labels())?.loss).abs() < 1e-6 && (plain - loss).abs() > 1e-3);

    let mut model = started(Steps::new(0), "steps")?.compile(sgd(), MeanSquaredError, ());
    let steps = generator(|_| [Batch::new(get("xs"), get("ys")).with_sample_weight(get("ws"))].into_iter());
    let history = model.fit_dataset(steps, quiet())?;
    ended(&model, "steps", history.get("loss").expect("it trained")[0])?;

    let losses = (MeanAbsoluteError, BinaryCrossentropy.weighted(0.3));
    let mut model = started(Both::new(0), "outputs")?.compile(sgd(), losses, ());
    let both = Dataset::from_weighted_arrays(get("x"), (get("y1"), get("y2")), (get("w"), get("w2")))?;
    let history = model.fit_dataset(both.batch(12), quiet())?;
    ended(&model, "outputs", history.get("loss").expect("it trained")[0])?;

    let classes = vec![(0, 0.5), (2, 3.0)];
    let mut model = started(Classes::new(0), "classes")?.compile(sgd(), SparseCategoricalCrossentropy, ());
    let dataset = Dataset::from_arrays(get("x"), labels())?.batch(4);
    let history = model.fit_dataset(dataset, Fit { class_weight: classes, ..quiet() })?;
    ended(&model, "classes", history.get("loss").expect("it trained")[0])
}

/// Weights change with the sample that they are of, and a `map` sees them.
#[test]
fn weights_go_where_their_samples_go() -> Result<()> {
    let (x, y) = (get("x"), labels());
    let w: Vec<f32> = y.iter().map(|class| 1.0 + class).collect();
    let train = |dataset: Dataset| -> Result<_> {
        let mut model =
            started(Classes::new(0), "samples")?.compile(sgd(), SparseCategoricalCrossentropy, ());
        model.fit_dataset(dataset, Fit { verbose: Verbose::Silent, epochs: 2, ..Fit::default() })?;
        model.weight("dense/kernel")
    };
    let given = Dataset::from_weighted_arrays(x.clone(), y.clone(), w)?.shuffle(3).batch(5);
    let made = Dataset::from_arrays(x, y)?.shuffle(3).batch(5).map(|mut sample, _| {
        sample.sample_weight = vec![sample.y[0].mapv(|class| 1.0 + class)];
        Ok(sample)
    });
    assert_eq!(train(given)?, train(made)?);
    Ok(())
}

#[test]
fn data_to_validate_with_have_weights_of_their_own() -> Result<()> {
    let (x, y, w) = (get("x"), labels(), get("w"));
    let mut model = Classes::new(3).compile(sgd(), SparseCategoricalCrossentropy, ());
    let settings = Fit {
        validation_data: validation(&x, &y),
        validation_sample_weight: sample_weight(&w),
        verbose: Verbose::Silent,
        ..Fit::default()
    };
    let history = model.fit(&x, &y, settings)?;
    let settings = Evaluate { sample_weight: sample_weight(&w), ..Evaluate::default() };
    let expected = model.evaluate_with(&x, &y, settings)?.loss;
    assert!((history.get("val_loss").expect("it was validated")[0] - expected).abs() < 1e-9);
    let alone = Fit { validation_sample_weight: sample_weight(&w), ..Fit::default() };
    let problem = model.fit(&x, &y, alone).unwrap_err().to_string();
    assert_eq!(problem, "`validation_sample_weight` is given, expected none without `validation_data`");
    Ok(())
}

#[test]
fn weights_of_data_sets_that_do_not_fit_are_errors() -> Result<()> {
    let quiet = || Fit { verbose: Verbose::Silent, ..Fit::default() };
    let mut model = Classes::new(0).compile(sgd(), SparseCategoricalCrossentropy, ());
    let mut problem = |dataset: Result<Dataset>, settings: Fit<'_>| match dataset {
        Ok(dataset) => model.fit_dataset(dataset, settings).expect_err("it should fail").to_string(),
        Err(error) => error.to_string(),
    };
    let of = |w: Vec<f32>| Dataset::from_weighted_arrays(get("x"), labels(), w);
    assert_eq!(
        problem(of(vec![1.0; 11]), quiet()),
        "an array of sample weights has 11 samples, but the first array of inputs has 12: every array needs one row for \
         each sample"
    );
    assert!(
        problem(of(vec![f32::NAN; 12]), quiet())
            .contains("the sample weights of output `dense`: sample 0 holds NaN")
    );
    let three = Dataset::from_weighted_arrays(get("x"), labels(), (get("w"), get("w"), get("w")));
    assert!(problem(three, quiet()).contains("sample weights of `Classes`: expected 1, found 3"));
    let classes = Fit { class_weight: vec![(0, 2.0)], ..quiet() };
    assert_eq!(
        problem(of(vec![1.0; 12]), classes),
        "`class_weight` is both, expected no sample weights in the batches beside it"
    );
    let arrays = get("w");
    let settings = Fit { sample_weight: sample_weight(&arrays), ..quiet() };
    assert!(problem(of(vec![1.0; 12]), settings).contains("its batches bring theirs"));
    Ok(())
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

/// Variances go by the axes that Keras counts as inputs and outputs: those of a layer's equation, or those that are said.
#[test]
fn axes_of_inputs_and_outputs() -> Result<()> {
    keras_model! {
        Fans(x: [3, 20]) {
            let a = (x, x) >> multi_head_attention(4, 32, name = "attention");
            let b = x >> einsum_dense("abc,cde->abde", [-1, 4, 32], name = "einsum");
            let c = x >> dense(50, kernel_initializer = he_uniform(input_axes = 1, output_axes = 0), name = "turned");
            (a, b, c)
        }
    }
    let model = Fans::new(3);
    for (weight, limit) in [
        // √(6 / (inputs + outputs)): 20 and 4 * 32; 4 * 32 and 20; √(6 / inputs), of which there are 50.
        ("attention/query/kernel", (6.0f32 / 148.0).sqrt()),
        ("attention/attention_output/kernel", (6.0f32 / 148.0).sqrt()),
        ("einsum/kernel", (6.0f32 / 148.0).sqrt()),
        ("turned/kernel", (6.0f32 / 50.0).sqrt()),
    ] {
        let greatest = model.weight(weight)?.iter().fold(0.0f32, |greatest, w| greatest.max(w.abs()));
        assert!(greatest <= limit && greatest > 0.98 * limit, "{weight}: {greatest}, within {limit}");
    }
    Ok(())
}
