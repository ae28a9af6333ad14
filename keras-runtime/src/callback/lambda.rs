//! LambdaCallback.

use std::fmt;

use super::{Callback, Logs, Training};
use crate::error::Result;

type Simple<'a> = Option<Box<dyn FnMut(&mut Training<'_>) + Send + 'a>>;
type Begin<'a> = Option<Box<dyn FnMut(usize, &mut Training<'_>) + Send + 'a>>;
type EpochEnd<'a> = Option<Box<dyn FnMut(usize, &mut Logs, &mut Training<'_>) + Send + 'a>>;
type BatchEnd<'a> = Option<Box<dyn FnMut(usize, &Logs, &mut Training<'_>) + Send + 'a>>;

/// Closures as a callback (`keras.callbacks.LambdaCallback`).
///
/// ```
/// use keras_runtime::prelude::*;
/// let mut losses = vec![];
/// let watch = LambdaCallback::default().epoch_end(|_epoch, logs, training| {
///     losses.push(logs["loss"]);
///     if logs["loss"] < 0.01 {
///         training.stop_training();
///     }
/// });
/// # drop(watch);
/// ```
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: Simple<'a>,
    train_end: Simple<'a>,
    epoch_begin: Begin<'a>,
    epoch_end: EpochEnd<'a>,
    train_batch_begin: Begin<'a>,
    train_batch_end: BatchEnd<'a>,
}

impl<'a> LambdaCallback<'a> {
    /// Calls `hook` before the first epoch.
    pub fn train_begin(mut self, hook: impl FnMut(&mut Training<'_>) + Send + 'a) -> Self {
        self.train_begin = Some(Box::new(hook));
        self
    }

    /// Calls `hook` after the last epoch.
    pub fn train_end(mut self, hook: impl FnMut(&mut Training<'_>) + Send + 'a) -> Self {
        self.train_end = Some(Box::new(hook));
        self
    }

    /// Calls `hook` before each epoch, with its number.
    pub fn epoch_begin(mut self, hook: impl FnMut(usize, &mut Training<'_>) + Send + 'a) -> Self {
        self.epoch_begin = Some(Box::new(hook));
        self
    }

    /// Calls `hook` after each epoch, with its number and logs.
    pub fn epoch_end(mut self, hook: impl FnMut(usize, &mut Logs, &mut Training<'_>) + Send + 'a) -> Self {
        self.epoch_end = Some(Box::new(hook));
        self
    }

    /// Calls `hook` before each training step, with the batch's number.
    pub fn train_batch_begin(mut self, hook: impl FnMut(usize, &mut Training<'_>) + Send + 'a) -> Self {
        self.train_batch_begin = Some(Box::new(hook));
        self
    }

    /// Calls `hook` after each training step, with the batch's number and the means of the epoch so far.
    pub fn train_batch_end(mut self, hook: impl FnMut(usize, &Logs, &mut Training<'_>) + Send + 'a) -> Self {
        self.train_batch_end = Some(Box::new(hook));
        self
    }
}

impl fmt::Debug for LambdaCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LambdaCallback").finish_non_exhaustive()
    }
}

impl Callback for LambdaCallback<'_> {
    fn wants_batches(&self) -> bool {
        self.train_batch_begin.is_some() || self.train_batch_end.is_some()
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.train_begin.iter_mut().for_each(|hook| hook(training));
        Ok(())
    }

    fn on_train_end(&mut self, _: &Logs, training: &mut Training<'_>) -> Result<()> {
        self.train_end.iter_mut().for_each(|hook| hook(training));
        Ok(())
    }

    fn on_epoch_begin(&mut self, epoch: usize, training: &mut Training<'_>) -> Result<()> {
        self.epoch_begin.iter_mut().for_each(|hook| hook(epoch, training));
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        self.epoch_end.iter_mut().for_each(|hook| hook(epoch, logs, training));
        Ok(())
    }

    fn on_train_batch_begin(&mut self, batch: usize, training: &mut Training<'_>) -> Result<()> {
        self.train_batch_begin.iter_mut().for_each(|hook| hook(batch, training));
        Ok(())
    }

    fn on_train_batch_end(&mut self, batch: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        self.train_batch_end.iter_mut().for_each(|hook| hook(batch, logs, training));
        Ok(())
    }
}
