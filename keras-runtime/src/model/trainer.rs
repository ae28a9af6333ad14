//! A compiled model: a model with an optimizer, losses and metrics.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use ndarray::ArrayD;

use super::network::{Measures, check_batch};
use super::{Gradients, Model};
use crate::callback::{Callbacks, Logs, Position};
use crate::data::{Arrays, Batches, IntoTensor, Selection, Tensor};
use crate::device::Backend;
use crate::error::Result;
use crate::io::checkpoint::{self, Marks, Trained};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optim::Optimizer;
use crate::train::feed::{Epochs, Feed, FromBatches, InMemory, Taken};
use crate::train::run::{self, Session};
use crate::train::{
    Course, Evaluate, Fit, History, Score, Sums, Tally, Weights, class_weights, setting, spread,
};

/// A model that is ready for training, as `compile` leaves it. It is its model, and more.
#[derive(Debug)]
pub struct Trainer<M> {
    model: M,
    optimizer: Box<dyn Optimizer>,
    losses: Vec<Box<dyn Loss>>,
    /// For each output, its metrics.
    metrics: Vec<Vec<Box<dyn Metric>>>,
    /// Losses of the last batches.
    sums: Sums,
    /// Training steps so far.
    step: u64,
    /// How far the last training came.
    position: Position,
    /// What a checkpoint that was loaded remembers of its training.
    course: Option<Course>,
}

impl<M> Deref for Trainer<M> {
    type Target = M;
    fn deref(&self) -> &M {
        &self.model
    }
}

impl<M> DerefMut for Trainer<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.model
    }
}

impl<M: Model> Trainer<M> {
    pub(crate) fn new(
        model: M,
        optimizer: Box<dyn Optimizer>,
        losses: Vec<Box<dyn Loss>>,
        metrics: Vec<Vec<Box<dyn Metric>>>,
    ) -> Self {
        Trainer {
            model,
            optimizer,
            losses,
            metrics,
            sums: Sums::default(),
            step: 0,
            position: Position::default(),
            course: None,
        }
    }

    /// The model alone.
    pub fn into_model(self) -> M {
        self.model
    }

    /// Its optimizer.
    pub fn optimizer(&self) -> &dyn Optimizer {
        &*self.optimizer
    }

    /// Its optimizer, to change the learning rate between epochs.
    pub fn optimizer_mut(&mut self) -> &mut dyn Optimizer {
        &mut *self.optimizer
    }

    /// Training steps so far.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// What the loss of the next step is multiplied with: 1, unless the optimizer has a
    /// [`loss_scale`](crate::optim::Optimizer::loss_scale).
    pub fn loss_scale(&self) -> f32 {
        self.model.network().backend().loss_scale().factor(self.optimizer.options().loss_scale)
    }

    /// Trains on `x` and `y`, whose first dimension counts the samples.
    ///
    /// # Errors
    /// When data and settings do not fit the model: nothing was trained then. When a callback fails.
    pub fn fit<'a>(
        &mut self,
        x: impl Arrays<'a>,
        y: impl Arrays<'a>,
        mut settings: Fit<'_>,
    ) -> Result<History> {
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        settings.check()?;
        self.optimizer.check()?;
        let samples = self.check(x, y)?;
        let training = settings.training_samples(samples)?;
        if let Some((x, y)) = &settings.validation_data {
            self.check(x, y)?;
        }
        let mut feed = InMemory::new((x, y), 0..training, settings.batch_size, settings.shuffle);
        let metrics = self.copied_metrics();
        let given = self.spread(settings.sample_weight.as_deref().unwrap_or_default(), samples)?;
        let by_class = match &settings.class_weight[..] {
            [] => vec![],
            _ if !given.is_empty() => {
                return Err(setting("class_weight", "no `sample_weight` beside it", "both"));
            }
            classes => class_weights(classes, M::SPEC.outputs, y)?,
        };
        let by_class: Vec<Tensor<'_>> = by_class.iter().map(IntoTensor::into_tensor).collect();
        let validation = self.validation_weights(&settings)?;
        let data = settings.validation_data.take();
        let arrays = match &data {
            None if training < samples => {
                Some(InMemory::new((x, y), training..samples, settings.validation_batch_size, false))
            }
            data => to_validate_with(data, &settings),
        };
        let (backend, mut session) = self.session();
        session.weights.training = if by_class.is_empty() { &given } else { &by_class };
        // Those of classes are for training alone, as in Keras.
        if training < samples {
            session.weights.evaluation = &given;
        } else {
            session.weights.evaluation = &validation;
        }
        let measures = Measures { losses: session.losses, metrics: &metrics };
        backend.reserve(feed.largest(), Some(session.optimizer))?;
        run_epochs(backend, session, measures, (&mut feed, &[x, y]), arrays, settings)
    }

    /// Trains on batches: of a [`Dataset`](crate::data::Dataset), which reads ahead, or of an iterator
    /// ([`generator`](crate::data::generator), [`stream`](crate::data::stream)).
    ///
    /// # Errors
    /// When settings or a batch do not fit the model, or a batch cannot be read. When a callback fails.
    pub fn fit_dataset(&mut self, mut dataset: impl Batches, mut settings: Fit<'_>) -> Result<History> {
        settings.check()?;
        self.optimizer.check()?;
        if settings.validation_split != 0.0 {
            let expected = "0 for a data set: give a `validation_dataset`";
            return Err(setting("validation_split", expected, settings.validation_split));
        }
        if settings.sample_weight.is_some() {
            let expected = "none for a data set: its batches bring theirs, as `Batch::with_sample_weight`";
            return Err(setting("sample_weight", expected, "given"));
        }
        if let Some((x, y)) = &settings.validation_data {
            self.check(x, y)?;
        }
        let metrics = self.copied_metrics();
        let (validation, classes) = (self.validation_weights(&settings)?, settings.class_weight.clone());
        let data = settings.validation_data.take();
        let arrays = to_validate_with(&data, &settings);
        let (backend, mut session) = self.session();
        session.weights.evaluation = &validation;
        let measures = Measures { losses: session.losses, metrics: &metrics };
        let (spec, class_weight) = (M::SPEC, &classes[..]);
        let mut feed = FromBatches { source: &mut dataset, spec, measures: Some(measures), class_weight };
        run_epochs(backend, session, measures, (&mut feed, &[]), arrays, settings)
    }

    /// Loss and metrics on `x` and `y`, batch by batch (their size does not change the result).
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn evaluate<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Score> {
        self.evaluate_with(x, y, Evaluate::default())
    }

    /// As [`Trainer::evaluate`], with settings.
    ///
    /// # Errors
    /// When data or settings do not fit the model. When a callback fails.
    pub fn evaluate_with<'a>(
        &mut self,
        x: impl Arrays<'a>,
        y: impl Arrays<'a>,
        settings: Evaluate<'_>,
    ) -> Result<Score> {
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        settings.check()?;
        let samples = self.check(x, y)?;
        let weights = self.spread(settings.sample_weight.as_deref().unwrap_or_default(), samples)?;
        let (backend, mut session) = self.session();
        session.weights.evaluation = &weights;
        let mut feed = InMemory::new((x, y), 0..samples, settings.batch_size, false);
        backend.reserve(feed.largest(), None)?;
        holding(backend, &[x, y, &weights], |backend| run_evaluation(backend, session, &mut feed, settings))
    }

    /// Loss and metrics on batches.
    ///
    /// # Errors
    /// When settings or a batch do not fit the model, or a batch cannot be read. When a callback fails.
    pub fn evaluate_dataset(&mut self, mut dataset: impl Batches, settings: Evaluate<'_>) -> Result<Score> {
        settings.check()?;
        let metrics = self.copied_metrics();
        let (backend, session) = self.session();
        let measures = Some(Measures { losses: session.losses, metrics: &metrics });
        let mut feed = FromBatches { source: &mut dataset, spec: M::SPEC, measures, class_weight: &[] };
        run_evaluation(backend, session, &mut feed, settings)
    }

    /// Predictions of every output, as [`Model::predict_outputs`], with settings.
    ///
    /// # Errors
    /// When inputs or settings do not fit the model. When a callback fails.
    pub fn predict_with<'a>(
        &mut self,
        x: impl Arrays<'a>,
        settings: Evaluate<'_>,
    ) -> Result<Vec<ArrayD<f32>>> {
        let x = x.tensors();
        settings.check()?;
        let samples = self.model.network().check_inputs(x.as_ref())?;
        let (backend, session) = self.session();
        let mut feed = InMemory::new((x.as_ref(), &[]), 0..samples, settings.batch_size, false);
        backend.reserve(feed.largest(), None)?;
        holding(backend, &[x.as_ref()], |backend| run_prediction(backend, session, &mut feed, settings))
    }

    /// Predictions of every output for batches; targets, if there are any, are not looked at.
    ///
    /// # Errors
    /// When settings or a batch do not fit the model, or a batch cannot be read. When a callback fails.
    pub fn predict_dataset(
        &mut self,
        mut dataset: impl Batches,
        settings: Evaluate<'_>,
    ) -> Result<Vec<ArrayD<f32>>> {
        settings.check()?;
        let (backend, session) = self.session();
        let mut feed = FromBatches { source: &mut dataset, spec: M::SPEC, measures: None, class_weight: &[] };
        run_prediction(backend, session, &mut feed, settings)
    }

    /// Predictions of the (first) output for one batch.
    ///
    /// # Errors
    /// When the inputs are not of the model's shapes.
    pub fn predict_on_batch<'a>(&mut self, x: impl Arrays<'a>) -> Result<ArrayD<f32>> {
        let x = x.tensors();
        let batch_size = x.as_ref().first().map_or(1, |x| x.shape().rows().max(1));
        let settings = Evaluate { batch_size, ..Evaluate::default() };
        Ok(self.predict_with(x.as_ref().to_vec(), settings)?.swap_remove(0))
    }

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
    /// with optimizer and losses, without metrics; `.weights.h5` is for `load_weights` of a compiled model. Such files know
    /// no epoch, no seed, and nothing of callbacks. After a `fit` with a moving average they hold the average, as Keras's do.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was. When a file of Keras cannot tell model,
    /// optimizer or losses, for Keras has none like them.
    pub fn save_checkpoint(&self, path: impl AsRef<Path>) -> Result<()> {
        let network = self.model.network();
        let marks = Marks { seed: network.seed(), step: self.step, position: self.position };
        let course = self.course.clone().unwrap_or_default();
        let trained = Trained {
            spec: M::SPEC,
            optimizer: &*self.optimizer,
            losses: &self.losses,
            describe: crate::io::describe::<M>(),
        };
        checkpoint::save(&trained, network.backend(), marks, &course, path.as_ref())
    }

    /// Puts the training where it was when [`Trainer::save_checkpoint`] or a
    /// [`ModelCheckpoint`](crate::callback::ModelCheckpoint) wrote the file, and gives the epoch and batch to go on with:
    /// [`Fit::initial_epoch`] and [`Fit::initial_batch`]. A `fit` that begins there goes on with what the callbacks had seen
    /// ([`Callback::state`](crate::callback::Callback::state)), with the history, and with the means of an epoch that was cut;
    /// one that begins elsewhere begins anew.
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

    /// The gradient of the mean loss of one batch, for a training loop of one's own; see [`Gradients`].
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = dense(8, tanh, input = 3) >> dense(1) }
    ///
    /// let x = ndarray::Array2::from_shape_fn((32, 3), |(i, j)| ((i * 3 + j) % 7) as f32 / 7.0);
    /// let y: Vec<f32> = x.rows().into_iter().map(|row| row.sum()).collect();
    /// let mut model = Net::new(1).compile(Sgd { learning_rate: 0.1, ..Sgd::default() }, MeanSquaredError, ());
    /// let before = model.gradients(&x, &y)?.loss();
    /// for _ in 0..50 {
    ///     let mut gradients = model.gradients(&x, &y)?;
    ///     let norm = gradients.global_norm();
    ///     if norm > 1.0 {
    ///         gradients.scale(1.0 / norm as f32);
    ///     }
    ///     model.apply(&gradients)?;
    /// }
    /// assert!(model.gradients(&x, &y)?.loss() < before / 10.0);
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// It leaves what a training step leaves in weights that are not trained, such as moving averages, and draws the random
    /// numbers of the step that [`Trainer::apply`] will end: called twice before it, it drops the same units.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn gradients<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Gradients> {
        let mut gradients = Gradients::new(M::SPEC);
        self.gradients_into(x, y, &mut gradients)?;
        Ok(gradients)
    }

    /// As [`Trainer::gradients`], into memory that is there: nothing is allocated once a batch of this size was seen.
    ///
    /// # Errors
    /// When the data do not fit the model, or `gradients` are those of another one.
    pub fn gradients_into<'a>(
        &mut self,
        x: impl Arrays<'a>,
        y: impl Arrays<'a>,
        gradients: &mut Gradients,
    ) -> Result<()> {
        gradients.expect_of(M::SPEC)?;
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        let len = self.check(x, y)?;
        let (backend, mut session) = self.session();
        let mut result = Ok(());
        backend.scope(&mut |backend| {
            let rows = Selection::Range { start: 0, len };
            result = session.differentiate(backend, Taken { x, y, sample_weight: None, rows });
            if result.is_err() {
                return;
            }
            gradients.take(backend.grads(), session.tally.loss());
        });
        result
    }

    /// One step of the optimizer with these gradients.
    ///
    /// # Errors
    /// When `gradients` are those of another model.
    pub fn apply(&mut self, gradients: &Gradients) -> Result<()> {
        gradients.expect_of(M::SPEC)?;
        self.optimizer.check()?;
        let (backend, mut session) = self.session_as_it_is();
        backend.scope(&mut |backend| {
            let words = backend.grads_mut();
            words.copy_from_slice(gradients.flat());
            session.update(backend);
        });
        Ok(())
    }

    /// One training step on one batch, and its loss and metrics.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn train_on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Score> {
        self.on_batch(x, y, true)
    }

    /// [`Trainer::train_on_batch`] with what each sample, or each step of each, counts: one array for all outputs, or one for
    /// each.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn train_on_batch_weighted<'a>(
        &mut self,
        x: impl Arrays<'a>,
        y: impl Arrays<'a>,
        sample_weight: impl Arrays<'a>,
    ) -> Result<Score> {
        self.run_batch(x, y, sample_weight.tensors().as_ref(), true)?;
        let (_, session) = self.session_as_it_is();
        Ok(session.tally.score())
    }

    /// [`Trainer::test_on_batch`] with what each sample, or each step of each, counts: one array for all outputs, or one for
    /// each.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn test_on_batch_weighted<'a>(
        &mut self,
        x: impl Arrays<'a>,
        y: impl Arrays<'a>,
        sample_weight: impl Arrays<'a>,
    ) -> Result<Score> {
        self.run_batch(x, y, sample_weight.tensors().as_ref(), false)?;
        let (_, session) = self.session_as_it_is();
        Ok(session.tally.score())
    }

    /// Loss and metrics of one batch. Each call begins anew: there are no metrics to reset between batches.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn test_on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Score> {
        self.on_batch(x, y, false)
    }

    fn on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>, train: bool) -> Result<Score> {
        self.run_batch(x, y, &[], train)?;
        let (_, session) = self.session_as_it_is();
        Ok(session.tally.score())
    }

    /// One training step on one batch, without a word about it: nothing is allocated once a batch of this size was seen.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn step_on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<f64> {
        self.run_batch(x, y, &[], true)?;
        let (_, session) = self.session_as_it_is();
        Ok(session.tally.loss())
    }

    fn run_batch<'a>(
        &mut self,
        x: impl Arrays<'a>,
        y: impl Arrays<'a>,
        weights: &[Tensor<'_>],
        train: bool,
    ) -> Result<()> {
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        let len = self.check(x, y)?;
        if train {
            self.optimizer.check()?;
        }
        let weights = self.spread(weights, len)?;
        let (backend, mut session) = self.session();
        session.weights = Weights { training: &weights, evaluation: &weights };
        let batch = Taken { x, y, sample_weight: None, rows: Selection::Range { start: 0, len } };
        let mut result = Ok(());
        backend.scope(&mut |backend| {
            let done = match train {
                true => session.train(backend, batch),
                false => session.evaluate(backend, batch),
            };
            result = done.and_then(|()| session.measure(backend));
        });
        result
    }

    fn session(&mut self) -> (&mut dyn Backend, Session<'_>) {
        let (backend, mut session) = self.session_as_it_is();
        session.tally.reset();
        // What a training has left that came to an error.
        backend.release();
        backend.report(&mut |_| {});
        backend.watch(session.tally.watched());
        (backend, session)
    }

    fn session_as_it_is(&mut self) -> (&mut dyn Backend, Session<'_>) {
        let (backend, seed) = self.model.network_mut().parts();
        let session = Session {
            spec: M::SPEC,
            seed,
            optimizer: &mut *self.optimizer,
            losses: &self.losses,
            tally: Tally::new(M::SPEC, &self.losses, &mut self.metrics, &mut self.sums),
            step: &mut self.step,
            position: &mut self.position,
            course: &mut self.course,
            describe: crate::io::describe::<M>(),
            requests: vec![],
            weights: Weights::default(),
            stop: false,
            validates: false,
        };
        (backend, session)
    }

    fn spread<'w>(&self, given: &[Tensor<'w>], samples: usize) -> Result<Vec<Tensor<'w>>> {
        spread(M::SPEC, &self.losses, given, samples)
    }

    /// The weights of [`Fit::validation_data`].
    fn validation_weights<'w>(&self, settings: &Fit<'w>) -> Result<Vec<Tensor<'w>>> {
        let given = settings.validation_sample_weight.as_deref().unwrap_or_default();
        let data = settings.validation_data.as_ref().and_then(|(x, _)| x.first());
        self.spread(given, data.map_or(0, |x| x.shape().rows()))
    }

    fn check(&self, x: &[Tensor<'_>], y: &[Tensor<'_>]) -> Result<usize> {
        check_batch(M::SPEC, Some(Measures { losses: &self.losses, metrics: &self.metrics }), x, y)
    }

    /// Metrics to hold targets to while the trainer's own are at work.
    fn copied_metrics(&self) -> Vec<Vec<Box<dyn Metric>>> {
        self.metrics.iter().map(|list| list.iter().map(|metric| metric.boxed()).collect()).collect()
    }
}

/// Does `work` with arrays that a device may hold meanwhile.
fn holding<T>(
    backend: &mut dyn Backend,
    arrays: &[&[Tensor<'_>]],
    work: impl FnOnce(&mut dyn Backend) -> Result<T>,
) -> Result<T> {
    let done = backend.hold(arrays).and_then(|()| work(backend));
    backend.release();
    done
}

/// The arrays of [`Fit::validation_data`], batch by batch.
fn to_validate_with<'a, 'b>(
    data: &'a Option<(Vec<Tensor<'b>>, Vec<Tensor<'b>>)>,
    settings: &Fit<'_>,
) -> Option<InMemory<'a, 'b>> {
    let (x, y) = data.as_ref()?;
    let rows = x.first().map_or(0, |x| x.shape().rows());
    Some(InMemory::new((x, y), 0..rows, settings.validation_batch_size, false))
}

/// `fit`, without the model's type: of a feed, which takes its batches from arrays or from none, with arrays to validate with.
fn run_epochs(
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
fn run_evaluation(
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
fn run_prediction(
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
    words.into_iter().zip(session.spec.outputs).map(|(words, output)| super::batched(output, words)).collect()
}
