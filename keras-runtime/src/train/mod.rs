//! The training loop.

mod course;
pub(crate) mod feed;
mod history;
pub(crate) mod run;
mod tally;
mod weights;

pub(crate) use course::Course;
pub use history::History;
pub use tally::Score;
pub(crate) use tally::{Sums, Tally};
pub use weights::sample_weight;
pub(crate) use weights::{Weights, class_weights, expect_weights, spread};

use crate::callback::{Callback, Position};
use crate::data::{Arrays, Batches, Tensor};
use crate::error::{Error, Result};

/// Samples that are evaluated or predicted at once.
pub(crate) const EVALUATION_BATCH: usize = 256;

/// What `fit`, `evaluate` and `predict` say while they work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verbose {
    /// A progress line on a terminal, a line for each epoch elsewhere.
    #[default]
    Auto,
    /// Nothing.
    Silent,
    /// A progress line.
    Line,
    /// A line for each epoch.
    Epochs,
}

/// Settings of `fit`, with Keras's names and defaults.
///
/// ```
/// use keras_runtime::prelude::*;
/// let settings = Fit { epochs: 30, batch_size: 128, validation_split: 0.2, ..Fit::default() };
/// ```
#[derive(Debug)]
pub struct Fit<'a> {
    /// Passes over the data, or runs of [`Fit::steps_per_epoch`] batches.
    pub epochs: usize,
    /// Samples of a step. A data set has batches of its own size.
    pub batch_size: usize,
    /// The share of the data, from its end, that is held back to validate with, in [0, 1). For arrays alone.
    pub validation_split: f32,
    /// Data to validate with: see [`validation`].
    pub validation_data: Option<(Vec<Tensor<'a>>, Vec<Tensor<'a>>)>,
    /// What each sample, or each step of each, counts in the loss and in [`Weighted`](crate::metric::Weighted) metrics: see
    /// [`sample_weight`]. For arrays alone, of which those that are held back by `validation_split` keep theirs: the batches
    /// of a data set bring their own.
    pub sample_weight: Option<Vec<Tensor<'a>>>,
    /// What each sample of `validation_data` counts.
    pub validation_sample_weight: Option<Vec<Tensor<'a>>>,
    /// What the samples of a class count while training; those of other classes count 1. For a model with one output that
    /// has one class for each sample.
    pub class_weight: Vec<(usize, f32)>,
    /// Batches to validate with, in place of arrays: `Some(Box::new(&mut dataset))`.
    pub validation_dataset: Option<Box<dyn Batches + 'a>>,
    /// How many batches a validation has; all of them by default. Each validation begins with the first one.
    pub validation_steps: Option<usize>,
    /// Samples of a batch of validation, which does not change its result.
    pub validation_batch_size: usize,
    /// A validation comes after every so many epochs.
    pub validation_freq: usize,
    /// How many batches an epoch has; a pass over the data by default. Every epoch goes on where the last one stopped, and
    /// the data begin again at their end.
    pub steps_per_epoch: Option<usize>,
    /// Whether every epoch takes the samples in another order. A data set has an order of its own.
    pub shuffle: bool,
    /// The first epoch's number: orders and messages go on from there.
    pub initial_epoch: usize,
    /// Batches of the first epoch that are left out: where a checkpoint within an epoch is gone on from.
    pub initial_batch: usize,
    /// What is called on the way: see [`callbacks`](crate::callback::callbacks).
    pub callbacks: Vec<Box<dyn Callback + 'a>>,
    /// What is said.
    pub verbose: Verbose,
}

impl Default for Fit<'_> {
    fn default() -> Self {
        Fit {
            epochs: 1,
            batch_size: 32,
            validation_split: 0.0,
            validation_data: None,
            sample_weight: None,
            validation_sample_weight: None,
            class_weight: vec![],
            validation_dataset: None,
            validation_steps: None,
            validation_batch_size: EVALUATION_BATCH,
            validation_freq: 1,
            steps_per_epoch: None,
            shuffle: true,
            initial_epoch: 0,
            initial_batch: 0,
            callbacks: vec![],
            verbose: Verbose::Auto,
        }
    }
}

/// Settings of `evaluate_with` and `predict_with`.
#[derive(Debug)]
pub struct Evaluate<'a> {
    /// Samples of a batch, which does not change the result.
    pub batch_size: usize,
    /// What each sample, or each step of each, counts: see [`sample_weight`]. For `evaluate_with` alone.
    pub sample_weight: Option<Vec<Tensor<'a>>>,
    /// How many batches are taken; all of them by default.
    pub steps: Option<usize>,
    /// What is said: nothing by default, unlike Keras, since a [`Score`] prints itself.
    pub verbose: Verbose,
    /// What is called on the way: see [`callbacks`](crate::callback::callbacks).
    pub callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for Evaluate<'_> {
    fn default() -> Self {
        Evaluate {
            batch_size: EVALUATION_BATCH,
            sample_weight: None,
            steps: None,
            verbose: Verbose::Silent,
            callbacks: vec![],
        }
    }
}

impl Evaluate<'_> {
    /// Checks the settings.
    pub(crate) fn check(&self) -> Result<()> {
        feed::at_least_one("batch_size", Some(self.batch_size))?;
        feed::at_least_one("steps", self.steps)
    }
}

/// Data for [`Fit::validation_data`].
pub fn validation<'a>(x: impl Arrays<'a>, y: impl Arrays<'a>) -> Option<(Vec<Tensor<'a>>, Vec<Tensor<'a>>)> {
    Some((x.tensors().as_ref().to_vec(), y.tensors().as_ref().to_vec()))
}

impl Fit<'_> {
    /// Checks the settings.
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in [
            ("batch_size", Some(self.batch_size)),
            ("validation_batch_size", Some(self.validation_batch_size)),
            ("validation_freq", Some(self.validation_freq)),
            ("validation_steps", self.validation_steps),
            ("steps_per_epoch", self.steps_per_epoch),
        ] {
            feed::at_least_one(name, value)?;
        }
        if !(0.0..1.0).contains(&self.validation_split) {
            return Err(setting("validation_split", "in [0, 1)", self.validation_split));
        }
        if self.validation_data.is_some() && self.validation_dataset.is_some() {
            return Err(setting("validation_dataset", "none beside `validation_data`", "given"));
        }
        if self.validation_sample_weight.is_some() && self.validation_data.is_none() {
            return Err(setting("validation_sample_weight", "none without `validation_data`", "given"));
        }
        Ok(())
    }

    /// Which epochs there are.
    pub(crate) fn schedule(&self) -> run::Schedule {
        run::Schedule {
            epochs: self.epochs,
            initial: Position { epoch: self.initial_epoch, batch: self.initial_batch },
            validation_freq: self.validation_freq,
            verbose: self.verbose,
        }
    }

    /// How many of `samples` samples are trained on; the others are validated with.
    pub(crate) fn training_samples(&self, samples: usize) -> Result<usize> {
        if samples > u32::MAX as usize {
            return Err(setting("samples", "fewer than 2^32", samples));
        }
        if self.validation_data.is_some() || self.validation_dataset.is_some() {
            return Ok(samples);
        }
        let split = self.validation_split;
        // As Keras: the last `split` of the samples, before any shuffle.
        let training = (samples as f64 * (1.0 - f64::from(split))).floor() as usize;
        if training == 0 {
            return Err(Error::Empty { what: format!("the data after a validation_split of {split}") });
        }
        Ok(training)
    }
}

pub(crate) fn setting(name: &'static str, expected: &str, found: impl ToString) -> Error {
    Error::Setting { name, expected: expected.into(), found: found.to_string() }
}
