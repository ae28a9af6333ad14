//! Margins. Targets are -1 and 1; those of a sample that are all 0 or 1 count as -1 and 1.

use super::Loss;
use super::rows::{Row, RowLoss, as_rows};
use crate::config::config;
use crate::device::cpu::simd::{Mask, Simd};

/// The mean over a whole row of `term(y, short)` and its derivative by the prediction, where `short` is `1 - y * p` and above 0.
fn margins<R: Row>(row: &mut R, term: impl Fn(R::V, R::V) -> (R::V, R::V)) -> R::V {
    let number = R::V::splat;
    let (zero, one, len) = (number(0.0), number(1.0), row.len());
    let binary = row.all(|at| at.y.eq(zero).or(at.y.eq(one)));
    let sum = row.sum_with_slope(|at| {
        let y = binary.select(number(2.0) * at.y - one, at.y);
        let short = one - y * at.p;
        let (term, by_p) = term(y, short);
        let enough = short.lt(zero);
        (enough.select(zero, term), enough.select(zero, by_p) / len)
    });
    sum / len
}

/// `mean(max(1 - y * p, 0))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hinge;

impl Loss for Hinge {
    fn name(&self) -> &str {
        "hinge"
    }

    config! { "Hinge" }

    as_rows!();
}

impl RowLoss for Hinge {
    const WHOLE: bool = true;

    fn row<R: Row>(&self, row: &mut R) -> R::V {
        margins(row, |y, short| (short, -y))
    }
}

/// `mean(max(1 - y * p, 0)^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SquaredHinge;

impl Loss for SquaredHinge {
    fn name(&self) -> &str {
        "squared_hinge"
    }

    config! { "SquaredHinge" }

    as_rows!();
}

impl RowLoss for SquaredHinge {
    const WHOLE: bool = true;

    fn row<R: Row>(&self, row: &mut R) -> R::V {
        margins(row, |y, short| (short * short, R::V::splat(-2.0) * y * short))
    }
}

/// `max(max((1 - y) * p) - sum(y * p) + 1, 0)` over the last axis, of one-hot targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CategoricalHinge;

impl Loss for CategoricalHinge {
    fn name(&self) -> &str {
        "categorical_hinge"
    }

    config! { "CategoricalHinge" }

    as_rows!();
}

impl RowLoss for CategoricalHinge {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let (zero, one) = (R::V::splat(0.0), R::V::splat(1.0));
        let positive = row.sum(|at| at.y * at.p);
        let (worst, place) = row.first_max(|at| (one - at.y) * at.p);
        let short = worst - positive + one;
        row.slope(|at| {
            let by_worst = at.index.eq(place).select(one - at.y, zero);
            short.lt(zero).select(zero, by_worst - at.y)
        });
        short.lt(zero).select(zero, short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::check_slope;

    #[test]
    fn slopes_agree_with_differences() {
        let losses: [&dyn Loss; 3] = [&Hinge, &SquaredHinge, &CategoricalHinge];
        for loss in losses {
            check_slope(loss, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], &[0.3, -0.6, 1.7, 0.4, -0.2, 2.0], 3);
            check_slope(loss, &[-1.0, 1.0, -1.0], &[0.3, -0.6, 1.7], 3);
        }
    }
}
