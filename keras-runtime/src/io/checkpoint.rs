//! Checkpoints: all that a training needs to go on, to the very bits that it would have reached.
//!
//! A safetensors file with the weights under their names, the optimizer's state as `optimizer:0/dense/kernel`, and
//! metadata: the optimizer and its step size, steps, epoch and batch, and the seed that every random stream follows from.
//! `io/course.rs` writes down what callbacks and history remember.

use std::path::Path;

use super::{Describe, Kind, course, safetensors as weights, write_whole};
use crate::callback::Position;
use crate::compiled::{Spec, WeightSpec};
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::init;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optim::{Optimizer, ScaleState};
use crate::train::Course;

/// What the names of the optimizer's tensors begin with; no layer's name can.
pub(crate) const OPTIMIZER: &str = "optimizer:";
/// What the names of the tensors of callbacks begin with.
pub(crate) const CALLBACK: &str = "callback:";
/// The name of what lives from batch to batch.
pub(crate) const STATES: &str = "states:";
/// What stands for the step size of a schedule, which follows from the step.
const SCHEDULE: &str = "schedule";
/// What stands for the scale of a loss that has none.
const NONE: &str = "none";
/// What the metadata calls such files.
const FORMAT: &str = "keras-checkpoint-1";

/// How far a training has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    pub seed: u64,
    pub step: u64,
    pub position: Position,
}

/// What is trained, and how.
pub(crate) struct Trained<'a> {
    pub spec: &'static Spec,
    pub optimizer: &'a dyn Optimizer,
    pub losses: &'a [Box<dyn Loss>],
    /// For each output.
    pub metrics: &'a [Vec<Box<dyn Metric>>],
    pub describe: Describe,
}

fn trainable(spec: &'static Spec) -> impl Iterator<Item = &'static WeightSpec> {
    spec.weights.iter().filter(|weight| weight.trainable)
}

/// Writes a checkpoint, whole or not at all: in Keras's way where the name ends as its files do.
pub(crate) fn save(
    trained: &Trained<'_>,
    backend: &dyn Backend,
    marks: Marks,
    course: &Course,
    path: &Path,
) -> Result<()> {
    let Trained { spec, optimizer, .. } = *trained;
    match Kind::of(path) {
        #[cfg(feature = "keras-files")]
        Some(kind) => {
            let bytes = super::keras::training::encoded(trained, backend, marks.step, kind, path)?;
            return write_whole(path, &bytes);
        }
        #[cfg(not(feature = "keras-files"))]
        Some(_) => {
            let _ = (trained.losses, trained.metrics, trained.describe);
            return Err(super::without_feature(path));
        }
        None => {}
    }
    let mut tensors = weights::encoded(spec.weights.iter(), backend.params(), "");
    let len = spec.trainable_len;
    let slots = backend.state().len().checked_div(len).unwrap_or(0);
    for slot in 0..slots {
        let state = &backend.state()[slot * len..(slot + 1) * len];
        tensors.extend(weights::encoded(trainable(spec), state, &format!("{OPTIMIZER}{slot}/")));
    }
    let (samples, carried) = backend.carried();
    if samples > 0 {
        let bytes = carried.iter().flat_map(|x| x.to_le_bytes()).collect();
        tensors.push((STATES.to_string(), vec![samples, spec.state_words], bytes));
    }
    let scaling = backend.loss_scale();
    let metadata = [
        ("format", FORMAT.to_string()),
        ("model", spec.name.to_string()),
        ("optimizer", optimizer.name().to_string()),
        (
            "learning_rate",
            match optimizer.is_scheduled() {
                true => SCHEDULE.to_string(),
                // In its shortest form a number comes back to the bit.
                false => optimizer.learning_rate().to_string(),
            },
        ),
        ("shows_average", backend.shows_average().to_string()),
        ("slots", slots.to_string()),
        ("loss_scale", scaling.scale.map_or(NONE.to_string(), |scale| scale.to_string())),
        ("loss_scale_steps", scaling.steps.to_string()),
        ("steps_left_out", scaling.skipped.to_string()),
        ("seed", marks.seed.to_string()),
        ("step", marks.step.to_string()),
        ("epoch", marks.position.epoch.to_string()),
        ("batch", marks.position.batch.to_string()),
    ];
    let mut metadata: weights::Metadata = metadata.map(|(key, value)| (key.to_string(), value)).into();
    course::write(course, spec, &mut metadata, &mut tensors);
    write_whole(path, &weights::written(tensors, &metadata))
}

/// Reads a checkpoint into model and optimizer: all of it, or nothing. A file of Keras knows neither the `seed` nor how far
/// its training came.
pub(crate) fn load(
    spec: &'static Spec,
    backend: &mut dyn Backend,
    optimizer: &mut dyn Optimizer,
    (describe, seed): (Describe, u64),
    path: &Path,
) -> Result<(Marks, Course)> {
    let (bytes, file) = weights::bytes_of(path)?;
    match Kind::of(path) {
        #[cfg(feature = "keras-files")]
        Some(_) => {
            let state = super::keras::training::decoded(spec, optimizer, &describe(), bytes, &file)?;
            for (weight, values) in spec.weights.iter().zip(&state.weights) {
                init::write(weight, values, backend.params_mut());
            }
            backend.set_state(&state.slots, false);
            backend.set_loss_scale(state.scaling);
            set_rate(optimizer, state.learning_rate);
            let marks = Marks { seed, step: state.step, position: Position::default() };
            return Ok((marks, Course::default()));
        }
        #[cfg(not(feature = "keras-files"))]
        Some(_) => {
            let _ = (describe, seed);
            return Err(super::without_feature(path));
        }
        None => {}
    }
    let tensors = weights::tensors(&bytes, &file)?;
    let params = weights::found(spec, &tensors, &file)?;
    let metadata = Metadata::of(&tensors, &file)?;
    if metadata.text("optimizer")? != optimizer.name() {
        return Err(metadata.problem(format!(
            "is of a training with the optimizer `{}`, and this one has `{}`",
            metadata.text("optimizer")?,
            optimizer.name()
        )));
    }
    let rate: Option<f32> = match metadata.text("learning_rate")? {
        SCHEDULE => None,
        _ => Some(metadata.number("learning_rate")?),
    };
    if rate.is_none() && !optimizer.is_scheduled() {
        return Err(metadata
            .problem("is of a training with a schedule, and this one has none: compile with the same"));
    }
    let shows_average = metadata.number("shows_average")?;
    let marks = Marks {
        seed: metadata.number("seed")?,
        step: metadata.number("step")?,
        position: Position { epoch: metadata.number("epoch")?, batch: metadata.number("batch")? },
    };
    // Checkpoints that know of no scale are of trainings without one.
    let scaling = match metadata.text("loss_scale") {
        Err(_) => ScaleState::default(),
        Ok(scale) => ScaleState {
            scale: if scale == NONE { None } else { Some(metadata.number("loss_scale")?) },
            steps: metadata.number("loss_scale_steps")?,
            skipped: metadata.number("steps_left_out")?,
        },
    };
    if scaling.skipped > marks.step {
        return Err(metadata.problem("has left out more steps than it has"));
    }
    let len = spec.trainable_len;
    let slots: usize = metadata.number("slots")?;
    // There is no state before the first step.
    if slots != 0 && slots != optimizer.state_words() {
        let wanted = optimizer.state_words();
        return Err(metadata.problem(format!(
            "has {slots} words of optimizer state for each weight, and `{}` keeps {wanted} with these settings",
            optimizer.name()
        )));
    }
    let mut state = vec![0.0; slots * len];
    for (slot, state) in state.chunks_exact_mut(len.max(1)).enumerate() {
        for weight in trainable(spec) {
            let name = format!("{OPTIMIZER}{slot}/{}", weight.name);
            init::write_bytes(weight, of_weight(&tensors, &metadata, &name, weight)?, state);
        }
    }
    let (samples, carried) = match tensors.views.get(STATES) {
        None => (0, vec![]),
        Some(view) => match (&view.shape[..], view.elements()) {
            (&[samples, words], Some(elements)) if words == spec.state_words => {
                (samples, elements.iter().map(|word| f32::from_le_bytes(*word)).collect())
            }
            (shape, _) => {
                let wanted = spec.state_words;
                return Err(metadata
                    .problem(format!("has states of {shape:?}, and this model has {wanted} words of them")));
            }
        },
    };
    let course = course::read(spec, &metadata, &tensors)?;
    // From here on nothing can fail.
    for (weight, values) in spec.weights.iter().zip(params) {
        init::write_bytes(weight, values, backend.params_mut());
    }
    backend.set_state(&state, shows_average);
    backend.set_seed(marks.seed);
    backend.set_carried(samples, &carried);
    backend.set_loss_scale(scaling);
    set_rate(optimizer, rate);
    Ok((marks, course))
}

/// A constant rate ends a schedule: the training had one no more.
fn set_rate(optimizer: &mut dyn Optimizer, rate: Option<f32>) {
    if let Some(rate) = rate.filter(|&rate| optimizer.is_scheduled() || optimizer.learning_rate() != rate) {
        optimizer.set_learning_rate(rate);
    }
}

/// The values of the tensor `name`, which are such as those of `weight`.
pub(super) fn of_weight<'a>(
    tensors: &weights::Tensors<'a>,
    metadata: &Metadata<'_>,
    name: &str,
    weight: &WeightSpec,
) -> Result<&'a [[u8; 4]]> {
    let values = tensors.views.get(name).and_then(|view| view.elements_of(weight.shape));
    values.ok_or_else(|| metadata.problem(format!("has no `{name}` of {:?}", weight.shape)))
}

/// What a file says of itself.
pub(super) struct Metadata<'a> {
    pub entries: weights::Metadata,
    file: &'a str,
}

impl<'a> Metadata<'a> {
    fn of(tensors: &weights::Tensors<'_>, file: &'a str) -> Result<Self> {
        let metadata = Metadata { entries: tensors.metadata.iter().cloned().collect(), file };
        match metadata.entries.get("format").map(String::as_str) {
            Some(FORMAT) => Ok(metadata),
            _ => Err(metadata.problem(
                "holds weights alone: `load_weights` reads it, `save_checkpoint` writes checkpoints",
            )),
        }
    }

    pub fn problem(&self, problem: impl Into<String>) -> Error {
        Error::Format { file: self.file.into(), problem: problem.into() }
    }

    fn text(&self, key: &str) -> Result<&str> {
        let found = self.entries.get(key).map(String::as_str);
        found.ok_or_else(|| self.problem(format!("does not say its `{key}`")))
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Result<T> {
        self.text(key)?.parse().map_err(|_| self.problem(format!("has a `{key}` that is no number")))
    }
}
