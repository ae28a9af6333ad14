//! The loops: epochs of batches, each with its callbacks.

use std::path::PathBuf;
use std::time::Instant;

use super::feed::{Epochs, Taken};
use super::{Course, History, Tally, Verbose, Weights};
use crate::callback::{Callbacks, Logs, Position, Training};
use crate::compiled::Spec;
use crate::data::Tensor;
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::io::Describe;
use crate::io::checkpoint::{self, Marks, Trained};
use crate::loss::Loss;
use crate::optim::Optimizer;
use crate::view::Progress;

/// What a loop works with, without the model's type.
pub(crate) struct Session<'a> {
    pub spec: &'static Spec,
    pub seed: &'a mut u64,
    pub optimizer: &'a mut dyn Optimizer,
    pub losses: &'a [Box<dyn Loss>],
    pub tally: Tally<'a>,
    pub step: &'a mut u64,
    pub position: &'a mut Position,
    /// What a checkpoint that was loaded remembers, until a training goes on from it.
    pub course: &'a mut Option<Course>,
    /// What Keras would say of the model.
    pub describe: Describe,
    /// Checkpoints that callbacks have asked for.
    pub requests: Vec<PathBuf>,
    /// What samples count.
    pub weights: Weights<'a>,
    /// Whether a callback wants an end.
    pub stop: bool,
    /// Whether epochs end with a validation.
    pub validates: bool,
}

impl Session<'_> {
    /// One step on a batch, whose loss and metrics are there when [`Session::measure`] was called.
    pub fn train(&mut self, backend: &mut dyn Backend, batch: Taken<'_>) -> Result<()> {
        self.load_training(backend, batch)?;
        backend.train(self.losses, self.optimizer, *self.step);
        *self.step += 1;
        self.record(backend)
    }

    /// The gradient for a batch, and its loss and metrics.
    pub fn differentiate(&mut self, backend: &mut dyn Backend, batch: Taken<'_>) -> Result<()> {
        self.load_training(backend, batch)?;
        backend.gradients(self.losses, *self.step, 1.0);
        self.record(backend)?;
        self.measure(backend)
    }

    fn load_training(&mut self, backend: &mut dyn Backend, batch: Taken<'_>) -> Result<()> {
        backend.show_average(self.optimizer, false);
        backend.reserve(batch.rows.len(), Some(self.optimizer))?;
        load(backend, batch, self.weights.training)
    }

    fn record(&mut self, backend: &mut dyn Backend) -> Result<()> {
        backend.record(&mut |batch| self.tally.add(batch));
        backend.health()
    }

    /// Takes in the loss and metrics of all batches so far: before anybody looks at them.
    pub fn measure(&mut self, backend: &mut dyn Backend) -> Result<()> {
        backend.report(&mut |batch| self.tally.add(batch));
        backend.health()
    }

    /// The step of the optimizer.
    pub fn update(&mut self, backend: &mut dyn Backend) {
        *self.step += 1;
        backend.update(self.optimizer, *self.step);
    }

    /// Loss and metrics of a batch, which are there when [`Session::measure`] was called.
    pub fn evaluate(&mut self, backend: &mut dyn Backend, batch: Taken<'_>) -> Result<()> {
        backend.reserve(batch.rows.len(), None)?;
        load(backend, batch, self.weights.evaluation)?;
        backend.infer(Some(self.losses));
        self.record(backend)
    }

    /// Writes the checkpoints that callbacks have asked for, with what `course` gives.
    pub fn save_requested(
        &mut self,
        backend: &dyn Backend,
        course: impl FnOnce(&Self) -> Course,
    ) -> Result<()> {
        if self.requests.is_empty() {
            return Ok(());
        }
        let course = course(self);
        let marks = Marks { seed: *self.seed, step: *self.step, position: *self.position };
        let requests = std::mem::take(&mut self.requests);
        let trained = Trained {
            spec: self.spec,
            optimizer: self.optimizer,
            losses: self.losses,
            metrics: self.tally.metrics(),
            describe: self.describe,
        };
        requests.iter().try_for_each(|path| checkpoint::save(&trained, backend, marks, &course, path))
    }

    /// What callbacks are given.
    pub fn training<'s>(&'s mut self, backend: &'s mut dyn Backend) -> Training<'s> {
        Training {
            spec: self.spec,
            backend,
            optimizer: self.optimizer,
            seed: self.seed,
            step: self.step,
            position: self.position,
            stop: &mut self.stop,
            course: self.course,
            describe: self.describe,
            requests: &mut self.requests,
            validates: self.validates,
        }
    }
}

/// Loads a batch; `weights` are what samples count where it does not say.
fn load(backend: &mut dyn Backend, batch: Taken<'_>, weights: &[Tensor<'_>]) -> Result<()> {
    let Taken { x, y, sample_weight, rows } = batch;
    backend.load_inputs(x, rows)?;
    backend.load_targets(y, rows);
    backend.load_sample_weights(sample_weight.unwrap_or(weights), rows);
    Ok(())
}

/// Which epochs there are, and what comes with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub epochs: usize,
    pub initial: Position,
    pub validation_freq: usize,
    pub verbose: Verbose,
}

/// All epochs.
pub(crate) fn fit(
    backend: &mut dyn Backend,
    session: &mut Session<'_>,
    epochs: &mut Epochs<'_>,
    mut validation: Option<&mut Epochs<'_>>,
    schedule: Schedule,
    callbacks: &mut Callbacks<'_, '_>,
    history: &mut History,
) -> Result<()> {
    let mut progress = Progress::new(schedule.verbose, epochs.steps(), schedule.epochs);
    let names = session.tally.names();
    let (mut logs, mut batch_logs) = (Logs::new(names.clone()), Logs::new(names.clone()));
    let mut tested = Logs::new(names);
    // What was loaded goes on only from where it was.
    if std::mem::replace(session.position, schedule.initial) != schedule.initial {
        *session.course = None;
    }
    callbacks.each(|callback| callback.on_train_begin(&mut session.training(backend)))?;
    // A callback may have put the training where an earlier one was.
    let mut course = session.course.take().unwrap_or_default();
    course.resume(callbacks, history)?;
    history.last_logs(&mut logs);
    save_requested(backend, session, callbacks, history)?;
    let mut resumed = *session.position != Position::default();
    let last = if session.stop && session.position.batch == 0 { 0 } else { schedule.epochs };
    for epoch in session.position.epoch..last {
        let start = Instant::now();
        match std::mem::take(&mut resumed) {
            true => epochs.seek(epoch, session.position.batch, *session.seed)?,
            false => epochs.begin(epoch, *session.seed)?,
        }
        session.tally.reset();
        std::mem::take(&mut course).resume_epoch(&mut session.tally);
        progress.begin(epoch);
        callbacks.each(|callback| callback.on_epoch_begin(epoch, &mut session.training(backend)))?;
        save_requested(backend, session, callbacks, history)?;
        if !train_epoch(backend, session, epochs, callbacks, &mut batch_logs, &mut progress, history)? {
            if history.is_empty() {
                return Err(Error::Empty { what: format!("epoch {} of the data set", epoch + 1) });
            }
            break;
        }
        logs.renew(&session.tally.values());
        let due = (epoch + 1).is_multiple_of(schedule.validation_freq);
        if let Some(validation) = validation.as_deref_mut().filter(|_| due) {
            evaluate(backend, session, validation, callbacks, &mut tested, Verbose::Silent)?;
            tested.iter().for_each(|(name, value)| logs.insert(&format!("val_{name}"), value));
        }
        *session.position = Position { epoch: epoch + 1, batch: 0 };
        callbacks.each(|callback| callback.on_epoch_end(epoch, &mut logs, &mut session.training(backend)))?;
        history.push(epoch, start.elapsed().as_secs_f64(), &logs);
        save_requested(backend, session, callbacks, history)?;
        progress.end(history);
        if session.stop {
            break;
        }
    }
    backend.take_average(session.optimizer);
    callbacks.each(|callback| callback.on_train_end(&logs, &mut session.training(backend)))?;
    save_requested(backend, session, callbacks, history)
}

/// Writes the checkpoints that callbacks have asked for.
fn save_requested(
    backend: &dyn Backend,
    session: &mut Session<'_>,
    callbacks: &Callbacks<'_, '_>,
    history: &History,
) -> Result<()> {
    session.save_requested(backend, |session| Course {
        callbacks: callbacks.states(),
        history: Some(history.clone()),
        sums: if session.position.batch > 0 { session.tally.state() } else { vec![] },
        stop: session.stop,
    })
}

/// The batches of an epoch that are left; whether there was any, or it had had all of them before.
fn train_epoch(
    backend: &mut dyn Backend,
    session: &mut Session<'_>,
    epochs: &mut Epochs<'_>,
    callbacks: &mut Callbacks<'_, '_>,
    logs: &mut Logs,
    progress: &mut Progress,
    history: &History,
) -> Result<bool> {
    let epoch = session.position.epoch;
    while !session.stop {
        let (batch, seed) = (session.position.batch, *session.seed);
        let more = epochs.next(seed, &mut |taken| {
            callbacks.each_batch(|callback| {
                callback.on_train_batch_begin(batch, &mut session.training(backend))
            })?;
            session.train(backend, taken)
        })?;
        if !more {
            break;
        }
        *session.position = Position { epoch, batch: batch + 1 };
        if callbacks.batches || progress.is_due() {
            session.measure(backend)?;
        }
        if callbacks.batches {
            logs.renew(&session.tally.values());
            callbacks.each_batch(|callback| {
                callback.on_train_batch_end(batch, logs, &mut session.training(backend))
            })?;
            save_requested(backend, session, callbacks, history)?;
        }
        progress.batch(batch + 1, Some(&session.tally));
    }
    session.measure(backend)?;
    Ok(session.position.batch > 0)
}

/// Loss and metrics of all batches of a source.
pub(crate) fn evaluate(
    backend: &mut dyn Backend,
    session: &mut Session<'_>,
    batches: &mut Epochs<'_>,
    callbacks: &mut Callbacks<'_, '_>,
    logs: &mut Logs,
    verbose: Verbose,
) -> Result<()> {
    let mut progress = Progress::new(verbose, batches.steps(), 1);
    session.tally.reset();
    batches.seek(0, 0, *session.seed)?;
    callbacks.each(|callback| callback.on_test_begin(&mut session.training(backend)))?;
    for batch in 0.. {
        let more = batches.next(*session.seed, &mut |taken| {
            callbacks
                .each_batch(|callback| callback.on_test_batch_begin(batch, &mut session.training(backend)))?;
            session.evaluate(backend, taken)
        })?;
        if !more && batch == 0 {
            return Err(Error::Empty { what: "the data to evaluate".into() });
        }
        if !more {
            break;
        }
        if callbacks.batches || progress.is_due() {
            session.measure(backend)?;
        }
        if callbacks.batches {
            logs.renew(&session.tally.values());
            callbacks.each_batch(|callback| {
                callback.on_test_batch_end(batch, logs, &mut session.training(backend))
            })?;
        }
        progress.batch(batch + 1, Some(&session.tally));
    }
    session.measure(backend)?;
    progress.end_pass(Some(&session.tally));
    logs.renew(&session.tally.values());
    callbacks.each(|callback| callback.on_test_end(logs, &mut session.training(backend)))
}

/// Predictions for all batches of a source, appended to `outputs`.
pub(crate) fn predict(
    backend: &mut dyn Backend,
    session: &mut Session<'_>,
    batches: &mut Epochs<'_>,
    callbacks: &mut Callbacks<'_, '_>,
    outputs: &mut [Vec<f32>],
    verbose: Verbose,
) -> Result<()> {
    let mut progress = Progress::new(verbose, batches.steps(), 1);
    batches.seek(0, 0, *session.seed)?;
    callbacks.each(|callback| callback.on_predict_begin(&mut session.training(backend)))?;
    for batch in 0.. {
        let more = batches.next(*session.seed, &mut |taken| {
            callbacks.each_batch(|callback| {
                callback.on_predict_batch_begin(batch, &mut session.training(backend))
            })?;
            backend.reserve(taken.rows.len(), None)?;
            backend.load_inputs(taken.x, taken.rows)?;
            backend.infer(None);
            Ok(())
        })?;
        if !more {
            break;
        }
        let before: Vec<usize> = outputs.iter().map(Vec::len).collect();
        for (i, output) in outputs.iter_mut().enumerate() {
            output.extend_from_slice(backend.output(i));
        }
        backend.health()?;
        let rows: Vec<&[f32]> = outputs.iter().zip(before).map(|(output, from)| &output[from..]).collect();
        callbacks.each_batch(|callback| {
            callback.on_predict_batch_end(batch, &rows, &mut session.training(backend))
        })?;
        progress.batch(batch + 1, None);
    }
    progress.end_pass(None);
    callbacks.each(|callback| callback.on_predict_end(&mut session.training(backend)))
}
