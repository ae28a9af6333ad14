//! Gradients, for training loops of one's own.

use ndarray::ArrayD;

use super::network::{find, shaped};
use crate::compiled::Spec;
use crate::error::{Error, Result};
use crate::init;

/// The gradient of the mean loss of a batch, by weight and as one flat buffer: from
/// [`Trainer::gradients`](super::Trainer::gradients), for [`Trainer::apply`](super::Trainer::apply).
#[derive(Debug, Clone)]
pub struct Gradients {
    spec: &'static Spec,
    flat: Vec<f32>,
    loss: f64,
}

impl Gradients {
    pub(crate) fn new(spec: &'static Spec) -> Self {
        Gradients { spec, flat: vec![0.0; spec.trainable_len], loss: 0.0 }
    }

    pub(crate) fn take(&mut self, words: &[f32], loss: f64) {
        self.flat.copy_from_slice(words);
        self.loss = loss;
    }

    /// They are those of this model.
    pub(crate) fn expect_of(&self, spec: &'static Spec) -> Result<()> {
        if std::ptr::eq(self.spec, spec) {
            return Ok(());
        }
        Err(Error::Shape {
            what: "gradients".into(),
            expected: format!("those of the model `{}`", spec.name),
            found: format!("those of `{}`", self.spec.name),
            help: String::new(),
        })
    }

    /// The mean loss of the batch, with what the model adds.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// The gradient with respect to a trainable weight, for example `dense_1/kernel`, in Keras's layout.
    ///
    /// # Errors
    /// When there is no weight of this name, or it is not trainable.
    pub fn get(&self, name: &str) -> Result<ArrayD<f32>> {
        let weight = find(self.spec, name)?;
        if !weight.trainable {
            let known = self.spec.weights.iter().filter(|weight| weight.trainable).map(|weight| weight.name);
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(Error::Unknown { kind: "gradient", name: name.into(), known });
        }
        Ok(shaped(weight, init::read(weight, &self.flat)))
    }

    /// Names and values of all gradients, in the order of the weights.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, ArrayD<f32>)> {
        let trainable = self.spec.weights.iter().filter(|weight| weight.trainable);
        trainable.map(|weight| (weight.name, shaped(weight, init::read(weight, &self.flat))))
    }

    /// All words, as they lie beside the trainable parameters; what pads a matrix is 0.
    pub fn flat(&self) -> &[f32] {
        &self.flat
    }

    /// The same, to be changed.
    pub fn flat_mut(&mut self) -> &mut [f32] {
        &mut self.flat
    }

    /// Multiplies by `factor`.
    pub fn scale(&mut self, factor: f32) {
        self.flat.iter_mut().for_each(|g| *g *= factor);
    }

    /// Adds the gradients of another batch; the losses too.
    ///
    /// # Errors
    /// When they are those of another model.
    pub fn add(&mut self, other: &Gradients) -> Result<()> {
        other.expect_of(self.spec)?;
        self.flat.iter_mut().zip(&other.flat).for_each(|(a, b)| *a += b);
        self.loss += other.loss;
        Ok(())
    }

    /// The Euclidean norm of all of them together.
    pub fn global_norm(&self) -> f64 {
        self.flat.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt()
    }
}
