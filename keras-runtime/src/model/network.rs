//! The weights of a model, and the device they are on.

use std::collections::HashMap;

use ndarray::{ArrayD, IxDyn};

use crate::compiled::{Spec, WeightSpec};
use crate::data::{Selection, Tensor, expect_dtype, expect_finite, expect_indices};
use crate::device::{ALONE_BELOW, Backend, Device, MAX_OUTPUTS};
use crate::error::{Error, Result, batched};
use crate::init;
use crate::loss::{Loss, Reduction};
use crate::metric::Metric;

/// Samples that are predicted at once.
const BATCH: usize = 256;

/// What a compiled model holds: its weights on a device. The same for every model.
#[derive(Debug)]
pub struct Network {
    spec: &'static Spec,
    seed: u64,
    backend: Box<dyn Backend>,
}

/// Row-major values in a weight's shape.
pub(crate) fn shaped(weight: &WeightSpec, values: Vec<f32>) -> ArrayD<f32> {
    ArrayD::from_shape_fn(IxDyn(weight.shape), |index| {
        let flat = (0..weight.shape.len()).fold(0, |flat, d| flat * weight.shape[d] + index[d]);
        values[flat]
    })
}

/// A weight of `spec` by name.
pub(crate) fn find(spec: &'static Spec, name: &str) -> Result<&'static WeightSpec> {
    spec.weights.iter().find(|weight| weight.name == name).ok_or_else(|| Error::Unknown {
        kind: "weight",
        name: name.into(),
        known: spec.weights.iter().map(|weight| weight.name).collect::<Vec<_>>().join(", "),
    })
}

/// Changes a weight among `params`.
pub(crate) fn write(weight: &WeightSpec, value: &ArrayD<f32>, params: &mut [f32]) -> Result<()> {
    if value.shape() != weight.shape {
        return Err(Error::Shape {
            what: format!("weight `{}`", weight.name),
            expected: format!("{:?}", weight.shape),
            found: format!("{:?}", value.shape()),
            help: String::new(),
        });
    }
    let values: Vec<f32> = value.iter().copied().collect();
    init::write(weight, &values, params);
    Ok(())
}

/// Holds inputs to what the model declares, and gives the number of samples.
pub(crate) fn check_inputs(spec: &Spec, inputs: &[Tensor<'_>]) -> Result<usize> {
    let declared = spec.inputs;
    if inputs.len() != declared.len() {
        let names: Vec<&str> = declared.iter().map(|input| input.name).collect();
        return Err(Error::Count {
            what: format!("inputs of `{}`", spec.name),
            expected: declared.len(),
            found: inputs.len(),
            help: format!("give a tuple with one array for each of {}", names.join(", ")),
        });
    }
    for (tensor, input) in inputs.iter().zip(declared) {
        let found = tensor.shape();
        if found.sample() != input.shape {
            let same = found.width() == input.shape.iter().product::<usize>();
            let missing_batch = found.dims() == input.shape;
            let help = match (missing_batch, same) {
                (true, _) => {
                    "the first dimension counts the samples: insert one, with `.insert_axis(Axis(0))`".into()
                }
                (_, true) => {
                    format!("the number of elements is right: reshape the array to {}", batched(input.shape))
                }
                _ => String::new(),
            };
            return Err(Error::Shape {
                what: format!("input `{}` of `{}`", input.name, spec.name),
                expected: batched(input.shape),
                found: format!("{found:?}"),
                help,
            });
        }
    }
    let samples = inputs[0].shape().rows();
    for (tensor, input) in inputs.iter().zip(declared) {
        let what = || format!("input `{}` of `{}`", input.name, spec.name);
        expect_dtype(tensor, input.dtype, what)?;
        if let Some(below) = input.below {
            expect_indices(tensor, below, what)?;
        }
        if tensor.shape().rows() != samples {
            return Err(Error::Rows {
                what: format!("input `{}`", input.name),
                found: tensor.shape().rows(),
                other: format!("input `{}`", declared[0].name),
                expected: samples,
            });
        }
    }
    Ok(samples)
}

/// What looks at targets: for each output its loss, and its metrics.
#[derive(Clone, Copy)]
pub(crate) struct Measures<'a> {
    pub losses: &'a [Box<dyn Loss>],
    pub metrics: &'a [Vec<Box<dyn Metric>>],
}

/// Holds data to what model, losses and metrics ask for, and gives the number of samples. Without them there are no targets.
pub(crate) fn check_batch(
    spec: &Spec,
    measures: Option<Measures<'_>>,
    x: &[Tensor<'_>],
    y: &[Tensor<'_>],
) -> Result<usize> {
    let samples = check_inputs(spec, x)?;
    let Some(Measures { losses, metrics }) = measures else { return Ok(samples) };
    if samples == 0 {
        return Err(Error::Empty { what: format!("input `{}`", spec.inputs[0].name) });
    }
    let names = || spec.outputs.iter().map(|output| output.name).collect::<Vec<_>>().join(", ");
    for (what, found) in [("targets", y.len()), ("losses", losses.len()), ("lists of metrics", metrics.len())]
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
    for (((tensor, output), loss), metrics) in y.iter().zip(spec.outputs).zip(losses).zip(metrics) {
        if tensor.shape().rows() != samples {
            return Err(Error::Rows {
                what: format!("the targets of output `{}`", output.name),
                found: tensor.shape().rows(),
                other: format!("input `{}`", spec.inputs[0].name),
                expected: samples,
            });
        }
        if loss.reduced_by() == Reduction::None {
            return Err(Error::Setting {
                name: "reduction",
                expected: "one that leaves a number: `Reduction::None` is for `call` alone".into(),
                found: format!("none, of {} at output `{}`", loss.name(), output.name),
            });
        }
        loss.check(output, tensor)?;
        metrics.iter().try_for_each(|metric| metric.check(output, tensor))?;
        expect_finite(tensor, || format!("the targets of output `{}`", output.name))?;
    }
    for (tensor, input) in x.iter().zip(spec.inputs) {
        expect_finite(tensor, || format!("input `{}`", input.name))?;
    }
    Ok(samples)
}

impl Network {
    /// Initial weights for `spec` on `device`.
    pub(crate) fn new(spec: &'static Spec, device: &dyn Device, seed: u64) -> Result<Self> {
        let mut backend = device.backend(spec, seed)?;
        init::initialise(spec, seed, backend.params_mut());
        Ok(Network { spec, seed, backend })
    }

    /// Weights of zeros for `spec` on `device`: the caller sets every one of them.
    pub(crate) fn without_weights(spec: &'static Spec, device: &dyn Device) -> Result<Self> {
        const SEED: u64 = 0;
        Ok(Network { spec, seed: SEED, backend: device.backend(spec, SEED)? })
    }

    /// The same weights and seed on `device`.
    pub(crate) fn to(&self, device: &dyn Device) -> Result<Self> {
        let mut backend = device.backend(self.spec, self.seed)?;
        backend.params_mut().copy_from_slice(self.params());
        Ok(Network { spec: self.spec, seed: self.seed, backend })
    }

    /// What was known at build time.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// The seed of the initial weights, the shuffles and the dropout masks.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Where the model runs, in words.
    pub fn device(&self) -> String {
        self.backend.description()
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// The device's memory and the seed, each to be changed.
    pub(crate) fn parts(&mut self) -> (&mut dyn Backend, &mut u64) {
        (&mut *self.backend, &mut self.seed)
    }

    /// The flat parameter buffer.
    pub fn params(&self) -> &[f32] {
        self.backend.params()
    }

    /// The flat gradient of the last training step, laid out as the trainable parameters.
    pub fn grads(&self) -> &[f32] {
        self.backend.grads()
    }

    pub(crate) fn params_mut(&mut self) -> &mut [f32] {
        self.backend.params_mut()
    }

    /// Holds inputs to what the model declares, and gives the number of samples.
    pub(crate) fn check_inputs(&self, inputs: &[Tensor<'_>]) -> Result<usize> {
        check_inputs(self.spec, inputs)
    }

    /// Predicts `samples` samples, batch by batch, into one buffer for each output (as many as are given).
    pub(crate) fn predict(
        &mut self,
        inputs: &[Tensor<'_>],
        samples: usize,
        outputs: &mut [&mut [f32]],
    ) -> Result<()> {
        let spec = self.spec;
        // What has states goes on sample by sample: all at once, or as many as before.
        let batch = match self.backend.carried().0 {
            0 if spec.state_words > 0 => samples,
            0 => BATCH,
            before => before,
        };
        self.backend.reserve(batch.min(samples), None)?;
        if samples > batch {
            self.backend.hold(&[inputs])?;
        }
        let (mut result, given) = (Ok(()), outputs.len());
        let mut run = |backend: &mut dyn Backend| {
            let mut start = 0;
            while start < samples && result.is_ok() {
                let len = batch.min(samples - start);
                let mut wholes = outputs.iter_mut();
                let mut parts: [&mut [f32]; MAX_OUTPUTS] = std::array::from_fn(|i| match wholes.next() {
                    Some(whole) => {
                        let width: usize = spec.outputs[i].shape.iter().product();
                        &mut whole[start * width..(start + len) * width]
                    }
                    None => &mut [],
                });
                result = backend.predict(inputs, Selection::Range { start, len }, &mut parts[..given]);
                start += len;
            }
        };
        // One batch is divided, or not, as it is predicted.
        match samples > batch && samples * spec.infer.flops >= ALONE_BELOW {
            true => self.backend.scope(&mut run),
            false => run(&mut *self.backend),
        }
        self.backend.release();
        result
    }

    pub(crate) fn reset_states(&mut self) {
        self.backend.set_carried(0, &[]);
    }

    pub(crate) fn find(&self, name: &str) -> Result<&'static WeightSpec> {
        find(self.spec, name)
    }

    pub(crate) fn weight(&self, weight: &WeightSpec) -> ArrayD<f32> {
        shaped(weight, init::read(weight, self.params()))
    }

    pub(crate) fn gradient(&self, weight: &WeightSpec) -> Result<ArrayD<f32>> {
        if !weight.trainable || self.grads().is_empty() {
            let known = self.spec.weights.iter().filter(|weight| weight.trainable).map(|weight| weight.name);
            let known = if self.grads().is_empty() {
                "none before a training step".into()
            } else {
                known.collect::<Vec<_>>().join(", ")
            };
            return Err(Error::Unknown { kind: "gradient", name: weight.name.into(), known });
        }
        Ok(shaped(weight, init::read(weight, self.grads())))
    }

    /// Gives every weight of part `own` the value of the one of the same name in part `theirs` of `other`; `""` is all.
    pub(crate) fn copy_weights(&mut self, own: &str, other: &Network, theirs: &str) -> Result<()> {
        let part = |name: &'static str, part: &str| match part {
            "" => Some(name),
            part => name.strip_prefix(part)?.strip_prefix('/'),
        };
        let wanted = self.spec.weights.iter().filter_map(|weight| Some((weight, part(weight.name, own)?)));
        let given: HashMap<&str, &WeightSpec> = other
            .spec
            .weights
            .iter()
            .filter_map(|weight| Some((part(weight.name, theirs)?, weight)))
            .collect();
        let (mut pairs, mut differences) = (vec![], String::new());
        for (weight, name) in wanted {
            match given.get(name) {
                Some(found) if found.shape == weight.shape => pairs.push((weight, *found)),
                Some(found) => {
                    let (expected, found) = (weight.shape, found.shape);
                    differences
                        .push_str(&format!("  {}: expected {expected:?}, found {found:?}\n", weight.name));
                }
                None => differences.push_str(&format!("  {}: expected, and not there\n", weight.name)),
            }
        }
        if !differences.is_empty() {
            let file = format!("the model `{}`", other.spec.name);
            return Err(Error::Weights { file, model: self.spec.name, differences });
        }
        if pairs.is_empty() && !own.is_empty() {
            let parts = self.spec.weights.iter().filter_map(|weight| weight.name.rsplit_once('/'));
            let mut known: Vec<&str> = parts.map(|(part, _)| part).collect();
            known.dedup();
            return Err(Error::Unknown { kind: "part", name: own.into(), known: known.join(", ") });
        }
        for (weight, found) in pairs {
            if weight.layout == found.layout {
                let words = init::words(found);
                let values = &other.params()[found.offset..found.offset + words];
                self.params_mut()[weight.offset..weight.offset + words].copy_from_slice(values);
            } else {
                let values = init::read(found, other.params());
                init::write(weight, &values, self.params_mut());
            }
        }
        Ok(())
    }

    pub(crate) fn set_weight(&mut self, weight: &WeightSpec, value: &ArrayD<f32>) -> Result<()> {
        write(weight, value, self.params_mut())
    }
}
