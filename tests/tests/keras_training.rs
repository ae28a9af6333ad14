//! Trainings in Keras's files: what a compiled model of Keras 3 has written goes on here, and back.

#[path = "keras/files.rs"]
mod files;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use files::{Folder, bits};
use fixture::{Fixture, assert_close};
use keras_runtime::data::{IntoTensor, write_npy};
use keras_runtime::metric::{Aggregation, Average};
use keras_runtime::optim::schedule::{ExponentialDecay, from_fn};
use keras_runtime::optim::{LossScale, ScheduleFreeAdamW};
use keras_runtime::prelude::*;
use ndarray::{Array1, ArrayD, Axis};

keras_model! {
    Small = dense(5, tanh, input = 4) >> batch_normalization() >> dense(3, softmax);

    Inner = dense(3, tanh, input = 3) >> batch_normalization() >> dense(3);
    /// Layers alike in another order than in Keras's file; parts of layers; a model in the model, and a frozen layer.
    Branches(x: [6, 4]) {
        let right = x >> dense(4, tanh, name = "right");
        let left = x >> dense(4, tanh, name = "left");
        let a = (right, left) >> add();
        let b = (a, a) >> multi_head_attention(2, 3);
        ((a, b) >> add()) >> layer_normalization() >> bidirectional(lstm(2, return_sequences = true))
            >> rnn([lstm_cell(3), gru_cell(3)]) >> Inner(name = "inner")
            >> dense(3, tanh, trainable = false, name = "frozen") >> dense(3, softmax, name = "head")
    }

    /// Two outputs with losses of their own.
    Two(x: [4]) -> (a: [3], b: [3]) {
        let h = x >> dense(5, tanh);
        (h >> dense(3, softmax), h >> dense(3))
    }
    /// A layer of another size.
    Wider = dense(6, tanh, input = 4) >> batch_normalization() >> dense(3, softmax);
    Slope(x: [4]) { gradient(square(x), x) >> dense(3, softmax) }

    loss Own(y: [3], p: [3]) { abs(y - p) }
}

const BEFORE: usize = 5;
const AFTER: usize = 4;

/// Each case, with what makes its optimizer.
macro_rules! optimizers {
    ($f:ident $(, $out:expr)?) => {{
        $f($($out,)? "sgd", || Sgd { learning_rate: 0.1, ..Sgd::default() })?;
        $f($($out,)? "sgd_nesterov", || Sgd { learning_rate: 0.1, momentum: 0.9, nesterov: true }.decay(0.01))?;
        $f($($out,)? "rmsprop", || RmsProp { learning_rate: 0.01, ..RmsProp::default() })?;
        let centered =
            || RmsProp { learning_rate: 0.01, momentum: 0.8, centered: true, ..RmsProp::default() };
        $f($($out,)? "rmsprop_centered", centered)?;
        $f($($out,)? "adam", adam)?;
        $f($($out,)? "adam_amsgrad", || Adam { amsgrad: true, ..adam() }.clipnorm(0.1))?;
        let adamw = || AdamW { learning_rate: 0.02, ..AdamW::default() };
        $f($($out,)? "adamw", || adamw().ema(0.8).gradient_accumulation(2).global_clipnorm(0.1))?;
        $f($($out,)? "adamax", || Adamax { learning_rate: 0.02, ..Adamax::default() }.clipvalue(0.01))?;
        $f($($out,)? "nadam", || Nadam { learning_rate: 0.02, ..Nadam::default() })?;
        $f($($out,)? "adadelta", || Adadelta { learning_rate: 1.0, ..Adadelta::default() })?;
        $f($($out,)? "adagrad", || Adagrad { learning_rate: 0.1, ..Adagrad::default() })?;
        let ftrl = || Ftrl { learning_rate: 0.1, l1_regularization_strength: 0.01, ..Ftrl::default() };
        $f($($out,)? "ftrl", ftrl)?;
        $f($($out,)? "lion", || Lion { learning_rate: 0.01, ..Lion::default() })?;
        $f($($out,)? "lamb", || Lamb { learning_rate: 0.05, ..Lamb::default() })?;
        $f($($out,)? "adafactor", || Adafactor { learning_rate: 0.05, ..Adafactor::default() })?;
        $f($($out,)? "muon", || Muon { learning_rate: 0.02, ..Muon::default() })?;
        $f($($out,)? "schedule_free", free)?;
        $f($($out,)? "scheduled", scheduled)?;
        $f($($out,)? "scaled", scaled)?;
    }};
}

fn free() -> ScheduleFreeAdamW {
    ScheduleFreeAdamW { learning_rate: 0.02, ..ScheduleFreeAdamW::default() }
}

fn adam() -> Adam {
    Adam { learning_rate: 0.02, ..Adam::default() }
}

fn scheduled() -> impl Optimizer {
    Adam::default().schedule(ExponentialDecay {
        initial_learning_rate: 0.05,
        decay_steps: 3,
        decay_rate: 0.5,
        staircase: false,
    })
}

fn scaled() -> impl Optimizer {
    adam().loss_scale(LossScale { initial_scale: 16.0, dynamic_growth_steps: 3 })
}

/// Of biases before a softmax or a normalization the gradient is 0 but for rounding, which a small epsilon would let be seen.
fn branches() -> Trainer<Branches> {
    Branches::new(1).compile(Adam { epsilon: 1e-3, ..adam() }, CategoricalCrossentropy, ())
}

fn small(optimizer: impl Optimizer + 'static) -> Trainer<Small> {
    Small::new(3).compile(optimizer, CategoricalCrossentropy, ())
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/fixtures/models/trained/{name}", env!("CARGO_MANIFEST_DIR")))
}

/// Some of the steps, on Keras's data of `of`, and their losses.
fn steps<M: Model>(model: &mut Trainer<M>, of: &str, which: std::ops::Range<usize>) -> Result<Vec<f32>> {
    let fixture = Fixture::load("keras_training");
    let (x, y) = (fixture.get(&format!("{of}/x")), fixture.get(&format!("{of}/y")));
    let outputs = M::SPEC.outputs.len();
    let step = |i| {
        let (x, y) = (x.index_axis(Axis(0), i).to_owned(), y.index_axis(Axis(0), i).to_owned());
        let loss = match outputs {
            2 => model.train_on_batch(&x, (&y, &y))?.loss,
            _ => model.train_on_batch(&x, &y)?.loss,
        };
        Ok(loss as f32)
    };
    which.map(step).collect()
}

fn goes_on<M: Model>(mut model: Trainer<M>, of: &str, case: &str, ends: &[&str]) -> Result<()> {
    let fixture = Fixture::load("keras_training");
    for end in ends {
        model.reset_states();
        // What it did before does not matter.
        steps(&mut model, of, 0..1)?;
        assert_eq!(model.load_checkpoint(file(&format!("{case}.{end}")))?, Default::default());
        assert_eq!(model.steps(), BEFORE as u64, "{case}");
        let losses = steps(&mut model, of, BEFORE..BEFORE + AFTER)?;
        let losses = ArrayD::from_shape_vec(vec![AFTER], losses).expect("as many");
        assert_close(&format!("{case}.{end}: losses"), &losses, fixture.get(&format!("{case}/losses")), 1e-5);
        for weight in M::SPEC.weights {
            let expected = fixture.get(&format!("{case}/{}", weight.name));
            assert_close(
                &format!("{case}.{end}: {}", weight.name),
                &model.weight(weight.name)?,
                expected,
                1e-5,
            );
        }
    }
    Ok(())
}

#[test]
fn a_training_of_keras_goes_on_here() -> Result<()> {
    fn go<O: Optimizer + 'static>(case: &str, optimizer: impl Fn() -> O) -> Result<()> {
        let ends: &[&str] = match case {
            "adam" | "rmsprop_centered" | "scaled" => &["keras", "weights.h5"],
            _ => &["keras"],
        };
        goes_on(small(optimizer()), "small", case, ends)
    }
    optimizers!(go);
    Ok(())
}

#[test]
fn the_step_size_is_the_file_s() -> Result<()> {
    let mut model = small(Adam { learning_rate: 0.5, ..Adam::default() });
    model.load_checkpoint(file("adam.keras"))?;
    assert_eq!(model.optimizer().learning_rate(), 0.02);
    goes_on(small(Adam { learning_rate: 0.5, ..Adam::default() }), "small", "adam", &["keras"])
}

/// Metrics are those of the program.
#[test]
fn a_file_with_metrics_goes_on_too() -> Result<()> {
    let model = || Small::new(3).compile(adam(), CategoricalCrossentropy, [Accuracy]);
    goes_on(model(), "small", "measured", &["keras", "weights.h5"])
}

/// The optimizer's state is in the order of the file's model.
#[test]
fn layers_in_another_order_have_their_own_state() -> Result<()> {
    let mut model = branches();
    let text = model.load_checkpoint(file("branches.weights.h5")).expect_err("no order is told").to_string();
    assert!(text.contains("has its layers in another order") && text.contains("`.keras`"), "{text}");
    goes_on(model, "branches", "branches", &["keras"])
}

/// Saves `model` after `before` steps, which `again` goes on from as it does.
fn written<M: Model>(
    out: &Path,
    (case, of): (&str, &str),
    before: usize,
    (mut model, mut again): (Trainer<M>, Trainer<M>),
    ends: &[&str],
) -> Result<()> {
    steps(&mut model, of, 0..before)?;
    for end in ends {
        model.save_checkpoint(out.join(format!("{case}.{end}")))?;
    }
    write_npy(out.join(format!("{case}.npy")), Array1::from(steps(&mut model, of, BEFORE..BEFORE + AFTER)?))?;
    model.save_weights(out.join(format!("{case}.after.weights.h5")))?;
    for end in ends {
        again.load_checkpoint(out.join(format!("{case}.{end}")))?;
        steps(&mut again, of, BEFORE..BEFORE + AFTER)?;
        assert!(bits(&*again) == bits(&*model), "{case}.{end}");
    }
    Ok(())
}

/// `keras_training.py --check` goes on with the same files in Python.
#[test]
fn what_is_written_goes_on_here_and_there() -> Result<()> {
    let out = Folder::for_python("training");
    fn go<O: Optimizer + 'static>(out: &Path, case: &str, optimizer: impl Fn() -> O) -> Result<()> {
        let models = (small(optimizer()), small(optimizer()));
        written(out, (case, "small"), BEFORE, models, &["keras", "weights.h5"])
    }
    optimizers!(go, &out);
    written(&out, ("branches", "branches"), BEFORE, (branches(), branches()), &["keras", "weights.h5"])?;
    let losses = || {
        let smooth = CategoricalCrossentropy { label_smoothing: 0.1, ..CategoricalCrossentropy };
        let losses = (smooth.reduction(Reduction::Sum), Huber { delta: 0.5 }.weighted(0.3));
        Two::new(2).compile(Sgd { learning_rate: 0.02, ..Sgd::default() }, losses, ())
    };
    written(&out, ("losses", "small"), BEFORE, (losses(), losses()), &["keras"])?;
    // Before its first step, an optimizer whose state begins as the weights.
    written(&out, ("fresh", "small"), 0, (small(free()), small(free())), &["keras"])?;
    Ok(())
}

/// Writes a compiled model, and what its metrics are.
fn measured<M: Model>(
    out: &Path,
    case: &str,
    mut model: Trainer<M>,
    (x, y): (&ArrayD<f32>, &[&ArrayD<f32>]),
) -> Result<()> {
    steps_of_weights(&mut *model)?;
    model.save_checkpoint(out.join(format!("{case}.keras")))?;
    let weight = sample_weight(&WEIGHTS);
    let y: Vec<_> = y.iter().map(|y| y.into_tensor()).collect();
    let score = model.evaluate_with(x, y, Evaluate { sample_weight: weight, ..Evaluate::default() })?;
    let lines: Vec<String> = score.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    fs::write(out.join(format!("{case}.scores")), lines.concat()).expect("a file");
    Ok(())
}

/// What each sample counts.
const WEIGHTS: [f32; 8] = [0.5, 1.0, 2.0, 0.0, 1.5, 0.25, 1.0, 3.0];

/// Some values of its own for each weight.
fn steps_of_weights<M: Model>(model: &mut M) -> Result<()> {
    for (name, value) in model.weights() {
        let mut i = name.len();
        let value = value.mapv(|_| {
            i += 7;
            (i % 19) as f32 / 19.0 - if name.ends_with("variance") { 0.0 } else { 0.45 }
        });
        model.set_weight(name, &value.mapv(|x| if x == 0.0 { 0.1 } else { x }))?;
    }
    Ok(())
}

/// `keras_training.py --check` finds the same by the same names.
#[test]
fn metrics_are_written() -> Result<()> {
    let out = Folder::for_python("metrics");
    let fixture = Fixture::load("keras_training");
    let part = |name: &str| fixture.get(&format!("small/{name}")).index_axis(Axis(0), 0).to_owned();
    let (x, y) = (part("x"), part("y"));
    let labels = y.map_axis(Axis(1), |row| row.iter().position(|y| *y == 1.0).unwrap_or(0) as f32);
    let some =
        || (Accuracy, MeanOf(Huber { delta: 0.5 }), AUC { curve: Curve::PR, num_thresholds: 9, ..AUC });
    let of_all = (
        some(),
        (CategoricalAccuracy, BinaryAccuracy { threshold: 0.3 }, TopKCategoricalAccuracy { k: 2 }),
        (
            Precision { threshold: Some(0.3), ..Precision },
            Recall { top_k: Some(2), class_id: Some(1), ..Recall },
            (TruePositives { threshold: 0.4 }, FalseNegatives { threshold: 0.2 }),
            (TrueNegatives { threshold: 0.4 }, FalsePositives { threshold: 0.2 }),
        ),
        (
            AUC { multi_label: true, label_weights: Some(&[0.5, 1.0, 2.0]), ..AUC },
            PrecisionAtRecall { class_id: Some(1), ..PrecisionAtRecall::new(0.4) },
            (
                RecallAtPrecision::new(0.3),
                SensitivityAtSpecificity::new(0.6),
                SpecificityAtSensitivity::new(0.2),
            ),
        ),
        (
            F1Score { average: Average::Micro, threshold: None },
            FBetaScore { average: Average::Weighted, beta: 2.0, threshold: Some(0.3) },
            (
                BinaryIoU { threshold: 0.3, ..BinaryIoU },
                IoU { target_class_ids: Some(&[0, 2]), ..IoU },
                MeanIoU,
            ),
        ),
        (
            // With regressors, JAX cannot trace that of Keras.
            R2Score { class_aggregation: Aggregation::VarianceWeighted, ..R2Score },
            (RootMeanSquaredError, PearsonCorrelation, ConcordanceCorrelation),
        ),
        (
            (
                MeanSquaredError,
                MeanAbsoluteError,
                MeanSquaredLogarithmicError,
                LogCosh,
                Poisson,
                KLDivergence,
            ),
            (Hinge, SquaredHinge, CategoricalHinge, CosineSimilarity),
            CategoricalCrossentropy { label_smoothing: 0.1, ..CategoricalCrossentropy },
            (Huber { delta: 0.2 }, BinaryFocalCrossentropy { gamma: 1.5, ..BinaryFocalCrossentropy }),
            CategoricalFocalCrossentropy,
        ),
        Weighted(some()),
    );
    let adam = || Adam { epsilon: 1e-3, ..adam() };
    let model = Small::new(1).compile(adam(), CategoricalCrossentropy, of_all);
    measured(&out, "classes", model, (&x, &[&y]))?;
    let of_indices = (
        (Accuracy, SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy { k: 2, from_sorted_ids: false }),
        (MeanIoU, IoU { target_class_ids: Some(&[1, 2]), ignore_class: Some(0) }),
        SparseCategoricalCrossentropy { ignore_class: Some(1), ..SparseCategoricalCrossentropy },
        CategoricalGeneralizedCrossEntropy { q: 0.6 },
    );
    let model = Small::new(1).compile(adam(), SparseCategoricalCrossentropy, of_indices);
    measured(&out, "indices", model, (&x, &[&labels.into_dyn()]))?;
    let model = Two::new(1).compile(
        adam(),
        (CategoricalCrossentropy, MeanSquaredError),
        PerOutput(((Accuracy, Weighted(Accuracy)), MeanAbsoluteError)),
    );
    measured(&out, "two", model, (&x, &[&y, &y]))
}

#[test]
fn another_state_is_an_error_and_changes_nothing() -> Result<()> {
    fn problem<M: Model>(mut model: Trainer<M>, of: &str, wanted: &[&str]) -> Result<()> {
        let before = bits(&*model);
        let text = model.load_checkpoint(file(of)).expect_err("it is another").to_string();
        assert!(wanted.iter().all(|part| text.contains(part)), "{text}");
        assert!(bits(&*model) == before && model.steps() == 0, "{of}");
        Ok(())
    }
    let alone = "`load_weights` reads the weights alone";
    problem(small(RmsProp::default()), "adam.keras", &["the optimizer `Adam`", "has `rmsprop`", alone])?;
    problem(small(RmsProp::default()), "adam.weights.h5", &["the optimizer `adam", "has `rmsprop`", alone])?;
    problem(small(Lamb::default()), "adam.weights.h5", &["the optimizer `adam", "has `lamb`"])?;
    problem(small(adam()), "scaled.keras", &["`LossScaleOptimizer`", "has `adam`"])?;
    problem(small(scaled()), "adam.keras", &["`Adam`", "has `adam` with a `loss_scale`"])?;
    problem(small(scaled()), "adam.weights.h5", &["has `adam` with a `loss_scale`"])?;
    let amsgrad = Adam { amsgrad: true, ..adam() };
    let counts = ["expected 20 variables of `adam` with these settings for 6 weights, found 14", alone];
    problem(small(amsgrad), "adam.keras", &counts)?;
    problem(small(scheduled()), "adam.keras", &["as without a schedule, which this training has"])?;
    problem(small(adam()), "scheduled.keras", &["as with a schedule, which this training has not"])?;
    let wider = Wider::new(1).compile(adam(), CategoricalCrossentropy, ());
    problem(wider, "adam.keras", &["expected `dense` with [4, 6], [6]: found `dense` with [4, 5], [5]"])?;

    // Weights alone are read from all of them.
    let mut model = small(Sgd::default());
    model.load_weights(file("adam.keras"))?;
    model.load_weights(file("scaled.weights.h5"))?;
    let (out, name) = (Folder::new(), "alone.keras");
    model.save_weights(out.join(name))?;
    let text = model.load_checkpoint(out.join(name)).expect_err("no state").to_string();
    assert!(text.contains("holds weights alone: `load_weights` reads it"), "{text}");
    Ok(())
}

#[test]
fn what_keras_cannot_say_of_a_training_is_told() -> Result<()> {
    fn problem<M: Model>(model: Trainer<M>, name: &str, wanted: &[&str]) {
        let out = Folder::new();
        let text = model.save_checkpoint(out.join(name)).expect_err("Keras has no such thing").to_string();
        assert!(wanted.iter().all(|part| text.contains(part)), "{text}");
        assert!(fs::read_dir(&*out).expect("a folder").next().is_none());
    }
    let remedy = "a name that ends in `.weights.h5`";
    let own = || Small::new(1).compile(adam(), Own, ());
    problem(own(), "a.keras", &["`own` is a loss of your own", remedy]);
    let rule = small(adam().schedule(from_fn(|steps| 1.0 / (steps + 1) as f32)));
    problem(rule, "a.keras", &["its schedule", "is none of Keras's", remedy]);
    let excluding = small(AdamW::default().exclude_from_decay(["bias"]));
    problem(excluding, "a.keras", &["`adamw` keeps some weights from decay", remedy]);
    problem(small(adam().rate("dense_1", 0.1)), "a.keras", &["step sizes of their own", remedy]);
    let slope = Slope::new(1).compile(adam(), CategoricalCrossentropy, ());
    problem(slope, "a.keras", &["`gradient` is no operation of Keras"]);
    let metric = MeanMetric::new("worst", |y, _| y[0]);
    let measured = Small::new(1).compile(adam(), CategoricalCrossentropy, metric);
    problem(measured, "a.keras", &["`worst` is a metric of your own", remedy]);
    let measured = Small::new(1).compile(adam(), CategoricalCrossentropy, MeanOf(Own));
    problem(measured, "a.keras", &["`own` is a loss of your own", remedy]);
    problem(small(adam()), "a.h5", &["`save_weights` writes it", "`.keras` or `.weights.h5`"]);

    // What the message advises.
    let out = Folder::new();
    let mut model = own();
    steps(&mut model, "small", 0..2)?;
    model.save_checkpoint(out.join("a.weights.h5"))?;
    model.save_weights(out.join("a.keras"))?;
    let mut again = own();
    again.load_checkpoint(out.join("a.weights.h5"))?;
    steps(&mut model, "small", 2..4)?;
    steps(&mut again, "small", 2..4)?;
    assert!(bits(&*again) == bits(&*model) && again.steps() == 4);
    Ok(())
}

/// While a training runs, and after an average took the weights' place.
#[test]
fn callbacks_write_trainings_too() -> Result<()> {
    let out = Folder::new();
    let fixture = Fixture::load("keras_training");
    let (x, y) =
        (fixture.get("small/x").index_axis(Axis(0), 0), fixture.get("small/y").index_axis(Axis(0), 0));
    let (x, y) = (x.to_owned(), y.to_owned());
    let path = out.join("best.keras");
    let mut model = small(adam().ema(0.5));
    let list = callbacks(ModelCheckpoint::new(path.display().to_string()));
    model.fit(
        &x,
        &y,
        Fit { epochs: 3, batch_size: 4, callbacks: list, verbose: Verbose::Silent, ..Fit::default() },
    )?;
    let mut again = small(adam().ema(0.5));
    again.load_checkpoint(&path)?;
    assert_eq!(again.steps(), 6);
    // The average is what the model shows now, and what Keras would have.
    model.save_checkpoint(&path)?;
    again.load_checkpoint(&path)?;
    assert!(bits(&*again) == bits(&*model));
    Ok(())
}
