//! A step of an optimizer over all weights, and what comes before and after it.

use std::ops::Range;

use super::{LossScaling, Moment, Optimizer};
use crate::compiled::WeightSpec;
use crate::device::cpu::simd::Isa;
use crate::device::cpu::split::{self, Shared};
use crate::init;

/// Words that one piece of work has.
const GRAIN: usize = 4096;
/// Parameters below which a step is not divided among threads.
const SERIAL_BELOW: usize = 1 << 15;
/// The most words of state that an optimizer has for each parameter, options left out: those of several optimizers that are one.
pub(super) const MOST_STATE: usize = 16;

/// What happens to a gradient that is too large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clip {
    /// Elements are cut to this magnitude.
    Value(f32),
    /// The gradient of each weight is scaled to at most this norm.
    Norm(f32),
    /// The gradient of all weights is scaled to at most this norm.
    GlobalNorm(f32),
}

impl Clip {
    /// What a gradient with so great a norm is multiplied with.
    pub(crate) fn scale(self, norm: f32) -> f32 {
        match self {
            Clip::Value(_) => 1.0,
            Clip::Norm(most) => most / norm.max(most),
            // As Keras: a gradient with an infinity makes all weights NaN rather than standing still.
            Clip::GlobalNorm(_) if !norm.is_finite() => f32::NAN,
            Clip::GlobalNorm(most) => most * (1.0 / norm).min(1.0 / most),
        }
    }
}

/// A moving average of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MovingAverage {
    /// The share that a step keeps.
    pub momentum: f32,
    /// After so many steps each the weights become their average; `None`: only when `fit` ends.
    pub overwrite_frequency: Option<u64>,
}

/// What comes before and after an optimizer's step, in Keras on every optimizer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// `w -= w * decay * learning_rate` before each step.
    pub decay: f32,
    /// Weights whose name contains one of these do not decay.
    pub exclude: &'a [String],
    /// What happens to a gradient that is too large.
    pub clip: Option<Clip>,
    /// Batches for each step; 0 and 1 for one.
    pub accumulate: u32,
    /// The moving average, if there is one.
    pub average: Option<MovingAverage>,
    /// Factors of the step size, by the first letters of a weight's name.
    pub rates: &'a [(String, f32)],
    /// What the loss is multiplied with before gradients are taken.
    pub loss_scale: Option<LossScaling>,
}

impl Options<'_> {
    /// Words of state for each parameter.
    pub fn state_words(&self) -> usize {
        usize::from(self.accumulate > 1) + usize::from(self.average.is_some())
    }

    pub(super) fn rate(&self, weight: &WeightSpec) -> f32 {
        self.rates
            .iter()
            .filter(|(prefix, _)| weight.name.starts_with(prefix))
            .map(|(_, rate)| rate)
            .product()
    }

    pub(super) fn decays(&self, weight: &WeightSpec) -> bool {
        !self.exclude.iter().any(|part| weight.name.contains(part))
    }
}

/// Memory for sums, which is kept from step to step.
pub(crate) type Scratch = Vec<f64>;

/// One step over all parameters.
pub(crate) struct Update<'a> {
    pub isa: Isa,
    pub threads: usize,
    pub weights: &'static [WeightSpec],
    pub params: &'a mut [f32],
    pub grads: &'a mut [f32],
    pub state: &'a mut [f32],
    pub scratch: &'a mut Scratch,
}

impl Update<'_> {
    /// The step after `step - 1` batches, or what takes its place while gradients are collected.
    pub fn run(mut self, optimizer: &dyn Optimizer, step: u64) {
        let options = optimizer.options();
        let (len, count) = (self.params.len(), optimizer.state_words() - options.state_words());
        assert!(
            count <= MOST_STATE && self.state.len() >= optimizer.state_words() * len,
            "the state of {optimizer:?} has another size"
        );
        if self.threads > 1 && len < SERIAL_BELOW {
            self.threads = 1;
        }
        // From the first batch on, though the first step may come later.
        if matches!(options.clip, Some(Clip::Norm(_) | Clip::GlobalNorm(_))) {
            self.scratch.resize(len.div_ceil(GRAIN), 0.0);
        }
        let batches = u64::from(options.accumulate.max(1));
        if batches == 1 || self.collect(count, batches, step.is_multiple_of(batches)) {
            // As Keras: schedules count batches, formulas count steps.
            let rate = optimizer.learning_rate_at(step - 1);
            self.step(optimizer, &options, count, (step.div_ceil(batches), rate));
        }
        if let Some(average) = options.average {
            let before = (step - 1) / batches;
            self.average(average, optimizer.state_words() - 1, before);
        }
    }

    /// Adds the gradient to those of the last batches; the last one becomes their mean.
    fn collect(&mut self, slot: usize, batches: u64, last: bool) -> bool {
        let len = self.params.len();
        let sums = &mut self.state[slot * len..(slot + 1) * len];
        for (g, sum) in self.grads.iter_mut().zip(sums) {
            match last {
                true => (*g, *sum) = ((*g + *sum) / batches as f32, 0.0),
                false => *sum += *g,
            }
        }
        last
    }

    /// The average of the weights after `before` steps and one.
    fn average(&mut self, average: MovingAverage, slot: usize, before: u64) {
        let len = self.params.len();
        let words = &mut self.state[slot * len..(slot + 1) * len];
        let momentum = if before == 0 { 0.0 } else { average.momentum };
        let overwrite = average.overwrite_frequency.is_some_and(|each| (before + 1).is_multiple_of(each));
        for (w, mean) in self.params.iter_mut().zip(words) {
            *mean = momentum * *mean + (1.0 - momentum) * *w;
            if overwrite {
                *w = *mean;
            }
        }
    }

    fn step(
        &mut self,
        optimizer: &dyn Optimizer,
        options: &Options<'_>,
        count: usize,
        (step, learning_rate): (u64, f32),
    ) {
        let base = Moment::new(self.isa, self.threads, step, learning_rate);
        pieces(optimizer, options, self.weights, base, &mut Pass { update: self, optimizer, count });
    }

    /// The step for a range of the parameters, divided among the threads.
    fn piece(&mut self, optimizer: &dyn Optimizer, at: &Moment, count: usize, all: Range<usize>) {
        let len = self.params.len();
        let (params, state) = (Shared(self.params.as_mut_ptr()), Shared(self.state.as_mut_ptr()));
        let grads = &*self.grads;
        let (grain, threads) = match at.weight {
            Some(_) => (all.len().max(1), 1),
            None => (GRAIN, self.threads),
        };
        split::ranges(all.len(), grain, threads, &|range: Range<usize>| {
            let range = all.start + range.start..all.start + range.end;
            let piece = |words: *mut f32, skip: usize| {
                // SAFETY: ranges are disjoint and within the buffers.
                unsafe { std::slice::from_raw_parts_mut(words.add(skip + range.start), range.len()) }
            };
            let mut states: [&mut [f32]; MOST_STATE] = std::array::from_fn(|i| match i < count {
                true => piece(state.get(), i * len),
                false => &mut [][..],
            });
            optimizer.step(at, piece(params.get(), 0), &grads[range.clone()], &mut states[..count]);
        });
    }

    /// The Euclidean norm of a range of the gradient; the order of its sum depends on the range alone.
    fn norm(&mut self, range: Range<usize>) -> f32 {
        let blocks = range.len().div_ceil(GRAIN);
        let words = &self.grads[range];
        let sums = Shared(self.scratch.as_mut_ptr());
        split::ranges(blocks, 1, self.threads, &|own: Range<usize>| {
            for block in own {
                let words = &words[block * GRAIN..words.len().min((block + 1) * GRAIN)];
                // SAFETY: each block has a place of its own, within what was made above.
                unsafe { *sums.get().add(block) = sum_of_squares(words) };
            }
        });
        self.scratch[..blocks].iter().sum::<f64>().sqrt() as f32
    }
}

/// A step of the CPU.
struct Pass<'u, 'a> {
    update: &'u mut Update<'a>,
    optimizer: &'u dyn Optimizer,
    count: usize,
}

impl Pieces for Pass<'_, '_> {
    fn scale(&mut self, clip: Clip, range: Range<usize>) -> f32 {
        clip.scale(self.update.norm(range))
    }

    fn piece(&mut self, at: &Moment, range: Range<usize>) {
        self.update.piece(self.optimizer, at, self.count, range);
    }
}

/// What a device does in a step.
pub(crate) trait Pieces {
    /// What a range of the gradient is multiplied with, by its Euclidean norm.
    fn scale(&mut self, clip: Clip, range: Range<usize>) -> f32;

    /// The step for a range of the parameters.
    fn piece(&mut self, at: &Moment, range: Range<usize>);
}

/// Divides a step into ranges of weights that are treated alike: with the step sizes, the decay and the clipping that
/// `options` say. `base` holds what they have in common.
pub(crate) fn pieces(
    optimizer: &dyn Optimizer,
    options: &Options<'_>,
    weights: &'static [WeightSpec],
    mut base: Moment,
    work: &mut dyn Pieces,
) {
    match options.clip {
        Some(clip @ Clip::GlobalNorm(_)) => {
            let len =
                weights.iter().filter(|weight| weight.trainable).map(|w| w.offset + init::words(w)).max();
            base.scale = work.scale(clip, 0..len.unwrap_or(0));
        }
        Some(Clip::Value(most)) => base.clip = Some(most),
        _ => {}
    }
    let whole = optimizer.whole_weights();
    let mut open: Option<(Moment, Range<usize>)> = None;
    for weight in weights.iter().filter(|weight| weight.trainable) {
        let range = weight.offset..weight.offset + init::words(weight);
        let mut at = base;
        at.learning_rate *= options.rate(weight);
        let decay = optimizer.decay_of(weight, options.decay);
        if decay != 0.0 && options.decays(weight) {
            at.keep = 1.0 - decay * at.learning_rate;
        }
        if let Some(clip @ Clip::Norm(_)) = options.clip {
            at.scale = work.scale(clip, range.clone());
        }
        at.weight = whole.then_some(weight);
        // Weights that are treated alike are one range.
        open = match open.take() {
            Some((same, first)) if same == at && !whole => Some((same, first.start..range.end)),
            Some((other, first)) => {
                work.piece(&other, first);
                Some((at, range))
            }
            None => Some((at, range)),
        };
    }
    if let Some((at, range)) = open {
        work.piece(&at, range);
    }
}

/// In eight sums, so that it can be done by vectors.
pub(super) fn sum_of_squares(words: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    let (chunks, rest) = words.as_chunks::<8>();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>()
}
