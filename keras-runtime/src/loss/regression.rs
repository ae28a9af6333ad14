//! Distances between numbers: the mean over all words of a sample.

use super::Loss;

/// `mean((y - p)^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquaredError;

impl Loss for MeanSquaredError {
    fn name(&self) -> &str {
        "mean_squared_error"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let n = p.len() as f32;
        if let Some(slope) = slope {
            for ((d, y), p) in slope.iter_mut().zip(y).zip(p) {
                *d = 2.0 * (p - y) / n;
            }
        }
        y.iter().zip(p).map(|(y, p)| (p - y) * (p - y)).sum::<f32>() / n
    }
}

/// `mean(|y - p|)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanAbsoluteError;

impl Loss for MeanAbsoluteError {
    fn name(&self) -> &str {
        "mean_absolute_error"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let n = p.len() as f32;
        if let Some(slope) = slope {
            for ((d, y), p) in slope.iter_mut().zip(y).zip(p) {
                let apart = p - y;
                *d = if apart > 0.0 {
                    1.0 / n
                } else if apart < 0.0 {
                    -1.0 / n
                } else {
                    apart
                };
            }
        }
        y.iter().zip(p).map(|(y, p)| (p - y).abs()).sum::<f32>() / n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::{check_slope, close};

    #[test]
    fn means_over_the_words_of_a_sample() {
        close(MeanSquaredError.sample(&[1.0, 2.0], &[3.0, 2.0], 2, None), 2.0);
        close(MeanAbsoluteError.sample(&[1.0, 2.0], &[3.0, 2.0], 2, None), 1.0);
    }

    #[test]
    fn slopes_agree_with_differences() {
        check_slope(&MeanSquaredError, &[1.0, 2.0, 0.5], &[3.0, 1.0, -0.5], 3);
        check_slope(&MeanAbsoluteError, &[1.0, 2.0, 0.5], &[3.0, 1.0, -0.5], 3);
    }
}
