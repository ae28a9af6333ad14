//! A scale of the loss that follows the gradients: the device judges them, and goes on; what has come of it the host is told later.

use std::cell::{Cell, RefCell};

use cudarc::driver::DriverError;

use super::CudaBackend;
use crate::device::cuda::Gpu;
use crate::device::cuda::memory::Words;
use crate::device::cuda::pinned::Pinned;
use crate::optim::{LossScale, ScaleState};

/// Steps of which the host does not know whether they were taken, at most: then it waits.
pub(in crate::device::cuda) const AHEAD: usize = 32;
/// Words of a state on the device.
const WORDS: usize = 4;

/// The scale of a model's loss.
#[derive(Debug)]
pub(super) struct Scaling {
    /// What the host knows of it.
    known: Cell<ScaleState>,
    /// Steps that were judged since.
    pending: Cell<usize>,
    /// Where it is on the device, and whether it was put there.
    device: Words,
    placed: Cell<bool>,
    /// A newer one on its way here, and how many of the pending steps it knows.
    coming: RefCell<Pinned>,
    knows: Cell<Option<usize>>,
}

impl Scaling {
    pub fn new(gpu: &Gpu, device: Words) -> Result<Self, DriverError> {
        Ok(Scaling {
            known: Cell::default(),
            pending: Cell::new(0),
            device,
            placed: Cell::new(false),
            coming: RefCell::new(Pinned::new(gpu, 4 * WORDS)?),
            knows: Cell::new(None),
        })
    }

    /// Words that the device needs for it.
    pub const WORDS: usize = WORDS;

    fn read(words: &[f32]) -> ScaleState {
        let bits = |i: usize| words[i].to_bits();
        let skipped = u64::from(bits(3)) << 32 | u64::from(bits(2));
        ScaleState { scale: Some(words[0]), steps: bits(1), skipped }
    }
}

impl CudaBackend {
    /// How far the scale of the loss has come; the host waits for the steps that it does not know of yet.
    pub(in crate::device::cuda) fn scaling(&self) -> ScaleState {
        let of = &self.scaling;
        if of.pending.replace(0) > 0 {
            let mut words = [0.0; WORDS];
            self.fault.note(of.device.get(0, &mut words));
            of.known.set(Scaling::read(&words));
            of.knows.set(None);
        }
        of.known.get()
    }

    /// What is known of it without a wait, and how many steps have come since; so many that the host waits after all are none.
    pub(in crate::device::cuda) fn scaling_so_far(&self) -> (ScaleState, usize) {
        let of = &self.scaling;
        if let Some(steps) = of.knows.get() {
            let mut coming = of.coming.borrow_mut();
            if self.fault.note(coming.is_over()) == Some(true)
                && let Some(words) = self.fault.note(coming.words().map(|words| Scaling::read(words)))
            {
                of.known.set(words);
                of.pending.set(of.pending.get() - steps);
                of.knows.set(None);
            }
        }
        if of.pending.get() >= AHEAD {
            self.scaling();
        }
        (of.known.get(), of.pending.get())
    }

    pub(in crate::device::cuda) fn set_scaling(&mut self, state: ScaleState) {
        self.scaling.known.set(state);
        self.scaling.pending.set(0);
        self.scaling.placed.set(false);
        self.scaling.knows.set(None);
    }

    /// Where it is on the device.
    pub(in crate::device::cuda) fn scaling_address(&self) -> u64 {
        self.scaling.device.address(0)
    }

    /// Gives the device what the host knows, if it has nothing of its own.
    pub(in crate::device::cuda) fn place_scaling(&mut self, how: LossScale) {
        if !self.scaling.placed.replace(true) {
            let ScaleState { scale, steps, skipped } = self.scaling();
            let bits = [steps, skipped as u32, (skipped >> 32) as u32].map(f32::from_bits);
            let words = [scale.unwrap_or(how.initial_scale), bits[0], bits[1], bits[2]];
            // SAFETY: there is room for a state.
            let sent = unsafe { self.uploads.send(&self.gpu, &words, self.scaling_address()) };
            self.fault.note(sent);
        }
    }

    /// The device is about to see whether there is a step.
    pub(in crate::device::cuda) fn judged(&mut self) {
        self.scaling.pending.set(self.scaling.pending.get() + 1);
        self.stopped = true;
    }

    /// Asks for what has come of the steps so far, without a wait for it.
    pub(in crate::device::cuda) fn ask_scaling(&mut self) {
        let of = &self.scaling;
        if of.pending.get() > 0 && of.knows.get().is_none() && !self.fault.is_set() {
            let mut coming = of.coming.borrow_mut();
            // SAFETY: the words live as long as the model.
            let asked = unsafe { coming.receive(&self.gpu.stream, of.device.address(0), 4 * WORDS) };
            self.fault.note(asked);
            of.knows.set(Some(of.pending.get()));
        }
    }
}
