//! What `compile` was given, as Keras's files tell it.

use ndarray::ArrayD;
use serde_json::{Value, json};

use super::variables::dynamic;
use crate::compiled::OutputSpec;
use crate::config::Config;
use crate::data::IntoTensor;
use crate::io::checkpoint::Trained;
use crate::loss::{Loss, Reduction};
use crate::optim::{Clip, LossScale, LossScaling, Optimizer};

/// What `compile` was given, as Keras tells it.
pub(super) fn compile_config(trained: &Trained<'_>) -> std::result::Result<Value, String> {
    let losses = trained.losses.iter().map(|loss| loss_config(&**loss));
    let mut losses = losses.collect::<std::result::Result<Vec<_>, _>>()?;
    let weights: Vec<f32> = trained.losses.iter().map(|loss| loss.weight()).collect();
    let weights = weights.iter().any(|weight| *weight != 1.0).then_some(weights);
    let loss = if losses.len() == 1 { losses.remove(0) } else { Value::from(losses) };
    Ok(json!({
        "optimizer": optimizer_config(trained.optimizer)?,
        "loss": loss,
        "loss_weights": weights,
        "metrics": metrics_config(trained, false)?,
        "weighted_metrics": metrics_config(trained, true)?,
        "run_eagerly": false,
        "steps_per_execution": 1,
        "jit_compile": "auto",
    }))
}

fn loss_config(loss: &dyn Loss) -> std::result::Result<Value, String> {
    let reduction = match loss.reduced_by() {
        Reduction::SumOverBatchSize => "sum_over_batch_size",
        Reduction::Mean => "mean",
        Reduction::MeanWithSampleWeight => "mean_with_sample_weight",
        Reduction::Sum => "sum",
        Reduction::None => "none",
    };
    let config = loss.config()?.with("name", &loss.name().to_string());
    Ok(config.with("reduction", &reduction.to_string()).json("keras.losses"))
}

/// The metrics that are weighted, or those that are not: a list, or one for each of several outputs.
fn metrics_config(trained: &Trained<'_>, weighted: bool) -> std::result::Result<Value, String> {
    let outputs = trained.spec.outputs.iter().zip(trained.losses).zip(trained.metrics);
    let lists = outputs.map(|((output, loss), metrics)| {
        let indices = takes_indices(&**loss, output);
        let metrics = metrics.iter().filter(|metric| metric.is_weighted() == weighted);
        let configs = metrics.map(|metric| Ok(metric.config(output, indices)?.json("keras.metrics")));
        configs.collect::<std::result::Result<Vec<Value>, String>>()
    });
    let mut lists = lists.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(match lists.len() {
        _ if lists.iter().all(Vec::is_empty) => Value::Null,
        1 => Value::from(lists.remove(0)),
        _ => Value::from(lists),
    })
}

/// Whether the targets of `output` are indices of classes.
fn takes_indices(loss: &dyn Loss, output: &OutputSpec<'_>) -> bool {
    let Some((classes, positions)) = output.shape.split_last() else { return false };
    let shape: Vec<usize> = std::iter::once(1).chain(positions.iter().copied()).collect();
    *classes > 1 && loss.check(output, &ArrayD::<f32>::zeros(shape).into_tensor()).is_ok()
}

fn optimizer_config(optimizer: &dyn Optimizer) -> std::result::Result<Value, String> {
    let (options, name) = (optimizer.options(), optimizer.name());
    if options.decay != 0.0 && !options.exclude.is_empty() {
        return Err(format!("`{name}` keeps some weights from decay, of which no file of Keras tells"));
    }
    if !options.rates.is_empty() {
        return Err(format!("`{name}` has step sizes of their own for some weights"));
    }
    let clip = |of: fn(Clip) -> Option<f32>| options.clip.and_then(of);
    let norm = clip(|clip| if let Clip::Norm(norm) = clip { Some(norm) } else { None });
    let global = clip(|clip| if let Clip::GlobalNorm(norm) = clip { Some(norm) } else { None });
    let value = clip(|clip| if let Clip::Value(value) = clip { Some(value) } else { None });
    let factor = match options.loss_scale {
        Some(LossScaling::Factor(factor)) => Some(factor),
        Some(LossScaling::Dynamic(_)) | None => None,
    };
    let mut config = optimizer.config()?.with("name", &name.to_string());
    if !optimizer.is_scheduled() {
        config = config.with("learning_rate", &optimizer.learning_rate());
    }
    if let Some(average) = options.average {
        let frequency = average.overwrite_frequency;
        config = config
            .with("use_ema", &true)
            .with("ema_momentum", &average.momentum)
            .with("ema_overwrite_frequency", &frequency);
    }
    let config = config
        .with("weight_decay", &(options.decay != 0.0).then_some(options.decay))
        .with("clipnorm", &norm)
        .with("global_clipnorm", &global)
        .with("clipvalue", &value)
        .with("loss_scale_factor", &factor)
        .with("gradient_accumulation_steps", &(options.accumulate > 1).then_some(options.accumulate))
        .json("keras.optimizers");
    Ok(match dynamic(optimizer) {
        None => config,
        Some(LossScale { initial_scale, dynamic_growth_steps }) => Config::new("LossScaleOptimizer")
            .with("name", &"loss_scale_optimizer".to_string())
            .with("inner_optimizer", &config)
            .with("initial_scale", &initial_scale)
            .with("dynamic_growth_steps", &dynamic_growth_steps)
            .json("keras.optimizers"),
    })
}
