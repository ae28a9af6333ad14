//! `fit`, `evaluate` and `predict` without the model's type: compiled once for all models.

use ndarray::ArrayD;

use crate::callback::{Callbacks, Logs};
use crate::data::Tensor;
use crate::device::Backend;
use crate::error::Result;
use crate::model::network::Measures;
use crate::train::feed::{Epochs, Feed, FromBatches, InMemory};
use crate::train::run::{self, Session};
use crate::train::{Course, Evaluate, Fit, History, Score};

/// Does `work` with arrays that a device may hold meanwhile.
pub(super) fn holding<T>(
    backend: &mut dyn Backend,
    arrays: &[&[Tensor<'_>]],
    work: impl FnOnce(&mut dyn Backend) -> Result<T>,
) -> Result<T> {
    let done = backend.hold(arrays).and_then(|()| work(backend));
    backend.release();
    done
}

/// The arrays of [`Fit::validation_data`], batch by batch.
pub(super) fn to_validate_with<'a, 'b>(
    data: &'a Option<(Vec<Tensor<'b>>, Vec<Tensor<'b>>)>,
    settings: &Fit<'_>,
) -> Option<InMemory<'a, 'b>> {
    let (x, y) = data.as_ref()?;
    let rows = x.first().map_or(0, |x| x.shape().rows());
    Some(InMemory::new((x, y), 0..rows, settings.validation_batch_size, false))
}

/// `fit`, without the model's type: of a feed, which takes its batches from arrays or from none, with arrays to validate with.
pub(super) fn run_epochs(
    backend: &mut dyn Backend,
    mut session: Session<'_>,
    measures: Measures<'_>,
    (feed, taken): (&mut dyn Feed, &[&[Tensor<'_>]]),
    mut arrays: Option<InMemory<'_, '_>>,
    mut settings: Fit<'_>,
) -> Result<History> {
    let spec = session.spec;
    let mut list = std::mem::take(&mut settings.callbacks);
    let mut dataset = settings.validation_dataset.take();
    let mut batches = dataset.as_mut().map(|source| FromBatches {
        source: &mut **source,
        spec,
        measures: Some(measures),
        class_weight: &[],
    });
    let mut held = taken.to_vec();
    held.extend([session.weights.training, session.weights.evaluation]);
    if let Some(arrays) = &arrays {
        backend.reserve(arrays.largest(), None)?;
        held.extend(arrays.arrays());
    }
    let validation: Option<&mut dyn Feed> = match (&mut arrays, &mut batches) {
        (Some(arrays), _) => Some(arrays),
        (_, Some(batches)) => Some(batches),
        _ => None,
    };
    let mut validation = validation.map(|feed| Epochs::new(feed, settings.validation_steps));
    session.validates = validation.is_some();
    let mut epochs = Epochs::new(feed, settings.steps_per_epoch);
    let mut history = History::new(session.tally.names());
    let schedule = settings.schedule();
    let mut result = Ok(());
    holding(backend, &held, |backend| {
        backend.scope(&mut |backend| {
            let mut callbacks = Callbacks::new(&mut list);
            let validation = validation.as_mut();
            result = run::fit(
                backend,
                &mut session,
                &mut epochs,
                validation,
                schedule,
                &mut callbacks,
                &mut history,
            );
        });
        result.map(|()| history)
    })
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
