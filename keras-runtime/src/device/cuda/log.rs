//! What passes leave for those who measure: kept on the device pass by pass, and sent to the host together, without a wait for any of
//! them.

use std::sync::Arc;

use cudarc::driver::DriverError;

use super::Gpu;
use super::memory::Words;
use super::pinned::Pinned;
use super::source::PORTS;
use crate::compiled::Spec;
use crate::device::Passed;

/// Words of a half of the log: the one is written while the other is on its way to the host.
pub const HALF: usize = 1 << 18;

/// What a part of an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Of an output: the loss of each sample, predictions, targets, what samples count, and which steps do.
    Losses(usize),
    Predictions(usize),
    Targets(usize),
    Weights(usize),
    Mask(usize),
    /// What was added up for a metric of an output.
    Sums(usize, usize),
    /// The loss that the model adds itself.
    Own,
    /// The penalty of each weight.
    Penalties,
}

/// Words that are kept.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub what: What,
    /// Where they are on the device; what is added up comes to the entry by itself.
    pub from: u64,
    /// Where in the entry they come to lie.
    pub at: usize,
    pub len: usize,
}

impl Part {
    /// Where what follows it comes to lie: at a multiple of four words, so that they move together.
    pub fn end(&self) -> usize {
        self.at + self.len.next_multiple_of(4)
    }
}

/// A pass.
#[derive(Debug)]
pub struct Entry {
    pub samples: usize,
    pub parts: Vec<Part>,
    /// What the mean of the losses of each output is multiplied with.
    pub shares: [f64; PORTS],
}

impl Entry {
    pub fn words(&self) -> usize {
        self.parts.last().map_or(0, Part::end)
    }
}

#[derive(Debug, Default)]
struct Half {
    /// Entries, and the first word of each.
    entries: Vec<(usize, Entry)>,
    used: usize,
    /// Where they go on the host.
    pinned: Option<Pinned>,
}

/// The log of a model.
#[derive(Debug)]
pub struct Log {
    gpu: Arc<Gpu>,
    spec: &'static Spec,
    words: Words,
    halves: [Half; 2],
    /// The half that is written.
    now: usize,
    /// The other one is on its way.
    sent: bool,
}

impl Log {
    pub fn new(gpu: &Arc<Gpu>, spec: &'static Spec) -> Result<Self, DriverError> {
        let words = Words::new(gpu, 0)?;
        Ok(Log { gpu: gpu.clone(), spec, words, halves: Default::default(), now: 0, sent: false })
    }

    /// Makes room on the device; whether an address has changed.
    pub fn grow(&mut self) -> Result<bool, DriverError> {
        self.words.grow(2 * HALF)
    }

    /// Bytes that [`Log::grow`] asks for.
    pub fn missing(&self) -> usize {
        self.words.missing(2 * HALF)
    }

    /// Where kernels write.
    pub fn address(&self) -> u64 {
        self.words.address(0)
    }

    /// The word at which the next entry begins.
    pub fn next(&self) -> usize {
        self.now * HALF + self.halves[self.now].used
    }

    /// Takes in the entry that was written at [`Log::next`], and makes room for another one like it: what was sent before is shown
    /// then.
    pub fn add(&mut self, entry: Entry, to: &mut dyn FnMut(&dyn Passed)) -> Result<(), DriverError> {
        let words = entry.words();
        let half = &mut self.halves[self.now];
        half.entries.push((half.used, entry));
        half.used += words;
        if half.used + words > HALF {
            self.show_sent(to)?;
            self.send()?;
        }
        Ok(())
    }

    /// Whether an entry of so many words has a place.
    pub fn make_room(&mut self, words: usize) -> Result<bool, DriverError> {
        if self.halves[self.now].used + words > HALF && words <= HALF && !self.sent {
            self.send()?;
        }
        Ok(self.halves[self.now].used + words <= HALF)
    }

    /// Shows all entries, in their order.
    pub fn show(&mut self, to: &mut dyn FnMut(&dyn Passed)) -> Result<(), DriverError> {
        self.show_sent(to)?;
        if !self.halves[self.now].entries.is_empty() {
            self.send()?;
            self.show_sent(to)?;
        }
        Ok(())
    }

    /// Sends the half that is written, and writes the other one from now on, which was shown.
    fn send(&mut self) -> Result<(), DriverError> {
        let half = &mut self.halves[self.now];
        let pinned = match &mut half.pinned {
            Some(pinned) => pinned,
            none => none.insert(Pinned::new(&self.gpu, 4 * HALF)?),
        };
        // SAFETY: the log lives as long as its halves, and never shrinks.
        unsafe { pinned.receive(&self.gpu.stream, self.words.address(self.now * HALF), 4 * half.used) }?;
        (self.now, self.sent) = (1 - self.now, true);
        Ok(())
    }

    fn show_sent(&mut self, to: &mut dyn FnMut(&dyn Passed)) -> Result<(), DriverError> {
        if !std::mem::take(&mut self.sent) {
            return Ok(());
        }
        let half = &mut self.halves[1 - self.now];
        let entries = std::mem::take(&mut half.entries);
        half.used = 0;
        if let Some(pinned) = &mut half.pinned {
            let words = pinned.words()?;
            for (at, entry) in &entries {
                to(&Shown { spec: self.spec, words: &words[*at..], entry });
            }
        }
        Ok(())
    }

    /// Drops all entries.
    pub fn clear(&mut self) {
        self.sent = false;
        for half in &mut self.halves {
            half.entries.clear();
            half.used = 0;
        }
    }
}

/// An entry on the host.
struct Shown<'a> {
    spec: &'static Spec,
    words: &'a [f32],
    entry: &'a Entry,
}

impl Shown<'_> {
    fn find(&self, what: What) -> Option<&[f32]> {
        let part = self.entry.parts.iter().find(|part| part.what == what)?;
        Some(&self.words[part.at..][..part.len])
    }
}

impl Passed for Shown<'_> {
    fn samples(&self) -> usize {
        self.entry.samples
    }

    fn output(&self, i: usize) -> &[f32] {
        self.find(What::Predictions(i)).unwrap_or_default()
    }

    fn targets(&self, i: usize) -> &[f32] {
        self.find(What::Targets(i)).unwrap_or_default()
    }

    fn sample_weights(&self, i: usize) -> Option<&[f32]> {
        self.find(What::Weights(i))
    }

    fn mask(&self, i: usize) -> Option<&[f32]> {
        self.find(What::Mask(i))
    }

    fn sample_losses(&self, i: usize) -> &[f32] {
        self.find(What::Losses(i)).unwrap_or_default()
    }

    fn loss_share(&self, i: usize) -> f64 {
        self.entry.shares[i]
    }

    fn measured(&self, i: usize, k: usize) -> Option<Vec<f64>> {
        let (words, _) = self.find(What::Sums(i, k))?.as_chunks::<2>();
        let sums = words.iter().map(|words| {
            let [low, high] = words.map(|word| u64::from(word.to_bits()));
            f64::from_bits(high << 32 | low)
        });
        Some(sums.collect())
    }

    fn added_loss(&self) -> f64 {
        let own = self.find(What::Own).map_or(0.0, |words| f64::from(words[0]));
        own + penalties(self.spec, self.find(What::Penalties).unwrap_or_default())
    }
}

/// The sum of the penalties of weights, of which each has a word.
pub fn penalties(spec: &Spec, words: &[f32]) -> f64 {
    let each = spec.weights.iter().zip(words).filter(|(weight, _)| weight.penalty.is_some());
    each.map(|(_, word)| f64::from(*word)).sum()
}
