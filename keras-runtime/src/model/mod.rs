//! Models: what every compiled model can do.

mod adapt;
mod gradients;
pub(crate) mod network;
pub(crate) mod trainer;

pub(crate) use adapt::Quantiles;
pub use gradients::Gradients;
pub use network::Network;
pub use trainer::Trainer;

use std::path::Path;

use ndarray::{ArrayD, IxDyn};

use crate::compiled::{Description, LayerSpec, OutputSpec, Spec};
use crate::data::{Arrays, Batches, IntoTensor};
use crate::device::{self, Device};
use crate::error::{Error, Result};
use crate::loss::Losses;
use crate::metric::Metrics;
use crate::metric::argmax;
use crate::optim::Optimizer;
use crate::view::Summary;

/// The rows of an output in its shape.
fn batched(output: &OutputSpec, words: Vec<f32>) -> Result<ArrayD<f32>> {
    let width = output.shape.iter().product::<usize>().max(1);
    let shape: Vec<usize> =
        std::iter::once(words.len() / width).chain(output.shape.iter().copied()).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), words).map_err(|error| Error::Shape {
        what: format!("output `{}`", output.name),
        expected: format!("{shape:?}"),
        found: error.to_string(),
        help: String::new(),
    })
}

/// What every model of `keras_model!` can do. `use keras_runtime::prelude::*` brings it into scope.
pub trait Model: Sized {
    /// What was known at build time.
    const SPEC: &'static Spec;

    /// The same without the code of training, which a [`Trainer`] adds: a program that only predicts does not have it in it. A GPU
    /// compiles all of a model at once.
    #[doc(hidden)]
    const INFERENCE: &'static Spec =
        if cfg!(feature = "cuda") { Self::SPEC } else { &Self::SPEC.of_inference() };

    #[doc(hidden)]
    fn description() -> Description {
        Description::NONE
    }
    #[doc(hidden)]
    fn from_network(network: Network) -> Self;
    /// The weights, and the device they are on.
    fn network(&self) -> &Network;
    /// The same, to be changed.
    fn network_mut(&mut self) -> &mut Network;

    /// Initial weights drawn from `seed`, on every core of the CPU, or on the device that the environment variable
    /// `KERAS_DEVICE` names: `cpu`, and with the feature `cuda` also `cuda`, `cuda:1` or `auto`.
    ///
    /// # Panics
    /// When the environment names a device that is not there: [`Model::on`] gives an error instead.
    fn with_seed(seed: u64) -> Self {
        match device::preferred().and_then(|device| Self::on(&*device, seed)) {
            Ok(model) => model,
            // The CPU runs whatever the macro compiles; a limit of it is a limit of the macro.
            Err(error) => panic!("{error}"),
        }
    }

    /// Initial weights drawn from `seed`, on `device`.
    ///
    /// # Errors
    /// When the device cannot run the model.
    fn on(device: &dyn Device, seed: u64) -> Result<Self> {
        Ok(Self::from_network(Network::new(Self::INFERENCE, device, seed)?))
    }

    /// The same model on `device`: with its weights, and without what recurrent layers carry from batch to batch.
    ///
    /// # Errors
    /// When the device cannot run the model.
    fn to(&self, device: &dyn Device) -> Result<Self> {
        Ok(Self::from_network(self.network().to(device)?))
    }

    /// The model with the weights of a safetensors file's bytes, for example of `include_bytes!`, on every core of the CPU.
    /// It is there sooner than a new model that loads them: no initial weights are drawn.
    ///
    /// # Errors
    /// When the bytes are no such file, or hold the weights of another model.
    fn from_weights(bytes: &[u8]) -> Result<Self> {
        let network = Network::without_weights(Self::INFERENCE, &*device::preferred()?)?;
        Ok(Self::from_network(crate::io::safetensors::read_into(network, bytes, "the given bytes")?))
    }

    /// The model with the weights of a safetensors file: as [`Model::from_weights`].
    ///
    /// # Errors
    /// When the file cannot be read, is none, or holds the weights of another model.
    fn from_weights_file(path: impl AsRef<Path>) -> Result<Self> {
        let mut network = Network::without_weights(Self::INFERENCE, &*device::preferred()?)?;
        crate::io::load(&mut network, path.as_ref())?;
        Ok(Self::from_network(network))
    }

    /// Layers, shapes, parameters and memory, as a table.
    fn summary(&self) -> Summary {
        Summary::new(Self::INFERENCE)
    }

    /// What is known of a layer, by its name in the summary.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = conv2d(4, 3, input = [8, 8, 1]) >> flatten() >> dense(2) }
    /// let net = Net::new(0);
    /// assert_eq!((net.get_layer("conv2d")?.kind, net.get_layer("flatten")?.output), ("Conv2D", &[144][..]));
    /// assert!(net.get_layer("dense_1").is_err());
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is none of this name.
    fn get_layer(&self, name: &str) -> Result<&'static LayerSpec> {
        Self::INFERENCE.layers.iter().find(|layer| layer.name == name).ok_or_else(|| Error::Unknown {
            kind: "layer",
            name: name.into(),
            known: Self::INFERENCE.layers.iter().map(|layer| layer.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// Number of parameters.
    fn count_params(&self) -> usize {
        Self::INFERENCE.weights.iter().map(|weight| weight.shape.iter().product::<usize>()).sum()
    }

    /// Predictions of the (first) output: one row for each sample.
    ///
    /// # Errors
    /// When the inputs are not of the model's shapes.
    fn predict<'a>(&mut self, inputs: impl Arrays<'a>) -> Result<ArrayD<f32>> {
        Ok(self.predict_outputs(inputs)?.swap_remove(0))
    }

    /// Predictions of every output, in order of declaration.
    ///
    /// # Errors
    /// When the inputs are not of the model's shapes.
    fn predict_outputs<'a>(&mut self, inputs: impl Arrays<'a>) -> Result<Vec<ArrayD<f32>>> {
        let list = inputs.tensors();
        let inputs = list.as_ref();
        let samples = self.network().check_inputs(inputs)?;
        let mut words: Vec<Vec<f32>> = Self::INFERENCE
            .outputs
            .iter()
            .map(|output| vec![0.0; samples * output.shape.iter().product::<usize>()])
            .collect();
        let mut rows: Vec<&mut [f32]> = words.iter_mut().map(Vec::as_mut_slice).collect();
        self.network_mut().predict(inputs, samples, &mut rows)?;
        words.into_iter().zip(Self::INFERENCE.outputs).map(|(words, output)| batched(output, words)).collect()
    }

    /// Predictions of the (first) output into memory of the caller: nothing is allocated once a batch of this size was
    /// predicted.
    ///
    /// # Errors
    /// When the inputs are not of the model's shapes, or `output` has another length than they ask for.
    fn predict_into<'a>(&mut self, inputs: impl Arrays<'a>, output: &mut [f32]) -> Result<()> {
        let list = inputs.tensors();
        let samples = self.network().check_inputs(list.as_ref())?;
        let spec = &Self::INFERENCE.outputs[0];
        let words = samples * spec.shape.iter().product::<usize>();
        if output.len() != words {
            return Err(Error::Count {
                what: format!("words for {samples} predictions of output `{}`", spec.name),
                expected: words,
                found: output.len(),
                help: String::new(),
            });
        }
        self.network_mut().predict(list.as_ref(), samples, &mut [output])
    }

    /// The most likely class of each sample: the place of the greatest word, or, of an output of one word, whether it
    /// exceeds one half.
    ///
    /// # Errors
    /// When the inputs are not of the model's shapes.
    fn predict_classes<'a>(&mut self, inputs: impl Arrays<'a>) -> Result<Vec<usize>> {
        let p = self.predict(inputs)?;
        let output = &Self::INFERENCE.outputs[0];
        let classes = output.shape.last().copied().unwrap_or(1).max(1);
        let words = p.as_slice().unwrap_or(&[]);
        Ok(words
            .chunks(classes)
            .map(|row| if classes == 1 { usize::from(row[0] > 0.5) } else { argmax(row) })
            .collect())
    }

    /// Lets the states of layers with `stateful = true` begin anew, as zeros. The next batch may have another size.
    fn reset_states(&mut self) {
        self.network_mut().reset_states();
    }

    /// Names, shapes and values of all weights, in Keras's layout.
    fn weights(&self) -> Vec<(&'static str, ArrayD<f32>)> {
        Self::INFERENCE.weights.iter().map(|weight| (weight.name, self.network().weight(weight))).collect()
    }

    /// A weight by name, for example `dense_1/kernel`.
    ///
    /// # Errors
    /// When there is none of this name.
    fn weight(&self, name: &str) -> Result<ArrayD<f32>> {
        Ok(self.network().weight(self.network().find(name)?))
    }

    /// Changes a weight.
    ///
    /// # Errors
    /// When there is none of this name, or it has another shape.
    fn set_weight(&mut self, name: &str, value: &ArrayD<f32>) -> Result<()> {
        let weight = self.network().find(name)?;
        self.network_mut().set_weight(weight, value)
    }

    /// Gives every weight the value of the weight of the same name in `other`, which may have more: a model that is cut out
    /// of another (`Features = Vgg(outputs = "block3")`) takes the weights of that one.
    ///
    /// # Errors
    /// When `other` has no weight of one of the names, or it has another shape there; the model is then as it was.
    fn copy_weights_from(&mut self, other: &impl Model) -> Result<()> {
        self.network_mut().copy_weights("", other.network(), "")
    }

    /// Gives the weights of `part`, a model, block or layer inside of this one, the values that `other` has by itself: for models
    /// that are trained in turns, and contain each other.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! {
    ///     Generator = dense(16, relu, input = 4) >> dense(2)
    ///     Discriminator = dense(16, relu, input = 2) >> dense(1, sigmoid)
    ///     // Training this changes the generator alone.
    ///     Adversary = Generator >> Discriminator(trainable = false)
    /// }
    ///
    /// let (discriminator, mut generator, mut adversary) = (Discriminator::new(0), Generator::new(1), Adversary::new(2));
    /// adversary.copy_part_from("discriminator", &discriminator)?;
    /// generator.copy_weights_from_part(&adversary, "generator")?;
    /// assert_eq!(generator.weight("dense/kernel")?, adversary.weight("generator/dense/kernel")?);
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such part, or `other` lacks one of its weights, or has it in another shape; the model is then as it
    /// was.
    fn copy_part_from(&mut self, part: &str, other: &impl Model) -> Result<()> {
        self.network_mut().copy_weights(part, other.network(), "")
    }

    /// Gives every weight the value that it has in `part`, a model, block or layer inside of `other`:
    /// [`Model::copy_part_from`] the other way.
    ///
    /// # Errors
    /// When there is no such part, or it lacks a weight, or has it in another shape; the model is then as it was.
    fn copy_weights_from_part(&mut self, other: &impl Model, part: &str) -> Result<()> {
        self.network_mut().copy_weights("", other.network(), part)
    }

    /// The gradient of the mean loss with respect to a trainable weight, as the last training step found it.
    ///
    /// # Errors
    /// When there is no weight of this name, it is not trainable, or there was no step yet.
    fn gradient(&self, name: &str) -> Result<ArrayD<f32>> {
        self.network().gradient(self.network().find(name)?)
    }

    /// Has a layer learn from `data`, which are such as the model gives it: what the `normalization` of a model needs before
    /// training, which learns mean and variance, and a `discretization`, which learns where its bins end.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = normalization(input = [2]) >> dense(1) }
    ///
    /// let x = ndarray::arr2(&[[1.0, 10.0], [3.0, 30.0]]);
    /// let mut model = Net::new(0);
    /// model.adapt("normalization", &x)?;
    /// assert_eq!(model.weight("normalization/mean")?, ndarray::arr1(&[2.0, 20.0]).into_dyn());
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such layer, or the data have another shape, no samples, or values that are not finite; the model
    /// is then as it was.
    fn adapt<'a>(&mut self, layer: &str, data: impl IntoTensor<'a>) -> Result<()> {
        adapt::adapt(self.network_mut(), layer, &data.into_tensor())
    }

    /// [`Model::adapt`] to the inputs of a data set, batch by batch.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = discretization(num_bins = 4, output_mode = one_hot, input = [1]) >> dense(1) }
    ///
    /// let x = ndarray::Array2::from_shape_fn((400, 1), |(i, _)| (i % 100) as f32);
    /// let mut data = Dataset::from_arrays(x, vec![0.0f32; 400])?;
    /// let mut model = Net::new(0);
    /// model.adapt_dataset("discretization", &mut data)?;
    /// let boundaries = model.weight("discretization/bin_boundaries")?;
    /// assert!((boundaries[[1]] - 50.0).abs() < 2.0);
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Model::adapt`], and when the data cannot be read.
    fn adapt_dataset(&mut self, layer: &str, data: &mut impl Batches) -> Result<()>
    where
        Self: Sized,
    {
        adapt::adapt_batches(self.network_mut(), layer, data)
    }

    /// Writes all weights to a file, whole or not at all: safetensors, or, with the feature `keras-files`, what Keras in
    /// Python reads. A name that ends in `.weights.h5` or `.h5` makes a file for `model.load_weights` of the same model there;
    /// one that ends in `.keras` makes a whole model, without its optimizer, for `keras.models.load_model`.
    ///
    /// ```
    /// # #[cfg(feature = "keras-files")] {
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! {
    ///     Net(x: [8, 8, 1]) -> [3] { x >> conv2d(4, 3, activation = relu) >> flatten() >> dense(3, softmax) }
    /// }
    ///
    /// let path = std::env::temp_dir().join(format!("doc-{}.keras", std::process::id()));
    /// Net::new(1).save_weights(&path)?;       // in Python: `keras.models.load_model(path)`
    /// assert_eq!(Net::from_weights_file(&path)?.weights(), Net::new(1).weights());
    /// # std::fs::remove_file(path).ok();
    /// # }
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was. When it is a `.keras` file, and Keras has
    /// nothing for a part of the model, such as closures and cells of your own; `.weights.h5` does not ask for that. Arithmetic
    /// and most functions of tensors are Keras's operations.
    fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::io::save(
            Self::INFERENCE,
            self.network().params(),
            crate::io::describe::<Self>(),
            path.as_ref(),
        )
    }

    /// Reads all weights from a safetensors file, or, with the feature `keras-files`, from one that Keras has written: a name
    /// that ends in `.weights.h5`, `.keras`, `.h5` or `.hdf5`. In those layers are found by their names, if both sides name
    /// all of them alike (`/` here may be `_` there, and the first part of our names may be left out), else by their order.
    /// The state of an optimizer in such a file is not looked at: [`Trainer::load_checkpoint`] reads it too.
    ///
    /// # Errors
    /// When the file cannot be read, is none, or holds the weights of another model, which is then told layer by layer; the
    /// model is then as it was.
    fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        crate::io::load(self.network_mut(), path.as_ref())
    }

    /// Reads all weights from the bytes of a safetensors file, for example from `include_bytes!`.
    ///
    /// # Errors
    /// As [`Model::load_weights`].
    fn load_weights_from(&mut self, bytes: &[u8]) -> Result<()> {
        crate::io::safetensors::read(self.network_mut(), bytes, "the given bytes")
    }

    /// Makes the model ready for training.
    fn compile(
        self,
        optimizer: impl Optimizer + 'static,
        losses: impl Losses,
        metrics: impl Metrics,
    ) -> Trainer<Self> {
        Trainer::new(
            self,
            Box::new(optimizer),
            losses.into_losses(),
            metrics.for_outputs(Self::INFERENCE.outputs.len()),
        )
    }
}
