//! Cross-entropies that count less where the prediction is already right.

use super::defaults::defaults;
use super::rows::{Element, Row, RowLoss, as_rows, within};
use super::terms::{Terms, as_terms};
use super::{EPSILON, Loss};
use crate::config::config;
use crate::device::cpu::simd::{Mask, Simd};

/// `(1 - p_t)^gamma` times the binary cross-entropy, `p_t` the probability of the truth: the mean over all words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryFocalCrossentropy {
    /// Whether class 1 counts `alpha`, and class 0 counts `1 - alpha`.
    pub apply_class_balancing: bool,
    /// The weight of class 1.
    pub alpha: f32,
    /// How much less easy samples count.
    pub gamma: f32,
    /// Whether the model's output is logits rather than probabilities.
    pub from_logits: bool,
    /// Share of a target that is pulled to one half.
    pub label_smoothing: f32,
}

defaults! {
    BinaryFocalCrossentropy {
        apply_class_balancing: false, alpha: 0.25, gamma: 2.0, from_logits: false, label_smoothing: 0.0
    }
    CategoricalFocalCrossentropy { alpha: 0.25, gamma: 2.0, from_logits: false, label_smoothing: 0.0 }
}

impl Loss for BinaryFocalCrossentropy {
    fn name(&self) -> &str {
        "binary_focal_crossentropy"
    }

    config! { "BinaryFocalCrossentropy" apply_class_balancing alpha gamma from_logits label_smoothing }

    as_terms!();
}

impl Terms for BinaryFocalCrossentropy {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V) {
        let (one, zero) = (V::splat(1.0), V::splat(0.0));
        let (low, high) = (V::splat(EPSILON), V::splat(1.0 - EPSILON));
        let y = y * V::splat(1.0 - self.label_smoothing) + V::splat(0.5 * self.label_smoothing);
        let p = if self.from_logits { p.sigmoid() } else { p };
        let outside = p.lt(low).or(p.gt(high));
        let clipped = within(p, low, high);
        let entropy = -(y * clipped.ln() + (one - y) * (one - clipped).ln());
        let by_entropy = outside.select(zero, (p - y) / (p * (one - p)));
        let wrong = one - (y * p + (one - y) * (one - p));
        let gamma = V::splat(self.gamma);
        let factor = wrong.powf(gamma);
        let by_factor = if self.gamma == 0.0 {
            zero
        } else {
            gamma * wrong.powf(gamma - one) * (one - V::splat(2.0) * y)
        };
        let weight = if self.apply_class_balancing {
            y * V::splat(self.alpha) + (one - y) * V::splat(1.0 - self.alpha)
        } else {
            one
        };
        let through = if self.from_logits { p * (one - p) } else { one };
        (weight * factor * entropy, weight * through * (factor * by_entropy + by_factor * entropy))
    }
}

/// `alpha * (1 - p)^gamma` times the categorical cross-entropy, over the last axis of one-hot (or soft) targets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalFocalCrossentropy {
    /// The weight of every class.
    pub alpha: f32,
    /// How much less easy samples count.
    pub gamma: f32,
    /// Whether the model's output is logits rather than probabilities.
    pub from_logits: bool,
    /// Share of a target that is spread over all classes.
    pub label_smoothing: f32,
}

impl Loss for CategoricalFocalCrossentropy {
    fn name(&self) -> &str {
        "categorical_focal_crossentropy"
    }

    config! { "CategoricalFocalCrossentropy" alpha gamma from_logits label_smoothing }

    as_rows!();
}

impl RowLoss for CategoricalFocalCrossentropy {
    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let number = R::V::splat;
        let (zero, one, gamma) = (number(0.0), number(1.0), number(self.gamma));
        let (low, high) = (number(EPSILON), number(1.0 - EPSILON));
        let (keep, spread) = (number(1.0 - self.label_smoothing), number(self.label_smoothing) / row.len());
        let top = if self.from_logits { row.max(|at| at.p) } else { zero };
        let part = |at: Element<R::V>| if self.from_logits { (at.p - top).exp() } else { at.p };
        let total = row.sum(part);
        let target = |at: Element<R::V>| number(self.alpha) * (at.y * keep + spread);
        if row.is_sloped() {
            let by_q = |at: Element<R::V>| {
                let q = part(at) / total;
                let inside = q.ge(low).and(q.le(high));
                let by_factor = match self.gamma == 0.0 {
                    true => zero,
                    false => gamma * (one - q).powf(gamma - one) * q.ln(),
                };
                inside.select(target(at) * (by_factor - (one - q).powf(gamma) / q), zero)
            };
            let dot = row.sum(|at| by_q(at) * part(at) / total);
            // q = p / total, or the softmax.
            row.slope(|at| (by_q(at) - dot) * if self.from_logits { part(at) / total } else { one / total });
        }
        -row.sum(|at| {
            let q = within(part(at) / total, low, high);
            (one - q).powf(gamma) * target(at) * q.ln()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::check_slope;

    #[test]
    fn slopes_agree_with_differences() {
        let (y, p) = ([0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [0.2, 0.5, 0.4, 0.1, 0.3, 0.9]);
        for from_logits in [false, true] {
            let binary = BinaryFocalCrossentropy {
                apply_class_balancing: true,
                from_logits,
                ..BinaryFocalCrossentropy
            };
            check_slope(&binary, &y, &p, 3);
            let smooth = CategoricalFocalCrossentropy {
                label_smoothing: 0.1,
                from_logits,
                ..CategoricalFocalCrossentropy
            };
            check_slope(&smooth, &y, &p, 3);
        }
    }
}
