//! The share of right answers.

use super::measure::{Mean, Measure, expect_classes, named};
use super::{Batch, Counts, Right, Told};
use crate::compiled::OutputSpec;
#[cfg(feature = "keras-files")]
use crate::config::Config;
use crate::config::config;
use crate::data::Tensor;
use crate::error::Result;
use crate::loss::defaults::defaults;
use crate::loss::{TargetShape, check::expect_indices, expect_same_shape};

/// The share of predictions that are right (`metrics = "accuracy"` in Keras).
///
/// As Keras does, it compares with a threshold of 0.5 where an output has one word (`BinaryAccuracy`), the greatest
/// words where targets are one-hot (`CategoricalAccuracy`), and the greatest word with an index where targets are class
/// indices (`SparseCategoricalAccuracy`). Keras's class of this name, which asks for equal numbers, is a
/// [`MeanMetric`](super::MeanMetric).
#[derive(Debug, Clone, Copy, Default)]
pub struct Accuracy;

/// The share of words that are on their target's side of `threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryAccuracy {
    /// Predictions above it count as 1.
    pub threshold: f32,
}

/// The share of positions whose greatest prediction is where the target is greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CategoricalAccuracy;

/// The share of positions whose greatest prediction is that of the target's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SparseCategoricalAccuracy;

/// The share of positions whose target is greatest at one of the `k` greatest predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopKCategoricalAccuracy {
    /// How many predictions may be greater or equal.
    pub k: usize,
}

/// The share of positions whose target is the index of one of the `k` greatest predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SparseTopKCategoricalAccuracy {
    /// How many predictions may be greater or equal.
    pub k: usize,
    /// Whether predictions are not scores but the indices of classes, the best first, as a search gives them: a target may
    /// then be any of the first `k`, and any number.
    pub from_sorted_ids: bool,
}

defaults! {
    BinaryAccuracy { threshold: 0.5 }
    TopKCategoricalAccuracy { k: 5 }
    SparseTopKCategoricalAccuracy { k: 5, from_sorted_ids: false }
}
named! {
    Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy
    SparseTopKCategoricalAccuracy
}

/// The place of the greatest word; the first of equals.
pub(crate) fn argmax(words: &[f32]) -> usize {
    let mut best = 0;
    for (i, word) in words.iter().enumerate() {
        if *word > words[best] || (words[best].is_nan() && !word.is_nan()) {
            best = i;
        }
    }
    best
}

/// Whether fewer than `k` predictions are greater than that of `label`.
fn in_top(p: &[f32], label: usize, k: usize) -> bool {
    p.iter().filter(|other| **other > p[label]).count() < k
}

/// One right or wrong answer for each position.
fn add_positions(seen: &mut Mean, batch: &Batch<'_>, right: impl Fn(&[f32], &[f32]) -> bool) {
    for (y, p, weight) in batch.unmasked() {
        seen.add(f64::from(u8::from(right(y, p))), weight);
    }
}

impl Measure for Accuracy {
    type Seen = Mean;

    fn name(&self) -> &str {
        "accuracy"
    }

    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        expect_classes(self.name(), output, target)
    }

    fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
        let classes = batch.classes();
        add_positions(seen, batch, |y, p| match (classes, y) {
            (1, y) => (p[0] > 0.5) == (y[0] > 0.5),
            (_, [label]) => argmax(p) == *label as usize,
            (_, y) => argmax(p) == argmax(y),
        });
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Right(Right::Chosen))
    }

    // As Keras chooses for the word "accuracy".
    config! { "BinaryAccuracy" }

    #[cfg(feature = "keras-files")]
    fn config_at(&self, config: Config, output: &OutputSpec<'_>, indices: bool) -> Config {
        match (output.shape.last(), indices) {
            (Some(1), _) => config,
            (_, true) => config.of_class("SparseCategoricalAccuracy"),
            (_, false) => config.of_class("CategoricalAccuracy"),
        }
    }

    fn value(&self, seen: &Mean) -> f64 {
        seen.value()
    }
}

impl Measure for BinaryAccuracy {
    type Seen = Mean;

    config! { "BinaryAccuracy" threshold }

    fn name(&self) -> &str {
        "binary_accuracy"
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Sides { threshold: self.threshold })
    }

    fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
        for (y, p, weight) in batch.unmasked() {
            for (y, p) in y.iter().zip(p) {
                seen.add(f64::from(u8::from(f32::from(u8::from(*p > self.threshold)) == *y)), weight);
            }
        }
    }

    fn value(&self, seen: &Mean) -> f64 {
        seen.value()
    }
}

macro_rules! by_position {
    ($($metric:ident($($field:ident)?), $name:literal, $check:ident, |$own:ident, $y:ident, $p:ident| $right:expr, $told:expr;)*) => {$(
        impl Measure for $metric {
            type Seen = Mean;

            config! { (stringify!($metric)) $($field)? }

            fn name(&self) -> &str {
                $name
            }

            fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
                $check(self.name(), output, target)
            }

            fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
                let $own = self;
                add_positions(seen, batch, |$y, $p| $right);
            }

            fn told(&self) -> Option<Told<'_>> {
                let $own = self;
                Some(Told::Right($told))
            }

            fn value(&self, seen: &Mean) -> f64 {
                seen.value()
            }
        }
    )*};
}
by_position! {
    CategoricalAccuracy(), "categorical_accuracy", expect_same_shape, |_own, y, p| argmax(p) == argmax(y), Right::Greatest;
    SparseCategoricalAccuracy(), "sparse_categorical_accuracy", expect_indices,
        |_own, y, p| argmax(p) == y[0] as usize, Right::Index;
    TopKCategoricalAccuracy(k), "top_k_categorical_accuracy", expect_same_shape,
        |own, y, p| in_top(p, argmax(y), own.k), Right::GreatestInTop(own.k);
}

impl Measure for SparseTopKCategoricalAccuracy {
    type Seen = Mean;

    config! { "SparseTopKCategoricalAccuracy" k from_sorted_ids }

    fn name(&self) -> &str {
        "sparse_top_k_categorical_accuracy"
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(match self.from_sorted_ids {
            true => Told::Counts(Counts::Listed { k: self.k }),
            false => Told::Right(Right::IndexInTop(self.k)),
        })
    }

    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        let relation = TargetShape::of(output.shape, target.shape().sample());
        match self.from_sorted_ids && relation == TargetShape::Index {
            true => Ok(()),
            false => expect_indices(self.name(), output, target),
        }
    }

    fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
        add_positions(seen, batch, |y, p| match self.from_sorted_ids {
            true => p[..self.k.min(p.len())].contains(&y[0]),
            false => in_top(p, y[0] as usize, self.k),
        });
    }

    fn value(&self, seen: &Mean) -> f64 {
        seen.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiled::Head;
    use crate::metric::Metrics;

    fn accuracy(shape: &'static [usize], batches: &[(&[f32], &[f32])]) -> f64 {
        let output = OutputSpec { name: "y", shape, head: Head::Linear, mask: 0 };
        let mut metric = Accuracy.into_metrics().remove(0);
        for (targets, predictions) in batches {
            let samples = predictions.len() / shape.iter().product::<usize>();
            metric.update(&Batch {
                output: &output,
                samples,
                targets,
                predictions,
                weights: None,
                mask: None,
            });
        }
        metric.result()
    }

    #[test]
    fn chosen_by_shape() {
        assert_eq!(accuracy(&[1], &[(&[1.0, 0.0, 1.0], &[0.9, 0.4, 0.5])]), 2.0 / 3.0);
        let p = [0.1, 0.7, 0.2, 0.6, 0.3, 0.1];
        assert_eq!(accuracy(&[3], &[(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], &p)]), 0.5);
        assert_eq!(accuracy(&[3], &[(&[1.0, 0.0], &p)]), 1.0);
    }

    #[test]
    fn uneven_batches_count_by_their_samples() {
        let first: (&[f32], &[f32]) = (&[1.0, 1.0, 1.0], &[0.9, 0.9, 0.9]);
        assert_eq!(accuracy(&[1], &[first, (&[1.0], &[0.1])]), 0.75);
    }
}
