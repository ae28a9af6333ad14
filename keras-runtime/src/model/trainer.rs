//! A compiled model: a model with an optimizer, losses and metrics.

use std::ops::{Deref, DerefMut};

use super::Model;
use crate::compiled::Spec;
use crate::data::{Arrays, Selection, Tensor, expect_finite};
use crate::device::Backend;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optim::Optimizer;
use crate::train::{Fit, History, Score, Sums, Tally};

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

/// What a training loop works with, without the model's type.
pub(crate) struct Session<'a> {
    pub spec: &'static Spec,
    pub seed: u64,
    pub optimizer: &'a dyn Optimizer,
    pub losses: &'a [Box<dyn Loss>],
    pub tally: Tally<'a>,
    pub step: &'a mut u64,
}

impl Session<'_> {
    /// One step on the selected samples, and their loss and metrics.
    pub fn train(
        &mut self,
        backend: &mut dyn Backend,
        x: &[Tensor<'_>],
        y: &[Tensor<'_>],
        rows: Selection<'_>,
    ) {
        backend.load_inputs(x, rows);
        backend.load_targets(y, rows);
        backend.gradients(self.losses, *self.step);
        *self.step += 1;
        backend.update(self.optimizer, *self.step);
        self.tally.add(backend, self.spec, rows.len());
    }

    /// Loss and metrics of the selected samples.
    pub fn evaluate(
        &mut self,
        backend: &mut dyn Backend,
        x: &[Tensor<'_>],
        y: &[Tensor<'_>],
        rows: Selection<'_>,
    ) {
        backend.load_inputs(x, rows);
        backend.load_targets(y, rows);
        backend.infer(Some(self.losses));
        self.tally.add(backend, self.spec, rows.len());
    }
}

impl<M: Model> Trainer<M> {
    pub(crate) fn new(
        model: M,
        optimizer: Box<dyn Optimizer>,
        losses: Vec<Box<dyn Loss>>,
        metrics: Vec<Vec<Box<dyn Metric>>>,
    ) -> Self {
        Trainer { model, optimizer, losses, metrics, sums: Sums::default(), step: 0 }
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

    /// Trains on `x` and `y`, whose first dimension counts the samples.
    ///
    /// # Errors
    /// When data and settings do not fit the model: nothing was trained then.
    pub fn fit<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>, settings: Fit<'_>) -> Result<History> {
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        let samples = self.check(x, y)?;
        let validation =
            settings.validation_data.as_ref().map(|(x, y)| self.check(x, y).map(|_| (&x[..], &y[..])));
        let validation = validation.transpose()?;
        let plan = settings.plan(samples)?;
        let (network, mut session) = self.session();
        let mut history = History::new(session.tally.names());
        network.backend().reserve(settings.batch_size.min(plan.training), true);
        network.backend().scope(&mut |backend| {
            crate::train::epochs(backend, &mut session, (x, y), validation, &settings, &plan, &mut history);
        });
        Ok(history)
    }

    /// Loss and metrics on `x` and `y`, batch by batch (their size does not change the result).
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn evaluate<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Score> {
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        let samples = self.check(x, y)?;
        let (network, mut session) = self.session();
        network
            .backend()
            .scope(&mut |backend| crate::train::evaluate(backend, &mut session, x, y, 0..samples));
        Ok(session.tally.score())
    }

    /// One training step on one batch, and its loss and metrics.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn train_on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Score> {
        self.on_batch(x, y, true)
    }

    /// Loss and metrics of one batch.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn test_on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<Score> {
        self.on_batch(x, y, false)
    }

    fn on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>, train: bool) -> Result<Score> {
        self.run_batch(x, y, train)?;
        let (_, session) = self.session_as_it_is();
        Ok(session.tally.score())
    }

    /// One training step on one batch, without a word about it: nothing is allocated once a batch of this size was seen.
    ///
    /// # Errors
    /// When the data do not fit the model.
    pub fn step_on_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>) -> Result<f64> {
        self.run_batch(x, y, true)?;
        let (_, session) = self.session_as_it_is();
        Ok(session.tally.loss())
    }

    fn run_batch<'a>(&mut self, x: impl Arrays<'a>, y: impl Arrays<'a>, train: bool) -> Result<()> {
        let (x, y) = (x.tensors(), y.tensors());
        let (x, y) = (x.as_ref(), y.as_ref());
        let len = self.check(x, y)?;
        let (network, mut session) = self.session();
        let rows = Selection::Range { start: 0, len };
        network.backend().scope(&mut |backend| match train {
            true => session.train(backend, x, y, rows),
            false => session.evaluate(backend, x, y, rows),
        });
        Ok(())
    }

    fn session(&mut self) -> (&mut super::Network, Session<'_>) {
        let (network, mut session) = self.session_as_it_is();
        session.tally.reset();
        (network, session)
    }

    fn session_as_it_is(&mut self) -> (&mut super::Network, Session<'_>) {
        let network = self.model.network_mut();
        let session = Session {
            spec: M::SPEC,
            seed: network.seed(),
            optimizer: &*self.optimizer,
            losses: &self.losses,
            tally: Tally::new(M::SPEC, &mut self.metrics, &mut self.sums),
            step: &mut self.step,
        };
        (network, session)
    }

    /// Holds data to what model and losses ask for, and gives the number of samples.
    fn check(&self, x: &[Tensor<'_>], y: &[Tensor<'_>]) -> Result<usize> {
        let spec = M::SPEC;
        let samples = self.model.network().check_inputs(x)?;
        if samples == 0 {
            return Err(Error::Empty { what: format!("input `{}`", spec.inputs[0].name) });
        }
        let names = || spec.outputs.iter().map(|output| output.name).collect::<Vec<_>>().join(", ");
        for (what, found) in
            [("targets", y.len()), ("losses", self.losses.len()), ("lists of metrics", self.metrics.len())]
        {
            if found != spec.outputs.len() {
                return Err(Error::Count {
                    what: format!("{what} of `{}`", spec.name),
                    expected: spec.outputs.len(),
                    found,
                    help: format!("give a tuple with one for each output: {}", names()),
                });
            }
        }
        for (((tensor, output), loss), metrics) in
            y.iter().zip(spec.outputs).zip(&self.losses).zip(&self.metrics)
        {
            if tensor.shape().rows() != samples {
                return Err(Error::Rows {
                    what: format!("the targets of output `{}`", output.name),
                    found: tensor.shape().rows(),
                    other: format!("input `{}`", spec.inputs[0].name),
                    expected: samples,
                });
            }
            loss.check(output, tensor)?;
            for metric in metrics {
                metric.check(output, tensor)?;
            }
            expect_finite(tensor, || format!("the targets of output `{}`", output.name))?;
        }
        for (tensor, input) in x.iter().zip(spec.inputs) {
            expect_finite(tensor, || format!("input `{}`", input.name))?;
        }
        Ok(samples)
    }
}
