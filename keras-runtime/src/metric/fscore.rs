//! Means of precision and recall.

use super::kept::kept;
use super::measure::{Measure, named};
use super::{Batch, Counts, Told};
use crate::config::{config, words};
use crate::loss::defaults::defaults;

/// How the scores of classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Average {
    /// The mean over the classes (Keras tells each by default; a number is one).
    #[default]
    Macro,
    /// One score of all classes taken together.
    Micro,
    /// The mean over the classes, each as often as it is true.
    Weighted,
}

/// `(1 + beta^2) * precision * recall / (beta^2 * precision + recall)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FBetaScore {
    /// How classes become one.
    pub average: Average,
    /// How much more recall counts than precision.
    pub beta: f64,
    /// Predictions above it are positive; none means the greatest of each position.
    pub threshold: Option<f32>,
}

/// [`struct@FBetaScore`] with a `beta` of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct F1Score {
    /// How classes become one.
    pub average: Average,
    /// Predictions above it are positive; none means the greatest of each position.
    pub threshold: Option<f32>,
}

words! {
    Average { Average::Macro => "macro", Average::Micro => "micro", Average::Weighted => "weighted" }
}
defaults! {
    FBetaScore { average: Average::Macro, beta: 1.0, threshold: None }
    F1Score { average: Average::Macro, threshold: None }
}
named! { FBetaScore F1Score }

/// True positives, false positives and false negatives of a class.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Class {
    tp: f64,
    fp: f64,
    fn_: f64,
}

kept! { Class { tp, fp, fn_ } }

impl Class {
    fn score(&self, beta: f64) -> f64 {
        const EPSILON: f64 = 1e-7;
        let precision = self.tp / (self.tp + self.fp + EPSILON);
        let recall = self.tp / (self.tp + self.fn_ + EPSILON);
        precision * recall / (beta * beta * precision + recall + EPSILON) * (1.0 + beta * beta)
    }
}

impl Measure for FBetaScore {
    type Seen = Vec<Class>;

    config! { "FBetaScore" average beta threshold }

    fn name(&self) -> &str {
        "fbeta_score"
    }

    fn add(&self, seen: &mut Vec<Class>, batch: &Batch<'_>) {
        seen.resize(batch.classes(), Class::default());
        for (y, p, weight) in batch.positions() {
            let top = p.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for ((class, y), p) in seen.iter_mut().zip(y).zip(p) {
                let positive = self.threshold.map_or(*p >= top && p.abs() > 1e-9, |threshold| *p > threshold);
                let (y, p) = (f64::from(*y), f64::from(u8::from(positive)));
                class.tp += weight * p * y;
                class.fp += weight * p * (1.0 - y);
                class.fn_ += weight * (1.0 - p) * y;
            }
        }
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Counts(Counts::Scores { threshold: self.threshold }))
    }

    fn take(&self, seen: &mut Vec<Class>, sums: &[f64]) {
        let (classes, _) = sums.as_chunks::<3>();
        seen.resize(classes.len(), Class::default());
        for (class, [tp, fp, fn_]) in seen.iter_mut().zip(classes) {
            class.tp += tp;
            class.fp += fp;
            class.fn_ += fn_;
        }
    }

    fn value(&self, seen: &Vec<Class>) -> f64 {
        let scores = seen.iter().map(|class| (class.score(self.beta), class.tp + class.fn_));
        match self.average {
            Average::Macro => scores.map(|(score, _)| score).sum::<f64>() / seen.len().max(1) as f64,
            Average::Weighted => {
                let total: f64 = seen.iter().map(|class| class.tp + class.fn_).sum();
                scores.map(|(score, true_)| score * true_).sum::<f64>() / (total + 1e-7)
            }
            Average::Micro => {
                let sum = |of: fn(&Class) -> f64| seen.iter().map(of).sum();
                Class { tp: sum(|c| c.tp), fp: sum(|c| c.fp), fn_: sum(|c| c.fn_) }.score(self.beta)
            }
        }
    }

    fn forget(seen: &mut Vec<Class>) {
        seen.fill(Class::default());
    }
}

impl F1Score {
    fn general(&self) -> FBetaScore {
        FBetaScore { average: self.average, beta: 1.0, threshold: self.threshold }
    }
}

impl Measure for F1Score {
    type Seen = Vec<Class>;

    config! { "F1Score" average threshold }

    fn name(&self) -> &str {
        "f1_score"
    }
    fn add(&self, seen: &mut Vec<Class>, batch: &Batch<'_>) {
        self.general().add(seen, batch);
    }
    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Counts(Counts::Scores { threshold: self.threshold }))
    }
    fn take(&self, seen: &mut Vec<Class>, sums: &[f64]) {
        self.general().take(seen, sums);
    }
    fn value(&self, seen: &Vec<Class>) -> f64 {
        self.general().value(seen)
    }
    fn forget(seen: &mut Vec<Class>) {
        FBetaScore::forget(seen);
    }
}
