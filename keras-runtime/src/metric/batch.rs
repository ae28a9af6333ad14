//! What a metric sees of a batch.

use crate::compiled::OutputSpec;

/// Predictions of one output for a batch, and their targets.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The output's name and shape.
    pub output: &'a OutputSpec<'a>,
    /// Samples.
    pub samples: usize,
    /// As many words for each sample as the loss asks for.
    pub targets: &'a [f32],
    /// One sample after another.
    pub predictions: &'a [f32],
    /// What each sample counts, or each step of each sample; none means 1.
    pub weights: Option<&'a [f32]>,
    /// For each step of each sample whether it counts, 1 or 0, where the output has a mask. As in Keras, metrics that are
    /// means go by it, and no others.
    pub mask: Option<&'a [f32]>,
}

impl<'a> Batch<'a> {
    /// Words of the last axis.
    pub fn classes(&self) -> usize {
        self.output.shape.last().copied().unwrap_or(1).max(1)
    }

    /// Each sample: its targets, its predictions, and its weight, which is the mean of those of its steps.
    pub fn each_sample(&self) -> impl Iterator<Item = (&'a [f32], &'a [f32], f64)> + use<'a> {
        let Batch { samples, targets, predictions, weights, .. } = *self;
        let each = move |words: usize| words / samples.max(1);
        let (width, words) = (each(targets.len()), each(predictions.len()));
        (0..samples).map(move |i| {
            let weight = weights.map_or(1.0, |weights| {
                let steps = each(weights.len());
                let own = weights[i * steps..(i + 1) * steps].iter().map(|weight| f64::from(*weight));
                own.sum::<f64>() / steps.max(1) as f64
            });
            (&targets[i * width..(i + 1) * width], &predictions[i * words..(i + 1) * words], weight)
        })
    }

    /// Each place of all axes but the last: its targets, its predictions, its weight.
    pub fn positions(&self) -> impl Iterator<Item = (&'a [f32], &'a [f32], f64)> + use<'a> {
        let classes = self.classes();
        let positions = self.predictions.len() / classes;
        let width = (self.targets.len() / positions.max(1)).max(1);
        let (targets, weights) = (self.targets, self.weights);
        self.predictions.chunks_exact(classes).enumerate().map(move |(i, p)| {
            let weight = weights.map_or(1.0, |w| f64::from(w[i * w.len() / positions]));
            (&targets[i * width..(i + 1) * width], p, weight)
        })
    }

    /// [`Batch::positions`] that the mask leaves.
    pub fn unmasked(&self) -> impl Iterator<Item = (&'a [f32], &'a [f32], f64)> + use<'a> {
        let (mask, positions) = (self.mask, self.predictions.len() / self.classes());
        let counts = move |i: usize| mask.is_none_or(|mask| mask[i * mask.len() / positions] != 0.0);
        self.positions().enumerate().filter(move |(i, _)| counts(*i)).map(|(_, position)| position)
    }
}
