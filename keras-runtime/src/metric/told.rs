//! What of a metric a device can add up by itself.

use crate::loss::Loss;

/// Sums over a batch that are added to what it has seen ([`Metric::take`](super::Metric::take)).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Told<'a> {
    /// Of positions, those whose answer is right, and all of them.
    Right(Right),
    /// Of words, those that are on the side of `threshold` where their target is, and all of them.
    Sides {
        /// Predictions above it count as 1.
        threshold: f32,
    },
    /// The squared errors of words, and how many there are; a mask does not count.
    Squares,
    /// The mean squared error of each position, and how many there are.
    MeanSquare,
    /// The mean absolute error of each position, and how many there are.
    MeanAbsolute,
    /// Right and wrong answers of either kind: true and false positives, true and false negatives; a mask does not count.
    Confusion {
        /// Predictions above it are positive.
        threshold: f32,
        /// Only so many of the greatest words of a position may be positive.
        top_k: Option<usize>,
        /// Only this word of a position counts.
        class_id: Option<usize>,
    },
    /// A loss of each position times a factor, and how many there are.
    Loss {
        /// Which loss.
        loss: &'a dyn Loss,
        /// What it is multiplied with.
        factor: f64,
    },
    /// Sums of what each word of the last axis, or each class, counts.
    Counts(Counts),
}

/// What is added up apart for each of some numbers, and its sums.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Counts {
    /// For each threshold the words whose greatest threshold below it is: true ones, and others; a mask does not count.
    Curve {
        /// How many of them there are, from 0 to 1.
        thresholds: usize,
        /// Whether each word of the last axis has its own.
        by_label: bool,
        /// Only this word of a position counts.
        class_id: Option<usize>,
    },
    /// For each word of the last axis true positives, false positives and false negatives; a mask does not count.
    Scores {
        /// Predictions above it are positive; none means the greatest of each position.
        threshold: Option<f32>,
    },
    /// For each class what is true and predicted, what is true, what is predicted; a mask does not count.
    Overlaps {
        /// The index of positions that do not count.
        ignored: Option<i32>,
    },
    /// The same of words below and above a threshold.
    Halves {
        /// Predictions at or above it count as 1.
        threshold: f32,
    },
    /// For each word of the last axis what its targets count, their sum and that of their squares, that of squared errors, and how many
    /// there are; a mask does not count.
    Variation,
    /// Pearson's correlation of each position, and how many there are.
    Correlation,
    /// Lin's concordance of each position, and how many there are.
    Concordance,
    /// Positions whose target is one of the first `k` words, and all of them.
    Listed {
        /// How many words are looked at.
        k: usize,
    },
}

/// When the answer at a position is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Right {
    /// As [`Accuracy`](super::Accuracy) chooses by shapes.
    Chosen,
    /// The greatest word is where the target's is.
    Greatest,
    /// The greatest word is the one that the target names.
    Index,
    /// The place of the target's greatest word is among those of the so many greatest ones.
    GreatestInTop(usize),
    /// The word that the target names is among the so many greatest ones.
    IndexInTop(usize),
}
