//! Trainings in files.

use std::path::Path;

use super::Trainer;
use crate::callback::Position;
use crate::error::Result;
use crate::io::checkpoint::{self, Marks, Trained};
use crate::model::Model;

impl<M: Model> Trainer<M> {
    /// Writes all that the training needs to go on from here, to the very bits that it would have reached: weights, moving
    /// statistics, the optimizer's state and step size, steps, epoch and batch, and the seed. Whole or not at all: a file
    /// that was there before stays until the new one is on the disk.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = dense(4, relu, input = 2) >> dropout(0.5) >> dense(1) }
    ///
    /// # let path = std::env::temp_dir().join(format!("keras-doc-checkpoint-{}", std::process::id()));
    /// let x = ndarray::Array2::from_shape_fn((40, 2), |(i, j)| (i + j) as f32 / 40.0);
    /// let y = vec![1.0f32; 40];
    /// let settings = |from| Fit { epochs: 6, initial_epoch: from, verbose: Verbose::Silent, ..Fit::default() };
    ///
    /// let mut model = Net::new(1).compile(Adam::default(), MeanSquaredError, ());
    /// model.fit(&x, &y, Fit { epochs: 2, ..settings(0) })?;
    /// model.save_checkpoint(&path)?;
    /// model.fit(&x, &y, settings(2))?;
    ///
    /// // Another program, later: it ends with the same weights.
    /// let mut resumed = Net::new(0).compile(Adam::default(), MeanSquaredError, ());
    /// let position = resumed.load_checkpoint(&path)?;
    /// resumed.fit(&x, &y, settings(position.epoch))?;
    /// assert_eq!(resumed.weight("dense/kernel")?, model.weight("dense/kernel")?);
    /// # std::fs::remove_file(path).ok();
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// With the feature `keras-files`, a name that ends in `.keras` or `.weights.h5` makes a file for Keras 3 in Python, where
    /// training goes on from the same state of the same optimizer: `.keras` is a compiled model for `keras.models.load_model`,
    /// with optimizer, losses and metrics; `.weights.h5` is for `load_weights` of a compiled model. Such files know
    /// no epoch, no seed, and nothing of callbacks. After a `fit` with a moving average they hold the average, as Keras's do.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was. When a file of Keras cannot tell model,
    /// optimizer, losses or metrics, for Keras has none like them.
    pub fn save_checkpoint(&self, path: impl AsRef<Path>) -> Result<()> {
        let network = self.model.network();
        let marks = Marks { seed: network.seed(), step: self.step, position: self.position };
        let course = self.course.clone().unwrap_or_default();
        let trained = Trained {
            spec: M::SPEC,
            optimizer: &*self.optimizer,
            losses: &self.losses,
            metrics: &self.metrics,
            describe: crate::io::describe::<M>(),
        };
        checkpoint::save(&trained, network.backend(), marks, &course, path.as_ref())
    }

    /// Puts the training where it was when [`Trainer::save_checkpoint`] or a
    /// [`ModelCheckpoint`](crate::callback::ModelCheckpoint) wrote the file, and gives the epoch and batch to go on with:
    /// [`Fit::initial_epoch`](crate::train::Fit::initial_epoch) and
    /// [`Fit::initial_batch`](crate::train::Fit::initial_batch). A `fit` that begins there goes on with what the callbacks had
    /// seen ([`Callback::state`](crate::callback::Callback::state)), with the history, and with the means of an epoch that was
    /// cut; one that begins elsewhere begins anew.
    ///
    /// With the feature `keras-files`, it reads what Keras 3 in Python has written of a compiled model too, `.keras` and
    /// `.weights.h5`: weights, and the optimizer's steps, step size and state, so that the next step is the one that Keras would
    /// take. The optimizer must be the same, with settings that keep the same state; its other settings are this program's.
    /// The epoch is then 0. Of such a file [`Model::load_weights`] reads the weights alone, and asks for no optimizer.
    ///
    /// # Errors
    /// When the file cannot be read, is no checkpoint, or one of another model or optimizer; nothing changes then.
    pub fn load_checkpoint(&mut self, path: impl AsRef<Path>) -> Result<Position> {
        let (backend, mut session) = self.session_as_it_is();
        session.training(backend).load_checkpoint(path)
    }
}
