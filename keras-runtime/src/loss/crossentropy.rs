//! Cross-entropies. From probabilities they follow Keras: clipped to `[1e-7, 1 - 1e-7]`, categorical ones normalised
//! first. Under their own activation, or with `from_logits`, they are computed from logits (see [`Fused`]).

use super::{EPSILON, Fused, LeftOut, Loss, check};
use crate::compiled::{Head, OutputSpec};
use crate::config::config;
use crate::data::Tensor;
use crate::error::Result;

/// `-sum(y * log(p))` over one-hot (or soft) targets.
///
/// The name alone is the default: `CategoricalCrossentropy`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CategoricalCrossentropy {
    /// Whether the model's output is logits rather than probabilities.
    pub from_logits: bool,
    /// Share of a target that is spread over all classes.
    pub label_smoothing: f32,
}

/// [`struct@CategoricalCrossentropy`] with Keras's defaults.
#[allow(non_upper_case_globals)]
pub const CategoricalCrossentropy: CategoricalCrossentropy =
    CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 };

impl Loss for CategoricalCrossentropy {
    fn name(&self) -> &str {
        "categorical_crossentropy"
    }

    config! { "CategoricalCrossentropy" from_logits label_smoothing }

    fn fused(&self, head: Head) -> Option<Fused> {
        let logits = head == Head::Softmax || (self.from_logits && head == Head::Linear);
        logits.then_some(Fused::Softmax { sparse: false, smoothing: self.label_smoothing, ignore: None })
    }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, mut slope: Option<&mut [f32]>) -> f32 {
        let positions = (p.len() / classes).max(1);
        let smooth = |y: f32| y * (1.0 - self.label_smoothing) + self.label_smoothing / classes as f32;
        let mut loss = 0.0;
        for at in 0..positions {
            let range = at * classes..(at + 1) * classes;
            let target = |c: usize| smooth(y[at * classes + c]);
            let slope = slope.as_deref_mut().map(|slope| &mut slope[range.clone()]);
            loss += from_probabilities(target, &p[range], positions, slope);
        }
        loss / positions as f32
    }
}

/// [`struct@CategoricalCrossentropy`] over class indices instead of one-hot targets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SparseCategoricalCrossentropy {
    /// Whether the model's output is logits rather than probabilities.
    pub from_logits: bool,
    /// The index of places that have no loss and do not count in means, as one for padding; it need not be a class.
    pub ignore_class: Option<i32>,
}

/// [`struct@SparseCategoricalCrossentropy`] with Keras's defaults.
#[allow(non_upper_case_globals)]
pub const SparseCategoricalCrossentropy: SparseCategoricalCrossentropy =
    SparseCategoricalCrossentropy { from_logits: false, ignore_class: None };

impl SparseCategoricalCrossentropy {
    fn ignored(&self) -> Option<f32> {
        self.ignore_class.map(|class| class as f32)
    }
}

impl Loss for SparseCategoricalCrossentropy {
    fn name(&self) -> &str {
        "sparse_categorical_crossentropy"
    }

    config! { "SparseCategoricalCrossentropy" from_logits ignore_class }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        check::expect_indices_or(self.ignored(), self.name(), output, target)
    }

    fn fused(&self, head: Head) -> Option<Fused> {
        let logits = head == Head::Softmax || (self.from_logits && head == Head::Linear);
        logits.then_some(Fused::Softmax { sparse: true, smoothing: 0.0, ignore: self.ignored() })
    }

    fn left_out(&self) -> Option<LeftOut> {
        self.ignored().map(LeftOut::Target)
    }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, mut slope: Option<&mut [f32]>) -> f32 {
        let positions = (p.len() / classes).max(1);
        let mut loss = 0.0;
        for (at, &label) in y.iter().enumerate().take(positions) {
            let range = at * classes..(at + 1) * classes;
            let slope = slope.as_deref_mut().map(|slope| &mut slope[range.clone()]);
            if self.ignored() == Some(label) {
                if let Some(slope) = slope {
                    slope.fill(0.0);
                }
                continue;
            }
            let target = |c: usize| if c as f32 == label { 1.0 } else { 0.0 };
            loss += from_probabilities(target, &p[range], positions, slope);
        }
        loss / positions as f32
    }
}

/// `-sum(t * log(clip(p / sum(p))))` of one position, and its derivative by `p`.
fn from_probabilities(
    t: impl Fn(usize) -> f32,
    p: &[f32],
    positions: usize,
    slope: Option<&mut [f32]>,
) -> f32 {
    let total: f32 = p.iter().sum();
    let clipped = |c: usize| {
        let q = p[c] / total;
        // NaN stays NaN.
        q.clamp(EPSILON, 1.0 - EPSILON)
    };
    let loss = -(0..p.len()).map(|c| t(c) * clipped(c).ln()).sum::<f32>();
    if let Some(slope) = slope {
        // By q: -t / q inside of the clip, 0 outside. Then through q = p / total.
        let by_q = |c: usize| {
            let q = p[c] / total;
            if (EPSILON..=1.0 - EPSILON).contains(&q) || q.is_nan() { -t(c) / q } else { 0.0 }
        };
        let dot: f32 = (0..p.len()).map(|c| by_q(c) * p[c] / total).sum();
        for (c, slope) in slope.iter_mut().enumerate() {
            *slope = (by_q(c) - dot) / total / positions as f32;
        }
    }
    loss
}

/// `-(y * log(p) + (1 - y) * log(1 - p))`, the mean over all words of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BinaryCrossentropy {
    /// Whether the model's output is logits rather than probabilities.
    pub from_logits: bool,
    /// Share of a target that is pulled to one half.
    pub label_smoothing: f32,
}

/// [`struct@BinaryCrossentropy`] with Keras's defaults.
#[allow(non_upper_case_globals)]
pub const BinaryCrossentropy: BinaryCrossentropy =
    BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 };

impl Loss for BinaryCrossentropy {
    fn name(&self) -> &str {
        "binary_crossentropy"
    }

    config! { "BinaryCrossentropy" from_logits label_smoothing }

    fn fused(&self, head: Head) -> Option<Fused> {
        let logits = head == Head::Sigmoid || (self.from_logits && head == Head::Linear);
        logits.then_some(Fused::Sigmoid { smoothing: self.label_smoothing })
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let n = p.len() as f32;
        let smooth = |y: f32| y * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing;
        let clip = |p: f32| p.clamp(EPSILON, 1.0 - EPSILON);
        if let Some(slope) = slope {
            for ((d, &y), &p) in slope.iter_mut().zip(y).zip(p) {
                let inside = (EPSILON..=1.0 - EPSILON).contains(&p) || p.is_nan();
                *d = if inside { (p - smooth(y)) / (p * (1.0 - p)) / n } else { 0.0 };
            }
        }
        let each = y.iter().zip(p).map(|(&y, &p)| {
            let (y, p) = (smooth(y), clip(p));
            -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
        });
        each.sum::<f32>() / n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::{check_slope, close};

    // Values of the examples in Keras's documentation.
    #[test]
    fn categorical_is_that_of_keras() {
        let loss = CategoricalCrossentropy;
        close(loss.sample(&[0.0, 1.0, 0.0], &[0.05, 0.95, 0.0], 3, None), 0.051_293_3);
        close(loss.sample(&[0.0, 0.0, 1.0], &[0.1, 0.8, 0.1], 3, None), 10f32.ln());
        let sparse = SparseCategoricalCrossentropy;
        close(sparse.sample(&[1.0, 2.0], &[0.05, 0.95, 0.0, 0.1, 0.8, 0.1], 3, None), 1.176_939_2);
    }

    #[test]
    fn binary_is_that_of_keras() {
        let loss = BinaryCrossentropy;
        close(loss.sample(&[0.0, 1.0], &[0.6, 0.4], 2, None), 0.916_290_7);
        close(loss.sample(&[0.0, 0.0], &[0.4, 0.6], 2, None), 0.713_558_2);
    }

    #[test]
    fn slopes_agree_with_differences() {
        let p = [0.2, 0.5, 0.4, 0.1, 0.3, 0.9];
        let smooth = CategoricalCrossentropy { label_smoothing: 0.1, ..CategoricalCrossentropy };
        check_slope(&smooth, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], &p, 3);
        check_slope(&SparseCategoricalCrossentropy, &[2.0, 0.0], &p, 3);
        let smooth = BinaryCrossentropy { label_smoothing: 0.2, ..BinaryCrossentropy };
        check_slope(&smooth, &[0.0, 1.0, 0.0, 1.0, 1.0, 0.0], &p, 3);
    }
}
