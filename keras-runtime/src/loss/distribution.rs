//! Distances between distributions and between directions, over the last axis.

use super::defaults::defaults;
use super::{EPSILON, Loss, check, mean_of_positions};
use crate::compiled::OutputSpec;
use crate::config::config;
use crate::data::Tensor;
use crate::error::Result;

/// `sum(y * log(y / p))` over the last axis; both are clipped to `[1e-7, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KLDivergence;

impl Loss for KLDivergence {
    fn name(&self) -> &str {
        "kl_divergence"
    }

    config! { "KLDivergence" }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of_positions(y, p, classes, slope, |y, p, slope| {
            let clip = |x: f32| x.clamp(EPSILON, 1.0);
            if let Some(slope) = slope {
                for ((d, &y), &p) in slope.iter_mut().zip(y).zip(p) {
                    *d = if (EPSILON..=1.0).contains(&p) || p.is_nan() { -clip(y) / p } else { 0.0 };
                }
            }
            y.iter().zip(p).map(|(&y, &p)| clip(y) * (clip(y) / clip(p)).ln()).sum()
        })
    }
}

/// `-sum(l2_norm(y) * l2_norm(p))` over the last axis: -1 for one direction, 1 for opposite ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CosineSimilarity;

/// The cosine of the angle between two vectors, and `1 / |p|`; a norm below `1e-7` counts as `1e-7`.
pub(crate) fn cosine(y: &[f32], p: &[f32]) -> (f32, f32, f32) {
    let inverse = |x: &[f32]| (1.0 / x.iter().map(|x| x * x).sum::<f32>().sqrt()).min(1.0 / EPSILON);
    let (by_y, by_p) = (inverse(y), inverse(p));
    (y.iter().zip(p).map(|(y, p)| (y * by_y) * (p * by_p)).sum(), by_y, by_p)
}

impl Loss for CosineSimilarity {
    fn name(&self) -> &str {
        "cosine_similarity"
    }

    config! { "CosineSimilarity" }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of_positions(y, p, classes, slope, |y, p, slope| {
            let (cosine, by_y, by_p) = cosine(y, p);
            // A norm at its bound does not move with `p`.
            let along = if by_p < 1.0 / EPSILON { cosine } else { 0.0 };
            if let Some(slope) = slope {
                for ((d, y), p) in slope.iter_mut().zip(y).zip(p) {
                    *d = (along * p * by_p - y * by_y) * by_p;
                }
            }
            -cosine
        })
    }
}

/// `(1 - p[y]^q) / q` over class indices: between cross-entropy (small `q`) and the absolute error (`q` near 1), robust
/// against wrong labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalGeneralizedCrossEntropy {
    /// In (0, 1).
    pub q: f32,
}

impl Loss for CategoricalGeneralizedCrossEntropy {
    fn name(&self) -> &str {
        "categorical_generalized_cross_entropy"
    }

    config! { "CategoricalGeneralizedCrossEntropy" q }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        check::expect_indices(self.name(), output, target)
    }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of_positions(y, p, classes, slope, |y, p, slope| {
            let label = y[0] as usize;
            if let Some(slope) = slope {
                slope.fill(0.0);
                slope[label] = -p[label].powf(self.q - 1.0);
            }
            (1.0 - p[label].powf(self.q)) / self.q
        })
    }
}

defaults! { CategoricalGeneralizedCrossEntropy { q: 0.5 } }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::check_slope;

    #[test]
    fn slopes_agree_with_differences() {
        let p = [0.2, 0.5, 0.4, 0.1, 0.3, 0.9];
        check_slope(&KLDivergence, &[0.1, 0.7, 0.2, 0.3, 0.6, 0.1], &p, 3);
        check_slope(&CosineSimilarity, &[0.1, -0.7, 0.2, 0.3, 0.6, 0.1], &p, 3);
        check_slope(&CategoricalGeneralizedCrossEntropy, &[2.0, 0.0], &p, 3);
    }
}
