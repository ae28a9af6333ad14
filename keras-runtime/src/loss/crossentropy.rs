//! Cross-entropies. From probabilities they follow Keras: clipped to `[1e-7, 1 - 1e-7]`, categorical ones normalised
//! first. Under their own activation, or with `from_logits`, they are computed from logits (see [`Fused`]).

use super::rows::{Element, Row, RowLoss, as_rows, within};
use super::terms::{Terms, as_terms};
use super::{EPSILON, Fused, LeftOut, Loss, check};
use crate::compiled::{Head, OutputSpec};
use crate::config::config;
use crate::data::Tensor;
use crate::device::cpu::simd::{Mask, Simd};
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

    as_rows!();
}

impl RowLoss for CategoricalCrossentropy {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let number = R::V::splat;
        let (keep, spread) = (number(1.0 - self.label_smoothing), number(self.label_smoothing) / row.len());
        from_probabilities(row, |at| at.y * keep + spread, |x| x)
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

    as_rows!();
}

impl RowLoss for SparseCategoricalCrossentropy {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let label = row.label();
        let counted = |x: R::V| match self.ignored() {
            Some(ignored) => label.eq(R::V::splat(ignored)).select(R::V::splat(0.0), x),
            None => x,
        };
        from_probabilities(row, |at| at.index.eq(label).to_f32(), counted)
    }
}

/// `-sum(t * log(clip(p / sum(p))))`, and its derivative by `p`, as `counted` leaves them.
fn from_probabilities<R: Row>(
    row: &mut R,
    target: impl Fn(Element<R::V>) -> R::V,
    counted: impl Fn(R::V) -> R::V,
) -> R::V {
    let (low, high) = (R::V::splat(EPSILON), R::V::splat(1.0 - EPSILON));
    let total = row.sum(|at| at.p);
    if row.is_sloped() {
        // By q: -t / q inside of the clip, 0 outside. Then through q = p / total.
        let by_q = |at: Element<R::V>| {
            let q = at.p / total;
            q.lt(low).or(q.gt(high)).select(R::V::splat(0.0), -target(at) / q)
        };
        let dot = row.sum(|at| by_q(at) * at.p / total);
        row.slope(|at| counted((by_q(at) - dot) / total));
    }
    counted(-row.sum(|at| target(at) * within(at.p / total, low, high).ln()))
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

    as_terms!();
}

impl Terms for BinaryCrossentropy {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let (zero, one) = (V::splat(0.0), V::splat(1.0));
        let (low, high) = (V::splat(EPSILON), V::splat(1.0 - EPSILON));
        let y = y * V::splat(1.0 - self.label_smoothing) + V::splat(0.5 * self.label_smoothing);
        let clipped = within(p, low, high);
        let by_p = p.lt(low).or(p.gt(high)).select(zero, (p - y) / (p * (one - p)));
        (-(y * clipped.ln() + (one - y) * (one - clipped).ln()), by_p)
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
