//! What [`Ends`](super::super::ends::Ends) are made of.

use super::super::aligned::Aligned;
use super::super::winograd::Stamped;
use super::CpuBackend;
use crate::compiled::{OutputSpec, Phase, Spec};
use crate::error::Result;
use crate::loss::{LeftOut, Loss, Scope};

impl CpuBackend {
    /// Without room for weights.
    pub(in crate::device::cpu) fn without_weights(spec: &'static Spec) -> Result<Self> {
        let mut backend = CpuBackend::new(spec, Some(1), 0)?;
        backend.params = Stamped::new(Aligned::new());
        Ok(backend)
    }

    pub(in crate::device::cpu) fn set_batch(&mut self, samples: usize) {
        self.batch = samples;
    }

    /// The shares of losses whose reduction asks for no prediction; that of others is part of what a device makes of them.
    pub(in crate::device::cpu) fn begin(&mut self, samples: usize, losses: &[Box<dyn Loss>], scale: f32) {
        (self.batch, self.scale) = (samples, scale);
        for (i, (loss, output)) in losses.iter().zip(self.spec.outputs).enumerate() {
            let whole = matches!(loss.scope(output.shape), Scope::Batch { .. });
            self.shares[i] = match loss.left_out() {
                Some(LeftOut::Zeros) if whole => 1.0,
                _ => self.values(i, &**loss).share(loss.reduced_by()),
            };
        }
    }

    /// The passes of `phase`, which reads logits at the beginning of the arena, and what steps count behind the slopes.
    pub(in crate::device::cpu) fn end(
        &mut self,
        phase: &Phase,
        [logits, steps]: [&[f32]; 2],
        losses: &[Box<dyn Loss>],
        slopes: bool,
    ) {
        self.arena.grow(phase.arena_words * self.batch);
        self.arena[..logits.len()].copy_from_slice(logits);
        self.arena[2 * logits.len()..2 * logits.len() + steps.len()].copy_from_slice(steps);
        self.passes(phase, Some(losses), 0, slopes);
    }

    pub(in crate::device::cpu) fn arena(&self) -> &[f32] {
        &self.arena
    }

    pub(in crate::device::cpu) fn outputs(&self) -> &'static [OutputSpec<'static>] {
        self.spec.outputs
    }
}
