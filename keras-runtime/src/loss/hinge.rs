//! Margins. Targets are -1 and 1; those of a sample that are all 0 or 1 count as -1 and 1.

use super::regression::mean_of;
use super::{Loss, mean_of_positions};
use crate::config::config;

/// What turns targets of 0 and 1 into -1 and 1, and leaves others.
fn signed(y: &[f32]) -> impl Fn(f32) -> f32 {
    let binary = y.iter().all(|y| *y == 0.0 || *y == 1.0);
    move |y| if binary { 2.0 * y - 1.0 } else { y }
}

/// `mean(max(1 - y * p, 0))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hinge;

impl Loss for Hinge {
    fn name(&self) -> &str {
        "hinge"
    }

    config! { "Hinge" }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let signed = signed(y);
        mean_of(y, p, slope, |y, p| {
            let (y, short) = (signed(y), 1.0 - signed(y) * p);
            if short < 0.0 { (0.0, 0.0) } else { (short, -y) }
        })
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

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let signed = signed(y);
        mean_of(y, p, slope, |y, p| {
            let (y, short) = (signed(y), 1.0 - signed(y) * p);
            if short < 0.0 { (0.0, 0.0) } else { (short * short, -2.0 * y * short) }
        })
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

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        mean_of_positions(y, p, classes, slope, |y, p, slope| {
            let positive: f32 = y.iter().zip(p).map(|(y, p)| y * p).sum();
            let wrong = |c: usize| (1.0 - y[c]) * p[c];
            let worst = (1..p.len()).fold(0, |best, c| if wrong(c) > wrong(best) { c } else { best });
            let short = wrong(worst) - positive + 1.0;
            if let Some(slope) = slope {
                for (c, d) in slope.iter_mut().enumerate() {
                    let by_worst = if c == worst { 1.0 - y[c] } else { 0.0 };
                    *d = if short < 0.0 { 0.0 } else { by_worst - y[c] };
                }
            }
            if short < 0.0 { 0.0 } else { short }
        })
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
