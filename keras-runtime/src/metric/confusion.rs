//! Counts of right and wrong answers of either kind, and their ratios.

use super::kept::kept;
use super::measure::{Measure, expect_class, named, ratio};
use super::{Batch, Told};
use crate::compiled::OutputSpec;
#[cfg(feature = "keras-files")]
use crate::config::Config;
use crate::data::Tensor;
use crate::error::Result;
use crate::loss::check::expect_same_shape;
use crate::loss::defaults::defaults;

/// Weights of right and wrong answers of either kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Confusion {
    pub tp: f64,
    pub fp: f64,
    pub tn: f64,
    pub fn_: f64,
}

kept! { Confusion { tp, fp, tn, fn_ } }

impl Confusion {
    fn add(&mut self, truth: bool, predicted: bool, weight: f64) {
        match (truth, predicted) {
            (true, true) => self.tp += weight,
            (false, true) => self.fp += weight,
            (false, false) => self.tn += weight,
            (true, false) => self.fn_ += weight,
        }
    }
}

/// Of what is predicted, the share that is true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// Predictions above it are positive; none means 0.5, and with `top_k` all of the greatest.
    pub threshold: Option<f32>,
    /// Only so many of the greatest words of the last axis may be positive.
    pub top_k: Option<usize>,
    /// Only this word of the last axis counts.
    pub class_id: Option<usize>,
}

/// Of what is true, the share that is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    /// Predictions above it are positive; none means 0.5, and with `top_k` all of the greatest.
    pub threshold: Option<f32>,
    /// Only so many of the greatest words of the last axis may be positive.
    pub top_k: Option<usize>,
    /// Only this word of the last axis counts.
    pub class_id: Option<usize>,
}

macro_rules! ratios {
    ($($metric:ident, $name:literal, $wrong:ident;)*) => {$(
        impl Measure for $metric {
            type Seen = Confusion;

            #[cfg(feature = "keras-files")]
            fn config(&self) -> std::result::Result<Config, String> {
                let config = Config::new(stringify!($metric)).with("thresholds", &self.threshold);
                Ok(config.with("top_k", &self.top_k).with("class_id", &self.class_id))
            }

            fn name(&self) -> &str {
                $name
            }

            fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
                expect_class(self.class_id, output)?;
                expect_same_shape(self.name(), output, target)
            }

            fn told(&self) -> Option<Told<'_>> {
                let threshold = least(self.threshold, self.top_k);
                Some(Told::Confusion { threshold, top_k: self.top_k, class_id: self.class_id })
            }

            fn add(&self, seen: &mut Confusion, batch: &Batch<'_>) {
                let threshold = least(self.threshold, self.top_k);
                for (y, p, weight) in batch.positions() {
                    for (c, y) in y.iter().enumerate().filter(|(c, _)| self.class_id.is_none_or(|id| id == *c)) {
                        let in_top = self.top_k.is_none_or(|k| rank(p, c) < k);
                        seen.add(*y != 0.0, in_top && p[c] > threshold, weight);
                    }
                }
            }

            fn value(&self, seen: &Confusion) -> f64 {
                ratio(seen.tp, seen.tp + seen.$wrong)
            }
        }
    )*};
}
ratios! {
    Precision, "precision", fp;
    Recall, "recall", fn_;
}

/// What a prediction must be above to be positive.
fn least(threshold: Option<f32>, top_k: Option<usize>) -> f32 {
    threshold.unwrap_or(if top_k.is_some() { f32::NEG_INFINITY } else { 0.5 })
}

/// How many words come before word `c`, the greatest first and the first of equals first.
fn rank(p: &[f32], c: usize) -> usize {
    p.iter().enumerate().filter(|(i, other)| **other > p[c] || (**other == p[c] && *i < c)).count()
}

macro_rules! counts {
    ($($(#[$doc:meta])* $metric:ident, $name:literal, $count:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $metric {
            /// Predictions above it are positive.
            pub threshold: f32,
        }

        impl Measure for $metric {
            type Seen = Confusion;

            #[cfg(feature = "keras-files")]
            fn config(&self) -> std::result::Result<Config, String> {
                Ok(Config::new(stringify!($metric)).with("thresholds", &self.threshold))
            }

            fn name(&self) -> &str {
                $name
            }

            fn told(&self) -> Option<Told<'_>> {
                Some(Told::Confusion { threshold: self.threshold, top_k: None, class_id: None })
            }

            fn add(&self, seen: &mut Confusion, batch: &Batch<'_>) {
                for (y, p, weight) in batch.positions() {
                    y.iter().zip(p).for_each(|(y, p)| seen.add(*y != 0.0, *p > self.threshold, weight));
                }
            }

            fn value(&self, seen: &Confusion) -> f64 {
                seen.$count
            }
        }
    )*};
}
counts! {
    /// How many positives are right.
    TruePositives, "true_positives", tp;
    /// How many negatives are right.
    TrueNegatives, "true_negatives", tn;
    /// How many positives are wrong.
    FalsePositives, "false_positives", fp;
    /// How many negatives are wrong.
    FalseNegatives, "false_negatives", fn_;
}

defaults! {
    Precision { threshold: None, top_k: None, class_id: None }
    Recall { threshold: None, top_k: None, class_id: None }
    TruePositives { threshold: 0.5 }
    TrueNegatives { threshold: 0.5 }
    FalsePositives { threshold: 0.5 }
    FalseNegatives { threshold: 0.5 }
}
named! { Precision Recall TruePositives TrueNegatives FalsePositives FalseNegatives }
