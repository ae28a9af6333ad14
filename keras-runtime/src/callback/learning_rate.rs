//! Callbacks that change the step size.

use std::fmt;

use super::monitor::monitored;
use super::{Callback, Logs, Mode, State, Training};
use crate::error::{Error, Result};

/// Sets the step size before every epoch (`keras.callbacks.LearningRateScheduler`), and adds it to the logs as
/// `learning_rate`.
pub struct LearningRateScheduler<'a> {
    schedule: Box<dyn FnMut(usize, f32) -> f32 + Send + 'a>,
    /// Whether it says what it does.
    pub verbose: bool,
    /// The epoch whose step size it has set last.
    set: Option<usize>,
    /// An epoch that is gone on with: its step size is what it was.
    resumed: Option<usize>,
}

impl<'a> LearningRateScheduler<'a> {
    /// With the function that gives an epoch's step size, from its number (the first is 0) and the step size so far.
    pub fn new(schedule: impl FnMut(usize, f32) -> f32 + Send + 'a) -> Self {
        LearningRateScheduler { schedule: Box::new(schedule), verbose: false, set: None, resumed: None }
    }
}

impl fmt::Debug for LearningRateScheduler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearningRateScheduler").finish_non_exhaustive()
    }
}

impl Callback for LearningRateScheduler<'_> {
    fn wants_batches(&self) -> bool {
        false
    }

    fn state(&self) -> Option<State> {
        Some(State::of("LearningRateScheduler").with_some("epoch", self.set))
    }

    fn resume(&mut self, state: &State) -> Result<()> {
        self.resumed = state.get("epoch")?;
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        (self.set, self.resumed) = (None, None);
        Ok(())
    }

    fn on_epoch_begin(&mut self, epoch: usize, training: &mut Training<'_>) -> Result<()> {
        self.set = Some(epoch);
        if self.resumed.take() == Some(epoch) {
            return Ok(());
        }
        let rate = (self.schedule)(epoch, training.learning_rate());
        if !rate.is_finite() {
            return Err(Error::Setting {
                name: "learning_rate",
                expected: "a finite number from the schedule".into(),
                found: format!("{rate} in epoch {epoch}"),
            });
        }
        training.set_learning_rate(rate);
        if self.verbose {
            println!("Epoch {}: learning rate {rate}", epoch + 1);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, _: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        logs.insert("learning_rate", f64::from(training.learning_rate()));
        Ok(())
    }
}

/// Reduces the step size when a monitored value has stopped improving (`keras.callbacks.ReduceLROnPlateau`), and adds it
/// to the logs as `learning_rate`.
#[derive(Debug, Clone)]
pub struct ReduceLrOnPlateau {
    /// The value, by its name in the logs.
    pub monitor: String,
    /// What the step size is multiplied by, below 1.
    pub factor: f64,
    /// Epochs without improvement after which it is reduced.
    pub patience: usize,
    /// Whether the value should fall or rise.
    pub mode: Mode,
    /// The least change that counts as an improvement.
    pub min_delta: f64,
    /// Epochs after a reduction in which none is counted.
    pub cooldown: usize,
    /// The least step size.
    pub min_lr: f64,
    /// Whether it says what it does.
    pub verbose: bool,
    /// What it has seen.
    pub seen: Plateau,
}

/// What a [`ReduceLrOnPlateau`] has seen of the current training.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plateau {
    best: Option<f64>,
    wait: usize,
    cooldown: usize,
}

impl Default for ReduceLrOnPlateau {
    fn default() -> Self {
        ReduceLrOnPlateau {
            monitor: "val_loss".into(),
            factor: 0.1,
            patience: 10,
            mode: Mode::Auto,
            min_delta: 0.0001,
            cooldown: 0,
            min_lr: 0.0,
            verbose: false,
            seen: Plateau::default(),
        }
    }
}

impl Callback for ReduceLrOnPlateau {
    fn wants_batches(&self) -> bool {
        false
    }

    fn state(&self) -> Option<State> {
        let Plateau { best, wait, cooldown } = self.seen;
        let state = State::of("ReduceLrOnPlateau").with("wait", wait).with("cooldown", cooldown);
        Some(state.with_some("best", best))
    }

    fn resume(&mut self, state: &State) -> Result<()> {
        self.seen = Plateau {
            best: state.get("best")?,
            wait: state.get("wait")?.unwrap_or(0),
            cooldown: state.get("cooldown")?.unwrap_or(0),
        };
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        if !(0.0..1.0).contains(&self.factor) {
            return Err(Error::Setting {
                name: "factor",
                expected: "in [0, 1)".into(),
                found: self.factor.to_string(),
            });
        }
        self.seen = Plateau::default();
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        let rate = f64::from(training.learning_rate());
        logs.insert("learning_rate", rate);
        let Some(current) = monitored(&self.monitor, logs, training)? else { return Ok(()) };
        let improved = self.mode.improves(&self.monitor, current, self.seen.best, self.min_delta)?;
        let seen = &mut self.seen;
        if seen.cooldown > 0 {
            (seen.cooldown, seen.wait) = (seen.cooldown - 1, 0);
        }
        if improved {
            (seen.best, seen.wait) = (Some(current), 0);
        } else if seen.cooldown == 0 {
            seen.wait += 1;
            if seen.wait >= self.patience && rate > self.min_lr {
                let reduced = (rate * self.factor).max(self.min_lr);
                training.set_learning_rate(reduced as f32);
                (seen.cooldown, seen.wait) = (self.cooldown, 0);
                if self.verbose {
                    println!("Epoch {}: learning rate reduced to {reduced}", epoch + 1);
                }
            }
        }
        Ok(())
    }
}
