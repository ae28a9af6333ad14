//! EarlyStopping.

use super::monitor::monitored;
use super::{Callback, Logs, Mode, Snapshot, State, Training};
use crate::error::Result;

/// Ends the training when a monitored value has stopped improving (`keras.callbacks.EarlyStopping`).
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    /// The value, by its name in the logs.
    pub monitor: String,
    /// The least change that counts as an improvement.
    pub min_delta: f64,
    /// Epochs without improvement after which it ends.
    pub patience: usize,
    /// Whether the value should fall or rise.
    pub mode: Mode,
    /// A value that has to be beaten: without that, improvements do not renew the patience.
    pub baseline: Option<f64>,
    /// Whether the model ends with the weights of its best epoch, rather than with its last ones.
    pub restore_best_weights: bool,
    /// Epochs that are not looked at.
    pub start_from_epoch: usize,
    /// Whether it says what it does.
    pub verbose: bool,
    /// What it has seen.
    pub seen: Seen,
}

/// What an [`EarlyStopping`] has seen of the current training.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    wait: usize,
    stopped: Option<usize>,
    best: Option<f64>,
    best_epoch: usize,
    best_weights: Option<Snapshot>,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        EarlyStopping {
            monitor: "val_loss".into(),
            min_delta: 0.0,
            patience: 0,
            mode: Mode::Auto,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            verbose: false,
            seen: Seen::default(),
        }
    }
}

impl EarlyStopping {
    /// The epoch after which it ended the training, if it did.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.seen.stopped
    }

    /// The best value so far, and its epoch.
    pub fn best(&self) -> Option<(f64, usize)> {
        self.seen.best.map(|best| (best, self.seen.best_epoch))
    }
}

impl Callback for EarlyStopping {
    fn wants_batches(&self) -> bool {
        false
    }

    fn state(&self) -> Option<State> {
        let seen = &self.seen;
        let state = State::of("EarlyStopping").with("wait", seen.wait).with("best_epoch", seen.best_epoch);
        let state = state.with_some("stopped", seen.stopped).with_some("best", seen.best);
        Some(state.with_weights("best_weights", seen.best_weights.as_ref()))
    }

    fn resume(&mut self, state: &State) -> Result<()> {
        self.seen = Seen {
            wait: state.get("wait")?.unwrap_or(0),
            stopped: state.get("stopped")?,
            best: state.get("best")?,
            best_epoch: state.get("best_epoch")?.unwrap_or(0),
            best_weights: state.weights("best_weights").cloned(),
        };
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.seen = Seen::default();
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        let Some(current) = monitored(&self.monitor, logs, training)? else { return Ok(()) };
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        let better = |than| self.mode.improves(&self.monitor, current, than, self.min_delta);
        let (improved, beaten) = (better(self.seen.best)?, better(self.baseline)?);
        let seen = &mut self.seen;
        seen.wait += 1;
        if improved {
            (seen.best, seen.best_epoch) = (Some(current), epoch);
            seen.best_weights = self.restore_best_weights.then(|| training.snapshot());
            if beaten {
                seen.wait = 0;
            }
        } else if seen.wait >= self.patience && epoch > 0 {
            seen.stopped = Some(epoch);
            training.stop_training();
        }
        Ok(())
    }

    fn on_train_end(&mut self, _: &Logs, training: &mut Training<'_>) -> Result<()> {
        if let Some(epoch) = self.seen.stopped.filter(|_| self.verbose) {
            println!("Epoch {}: early stopping", epoch + 1);
        }
        if let Some(weights) = self.seen.best_weights.take() {
            training.restore(&weights);
            if self.verbose {
                println!("Weights of the best epoch restored: {}", self.seen.best_epoch + 1);
            }
        }
        Ok(())
    }
}
