//! Samples that are read one at a time, in any order: what a [`Dataset`](super::Dataset) is made of.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, IxDyn};

use super::tensor::VisitValues;
use super::{Arrays, Batch, Element, IntoTensor, Tensor};
use crate::error::{Error, Result};

/// One sample: an array for each input of a model, and one for each output, without a dimension for the batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// The inputs.
    pub x: Vec<ArrayD<f32>>,
    /// The targets.
    pub y: Vec<ArrayD<f32>>,
    /// What it, or each of its steps, counts: one array for all outputs, or one for each; empty where it counts 1.
    pub sample_weight: Vec<ArrayD<f32>>,
}

/// Samples by number. They are read on several threads at once.
pub trait Samples: fmt::Debug + Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads sample `index`, which is less than [`Samples::len`].
    ///
    /// # Errors
    /// When it cannot be read.
    fn sample(&self, index: usize) -> Result<Sample>;
}

/// Arrays in memory as samples.
#[derive(Debug)]
pub struct InMemorySamples {
    x: Vec<Tensor<'static>>,
    y: Vec<Tensor<'static>>,
    sample_weight: Vec<Tensor<'static>>,
    rows: usize,
}

impl InMemorySamples {
    /// Arrays whose first dimension counts the samples.
    ///
    /// # Errors
    /// When they have different numbers of samples, or none.
    pub fn new(x: impl Arrays<'static>, y: impl Arrays<'static>) -> Result<Self> {
        Self::of(x.tensors().as_ref().to_vec(), y.tensors().as_ref().to_vec(), vec![])
    }

    /// The same, and what each sample, or each step of each, counts: one array for all outputs, or a tuple with one for each.
    ///
    /// # Errors
    /// When they have different numbers of samples, or none.
    pub fn weighted(
        x: impl Arrays<'static>,
        y: impl Arrays<'static>,
        sample_weight: impl Arrays<'static>,
    ) -> Result<Self> {
        let sample_weight = sample_weight.tensors().as_ref().to_vec();
        Self::of(x.tensors().as_ref().to_vec(), y.tensors().as_ref().to_vec(), sample_weight)
    }

    fn of(
        x: Vec<Tensor<'static>>,
        y: Vec<Tensor<'static>>,
        sample_weight: Vec<Tensor<'static>>,
    ) -> Result<Self> {
        let rows = x.first().map_or(0, |x| x.shape().rows());
        if rows == 0 {
            return Err(Error::Empty { what: "the data set".into() });
        }
        let names = x.iter().map(|x| ("input", x)).chain(y.iter().map(|y| ("target", y)));
        let names = names.chain(sample_weight.iter().map(|w| ("sample weight", w)));
        for (what, array) in names {
            if array.shape().rows() != rows {
                return Err(Error::Rows {
                    what: format!("an array of {what}s"),
                    found: array.shape().rows(),
                    other: "the first array of inputs".into(),
                    expected: rows,
                });
            }
        }
        Ok(InMemorySamples { x, y, sample_weight, rows })
    }
}

/// The elements of one row.
struct Row(Range<usize>);

impl VisitValues for Row {
    type Output = Vec<f32>;

    fn values<T: Element>(self, values: &[T]) -> Vec<f32> {
        values[self.0].iter().map(|x| x.to_f32()).collect()
    }
}

fn row(tensor: &Tensor<'_>, index: usize) -> Result<ArrayD<f32>> {
    let width = tensor.shape().width();
    array(tensor.shape().sample(), tensor.values().visit(Row(index * width..(index + 1) * width)))
}

/// Row-major words in a shape.
pub(super) fn array(dims: &[usize], words: Vec<f32>) -> Result<ArrayD<f32>> {
    let len = words.len();
    ArrayD::from_shape_vec(IxDyn(dims), words).map_err(|_| Error::Shape {
        what: "a sample".into(),
        expected: format!("{dims:?}"),
        found: format!("{len} elements"),
        help: String::new(),
    })
}

impl Samples for InMemorySamples {
    fn len(&self) -> usize {
        self.rows
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        let rows = |tensors: &[Tensor<'_>]| {
            tensors.iter().map(|tensor| row(tensor, index)).collect::<Result<Vec<_>>>()
        };
        Ok(Sample { x: rows(&self.x)?, y: rows(&self.y)?, sample_weight: rows(&self.sample_weight)? })
    }
}

/// Samples as a batch: each array gets a first dimension that counts them.
pub(super) fn stacked(samples: &[Sample]) -> Result<Batch> {
    let count = |of: fn(&Sample) -> &[ArrayD<f32>]| samples.first().map_or(0, |sample| of(sample).len());
    let all = |of: fn(&Sample) -> &[ArrayD<f32>]| -> Result<Vec<Tensor<'static>>> {
        (0..count(of)).map(|i| stack(samples.iter().map(|sample| of(sample).get(i)))).collect()
    };
    let (x, y) = (all(|sample| &sample.x)?, all(|sample| &sample.y)?);
    Ok(Batch { x, y, sample_weight: all(|sample| &sample.sample_weight)? })
}

fn stack<'a>(arrays: impl ExactSizeIterator<Item = Option<&'a ArrayD<f32>>>) -> Result<Tensor<'static>> {
    let rows = arrays.len();
    let (mut words, mut shape) = (vec![], None::<Vec<usize>>);
    for array in arrays {
        let found = array.map(|array| array.shape());
        let expected = shape.get_or_insert_with(|| found.unwrap_or_default().to_vec());
        let Some(array) = array.filter(|array| array.shape() == &expected[..]) else {
            return Err(Error::Shape {
                what: "a sample of the data set".into(),
                expected: format!("{expected:?}, as the first sample of its batch"),
                found: found.map_or("no array".into(), |shape| format!("{shape:?}")),
                help: "a `map` can give all samples one shape".into(),
            });
        };
        words.extend(array.iter().copied());
    }
    let mut dims = vec![rows];
    dims.extend(shape.unwrap_or_default());
    Ok(array(&dims, words)?.into_tensor())
}
