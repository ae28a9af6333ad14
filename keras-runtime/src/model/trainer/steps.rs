//! One batch after another, for training loops of one's own.

use super::Trainer;
use crate::data::{Arrays, Selection, Tensor};
use crate::error::Result;
use crate::model::{Gradients, Model};
use crate::train::feed::Taken;
use crate::train::{Score, Weights};

impl<M: Model> Trainer<M> {
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
}
