//! Regularizers, constraints and losses of a model's own, held to Keras: losses, gradients, and weights after three steps.

#[allow(dead_code)]
#[path = "../keras/fixture.rs"]
mod fixture;
mod layers;
mod starts;

use fixture::{Fixture, assert_close, assert_close_number};
use keras_runtime::loss::{Loss, Losses};
use keras_runtime::prelude::*;
use ndarray::{Array2, Axis, s};

keras_model! {
    L1 = dense(20, tanh, input = 7, kernel_regularizer = l1(0.01), bias_regularizer = l1(0.02)) >> dense(3, name = "out");
    L2 = dense(20, tanh, input = 7, kernel_regularizer = l2(0.1), bias_regularizer = l2(0.2)) >> dense(3, name = "out");
    L1L2 = dense(33, tanh, input = 19, kernel_regularizer = l1_l2(0.01, l2 = 0.02)) >> dense(3, name = "out");
    Rows = dense(4, tanh, input = 7, kernel_regularizer = orthogonal_regularizer(0.2)) >> dense(3, name = "out");
    Columns = dense(4, tanh, input = 7, kernel_regularizer = orthogonal_regularizer(0.2, mode = "columns"))
           >> dense(3, name = "out");
    Activity = dense(6, tanh, input = 7, activity_regularizer = l1_l2(l1 = 0.1, l2 = 0.2)) >> dense(3, name = "out");
    Head = dense(6, tanh, input = 7) >> dense(4, softmax, name = "out", activity_regularizer = l2(0.5));
    Shared(x: [6]) {
        let twice = dense(6, tanh, kernel_regularizer = l2(0.05), activity_regularizer = l1(0.02));
        x >> twice >> twice
    }
    Added(x: [7]) {
        let h = x >> dense(5, tanh);
        add_loss(square(h) * 0.3);
        let y = h >> dense(3, sigmoid, name = "out");
        add_loss(-log(y) * 0.1);
        y
    }
    Layer = dense(5, tanh, input = 7) >> activity_regularization(l1 = 0.03, l2 = 0.07) >> dense(3, name = "out");
    MaxNorm = dense(20, input = 7, kernel_constraint = max_norm(0.8), bias_constraint = non_neg)
           >> dense(3, name = "out", kernel_constraint = non_neg, bias_constraint = max_norm(0.1));
    UnitNorm = dense(5, input = 7, kernel_constraint = unit_norm(axis = 1))
            >> dense(3, name = "out", kernel_constraint = unit_norm(axis = [0, 1]));
    MinMaxNorm = dense(18, input = 7, kernel_constraint = min_max_norm(0.5, 0.9, rate = 0.7))
              >> dense(3, name = "out", kernel_constraint = min_max_norm(axis = -1), kernel_regularizer = l2(0.1));

    Plain = dense(5, tanh, input = 7) >> dense(3);
    Frozen = dense(5, input = 7, trainable = false, kernel_regularizer = l2(1.0), kernel_constraint = non_neg) >> dense(3);
    Seeded = dense(9, input = 9, kernel_initializer = he_normal(seed = 3)) >> dense(9, kernel_initializer = he_normal(seed = 3));
    Nested = Layer >> dense(2);
}

fn check<M: Model>(model: M, case: &str, loss: impl Losses) -> Result<()> {
    let fixture = Fixture::load("regularizers");
    let get = |part: &str| fixture.get(&format!("{case}/{part}"));
    let mut model = model.compile(Sgd { learning_rate: 0.5, ..Sgd::default() }, loss, ());
    for weight in M::SPEC.weights {
        model.set_weight(weight.name, get(weight.name))?;
    }
    let (x, y, expected) = (get("x"), get("y"), f64::from(get("loss")[[0]]));
    assert_close_number(&format!("{case}: evaluate"), model.evaluate(x, y)?.loss, expected, 1e-5);
    assert_close_number(&format!("{case}: test_on_batch"), model.test_on_batch(x, y)?.loss, expected, 1e-5);
    for step in 0..3 {
        let score = model.train_on_batch(x, y)?;
        if step == 0 {
            assert_close_number(&format!("{case}: train_on_batch"), score.loss, expected, 1e-5);
            for weight in M::SPEC.weights {
                let what = format!("{case}: gradient of {}", weight.name);
                assert_close(
                    &what,
                    &model.gradient(weight.name)?,
                    get(&format!("grad/{}", weight.name)),
                    1e-5,
                );
            }
        }
    }
    for weight in M::SPEC.weights {
        let what = format!("{case}: {} after three steps", weight.name);
        assert_close(&what, &model.weight(weight.name)?, get(&format!("after/{}", weight.name)), 2e-5);
    }
    Ok(())
}

#[test]
fn penalties_of_weights() -> Result<()> {
    check(L1::new(0), "l1", MeanSquaredError)?;
    check(L2::new(0), "l2", MeanSquaredError)?;
    check(L1L2::new(0), "l1_l2", MeanSquaredError)?;
    check(Rows::new(0), "rows", MeanSquaredError)?;
    check(Columns::new(0), "columns", MeanSquaredError)
}

#[test]
fn penalties_of_activities() -> Result<()> {
    check(Activity::new(0), "activity", MeanSquaredError)?;
    check(Head::new(0), "head", CategoricalCrossentropy)?;
    check(Shared::new(0), "shared", MeanSquaredError)?;
    check(Layer::new(0), "layer", MeanSquaredError)
}

#[test]
fn losses_of_a_model_s_own() -> Result<()> {
    check(Added::new(0), "added", MeanSquaredError)
}

#[test]
fn constraints() -> Result<()> {
    check(MaxNorm::new(0), "max_norm", MeanSquaredError)?;
    check(UnitNorm::new(0), "unit_norm", MeanSquaredError)?;
    check(MinMaxNorm::new(0), "min_max_norm", MeanSquaredError)
}

fn data(samples: usize) -> (Array2<f32>, Array2<f32>) {
    let x = Array2::from_shape_fn((samples, 7), |(i, j)| ((i * 5 + j * 3) % 11) as f32 / 11.0 - 0.5);
    (x, Array2::zeros((samples, 3)))
}

#[test]
fn the_batch_does_not_change_an_evaluation() -> Result<()> {
    let (x, y) = data(600);
    let mut model = Added::new(1).compile(Sgd::default(), MeanSquaredError, ());
    let whole = model.evaluate(&x, &y)?.loss;
    let part =
        |model: &mut Trainer<Added>, rows| model.evaluate(x.slice(s![rows, ..]), y.slice(s![rows, ..]));
    let mut sum = 0.0;
    for start in (0..600).step_by(100) {
        sum += part(&mut model, ndarray::Slice::from(start..start + 100))?.loss / 6.0;
    }
    assert_close_number("the mean of the parts", sum, whole, 1e-6);
    let history =
        model.fit(&x, &y, Fit { epochs: 2, batch_size: 64, verbose: Verbose::Silent, ..Fit::default() })?;
    let loss = history.get("loss").expect("a loss");
    assert!(loss[1] < loss[0] && loss[0] < whole, "{whole}, then {loss:?}");
    Ok(())
}

#[test]
fn threads_do_not_change_a_step() -> Result<()> {
    let (x, y) = data(300);
    let mut found = Vec::new();
    for threads in [1, 2, 3] {
        let mut model = Added::on(&Cpu::threads(threads), 1)?.compile(Sgd::default(), MeanSquaredError, ());
        let loss = model.train_on_batch(&x, &y)?.loss;
        found.push((loss.to_bits(), model.weight("dense/kernel")?));
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
    Ok(())
}

#[test]
fn predictions_know_nothing_of_losses() -> Result<()> {
    let (x, _) = data(5);
    let (mut with, mut without) = (Layer::new(1), Plain::new(1));
    assert_eq!(with.predict(&x)?, without.predict(&x)?);
    assert_eq!(Layer::SPEC.infer.fixed_words, Plain::SPEC.infer.fixed_words);
    assert!(Layer::SPEC.evaluate.adds_loss && !Layer::SPEC.infer.adds_loss && !Plain::SPEC.train.adds_loss);
    // What a nested model adds is added.
    assert!(Nested::SPEC.evaluate.adds_loss);
    Ok(())
}

#[test]
fn frozen_weights_are_left_alone() -> Result<()> {
    let (x, y) = data(5);
    let mut model = Frozen::new(1).compile(Sgd::default(), MeanSquaredError, ());
    let before = model.weight("dense/kernel")?;
    let loss = model.train_on_batch(&x, &y)?.loss;
    let mean = model.test_on_batch(&x, &y)?.loss;
    assert!(loss < 1.0 && mean < loss, "{loss}, {mean}: no penalty of the frozen kernel");
    assert_eq!(model.weight("dense/kernel")?, before);
    assert!(before.iter().any(|w| *w < 0.0));
    Ok(())
}

#[test]
fn a_seed_of_its_own_gives_a_weight_its_values() -> Result<()> {
    let (a, b) = (Seeded::new(1), Seeded::new(2));
    assert_eq!(a.weight("dense/kernel")?, b.weight("dense/kernel")?);
    assert_eq!(a.weight("dense/kernel")?, a.weight("dense_1/kernel")?);
    assert!(a.weight("dense/kernel")?.index_axis(Axis(0), 0).iter().any(|w| *w != 0.0));
    Ok(())
}

keras_model! {
    Heads(x: [3, 4]) {
        let y = (x, x) >> multi_head_attention(
            2, 3, kernel_regularizer = l2(0.1), bias_regularizer = l1(0.2), bias_initializer = ones, kernel_constraint = non_neg
        );
        y
    }
}

/// Of every part of an attention.
#[test]
fn parts_of_an_attention_are_regularized() -> Result<()> {
    let (x, y) = (ndarray::Array3::<f32>::ones((2, 3, 4)), ndarray::Array3::<f32>::zeros((2, 3, 4)));
    let mut model = Heads::new(1).compile(Sgd { learning_rate: 0.01, ..Sgd::default() }, Nothing, ());
    let mut expected = 0.0;
    for part in ["query", "key", "value", "attention_output"] {
        let kernel = model.weight(&format!("multi_head_attention/{part}/kernel"))?;
        expected += 0.1 * f64::from(kernel.mapv(|w| w * w).sum());
        expected += 0.2 * model.weight(&format!("multi_head_attention/{part}/bias"))?.len() as f64;
    }
    assert_close_number("the penalty", model.train_on_batch(&x, &y)?.loss, expected, 1e-5);
    for part in ["query", "key", "value", "attention_output"] {
        let kernel = model.weight(&format!("multi_head_attention/{part}/kernel"))?;
        assert!(kernel.iter().all(|w| *w >= 0.0) && kernel.iter().any(|w| *w > 0.0), "{part}");
    }
    Ok(())
}

/// A loss that is 0: what is left is what the model adds.
#[derive(Debug)]
struct Nothing;

impl Loss for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    fn sample(&self, _: &[f32], _: &[f32], _: usize, slope: Option<&mut [f32]>) -> f32 {
        if let Some(slope) = slope {
            slope.fill(0.0);
        }
        0.0
    }
}

#[test]
fn a_penalty_alone_shrinks_a_weight() -> Result<()> {
    let (x, y) = data(4);
    let mut model = L2::new(1).compile(Sgd { learning_rate: 0.5, ..Sgd::default() }, Nothing, ());
    let before = model.weight("dense/kernel")?;
    let loss = model.train_on_batch(&x, &y)?.loss;
    assert_close_number("the penalty", loss, 0.1 * f64::from(before.mapv(|w| w * w).sum()), 1e-5);
    // w - 0.5 * 2 * 0.1 * w
    assert_close("the kernel", &model.weight("dense/kernel")?, &before.mapv(|w| 0.9 * w), 1e-6);
    Ok(())
}
