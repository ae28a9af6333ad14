//! Passes over a batch, with losses at the outputs, and what they leave.

use super::super::pass::{Pass, RawSpace, Spaces};
use super::super::penalty;
use super::{CpuBackend, PORTS, grow};
use crate::compiled::{OutputSpec, Penalty, Phase};
use crate::device::Passed;
use crate::init;
use crate::loss::{Heads, Loss, Over, Scope, Slot, Slotted};

/// Memory of the caller that a pass reads inputs from and writes outputs to, in the place of the backend's own.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub inputs: [Option<&'a [f32]>; PORTS],
    pub outputs: [Option<&'a mut [f32]>; PORTS],
}

impl CpuBackend {
    /// The passes of `phase` over the batch: one, or two where slopes are asked for that follow from all predictions.
    pub(super) fn run(&mut self, phase: &Phase, losses: Option<&[Box<dyn Loss>]>, step: u64, slopes: bool) {
        self.passes(phase, losses, step, slopes);
        self.take_over(phase);
    }

    /// Takes over what a pass has left.
    pub(super) fn take_over(&mut self, phase: &Phase) {
        self.added_loss = if phase.adds_loss { f64::from(self.fixed[0]) } else { 0.0 };
        let carried = self.spec.state_words * self.batch;
        self.carried.copy_within(carried.., 0);
    }

    pub(super) fn passes(
        &mut self,
        phase: &Phase,
        losses: Option<&[Box<dyn Loss>]>,
        step: u64,
        slopes: bool,
    ) {
        let over = |loss: &dyn Loss, output: &OutputSpec<'_>| {
            matches!(loss.scope(output.shape), Scope::Batch { .. })
        };
        let mut again = false;
        for (i, (loss, output)) in losses.unwrap_or_default().iter().zip(self.spec.outputs).enumerate() {
            match over(&**loss, output) {
                true => again = true,
                false => self.shares[i] = self.values(i, &**loss).share(loss.reduced_by()),
            }
        }
        self.pass(phase, losses, step, false, Given::default());
        for (i, (loss, output)) in losses.unwrap_or_default().iter().zip(self.spec.outputs).enumerate() {
            if over(&**loss, output) {
                self.compare(i, &**loss, slopes);
            }
        }
        if again && slopes {
            self.pass(phase, losses, step, true, Given::default());
        }
    }

    /// One pass of `phase` over the batch. `known` says whether slopes that follow from all predictions are.
    pub(super) fn pass(
        &mut self,
        phase: &Phase,
        losses: Option<&[Box<dyn Loss>]>,
        step: u64,
        known: bool,
        mut given: Given<'_>,
    ) {
        let batch = self.batch;
        self.arena.grow(phase.arena_words * batch);
        self.fixed.grow(phase.fixed_words);
        for (i, spec) in self.spec.outputs.iter().enumerate() {
            if given.outputs[i].is_none() {
                grow(&mut self.outputs[i], batch * spec.shape.iter().product::<usize>());
            }
            grow(&mut self.losses[i], batch);
        }
        for (mask, spec) in self.masks.iter_mut().zip(self.spec.outputs) {
            grow(mask, batch * spec.mask);
        }
        let scale = 1.0 / batch as f32;
        let (inputs, outputs) = (self.inputs.len(), self.outputs.len());
        let input_spaces: [RawSpace<'_>; PORTS] = std::array::from_fn(|i| match self.inputs.get(i) {
            Some(words) => RawSpace::readable(given.inputs[i].unwrap_or(words)),
            None => RawSpace::readable(&[]),
        });
        let mut own = self.outputs.iter_mut();
        let output_spaces: [RawSpace<'_>; PORTS] = std::array::from_fn(|i| match own.next() {
            Some(words) => RawSpace::writable(given.outputs[i].take().unwrap_or(words)),
            None => RawSpace::readable(&[]),
        });
        let (mut rows, mut masks) = (self.losses.iter_mut(), self.masks.iter_mut());
        let (targets, widths, specs) = (&self.targets, &self.widths, self.spec.outputs);
        let (weights, weight_widths) = (&self.sample_weights, &self.weight_widths);
        let (shares, slopes, by) = (&self.shares, &self.slopes, self.scale);
        let slots: [Slot<'_>; PORTS] = std::array::from_fn(|i| {
            let ports = rows.next().zip(masks.next());
            let loss = losses.and_then(|losses| losses.get(i)).zip(ports);
            let loss = loss.map(|(loss, (rows, mask))| {
                let scale = scale * loss.weight() * shares[i] as f32 * by;
                let slotted = Slotted::new(&**loss, &targets[i], widths[i], scale, rows);
                let over = match loss.scope(specs[i].shape) {
                    Scope::Batch { .. } if known => Over::Slope(&slopes[i]),
                    Scope::Batch { .. } => Over::Unknown,
                    _ => Over::Samples,
                };
                let slotted = slotted.with_weights(&weights[i], weight_widths[i]).over(over);
                slotted.with_mask(mask, specs[i].mask)
            });
            Slot { output: &specs[i.min(outputs - 1)], loss }
        });
        let spaces = Spaces {
            params: RawSpace::readable(&self.params),
            params_stamp: self.params.stamp(),
            transformed: &self.transformed,
            packing: &self.packing,
            grads: RawSpace::writable(&mut self.grads),
            arena: RawSpace::writable(&mut self.arena),
            fixed: RawSpace::writable(&mut self.fixed),
            state: RawSpace::writable(&mut self.carried),
            inputs: &input_spaces[..inputs],
            outputs: &output_spaces[..outputs],
        };
        let heads = Heads::new(&slots[..outputs]);
        let mut pass = Pass::new(batch, self.isa, self.active, self.seed, step, spaces, heads);
        (phase.run)(&mut pass);
    }

    /// Adds the weights' penalties to the loss and, where `grads` says so, their slopes to the gradient.
    pub(super) fn penalise(&mut self, grads: bool) {
        for weight in self.spec.weights {
            let Some(penalty) = weight.penalty else { continue };
            let range = weight.offset..weight.offset + init::words(weight);
            let values = &self.params[range.clone()];
            let scaled = Penalty { l1: penalty.l1 * self.scale, l2: penalty.l2 * self.scale };
            self.added_loss += match grads {
                true => penalty::add(scaled, values, &mut self.grads[range]) / f64::from(self.scale),
                false => penalty::value(penalty, values),
            };
        }
    }
}

impl Passed for CpuBackend {
    fn samples(&self) -> usize {
        self.batch
    }

    fn output(&self, i: usize) -> &[f32] {
        &self.outputs[i][..self.batch * self.spec.outputs[i].shape.iter().product::<usize>()]
    }

    fn targets(&self, i: usize) -> &[f32] {
        &self.targets[i][..self.batch * self.widths[i]]
    }

    fn sample_weights(&self, i: usize) -> Option<&[f32]> {
        let width = self.weight_widths[i];
        (width > 0).then(|| &self.sample_weights[i][..self.batch * width])
    }

    fn mask(&self, i: usize) -> Option<&[f32]> {
        let width = self.spec.outputs[i].mask;
        (width > 0).then(|| &self.masks[i][..self.batch * width])
    }

    fn sample_losses(&self, i: usize) -> &[f32] {
        &self.losses[i][..self.batch]
    }

    fn loss_share(&self, i: usize) -> f64 {
        self.shares[i]
    }

    fn added_loss(&self) -> f64 {
        self.added_loss
    }
}
