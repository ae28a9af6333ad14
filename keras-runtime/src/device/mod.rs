//! Where models run. [`Backend`] is the seam: nothing above it looks behind it.

pub mod cpu;
#[cfg(feature = "cuda")]
pub mod cuda;
#[cfg(feature = "cuda")]
pub(crate) mod record;

use std::fmt::Debug;
use std::ops::Range;

use crate::compiled::Spec;
use crate::data::{Selection, Tensor};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optim::{Optimizer, ScaleState};

pub use cpu::Cpu;
#[cfg(feature = "cuda")]
pub use cuda::{Auto, Cuda};

/// A place where models can run, chosen by the user: [`Cpu`].
pub trait Device {
    /// Memory and machinery for one model.
    ///
    /// # Errors
    /// When the device cannot run it.
    fn backend(&self, spec: &'static Spec, seed: u64) -> Result<Box<dyn Backend>>;
}

/// Outputs that a model has at most.
pub const MAX_OUTPUTS: usize = 8;

/// Floating-point operations of predictions that one thread has done before another wakes.
pub(crate) const ALONE_BELOW: usize = 4_000_000;

/// What a pass over a batch has left: what losses and metrics are computed from.
pub trait Passed {
    /// How many samples the batch has.
    fn samples(&self) -> usize;

    /// Predictions of output `i` for the batch.
    fn output(&self, i: usize) -> &[f32];

    /// Targets of output `i` for the batch.
    fn targets(&self, i: usize) -> &[f32];

    /// What the samples of the batch, or their steps, count at output `i`, if not 1.
    fn sample_weights(&self, i: usize) -> Option<&[f32]>;

    /// For each step of each sample of the batch whether it counts at output `i`, 1 or 0, if that has a mask: after a pass
    /// with losses.
    fn mask(&self, i: usize) -> Option<&[f32]>;

    /// The loss of each sample of the batch at output `i`.
    fn sample_losses(&self, i: usize) -> &[f32];

    /// What the mean of these is multiplied with, to be the loss of the batch by its reduction.
    fn loss_share(&self, i: usize) -> f64;

    /// What the device has added up for metric `k` of output `i`, by what that has [told](Metric::told); none where it is left to look at
    /// the batch itself.
    fn measured(&self, i: usize, k: usize) -> Option<Vec<f64>> {
        let _ = (i, k);
        None
    }

    /// What the last pass over a batch adds to the mean loss of its samples: penalties of weights, and the losses that the
    /// model adds itself.
    fn added_loss(&self) -> f64;
}

/// The memory of one model on a device, and the execution of its compiled passes. What it shows as [`Passed`] is of the last of them.
pub trait Backend: Passed + Debug + Send {
    /// The device in words.
    fn description(&self) -> String;

    /// Gives it the code of evaluation and training, if it has but that of prediction: `spec` is that of the same model.
    fn complete(&mut self, spec: &'static Spec) {
        let _ = spec;
    }

    /// The flat parameter buffer.
    fn params(&self) -> &[f32];

    /// The same, to be written.
    fn params_mut(&mut self) -> &mut [f32];

    /// The flat gradient of the last [`Backend::gradients`].
    fn grads(&self) -> &[f32];

    /// The same, to be written before [`Backend::update`].
    fn grads_mut(&mut self) -> &mut [f32];

    /// The optimizer's state: pieces of as many words as there are trainable ones; empty before the first step.
    fn state(&self) -> &[f32];

    /// Gives the optimizer the state of another time, when the weights had changed places with their average or not.
    fn set_state(&mut self, state: &[f32], shows_average: bool);

    /// Draws from the random streams of `seed` from now on.
    fn set_seed(&mut self, seed: u64);

    /// Makes room for batches of `batch` samples, so that passes over no more allocate nothing from the second on: those of a training
    /// with an optimizer, or those without gradients.
    ///
    /// # Errors
    /// When the device has not enough memory: it goes on with smaller batches then.
    fn reserve(&mut self, batch: usize, training: Option<&dyn Optimizer>) -> Result<()>;

    /// Says that batches will be taken from these arrays, which stay where they are, as they are, until [`Backend::release`]: a device
    /// with a memory of its own may copy them there, once, as far as they fit.
    ///
    /// # Errors
    /// When the device has failed.
    fn hold(&mut self, arrays: &[&[Tensor<'_>]]) -> Result<()> {
        let _ = arrays;
        Ok(())
    }

    /// Forgets what it holds.
    fn release(&mut self) {}

    /// Makes the selected samples the batch.
    ///
    /// # Errors
    /// When something lives from batch to batch, and the batch before had another size.
    fn load_inputs(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()>;

    /// What lives from batch to batch, and of how many samples it is: of none before the first batch.
    fn carried(&self) -> (usize, &[f32]);

    /// Gives what lives from batch to batch the values of another time; of no samples: it begins anew, with zeros.
    fn set_carried(&mut self, samples: usize, words: &[f32]);

    /// Adds their targets.
    fn load_targets(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>);

    /// Puts what the selected samples count before the heads: one array for each output, with a word for each sample or
    /// for each step of each; or none at all, and then each counts 1.
    fn load_sample_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>);

    /// Predicts the selected samples into `outputs`, as many as are given, without dropout. What [`Passed`] shows is of a pass before.
    ///
    /// # Errors
    /// When something lives from batch to batch, and the batch before had another size; when the device has failed.
    fn predict(
        &mut self,
        inputs: &[Tensor<'_>],
        rows: Selection<'_>,
        outputs: &mut [&mut [f32]],
    ) -> Result<()> {
        self.load_inputs(inputs, rows)?;
        self.infer(None);
        for (i, output) in outputs.iter_mut().enumerate() {
            output.copy_from_slice(self.output(i));
        }
        self.health()
    }

    /// The forward pass without dropout; with losses, also the loss of each sample.
    fn infer(&mut self, losses: Option<&[Box<dyn Loss>]>);

    /// The forward pass, the losses and the gradient of `scale` times the loss. `step` is the counter of the random streams.
    fn gradients(&mut self, losses: &[Box<dyn Loss>], step: u64, scale: f32);

    /// How far the scale of the loss has come.
    fn loss_scale(&self) -> ScaleState;

    /// Puts the scale where it was at another time.
    fn set_loss_scale(&mut self, state: ScaleState);

    /// One step of `optimizer`, the `step`-th from 1 on, with the last gradient; none, where the loss has a scale of its own and
    /// the gradient is not finite.
    fn update(&mut self, optimizer: &dyn Optimizer, step: u64);

    /// One step of a training: [`Backend::gradients`] with the loss's scale, and [`Backend::update`] for step `step + 1`.
    fn train(&mut self, losses: &[Box<dyn Loss>], optimizer: &dyn Optimizer, step: u64) {
        let scale = self.loss_scale().factor(optimizer.options().loss_scale);
        self.gradients(losses, step, scale);
        self.update(optimizer, step + 1);
    }

    /// Says with what metrics somebody looks at each output from now on.
    fn watch(&mut self, metrics: &[Vec<Box<dyn Metric>>]) {
        let _ = metrics;
    }

    /// Shows `to` what the last pass has left, in full at outputs that are watched by metrics that need it: at once, or later, together with that of other passes
    /// and in their order, but not after the next [`Backend::report`].
    fn record(&mut self, to: &mut dyn FnMut(&dyn Passed));

    /// Shows what was recorded, and not shown yet.
    fn report(&mut self, to: &mut dyn FnMut(&dyn Passed)) {
        let _ = to;
    }

    /// Lets the weights and their moving average change places, or back, if the optimizer keeps one. Gradients and
    /// steps are of the weights: they change them back.
    fn show_average(&mut self, optimizer: &dyn Optimizer, show: bool);

    /// Whether they have changed places.
    fn shows_average(&self) -> bool;

    /// Makes the weights their moving average, if the optimizer keeps one.
    fn take_average(&mut self, optimizer: &dyn Optimizer);

    /// Whether the device has failed since it was asked the last time: what it has left is worth nothing then.
    ///
    /// # Errors
    /// When it has.
    fn health(&self) -> Result<()> {
        Ok(())
    }

    /// Runs `work` with every thread at hand: one entry for many passes.
    fn scope(&mut self, work: &mut (dyn FnMut(&mut dyn Backend) + Send));
}

/// Where models run that are not told where: see [`Model::with_seed`](crate::model::Model::with_seed).
pub(crate) fn preferred() -> Result<Box<dyn Device>> {
    let Some(name) = std::env::var_os("KERAS_DEVICE") else { return Ok(Box::new(Cpu::default())) };
    let name = name.to_string_lossy().to_ascii_lowercase();
    match name.split_once(':').unwrap_or((&name, "0")) {
        ("" | "cpu", _) => Ok(Box::new(Cpu::default())),
        #[cfg(feature = "cuda")]
        ("auto", _) => Ok(Box::new(Auto::detect())),
        #[cfg(feature = "cuda")]
        ("cuda", ordinal) if ordinal.parse::<usize>().is_ok() => Ok(Box::new(Cuda::new(ordinal.parse().unwrap_or(0))?)),
        _ => Err(Error::Setting {
            name: "KERAS_DEVICE",
            expected: match cfg!(feature = "cuda") {
                true => "`cpu`, `cuda`, `cuda:1` (and so on) or `auto`".into(),
                false => "`cpu`; with the feature `cuda` of keras-runtime also `cuda`, `cuda:1` (and so on) or `auto`".into(),
            },
            found: format!("`{name}`"),
        }),
    }
}

/// Where in the state of `optimizer`, of so many words, the moving average of the weights lies, once there is one.
fn average_of(optimizer: &dyn Optimizer, spec: &Spec, state: usize) -> Option<Range<usize>> {
    let (len, slots) = (spec.trainable_len, optimizer.state_words());
    let kept = optimizer.options().average.is_some() && state >= slots * len;
    kept.then(|| (slots - 1) * len..slots * len)
}

/// Makes weights and their average both the average; whether they have `swapped` places says which of them that is.
fn settle(swapped: bool, weights: &mut [f32], average: &mut [f32]) {
    match swapped {
        true => average.copy_from_slice(weights),
        false => weights.copy_from_slice(average),
    }
}

/// The error of a batch that has another size than the one whose states it would go on from.
fn other_batch(spec: &Spec, before: usize, now: usize) -> Error {
    Error::Shape {
        what: format!("a batch of `{}`, which has states", spec.name),
        expected: format!("{before} samples, as in the batch before it"),
        found: format!("{now}"),
        help: "take a number of samples that the batch size divides, or call `reset_states()` first".into(),
    }
}
