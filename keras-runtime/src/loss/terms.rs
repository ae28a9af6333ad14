//! Losses that are means of terms, each of one target and one prediction: told once, for numbers and for symbols.

#[cfg(feature = "cuda")]
use crate::device::cpu::simd::symbol::{Formula, formula};
use crate::device::cpu::simd::{Portable, Simd};

/// A term of a mean, and its derivative by the prediction.
pub(super) trait Terms {
    fn term<V: Simd>(&self, y: V, p: V) -> (V, V);
}

/// The mean of the terms of a sample; with `slope`, also its derivative by each prediction.
pub(super) fn mean_of_terms(terms: &impl Terms, y: &[f32], p: &[f32], slope: Option<&mut [f32]>) -> f32 {
    super::regression::mean_of(y, p, slope, |y, p| {
        let (term, by_p) = terms.term(Portable::<1>::splat(y), Portable::splat(p));
        (word(term), word(by_p))
    })
}

fn word(x: Portable<1>) -> f32 {
    let mut word = 0.0;
    // SAFETY: a vector of one word, and a place for it.
    unsafe { x.store(&raw mut word) };
    word
}

/// The same as a formula of `[y, p]`, for devices that make a kernel of it.
#[cfg(feature = "cuda")]
pub(super) fn formula_of(terms: &impl Terms) -> Formula {
    formula(|[y, p]| {
        let (term, by_p) = terms.term(y, p);
        [term, by_p]
    })
}

/// The methods of a [`Loss`](super::Loss) that is the mean of its [`Terms`].
macro_rules! as_terms {
    () => {
        fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
            crate::loss::terms::mean_of_terms(self, y, p, slope)
        }

        #[cfg(feature = "cuda")]
        fn formula(&self) -> Option<crate::device::cpu::simd::symbol::Formula> {
            Some(crate::loss::terms::formula_of(self))
        }
    };
}
pub(super) use as_terms;
