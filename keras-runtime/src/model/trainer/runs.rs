//! `fit`, `evaluate` and `predict` without the model's type: compiled once for all models.

use ndarray::ArrayD;

use crate::callback::{Callbacks, Logs};
use crate::device::Backend;
use crate::error::Result;
use crate::model::network::Measures;
use crate::train::feed::{Epochs, Feed, FromBatches, InMemory};
use crate::train::run::{self, Session};
use crate::train::{Course, Evaluate, Fit, History, Score};

/// `fit`, without the model's type. Without other data to validate with, `held_back` is.
pub(super) fn run_epochs(
    backend: &mut dyn Backend,
    mut session: Session<'_>,
    measures: Measures<'_>,
    feed: &mut dyn Feed,
    mut held_back: Option<InMemory<'_, '_>>,
    mut settings: Fit<'_>,
) -> Result<History> {
    let spec = session.spec;
    let mut list = std::mem::take(&mut settings.callbacks);
    let mut dataset = settings.validation_dataset.take();
    let mut arrays = settings.validation_data.as_ref().map(|(x, y)| {
        let rows = x.first().map_or(0, |x| x.shape().rows());
        InMemory::new((x, y), 0..rows, settings.validation_batch_size, false)
    });
    let mut batches = dataset.as_mut().map(|source| FromBatches {
        source: &mut **source,
        spec,
        measures: Some(measures),
        class_weight: &[],
    });
    let validation: Option<&mut dyn Feed> = match (&mut arrays, &mut batches, &mut held_back) {
        (Some(arrays), _, _) => Some(arrays),
        (_, Some(batches), _) => Some(batches),
        (_, _, Some(held_back)) => Some(held_back),
        _ => None,
    };
    let mut validation = validation.map(|feed| Epochs::new(feed, settings.validation_steps));
    session.validates = validation.is_some();
    let mut epochs = Epochs::new(feed, settings.steps_per_epoch);
    let mut history = History::new(session.tally.names());
    let schedule = settings.schedule();
    let mut result = Ok(());
    backend.scope(&mut |backend| {
        let mut callbacks = Callbacks::new(&mut list);
        let validation = validation.as_mut();
        result =
            run::fit(backend, &mut session, &mut epochs, validation, schedule, &mut callbacks, &mut history);
    });
    result.map(|()| history)
}

/// `evaluate`, without the model's type.
pub(super) fn run_evaluation(
    backend: &mut dyn Backend,
    mut session: Session<'_>,
    feed: &mut dyn Feed,
    mut settings: Evaluate<'_>,
) -> Result<Score> {
    let mut epochs = Epochs::new(feed, settings.steps);
    let mut logs = Logs::new(session.tally.names());
    let mut result = Ok(());
    backend.scope(&mut |backend| {
        let mut callbacks = Callbacks::new(&mut settings.callbacks);
        result =
            run::evaluate(backend, &mut session, &mut epochs, &mut callbacks, &mut logs, settings.verbose)
                .and_then(|()| session.save_requested(backend, |_| Course::default()));
    });
    result.map(|()| session.tally.score())
}

/// `predict`, without the model's type.
pub(super) fn run_prediction(
    backend: &mut dyn Backend,
    mut session: Session<'_>,
    feed: &mut dyn Feed,
    mut settings: Evaluate<'_>,
) -> Result<Vec<ArrayD<f32>>> {
    let mut epochs = Epochs::new(feed, settings.steps);
    let mut words = vec![vec![]; session.spec.outputs.len()];
    let mut result = Ok(());
    backend.scope(&mut |backend| {
        let mut callbacks = Callbacks::new(&mut settings.callbacks);
        result =
            run::predict(backend, &mut session, &mut epochs, &mut callbacks, &mut words, settings.verbose)
                .and_then(|()| session.save_requested(backend, |_| Course::default()));
    });
    result?;
    words
        .into_iter()
        .zip(session.spec.outputs)
        .map(|(words, output)| crate::model::batched(output, words))
        .collect()
}
