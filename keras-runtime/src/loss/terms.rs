//! Losses that are means of terms, each of one target and one prediction: told once, for numbers and for symbols.

use crate::device::cpu::simd::{Scalar, Simd};

/// A term of a mean, and its derivative by the prediction.
pub(super) trait Terms {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V);
}

/// The mean of the terms of a sample; with `slope`, also its derivative by each prediction.
pub(super) fn mean_of_terms(terms: &impl Terms, y: &[f32], p: &[f32], slope: Option<&mut [f32]>) -> f32 {
    let term = |y: f32, p: f32| {
        let (term, by_p) = terms.term(Scalar(y), Scalar(p));
        (term.0, by_p.0)
    };
    let n = p.len() as f32;
    if let Some(slope) = slope {
        slope.iter_mut().zip(y).zip(p).for_each(|((d, &y), &p)| *d = term(y, p).1 / n);
    }
    y.iter().zip(p).map(|(&y, &p)| term(y, p).0).sum::<f32>() / n
}

/// The methods of a [`Loss`](super::Loss) that is the mean of its [`Terms`].
macro_rules! as_terms {
    () => {
        fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
            crate::loss::terms::mean_of_terms(self, y, p, slope)
        }

        crate::loss::rows::told!();
    };
}
pub(super) use as_terms;
