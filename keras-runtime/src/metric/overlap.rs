//! Intersection over union, from a confusion matrix.

use super::kept::kept;
use super::measure::{Measure, expect_classes, named};
use super::{Batch, argmax};
use crate::compiled::OutputSpec;
use crate::data::Tensor;
use crate::error::Result;
use crate::loss::defaults::defaults;

/// The mean over the classes of `intersection / union`: a position's class is the greatest of its words, and its target
/// an index or one-hot (`OneHotMeanIoU` in Keras). A class that neither is true nor predicted counts nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanIoU;

/// The mean over 0 and 1 of `intersection / union` of words on either side of `threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryIoU {
    /// Predictions at or above it count as 1.
    pub threshold: f32,
}

defaults! { BinaryIoU { threshold: 0.5 } }
named! { MeanIoU BinaryIoU }

/// For each class: what is true and predicted, what is true, what is predicted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Class {
    both: f64,
    truth: f64,
    predicted: f64,
}

kept! { Class { both, truth, predicted } }

fn count(classes: &mut [Class], truth: usize, predicted: usize, weight: f64) {
    classes[truth].truth += weight;
    classes[predicted].predicted += weight;
    if truth == predicted {
        classes[truth].both += weight;
    }
}

fn mean(classes: &[Class]) -> f64 {
    let unions = classes.iter().map(|class| (class.both, class.truth + class.predicted - class.both));
    let (sum, seen) = unions
        .filter(|(_, union)| *union > 0.0)
        .fold((0.0, 0), |(sum, seen), (both, union)| (sum + both / union, seen + 1));
    if seen == 0 { 0.0 } else { sum / f64::from(seen) }
}

impl Measure for MeanIoU {
    type Seen = Vec<Class>;

    fn name(&self) -> &str {
        "mean_io_u"
    }

    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        expect_classes(self.name(), output, target)
    }

    fn add(&self, seen: &mut Vec<Class>, batch: &Batch<'_>) {
        seen.resize(batch.classes(), Class::default());
        for (y, p, weight) in batch.positions() {
            let truth = if let [label] = y { *label as usize } else { argmax(y) };
            if truth < seen.len() {
                count(seen, truth, argmax(p), weight);
            }
        }
    }

    fn value(&self, seen: &Vec<Class>) -> f64 {
        mean(seen)
    }

    fn forget(seen: &mut Vec<Class>) {
        seen.fill(Class::default());
    }
}

impl Measure for BinaryIoU {
    type Seen = [Class; 2];

    fn name(&self) -> &str {
        "binary_io_u"
    }

    fn add(&self, seen: &mut [Class; 2], batch: &Batch<'_>) {
        for (y, p, weight) in batch.positions() {
            for (y, p) in y.iter().zip(p) {
                count(seen, usize::from(*y >= 0.5), usize::from(*p >= self.threshold), weight);
            }
        }
    }

    fn value(&self, seen: &[Class; 2]) -> f64 {
        mean(seen)
    }
}
