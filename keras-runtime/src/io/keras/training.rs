//! The state of a training: what Keras 3 keeps of a compiled model's optimizer, beside the weights.

mod checks;
mod compiled;
mod variables;

use std::path::Path;

use checks::{check_class, check_order, check_shapes};
use compiled::compile_config;
use serde_json::Value;
use variables::{Place, SCALING, dynamic, factors, places, product, set_factors};

use super::leaves::{self, Leaf};
use super::read::{self, Stored};
use super::write::{self, Numbers, Tree};
use super::{archive, paired, values};
use crate::compiled::{Description, Spec, WeightSpec};
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::init;
use crate::io::Kind;
use crate::io::checkpoint::Trained;
use crate::optim::{Optimizer, ScaleState, Variable};

/// Where an optimizer's variables are.
const OWN: &str = "optimizer/vars";
/// Those of an optimizer within a `LossScaleOptimizer`.
const INNER: &str = "optimizer/inner_optimizer/vars";

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
