//! Intersection over union, from a confusion matrix.

use super::kept::kept;
use super::measure::{Measure, expect_classes, named};
use super::{Batch, Counts, Told, argmax};
use crate::compiled::OutputSpec;
#[cfg(feature = "keras-files")]
use crate::config::Config;
use crate::config::config;
use crate::data::Tensor;
use crate::error::{Error, Result};
use crate::loss::check::{TargetShape, expect_indices_or, expect_same_shape};
use crate::loss::defaults::defaults;

/// The mean over the classes of `intersection / union`: a position's class is the greatest of its words, and its target
/// an index or one-hot (`OneHotMeanIoU` in Keras). A class that neither is true nor predicted counts nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanIoU;

/// [`MeanIoU`] of some classes alone (`IoU` and `OneHotIoU` in Keras), or without the places of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoU {
    /// The classes whose mean it is; `None` for all of them.
    pub target_class_ids: Option<&'static [usize]>,
    /// The index of places that do not count, as one for what is unlabelled; it need not be a class.
    pub ignore_class: Option<i32>,
}

/// The mean over 0 and 1, or one of them, of `intersection / union` of words on either side of `threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryIoU {
    /// The classes whose mean it is: `&[0, 1]`, or one of them.
    pub target_class_ids: &'static [usize],
    /// Predictions at or above it count as 1.
    pub threshold: f32,
}

defaults! {
    IoU { target_class_ids: None, ignore_class: None }
    BinaryIoU { target_class_ids: &[0, 1], threshold: 0.5 }
}
named! { MeanIoU IoU BinaryIoU }

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

/// Takes in what a device has added up.
fn take_all(seen: &mut [Class], sums: &[f64]) {
    for (class, [both, truth, predicted]) in seen.iter_mut().zip(sums.as_chunks::<3>().0) {
        class.both += both;
        class.truth += truth;
        class.predicted += predicted;
    }
}

fn mean(classes: &[Class]) -> f64 {
    let unions = classes.iter().map(|class| (class.both, class.truth + class.predicted - class.both));
    let (sum, seen) = unions
        .filter(|(_, union)| *union > 0.0)
        .fold((0.0, 0), |(sum, seen), (both, union)| (sum + both / union, seen + 1));
    if seen == 0 { 0.0 } else { sum / f64::from(seen) }
}

/// Keras is told how many classes there are, and how they are told.
#[cfg(feature = "keras-files")]
fn of_classes(config: Config, output: &OutputSpec<'_>, indices: bool) -> Config {
    let classes = output.shape.last().copied().unwrap_or(1);
    config.with("num_classes", &classes).with("sparse_y_true", &indices).with("sparse_y_pred", &false)
}

impl Measure for MeanIoU {
    type Seen = Vec<Class>;

    config! { "MeanIoU" }

    #[cfg(feature = "keras-files")]
    fn config_at(&self, config: Config, output: &OutputSpec<'_>, indices: bool) -> Config {
        of_classes(config, output, indices)
    }

    fn name(&self) -> &str {
        "mean_io_u"
    }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        expect_classes(self.name(), output, target)
    }

    fn add(&self, seen: &mut Vec<Class>, batch: &Batch<'_>) {
        count_all(seen, batch, None);
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Counts(Counts::Overlaps { ignored: None }))
    }

    fn take(&self, seen: &mut Vec<Class>, sums: &[f64]) {
        seen.resize(sums.len() / 3, Class::default());
        take_all(seen, sums);
    }

    fn value(&self, seen: &Vec<Class>) -> f64 {
        mean(seen)
    }

    fn forget(seen: &mut Vec<Class>) {
        seen.fill(Class::default());
    }
}

/// Takes in the places of a batch, but for those of the class `ignored`.
fn count_all(seen: &mut Vec<Class>, batch: &Batch<'_>, ignored: Option<i32>) {
    seen.resize(batch.classes(), Class::default());
    for (y, p, weight) in batch.positions() {
        let truth = if let [label] = y { *label } else { argmax(y) as f32 };
        if ignored.is_none_or(|class| class as f32 != truth) && truth >= 0.0 && (truth as usize) < seen.len()
        {
            count(seen, truth as usize, argmax(p), weight);
        }
    }
}

impl Measure for IoU {
    type Seen = Vec<Class>;

    config! { "MeanIoU" ignore_class }

    #[cfg(feature = "keras-files")]
    fn config_at(&self, config: Config, output: &OutputSpec<'_>, indices: bool) -> Config {
        let config = of_classes(config, output, indices);
        match self.target_class_ids {
            Some(ids) => config.with("target_class_ids", &ids).of_class("IoU"),
            None => config,
        }
    }

    fn name(&self) -> &str {
        "io_u"
    }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        let classes = output.shape.last().copied().unwrap_or(1);
        if let Some(id) = self.target_class_ids.unwrap_or_default().iter().find(|id| **id >= classes) {
            return Err(Error::Setting {
                name: "target_class_ids",
                expected: format!("classes of output `{}`, from 0 to {}", output.name, classes - 1),
                found: id.to_string(),
            });
        }
        match TargetShape::of(output.shape, target.shape().sample()) {
            TargetShape::Index => {
                let ignored = self.ignore_class.map(|class| class as f32);
                expect_indices_or(ignored, self.name(), output, target)
            }
            TargetShape::Same | TargetShape::Other => expect_classes(self.name(), output, target),
        }
    }

    fn add(&self, seen: &mut Vec<Class>, batch: &Batch<'_>) {
        count_all(seen, batch, self.ignore_class);
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Counts(Counts::Overlaps { ignored: self.ignore_class }))
    }

    fn take(&self, seen: &mut Vec<Class>, sums: &[f64]) {
        seen.resize(sums.len() / 3, Class::default());
        take_all(seen, sums);
    }

    fn value(&self, seen: &Vec<Class>) -> f64 {
        match self.target_class_ids {
            None => mean(seen),
            Some(ids) => mean(&ids.iter().filter_map(|id| seen.get(*id).copied()).collect::<Vec<_>>()),
        }
    }

    fn forget(seen: &mut Vec<Class>) {
        seen.fill(Class::default());
    }
}

impl Measure for BinaryIoU {
    type Seen = [Class; 2];

    config! { "BinaryIoU" target_class_ids threshold }

    fn name(&self) -> &str {
        "binary_io_u"
    }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        if let Some(id) = self.target_class_ids.iter().find(|id| **id > 1) {
            let expected = "0 and 1, or one of them".into();
            return Err(Error::Setting { name: "target_class_ids", expected, found: id.to_string() });
        }
        expect_same_shape(self.name(), output, target)
    }

    fn add(&self, seen: &mut [Class; 2], batch: &Batch<'_>) {
        for (y, p, weight) in batch.positions() {
            for (y, p) in y.iter().zip(p) {
                count(seen, usize::from(*y >= 0.5), usize::from(*p >= self.threshold), weight);
            }
        }
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Counts(Counts::Halves { threshold: self.threshold }))
    }

    fn take(&self, seen: &mut [Class; 2], sums: &[f64]) {
        take_all(seen, sums);
    }

    fn value(&self, seen: &[Class; 2]) -> f64 {
        mean(&self.target_class_ids.iter().map(|id| seen[*id]).collect::<Vec<_>>())
    }
}
