//! Losses of rows, which compare the elements of a row with each other: told once, for numbers and for symbols.

use super::mean_of_positions;
use super::terms::Terms;
use crate::device::cpu::simd::{Mask as _, Scalar, Simd};

/// An element of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<V> {
    /// The target; nothing of the kind where the row has one for all of it ([`Row::label`]).
    pub y: V,
    /// The prediction.
    pub p: V,
    /// Its number, from 0 on.
    pub index: V,
}

/// A row of targets and predictions, and what is computed of all of its elements. Derivatives are those of what the row's loss
/// is, by each prediction.
pub(super) trait Row: Sized {
    /// A number of the row, or of each of its elements.
    type V: Simd;

    /// How many elements it has.
    fn len(&self) -> Self::V;

    /// The target of a row that has one word for all of it.
    fn label(&self) -> Self::V;

    /// The prediction whose number that is.
    fn named(&self) -> Self::V;

    /// Whether derivatives are asked for.
    fn is_sloped(&self) -> bool;

    /// The sum over the elements.
    fn sum(&mut self, f: impl Fn(Element<Self::V>) -> Self::V) -> Self::V;

    /// The greatest of the elements; not a number where one is none.
    fn max(&mut self, f: impl Fn(Element<Self::V>) -> Self::V) -> Self::V;

    /// The greatest, and which of the elements is the first that is so.
    fn first_max(&mut self, f: impl Fn(Element<Self::V>) -> Self::V) -> (Self::V, Self::V);

    /// Whether something holds for all elements.
    fn all(&mut self, f: impl Fn(Element<Self::V>) -> Mask<Self>) -> Mask<Self>;

    /// Leaves the derivatives.
    fn slope(&mut self, f: impl Fn(Element<Self::V>) -> Self::V);

    /// The sum of the first, and the second as the derivatives.
    fn sum_with_slope(&mut self, f: impl Fn(Element<Self::V>) -> (Self::V, Self::V)) -> Self::V;
}

/// The outcome of a comparison.
type Mask<R> = <<R as Row>::V as Simd>::Mask;

/// `x` between two bounds; what is not a number stays so.
#[inline(always)]
pub(super) fn within<V: Simd>(x: V, low: V, high: V) -> V {
    x.lt(low).select(low, x.gt(high).select(high, x))
}

/// A loss that is the mean of those of its rows.
pub(super) trait RowLoss {
    /// Whether a row is a whole sample, or a step with a weight of its own, rather than its last axis.
    const WHOLE: bool = false;

    /// The loss of a row, which leaves its derivatives if it is asked for them.
    fn row<R: Row>(&self, row: &mut R) -> R::V;
}

/// A mean of terms is one of a single row.
impl<T: Terms> RowLoss for T {
    const WHOLE: bool = true;

    fn row<R: Row>(&self, row: &mut R) -> R::V {
        let len = row.len();
        let sum = row.sum_with_slope(|at| {
            let (term, by_p) = self.term(at.y, at.p);
            (term, by_p / len)
        });
        sum / len
    }
}

/// The mean over the rows of a sample; with `slope`, also its derivative by each prediction.
pub(super) fn mean_of_rows<L: RowLoss>(
    loss: &L,
    y: &[f32],
    p: &[f32],
    classes: usize,
    slope: Option<&mut [f32]>,
) -> f32 {
    let row = |y: &[f32], p: &[f32], slope: Option<&mut [f32]>| loss.row(&mut Numbers { y, p, slope }).0;
    match L::WHOLE {
        true => row(y, p, slope),
        false => mean_of_positions(y, p, classes, slope, row),
    }
}

/// A row of numbers.
struct Numbers<'a> {
    y: &'a [f32],
    p: &'a [f32],
    slope: Option<&'a mut [f32]>,
}

impl<'a> Numbers<'a> {
    #[inline(always)]
    fn elements(&self) -> impl Iterator<Item = Element<Scalar>> + use<'a> {
        let (y, p) = (if self.y.len() == self.p.len() { self.y } else { self.p }, self.p);
        y.iter().zip(p).enumerate().map(|(i, (&y, &p))| Element {
            y: Scalar(y),
            p: Scalar(p),
            index: Scalar(i as f32),
        })
    }
}

impl Row for Numbers<'_> {
    type V = Scalar;

    fn len(&self) -> Scalar {
        Scalar(self.p.len() as f32)
    }

    fn label(&self) -> Scalar {
        Scalar(self.y[0])
    }

    fn named(&self) -> Scalar {
        Scalar(self.p[self.y[0] as usize])
    }

    fn is_sloped(&self) -> bool {
        self.slope.is_some()
    }

    #[inline(always)]
    fn sum(&mut self, f: impl Fn(Element<Scalar>) -> Scalar) -> Scalar {
        self.elements().fold(Scalar(0.0), |sum, at| sum + f(at))
    }

    #[inline(always)]
    fn max(&mut self, f: impl Fn(Element<Scalar>) -> Scalar) -> Scalar {
        self.elements().fold(Scalar(f32::NEG_INFINITY), |most, at| most.maximum(f(at)))
    }

    #[inline(always)]
    fn first_max(&mut self, f: impl Fn(Element<Scalar>) -> Scalar) -> (Scalar, Scalar) {
        let first = (Scalar(f32::NEG_INFINITY), Scalar(0.0));
        self.elements().fold(first, |most, at| {
            let x = f(at);
            if x.0 > most.0.0 || x.0.is_nan() { (x, at.index) } else { most }
        })
    }

    #[inline(always)]
    fn all(&mut self, f: impl Fn(Element<Scalar>) -> bool) -> bool {
        self.elements().all(f)
    }

    #[inline(always)]
    fn slope(&mut self, f: impl Fn(Element<Scalar>) -> Scalar) {
        let elements = self.elements();
        if let Some(slope) = &mut self.slope {
            slope.iter_mut().zip(elements).for_each(|(d, at)| *d = f(at).0);
        }
    }

    #[inline(always)]
    fn sum_with_slope(&mut self, f: impl Fn(Element<Scalar>) -> (Scalar, Scalar)) -> Scalar {
        self.slope(|at| f(at).1);
        self.sum(|at| f(at).0)
    }
}

/// A row of symbols.
#[cfg(feature = "cuda")]
mod symbols {
    use std::fmt::Debug;

    use super::{Element, Row, RowLoss};
    use crate::device::cpu::simd::symbol::{Fold, Given, RowFormula, RowTape, Symbol, Truth};
    use crate::device::cpu::simd::{Mask, Simd};

    /// A loss of rows of which a device makes a kernel.
    pub trait ToldRows: Debug {
        /// Whether its rows are whole samples.
        fn is_whole(&self) -> bool;

        /// The formula of a row, with derivatives or without.
        fn formula(&self, sloped: bool) -> RowFormula;
    }

    impl<L: RowLoss + Debug> ToldRows for L {
        fn is_whole(&self) -> bool {
            L::WHOLE
        }

        fn formula(&self, sloped: bool) -> RowFormula {
            RowTape::formula(|tape| [self.row(&mut Symbols { tape, sloped })])
        }
    }

    struct Symbols<'t> {
        tape: &'t mut RowTape,
        sloped: bool,
    }

    impl Symbols<'_> {
        fn fold(&mut self, fold: Fold, f: impl Fn(Element<Symbol>) -> Symbol) -> Symbol {
            self.tape.pass(|| (Some((fold, f(element()))), vec![]))
        }
    }

    fn element() -> Element<Symbol> {
        let [y, p, index] = [Given::Target, Given::Prediction, Given::Index].map(RowTape::given);
        Element { y, p, index }
    }

    impl Row for Symbols<'_> {
        type V = Symbol;

        fn len(&self) -> Symbol {
            RowTape::given(Given::Len)
        }

        fn label(&self) -> Symbol {
            RowTape::given(Given::Label)
        }

        fn named(&self) -> Symbol {
            RowTape::given(Given::Named)
        }

        fn is_sloped(&self) -> bool {
            self.sloped
        }

        fn sum(&mut self, f: impl Fn(Element<Symbol>) -> Symbol) -> Symbol {
            self.fold(Fold::Sum, f)
        }

        fn max(&mut self, f: impl Fn(Element<Symbol>) -> Symbol) -> Symbol {
            self.fold(Fold::Max, f)
        }

        fn first_max(&mut self, f: impl Fn(Element<Symbol>) -> Symbol) -> (Symbol, Symbol) {
            let most = self.max(&f);
            let none = Symbol::splat(f32::INFINITY);
            let place = self.fold(Fold::Min, |at| f(at).eq(most).select(at.index, none));
            (most, place)
        }

        fn all(&mut self, f: impl Fn(Element<Symbol>) -> Truth) -> Truth {
            let all = self.fold(Fold::Min, |at| f(at).to_f32());
            all.eq(Symbol::splat(1.0))
        }

        fn slope(&mut self, f: impl Fn(Element<Symbol>) -> Symbol) {
            if self.sloped {
                self.tape.pass(|| (None, vec![(0, f(element()))]));
            }
        }

        fn sum_with_slope(&mut self, f: impl Fn(Element<Symbol>) -> (Symbol, Symbol)) -> Symbol {
            let sloped = self.sloped;
            self.tape.pass(|| {
                let (term, by_p) = f(element());
                (Some((Fold::Sum, term)), if sloped { vec![(0, by_p)] } else { vec![] })
            })
        }
    }
}

#[cfg(feature = "cuda")]
pub use symbols::ToldRows;

/// What of a [`Loss`](super::Loss) says that it is told by rows.
macro_rules! told {
    () => {
        #[cfg(feature = "cuda")]
        fn told(&self) -> Option<crate::loss::Told<'_>> {
            Some(crate::loss::Told::Rows(self))
        }
    };
}
pub(super) use told;

/// The methods of a [`Loss`](super::Loss) that is a [`RowLoss`].
macro_rules! as_rows {
    () => {
        fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
            crate::loss::rows::mean_of_rows(self, y, p, classes, slope)
        }

        crate::loss::rows::told!();
    };
}
pub(super) use as_rows;
