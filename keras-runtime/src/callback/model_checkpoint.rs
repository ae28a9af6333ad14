//! ModelCheckpoint.

use std::path::{Path, PathBuf};

use super::monitor::monitored;
use super::{Callback, Logs, Mode, SaveFreq, State, Training};
use crate::error::{Error, Result};

/// Saves the model after epochs, or batches, in some or all cases (`keras.callbacks.ModelCheckpoint`).
///
/// The path may name `{epoch}`, `{batch}` (both count from 1 on) and any of the logs, each with a width or a precision as in
/// Python: `"model-{epoch:02d}-{val_loss:.2f}.safetensors"`.
#[derive(Debug, Clone)]
pub struct ModelCheckpoint {
    /// Where to, perhaps with names in braces. Folders that are not there are made.
    pub filepath: String,
    /// The value, by its name in the logs, that says which model is best.
    pub monitor: String,
    /// Whether it says what it does.
    pub verbose: bool,
    /// Whether only a model that is better than all before is saved.
    pub save_best_only: bool,
    /// Whether only weights are saved (for [`Model::load_weights`](crate::Model::load_weights)), rather than all that
    /// training needs to go on (for [`Trainer::load_checkpoint`](crate::model::Trainer::load_checkpoint)). A name that ends as
    /// Keras's files do, `.keras` or `.weights.h5`, makes such a file in either case; one of Keras 2, `.h5`, holds weights alone.
    pub save_weights_only: bool,
    /// Whether the value should fall or rise.
    pub mode: Mode,
    /// When it saves.
    pub save_freq: SaveFreq,
    /// A value that the first saved model has to beat.
    pub initial_value_threshold: Option<f64>,
    best: Option<f64>,
    since: usize,
    last: Option<PathBuf>,
}

impl Default for ModelCheckpoint {
    fn default() -> Self {
        ModelCheckpoint {
            filepath: "checkpoint.safetensors".into(),
            monitor: "val_loss".into(),
            verbose: false,
            save_best_only: false,
            save_weights_only: false,
            mode: Mode::Auto,
            save_freq: SaveFreq::Epoch,
            initial_value_threshold: None,
            best: None,
            since: 0,
            last: None,
        }
    }
}

impl ModelCheckpoint {
    /// Saves to `filepath` after every epoch.
    pub fn new(filepath: impl Into<String>) -> Self {
        ModelCheckpoint { filepath: filepath.into(), ..ModelCheckpoint::default() }
    }

    /// Saves to `filepath` after an epoch that is better than all before.
    pub fn best_only(filepath: impl Into<String>) -> Self {
        ModelCheckpoint { save_best_only: true, ..ModelCheckpoint::new(filepath) }
    }

    /// Saves weights alone: see [`ModelCheckpoint::save_weights_only`].
    pub fn weights(mut self) -> Self {
        self.save_weights_only = true;
        self
    }

    /// Watches `monitor`, which should fall or rise as `mode` says.
    pub fn monitoring(mut self, monitor: impl Into<String>, mode: Mode) -> Self {
        (self.monitor, self.mode) = (monitor.into(), mode);
        self
    }

    /// Saves as often as `save_freq` says.
    pub fn every(mut self, save_freq: SaveFreq) -> Self {
        self.save_freq = save_freq;
        self
    }

    /// The file that it wrote last.
    pub fn last_saved(&self) -> Option<&Path> {
        self.last.as_deref()
    }

    fn save(
        &mut self,
        epoch: usize,
        batch: Option<usize>,
        logs: &Logs,
        training: &mut Training<'_>,
    ) -> Result<()> {
        if self.save_best_only {
            let Some(current) = monitored(&self.monitor, logs, training)? else { return Ok(()) };
            let best = self.best.or(self.initial_value_threshold);
            if !self.mode.improves(&self.monitor, current, best, 0.0)? {
                return Ok(());
            }
            self.best = Some(current);
        }
        let path = PathBuf::from(formatted(&self.filepath, epoch + 1, batch.map(|batch| batch + 1), logs)?);
        make_folder_of(&path)?;
        match self.save_weights_only || crate::io::is_weights_alone(&path) {
            true => training.save_weights(&path)?,
            false => training.save_checkpoint(&path),
        }
        if self.verbose {
            println!("Epoch {}: saving to {}", epoch + 1, path.display());
        }
        self.last = Some(path);
        Ok(())
    }
}

/// Makes the folder that `path` is in.
pub(super) fn make_folder_of(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|source| Error::Io { action: "make the folder", path: folder.into(), source }),
        _ => Ok(()),
    }
}

/// `pattern` with the values of what stands in braces.
fn formatted(pattern: &str, epoch: usize, batch: Option<usize>, logs: &Logs) -> Result<String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let broken = || Error::Setting {
            name: "filepath",
            expected: "a path with names in braces, such as `{epoch:02d}-{val_loss:.2f}`".into(),
            found: format!("`{pattern}`"),
        };
        let (field, after) = after.split_once('}').ok_or_else(broken)?;
        let (name, format) = field.split_once(':').unwrap_or((field, ""));
        let value = match (name, batch) {
            ("epoch", _) => epoch as f64,
            ("batch", Some(batch)) => batch as f64,
            _ => logs.get(name).ok_or_else(|| Error::Unknown {
                kind: "log",
                name: name.into(),
                known: format!("epoch, {}", logs.names().join(", ")),
            })?,
        };
        text.push_str(before);
        text.push_str(&number(value, format).ok_or_else(broken)?);
        rest = after;
    }
    Ok(text + rest)
}

/// A number in one of Python's formats: `[0][width][.precision][d|f|e]`.
fn number(value: f64, format: &str) -> Option<String> {
    let format = format.trim_end_matches(['d', 'f']);
    let (format, scientific) = match format.strip_suffix('e') {
        Some(format) => (format, true),
        None => (format, false),
    };
    let (width, precision) = match format.split_once('.') {
        Some((width, precision)) => (width, Some(precision.parse::<usize>().ok()?)),
        None => (format, None),
    };
    let parsed = if width.is_empty() { 0 } else { width.parse::<usize>().ok()? };
    let digits = match (precision, scientific) {
        (Some(precision), true) => format!("{value:.precision$e}"),
        (None, true) => format!("{value:e}"),
        (Some(precision), false) => format!("{value:.precision$}"),
        (None, false) => value.to_string(),
    };
    let fill = if width.starts_with('0') { '0' } else { ' ' };
    let missing = parsed.saturating_sub(digits.len());
    Some(fill.to_string().repeat(missing) + &digits)
}

impl Callback for ModelCheckpoint {
    fn wants_batches(&self) -> bool {
        self.save_freq != SaveFreq::Epoch
    }

    fn state(&self) -> Option<State> {
        let last = self.last.as_ref().map(|path| path.display());
        let state = State::of("ModelCheckpoint").with("since", self.since);
        Some(state.with_some("best", self.best).with_some("last", last))
    }

    fn resume(&mut self, state: &State) -> Result<()> {
        self.since = state.get("since")?.unwrap_or(0);
        (self.best, self.last) = (state.get("best")?, state.get("last")?);
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.save_freq.check()
    }

    fn on_train_batch_end(&mut self, batch: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        match self.save_freq.due(&mut self.since) {
            true => self.save(training.position().epoch, Some(batch), logs, training),
            false => Ok(()),
        }
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        match self.save_freq {
            SaveFreq::Epoch => self.save(epoch, None, logs, training),
            SaveFreq::Batches(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_formatted_as_in_python() {
        let mut logs = Logs::default();
        logs.insert("val_loss", 0.126);
        let path = |pattern| formatted(pattern, 3, Some(7), &logs).map_err(|error| error.to_string());
        assert_eq!(path("a/{epoch:02d}-{val_loss:.2f}.x"), Ok("a/03-0.13.x".into()));
        assert_eq!(path("{epoch:02}-{batch:4}-{val_loss:.1}"), Ok("03-   7-0.1".into()));
        assert_eq!(path("{epoch}{val_loss}"), Ok("30.126".into()));
        assert_eq!(path("plain"), Ok("plain".into()));
        assert!(path("{loss}").is_err_and(|text| text.contains("val_loss")));
        assert!(path("{epoch").is_err() && path("{epoch:q}").is_err());
    }
}
