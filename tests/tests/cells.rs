//! Cells written by the user: against the layers that they spell out, and in loops with several inputs.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::assert_close;
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, Array3, ArrayD, IxDyn};

keras_model! {
    const UNITS: usize = 5;

    /// `keras.layers.LSTMCell`, gate by gate.
    cell long_short(x: [3]; h: [UNITS], c: [UNITS]) -> [UNITS] {
        let z = (x >> dense(4 * UNITS, use_bias = false, name = "kernel")) + (h >> dense(4 * UNITS, name = "recurrent"));
        let i = sigmoid(slice(z, 1, 0, UNITS));
        let f = sigmoid(slice(z, 1, UNITS, UNITS));
        let new = tanh(slice(z, 1, 2 * UNITS, UNITS));
        let o = sigmoid(slice(z, 1, 3 * UNITS, UNITS));
        let next = f * c + i * new;
        let y = o * tanh(next);
        (y, y, next)
    }

    Spelled(x: [6, 3]) -> (all: [6, UNITS], back: [6, UNITS], h: [UNITS], c: [UNITS]) {
        let cell = long_short(return_sequences = true, return_state = true, name = "cell");
        let (all, h, c) = x >> cell;
        let back = x >> long_short(return_sequences = true, go_backwards = true, name = "back");
        (all, back, h, c)
    }
    Built(x: [6, 3]) -> (all: [6, UNITS], back: [6, UNITS], h: [UNITS], c: [UNITS]) {
        let (all, h, c) = x >> lstm(UNITS, return_sequences = true, return_state = true, name = "cell");
        let back = x >> lstm(UNITS, return_sequences = true, go_backwards = true, name = "back");
        (all, back, h, c)
    }

    /// An LSTM cell within a cell, and that cell among others.
    cell around(x: [3]; h: [UNITS], c: [UNITS]) -> [UNITS] {
        (x, h, c) >> lstm_cell(UNITS, name = "inner")
    }
    cell half(x: [UNITS]; last: [UNITS]) -> [UNITS] { ((x + last) / 2.0, x) }
    cell twice(x: [3]; h: [UNITS], c: [UNITS], last: [UNITS]) -> [UNITS] {
        let (y, new_h, new_c) = (x, h, c) >> around(name = "around");
        let (mean, new_last) = (y, last) >> half;
        (mean, new_h, new_c, new_last)
    }
    Nested(x: [6, 3]) -> (around: [6, UNITS], list: [UNITS], twice: [UNITS], again: [6, UNITS]) {
        let cell = around(name = "cell");
        let many = rnn([cell, half], name = "many");
        let other = rnn(lstm_cell(UNITS), return_sequences = true, name = "other");
        (
            x >> rnn(around, return_sequences = true, name = "one"),
            x >> many,
            x >> twice(name = "twice"),
            (x >> other) + (x >> other),
        )
    }
    Plain(x: [6, 3]) -> (around: [6, UNITS], list: [UNITS], twice: [UNITS], again: [6, UNITS]) {
        let all = x >> lstm(UNITS, return_sequences = true);
        let (before, last) = (slice(all, 1, 4, 1), slice(all, 1, 5, 1));
        let mean = (before + last) / 2.0 >> flatten();
        (all, mean, mean, 2.0 * all)
    }

    /// Looks at all of an encoded sequence in every step (Bahdanau et al., 2014, with dot products).
    cell decoder(x: [2], encoded: [6, UNITS]; h: [UNITS]) -> [UNITS] {
        let weights = softmax(sum(encoded * reshape(h, [1, UNITS]), axis = -1));
        let context = sum(encoded * reshape(weights, [6, 1]), axis = 1);
        let h = concatenate(x, context) >> dense(UNITS, tanh);
        (h, h)
    }
    /// An encoder, and a decoder that starts from its last state.
    Translator(x: [6, 3], y: [4, 2]) -> (out: [4, 2]) {
        let (encoded, h) = x >> gru(UNITS, return_sequences = true, return_state = true);
        (y, encoded, h) >> decoder(return_sequences = true) >> time_distributed(dense(2))
    }
}

fn numbers(dims: &[usize], seed: u64) -> ArrayD<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    Array::from_shape_simple_fn(IxDyn(dims), &mut next)
}

fn squared() -> Vec<Box<dyn keras_runtime::loss::Loss>> {
    (0..4).map(|_| Box::new(MeanSquaredError) as _).collect()
}

/// The weights of the cells are those of the layers in two parts.
#[test]
fn a_cell_is_the_layer_that_it_spells_out() -> Result<()> {
    let (mut spelled, mut built) = (Spelled::new(1), Built::new(2));
    for (at, name) in ["cell", "back"].into_iter().enumerate() {
        let (kernel, recurrent) = (numbers(&[3, 20], 3 + at as u64), numbers(&[5, 20], 5 + at as u64));
        let bias = numbers(&[20], 7 + at as u64);
        built.set_weight(&format!("{name}/kernel"), &kernel)?;
        built.set_weight(&format!("{name}/recurrent_kernel"), &recurrent)?;
        built.set_weight(&format!("{name}/bias"), &bias)?;
        spelled.set_weight(&format!("{name}/kernel/kernel"), &kernel)?;
        spelled.set_weight(&format!("{name}/recurrent/kernel"), &recurrent)?;
        spelled.set_weight(&format!("{name}/recurrent/bias"), &bias)?;
    }
    let x = numbers(&[4, 6, 3], 11);
    for (a, b) in spelled.predict_outputs(&x)?.iter().zip(&built.predict_outputs(&x)?) {
        assert_close("output", a, b, 1e-6);
    }
    let y = (numbers(&[4, 6, 5], 12), numbers(&[4, 6, 5], 13), numbers(&[4, 5], 14), numbers(&[4, 5], 15));
    let mut spelled = spelled.compile(Sgd::default(), squared(), ());
    let mut built = built.compile(Sgd::default(), squared(), ());
    spelled.train_on_batch(&x, (&y.0, &y.1, &y.2, &y.3))?;
    built.train_on_batch(&x, (&y.0, &y.1, &y.2, &y.3))?;
    for name in ["cell", "back"] {
        for (own, other) in [
            ("kernel/kernel", "kernel"),
            ("recurrent/kernel", "recurrent_kernel"),
            ("recurrent/bias", "bias"),
        ] {
            let own = spelled.gradient(&format!("{name}/{own}"))?;
            let other = built.gradient(&format!("{name}/{other}"))?;
            assert_close(name, &own, &other, 1e-6);
        }
    }
    Ok(())
}

/// Cells within cells and lists of cells are what a layer and arithmetic make of them, and so are their gradients.
#[test]
fn cells_hold_cells() -> Result<()> {
    let (mut nested, mut plain) = (Nested::new(1), Plain::new(2));
    let weights = [("kernel", vec![3, 20], 3), ("recurrent_kernel", vec![5, 20], 4), ("bias", vec![20], 5)];
    let inner =
        ["one/around/inner", "many/stacked_rnn_cells/cell/inner", "twice/around/inner", "other/lstm_cell"];
    for (name, dims, seed) in &weights {
        let value = numbers(dims, *seed);
        plain.set_weight(&format!("lstm/{name}"), &value)?;
        for cell in inner {
            nested.set_weight(&format!("{cell}/{name}"), &value)?;
        }
    }
    assert_eq!(Nested::SPEC.weights.len(), 12, "the list's cell has its weights once");
    let x = numbers(&[4, 6, 3], 11);
    for (a, b) in nested.predict_outputs(&x)?.iter().zip(&plain.predict_outputs(&x)?) {
        assert_close("output", a, b, 1e-6);
    }
    let y = (numbers(&[4, 6, 5], 12), numbers(&[4, 5], 13), numbers(&[4, 5], 14), numbers(&[4, 6, 5], 15));
    let mut nested = nested.compile(Sgd::default(), squared(), ());
    let mut plain = plain.compile(Sgd::default(), squared(), ());
    nested.train_on_batch(&x, (&y.0, &y.1, &y.2, &y.3))?;
    plain.train_on_batch(&x, (&y.0, &y.1, &y.2, &y.3))?;
    for (name, dims, _) in &weights {
        let mut sum = ArrayD::zeros(IxDyn(dims));
        for cell in inner {
            sum += &nested.gradient(&format!("{cell}/{name}"))?;
        }
        assert_close(name, &sum, &plain.gradient(&format!("lstm/{name}"))?, 1e-6);
    }
    Ok(())
}

/// The gradient of every weight of a decoder with attention, against differences.
#[test]
fn attention_over_an_encoder_has_the_right_gradient() -> Result<()> {
    let (x, z) = (numbers(&[3, 6, 3], 21), numbers(&[3, 4, 2], 22));
    let y = numbers(&[3, 4, 2], 23);
    let mut model =
        Translator::new(5).compile(Sgd { learning_rate: 0.0, ..Sgd::default() }, MeanSquaredError, ());
    model.train_on_batch((&x, &z), &y)?;
    let names: Vec<&str> = model.weights().iter().map(|(name, _)| *name).collect();
    for name in names {
        let (weight, gradient) = (model.weight(name)?, model.gradient(name)?);
        for (at, (_, slope)) in gradient.indexed_iter().enumerate().step_by(7) {
            let mut loss = |by: f32| -> Result<f64> {
                let mut moved = weight.clone();
                *moved.iter_mut().nth(at).expect("an element") += by;
                model.set_weight(name, &moved)?;
                Ok(model.evaluate((&x, &z), &y)?.loss)
            };
            let difference = (loss(1e-2)? - loss(-1e-2)?) / 2e-2;
            model.set_weight(name, &weight)?;
            assert!((difference - f64::from(*slope)).abs() < 2e-4, "{name}[{at}]: {slope} and {difference}");
        }
    }
    Ok(())
}

/// Masked steps leave the states as they are.
#[test]
fn a_cell_skips_steps_that_do_not_count() -> Result<()> {
    keras_model! {
        cell count(x: [1]; total: [1]) -> [1] { let total = total + x; (total, total) }
        Counter(x: [5, 1]) -> (last: [1]) { let (_, total) = x >> masking(mask_value = -1.0) >> count(return_state = true); total }
    }
    let x = Array3::from_shape_vec((1, 5, 1), vec![1.0, -1.0, 2.0, 4.0, -1.0]).expect("five");
    assert_eq!(Counter::new(0).predict(&x)?, Array2::from_elem((1, 1), 7.0).into_dyn());
    Ok(())
}
