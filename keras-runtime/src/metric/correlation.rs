//! How much of the targets' variation predictions tell.

use super::kept::kept;
use super::measure::{Mean, Measure, named, ratio};
use super::{Batch, Counts, Told};
use crate::config::{config, words};
use crate::loss::defaults::defaults;

/// `1 - sum((y - p)^2) / sum((y - mean(y))^2)` for each word of the last axis, and a mean of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct R2Score {
    /// Which mean.
    pub class_aggregation: Aggregation,
    /// With more than 0 the adjusted score: `1 - (1 - r2) (n - 1) / (n - num_regressors - 1)`, `n` being the number of all
    /// targets' words, as Keras counts them. With `n - 1` or more of them it is the plain one, as in Keras.
    pub num_regressors: usize,
}

/// How [`R2Score`](struct@R2Score) takes the scores of words together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregation {
    /// The mean, Keras's `uniform_average`.
    #[default]
    Uniform,
    /// Weighted by the variation of the targets, Keras's `variance_weighted_average`.
    VarianceWeighted,
}

/// The mean of Pearson's correlation along the last axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PearsonCorrelation;

/// The mean of Lin's concordance along the last axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConcordanceCorrelation;

words! {
    Aggregation {
        Aggregation::Uniform => "uniform_average",
        Aggregation::VarianceWeighted => "variance_weighted_average",
    }
}
defaults! {
    R2Score { class_aggregation: Aggregation::Uniform, num_regressors: 0 }
}
named! { R2Score PearsonCorrelation ConcordanceCorrelation }

/// Sums of one word of the last axis.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    weight: f64,
    sum: f64,
    squares: f64,
    residuals: f64,
}

impl Word {
    /// `sum((y - mean(y))^2)`.
    fn variation(&self) -> f64 {
        self.squares - self.sum * ratio(self.sum, self.weight)
    }

    fn score(&self) -> f64 {
        let variation = self.variation();
        if variation == 0.0 { 0.0 } else { 1.0 - self.residuals / variation }
    }
}

/// Sums of all words, and how many targets there were.
#[derive(Debug, Default)]
pub(super) struct Words {
    words: Vec<Word>,
    targets: f64,
}

kept! {
    Word { weight, sum, squares, residuals }
    Words { words, targets }
}

impl Measure for R2Score {
    type Seen = Words;

    config! { "R2Score" class_aggregation num_regressors }

    fn name(&self) -> &str {
        "r2_score"
    }

    fn add(&self, seen: &mut Words, batch: &Batch<'_>) {
        seen.words.resize(batch.classes(), Word::default());
        seen.targets += batch.targets.len() as f64;
        for (y, p, weight) in batch.positions() {
            for ((word, y), p) in seen.words.iter_mut().zip(y).zip(p) {
                let (y, p) = (f64::from(*y), f64::from(*p));
                word.weight += weight;
                word.sum += weight * y;
                word.squares += weight * y * y;
                word.residuals += weight * (y - p) * (y - p);
            }
        }
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Counts(Counts::Variation))
    }

    fn take(&self, seen: &mut Words, sums: &[f64]) {
        let (words, _) = sums.as_chunks::<5>();
        seen.words.resize(words.len(), Word::default());
        for (word, [weight, sum, squares, residuals, targets]) in seen.words.iter_mut().zip(words) {
            word.weight += weight;
            word.sum += sum;
            word.squares += squares;
            word.residuals += residuals;
            seen.targets += targets;
        }
    }

    fn value(&self, seen: &Words) -> f64 {
        let words = seen.words.iter();
        let score = match self.class_aggregation {
            Aggregation::Uniform => ratio(words.map(Word::score).sum(), seen.words.len() as f64),
            Aggregation::VarianceWeighted => ratio(
                words.clone().map(|word| word.variation() * word.score()).sum(),
                words.map(Word::variation).sum(),
            ),
        };
        let (n, regressors) = (seen.targets, self.num_regressors as f64);
        if regressors == 0.0 || regressors >= n - 1.0 {
            return score;
        }
        1.0 - (1.0 - score) * (n - 1.0) / (n - regressors - 1.0)
    }

    fn forget(seen: &mut Words) {
        seen.words.fill(Word::default());
        seen.targets = 0.0;
    }
}

/// Means and (co)variances of two vectors.
struct Moments {
    means: [f64; 2],
    variances: [f64; 2],
    covariance: f64,
}

impl Moments {
    fn of(y: &[f32], p: &[f32]) -> Self {
        let n = p.len() as f64;
        let mean = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let means = [mean(y), mean(p)];
        let (mut variances, mut covariance) = ([0.0; 2], 0.0);
        for (y, p) in y.iter().zip(p) {
            let (y, p) = (f64::from(*y) - means[0], f64::from(*p) - means[1]);
            variances[0] += y * y / n;
            variances[1] += p * p / n;
            covariance += y * p / n;
        }
        Moments { means, variances, covariance }
    }
}

macro_rules! along_the_last_axis {
    ($($metric:ident, $name:literal, $counts:ident, |$moments:ident| $value:expr;)*) => {$(
        impl Measure for $metric {
            type Seen = Mean;

            config! { (stringify!($metric)) }

            fn name(&self) -> &str {
                $name
            }

            fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
                for (y, p, weight) in batch.unmasked() {
                    let $moments = Moments::of(y, p);
                    seen.add($value, weight);
                }
            }

            fn told(&self) -> Option<Told<'_>> {
                Some(Told::Counts(Counts::$counts))
            }

            fn value(&self, seen: &Mean) -> f64 {
                seen.value()
            }
        }
    )*};
}
along_the_last_axis! {
    PearsonCorrelation, "pearson_correlation", Correlation, |m| m.covariance / (m.variances[0] * m.variances[1]).sqrt();
    ConcordanceCorrelation, "concordance_correlation", Concordance,
        |m| 2.0 * m.covariance / (m.variances[0] + m.variances[1] + (m.means[0] - m.means[1]).powi(2) + 1e-7);
}
