//! The state of a training: what Keras 3 keeps of a compiled model's optimizer, beside the weights.

use std::collections::HashMap;
use std::path::Path;

use ndarray::ArrayD;
use serde_json::{Value, json};

use super::leaves::{self, Leaf, numbered};
use super::read::{self, Stored};
use super::write::{self, Numbers, Tree};
use super::{archive, paired, values};
use crate::compiled::{Description, OutputSpec, Spec, WeightSpec};
use crate::config::Config;
use crate::data::IntoTensor;
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::init;
use crate::io::Kind;
use crate::io::checkpoint::Trained;
use crate::loss::{Loss, Reduction};
use crate::optim::{Clip, LossScale, LossScaling, Optimizer, ScaleState, Variable};

/// Where an optimizer's variables are.
const OWN: &str = "optimizer/vars";
/// Those of an optimizer within a `LossScaleOptimizer`.
const INNER: &str = "optimizer/inner_optimizer/vars";

/// Keras's optimizers, as they are called in files unless somebody has named them.
const NAMES: &[&str] = &[
    "sgd",
    "rmsprop",
    "adam",
    "adamw",
    "adamax",
    "nadam",
    "adadelta",
    "adagrad",
    "ftrl",
    "lion",
    "lamb",
    "adafactor",
    "muon",
    "schedule_free_adam_w",
    "loss_scale_optimizer",
];

/// A variable of a file.
#[derive(Debug, Clone, Copy)]
enum Place {
    Steps,
    LearningRate,
    /// Steps since the scale of the loss was changed.
    ScaleSteps,
    Scale,
    /// What a `LossScaleOptimizer` has and does not use.
    UnusedSteps,
    UnusedRate,
    Of(Variable),
}

impl Place {
    fn weight(&self) -> Option<&'static WeightSpec> {
        use Variable::{Columns, Number, Product, Rows, Slot, Unused, Weight};
        match self {
            Place::Of(
                Slot(_, weight) | Rows(_, weight) | Columns(_, weight) | Product(weight) | Weight(weight),
            ) => Some(weight),
            Place::Of(Number(_) | Unused) => None,
            Place::Steps | Place::LearningRate | Place::ScaleSteps | Place::Scale => None,
            Place::UnusedSteps | Place::UnusedRate => None,
        }
    }

    fn shape(&self) -> Vec<usize> {
        let Some(weight) = self.weight() else { return vec![] };
        match (self, weight.shape) {
            (Place::Of(Variable::Rows(..)), [rows @ .., _]) => rows.to_vec(),
            (Place::Of(Variable::Columns(..)), [lead @ .., _, columns]) => {
                lead.iter().chain([columns]).copied().collect()
            }
            (_, shape) => shape.to_vec(),
        }
    }

    /// For messages.
    fn label(&self) -> String {
        match (self, self.weight()) {
            (_, Some(weight)) => format!("`{}`", weight.name),
            (Place::LearningRate | Place::UnusedRate, None) => "the step size".into(),
            (Place::Scale | Place::ScaleSteps, None) => "the scale of the loss".into(),
            _ => "a number of steps".into(),
        }
    }
}

/// A matrix's size, and how many of them a weight is.
fn matrices(weight: &WeightSpec) -> (usize, usize, usize) {
    match weight.shape {
        [lead @ .., rows, columns] => (lead.iter().product(), *rows, *columns),
        shape => (1, 1, shape.iter().product()),
    }
}

/// What is in the first places of rows, if `by_row`, else of columns.
fn factors(weight: &WeightSpec, slot: &[f32], by_row: bool) -> Vec<f32> {
    let (words, (count, rows, columns)) = (init::read(weight, slot), matrices(weight));
    let each = if by_row { rows } else { columns };
    let place = |k: usize| (k / each, k % each);
    let at = |(matrix, k): (usize, usize)| matrix * rows * columns + if by_row { k * columns } else { k };
    (0..count * each).map(|k| words[at(place(k))]).collect()
}

/// The opposite of [`factors`].
fn set_factors(weight: &WeightSpec, factors: &[f32], by_row: bool, slot: &mut [f32]) {
    let (count, rows, columns) = matrices(weight);
    let each = if by_row { rows } else { columns };
    let mut words = vec![0.0; count * rows * columns];
    for (k, factor) in factors.iter().enumerate() {
        let (matrix, k) = (k / each, k % each);
        words[matrix * rows * columns + if by_row { k * columns } else { k }] = *factor;
    }
    init::write(weight, &words, slot);
}

/// Adafactor's second moments.
fn product(weight: &WeightSpec, rows: &[f32], columns: &[f32]) -> Vec<f32> {
    let (_, height, width) = matrices(weight);
    let of = |k: usize| {
        let (matrix, i, j) = (k / (height * width), k / width % height, k % width);
        let rows = &rows[matrix * height..(matrix + 1) * height];
        let mean = rows.iter().sum::<f32>() / height as f32;
        if mean == 0.0 { 0.0 } else { rows[i] / mean * columns[matrix * width + j] }
    };
    (0..weight.shape.iter().product()).map(of).collect()
}

/// All variables of an optimizer for `weights`, after so many steps that changed them.
fn places(optimizer: &dyn Optimizer, weights: &[&'static WeightSpec], steps: u64) -> Vec<Place> {
    let options = optimizer.options();
    let (all, own) = (optimizer.state_words(), optimizer.state_words() - options.state_words());
    let slot = |slot: usize| weights.iter().map(move |&weight| Variable::Slot(slot, weight));
    let average = options.average.map(|_| slot(all - 1));
    let sums = (options.accumulate > 1).then(|| slot(own));
    let variables = average.into_iter().flatten().chain(sums.into_iter().flatten());
    let rate = (!optimizer.is_scheduled()).then_some(Place::LearningRate);
    let first = std::iter::once(Place::Steps).chain(rate);
    first.chain(variables.chain(optimizer.variables(weights, steps)).map(Place::Of)).collect()
}

/// What a `LossScaleOptimizer` has before those of the optimizer in it.
const SCALING: [Place; 4] = [Place::UnusedSteps, Place::UnusedRate, Place::ScaleSteps, Place::Scale];

fn dynamic(optimizer: &dyn Optimizer) -> Option<LossScale> {
    match optimizer.options().loss_scale {
        Some(LossScaling::Dynamic(scale)) => Some(scale),
        Some(LossScaling::Factor(_)) | None => None,
    }
}

/// A file of model and optimizer, after `step` batches.
pub(in crate::io) fn encoded(
    trained: &Trained<'_>,
    backend: &dyn Backend,
    step: u64,
    kind: Kind,
    path: &Path,
) -> Result<Vec<u8>> {
    let (spec, description) = (trained.spec, (trained.describe)());
    let weights = || {
        let leaves = leaves::of_model(spec);
        let order = in_order(spec, &leaves, &description);
        let mut tree = write::weights(spec, leaves, backend.params(), &description)?;
        write_state(trained.optimizer, backend, step, &order, &mut tree);
        tree.bytes()
    };
    let bytes = match kind {
        Kind::Legacy => Err("is a file of Keras 2, which holds weights alone here: `save_weights` writes it, and `.keras` or \
             `.weights.h5` hold an optimizer's state"
            .into()),
        Kind::Weights => weights(),
        Kind::Archive => archive::config(spec, &description).and_then(|config| {
            let training = compile_config(trained).map_err(|problem| {
                format!(
                    "cannot be written with its training, which Keras has not: {problem}; `save_weights` writes the model \
                     alone, and a name that ends in `.weights.h5` makes a file with the optimizer's state for a model that \
                     Python compiles"
                )
            })?;
            archive::archive(&archive::compiled(&config, training)?, &weights()?)
        }),
    };
    bytes.map_err(|problem| Error::Format { file: path.display().to_string(), problem })
}

/// The weights that are trained, in Keras's order of a model that is described so.
fn in_order(spec: &'static Spec, leaves: &[Leaf], description: &Description) -> Vec<&'static WeightSpec> {
    let mut leaves: Vec<&Leaf> = leaves.iter().collect();
    leaves.sort_by_cached_key(|leaf| write::place(leaf, description));
    trainable(spec, leaves)
}

fn trainable<'l>(
    spec: &'static Spec,
    leaves: impl IntoIterator<Item = &'l Leaf>,
) -> Vec<&'static WeightSpec> {
    let all = leaves.into_iter().flat_map(|leaf| leaf.weights.iter().map(|&weight| &spec.weights[weight]));
    all.filter(|weight| weight.trainable).collect()
}

fn write_state(
    optimizer: &dyn Optimizer,
    backend: &dyn Backend,
    step: u64,
    weights: &[&'static WeightSpec],
    tree: &mut Tree,
) {
    let (params, scaling) = (backend.params(), backend.loss_scale());
    let len = weights.iter().map(|weight| weight.offset + init::words(weight)).max().unwrap_or(0);
    let own = optimizer.state_words() - optimizer.options().state_words();
    let state = |slot: usize| match backend.state().len().checked_div(optimizer.state_words()) {
        None | Some(0) => vec![if slot < own { optimizer.state_start(slot) } else { 0.0 }; len],
        Some(len) => backend.state()[slot * len..(slot + 1) * len].to_vec(),
    };
    let slots: Vec<Vec<f32>> = (0..optimizer.state_words()).map(state).collect();
    // Keras keeps no other weights while its average is shown.
    let average = backend.shows_average().then(|| optimizer.state_words() - 1);
    let step = step - scaling.skipped;
    let numbers = |place: &Place| match *place {
        Place::Steps => Numbers::Whole(step.try_into().unwrap_or(i64::MAX)),
        Place::LearningRate => Numbers::Floats(vec![optimizer.learning_rate()]),
        Place::ScaleSteps => Numbers::Whole(scaling.steps.into()),
        Place::Scale => Numbers::Floats(vec![scaling.factor(optimizer.options().loss_scale)]),
        Place::UnusedSteps | Place::Of(Variable::Unused) => Numbers::Whole(0),
        Place::UnusedRate => Numbers::Floats(vec![0.0]),
        Place::Of(Variable::Number(number)) => Numbers::Floats(vec![number]),
        Place::Of(Variable::Slot(slot, weight)) if Some(slot) == average => {
            Numbers::Floats(init::read(weight, params))
        }
        Place::Of(Variable::Slot(slot, weight)) => Numbers::Floats(init::read(weight, &slots[slot])),
        Place::Of(Variable::Rows(slot, weight)) => Numbers::Floats(factors(weight, &slots[slot], true)),
        Place::Of(Variable::Columns(slot, weight)) => Numbers::Floats(factors(weight, &slots[slot], false)),
        Place::Of(Variable::Product(weight)) => {
            let (rows, columns) = (factors(weight, &slots[0], true), factors(weight, &slots[1], false));
            Numbers::Floats(product(weight, &rows, &columns))
        }
        Place::Of(Variable::Weight(weight)) => Numbers::Floats(init::read(weight, params)),
    };
    let mut write = |path: &str, name: &str, places: &[Place]| {
        tree.name(path, name);
        for (i, place) in places.iter().enumerate() {
            tree.array(&format!("{path}/{i}"), &place.shape(), numbers(place));
        }
    };
    let places = places(optimizer, weights, step / u64::from(optimizer.options().accumulate.max(1)));
    match dynamic(optimizer) {
        None => write(OWN, optimizer.name(), &places),
        Some(_) => {
            write(OWN, "loss_scale_optimizer", &[&SCALING[..], &places].concat());
            write(INNER, optimizer.name(), &places);
        }
    }
}

/// What `compile` was given, as Keras tells it.
fn compile_config(trained: &Trained<'_>) -> std::result::Result<Value, String> {
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

/// What a file tells of a training.
pub(in crate::io) struct State {
    /// The values of every weight, in order.
    pub weights: Vec<Vec<f32>>,
    pub slots: Vec<f32>,
    pub step: u64,
    /// `None` where a schedule says it.
    pub learning_rate: Option<f32>,
    pub scaling: ScaleState,
}

/// Reads weights and the optimizer's state from a file called `file`.
pub(in crate::io) fn decoded(
    spec: &'static Spec,
    optimizer: &dyn Optimizer,
    description: &Description,
    bytes: Vec<u8>,
    file: &str,
) -> Result<State> {
    let config = read::config(&bytes, file)?;
    let stored = read::open(bytes, file)?;
    let problem = |problem: String| Error::Format { file: file.into(), problem };
    let ours = leaves::of_model(spec);
    let pairs = paired(spec, &ours, &stored, file)?;
    let weights = values(spec, &ours, &stored, &pairs, file)?;
    let own = stored.variables(OWN, file)?.filter(|(_, shapes)| !shapes.is_empty());
    let (name, shapes) = own.ok_or_else(|| {
        problem("holds weights alone: `load_weights` reads it, and a compiled model of Keras writes its optimizer's state".into())
    })?;
    check_class(optimizer, config.as_ref(), &name).map_err(problem)?;
    let order = match &config {
        Some(config) => order_of(spec, &ours, &stored, &pairs, config),
        None => {
            check_order(&ours, &stored, &pairs, description).map_err(problem)?;
            in_order(spec, &ours, description)
        }
    };
    let places = places(optimizer, &order, 1);
    let scaling = if dynamic(optimizer).is_some() { &SCALING[..] } else { &[] };
    let places = [scaling, &places].concat();
    check_shapes(optimizer, &places, &shapes).map_err(problem)?;
    let len = spec.trainable_len;
    let mut state = State {
        weights,
        slots: vec![0.0; optimizer.state_words() * len],
        step: 0,
        learning_rate: None,
        scaling: ScaleState::default(),
    };
    for (i, place) in places.iter().enumerate() {
        let path = format!("{OWN}/{i}");
        let number = || stored.values(&path, file).map(|all| all.first().copied());
        match *place {
            Place::Steps => state.step = stored.whole(&path, file)?,
            Place::LearningRate => state.learning_rate = number()?,
            Place::ScaleSteps => {
                state.scaling.steps = stored.whole(&path, file)?.try_into().unwrap_or(u32::MAX)
            }
            Place::Scale => state.scaling.scale = number()?,
            Place::Of(Variable::Slot(slot, weight)) => {
                init::write(
                    weight,
                    &stored.values(&path, file)?,
                    &mut state.slots[slot * len..(slot + 1) * len],
                );
            }
            Place::Of(Variable::Rows(slot, weight)) => {
                set_factors(
                    weight,
                    &stored.values(&path, file)?,
                    true,
                    &mut state.slots[slot * len..(slot + 1) * len],
                );
            }
            Place::Of(Variable::Columns(slot, weight)) => {
                set_factors(
                    weight,
                    &stored.values(&path, file)?,
                    false,
                    &mut state.slots[slot * len..(slot + 1) * len],
                );
            }
            // They follow from others.
            Place::UnusedSteps | Place::UnusedRate => {}
            Place::Of(
                Variable::Product(_) | Variable::Weight(_) | Variable::Number(_) | Variable::Unused,
            ) => {}
        }
    }
    Ok(state)
}

/// Whether the file is of this optimizer, as far as it tells.
fn check_class(
    optimizer: &dyn Optimizer,
    config: Option<&Value>,
    name: &str,
) -> std::result::Result<(), String> {
    let other = |found: &str| {
        let within = if dynamic(optimizer).is_some() { " with a `loss_scale`" } else { "" };
        Err(format!(
            "is of a training with the optimizer `{found}`, and this one has `{}`{within}; `load_weights` reads the weights \
             alone",
            optimizer.name()
        ))
    };
    let same = |one: &str, other: &str| {
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        plain(one) == plain(other)
    };
    let class = |config: &Value| {
        let class = config.as_str().or_else(|| config["class_name"].as_str());
        class.unwrap_or("of no name").to_string()
    };
    let Some(config) = config else {
        // A name that somebody has given says nothing.
        let stem = numbered(name).0;
        let wanted = if dynamic(optimizer).is_some() { "loss_scale_optimizer" } else { optimizer.name() };
        return match NAMES.iter().any(|known| same(known, stem)) && !same(stem, wanted) {
            true => other(stem),
            false => Ok(()),
        };
    };
    let mut found = &config["compile_config"]["optimizer"];
    let scaled = same(&class(found), "LossScaleOptimizer");
    if scaled != dynamic(optimizer).is_some() {
        return other(&class(found));
    }
    if scaled {
        found = &found["config"]["inner_optimizer"];
    }
    let wanted =
        optimizer.config().map_or_else(|_| optimizer.name().to_string(), |config| config.class.to_string());
    if same(&class(found), &wanted) { Ok(()) } else { other(&class(found)) }
}

/// Whether the file has the variables that are expected.
fn check_shapes(
    optimizer: &dyn Optimizer,
    places: &[Place],
    found: &[Vec<usize>],
) -> std::result::Result<(), String> {
    let name = optimizer.name();
    if places.len() != found.len() {
        let why = match (optimizer.is_scheduled(), found.len().abs_diff(places.len())) {
            (false, 1) if found.len() < places.len() => ", as with a schedule, which this training has not",
            (true, 1) if found.len() > places.len() => ", as without a schedule, which this training has",
            _ => "",
        };
        return Err(format!(
            "has another state of its optimizer: expected {} variables of `{name}` with these settings for {} weights, found \
             {}{why}; `load_weights` reads the weights alone",
            places.len(),
            places
                .iter()
                .filter_map(Place::weight)
                .map(|weight| weight.name)
                .collect::<std::collections::HashSet<_>>()
                .len(),
            found.len()
        ));
    }
    let wrong = places.iter().zip(found).position(|(place, found)| place.shape() != *found);
    wrong.map_or(Ok(()), |i| {
        Err(format!(
            "has another state of its optimizer: expected variable {i} of `{name}` to be of {} and {:?}, found {:?}; \
             `load_weights` reads the weights alone",
            places[i].label(),
            places[i].shape(),
            found[i]
        ))
    })
}

/// The weights that are trained in the order of the model that `config` describes.
fn order_of(
    spec: &'static Spec,
    ours: &[Leaf],
    stored: &Stored,
    pairs: &[(usize, usize)],
    config: &Value,
) -> Vec<&'static WeightSpec> {
    let places = |names: &[String]| -> Vec<usize> {
        let mut model = &config["config"];
        let mut places = vec![];
        for name in names {
            let layers = model["layers"].as_array().map_or(&[][..], Vec::as_slice);
            let named = |layer: &Value| layer["config"]["name"] == name.as_str();
            let Some(at) = layers.iter().position(named) else { break };
            places.push(at);
            model = &layers[at]["config"];
        }
        places
    };
    let mut pairs = pairs.to_vec();
    // Parts of a layer have the same order in all of them.
    pairs.sort_by_cached_key(|&(own, other)| (places(&stored.leaves[other].names), own));
    trainable(spec, pairs.into_iter().map(|(own, _)| &ours[own]))
}

/// Whether the layers of a file that counts them within each class come in our order, as far as that tells.
fn check_order(
    ours: &[Leaf],
    stored: &Stored,
    pairs: &[(usize, usize)],
    description: &Description,
) -> std::result::Result<(), String> {
    let mut pairs = pairs.to_vec();
    pairs.sort_by_cached_key(|&(own, _)| (write::place(&ours[own], description), own));
    let mut last: HashMap<(&str, &str), usize> = HashMap::new();
    for (own, other) in pairs {
        let path = stored.leaves[other].paths.first().map_or("", String::as_str);
        for (at, _) in path.match_indices('/') {
            let (around, part) = path[..at].rsplit_once('/').unwrap_or(("", &path[..at]));
            let (stem, number) = numbered(part);
            let last = last.entry((around, stem)).or_default();
            if number < *last {
                return Err(format!(
                    "has its layers in another order, in which `{}` comes first, and so its optimizer's state: a `.keras` file \
                     tells the order",
                    ours[own].label()
                ));
            }
            *last = number;
        }
    }
    Ok(())
}
