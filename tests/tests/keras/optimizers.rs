//! Weights after fifty steps of every optimizer, and every schedule at twenty.

use keras_runtime::optim::MultiOptimizer;
use keras_runtime::optim::schedule::{
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay,
    PolynomialDecay, Schedule, WarmUp, from_fn,
};
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
    for step in 0..50 {
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
fn schedule_free() -> Result<()> {
    check("schedule_free", ScheduleFreeAdamW { learning_rate: 0.01, ..ScheduleFreeAdamW::default() })?;
    let set =
        ScheduleFreeAdamW { learning_rate: 0.02, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-4, warmup_steps: 10 };
    check("schedule_free_warmup", set.decay(0.05).clipnorm(0.1))
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

#[test]
fn adamw() -> Result<()> {
    check("adamw", AdamW { learning_rate: 0.01, ..AdamW::default() })?;
    let set = AdamW { learning_rate: 0.01, weight_decay: 0.1, amsgrad: true, ..AdamW::default() };
    check("adamw_amsgrad", set)?;
    check("adamw", Adam { learning_rate: 0.01, ..Adam::default() }.decay(0.004))
}

#[test]
fn adamax() -> Result<()> {
    check("adamax", Adamax { learning_rate: 0.01, ..Adamax::default() })?;
    check("adamax_lr", Adamax { learning_rate: 0.003, beta_1: 0.8, beta_2: 0.95, epsilon: 1e-3 })
}

#[test]
fn nadam() -> Result<()> {
    check("nadam", Nadam { learning_rate: 0.01, ..Nadam::default() })?;
    check("nadam_lr", Nadam { learning_rate: 0.003, beta_1: 0.95, beta_2: 0.99, epsilon: 1e-4 })
}

#[test]
fn adagrad() -> Result<()> {
    check("adagrad", Adagrad { learning_rate: 0.1, ..Adagrad::default() })?;
    check("adagrad_start", Adagrad { learning_rate: 0.02, initial_accumulator_value: 0.01, epsilon: 1e-3 })
}

#[test]
fn adadelta() -> Result<()> {
    check("adadelta", Adadelta { learning_rate: 1.0, ..Adadelta::default() })?;
    check("adadelta_rho", Adadelta { learning_rate: 2.0, rho: 0.8, epsilon: 1e-4 })
}

#[test]
fn ftrl() -> Result<()> {
    let ftrl = Ftrl { learning_rate: 0.1, ..Ftrl::default() };
    let set = Ftrl { l1_regularization_strength: 0.001, l2_regularization_strength: 0.01, ..ftrl.clone() };
    check("ftrl", set)?;
    let power = Ftrl {
        learning_rate_power: -0.7,
        initial_accumulator_value: 0.5,
        l2_shrinkage_regularization_strength: 0.01,
        beta: 0.2,
        ..ftrl
    };
    check("ftrl_power", power)
}

#[test]
fn lion() -> Result<()> {
    check("lion", Lion { learning_rate: 0.01, ..Lion::default() })?;
    check("lion_betas", Lion { learning_rate: 0.002, beta_1: 0.7, beta_2: 0.8 })
}

#[test]
fn lamb() -> Result<()> {
    check("lamb", Lamb { learning_rate: 0.01, ..Lamb::default() })?;
    let set = Lamb { learning_rate: 0.02, beta_1: 0.8, epsilon: 1e-3, ..Lamb::default() };
    check("lamb_decay", set.decay(0.1).clipnorm(0.05))
}

#[test]
fn adafactor() -> Result<()> {
    check("adafactor", Adafactor { learning_rate: 0.05, ..Adafactor::default() })?;
    let set = Adafactor {
        learning_rate: 0.5,
        clip_threshold: 0.5,
        beta_2_decay: -0.5,
        relative_step: false,
        ..Adafactor::default()
    };
    check("adafactor_clip", set.decay(0.01))
}

#[test]
fn clipping_and_decay() -> Result<()> {
    let sgd = || Sgd { learning_rate: 0.1, ..Sgd::default() };
    check("sgd_weight_decay", sgd().decay(0.01))?;
    check("sgd_clipvalue", sgd().clipvalue(0.01))?;
    check("sgd_clipnorm", sgd().clipnorm(0.05))?;
    check("sgd_global_clipnorm", sgd().global_clipnorm(0.1))
}

#[test]
fn every_optimizer_takes_what_all_take() -> Result<()> {
    macro_rules! every {
        ($($name:literal => $optimizer:expr,)*) => {$(
            let decayed = $optimizer.decay(0.05).clipnorm(0.1).ema(0.9).ema_overwrite_frequency(7);
            check(concat!($name, "_decayed"), decayed)?;
            check(concat!($name, "_accumulated"), $optimizer.global_clipnorm(0.1).gradient_accumulation(3))?;
            check(concat!($name, "_clipped"), $optimizer.clipvalue(0.01).decay(0.02))?;
        )*};
    }
    every! {
        "sgd" => Sgd { learning_rate: 0.1, ..Sgd::default() },
        "rmsprop" => RmsProp { learning_rate: 0.005, ..RmsProp::default() },
        "adam" => Adam { learning_rate: 0.01, ..Adam::default() },
        "adamw" => AdamW { learning_rate: 0.01, ..AdamW::default() },
        "schedulefreeadamw" => ScheduleFreeAdamW { learning_rate: 0.01, ..ScheduleFreeAdamW::default() },
        "adamax" => Adamax { learning_rate: 0.01, ..Adamax::default() },
        "nadam" => Nadam { learning_rate: 0.01, ..Nadam::default() },
        "adagrad" => Adagrad { learning_rate: 0.1, ..Adagrad::default() },
        "adadelta" => Adadelta { learning_rate: 1.0, ..Adadelta::default() },
        "ftrl" => Ftrl { learning_rate: 0.1, ..Ftrl::default() },
        "lion" => Lion { learning_rate: 0.005, ..Lion::default() },
        "lamb" => Lamb { learning_rate: 0.01, ..Lamb::default() },
        "adafactor" => Adafactor { learning_rate: 0.05, ..Adafactor::default() },
    }
    Ok(())
}

#[test]
fn parts_have_optimizers_of_their_own() -> Result<()> {
    let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, ..Sgd::default() };
    let adam = Adam { learning_rate: 0.01, ..Adam::default() };
    check("multi", MultiOptimizer::new(sgd).on("dense/", adam.clipnorm(0.05)))?;
    let halved =
        ExponentialDecay { initial_learning_rate: 0.01, decay_steps: 10, decay_rate: 0.5, staircase: false };
    let three = MultiOptimizer::new(Adagrad { learning_rate: 0.1, ..Adagrad::default() })
        .on("dense/kernel", Lamb { learning_rate: 0.01, ..Lamb::default() }.decay(0.1))
        .on("dense_1/", AdamW::default().schedule(halved).clipvalue(0.02));
    check("multi_three", three)
}

#[test]
fn what_concerns_a_whole_model_is_said_of_it() {
    let problem = |optimizer: MultiOptimizer| optimizer.check().unwrap_err().to_string();
    let within = MultiOptimizer::new(Sgd::default().ema(0.9));
    assert!(problem(within).contains("ema_momentum"));
    let within = MultiOptimizer::new(Sgd::default()).on("dense/", Adam::default().global_clipnorm(1.0));
    assert!(problem(within).contains("say it behind `MultiOptimizer`"));
    let adam = || Adam { amsgrad: true, ..Adam::default() };
    let many = (0..5).fold(MultiOptimizer::new(adam()), |all, i| all.on(format!("dense_{i}/"), adam()));
    assert!(problem(many).contains("at most 16 words of state"));
    let bad = MultiOptimizer::new(Sgd { learning_rate: f32::NAN, ..Sgd::default() });
    assert!(problem(bad).contains("learning_rate"));
}

#[test]
fn averages_and_accumulation() -> Result<()> {
    let adam = || Adam { learning_rate: 0.01, ..Adam::default() };
    check("adam_ema", adam().ema(0.9).ema_overwrite_frequency(7))?;
    check("adam_accumulate", adam().gradient_accumulation(4))?;
    let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, ..Sgd::default() };
    let sgd = sgd.gradient_accumulation(3).ema(0.8).ema_overwrite_frequency(5).global_clipnorm(0.1);
    check("sgd_accumulate_ema", sgd)
}

fn exponential(staircase: bool) -> ExponentialDecay {
    ExponentialDecay { initial_learning_rate: 0.1, decay_steps: 7, decay_rate: 0.6, staircase }
}

fn cosine() -> CosineDecay {
    CosineDecay {
        initial_learning_rate: 0.001,
        decay_steps: 30,
        alpha: 0.1,
        warmup_target: Some(0.02),
        warmup_steps: 10,
    }
}

#[test]
fn schedules_while_training() -> Result<()> {
    let halved =
        ExponentialDecay { initial_learning_rate: 0.2, decay_steps: 10, decay_rate: 0.5, staircase: false };
    check("sgd_exponential", Sgd::default().schedule(halved))?;
    let adamw = AdamW { weight_decay: 0.1, ..AdamW::default() };
    check("adamw_cosine", adamw.schedule(cosine()).gradient_accumulation(2))
}

#[test]
fn schedules() {
    let fixture = Fixture::load("optimizers");
    let check = |name: &str, schedule: &dyn Schedule| {
        schedule.check().unwrap();
        let found: ndarray::ArrayD<f32> =
            ndarray::Array1::from_iter((0..20).map(|step| schedule.learning_rate(step))).into_dyn();
        assert_close(name, &found, fixture.get(&format!("schedule/{name}")), 2e-6);
    };
    check("exponential", &exponential(false));
    check("exponential_staircase", &exponential(true));
    check("piecewise", &PiecewiseConstantDecay { boundaries: vec![3, 11], values: vec![1.0, 0.5, 0.1] });
    let polynomial = PolynomialDecay {
        initial_learning_rate: 0.1,
        decay_steps: 8,
        end_learning_rate: 0.01,
        power: 2.0,
        cycle: false,
    };
    check("polynomial", &polynomial);
    check("polynomial_cycle", &PolynomialDecay { power: 0.5, cycle: true, ..polynomial });
    let inverse =
        InverseTimeDecay { initial_learning_rate: 0.1, decay_steps: 4, decay_rate: 0.5, staircase: false };
    check("inverse", &inverse);
    check("inverse_staircase", &InverseTimeDecay { staircase: true, ..inverse });
    let plain =
        CosineDecay { initial_learning_rate: 0.1, decay_steps: 13, alpha: 0.2, ..CosineDecay::default() };
    check("cosine", &plain);
    let warmed = CosineDecay {
        initial_learning_rate: 0.01,
        decay_steps: 9,
        alpha: 0.1,
        warmup_target: Some(0.2),
        warmup_steps: 6,
    };
    check("cosine_warmup", &warmed);
    let restarts = CosineDecayRestarts {
        initial_learning_rate: 0.1,
        first_decay_steps: 3,
        ..CosineDecayRestarts::default()
    };
    check("restarts", &restarts);
    let alike = CosineDecayRestarts { first_decay_steps: 5, t_mul: 1.0, m_mul: 0.7, alpha: 0.1, ..restarts };
    check("restarts_alike", &alike);
}

#[test]
fn a_warm_up_comes_before_any_schedule() {
    let schedule = WarmUp { steps: 4, then: from_fn(|step| 1.0 / (step + 1) as f32) };
    let rates: Vec<f32> = (0..7).map(|step| schedule.learning_rate(step)).collect();
    assert_eq!(rates, [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 1.0 / 3.0]);
}

#[test]
fn factors_and_exclusions_go_by_name() -> Result<()> {
    let fixture = Fixture::load("optimizers");
    let (x, y) = (fixture.get("x").index_axis(Axis(0), 0), fixture.get("y").index_axis(Axis(0), 0));
    let after = |optimizer: &dyn Fn() -> Trainer<Net>| -> Result<Trainer<Net>> {
        let mut model = optimizer();
        model.train_on_batch(x.view(), y.view())?;
        Ok(model)
    };
    let start = Net::new(0);
    let rated = after(&|| {
        let sgd = Sgd { learning_rate: 0.1, ..Sgd::default() };
        Net::new(0).compile(sgd.rate("dense/", 0.0).rate("dense_1/bias", 0.5), CategoricalCrossentropy, ())
    })?;
    let plain = after(&|| {
        let sgd = Sgd { learning_rate: 0.1, ..Sgd::default() };
        Net::new(0).compile(sgd, CategoricalCrossentropy, ())
    })?;
    assert_eq!(rated.weight("dense/kernel")?, start.weight("dense/kernel")?);
    assert_eq!(rated.weight("dense_1/kernel")?, plain.weight("dense_1/kernel")?);
    assert_close("bias", &(rated.weight("dense_1/bias")? * 2.0), &plain.weight("dense_1/bias")?, 1e-6);
    let decayed = after(&|| {
        let sgd = Sgd { learning_rate: 0.1, ..Sgd::default() };
        let sgd = sgd.decay(0.5).exclude_from_decay(["dense_1/kernel", "bias"]);
        Net::new(0).compile(sgd, CategoricalCrossentropy, ())
    })?;
    assert_eq!(decayed.weight("dense_1/kernel")?, plain.weight("dense_1/kernel")?);
    let expected = plain.weight("dense/kernel")? - start.weight("dense/kernel")? * 0.05;
    assert_close("kernel", &decayed.weight("dense/kernel")?, &expected, 1e-6);
    Ok(())
}

#[test]
fn bad_settings_are_errors_before_anything_is_trained() {
    let fixture = Fixture::load("optimizers");
    let (x, y) = (fixture.get("x").index_axis(Axis(0), 0), fixture.get("y").index_axis(Axis(0), 0));
    let problem = |mut model: Trainer<Net>| model.train_on_batch(x.view(), y.view()).unwrap_err().to_string();
    let net = || Net::new(0);
    let adam = Adam { beta_1: 1.0, ..Adam::default() };
    assert!(problem(net().compile(adam, CategoricalCrossentropy, ())).contains("beta_1"));
    let sgd = Sgd { learning_rate: f32::NAN, ..Sgd::default() };
    assert!(problem(net().compile(sgd, CategoricalCrossentropy, ())).contains("learning_rate"));
    let clipped = Sgd::default().clipnorm(0.0);
    assert!(problem(net().compile(clipped, CategoricalCrossentropy, ())).contains("clipnorm"));
    let pieces = PiecewiseConstantDecay { boundaries: vec![3], values: vec![1.0] };
    let message = problem(net().compile(Sgd::default().schedule(pieces), CategoricalCrossentropy, ()));
    assert!(message.contains("one more than there are boundaries"), "{message}");
}
