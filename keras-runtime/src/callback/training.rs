//! What a callback may do with the model.

use std::path::{Path, PathBuf};

use ndarray::ArrayD;

use crate::compiled::Spec;
use crate::device::Backend;
use crate::error::Result;
use crate::init;
use crate::io::{Describe, checkpoint};
use crate::model::network;
use crate::optim::Optimizer;
use crate::train::Course;

/// A place in a training: how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The epoch, from 0 on.
    pub epoch: usize,
    /// How many of its batches are done.
    pub batch: usize,
}

/// The values of all weights at some time, moving statistics included. See [`Training::snapshot`].
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot(pub(crate) Vec<f32>);

/// The model while `fit`, `evaluate` or `predict` works on it: what a [`Callback`](super::Callback) reads and changes.
#[derive(Debug)]
pub struct Training<'a> {
    pub(crate) spec: &'static Spec,
    pub(crate) backend: &'a mut dyn Backend,
    pub(crate) optimizer: &'a mut dyn Optimizer,
    pub(crate) seed: &'a mut u64,
    pub(crate) step: &'a mut u64,
    pub(crate) position: &'a mut Position,
    pub(crate) stop: &'a mut bool,
    /// What a checkpoint that was loaded remembers.
    pub(crate) course: &'a mut Option<Course>,
    pub(crate) describe: Describe,
    /// Checkpoints to write.
    pub(crate) requests: &'a mut Vec<PathBuf>,
    pub(crate) validates: bool,
}

impl Training<'_> {
    /// What was known of the model at build time.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// Training steps so far, those before this `fit` included.
    pub fn steps(&self) -> u64 {
        *self.step
    }

    /// How far the training has come.
    pub fn position(&self) -> Position {
        *self.position
    }

    /// Whether the epochs of this `fit` end with a validation (some of them, given a `validation_freq`).
    pub fn validates(&self) -> bool {
        self.validates
    }

    /// Ends the training: after this batch if a hook of a batch asks for it, and without another epoch.
    pub fn stop_training(&mut self) {
        *self.stop = true;
    }

    /// Whether a callback has asked for the end.
    pub fn stopping(&self) -> bool {
        *self.stop
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &dyn Optimizer {
        self.optimizer
    }

    /// The step size.
    pub fn learning_rate(&self) -> f32 {
        self.optimizer.learning_rate_at(*self.step - self.backend.loss_scale().skipped)
    }

    /// Changes the step size from the next step on. A schedule ends with that.
    pub fn set_learning_rate(&mut self, learning_rate: f32) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    /// A weight by name, for example `dense_1/kernel`, in Keras's layout.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn weight(&self, name: &str) -> Result<ArrayD<f32>> {
        let weight = network::find(self.spec, name)?;
        Ok(network::shaped(weight, init::read(weight, self.backend.params())))
    }

    /// Names and values of all weights, row-major, in Keras's order.
    pub(crate) fn weights(&self) -> impl Iterator<Item = (&'static str, Vec<f32>)> {
        let params = self.backend.params();
        self.spec.weights.iter().map(|weight| (weight.name, init::read(weight, params)))
    }

    /// Changes a weight.
    ///
    /// # Errors
    /// When there is none of this name, or it has another shape.
    pub fn set_weight(&mut self, name: &str, value: &ArrayD<f32>) -> Result<()> {
        let weight = network::find(self.spec, name)?;
        network::write(weight, value, self.backend.params_mut())
    }

    /// Lets the weights and their moving average change places, or back.
    pub(crate) fn show_average(&mut self, show: bool) {
        self.backend.show_average(self.optimizer, show);
    }

    /// Lets the states of layers with `stateful = true` begin anew, as zeros.
    pub fn reset_states(&mut self) {
        self.backend.set_carried(0, &[]);
    }

    /// The values of all weights, to come back to.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.backend.params().to_vec())
    }

    /// Gives the weights the values that they had in [`Training::snapshot`]. The optimizer's state stays.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.backend.params_mut().copy_from_slice(&snapshot.0);
    }

    /// Writes all weights to a file, whole or not at all: as [`Model::save_weights`](crate::Model::save_weights).
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::io::save(self.spec, self.backend.params(), self.describe, path.as_ref())
    }

    /// Has all that the training needs to go on from here written, whole or not at all: what
    /// [`Trainer::save_checkpoint`](crate::model::Trainer::save_checkpoint) writes, and what callbacks have seen, the history,
    /// and the means of the epoch so far.
    ///
    /// That is done when all callbacks have been called for this batch or epoch. Where the file cannot be written, one that
    /// was there before is as it was, and `fit` ends with the error.
    pub fn save_checkpoint(&mut self, path: impl AsRef<Path>) {
        self.requests.push(path.as_ref().to_path_buf());
    }

    /// Puts the model where it was when the file was written. In `on_train_begin`, `fit` goes on from there, with what
    /// callbacks had seen: of a file of earlier versions, which did not keep that, they begin anew.
    ///
    /// # Errors
    /// When the file cannot be read, is no checkpoint, or one of another model or optimizer; nothing changes then.
    pub fn load_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<Position> {
        let keras = (self.describe, *self.seed);
        let (marks, course) =
            checkpoint::load(self.spec, self.backend, self.optimizer, keras, path.as_ref())?;
        *self.stop = course.stop;
        *self.course = Some(course);
        (*self.seed, *self.step, *self.position) = (marks.seed, marks.step, marks.position);
        Ok(marks.position)
    }
}
