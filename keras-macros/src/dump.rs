//! `KERAS_DUMP=Name` (or `all`) prints every stage of a model to standard error while it is compiled.

use std::fmt::Display;

/// Where the stages of one model are printed, if anywhere.
pub struct Dump {
    model: Option<String>,
}

impl Dump {
    /// Follows the environment variable `KERAS_DUMP`: names of models, with commas between them, or `all`.
    pub fn of(model: &str) -> Self {
        let wanted = std::env::var("KERAS_DUMP").unwrap_or_default();
        let named = wanted.split(',').map(str::trim).any(|name| name == model || name == "all");
        Dump { model: named.then(|| model.to_string()) }
    }

    /// Prints one stage.
    pub fn stage(&self, name: &str, content: &impl Display) {
        if let Some(model) = &self.model {
            eprintln!("── {model}: {name} ──\n{content}");
        }
    }
}
