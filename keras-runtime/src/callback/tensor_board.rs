//! TensorBoard.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::events::{Events, Summary};
use super::{Callback, Logs, Training};
use crate::error::{Error, Result};

/// When scalars are written beside those of every epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateFreq {
    /// Never.
    #[default]
    Epoch,
    /// After so many batches, counted through the epochs: `batch_loss` and the like, by training step.
    Batches(u64),
}

/// Writes event files for TensorBoard (`keras.callbacks.TensorBoard`): losses, metrics and the step size of every epoch,
/// those of training in the folder `train`, those of validation in the folder `validation`, and histograms of the weights.
///
/// The graph, images of weights, embeddings and profiles, which Keras can write too, are not.
#[derive(Debug)]
pub struct TensorBoard {
    /// The folder.
    pub log_dir: PathBuf,
    /// Histograms of the weights are written after every so many epochs; never for 0.
    pub histogram_freq: usize,
    /// Whether steps per second are written.
    pub write_steps_per_second: bool,
    /// When scalars are written.
    pub update_freq: UpdateFreq,
    train: Option<Events>,
    validation: Option<Events>,
    epoch_begun: Option<(Instant, u64)>,
    /// Whether `fit` is at work, rather than an evaluation of its own.
    fitting: bool,
}

impl TensorBoard {
    /// Writes to `log_dir`.
    pub fn new(log_dir: impl Into<PathBuf>) -> Self {
        TensorBoard {
            log_dir: log_dir.into(),
            histogram_freq: 0,
            write_steps_per_second: false,
            update_freq: UpdateFreq::Epoch,
            train: None,
            validation: None,
            epoch_begun: None,
            fitting: false,
        }
    }

    /// Writes histograms of the weights after every `epochs` epochs.
    pub fn with_histograms(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    /// Writes scalars as often as `update_freq` says.
    pub fn updating(mut self, update_freq: UpdateFreq) -> Self {
        self.update_freq = update_freq;
        self
    }

    fn write(&mut self, validation: bool, step: u64, summary: &Summary) -> Result<()> {
        let folder = self.log_dir.join(if validation { "validation" } else { "train" });
        let events = if validation { &mut self.validation } else { &mut self.train };
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let failed = |path: &Path, source| Error::Io { action: "write", path: path.into(), source };
        if events.is_none() {
            fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
            let path = folder.join(format!(
                "events.out.tfevents.{}.localhost.{}.{}.v2",
                time.as_secs(),
                std::process::id(),
                time.subsec_nanos()
            ));
            *events =
                Some(Events::create(&path, time.as_secs_f64()).map_err(|source| failed(&path, source))?);
        }
        let written =
            events.as_mut().map_or(Ok(()), |events| events.summary(time.as_secs_f64(), step, summary));
        written.map_err(|source| failed(&folder, source))
    }

    fn write_weights(&mut self, epoch: usize, training: &Training<'_>) -> Result<()> {
        let mut summary = Summary::default();
        for (name, values) in training.weights() {
            summary.histogram(&format!("{name}/histogram"), &values);
        }
        self.write(false, epoch as u64, &summary)
    }
}

impl Callback for TensorBoard {
    fn wants_batches(&self) -> bool {
        self.update_freq != UpdateFreq::Epoch
    }

    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        (self.train, self.validation, self.fitting) = (None, None, true);
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: usize, training: &mut Training<'_>) -> Result<()> {
        self.epoch_begun = Some((Instant::now(), training.steps()));
        Ok(())
    }

    fn on_train_batch_end(&mut self, _: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        let UpdateFreq::Batches(every) = self.update_freq else { return Ok(()) };
        let step = training.steps();
        if !step.is_multiple_of(every.max(1)) {
            return Ok(());
        }
        let mut summary = Summary::default();
        logs.iter().for_each(|(name, value)| summary.scalar(&format!("batch_{name}"), value));
        self.write(false, step, &summary)
    }

    fn on_test_end(&mut self, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        let mut summary = Summary::default();
        for (name, value) in logs.iter() {
            summary.scalar(&format!("evaluation_{name}_vs_iterations"), value);
        }
        self.write(true, training.steps(), &summary)?;
        if !self.fitting {
            self.validation = None;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        let (mut trained, mut validated) = (Summary::default(), Summary::default());
        for (name, value) in logs.iter().filter(|(name, _)| *name != "learning_rate") {
            match name.strip_prefix("val_") {
                Some(name) => validated.scalar(&format!("epoch_{name}"), value),
                None => trained.scalar(&format!("epoch_{name}"), value),
            }
        }
        trained.scalar("epoch_learning_rate", f64::from(training.learning_rate()));
        if let Some((begun, steps)) = self.epoch_begun.filter(|_| self.write_steps_per_second) {
            let rate = (training.steps() - steps) as f64 / begun.elapsed().as_secs_f64();
            trained.scalar("epoch_steps_per_second", rate);
        }
        self.write(false, epoch as u64, &trained)?;
        if logs.names().iter().any(|name| name.starts_with("val_")) {
            self.write(true, epoch as u64, &validated)?;
        }
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq) {
            self.write_weights(epoch, training)?;
        }
        Ok(())
    }

    fn on_train_end(&mut self, _: &Logs, _: &mut Training<'_>) -> Result<()> {
        (self.train, self.validation, self.fitting) = (None, None, false);
        Ok(())
    }
}
