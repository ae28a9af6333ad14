//! Penalties of weights (Keras's `l1`, `l2` and `l1_l2`), on their words as they lie: what pads them is 0 and adds nothing.

use super::simd::{self, Isa, Kernel, Simd};
use crate::compiled::Penalty;

/// Words whose penalty is added up in `f32` before it goes into the sum.
const BLOCK: usize = 4096;
/// Partial sums of a block: as many on every machine, so that the sum does not depend on it.
const LANES: usize = 16;

/// The penalty of `values`.
pub(super) fn value(isa: Isa, penalty: Penalty, values: &[f32]) -> f64 {
    simd::run(isa, Value { penalty, values })
}

/// The penalty of `values`; its slope is added to `grads`.
pub(super) fn add(isa: Isa, penalty: Penalty, values: &[f32], grads: &mut [f32]) -> f64 {
    simd::run(isa, Slope { penalty, values, grads });
    value(isa, penalty, values)
}

struct Value<'a> {
    penalty: Penalty,
    values: &'a [f32],
}

impl Kernel for Value<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<V: Simd>(self) -> f64 {
        let Penalty { l1, l2 } = self.penalty;
        let term = |w: f32| l1 * w.abs() + l2 * (w * w);
        let block = |block: &[f32]| {
            let mut sums = [0.0f32; LANES];
            let mut rows = block.chunks_exact(LANES);
            for row in &mut rows {
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += term(*w);
                }
            }
            let rest: f32 = rows.remainder().iter().map(|w| term(*w)).sum();
            sums.iter().map(|sum| f64::from(*sum)).sum::<f64>() + f64::from(rest)
        };
        self.values.chunks(BLOCK).map(block).sum()
    }
}

struct Slope<'a> {
    penalty: Penalty,
    values: &'a [f32],
    grads: &'a mut [f32],
}

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let Penalty { l1, l2 } = self.penalty;
        for (g, w) in self.grads.iter_mut().zip(self.values) {
            // The sign of 0 is 0.
            let sign = f32::from(u8::from(*w > 0.0)) - f32::from(u8::from(*w < 0.0));
            *g += l1 * sign + 2.0 * l2 * w;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_slopes() {
        let penalty = Penalty { l1: 0.5, l2: 0.25 };
        for len in [0, 1, 15, 16, 33, BLOCK, 2 * BLOCK + 5] {
            let values: Vec<f32> =
                (0..len).map(|i| (i as f32 * 0.37).sin() * f32::from(u8::from(i % 5 != 0))).collect();
            let expected: f64 =
                values.iter().map(|w| 0.5 * f64::from(w.abs()) + 0.25 * f64::from(*w).powi(2)).sum();
            let mut bits = None;
            for isa in Isa::available() {
                let mut grads = vec![1.0; len];
                let found = add(isa, penalty, &values, &mut grads);
                assert!(
                    (found - expected).abs() <= 1e-6 * expected.max(1.0),
                    "{found} instead of {expected}"
                );
                assert_eq!(
                    *bits.get_or_insert(found.to_bits()),
                    found.to_bits(),
                    "{isa:?} gives another sum"
                );
                for (g, w) in grads.iter().zip(&values) {
                    let sign = if *w == 0.0 { 0.0 } else { w.signum() };
                    assert!((g - 1.0 - 0.5 * sign - 0.5 * w).abs() < 1e-6);
                }
            }
        }
    }
}
