//! Weights after twenty steps of every optimizer.

use keras_runtime::prelude::*;
use ndarray::Axis;

use crate::fixture::{Fixture, assert_close};

keras_model! { Net = dense(8, tanh, input = 12) >> dense(5, softmax) }

fn check(name: &str, optimizer: impl Optimizer + 'static) -> Result<()> {
    let fixture = Fixture::load("optimizers");
    let mut model = Net::new(0).compile(optimizer, CategoricalCrossentropy, ());
    for weight in Net::SPEC.weights {
        model.set_weight(weight.name, fixture.get(&format!("initial/{}", weight.name)))?;
    }
    for step in 0..20 {
        let (x, y) = (fixture.get("x").index_axis(Axis(0), step), fixture.get("y").index_axis(Axis(0), step));
        model.train_on_batch(x, y)?;
    }
    for weight in Net::SPEC.weights {
        let expected = fixture.get(&format!("{name}/{}", weight.name));
        assert_close(&format!("{name}: {}", weight.name), &model.weight(weight.name)?, expected, 1e-5);
    }
    Ok(())
}

#[test]
fn sgd() -> Result<()> {
    check("sgd", Sgd::default())?;
    check("sgd_lr", Sgd { learning_rate: 0.1, ..Sgd::default() })?;
    check("sgd_momentum", Sgd { momentum: 0.9, ..Sgd::default() })?;
    check("sgd_nesterov", Sgd { momentum: 0.9, nesterov: true, ..Sgd::default() })?;
    check("sgd_nesterov_lr", Sgd { learning_rate: 0.05, momentum: 0.8, nesterov: true })
}

#[test]
fn rmsprop() -> Result<()> {
    check("rmsprop", RmsProp::default())?;
    check("rmsprop_lr", RmsProp { learning_rate: 0.01, rho: 0.95, epsilon: 1e-5, ..RmsProp::default() })?;
    check("rmsprop_momentum", RmsProp { momentum: 0.9, ..RmsProp::default() })?;
    check("rmsprop_centered", RmsProp { centered: true, ..RmsProp::default() })?;
    check(
        "rmsprop_centered_momentum",
        RmsProp { learning_rate: 0.002, momentum: 0.5, centered: true, ..RmsProp::default() },
    )
}

#[test]
fn adam() -> Result<()> {
    check("adam", Adam::default())?;
    check(
        "adam_lr",
        Adam { learning_rate: 0.01, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-4, ..Adam::default() },
    )?;
    check("adam_amsgrad", Adam { amsgrad: true, ..Adam::default() })
}
