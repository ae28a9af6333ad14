//! Trainings in Keras's files: what a compiled model of Keras 3 has written goes on here, and back.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::path::{Path, PathBuf};
use std::{env, fs};

use fixture::{Fixture, assert_close};
use keras_runtime::optim::schedule::{ExponentialDecay, from_fn};
use keras_runtime::optim::{LossScale, ScheduleFreeAdamW};
use keras_runtime::prelude::*;
use ndarray::{ArrayD, Axis};

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
    Function(x: [4]) { abs(x) >> dense(3, softmax) }

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

fn folder() -> PathBuf {
    let folder = env::temp_dir().join(format!(
        "keras-training-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    fs::create_dir_all(&folder).expect("a folder");
    folder
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

/// The optimizer's state is in the order of the file's model.
#[test]
fn layers_in_another_order_have_their_own_state() -> Result<()> {
    let mut model = branches();
    let text = model.load_checkpoint(file("branches.weights.h5")).expect_err("no order is told").to_string();
    assert!(text.contains("has its layers in another order") && text.contains("`.keras`"), "{text}");
    goes_on(model, "branches", "branches", &["keras"])
}

fn write_npy(path: &Path, values: &[f32]) {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", values.len());
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    fs::write(path, bytes).expect("a file");
}

fn bits<M: Model>(model: &M) -> Vec<u32> {
    let all = model.weights();
    all.iter().flat_map(|(_, weight)| weight.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect()
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
    write_npy(&out.join(format!("{case}.npy")), &steps(&mut model, of, BEFORE..BEFORE + AFTER)?);
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
    let kept = env::var_os("KERAS_FILES_OUT").map(PathBuf::from);
    let out = kept.clone().unwrap_or_else(folder).join("training");
    fs::create_dir_all(&out).expect("a folder");
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
    if kept.is_none() {
        fs::remove_dir_all(out.parent().expect("a folder")).expect("the test's own");
    }
    Ok(())
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
    let (out, name) = (folder(), "alone.keras");
    model.save_weights(out.join(name))?;
    let text = model.load_checkpoint(out.join(name)).expect_err("no state").to_string();
    assert!(text.contains("holds weights alone: `load_weights` reads it"), "{text}");
    fs::remove_dir_all(out).expect("the test's own");
    Ok(())
}

#[test]
fn what_keras_cannot_say_of_a_training_is_told() -> Result<()> {
    fn problem<M: Model>(model: Trainer<M>, name: &str, wanted: &[&str]) {
        let out = folder();
        let text = model.save_checkpoint(out.join(name)).expect_err("Keras has no such thing").to_string();
        assert!(wanted.iter().all(|part| text.contains(part)), "{text}");
        assert!(fs::read_dir(&out).expect("a folder").next().is_none());
        fs::remove_dir(out).expect("the test's own");
    }
    let remedy = "a name that ends in `.weights.h5`";
    let own = || Small::new(1).compile(adam(), Own, ());
    problem(own(), "a.keras", &["`own` is a loss of your own", remedy]);
    let rule = small(adam().schedule(from_fn(|steps| 1.0 / (steps + 1) as f32)));
    problem(rule, "a.keras", &["its schedule", "is none of Keras's", remedy]);
    let excluding = small(AdamW::default().exclude_from_decay(["bias"]));
    problem(excluding, "a.keras", &["`adamw` keeps some weights from decay", remedy]);
    problem(small(adam().rate("dense_1", 0.1)), "a.keras", &["step sizes of their own", remedy]);
    let function = Function::new(1).compile(adam(), CategoricalCrossentropy, ());
    problem(function, "a.keras", &["`abs` is a function"]);
    problem(small(adam()), "a.h5", &["`save_weights` writes it", "`.keras` or `.weights.h5`"]);

    // What the message advises.
    let out = folder();
    let mut model = own();
    steps(&mut model, "small", 0..2)?;
    model.save_checkpoint(out.join("a.weights.h5"))?;
    model.save_weights(out.join("a.keras"))?;
    let mut again = own();
    again.load_checkpoint(out.join("a.weights.h5"))?;
    steps(&mut model, "small", 2..4)?;
    steps(&mut again, "small", 2..4)?;
    assert!(bits(&*again) == bits(&*model) && again.steps() == 4);
    fs::remove_dir_all(out).expect("the test's own");
    Ok(())
}

/// While a training runs, and after an average took the weights' place.
#[test]
fn callbacks_write_trainings_too() -> Result<()> {
    let out = folder();
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
    fs::remove_dir_all(out).expect("the test's own");
    Ok(())
}

/// Changed bytes, and files that end early: errors or other numbers, and never a panic.
#[test]
fn broken_files_are_errors() {
    let out = folder();
    let mut state = 11u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut errors = 0;
    for name in ["scaled.keras", "scaled.weights.h5", "scaled.keras"] {
        let whole = fs::read(file(name)).expect("a file");
        for round in 0..100 {
            let mut bytes = whole.clone();
            match round % 2 {
                0 => bytes.truncate(next(whole.len())),
                _ => (0..8).for_each(|_| bytes[next(whole.len())] = next(256) as u8),
            }
            fs::write(out.join(name), bytes).expect("a file");
            let mut model = small(scaled());
            let before = bits(&*model);
            if model.load_checkpoint(out.join(name)).is_err() {
                errors += 1;
                assert!(bits(&*model) == before && model.steps() == 0);
            }
        }
    }
    assert!(errors > 150, "{errors}");
    fs::remove_dir_all(out).expect("the test's own");
}
