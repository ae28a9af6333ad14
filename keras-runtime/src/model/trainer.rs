//! A compiled model: a model with an optimizer, losses and metrics.

mod checkpoints;
mod runs;
mod steps;

use std::ops::{Deref, DerefMut};

use ndarray::ArrayD;

use super::Model;
use super::network::{Measures, check_batch};
use crate::callback::Position;
use crate::data::{Arrays, Batches, IntoTensor, Tensor};
use crate::device::Backend;
use crate::error::Result;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optim::Optimizer;
use crate::train::feed::{FromBatches, InMemory};
use crate::train::run::Session;
use crate::train::{
    Course, Evaluate, Fit, History, Score, Sums, Tally, Weights, class_weights, setting, spread,
};
use runs::{holding, run_epochs, run_evaluation, run_prediction, to_validate_with};

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

    fn session(&mut self) -> (&mut dyn Backend, Session<'_>) {
        let (backend, mut session) = self.session_as_it_is();
        session.tally.reset();
        // What a training has left that came to an error.
        backend.release();
        backend.report(&mut |_| {});
        backend.watch(session.tally.metrics());
        (backend, session)
    }

    fn session_as_it_is(&mut self) -> (&mut dyn Backend, Session<'_>) {
        let (backend, seed) = self.model.network_mut().parts();
        backend.complete(M::SPEC);
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
