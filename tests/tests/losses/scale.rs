//! Losses that are scaled before gradients are taken, against Keras: scales, weights, steps that are left out, checkpoints.

use keras_runtime::optim::LossScale;
use keras_runtime::optim::schedule::ExponentialDecay;
use keras_runtime::prelude::*;
use ndarray::{ArrayD, Axis};

use crate::fixture::{Fixture, assert_close, assert_close_number};

keras_model! {
    Net = dense(4, tanh, kernel_regularizer = l2, input = 3) >> dense(2);
    Adding(x: [3]) {
        let h = x >> dense(4, tanh);
        add_loss(0.1 * square(h));
        h >> dense(2)
    }
}

fn batch(fixture: &Fixture, name: &str, step: usize) -> ArrayD<f32> {
    fixture.get(name).index_axis(Axis(0), step).to_owned()
}

fn started(optimizer: impl Optimizer + 'static) -> Result<Trainer<Net>> {
    let fixture = Fixture::load("loss_scale");
    let mut model = Net::new(0);
    for weight in Net::SPEC.weights {
        model.set_weight(weight.name, fixture.get(&format!("start/{}", weight.name)))?;
    }
    Ok(model.compile(optimizer, MeanSquaredError, ()))
}

fn check(name: &str, optimizer: impl Optimizer + 'static) -> Result<()> {
    let fixture = Fixture::load("loss_scale");
    let mut model = started(optimizer)?;
    for step in 0..24 {
        if name == "factor" && (step == 5 || step == 17) {
            continue;
        }
        model.train_on_batch(batch(&fixture, "x", step), batch(&fixture, "y", step))?;
        let scales = fixture.get(&format!("{name}/scale"));
        let expected = scales[[step.min(scales.len() - 1)]];
        assert_eq!(model.loss_scale(), expected, "{name}: after step {step}");
    }
    for weight in Net::SPEC.weights {
        let expected = fixture.get(&format!("{name}/{}", weight.name));
        assert_close(&format!("{name}: {}", weight.name), &model.weight(weight.name)?, expected, 1e-5);
    }
    Ok(())
}

fn growing() -> impl Optimizer + 'static {
    let adam = Adam { learning_rate: 0.01, ..Adam::default() };
    adam.loss_scale(LossScale { initial_scale: 1024.0, dynamic_growth_steps: 4 })
}

#[test]
fn scaled_trainings_are_those_of_keras() -> Result<()> {
    check("grows", growing())?;
    let sgd = Sgd { learning_rate: 0.02, momentum: 0.9, ..Sgd::default() };
    let greatest = LossScale { initial_scale: 2f32.powi(127), dynamic_growth_steps: 100 };
    check("shrinks", sgd.loss_scale(greatest))?;
    let decays = Adam::default()
        .schedule(ExponentialDecay {
            initial_learning_rate: 0.05,
            decay_steps: 3,
            decay_rate: 0.7,
            staircase: false,
        })
        .global_clipnorm(0.5)
        .gradient_accumulation(2)
        .ema(0.8)
        .loss_scale(LossScale { initial_scale: 3.0, dynamic_growth_steps: 3 });
    check("decays", decays)?;
    check("factor", RmsProp { learning_rate: 0.01, ..RmsProp::default() }.loss_scale_factor(1000.0))
}

/// Behind a checkpoint scale, counter and steps that were left out are what they were, to the bit.
#[test]
fn a_resumed_training_has_its_scale() -> Result<()> {
    let fixture = Fixture::load("loss_scale");
    let path = std::env::temp_dir().join(format!("keras-loss-scale-{}", std::process::id()));
    let train = |model: &mut Trainer<Net>, steps: std::ops::Range<usize>| -> Result<()> {
        for step in steps {
            model.train_on_batch(batch(&fixture, "x", step), batch(&fixture, "y", step))?;
        }
        Ok(())
    };
    let mut whole = started(growing())?;
    train(&mut whole, 0..7)?;
    whole.save_checkpoint(&path)?;
    train(&mut whole, 7..24)?;
    let mut resumed = Net::new(9).compile(growing(), MeanSquaredError, ());
    resumed.load_checkpoint(&path)?;
    assert_eq!(resumed.loss_scale(), 1024.0);
    train(&mut resumed, 7..24)?;
    std::fs::remove_file(path).ok();
    assert_eq!(resumed.loss_scale(), whole.loss_scale());
    for weight in Net::SPEC.weights {
        assert_eq!(resumed.weight(weight.name)?, whole.weight(weight.name)?, "{}", weight.name);
    }
    Ok(())
}

/// A scale that is a power of two changes no bit of a training, whatever the model adds to its loss; and gradients that are
/// given out are those of the loss.
#[test]
fn powers_of_two_change_nothing() -> Result<()> {
    fn weights<M: Model>(model: M, optimizer: impl Optimizer + 'static) -> Result<Vec<ArrayD<f32>>> {
        let fixture = Fixture::load("loss_scale");
        let mut model = model.compile(optimizer, MeanSquaredError, ());
        for step in 6..12 {
            let (x, y) = (batch(&fixture, "x", step), batch(&fixture, "y", step));
            model.train_on_batch(&x, &y)?;
            let gradients = model.gradients(&x, &y)?;
            model.apply(&gradients)?;
        }
        Ok(model.weights().into_iter().map(|(_, value)| value).collect())
    }
    let scale = LossScale { initial_scale: 256.0, dynamic_growth_steps: 5 };
    assert_eq!(
        weights(Net::new(1), Adam::default())?,
        weights(Net::new(1), Adam::default().loss_scale(scale))?
    );
    assert_eq!(
        weights(Adding::new(1), Adam::default())?,
        weights(Adding::new(1), Adam::default().loss_scale_factor(64.0))?
    );
    assert_eq!(
        weights(Adding::new(1), Adam::default())?,
        weights(Adding::new(1), Adam::default().loss_scale(scale))?
    );
    Ok(())
}

#[test]
fn what_is_no_scale_is_told() {
    let zero = LossScale { initial_scale: 0.0, ..LossScale::default() };
    let error = Adam::default().loss_scale(zero).check().expect_err("zero");
    assert_eq!(error.to_string(), "`initial_scale` is 0, expected a finite number above 0");
    let never = LossScale { dynamic_growth_steps: 0, ..LossScale::default() };
    let error = Adam::default().loss_scale(never).check().expect_err("never");
    assert_eq!(error.to_string(), "`dynamic_growth_steps` is 0, expected at least 1");
    let error = Adam::default().loss_scale_factor(f32::NAN).check().expect_err("no number");
    assert_eq!(error.to_string(), "`loss_scale_factor` is NaN, expected a finite number above 0");
    assert_close_number(
        "none",
        f64::from(Net::new(0).compile(Sgd::default(), MeanSquaredError, ()).loss_scale()),
        1.0,
        0.0,
    );
}
