//! What of a metric a device can add up by itself.

/// Sums over a batch that are added to the numbers of [`Metric::state`](super::Metric::state).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Told {
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
