//! Where models run. [`Backend`] is the seam: nothing above it looks behind it.

pub mod cpu;

use std::fmt::Debug;

use crate::compiled::Spec;
use crate::data::{Selection, Tensor};
use crate::error::Result;
use crate::loss::Loss;
use crate::optim::Optimizer;

pub use cpu::Cpu;

/// A place where models can run, chosen by the user: [`Cpu`].
pub trait Device {
    /// Memory and machinery for one model.
    ///
    /// # Errors
    /// When the device cannot run it.
    fn backend(&self, spec: &'static Spec, seed: u64) -> Result<Box<dyn Backend>>;
}

/// The memory of one model on a device, and the execution of its compiled passes.
pub trait Backend: Debug + Send {
    /// The device in words.
    fn description(&self) -> String;

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

    /// Makes room for batches of `batch` samples, so that passes over no more allocate nothing.
    fn reserve(&mut self, batch: usize, training: bool);

    /// Copies the selected samples into the batch.
    ///
    /// # Errors
    /// When something lives from batch to batch, and the batch before had another size.
    fn load_inputs(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()>;

    /// What lives from batch to batch, and of how many samples it is: of none before the first batch.
    fn carried(&self) -> (usize, &[f32]);

    /// Gives what lives from batch to batch the values of another time; of no samples: it begins anew, with zeros.
    fn set_carried(&mut self, samples: usize, words: &[f32]);

    /// Copies their targets.
    fn load_targets(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>);

    /// Puts what the selected samples count before the heads: one array for each output, with a word for each sample or
    /// for each step of each; or none at all, and then each counts 1.
    fn load_sample_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>);

    /// The forward pass without dropout; with losses, also the loss of each sample.
    fn infer(&mut self, losses: Option<&[Box<dyn Loss>]>);

    /// The forward pass, the losses and the gradient. `step` is the counter of the random streams.
    fn gradients(&mut self, losses: &[Box<dyn Loss>], step: u64);

    /// One step of `optimizer`, the `step`-th from 1 on, with the last gradient.
    fn update(&mut self, optimizer: &dyn Optimizer, step: u64);

    /// Lets the weights and their moving average change places, or back, if the optimizer keeps one. Gradients and
    /// steps are of the weights: they change them back.
    fn show_average(&mut self, optimizer: &dyn Optimizer, show: bool);

    /// Whether they have changed places.
    fn shows_average(&self) -> bool;

    /// Makes the weights their moving average, if the optimizer keeps one.
    fn take_average(&mut self, optimizer: &dyn Optimizer);

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

    /// What the last pass over a batch adds to the mean loss of its samples: penalties of weights, and the losses that the
    /// model adds itself.
    fn added_loss(&self) -> f64;

    /// Runs `work` with every thread at hand: one entry for many passes.
    fn scope(&mut self, work: &mut (dyn FnMut(&mut dyn Backend) + Send));
}
