//! Optimizers that see a weight as a matrix, held to Keras; gradients of 0; updates by several threads.

#[allow(dead_code)]
#[path = "keras/fixture.rs"]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use ndarray::{Array2, Axis};

keras_model! {
    Net = dense(20, relu, input = 12) >> dense(5, softmax);
    Tokens = embedding(7, 4, input = [3]) >> flatten() >> dense(2);
    // More weights than are left to one thread, and a matrix whose last panel is not full.
    Large = dense(203, tanh, input = 200) >> dense(5);
}

fn check(name: &str, unit: Option<usize>, optimizer: impl Optimizer + 'static) -> Result<()> {
    let fixture = Fixture::load("optimizer_shapes");
    let mut model = Net::new(0).compile(optimizer, CategoricalCrossentropy, ());
    for weight in Net::SPEC.weights {
        model.set_weight(weight.name, fixture.get(&format!("initial/{}", weight.name)))?;
    }
    if let Some(unit) = unit {
        silence(&mut model, unit)?;
    }
    for step in 0..20 {
        let (x, y) = (fixture.get("x").index_axis(Axis(0), step), fixture.get("y").index_axis(Axis(0), step));
        model.train_on_batch(x, y)?;
    }
    for weight in Net::SPEC.weights {
        let expected = fixture.get(&format!("{name}/{}", weight.name));
        // Against all but that bias, which would hide them by its size.
        let mut found = model.weight(weight.name)?;
        let mut expected = expected.clone();
        if let (Some(unit), "dense/bias") = (unit, weight.name) {
            assert!((found[unit] - expected[unit]).abs() < 1e-3, "{name}: {}", found[unit]);
            (found[unit], expected[unit]) = (0.0, 0.0);
        }
        assert_close(&format!("{name}: {}", weight.name), &found, &expected, 1e-5);
    }
    Ok(())
}

/// Lets a unit of the first layer never fire.
fn silence(model: &mut Trainer<Net>, unit: usize) -> Result<()> {
    let mut bias = model.weight("dense/bias")?;
    bias[unit] = -100.0;
    model.set_weight("dense/bias", &bias)
}

#[test]
fn adafactor() -> Result<()> {
    check("adafactor", None, Adafactor { learning_rate: 0.05, ..Adafactor::default() })?;
    let set =
        Adafactor { learning_rate: 0.5, clip_threshold: 0.5, beta_2_decay: -0.5, ..Adafactor::default() };
    check("adafactor_clip", None, set.decay(0.01))
}

#[test]
fn muon() -> Result<()> {
    let muon = Muon { learning_rate: 0.02, ..Muon::default() };
    check("muon", Some(1), muon.clone())?;
    check("muon_clipped", Some(1), muon.clone().clipnorm(0.05))?;
    let excluded = Muon {
        exclude_layers: vec!["dense_1".into()],
        adam_lr_ratio: 0.5,
        adam_weight_decay: 0.5,
        weight_decay: 0.1,
        ..muon
    };
    check("muon_excluded", Some(1), excluded.clone())?;
    check("muon_excluded", Some(1), Muon { weight_decay: 0.7, ..excluded }.decay(0.1))?;
    let plain = Muon {
        learning_rate: 0.01,
        nesterov: false,
        rms_rate: None,
        ns_steps: 3,
        momentum: 0.8,
        weight_decay: 0.0,
        muon_a: 3.0,
        muon_b: -3.2,
        muon_c: 1.2,
        ..Muon::default()
    };
    check("muon_plain", Some(1), plain)
}

#[test]
fn embeddings_are_not_matrices_to_muon() -> Result<()> {
    let (x, y) = (
        Array2::from_shape_fn((5, 3), |(i, j)| (i + 2 * j) as f32 % 7.0),
        Array2::from_shape_fn((5, 2), |(i, j)| (i + j) as f32),
    );
    let after = |mut model: Trainer<Tokens>| -> Result<Trainer<Tokens>> {
        (0..3).try_for_each(|_| model.train_on_batch(&x, &y).map(drop))?;
        Ok(model)
    };
    // The kernel as well is Adam's then: the two trainings are one.
    let muon = || Muon { exclude_layers: vec!["dense".into()], ..Muon::default() };
    let adam = after(Tokens::new(1).compile(AdamW::default(), MeanSquaredError, ()))?;
    let same = after(Tokens::new(1).compile(muon(), MeanSquaredError, ()))?;
    let other = Muon { exclude_embeddings: false, ..muon() };
    let other = after(Tokens::new(1).compile(other, MeanSquaredError, ()))?;
    let table = "embedding/embeddings";
    assert_eq!(same.weight(table)?, adam.weight(table)?);
    assert_ne!(other.weight(table)?, adam.weight(table)?);
    Ok(())
}

#[test]
fn adafactor_stands_elements_without_input_and_unit() -> Result<()> {
    let fixture = Fixture::load("optimizer_shapes");
    let mut model = Net::new(3).compile(Adafactor::default(), CategoricalCrossentropy, ());
    silence(&mut model, 1)?;
    let start = model.weight("dense/kernel")?;
    for step in 0..5 {
        let (x, y) = (fixture.get("x").index_axis(Axis(0), step), fixture.get("y").index_axis(Axis(0), step));
        model.train_on_batch(x, y)?;
    }
    let kernel = model.weight("dense/kernel")?;
    assert!(kernel.iter().all(|w| w.is_finite()), "{kernel}");
    // Input 3 of the fixture is always 0.
    assert_eq!(kernel[[3, 1]], start[[3, 1]]);
    assert_ne!(kernel[[4, 2]], start[[4, 2]]);
    Ok(())
}

fn bits(threads: usize, optimizer: impl Optimizer + 'static) -> Result<Vec<u32>> {
    let x = Array2::from_shape_fn((9, 200), |(i, j)| ((i * 37 + j * 11 + i * j) % 101) as f32 / 50.0 - 1.0);
    let y = Array2::from_shape_fn((9, 5), |(i, j)| ((i * 3 + j) % 7) as f32);
    let mut model = Large::on(&Cpu::threads(threads), 5)?.compile(optimizer, MeanSquaredError, ());
    let settings = Fit { batch_size: 4, epochs: 2, verbose: Verbose::Silent, ..Fit::default() };
    model.fit(&x, &y, settings)?;
    let weights = model.weights();
    Ok(weights.iter().flat_map(|(_, w)| w.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect())
}

fn any_threads<O: Optimizer + 'static>(optimizer: impl Fn() -> O) -> Result<()> {
    let one = bits(1, optimizer())?;
    assert!(one.iter().all(|&w| f32::from_bits(w).is_finite()), "{:?}", optimizer());
    for threads in [2, 3] {
        assert!(bits(threads, optimizer())? == one, "{:?} on {threads} threads", optimizer());
    }
    Ok(())
}

#[test]
fn threads_do_not_change_a_bit_of_any_update() -> Result<()> {
    assert!(Large::SPEC.trainable_len > 1 << 15, "an update is not divided");
    any_threads(|| Sgd { momentum: 0.9, ..Sgd::default() })?;
    any_threads(|| RmsProp { momentum: 0.9, centered: true, ..RmsProp::default() })?;
    any_threads(|| Adam { amsgrad: true, ..Adam::default() })?;
    any_threads(AdamW::default)?;
    any_threads(Adamax::default)?;
    any_threads(Nadam::default)?;
    any_threads(Adagrad::default)?;
    any_threads(Adadelta::default)?;
    any_threads(Ftrl::default)?;
    any_threads(Lion::default)?;
    any_threads(Lamb::default)?;
    any_threads(Adafactor::default)?;
    any_threads(Muon::default)?;
    any_threads(|| Sgd::default().clipnorm(0.01).decay(0.01).exclude_from_decay(["bias"]))?;
    any_threads(|| Adam::default().clipvalue(0.001).rate("dense_1/", 0.1))?;
    any_threads(|| Adam::default().global_clipnorm(0.01).ema(0.9).gradient_accumulation(2))
}

#[test]
fn bad_settings_of_muon_have_their_names() {
    let problem = |muon: Muon| muon.check().unwrap_err().to_string();
    assert!(Muon::default().check().is_ok());
    assert!(problem(Muon { momentum: 1.0, ..Muon::default() }).contains("momentum"));
    assert!(problem(Muon { rms_rate: Some(f32::NAN), ..Muon::default() }).contains("rms_rate"));
    assert!(problem(Muon { adam_weight_decay: -0.1, ..Muon::default() }).contains("adam_weight_decay"));
    assert!(problem(Muon { muon_b: f32::INFINITY, ..Muon::default() }).contains("muon_b"));
}
