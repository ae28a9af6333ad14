//! Losses of whole samples and batches, and reductions of any loss, against Keras.

mod expressions;
#[path = "../keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod scale;

use fixture::{Fixture, assert_close, assert_close_number, probe_gradient, still};
use keras_runtime::data::{IntoTensor, Tensor};
use keras_runtime::loss::Losses;
use keras_runtime::prelude::*;
use ndarray::{Array1, Array2, arr1, arr2};

keras_model! {
    // Predictions go through an identity kernel, whose gradient tells theirs.
    Rows = dense(5, use_bias = false, kernel_initializer = identity, name = "probe", input = 5);
    Tables = dense(5, use_bias = false, kernel_initializer = identity, name = "probe", input = [4, 5]);
    Embedded = dense(4, use_bias = false, kernel_initializer = identity, name = "probe", input = 4);
    Short = dense(6, use_bias = false, kernel_initializer = identity, name = "probe", input = [7, 6]);
    Long = dense(6, use_bias = false, kernel_initializer = identity, name = "probe", input = [12, 6]);
    Linear = dense(2, input = 3);
    Masks = dense(2, sigmoid, input = 3);
    Noisy = dense(6, tanh, input = 3) >> dropout(0.5) >> batch_normalization() >> dense(2, sigmoid);
    Two(x: [3]) -> (near: [2], far: [2]) {
        let h = x >> dense(4, tanh);
        (h >> dense(2, sigmoid, name = "near"), h >> dense(2, name = "far"))
    }
}

/// Loss and gradient of one batch, and the same loss of arrays without a model.
fn check<M: Model>(fixture: &Fixture, model: M, case: &str, loss: impl Loss + Copy + 'static) -> Result<()> {
    let name = |part: &str| format!("{case}/{part}");
    let (y, p) = (fixture.get(&name("y_true")), fixture.get(&name("y_pred")));
    let w = fixture.has(&name("weight")).then(|| fixture.get(&name("weight")));
    let expected = f64::from(fixture.get(&name("loss"))[[0]]);
    let mut model = model.compile(still(), loss, ());
    let (score, called) = match w {
        Some(w) => (model.train_on_batch_weighted(p, y, w)?, loss.call_weighted(y, p, w)?),
        None => (model.train_on_batch(p, y)?, loss.call(y, p)?),
    };
    assert_close_number(&name("loss"), score.loss, expected, 1e-5);
    assert_close_number(&name("call"), f64::from(called[[]]), expected, 1e-5);
    let expected = probe_gradient(p, fixture.get(&name("grad")));
    assert_close(&name("grad"), &model.gradient("probe/kernel")?, &expected, 1e-5);
    Ok(())
}

#[test]
fn overlaps_over_any_axes_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("reductions");
    let tversky = |alpha, beta, axis| Tversky { alpha, beta, axis };
    let of_samples = Dice { axis: Some(&[1, 2]) };
    check(&fixture, Tables::new(0), "dice", Dice)?;
    check(&fixture, Tables::new(0), "dice_sum", Dice.reduction(Reduction::Sum))?;
    check(&fixture, Tables::new(0), "dice_samples", of_samples)?;
    check(&fixture, Tables::new(0), "dice_samples_sum", of_samples.reduction(Reduction::Sum))?;
    for (name, reduction) in REDUCTIONS.iter().filter(|(name, _)| *name != "mean") {
        check(&fixture, Tables::new(0), &format!("dice_{name}_weighted"), Dice.reduction(*reduction))?;
        let of_samples = of_samples.reduction(*reduction);
        check(&fixture, Tables::new(0), &format!("dice_samples_{name}_weighted"), of_samples)?;
    }
    for (name, axis) in [("dice_last", &[-1isize] as &'static [isize]), ("dice_classes", &[0, 1])] {
        let loss = Dice { axis: Some(axis) };
        check(&fixture, Tables::new(0), name, loss)?;
        check(&fixture, Tables::new(0), &format!("{name}_sum"), loss.reduction(Reduction::Sum))?;
    }
    for (name, loss) in [
        ("tversky", tversky(0.3, 0.9, None)),
        ("tversky_samples", tversky(0.7, 0.5, Some(&[1, -1]))),
        ("tversky_middle", tversky(0.5, 0.5, Some(&[1]))),
    ] {
        check(&fixture, Tables::new(0), name, loss)?;
        check(&fixture, Tables::new(0), &format!("{name}_sum"), loss.reduction(Reduction::Sum))?;
    }
    Ok(())
}

#[test]
fn ctc_is_that_of_keras() -> Result<()> {
    let fixture = Fixture::load("reductions");
    check(&fixture, Short::new(0), "ctc_7", Ctc)?;
    check(&fixture, Long::new(0), "ctc_12", Ctc)?;
    check(&fixture, Short::new(0), "ctc_weighted", Ctc.reduction(Reduction::Sum))
}

const REDUCTIONS: [(&str, Reduction); 4] = [
    ("sum_over_batch_size", Reduction::SumOverBatchSize),
    ("sum", Reduction::Sum),
    ("mean", Reduction::Mean),
    ("mean_with_sample_weight", Reduction::MeanWithSampleWeight),
];

#[test]
fn circle_is_that_of_keras() -> Result<()> {
    let fixture = Fixture::load("reductions");
    let soft = Circle { gamma: 4.0, margin: 0.25, remove_diagonal: false };
    for (reduction, how) in REDUCTIONS {
        for (name, loss) in [("circle", Circle), ("circle_soft", soft)] {
            let loss = loss.reduction(how);
            check(&fixture, Embedded::new(0), &format!("{name}_{reduction}"), loss)?;
            check(&fixture, Embedded::new(0), &format!("{name}_{reduction}_weighted"), loss)?;
        }
    }
    Ok(())
}

#[test]
fn reductions_are_those_of_keras() -> Result<()> {
    fn both(name: &str, how: &str, loss: impl Loss + Copy + 'static) -> Result<()> {
        let fixture = Fixture::load("reductions");
        for weighted in ["", "_weighted"] {
            check(&fixture, Rows::new(0), &format!("{name}_{how}{weighted}/2d"), loss)?;
            check(&fixture, Tables::new(0), &format!("{name}_{how}{weighted}/3d"), loss)?;
        }
        Ok(())
    }
    for (how, reduction) in REDUCTIONS {
        both("mean_squared_error", how, MeanSquaredError.reduction(reduction))?;
        both("categorical_crossentropy", how, CategoricalCrossentropy.reduction(reduction))?;
        both("cosine_similarity", how, CosineSimilarity.reduction(reduction))?;
        let ignoring =
            SparseCategoricalCrossentropy { ignore_class: Some(1), ..SparseCategoricalCrossentropy };
        both("sparse_ignore", how, ignoring.reduction(reduction))?;
        let logits = SparseCategoricalCrossentropy { from_logits: true, ..ignoring };
        both("sparse_ignore_logits", how, logits.reduction(reduction))?;
    }
    Ok(())
}

#[test]
fn weights_and_reductions_of_every_loss_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("reductions");
    macro_rules! every {
        ($($loss:ident)*) => {
            for (how, reduction) in REDUCTIONS {
                $(
                    let name = |rank| format!("weighted/{}/{how}/{rank}", stringify!($loss));
                    check(&fixture, Rows::new(0), &name("2d"), $loss.reduction(reduction))?;
                    check(&fixture, Tables::new(0), &name("3d"), $loss.reduction(reduction))?;
                )*
            }
        };
    }
    every! {
        BinaryCrossentropy BinaryFocalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge
        Hinge Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError Poisson
        SparseCategoricalCrossentropy SquaredHinge Tversky
    }
    Ok(())
}

/// The means over batches of several sizes that `fit` tells, and the weights that it leaves.
#[test]
fn trainings_with_reductions_are_those_of_keras() -> Result<()> {
    fn train<M: Model>(mut model: M, name: &str, loss: impl Losses) -> Result<()> {
        let fixture = Fixture::load("reductions");
        let get = |part: &str| fixture.get(&format!("trained/{part}"));
        for weight in ["dense/kernel", "dense/bias"] {
            model.set_weight(weight, get(&format!("start/{weight}")))?;
        }
        let y = if name == "dice" { get("y").mapv(f32::abs) } else { get("y").to_owned() };
        let mut model = model.compile(Sgd { learning_rate: 0.05, ..Sgd::default() }, loss, ());
        let settings = Fit {
            epochs: 2,
            batch_size: 4,
            shuffle: false,
            sample_weight: sample_weight(get("w")),
            verbose: Verbose::Silent,
            ..Fit::default()
        };
        let history = model.fit(get("x"), &y, settings)?;
        let losses = history.get("loss").expect("a loss");
        for (found, expected) in losses.iter().zip(get(&format!("{name}/loss"))) {
            assert_close_number(name, *found, f64::from(*expected), 1e-5);
        }
        for weight in ["dense/kernel", "dense/bias"] {
            assert_close(name, &model.weight(weight)?, get(&format!("{name}/{weight}")), 1e-5);
        }
        Ok(())
    }
    train(Linear::new(0), "sum", MeanSquaredError.reduction(Reduction::Sum))?;
    let weighted = MeanSquaredError.reduction(Reduction::MeanWithSampleWeight);
    train(Linear::new(0), "mean_with_sample_weight", weighted)?;
    train(Masks::new(0), "dice", Dice)
}

/// A second pass over the batch finds what the first one found: the same units are dropped, moving averages move once, and
/// losses of single samples beside it are as they are without it.
#[test]
fn losses_of_batches_go_with_everything_else() -> Result<()> {
    let x = Array2::from_shape_fn((9, 3), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 11.0 - 1.0);
    let y = x.slice(ndarray::s![.., ..2]).mapv(f32::abs);
    // One number for the batch from samples that are all there is: Dice over a batch of one sample is Dice of the sample.
    let (one, target) = (x.slice(ndarray::s![..1, ..]), y.slice(ndarray::s![..1, ..]));
    let mut over = Noisy::new(3).compile(Sgd::default(), Dice, ());
    let mut each = Noisy::new(3).compile(Sgd::default(), Dice { axis: Some(&[1]) }, ());
    for _ in 0..3 {
        over.train_on_batch(one, target)?;
        each.train_on_batch(one, target)?;
    }
    for weight in Noisy::SPEC.weights {
        assert_close(weight.name, &over.weight(weight.name)?, &each.weight(weight.name)?, 1e-6);
    }
    // Two outputs, of which one has a loss of the batch.
    let mut both = Two::new(1).compile(still(), (Dice.weighted(0.5), MeanSquaredError), ());
    let mut near = Two::new(1).compile(still(), (Dice.weighted(0.5), MeanSquaredError.weighted(0.0)), ());
    let mut far = Two::new(1).compile(still(), (MeanSquaredError.weighted(0.0), MeanSquaredError), ());
    let score = both.train_on_batch(&x, (&y, &y))?;
    near.train_on_batch(&x, (&y, &y))?;
    far.train_on_batch(&x, (&y, &y))?;
    let sum = near.gradient("dense/kernel")? + far.gradient("dense/kernel")?;
    assert_close("gradients", &both.gradient("dense/kernel")?, &sum, 1e-6);
    assert_close_number("loss", score.loss, 0.5 * score["near_loss"] + score["far_loss"], 1e-6);
    // Whatever the number of threads.
    let train = |device: &Cpu| -> Result<_> {
        let mut model = Noisy::on(device, 5)?.compile(Adam::default(), Dice, ());
        model.fit(&x, &y, Fit { epochs: 3, batch_size: 4, verbose: Verbose::Silent, ..Fit::default() })?;
        model.weight("dense/kernel")
    };
    assert_eq!(train(&Cpu::threads(1))?, train(&Cpu::threads(3))?);
    Ok(())
}

#[test]
fn losses_as_metrics_count_what_they_are_of() -> Result<()> {
    let x = Array2::from_shape_fn((10, 3), |(i, j)| ((i * 7 + j * 5) % 9) as f32 / 9.0);
    let y = x.slice(ndarray::s![.., ..2]).mapv(|x| f32::from(u8::from(x > 0.4)));
    let metrics = (MeanOf(Dice { axis: Some(&[1]) }), MeanOf(Dice));
    let mut model = Masks::new(1).compile(Sgd::default(), MeanSquaredError, metrics);
    let settings = Evaluate { batch_size: 10, ..Evaluate::default() };
    let score = model.evaluate_with(&x, &y, settings)?;
    let p = model.predict(&x)?;
    let values: Vec<f64> = score.iter().filter(|(name, _)| *name == "dice").map(|(_, value)| value).collect();
    let each = Dice { axis: Some(&[1]) }.call(&y, &p)?[[]];
    assert_close_number("of samples", values[0], f64::from(each), 1e-6);
    assert_close_number("of the batch", values[1], f64::from(Dice.call(&y, &p)?[[]]), 1e-6);
    Ok(())
}

#[test]
fn what_cannot_be_compared_is_told() {
    fn problem<'a, M: Model>(model: M, loss: impl Loss + 'static, y: impl IntoTensor<'a>) -> String {
        let x: Vec<f32> = vec![0.1; 2 * M::SPEC.inputs[0].shape.iter().product::<usize>()];
        let shape: Vec<usize> = [&[2], M::SPEC.inputs[0].shape].concat();
        let x = ndarray::ArrayD::from_shape_vec(shape, x).expect("as many");
        let y: Tensor<'_> = y.into_tensor();
        let error = model.compile(Sgd::default(), loss, ()).train_on_batch(&x, vec![y]);
        error.expect_err("it should fail").to_string()
    }
    let (two, y) = (arr2(&[[1.0f32, 2.0], [3.0, 0.0]]), Array2::<f32>::zeros((2, 5)));
    for (found, expected) in [
        (
            problem(Rows::new(0), MeanSquaredError.reduction(Reduction::None), &y),
            "`reduction` is none, of mean_squared_error at output `probe`, expected one that leaves a number: \
             `Reduction::None` is for `call` alone",
        ),
        (
            problem(Rows::new(0), Dice { axis: Some(&[1, 2]) }, &y),
            "`axis` is [1, 2], expected each of the 2 axes of output `probe`, the batch included, at most once",
        ),
        (
            problem(Rows::new(0), Dice { axis: Some(&[1, -1]) }, &y),
            "`axis` is [1, -1], expected each of the 2 axes of output `probe`, the batch included, at most once",
        ),
        (
            problem(Rows::new(0), Ctc, &two),
            "predictions of output `probe` for ctc: expected shape [batch, steps, classes], found [batch, 5]\n  help: a \
             recurrent layer with `return_sequences = true` before `dense(classes)` gives them",
        ),
        (
            problem(Short::new(0), Ctc, arr1(&[1.0f32, 2.0])),
            "targets of output `probe` for ctc: expected shape [batch, labels], found [2]\n  help: pad labels with 0 at \
             their end",
        ),
        (
            problem(Short::new(0), Ctc, arr2(&[[1.0f32, 2.0], [3.0, 6.0]])),
            "targets of output `probe` for ctc: sample 1 holds 6; expected labels from 1 to 5, and 0 as padding",
        ),
        (
            problem(Short::new(0), Ctc, arr2(&[[1.0f32, 0.0, 2.0], [3.0, 5.0, 0.0]])),
            "targets of output `probe` for ctc: sample 0 holds 2; expected nothing but 0 behind the first 0, which pads",
        ),
        (
            problem(Short::new(0), Ctc, Array2::from_elem((2, 5), 3.0f32)),
            "targets of output `probe` for ctc: sample 0 holds 3; expected labels that fit in 7 steps: these need 9, as \
             equal ones are kept apart",
        ),
        (
            problem(Embedded::new(0), Circle, arr1(&[0.5f32, 1.0])),
            "targets of output `probe` for circle: sample 0 holds 0.5; expected whole numbers",
        ),
        (
            problem(Embedded::new(0), Circle, &two),
            "targets of output `probe` for circle: expected shape [batch]: the number of a class for each sample, found \
             [2, 2]",
        ),
        (
            problem(Tables::new(0), Circle, arr1(&[0.0f32, 1.0])),
            "predictions of output `probe` for circle: expected shape [batch, dimensions]: an embedding of each sample, \
             found [batch, 4, 5]\n  help: `flatten()` makes one of any shape",
        ),
    ] {
        assert_eq!(found, expected);
    }
    let (x, y, w) = (Array2::<f32>::zeros((3, 5)), Array2::<f32>::ones((3, 5)), Array1::<f32>::ones(2));
    let error = MeanSquaredError.call_weighted(&y, &x, &w).expect_err("two weights");
    assert_eq!(
        error.to_string(),
        "the sample weights of output `y_pred` has 2 samples, but the data has 3: every array needs one row for each sample"
    );
    let steps = Array2::<f32>::ones((2, 7));
    let mut model = Short::new(0).compile(Sgd::default(), Ctc, ());
    let x = ndarray::Array3::<f32>::zeros((2, 7, 6));
    let error = model.train_on_batch_weighted(&x, &two, &steps).expect_err("weights of steps");
    assert_eq!(
        error.to_string(),
        "the sample weights of output `probe`: expected shape [batch], found [2, 7]\n  help: the loss of this output is one \
         of whole samples: give each a weight"
    );
}
