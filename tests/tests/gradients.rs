//! Gradients as values of a model, and models that are trained in turns.

use approx::assert_relative_eq;
use keras_runtime::prelude::*;
use ndarray::{Array2, Array3, Array4, ArrayD};

keras_model! {
    const CLASSES: usize = 3;

    Classifier = input([8, 8, 2]) >> max_pooling2d(2) >> conv2d(4, 3, activation = tanh) >> dropout(0.5)
        >> batch_normalization() >> flatten() >> dense(5, tanh) >> dense(CLASSES, softmax)

    /// How much each pixel matters for a class.
    Saliency(image: [8, 8, 2], class: [u8; 1]) -> (score: [1], slope: [8, 8, 2]) {
        let scores = image >> Classifier(name = "classifier");
        let score = sum(scores * reshape(one_hot(class, CLASSES), [CLASSES]), axis = -1, keepdims = true);
        (score, gradient(score, image))
    }

    Sequences = lstm(4, input = [6, 3]) >> dense(2)
    SlopeOfSequences(x: [6, 3]) { gradient(square(x >> Sequences), x) }

    /// A critic whose slope is held to 1 (Gulrajani et al., 2017).
    Critic = dense(8, tanh, input = 2) >> dense(1)
    Penalised(x: [2]) {
        let y = x >> Critic;
        add_loss(10.0 * square(sqrt(sum(square(gradient(y, x)), axis = -1) + 1e-8) - 1.0));
        y
    }

    /// A convolution, pooled, and its slope.
    Pooled(x: [6, 6, 1]) {
        let y = x >> conv2d(3, 3, activation = tanh) >> max_pooling2d(2) >> dense2();
        add_loss(sum(square(gradient(y, x)), axis = -1));
        y
    }
    block dense2() |x| { x >> flatten() >> dense(1) }
}

fn wave(i: usize) -> f32 {
    (i as f32 * 0.731).sin()
}

/// Holds `slope`, an output of a model, to differences of `value`.
fn check(x: &ArrayD<f32>, slope: &ArrayD<f32>, mut value: impl FnMut(&ArrayD<f32>) -> f32, step: f32) {
    assert_eq!(x.shape(), slope.shape());
    let scale = slope.iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert!(scale > 1e-3, "the slope is nowhere");
    for (index, &found) in slope.indexed_iter() {
        let mut shifted = |by: f32| {
            let mut x = x.clone();
            x[index.clone()] += by;
            value(&x)
        };
        let expected = (shifted(step) - shifted(-step)) / (2.0 * step);
        assert!((found - expected).abs() < 0.01 * scale, "{index:?}: {found}, expected {expected}");
    }
}

#[test]
fn the_slope_of_a_class_is_that_of_differences() -> Result<()> {
    let mut classifier = Classifier::new(3);
    let mut saliency = Saliency::new(4);
    saliency.copy_part_from("classifier", &classifier)?;
    // No two pixels are close: differences do not change which of them is the greatest.
    let pixel = |(n, i, j, c)| ((n * 128 + i * 16 + j * 2 + c) * 37 % 257) as f32 / 128.0 - 1.0;
    let x = Array4::from_shape_fn((2, 8, 8, 2), pixel).into_dyn();
    let class = ndarray::arr2(&[[0u8], [2]]);
    let outputs = saliency.predict_outputs((&x, &class))?;
    let score = |x: &ArrayD<f32>, classifier: &mut Classifier| -> f32 {
        let scores: ArrayD<f32> = classifier.predict(x).unwrap();
        scores[[0, 0]] + scores[[1, 2]]
    };
    let total: f32 = outputs[0].iter().sum();
    assert_relative_eq!(total, score(&x, &mut classifier), epsilon = 1e-6);
    check(&x, &outputs[1], |x| score(x, &mut classifier), 2e-3);
    Ok(())
}

#[test]
fn slopes_go_through_loops() -> Result<()> {
    let mut sequences = Sequences::new(1);
    let mut slope = SlopeOfSequences::new(2);
    slope.copy_part_from("sequences", &sequences)?;
    let x = Array3::from_shape_fn((2, 6, 3), |(n, t, i)| wave(n * 50 + t * 7 + i)).into_dyn();
    let found: ArrayD<f32> = slope.predict(&x)?;
    let value = |x: &ArrayD<f32>| -> f32 {
        let y: ArrayD<f32> = sequences.predict(x).unwrap();
        y.iter().map(|y| y * y).sum()
    };
    check(&x, &found, value, 1e-2);
    Ok(())
}

/// The gradients of weights, where the loss has gradients itself.
fn check_weights<M: Model>(model: M, x: &ArrayD<f32>) -> Result<()> {
    let y = Array2::<f32>::zeros((x.shape()[0], 1));
    let mut trainer = model.compile(Sgd { learning_rate: 0.0, ..Sgd::default() }, MeanSquaredError, ());
    trainer.train_on_batch(x, &y)?;
    for (name, value) in trainer.weights() {
        let found = trainer.gradient(name)?;
        let value_at = |value: &ArrayD<f32>, trainer: &mut Trainer<M>| -> f32 {
            trainer.set_weight(name, value).unwrap();
            trainer.test_on_batch(x, &y).unwrap().loss as f32
        };
        if found.iter().any(|slope| slope.abs() > 1e-3) {
            check(&value, &found, |value| value_at(value, &mut trainer), 5e-3);
        }
        trainer.set_weight(name, &value)?;
    }
    Ok(())
}

#[test]
fn models_are_trained_on_slopes() -> Result<()> {
    let x = Array2::from_shape_fn((5, 2), |(n, i)| wave(n * 3 + i)).into_dyn();
    check_weights(Penalised::new(5), &x)?;
    let x = Array4::from_shape_fn((3, 6, 6, 1), |(n, i, j, _)| wave(n * 97 + i * 31 + j * 5)).into_dyn();
    check_weights(Pooled::new(6), &x)
}

#[test]
fn a_held_slope_becomes_one() -> Result<()> {
    let x = Array2::from_shape_fn((64, 2), |(n, i)| 2.0 * wave(n * 3 + i));
    let y = x.map_axis(ndarray::Axis(1), |x| 3.0 * x[0]).insert_axis(ndarray::Axis(1));
    let mut model =
        Penalised::new(7).compile(Adam { learning_rate: 0.01, ..Adam::default() }, MeanSquaredError, ());
    let settings = Fit { epochs: 60, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    let losses = history.get("loss").unwrap();
    assert!(losses[59] < 0.5 * losses[0], "{} to {}", losses[0], losses[59]);
    Ok(())
}
