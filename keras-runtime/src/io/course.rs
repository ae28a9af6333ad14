//! The course of a training in a checkpoint: what callbacks have seen, the history, the sums of an epoch.
//!
//! Of the i-th callback that keeps something, `callback:i` in the metadata is its kind, `callback:i/name` a value, and the
//! tensors `callback:i/name/dense/kernel` are weights. `history:..` are the columns of the history, `sums:0` the losses of the
//! epoch so far, `sums:1` and on what each metric has seen. Files of earlier versions have none of it: all begins anew.

use super::checkpoint::{CALLBACK, Metadata, of_weight};
use super::safetensors::{self as weights, Encoded, Tensors};
use crate::callback::{Snapshot, State};
use crate::compiled::Spec;
use crate::error::Result;
use crate::init;
use crate::train::{Course, History};

const HISTORY: &str = "history:";
const SUMS: &str = "sums:";
const STOP: &str = "stop";

/// Adds what `course` holds.
pub(super) fn write(
    course: &Course,
    spec: &'static Spec,
    metadata: &mut weights::Metadata,
    tensors: &mut Vec<Encoded>,
) {
    for (i, State { kind, entries, weights: kept }) in course.callbacks.iter().enumerate() {
        let prefix = format!("{CALLBACK}{i}");
        metadata.insert(prefix.clone(), kind.clone());
        let entries = entries.iter().map(|(name, value)| (format!("{prefix}/{name}"), value.clone()));
        metadata.extend(entries);
        for (name, Snapshot(params)) in kept {
            tensors.extend(weights::encoded(spec.weights.iter(), params, &format!("{prefix}/{name}/")));
        }
    }
    let history = course.history.iter().flat_map(History::entries);
    metadata.extend(history.map(|(name, numbers)| (format!("{HISTORY}{name}"), numbers)));
    for (i, sums) in course.sums.iter().enumerate() {
        let numbers: Vec<String> = sums.iter().map(f64::to_string).collect();
        metadata.insert(format!("{SUMS}{i}"), numbers.join(" "));
    }
    metadata.insert(STOP.into(), course.stop.to_string());
}

/// What a file holds of the course of its training.
pub(super) fn read(spec: &'static Spec, metadata: &Metadata<'_>, tensors: &Tensors<'_>) -> Result<Course> {
    let mut course = Course::default();
    for i in 0.. {
        let prefix = format!("{CALLBACK}{i}");
        let Some(kind) = metadata.entries.get(&prefix) else { break };
        course.callbacks.push(callback(spec, kind, &format!("{prefix}/"), metadata, tensors)?);
    }
    let history = metadata.entries.iter().filter_map(|(name, numbers)| {
        let name = name.strip_prefix(HISTORY)?;
        Some((name, numbers.as_str()))
    });
    let mut history = history.peekable();
    if history.peek().is_some() {
        let read = History::from_entries(history);
        course.history = Some(read.ok_or_else(|| metadata.problem("has a history that cannot be read"))?);
    }
    for i in 0.. {
        let Some(numbers) = metadata.entries.get(&format!("{SUMS}{i}")) else { break };
        let numbers: Option<Vec<f64>> = numbers.split_whitespace().map(|x| x.parse().ok()).collect();
        course
            .sums
            .push(numbers.ok_or_else(|| metadata.problem("has sums of an epoch that cannot be read"))?);
    }
    course.stop = metadata.entries.get(STOP).is_some_and(|stop| stop == "true");
    Ok(course)
}

/// What a file holds of one callback.
fn callback(
    spec: &'static Spec,
    kind: &str,
    prefix: &str,
    metadata: &Metadata<'_>,
    tensors: &Tensors<'_>,
) -> Result<State> {
    let mut state = State::of(kind);
    for (name, value) in &metadata.entries {
        if let Some(name) = name.strip_prefix(prefix) {
            state.entries.push((name.into(), value.clone()));
        }
    }
    // The name of weights stands before that of the model's first one.
    let Some(first) = spec.weights.first() else { return Ok(state) };
    let names = tensors
        .views
        .keys()
        .filter_map(|tensor| tensor.strip_prefix(prefix)?.strip_suffix(first.name)?.strip_suffix('/'));
    for name in names.filter(|name| !name.contains('/')) {
        let mut params = vec![0.0; spec.params_len];
        for weight in spec.weights {
            let tensor = format!("{prefix}{name}/{}", weight.name);
            init::write_bytes(weight, of_weight(tensors, metadata, &tensor, weight)?, &mut params);
        }
        state.weights.push((name.into(), Snapshot(params)));
    }
    Ok(state)
}
