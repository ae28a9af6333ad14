//! Measures over many thresholds: areas under curves, and one ratio where another is given.

use super::kept::kept;
use super::measure::{Measure, expect_class, named, ratio};
use super::{Batch, Counts, Told};
use crate::compiled::OutputSpec;
use crate::config::{config, words};
use crate::data::Tensor;
use crate::error::{Error, Result};
use crate::loss::check::expect_same_shape;
use crate::loss::defaults::defaults;

/// For each of evenly spaced thresholds from 0 to 1, the weight of the words whose greatest threshold below it is.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

kept! { Buckets { positive, negative } }

impl Buckets {
    fn resize(&mut self, thresholds: usize) {
        self.positive.resize(thresholds, 0.0);
        self.negative.resize(thresholds, 0.0);
    }

    /// Takes in the words of a batch, or those of `class_id` alone.
    fn add(&mut self, thresholds: usize, batch: &Batch<'_>, class_id: Option<usize>) {
        self.resize(thresholds);
        for (y, p, weight) in batch.positions() {
            for (c, (y, p)) in y.iter().zip(p).enumerate() {
                if class_id.is_none_or(|id| id == c) {
                    self.add_word(*y, *p, weight);
                }
            }
        }
    }

    fn add_word(&mut self, y: f32, p: f32, weight: f64) {
        // As Keras: a word on a threshold is not above it, but nothing is below the first.
        let bucket = (p.clamp(0.0, 1.0) * (self.positive.len() - 1) as f32).ceil() as usize;
        let bucket = bucket.saturating_sub(1);
        // Targets between 0 and 1 count as both.
        self.positive[bucket] += f64::from(y) * weight;
        self.negative[bucket] += f64::from(1.0 - y) * weight;
    }

    /// Takes in what a device has added up: two sums for each threshold.
    fn take(&mut self, sums: &[f64], factor: f64) {
        let (pairs, _) = sums.as_chunks::<2>();
        self.resize(pairs.len());
        for ([true_, other], (positive, negative)) in
            pairs.iter().zip(self.positive.iter_mut().zip(&mut self.negative))
        {
            *positive += true_ * factor;
            *negative += other * factor;
        }
    }

    fn forget(&mut self) {
        self.positive.fill(0.0);
        self.negative.fill(0.0);
    }

    /// For each threshold: true positives, false positives; and the totals of both kinds.
    fn cumulated(&self) -> (Vec<f64>, Vec<f64>, f64, f64) {
        let from_above = |words: &[f64]| {
            let mut sum = 0.0;
            let mut sums: Vec<f64> = words
                .iter()
                .rev()
                .map(|word| {
                    sum += word;
                    sum
                })
                .collect();
            sums.reverse();
            (sums, sum)
        };
        let ((tp, positive), (fp, negative)) = (from_above(&self.positive), from_above(&self.negative));
        (tp, fp, positive, negative)
    }
}

/// Which curve an [`AUC`](struct@AUC) is the area under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curve {
    /// Recall over the share of false alarms.
    #[default]
    ROC,
    /// Precision over recall.
    PR,
}

/// How an [`AUC`](struct@AUC) fills the gaps between thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Summation {
    /// Means of neighbours; of true positives for [`Curve::PR`].
    #[default]
    Interpolation,
    /// The lower neighbour.
    Minoring,
    /// The upper neighbour.
    Majoring,
}

words! {
    Curve { Curve::ROC => "ROC", Curve::PR => "PR" }
    Summation {
        Summation::Interpolation => "interpolation",
        Summation::Minoring => "minoring",
        Summation::Majoring => "majoring",
    }
}

/// The area under a curve over evenly spaced thresholds, all words of an output taken together, or label by label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AUC {
    /// How many thresholds there are; fewer than 2 are taken for 2.
    pub num_thresholds: usize,
    /// Which curve.
    pub curve: Curve,
    /// How gaps are filled.
    pub summation_method: Summation,
    /// Whether each word of the last axis has a curve of its own; the result is the mean of their areas.
    pub multi_label: bool,
    /// What each word of the last axis counts: its area in that mean, or else its words among all.
    pub label_weights: Option<&'static [f64]>,
}

impl AUC {
    /// The area under the precision of interpolated true positives (Davis and Goadrich 2006).
    fn interpolated_precision(tp: &[f64], fp: &[f64], positive: f64) -> f64 {
        let steps = tp.windows(2).zip(fp.windows(2)).map(|(tp, fp)| {
            let (upper, lower) = (tp[0] + fp[0], tp[1] + fp[1]);
            let dtp = tp[0] - tp[1];
            let slope = ratio(dtp, (upper - lower).max(0.0));
            let intercept = tp[1] - slope * lower;
            let log = if upper > 0.0 && lower > 0.0 { (upper / lower).ln() } else { 0.0 };
            ratio(slope * (dtp + intercept * log), positive)
        });
        steps.sum()
    }
}

impl Measure for AUC {
    /// One for all labels, or one for each.
    type Seen = Vec<Buckets>;

    config! { "AUC" num_thresholds curve summation_method multi_label label_weights }

    fn name(&self) -> &str {
        "auc"
    }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        let labels = output.shape.last().copied().unwrap_or(1);
        match self.label_weights {
            Some(weights) if weights.len() != labels => Err(Error::Setting {
                name: "label_weights",
                expected: format!("{labels} numbers, one for each label of output `{}`", output.name),
                found: format!("{} of them", weights.len()),
            }),
            _ => expect_same_shape(self.name(), output, target),
        }
    }

    fn add(&self, seen: &mut Vec<Buckets>, batch: &Batch<'_>) {
        seen.resize_with(if self.multi_label { batch.classes() } else { 1 }, Buckets::default);
        seen.iter_mut().for_each(|buckets| buckets.resize(self.num_thresholds.max(2)));
        for (y, p, weight) in batch.positions() {
            for (label, (y, p)) in y.iter().zip(p).enumerate() {
                match (self.multi_label, self.label_weights) {
                    (true, _) => seen[label].add_word(*y, *p, weight),
                    (false, None) => seen[0].add_word(*y, *p, weight),
                    (false, Some(weights)) => seen[0].add_word(*y, *p, weight * weights[label]),
                }
            }
        }
    }

    fn told(&self) -> Option<Told<'_>> {
        let by_label = self.multi_label || self.label_weights.is_some();
        Some(Told::Counts(Counts::Curve { thresholds: self.num_thresholds.max(2), by_label, class_id: None }))
    }

    fn take(&self, seen: &mut Vec<Buckets>, sums: &[f64]) {
        let labels = sums.chunks_exact(2 * self.num_thresholds.max(2)).enumerate();
        seen.resize_with(if self.multi_label { labels.len() } else { 1 }, Buckets::default);
        for (label, sums) in labels {
            match (self.multi_label, self.label_weights) {
                (true, _) => seen[label].take(sums, 1.0),
                (false, weights) => seen[0].take(sums, weights.map_or(1.0, |weights| weights[label])),
            }
        }
    }

    fn value(&self, seen: &Vec<Buckets>) -> f64 {
        let areas = seen.iter().map(|buckets| self.area(buckets));
        match self.label_weights.filter(|_| self.multi_label) {
            Some(weights) => {
                ratio(areas.zip(weights).map(|(area, weight)| area * weight).sum(), weights.iter().sum())
            }
            None => ratio(areas.sum(), seen.len() as f64),
        }
    }

    fn forget(seen: &mut Vec<Buckets>) {
        seen.iter_mut().for_each(Buckets::forget);
    }
}

impl AUC {
    fn area(&self, seen: &Buckets) -> f64 {
        let (tp, fp, positive, negative) = seen.cumulated();
        if self.curve == Curve::PR && self.summation_method == Summation::Interpolation {
            return AUC::interpolated_precision(&tp, &fp, positive);
        }
        let point = |i: usize| match self.curve {
            Curve::ROC => (ratio(fp[i], negative), ratio(tp[i], positive)),
            Curve::PR => (ratio(tp[i], positive), ratio(tp[i], tp[i] + fp[i])),
        };
        let strips = (1..tp.len()).map(|i| {
            let ((x0, y0), (x1, y1)) = (point(i - 1), point(i));
            let height = match self.summation_method {
                Summation::Interpolation => (y0 + y1) / 2.0,
                Summation::Minoring => y0.min(y1),
                Summation::Majoring => y0.max(y1),
            };
            (x0 - x1) * height
        });
        strips.sum()
    }
}

defaults! {
    AUC {
        num_thresholds: 200,
        curve: Curve::ROC,
        summation_method: Summation::Interpolation,
        multi_label: false,
        label_weights: None
    }
}

macro_rules! one_at_another {
    ($($(#[$doc:meta])* $metric:ident { $given:ident }, $name:literal, $best:ident at $held:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $metric {
            /// The least that is asked for, in [0, 1].
            pub $given: f64,
            /// How many thresholds are tried (200 in Keras); fewer than 2 are taken for 2.
            pub num_thresholds: usize,
            /// Only this word of the last axis counts.
            pub class_id: Option<usize>,
        }

        impl $metric {
            /// With 200 thresholds, of all words.
            pub fn new($given: f64) -> Self {
                $metric { $given, num_thresholds: 200, class_id: None }
            }
        }

        impl Measure for $metric {
            type Seen = Buckets;

            config! { (stringify!($metric)) $given num_thresholds class_id }

            fn name(&self) -> &str {
                $name
            }

            fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
                expect_class(self.class_id, output)?;
                expect_same_shape(self.name(), output, target)
            }

            fn add(&self, seen: &mut Buckets, batch: &Batch<'_>) {
                seen.add(self.num_thresholds.max(2), batch, self.class_id);
            }

            fn told(&self) -> Option<Told<'_>> {
                let thresholds = self.num_thresholds.max(2);
                Some(Told::Counts(Counts::Curve { thresholds, by_label: false, class_id: self.class_id }))
            }

            fn take(&self, seen: &mut Buckets, sums: &[f64]) {
                seen.take(sums, 1.0);
            }

            fn value(&self, seen: &Buckets) -> f64 {
                let (tp, fp, positive, negative) = seen.cumulated();
                let ratios = Ratios { tp: &tp, fp: &fp, positive, negative };
                let held = (0..tp.len()).filter(|i| ratios.$held(*i) >= self.$given);
                held.map(|i| ratios.$best(i)).fold(0.0, f64::max)
            }

            fn forget(seen: &mut Buckets) {
                seen.forget();
            }
        }

        named! { $metric }
    )*};
}
one_at_another! {
    /// The greatest sensitivity at a threshold whose specificity is at least `specificity`.
    SensitivityAtSpecificity { specificity }, "sensitivity_at_specificity", sensitivity at specificity;
    /// The greatest specificity at a threshold whose sensitivity is at least `sensitivity`.
    SpecificityAtSensitivity { sensitivity }, "specificity_at_sensitivity", specificity at sensitivity;
    /// The greatest precision at a threshold whose recall is at least `recall`.
    PrecisionAtRecall { recall }, "precision_at_recall", precision at sensitivity;
    /// The greatest recall at a threshold whose precision is at least `precision`.
    RecallAtPrecision { precision }, "recall_at_precision", sensitivity at precision;
}

/// Ratios at each threshold.
struct Ratios<'a> {
    tp: &'a [f64],
    fp: &'a [f64],
    positive: f64,
    negative: f64,
}

impl Ratios<'_> {
    fn sensitivity(&self, i: usize) -> f64 {
        ratio(self.tp[i], self.positive)
    }
    fn specificity(&self, i: usize) -> f64 {
        ratio(self.negative - self.fp[i], self.negative)
    }
    fn precision(&self, i: usize) -> f64 {
        ratio(self.tp[i], self.tp[i] + self.fp[i])
    }
}

named! { AUC }
