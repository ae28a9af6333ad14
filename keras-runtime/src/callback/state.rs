//! What a checkpoint keeps of a callback.

use std::str::FromStr;

use super::Snapshot;
use crate::error::{Error, Result};

/// What a checkpoint keeps of a callback, so that a training that was cut off goes on with it: see [`Callback::state`].
///
/// [`Callback::state`]: super::Callback::state
///
/// ```
/// use keras_runtime::callback::State;
///
/// let state = State::of("Mine").with("wait", 3).with("best", 0.1 + 0.2);
/// assert_eq!(state.get::<usize>("wait")?, Some(3));
/// // Numbers come back to the bit.
/// assert_eq!(state.get::<f64>("best")?, Some(0.1 + 0.2));
/// assert_eq!(state.get::<f64>("baseline")?, None);
/// assert!(state.get::<usize>("best").is_err());
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub(crate) kind: String,
    pub(crate) entries: Vec<(String, String)>,
    pub(crate) weights: Vec<(String, Snapshot)>,
}

impl State {
    /// Nothing yet, of a callback of this kind. Of several callbacks of a kind, each finds its own by its place among them.
    pub fn of(kind: &str) -> Self {
        State { kind: kind.into(), ..State::default() }
    }

    /// With a value by name.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.entries.push((name.into(), value.to_string()));
        self
    }

    /// With a value by name, if there is one.
    pub fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With weights of the model by name, if there are any.
    pub fn with_weights(mut self, name: &str, weights: Option<&Snapshot>) -> Self {
        self.weights.extend(weights.map(|weights| (name.into(), weights.clone())));
        self
    }

    /// A value by name, if it was kept.
    ///
    /// # Errors
    /// When it is none of this type.
    pub fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let Some((_, text)) = self.entries.iter().find(|(other, _)| other == name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Error::Format {
            file: format!("what a checkpoint keeps of `{}`", self.kind),
            problem: format!("its `{name}` is `{text}`, which cannot be read: begin without the checkpoint"),
        })
    }

    /// Weights by name, if they were kept.
    pub fn weights(&self, name: &str) -> Option<&Snapshot> {
        self.weights.iter().find(|(other, _)| other == name).map(|(_, weights)| weights)
    }
}
