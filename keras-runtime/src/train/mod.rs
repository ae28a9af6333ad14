//! The training loop.

mod history;
mod tally;

use std::ops::Range;
use std::time::Instant;

pub use history::History;
pub use tally::Score;
pub(crate) use tally::{Sums, Tally};

use crate::data::{Arrays, Selection, Tensor};
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::model::trainer::Session;
use crate::random::Philox;
use crate::view::Progress;

/// Samples that are evaluated at once.
const EVALUATION_BATCH: usize = 256;

/// What `fit` says while it works.
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
#[derive(Debug, Clone)]
pub struct Fit<'a> {
    /// Passes over the data.
    pub epochs: usize,
    /// Samples of a step.
    pub batch_size: usize,
    /// The share of the data, from its end, that is held back to validate with, in [0, 1).
    pub validation_split: f32,
    /// Data to validate with: see [`validation`].
    pub validation_data: Option<(Vec<Tensor<'a>>, Vec<Tensor<'a>>)>,
    /// Whether every epoch takes the samples in another order.
    pub shuffle: bool,
    /// The first epoch's number: orders and messages go on from there.
    pub initial_epoch: usize,
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
            shuffle: true,
            initial_epoch: 0,
            verbose: Verbose::Auto,
        }
    }
}

/// Data for [`Fit::validation_data`].
pub fn validation<'a>(x: impl Arrays<'a>, y: impl Arrays<'a>) -> Option<(Vec<Tensor<'a>>, Vec<Tensor<'a>>)> {
    Some((x.tensors().as_ref().to_vec(), y.tensors().as_ref().to_vec()))
}

/// How samples are divided.
pub(crate) struct Plan {
    /// Samples `[0, training)` are trained on.
    pub training: usize,
    /// Samples `[training, all)` are validated with.
    pub all: usize,
}

impl Fit<'_> {
    /// Checks the settings for `samples` samples.
    pub(crate) fn plan(&self, samples: usize) -> Result<Plan> {
        if self.batch_size == 0 {
            return Err(setting("batch_size", "at least 1", 0));
        }
        let split = self.validation_split;
        if !(0.0..1.0).contains(&split) {
            return Err(setting("validation_split", "in [0, 1)", split));
        }
        if samples > u32::MAX as usize {
            return Err(setting("samples", "fewer than 2^32", samples));
        }
        // As Keras: the last `split` of the samples, before any shuffle.
        let training = (samples as f64 * (1.0 - f64::from(split))).floor() as usize;
        let training = if self.validation_data.is_some() { samples } else { training };
        if training == 0 {
            return Err(Error::Empty { what: format!("the data after a validation_split of {split}") });
        }
        Ok(Plan { training, all: samples })
    }
}

fn setting(name: &'static str, expected: &str, found: impl ToString) -> Error {
    Error::Setting { name, expected: expected.into(), found: found.to_string() }
}

/// Input and target arrays.
type Data<'a, 'b> = (&'a [Tensor<'b>], &'a [Tensor<'b>]);

/// All epochs.
pub(crate) fn epochs(
    backend: &mut dyn Backend,
    session: &mut Session<'_>,
    (x, y): Data<'_, '_>,
    validation: Option<Data<'_, '_>>,
    settings: &Fit<'_>,
    plan: &Plan,
    history: &mut History,
) {
    let batches = plan.training.div_ceil(settings.batch_size);
    let mut order: Vec<u32> = (0..plan.training as u32).collect();
    let mut progress = Progress::new(settings.verbose, batches, settings.epochs);
    for epoch in settings.initial_epoch..settings.epochs {
        let start = Instant::now();
        if settings.shuffle {
            // The order is a function of the seed and of the epoch's number alone.
            order.iter_mut().zip(0..).for_each(|(row, i)| *row = i);
            Philox::new(session.seed, SHUFFLES + epoch as u64).shuffle(&mut order);
        }
        session.tally.reset();
        progress.begin(epoch);
        for (batch, rows) in order.chunks(settings.batch_size).enumerate() {
            session.train(backend, x, y, Selection::Indices(rows));
            progress.batch(batch + 1, &session.tally);
        }
        let trained = session.tally.values();
        let mut validated = None;
        if let Some((x, y)) = validation {
            evaluate(backend, session, x, y, 0..x[0].shape().rows());
            validated = Some(session.tally.values());
        } else if plan.training < plan.all {
            evaluate(backend, session, x, y, plan.training..plan.all);
            validated = Some(session.tally.values());
        }
        let seconds = start.elapsed().as_secs_f64();
        history.push(epoch, seconds, &trained, validated.as_deref());
        progress.end(history);
    }
}

/// Streams that no weight's initial values use.
const SHUFFLES: u64 = 1 << 32;

/// Loss and metrics of a range of samples.
pub(crate) fn evaluate(
    backend: &mut dyn Backend,
    session: &mut Session<'_>,
    x: &[Tensor<'_>],
    y: &[Tensor<'_>],
    range: Range<usize>,
) {
    session.tally.reset();
    let mut start = range.start;
    while start < range.end {
        let len = EVALUATION_BATCH.min(range.end - start);
        session.evaluate(backend, x, y, Selection::Range { start, len });
        start += len;
    }
}
