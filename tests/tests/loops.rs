//! Recurrent layers in steps of others, against Keras: outputs, and gradients of inputs and weights.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use fixture::{Cotangent, assert_close, still};
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array, ArrayD, Axis, IxDyn};

layers! {
    ("loops", 1e-5);
    simple_rnn_of_steps SimpleRnnOfSteps (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(simple_rnn(3)) }
    simple_rnn_of_steps_sequences SimpleRnnOfStepsSequences (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(simple_rnn(3, return_sequences = true, go_backwards = true)) }
    simple_rnn_of_steps_masked SimpleRnnOfStepsMasked (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(simple_rnn(3)) }
    simple_rnn_of_steps_masked_sequences SimpleRnnOfStepsMaskedSequences (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(simple_rnn(3, return_sequences = true)) >> drop_mask() }
    simple_rnn_of_steps_two_way SimpleRnnOfStepsTwoWay (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(bidirectional(simple_rnn(3))) }
    simple_rnn_of_steps_two_way_masked SimpleRnnOfStepsTwoWayMasked (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(bidirectional(simple_rnn(3, return_sequences = true), merge_mode = sum)) >> drop_mask() }
    lstm_of_steps LstmOfSteps (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(lstm(3)) }
    lstm_of_steps_sequences LstmOfStepsSequences (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(lstm(3, return_sequences = true, go_backwards = true)) }
    lstm_of_steps_masked LstmOfStepsMasked (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(lstm(3)) }
    lstm_of_steps_masked_sequences LstmOfStepsMaskedSequences (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(lstm(3, return_sequences = true)) >> drop_mask() }
    lstm_of_steps_two_way LstmOfStepsTwoWay (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(bidirectional(lstm(3))) }
    lstm_of_steps_two_way_masked LstmOfStepsTwoWayMasked (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(bidirectional(lstm(3, return_sequences = true), merge_mode = sum)) >> drop_mask() }
    gru_of_steps GruOfSteps (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(gru(3)) }
    gru_of_steps_sequences GruOfStepsSequences (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(gru(3, return_sequences = true, go_backwards = true)) }
    gru_of_steps_masked GruOfStepsMasked (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(gru(3)) }
    gru_of_steps_masked_sequences GruOfStepsMaskedSequences (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(gru(3, return_sequences = true)) >> drop_mask() }
    gru_of_steps_two_way GruOfStepsTwoWay (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(bidirectional(gru(3))) }
    gru_of_steps_two_way_masked GruOfStepsTwoWayMasked (a a0 "probe_a" [3, 4; 2]) { (a * (slice(a, 3, 0, 1) > 0.0)) >> masking() >> time_distributed(bidirectional(gru(3, return_sequences = true), merge_mode = sum)) >> drop_mask() }
    hierarchical Hierarchical (a a0 "probe_a" [5, 6; 1]) { a >> time_distributed(lstm(4)) >> lstm(5, name = "lstm_1") }
    steps_of_steps StepsOfSteps (a a0 "probe_a" [2, 3, 4; 2]) { a >> time_distributed(time_distributed(lstm(3), name = "inner")) }
    chain_of_steps ChainOfSteps (a a0 "probe_a" [3, 7; 2]) {
        a >> time_distributed(conv1d(4, 2, activation = relu) >> max_pooling1d() >> gru(3, return_sequences = true) >> layer_normalization() >> lstm(2))
    }
    cells_of_steps CellsOfSteps (a a0 "probe_a" [3, 4; 2]) { a >> time_distributed(rnn([lstm_cell(3, name = "one"), gru_cell(4, name = "two")], name = "cells")) }
    images_of_steps ImagesOfSteps (a a0 "probe_a" [2, 3, 5, 4; 1]) { a >> time_distributed(conv_lstm2d(2, 2, padding = same)) }
    one_step OneStep (a a0 "probe_a" [1, 4; 2]) { a >> time_distributed(lstm(3)) }
}

/// Layers in steps of cells.
mod cells {
    use super::cases;
    use keras_runtime::prelude::*;

    keras_model! {
        cell around(x: [4, 2]; h: [3]) -> [3] { let h = 0.5 * h + (x >> lstm(3)); (h, h) }
        cell two_way(x: [4, 2]; h: [4]) -> [4] {
            let h = 0.5 * h + (x >> gru(3, return_sequences = true) >> bidirectional(lstm(2)));
            (h, h)
        }
        cell steps(x: [3, 4, 2]; h: [2]) -> [2] {
            let h = 0.5 * h + (x >> time_distributed(lstm(3)) >> simple_rnn(2));
            (h, h)
        }
        cell started(x: [4, 2]; h: [3]) -> [3] { let h = (x, h) >> gru(3, go_backwards = true); (h, h) }

        InACell(a0: [3, 4, 2]) {
            let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a");
            a >> reshape([3, 4, 2]) >> around(return_sequences = true)
        }
        TwoWayInACell(a0: [3, 4, 2]) {
            let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a");
            a >> reshape([3, 4, 2]) >> two_way(name = "around")
        }
        StepsInACell(a0: [2, 3, 4, 2]) {
            let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a");
            a >> reshape([2, 3, 4, 2]) >> steps(name = "around")
        }
        StartedInACell(a0: [3, 4, 2]) {
            let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a");
            a >> reshape([3, 4, 2]) >> started(return_sequences = true)
        }
        CellOfSteps(a0: [2, 3, 4, 2]) {
            let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a");
            a >> reshape([2, 3, 4, 2]) >> time_distributed(around())
        }
    }

    #[test]
    fn in_a_cell() -> Result<()> {
        cases::check(("loops", 1e-5), InACell::new(0), "in_a_cell", &["a"])
    }

    #[test]
    fn two_way_in_a_cell() -> Result<()> {
        cases::check(("loops", 1e-5), TwoWayInACell::new(0), "two_way_in_a_cell", &["a"])
    }

    #[test]
    fn steps_in_a_cell() -> Result<()> {
        cases::check(("loops", 1e-5), StepsInACell::new(0), "steps_in_a_cell", &["a"])
    }

    #[test]
    fn started_in_a_cell() -> Result<()> {
        cases::check(("loops", 1e-5), StartedInACell::new(0), "started_in_a_cell", &["a"])
    }

    #[test]
    fn cell_of_steps() -> Result<()> {
        cases::check(("loops", 1e-5), CellOfSteps::new(0), "cell_of_steps", &["a"])
    }
}

keras_model! {
    /// What a closure takes from around it may itself be of a step.
    cell scaled(x: [3], all: [5, 3]; h: [3]) -> [3] {
        let y = sum(all >> time_distributed(lambda(|s| tanh(s * x))), axis = 1);
        (y + h, y)
    }
    cell written(x: [3], all: [5, 3]; h: [3]) -> [3] {
        let y = sum(tanh(all * reshape(x, [1, 3])), axis = 1);
        (y + h, y)
    }
    Closure(a: [4, 3], b: [5, 3]) -> (closure: [3], formula: [3]) {
        let x = a >> dense(3, name = "x");
        let all = b >> dense(3, name = "all");
        ((x, all) >> scaled(), (x, all) >> written())
    }

    Normalized = time_distributed(flatten() >> batch_normalization(momentum = 0.5, name = "bn"), input = [3, 2, 2]) >> flatten()
    Dropped(x: [1]) -> [3, 8] {
        let wide = x >> dense(24, use_bias = false, name = "probe") >> reshape([3, 8, 1]);
        wide >> time_distributed(flatten() >> dropout(0.5))
    }
    Penalized = input([3, 4, 2]) >> time_distributed(lstm(3, activity_regularizer = l2(0.1))) >> flatten()
    Slope(x: [3, 4, 2]) -> [3, 4, 2] { x >> time_distributed(lambda(|s| gradient(square(s), s))) }
}

fn sgd() -> Sgd {
    Sgd { learning_rate: 0.0, ..Sgd::default() }
}

fn numbers(dims: &[usize], seed: u64) -> ArrayD<f32> {
    let mut state = seed;
    Array::from_shape_simple_fn(IxDyn(dims), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    })
}

#[test]
fn closures_take_steps_into_loops() -> Result<()> {
    let mut model = Closure::new(3).compile(sgd(), (MeanSquaredError, MeanSquaredError), ());
    let (x, all) = (numbers(&[2, 4, 3], 1), numbers(&[2, 5, 3], 2));
    let outputs = model.predict_outputs((x.clone(), all.clone()))?;
    assert_close("a closure", &outputs[0], &outputs[1], 1e-6);
    let zeros = || numbers(&[2, 3], 3);
    model.train_on_batch((x.clone(), all.clone()), (zeros(), zeros()))?;
    let both = ["x/kernel", "all/kernel"].map(|name| model.gradient(name).unwrap());
    assert!(both.iter().all(|gradient| gradient.iter().any(|x| *x != 0.0)));
    Ok(())
}

/// Each step finds the moving averages that the one before it left.
#[test]
fn steps_are_normalized_one_after_another() -> Result<()> {
    let x = numbers(&[5, 3, 2, 2], 4);
    let mut model = Normalized::new(0).compile(sgd(), MeanSquaredError, ());
    model.train_on_batch(x.clone(), numbers(&[5, 12], 5))?;
    let (mut mean, mut variance) = (ArrayD::<f32>::zeros(IxDyn(&[4])), ArrayD::<f32>::ones(IxDyn(&[4])));
    for t in 0..3 {
        let step = x.index_axis(Axis(1), t).to_owned().into_shape_with_order((5, 4)).unwrap();
        mean = mean * 0.5 + step.mean_axis(Axis(0)).unwrap().into_dyn() * 0.5;
        variance = variance * 0.5 + step.var_axis(Axis(0), 0.0).into_dyn() * 0.5;
    }
    assert_close("mean", &model.weight("time_distributed/bn/moving_mean")?, &mean, 1e-5);
    assert_close("variance", &model.weight("time_distributed/bn/moving_variance")?, &variance, 1e-5);
    Ok(())
}

/// As in Keras, each step has other elements dropped.
#[test]
fn steps_are_dropped_from_differently() -> Result<()> {
    let losses: Vec<Box<dyn Loss>> = vec![Box::new(Cotangent { batch: 1 })];
    let mut model = Dropped::new(0).compile(still(), losses, ());
    let ones = |dims: &[usize]| ArrayD::<f32>::ones(IxDyn(dims));
    model.train_on_batch(ones(&[1, 1]), ones(&[1, 3, 8]))?;
    let kept = model.gradient("probe/kernel")?;
    assert!(kept.iter().all(|x| *x == 0.0 || *x == 2.0), "{kept}");
    let rows = kept.into_shape_with_order((3, 8)).unwrap();
    assert!(rows.row(0) != rows.row(1) && rows.row(1) != rows.row(2), "{rows}");
    Ok(())
}

/// What the layers add to the loss, they add in each step.
#[test]
fn steps_add_to_the_loss() -> Result<()> {
    let mut model = Penalized::new(1).compile(sgd(), MeanSquaredError, ());
    let x = numbers(&[2, 3, 4, 2], 6);
    let y = model.predict(x.clone())?;
    let loss = model.train_on_batch(x, y.clone())?.loss;
    let expected = 0.1 * y.iter().map(|y| f64::from(*y).powi(2)).sum::<f64>() / 2.0;
    assert!((loss - expected).abs() < 1e-6, "{loss} is not {expected}");
    Ok(())
}

#[test]
fn gradients_are_taken_in_steps() -> Result<()> {
    let mut model = Slope::new(1).compile(sgd(), MeanSquaredError, ());
    let x = numbers(&[2, 3, 4, 2], 7);
    assert_close("slope", &model.predict(x.clone())?, &(x * 2.0), 1e-6);
    Ok(())
}
