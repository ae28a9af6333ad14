//! Data that come batch by batch, rather than as whole arrays.

use std::fmt;

use super::{Arrays, Tensor};
use crate::error::Result;

/// Inputs and targets of some samples, and what these count.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// One array for each input of the model.
    pub x: Vec<Tensor<'static>>,
    /// One array for each output; empty where nothing but predictions is wanted.
    pub y: Vec<Tensor<'static>>,
    /// What each sample, or each step of each, counts: one array for all outputs, or one for each; empty where all count 1.
    pub sample_weight: Vec<Tensor<'static>>,
}

impl Batch {
    /// A batch of arrays that it owns: an array, or a tuple with one for each input and output.
    ///
    /// ```
    /// use keras_runtime::data::Batch;
    /// let batch = Batch::new(ndarray::Array2::<f32>::zeros((8, 3)), vec![0u8; 8]);
    /// assert_eq!(batch.x[0].shape().dims(), [8, 3]);
    /// ```
    pub fn new(x: impl Arrays<'static>, y: impl Arrays<'static>) -> Self {
        Batch { x: x.tensors().as_ref().to_vec(), y: y.tensors().as_ref().to_vec(), sample_weight: vec![] }
    }

    /// The same with what each sample, or each step of each, counts: one array for all outputs, or a tuple with one for each.
    ///
    /// ```
    /// use keras_runtime::data::{Batch, generator};
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = dense(1, input = 2) }
    ///
    /// let mut batches = generator(|_| {
    ///     let x = || ndarray::Array2::from_elem((4, 2), 1.0f32);
    ///     (0..10).map(move |_| Batch::new(x(), vec![1.0f32; 4]).with_sample_weight(vec![1.0f32, 1.0, 0.5, 0.0]))
    /// });
    /// let mut model = Net::new(1).compile(Sgd::default(), MeanSquaredError, Weighted(MeanAbsoluteError));
    /// model.fit_dataset(&mut batches, Fit { verbose: Verbose::Silent, ..Fit::default() })?;
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn with_sample_weight(self, sample_weight: impl Arrays<'static>) -> Self {
        Batch { sample_weight: sample_weight.tensors().as_ref().to_vec(), ..self }
    }

    /// A batch to predict.
    pub fn of_inputs(x: impl Arrays<'static>) -> Self {
        Batch { x: x.tensors().as_ref().to_vec(), ..Batch::default() }
    }
}

/// A source of batches, pass after pass: what `fit_dataset` takes.
///
/// [`Dataset`](super::Dataset) is one that reads ahead on other threads; [`generator`] and [`stream`] make one of iterators.
pub trait Batches: fmt::Debug + Send {
    /// Batches of a pass, where that is known before.
    fn steps(&self) -> Option<usize> {
        None
    }

    /// Begins pass `pass`. A source that is asked for the same pass again gives the same batches, for a training to be
    /// resumed within it.
    ///
    /// # Errors
    /// When it cannot be begun.
    fn begin(&mut self, pass: usize) -> Result<()>;

    /// The next batch of the pass, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next(&mut self) -> Result<Option<Batch>>;

    /// Leaves out `batches` batches, and gives the number that there were.
    ///
    /// # Errors
    /// When they cannot be read.
    fn skip(&mut self, batches: usize) -> Result<usize> {
        for skipped in 0..batches {
            if self.next()?.is_none() {
                return Ok(skipped);
            }
        }
        Ok(batches)
    }
}

impl<B: Batches + ?Sized> Batches for &mut B {
    fn steps(&self) -> Option<usize> {
        (**self).steps()
    }
    fn begin(&mut self, pass: usize) -> Result<()> {
        (**self).begin(pass)
    }
    fn next(&mut self) -> Result<Option<Batch>> {
        (**self).next()
    }
    fn skip(&mut self, batches: usize) -> Result<usize> {
        (**self).skip(batches)
    }
}

/// What an iterator over batches may give: a [`Batch`], or a `Result` with one.
pub trait IntoBatch {
    /// The batch.
    ///
    /// # Errors
    /// When there is an error in its place.
    fn into_batch(self) -> Result<Batch>;
}

impl IntoBatch for Batch {
    fn into_batch(self) -> Result<Batch> {
        Ok(self)
    }
}

impl IntoBatch for Result<Batch> {
    fn into_batch(self) -> Result<Batch> {
        self
    }
}

/// Batches of iterators, a new one for each pass.
struct Generator<F, I> {
    make: F,
    current: Option<I>,
}

/// Batches of the iterator that `make` makes for each pass, given its number. An iterator without end goes with
/// [`Fit::steps_per_epoch`](crate::train::Fit::steps_per_epoch).
///
/// ```
/// use keras_runtime::prelude::*;
/// use keras_runtime::data::{Batch, generator};
///
/// keras_model! { Net = dense(1, input = 2) }
///
/// let mut batches = generator(|pass| {
///     (0..10).map(move |i| Batch::new(ndarray::Array2::from_elem((4, 2), (pass + i) as f32), vec![1.0f32; 4]))
/// });
/// let mut model = Net::new(1).compile(Sgd::default(), MeanSquaredError, ());
/// let settings = Fit { epochs: 3, steps_per_epoch: Some(5), verbose: Verbose::Silent, ..Fit::default() };
/// model.fit_dataset(&mut batches, settings)?;
/// assert_eq!(model.steps(), 15);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
pub fn generator<I>(make: impl FnMut(usize) -> I + Send) -> impl Batches
where
    I: Iterator<Item: IntoBatch> + Send,
{
    Generator { make, current: None }
}

impl<F, I> fmt::Debug for Generator<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generator")
    }
}

impl<F, I> Batches for Generator<F, I>
where
    F: FnMut(usize) -> I + Send,
    I: Iterator<Item: IntoBatch> + Send,
{
    fn begin(&mut self, pass: usize) -> Result<()> {
        self.current = Some((self.make)(pass));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        self.current.as_mut().and_then(Iterator::next).map(IntoBatch::into_batch).transpose()
    }
}

/// Batches of one iterator, which every pass goes on with.
struct Stream<I>(I);

/// Batches of one iterator: every epoch goes on where the last one stopped, and the training ends with it.
pub fn stream<I>(iterator: I) -> impl Batches
where
    I: Iterator<Item: IntoBatch> + Send,
{
    Stream(iterator)
}

impl<I> fmt::Debug for Stream<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl<I> Batches for Stream<I>
where
    I: Iterator<Item: IntoBatch> + Send,
{
    fn begin(&mut self, _pass: usize) -> Result<()> {
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        self.0.next().map(IntoBatch::into_batch).transpose()
    }
}
