//! Distances between distributions and between directions, over the last axis.

use super::defaults::defaults;
use super::rows::{Row, RowLoss, as_rows, within};
use super::{EPSILON, Loss, check};
use crate::compiled::OutputSpec;
use crate::config::config;
use crate::data::Tensor;
use crate::device::cpu::simd::{Mask, Simd};
use crate::error::Result;

/// `sum(y * log(y / p))` over the last axis; both are clipped to `[1e-7, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KLDivergence;

impl Loss for KLDivergence {
    fn name(&self) -> &str {
        "kl_divergence"
    }

    config! { "KLDivergence" }

    as_rows!();
}

impl RowLoss for KLDivergence {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let (low, high) = (R::V::splat(EPSILON), R::V::splat(1.0));
        let clip = |x: R::V| within(x, low, high);
        row.sum_with_slope(|at| {
            let outside = at.p.lt(low).or(at.p.gt(high));
            let (y, by_p) = (clip(at.y), -clip(at.y) / at.p);
            (y * (y / clip(at.p)).ln(), outside.select(R::V::splat(0.0), by_p))
        })
    }
}

/// `-sum(l2_norm(y) * l2_norm(p))` over the last axis: -1 for one direction, 1 for opposite ones. A norm below `1e-7` counts as
/// `1e-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CosineSimilarity;

impl Loss for CosineSimilarity {
    fn name(&self) -> &str {
        "cosine_similarity"
    }

    config! { "CosineSimilarity" }

    as_rows!();
}

impl RowLoss for CosineSimilarity {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let most = R::V::splat(1.0 / EPSILON);
        let inverse = |squares: R::V| (R::V::splat(1.0) / squares.sqrt()).minimum(most);
        let (by_y, by_p) = (row.sum(|at| at.y * at.y), row.sum(|at| at.p * at.p));
        let (by_y, by_p) = (inverse(by_y), inverse(by_p));
        let cosine = row.sum(|at| (at.y * by_y) * (at.p * by_p));
        // A norm at its bound does not move with `p`.
        let along = by_p.lt(most).select(cosine, R::V::splat(0.0));
        row.slope(|at| (along * at.p * by_p - at.y * by_y) * by_p);
        -cosine
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

    as_rows!();
}

impl RowLoss for CategoricalGeneralizedCrossEntropy {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let number = R::V::splat;
        let (label, p) = (row.label(), row.named());
        let by_p = -p.powf(number(self.q - 1.0));
        row.slope(|at| at.index.eq(label).select(by_p, number(0.0)));
        (number(1.0) - p.powf(number(self.q))) / number(self.q)
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
