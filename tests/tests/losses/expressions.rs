//! Losses that the macro compiles from expressions: against those of the runtime, against differences, and with everything
//! that is said of a loss.

use keras_runtime::loss::Losses;
use keras_runtime::prelude::*;
use ndarray::{Array2, Array3};

use crate::check;
use crate::fixture::{Fixture, assert_close, assert_close_number, still};

keras_model! {
    const MARGIN: f32 = 0.7;

    /// The mean squared error.
    pub loss Squares(y: [5], p: [5]) { mean(square(y - p), axis = -1) }
    // Every word is a value: the loss of a sample is their mean.
    loss Words(y: [5], p: [5]) { square(y - p) }
    loss Places(y: [4, 5], p: [4, 5]) { mean(square(y - p), axis = -1) }
    loss Entropy(y: [5], p: [5]) { -sum(y * log(p + 0.0000001), axis = -1) }
    // Pairs that are alike (1) are near, others at least the margin apart.
    loss Contrastive(y: [1], d: [1]) { y * square(d) + (1 - y) * square(relu(MARGIN - d)) }
    loss Pinball(y: [3], p: [3]) {
        let e = y - p;
        (e >> relu) * 0.9 + (-e >> relu) * 0.1
    }
    // Everything that mixes words: products over axes, softmax, shapes.
    loss Mixed(y: [4, 3], p: [4, 3]) {
        let near = softmax(dot(y, p, axes = 2), axis = -1);
        let far = exp(-square(p)) >> permute([2, 1]);
        sum(near, axis = -1) * mean(near * near, axis = -1) + mean(far, axis = 1) * 0.5
    }
    loss Sized(y: [WIDTH], p: [WIDTH]) { log(cosh(p - y)) }

    Rows = dense(5, use_bias = false, kernel_initializer = identity, name = "probe", input = 5);
    Tables = dense(5, use_bias = false, kernel_initializer = identity, name = "probe", input = [4, 5]);
    Net = dense(16, tanh, input = 3) >> dense(5);
    Probabilities = dense(16, tanh, input = 3) >> dropout(0.3) >> dense(5, softmax);
    Similar = dense(4, tanh, input = 3) >> dense(1, sigmoid);
    // A loss is a value to other models.
    Twins(a: [3], b: [3]) {
        let tower = dense(4);
        let (a, b) = (a >> tower, b >> tower);
        add_loss((b, a) >> elsewhere::Near);
        a + b
    }
}

mod elsewhere {
    use keras_runtime::keras_model;

    keras_model! {
        /// The mean squared error, of another module.
        pub loss Near(y: [4], p: [4]) { mean(square(y - p), axis = -1) }
    }
}

const WIDTH: usize = 6;

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array2::from_shape_fn((23, 3), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 11.0 - 1.0);
    let y = Array2::from_shape_fn((23, 5), |(i, j)| f32::from(u8::from(i % 5 == j)));
    (x, y)
}

fn trained<M: Model>(model: M, loss: impl Losses, epochs: usize) -> Result<(Vec<f64>, M)> {
    let (x, y) = data();
    let mut model = model.compile(Adam { learning_rate: 0.01, ..Adam::default() }, loss, ());
    let settings = Fit { epochs, batch_size: 8, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    Ok((history.get("loss").expect("a loss").to_vec(), model.into_model()))
}

#[test]
fn they_train_as_those_of_the_runtime() -> Result<()> {
    let (losses, model) = trained(Net::new(1), Squares, 5)?;
    let (expected, reference) = trained(Net::new(1), MeanSquaredError, 5)?;
    for (found, expected) in losses.iter().zip(expected) {
        assert_close_number("loss", *found, expected, 1e-6);
    }
    for (weight, value) in reference.weights() {
        assert_close(weight, &model.weight(weight)?, &value, 1e-5);
    }
    // Through the slope of a last activation.
    let (losses, model) = trained(Probabilities::new(1), Entropy, 5)?;
    let (expected, reference) = trained(Probabilities::new(1), CategoricalCrossentropy, 5)?;
    for (found, expected) in losses.iter().zip(expected) {
        assert_close_number("loss", *found, expected, 1e-5);
    }
    for (weight, value) in reference.weights() {
        assert_close(weight, &model.weight(weight)?, &value, 1e-4);
    }
    Ok(())
}

/// Rounding aside, each bit is that of the built-in loss: sums are in another order.
#[test]
fn one_step_is_that_of_the_mean_squared_error() -> Result<()> {
    let (x, y) = data();
    let step = |loss: Box<dyn Loss>| -> Result<_> {
        let mut model = Net::new(4).compile(still(), loss, ());
        let loss = model.train_on_batch(&x, &y)?.loss;
        Ok((loss, model.gradient("dense/kernel")?))
    };
    let ((loss, gradient), (expected, reference)) =
        (step(Box::new(Squares))?, step(Box::new(MeanSquaredError))?);
    assert_close_number("loss", loss, expected, 1e-7);
    assert_close("gradient", &gradient, &reference, 3e-7);
    Ok(())
}

#[test]
fn slopes_agree_with_differences() {
    fn compare(loss: &dyn Loss, y: &[f32], p: &[f32]) {
        let mut slope = vec![0.0; p.len()];
        loss.sample(y, p, 1, Some(&mut slope));
        for i in 0..p.len() {
            let (mut up, mut down) = (p.to_vec(), p.to_vec());
            up[i] += 5e-3;
            down[i] -= 5e-3;
            let difference = (loss.sample(y, &up, 1, None) - loss.sample(y, &down, 1, None)) / 1e-2;
            assert!(
                (difference - slope[i]).abs() < 1e-3 * slope[i].abs().max(1.0),
                "{loss:?} {i}: {difference} instead of {}",
                slope[i]
            );
        }
    }
    let words: Vec<f32> = (0..12).map(|i| ((i * 7 % 12) as f32 - 5.0) / 7.0).collect();
    let others: Vec<f32> = (0..12).map(|i| ((i * 5 % 12) as f32 - 4.0) / 6.0).collect();
    compare(&Contrastive, &[1.0], &[0.4]);
    compare(&Contrastive, &[0.0], &[0.4]);
    compare(&Contrastive, &[0.0], &[0.9]);
    compare(&Pinball, &words[..3], &others[..3]);
    compare(&Mixed, &words, &others);
    compare(&Sized, &words[..6], &others[..6]);
    compare(&Squares, &words[..5], &others[..5]);
    compare(&Words, &words[..5], &others[..5]);
    assert_eq!(Words.sample(&words, &others, 5, None), Squares.sample(&words, &others, 5, None));
    assert_eq!(Contrastive.sample(&[0.0], &[0.4], 1, None), (0.7f32 - 0.4).powi(2));
}

/// Values, reductions and weights count as in Keras.
#[test]
fn reductions_count_their_values() -> Result<()> {
    let fixture = Fixture::load("reductions");
    for (how, reduction) in crate::REDUCTIONS {
        let name = |rank: &str| format!("mean_squared_error_{how}/{rank}");
        check(&fixture, Rows::new(0), &name("2d"), Squares.reduction(reduction))?;
        check(&fixture, Tables::new(0), &name("3d"), Places.reduction(reduction))?;
        check(
            &fixture,
            Rows::new(0),
            &format!("mean_squared_error_{how}_weighted/2d"),
            Squares.reduction(reduction),
        )?;
    }
    let (x, y) = data();
    let sum = |loss: Box<dyn Loss>| -> Result<f64> {
        Ok(Net::new(4).compile(still(), loss, ()).test_on_batch(&x, &y)?.loss)
    };
    let of_rows = sum(Box::new(Squares.reduction(Reduction::Sum)))?;
    assert_close_number("values", sum(Box::new(Words.reduction(Reduction::Sum)))?, 5.0 * of_rows, 1e-6);
    Ok(())
}

#[test]
fn they_are_values_metrics_and_arrays_too() -> Result<()> {
    let (x, y) = data();
    let mut model =
        Net::new(2).compile(Sgd::default(), Squares.weighted(0.5), (MeanOf(Squares), MeanSquaredError));
    let score = model.evaluate(&x, &y)?;
    assert_close_number("metric", score["squares"], score["mean_squared_error"], 1e-6);
    assert_close_number("weighted", score.loss, 0.5 * score["squares"], 1e-6);
    assert_close_number(
        "call",
        f64::from(Squares.call(&y, &model.predict(&x)?)?[[]]),
        score["squares"],
        1e-6,
    );

    let (a, b) = (Array2::<f32>::ones((3, 4)), Array2::<f32>::zeros((3, 4)));
    assert_eq!(elsewhere::Near.call(&a, &b)?[[]], 1.0);
    let mut twins = Twins::new(1).compile(still(), MeanSquaredError.weighted(0.0), ());
    let target = Array2::<f32>::zeros((23, 4));
    let loss = twins.train_on_batch((&x, &x.mapv(|x| x * x)), &target)?.loss;
    let kernel = twins.weight("dense/kernel")?.into_dimensionality::<ndarray::Ix2>().expect("a matrix");
    let apart = (&x - &x.mapv(|x| x * x)).dot(&kernel);
    let expected = apart.mapv(|d| d * d).mean().expect("some");
    assert_close_number("added", loss, f64::from(expected), 1e-5);
    assert!(twins.gradient("dense/kernel")?.iter().any(|g| *g != 0.0));
    Ok(())
}

#[test]
fn threads_make_no_difference() -> Result<()> {
    let (x, y) = data();
    let train = |threads: usize| -> Result<_> {
        let mut model = Net::on(&Cpu::threads(threads), 5)?.compile(Adam::default(), Squares, ());
        model.fit(&x, &y, Fit { epochs: 3, batch_size: 7, verbose: Verbose::Silent, ..Fit::default() })?;
        model.weight("dense/kernel")
    };
    assert_eq!(train(1)?, train(3)?);
    Ok(())
}

#[test]
fn what_cannot_be_compared_is_told() {
    let (x, y) = data();
    let mut model = Net::new(2).compile(Sgd::default(), Contrastive, ());
    assert_eq!(
        model.train_on_batch(&x, &y).expect_err("other predictions").to_string(),
        "the predictions of output `dense_1` for contrastive: expected shape [batch, 1], found [batch, 5]\n  help: declare `d` \
         of the loss with the output's shape"
    );
    let mut model = Similar::new(2).compile(Sgd::default(), Contrastive, ());
    assert_eq!(
        model.train_on_batch(&x, &y).expect_err("other targets").to_string(),
        "the targets of output `dense_1` for contrastive: expected shape [batch, 1], found [23, 5]\n  help: declare `y` of \
         the loss with the targets' shape"
    );
    let (words, steps) = (Array3::<f32>::zeros((2, 4, 5)), Array2::<f32>::ones((2, 4)));
    let mut model = Tables::new(2).compile(Sgd::default(), Places, ());
    let error = model.train_on_batch_weighted(&words, &words, &steps).expect_err("steps");
    assert!(error.to_string().contains("the loss of this output is one of whole samples"), "{error}");
}
