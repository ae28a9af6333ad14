//! How much of the targets' variation predictions tell.

use super::Batch;
use super::kept::kept;
use super::measure::{Mean, Measure, named};

/// `1 - sum((y - p)^2) / sum((y - mean(y))^2)` for each word of the last axis, and the mean of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct R2Score;

/// The mean of Pearson's correlation along the last axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PearsonCorrelation;

/// The mean of Lin's concordance along the last axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConcordanceCorrelation;

named! { R2Score PearsonCorrelation ConcordanceCorrelation }

/// Sums of one word of the last axis.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    weight: f64,
    sum: f64,
    squares: f64,
    residuals: f64,
}

kept! { Word { weight, sum, squares, residuals } }

impl Measure for R2Score {
    type Seen = Vec<Word>;

    fn name(&self) -> &str {
        "r2_score"
    }

    fn add(&self, seen: &mut Vec<Word>, batch: &Batch<'_>) {
        seen.resize(batch.classes(), Word::default());
        for (y, p, weight) in batch.positions() {
            for ((word, y), p) in seen.iter_mut().zip(y).zip(p) {
                let (y, p) = (f64::from(*y), f64::from(*p));
                word.weight += weight;
                word.sum += weight * y;
                word.squares += weight * y * y;
                word.residuals += weight * (y - p) * (y - p);
            }
        }
    }

    fn value(&self, seen: &Vec<Word>) -> f64 {
        let score = |word: &Word| {
            let mean = if word.weight == 0.0 { 0.0 } else { word.sum / word.weight };
            let variation = word.squares - word.sum * mean;
            if variation == 0.0 { 0.0 } else { 1.0 - word.residuals / variation }
        };
        seen.iter().map(score).sum::<f64>() / seen.len().max(1) as f64
    }

    fn forget(seen: &mut Vec<Word>) {
        seen.fill(Word::default());
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
    ($($metric:ident, $name:literal, |$moments:ident| $value:expr;)*) => {$(
        impl Measure for $metric {
            type Seen = Mean;

            fn name(&self) -> &str {
                $name
            }

            fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
                for (y, p, weight) in batch.unmasked() {
                    let $moments = Moments::of(y, p);
                    seen.add($value, weight);
                }
            }

            fn value(&self, seen: &Mean) -> f64 {
                seen.value()
            }
        }
    )*};
}
along_the_last_axis! {
    PearsonCorrelation, "pearson_correlation", |m| m.covariance / (m.variances[0] * m.variances[1]).sqrt();
    ConcordanceCorrelation, "concordance_correlation",
        |m| 2.0 * m.covariance / (m.variances[0] + m.variances[1] + (m.means[0] - m.means[1]).powi(2) + 1e-7);
}
