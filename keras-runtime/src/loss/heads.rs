//! What a pass needs to know of the outputs and their losses.

use super::Loss;
use crate::compiled::OutputSpec;

/// The outputs of one pass.
#[derive(Debug, Clone, Copy)]
pub struct Heads<'a> {
    slots: &'a [Slot<'a>],
}

/// One output of a pass.
#[derive(Debug)]
pub struct Slot<'a> {
    /// Its shape and last activation.
    pub output: &'static OutputSpec<'static>,
    /// Its loss; none while predicting.
    pub loss: Option<Slotted<'a>>,
}

/// What is known of a loss over the whole batch.
#[derive(Debug, Clone, Copy)]
pub enum Over<'a> {
    /// It is no such loss.
    Samples,
    /// Nothing before all predictions are there.
    Unknown,
    /// Its derivative by each prediction of the batch.
    Slope(&'a [f32]),
}

/// The loss of one output over one batch.
#[derive(Debug)]
pub struct Slotted<'a> {
    /// The formula.
    pub loss: &'a dyn Loss,
    /// Targets of the batch, `width` words for each sample.
    pub targets: &'a [f32],
    /// Words of a target for each sample.
    pub width: usize,
    /// Factor on each sample's slope, the reduction included: `weight of the output / samples` of a mean.
    pub scale: f32,
    /// Of a loss over the whole batch: what is known of it.
    pub over: Over<'a>,
    /// Factors of samples, or of the steps of samples.
    weights: &'a [f32],
    /// Factors for each sample; 0 means that each counts 1.
    weight_width: usize,
    /// Receives the loss of each sample.
    rows: *mut f32,
    rows_len: usize,
    /// Receives which steps of each sample count.
    mask: *mut f32,
    /// Steps of a sample that a mask tells of.
    mask_width: usize,
    mask_len: usize,
}

// SAFETY: `rows` and `mask` are exclusively borrowed for 'a and written by disjoint ranges of samples; the rest is shared
// data.
unsafe impl Send for Slotted<'_> {}
// SAFETY: as above.
unsafe impl Sync for Slotted<'_> {}

impl<'a> Slotted<'a> {
    /// The loss of one output, which leaves the loss of each sample in `rows`.
    pub fn new(
        loss: &'a dyn Loss,
        targets: &'a [f32],
        width: usize,
        scale: f32,
        rows: &'a mut [f32],
    ) -> Self {
        Slotted {
            loss,
            targets,
            width,
            scale,
            over: Over::Samples,
            weights: &[],
            weight_width: 0,
            rows: rows.as_mut_ptr(),
            rows_len: rows.len(),
            mask: std::ptr::null_mut(),
            mask_width: 0,
            mask_len: 0,
        }
    }

    /// The same with `width` factors for each sample.
    #[must_use]
    pub fn with_weights(self, weights: &'a [f32], width: usize) -> Self {
        Slotted { weights, weight_width: width, ..self }
    }

    /// The same, of a loss over the whole batch.
    #[must_use]
    pub fn over(self, over: Over<'a>) -> Self {
        Slotted { over, ..self }
    }

    /// The same, which leaves in `mask` which of `width` steps of each sample count.
    #[must_use]
    pub fn with_mask(self, mask: &'a mut [f32], width: usize) -> Self {
        Slotted { mask: mask.as_mut_ptr(), mask_len: mask.len(), mask_width: width, ..self }
    }

    /// The factors of a sample: one, or one for each step.
    pub(crate) fn weights_of(&self, sample: usize) -> &'a [f32] {
        match self.weight_width {
            0 => &[1.0],
            width => &self.weights[sample * width..][..width],
        }
    }

    /// Keeps the loss of a sample.
    ///
    /// # Safety
    /// No two threads may write the same sample at once.
    pub(crate) unsafe fn put(&self, sample: usize, loss: f32) {
        assert!(sample < self.rows_len, "sample {sample} of {}", self.rows_len);
        // SAFETY: in bounds by the assertion, unshared by the caller's promise.
        unsafe { *self.rows.add(sample) = loss }
    }

    /// Keeps which steps of a sample count: those whose weight is not 0.
    ///
    /// # Safety
    /// As of [`Slotted::put`].
    pub(crate) unsafe fn put_mask(&self, sample: usize, weights: &[f32]) {
        let (at, width) = (sample * self.mask_width, self.mask_width);
        assert!(width == weights.len() && at + width <= self.mask_len, "mask of sample {sample}");
        for (step, weight) in weights.iter().enumerate() {
            // SAFETY: in bounds by the assertion, unshared by the caller's promise.
            unsafe { *self.mask.add(at + step) = f32::from(u8::from(*weight != 0.0)) }
        }
    }
}

impl Slotted<'_> {
    /// Where the losses of samples from `first` on are kept.
    ///
    /// # Safety
    /// No two threads may have the same sample at once.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn rows_of(&self, first: usize, samples: usize) -> &mut [f32] {
        assert!(
            first + samples <= self.rows_len,
            "samples {first} to {} of {}",
            first + samples,
            self.rows_len
        );
        // SAFETY: in bounds by the assertion, unshared by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.rows.add(first), samples) }
    }
}

impl<'a> Heads<'a> {
    /// The outputs in order.
    pub fn new(slots: &'a [Slot<'a>]) -> Self {
        Heads { slots }
    }

    /// Output `i`.
    pub(crate) fn slot(&self, i: usize) -> &'a Slot<'a> {
        &self.slots[i]
    }
}
