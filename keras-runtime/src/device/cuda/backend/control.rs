//! The numbers of a pass that the device reads: seed, step, what slopes are multiplied with, and whether there is a step.

use super::CudaBackend;
use crate::device::cuda::arrays::ALL;
use crate::device::cuda::source::PORTS;
use crate::loss::{Fused, Loss};

/// Words of control: those of the pass, four for each output, and four for each port of the batch, which say where it reads. Behind them
/// come rows.
pub(super) const CONTROL: usize = SOURCES + 4 * ALL;
pub(super) const SOURCES: usize = LOG + 2;
const LOG: usize = GO + 1;
const HEADS: usize = 4;
const SCALE: usize = HEADS + 4 * PORTS;
const GO: usize = SCALE + 1;

impl CudaBackend {
    /// Tells the device the numbers of a pass.
    pub(in crate::device::cuda) fn control(&mut self, losses: Option<&[Box<dyn Loss>]>, step: u64) {
        let mut words = vec![0u32; SOURCES];
        let halves = |x: u64| [x as u32, (x >> 32) as u32];
        words[..2].copy_from_slice(&halves(self.seed));
        words[2..4].copy_from_slice(&halves(step));
        words[SCALE] = self.scale.to_bits();
        words[GO] = 1;
        words[LOG] = self.log.next() as u32;
        self.stopped = false;
        for (i, output) in self.spec.outputs.iter().enumerate() {
            let Some(loss) = losses.and_then(|losses| losses.get(i)) else { continue };
            let setting = match loss.fused(output.head) {
                Some(Fused::Softmax { sparse: true, ignore, .. }) => ignore.unwrap_or(f32::NAN),
                Some(Fused::Softmax { smoothing, .. } | Fused::Sigmoid { smoothing }) => smoothing,
                None => crate::device::cuda::losses::setting(loss.as_ref()),
            };
            let scale = loss.weight() / self.batch as f32 * self.ends.share(i) as f32 * self.scale;
            let width = |words: usize| (words / self.batch.max(1)) as u32;
            words[HEADS + 4 * i..][..4].copy_from_slice(&[
                width(self.targets[i].len()),
                width(self.sample_weights[i].len()),
                scale.to_bits(),
                setting.to_bits(),
            ]);
        }
        words.extend(self.arrays.sources());
        let words: Vec<f32> = words.into_iter().map(f32::from_bits).collect();
        // SAFETY: there is room for rows of the whole batch.
        let sent = unsafe { self.uploads.send(&self.gpu, &words, self.control_address()) };
        self.fault.note(sent);
    }

    /// Lets steps be taken, where one may have been left out and no pass has come since.
    pub(in crate::device::cuda) fn go_on(&mut self) {
        if std::mem::take(&mut self.stopped) {
            let told = self.control.put(GO, &[f32::from_bits(1)]);
            self.fault.note(told);
        }
    }
}
