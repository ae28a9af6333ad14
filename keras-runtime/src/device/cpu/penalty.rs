//! Penalties of weights (Keras's `l1`, `l2` and `l1_l2`), on their words as they lie: what pads them is 0 and adds nothing.

use crate::compiled::Penalty;

/// Words whose penalty is added up in `f32` before it goes into the sum.
const BLOCK: usize = 4096;
/// Partial sums of a block: as many on every machine, so that the sum does not depend on it.
const LANES: usize = 16;

/// The penalty of `values`.
pub(super) fn value(penalty: Penalty, values: &[f32]) -> f64 {
    values.chunks(BLOCK).map(|block| of_block(penalty, block)).sum()
}

/// The penalty of `values`; its slope is added to `grads`.
pub(super) fn add(Penalty { l1, l2 }: Penalty, values: &[f32], grads: &mut [f32]) -> f64 {
    for (g, w) in grads.iter_mut().zip(values) {
        // The sign of 0 is 0.
        let sign = f32::from(u8::from(*w > 0.0)) - f32::from(u8::from(*w < 0.0));
        *g += l1 * sign + 2.0 * l2 * w;
    }
    value(Penalty { l1, l2 }, values)
}

fn of_block(Penalty { l1, l2 }: Penalty, block: &[f32]) -> f64 {
    let term = |w: f32| l1 * w.abs() + l2 * (w * w);
    let mut sums = [0.0f32; LANES];
    let mut rows = block.chunks_exact(LANES);
    for row in &mut rows {
        for (sum, w) in sums.iter_mut().zip(row) {
            *sum += term(*w);
        }
    }
    let rest: f32 = rows.remainder().iter().map(|w| term(*w)).sum();
    sums.iter().map(|sum| f64::from(*sum)).sum::<f64>() + f64::from(rest)
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
            let mut grads = vec![1.0; len];
            let found = add(penalty, &values, &mut grads);
            assert!((found - expected).abs() <= 1e-6 * expected.max(1.0), "{found} instead of {expected}");
            for (g, w) in grads.iter().zip(&values) {
                let sign = if *w == 0.0 { 0.0 } else { w.signum() };
                assert!((g - 1.0 - 0.5 * sign - 0.5 * w).abs() < 1e-6);
            }
        }
    }
}
