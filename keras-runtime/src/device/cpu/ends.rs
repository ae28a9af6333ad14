//! The ends of outputs for devices that leave some of their losses to the host.

use super::backend::CpuBackend;
use super::pass::Pass;
use crate::compiled::{Buf, Phase, Space, Spec};
use crate::data::{Selection, Tensor};
use crate::device::{Backend, Passed};
use crate::error::Result;
use crate::loss::Loss;

/// Targets, weights of samples, and the losses that are computed from them, without a model.
#[derive(Debug)]
pub(crate) struct Ends {
    host: CpuBackend,
}

/// What the end of an output leaves.
pub(crate) struct Ended<'a> {
    pub predictions: &'a [f32],
    /// The loss of each sample.
    pub losses: &'a [f32],
    /// The slope by each logit.
    pub slopes: &'a [f32],
}

/// The end of output `I`: logits, slopes, and what steps count lie one after another.
fn end<const I: usize>(pass: &mut Pass<'_>) {
    let output = pass.heads.slot(I).output;
    let len: usize = output.shape.iter().product();
    let (z, dz) = (Buf::new(Space::Arena, 0, len), Buf::new(Space::Arena, len, len));
    let weights = (output.mask > 0).then(|| Buf::new(Space::Arena, 2 * len, output.mask));
    pass.rows(0, |rows| rows.head(I, z, Some(dz), weights));
}

const ENDS: [fn(&mut Pass<'_>); 8] =
    [end::<0>, end::<1>, end::<2>, end::<3>, end::<4>, end::<5>, end::<6>, end::<7>];

impl Ends {
    pub fn new(spec: &'static Spec) -> Result<Self> {
        Ok(Ends { host: CpuBackend::without_weights(spec)? })
    }

    /// A batch of so many samples, whose loss is multiplied with `scale` before its slopes are taken.
    pub fn begin(&mut self, samples: usize, losses: &[Box<dyn Loss>], scale: f32) {
        self.host.begin(samples, losses, scale);
    }

    pub fn load(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>) {
        self.host.set_batch(rows.len());
        self.host.load_targets(targets, rows);
    }

    pub fn load_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>) {
        self.host.set_batch(rows.len());
        self.host.load_sample_weights(weights, rows);
    }

    /// Ends output `i`, whose logits are there.
    pub fn end(
        &mut self,
        i: usize,
        [logits, steps]: [&[f32]; 2],
        losses: &[Box<dyn Loss>],
        slopes: bool,
    ) -> Ended<'_> {
        let output = &self.host.outputs()[i];
        let len: usize = output.shape.iter().product();
        let phase = Phase {
            arena_words: 2 * len + output.mask,
            fixed_words: 0,
            flops: 0,
            adds_loss: false,
            updates: &[],
            run: ENDS[i],
        };
        self.host.end(&phase, [logits, steps], losses, slopes);
        let words = logits.len();
        Ended {
            predictions: self.host.output(i),
            losses: self.host.sample_losses(i),
            slopes: &self.host.arena()[words..2 * words],
        }
    }

    pub fn mask(&self, i: usize) -> Option<&[f32]> {
        self.host.mask(i)
    }

    /// What the mean of the losses of output `i` is multiplied with.
    pub fn share(&self, i: usize) -> f64 {
        self.host.loss_share(i)
    }
}
