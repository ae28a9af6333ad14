//! What a training loop tells its callbacks.

use std::fmt;
use std::ops::Index;

/// Losses and metrics by name, in the order in which they came.
///
/// ```
/// use keras_runtime::callback::Logs;
/// let mut logs = Logs::default();
/// logs.insert("loss", 0.25);
/// assert_eq!(logs["loss"], 0.25);
/// assert_eq!(logs.get("val_loss"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logs {
    names: Vec<String>,
    values: Vec<f64>,
}

impl Logs {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Logs { values: vec![f64::NAN; names.len()], names }
    }

    /// A value by name, if there is one.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.names.iter().position(|other| other == name).map(|i| self.values[i])
    }

    /// Adds a value, or replaces the one of this name. What an `on_epoch_end` adds is seen by the callbacks after it, and
    /// stands in the history.
    pub fn insert(&mut self, name: &str, value: f64) {
        match self.names.iter().position(|other| other == name) {
            Some(i) => self.values[i] = value,
            None => {
                self.names.push(name.into());
                self.values.push(value);
            }
        }
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.names.iter().map(String::as_str).zip(self.values.iter().copied())
    }

    /// All names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Keeps the first `values.len()` names, with these values.
    pub(crate) fn renew(&mut self, values: &[f64]) {
        self.names.truncate(values.len());
        self.values.clear();
        self.values.extend_from_slice(values);
    }
}

impl Index<&str> for Logs {
    type Output = f64;

    /// # Panics
    /// When there is no value of this name; [`Logs::get`] asks first.
    fn index(&self, name: &str) -> &f64 {
        match self.names.iter().position(|other| other == name) {
            Some(i) => &self.values[i],
            None => panic!("the logs have no `{name}`; there is: {}", self.names.join(", ")),
        }
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.iter().map(|(name, value)| format!("{name}: {value:.4}")).collect();
        f.write_str(&parts.join(" - "))
    }
}
