//! Overlap of masks: how much of what is true was predicted, over axes that may include the batch.

use std::cell::RefCell;

use super::defaults::defaults;
use super::over_batch::{OverBatch, Predicted};
use super::{EPSILON, Loss, Scope, check};
use crate::compiled::OutputSpec;
use crate::config::config;
use crate::data::{MAX_RANK, Tensor};
#[cfg(feature = "cuda")]
use crate::device::cpu::simd::symbol::{self, Formula};
use crate::device::cpu::simd::{Scalar, Simd};
use crate::error::{Error, Result};

/// `1 - 2 * sum(y * p) / (sum(y) + sum(p) + 1e-7)`: the Dice loss of masks, over `axis`.
///
/// By default one number for the whole batch, as in Keras; a training step then passes over the batch twice, because no
/// slope is known before all predictions are. With axes other than 0, each sample has its own:
///
/// ```
/// use keras_runtime::prelude::*;
///
/// let y = ndarray::arr3(&[[[1.0f32], [1.0], [0.0], [0.0]], [[1.0], [1.0], [0.0], [0.0]]]);
/// let p = ndarray::arr3(&[[[0.0f32], [1.0], [0.0], [1.0]], [[0.4], [0.0], [0.0], [0.9]]]);
/// let loss = Dice.call(&y, &p)?;
/// assert!((loss[[]] - 0.6164384).abs() < 1e-6);
/// let each = Dice { axis: Some(&[1, 2]) }.reduction(Reduction::None).call(&y, &p)?;
/// assert!((each[[0]] - 0.5).abs() < 1e-6 && (each[[1]] - 0.757_575_8).abs() < 1e-6);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    /// The axes that are added up, counted with the batch, from the end where negative; `None` for all of them.
    pub axis: Option<&'static [isize]>,
}

/// `1 - t / (t + alpha * fp + beta * fn + 1e-7)` with `t = sum(y * p)`, `fp = sum(y * (1 - p))` and `fn = sum(p * (1 - y))`, as
/// Keras names them (Salehi et al., 2017). With `alpha` and `beta` of one half it is [`struct@Dice`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tversky {
    /// What a place that is true and was not predicted counts.
    pub alpha: f32,
    /// What a place that was predicted and is not true counts.
    pub beta: f32,
    /// The axes that are added up, counted with the batch, from the end where negative; `None` for all of them.
    pub axis: Option<&'static [isize]>,
}

defaults! {
    Dice { axis: None }
    Tversky { alpha: 0.5, beta: 0.5, axis: None }
}

/// `1 - N / D` for each place that is left, where `N` and `D` are sums of terms over `axis`.
trait Overlap: Loss {
    fn axis(&self) -> Option<&'static [isize]>;

    /// Terms of `N` and `D` at one place, and their derivatives by `p`.
    fn terms<V: Simd>(&self, y: V, p: V) -> [V; 4];
}

impl Overlap for Dice {
    fn axis(&self) -> Option<&'static [isize]> {
        self.axis
    }

    fn terms<V: Simd>(&self, y: V, p: V) -> [V; 4] {
        let two = V::splat(2.0);
        [two * y * p, y + p, two * y, V::splat(1.0)]
    }
}

impl Overlap for Tversky {
    fn axis(&self) -> Option<&'static [isize]> {
        self.axis
    }

    fn terms<V: Simd>(&self, y: V, p: V) -> [V; 4] {
        let [one, alpha, beta] = [1.0, self.alpha, self.beta].map(V::splat);
        let below = y * p + alpha * (one - p) * y + beta * p * (one - y);
        [y * p, below, y, y - alpha * y + beta * (one - y)]
    }
}

/// A loss of overlaps of which a device makes kernels.
#[cfg(feature = "cuda")]
pub trait ToldOverlap: std::fmt::Debug {
    /// The axes that are added up, the batch included; none for all.
    fn axes(&self) -> Option<&'static [isize]>;

    /// Of target and prediction: terms of `N` and `D`, and their derivatives by the prediction.
    fn formula(&self) -> Formula;
}

#[cfg(feature = "cuda")]
impl<O: Overlap> ToldOverlap for O {
    fn axes(&self) -> Option<&'static [isize]> {
        self.axis()
    }

    fn formula(&self) -> Formula {
        symbol::formula(|[y, p]| self.terms(y, p))
    }
}

/// Where the elements of a tensor are added up.
struct Places {
    dims: [usize; MAX_RANK],
    /// How far apart the sums of neighbours along an axis are; 0 along an axis that is added up.
    strides: [usize; MAX_RANK],
    rank: usize,
    sums: usize,
}

impl Places {
    /// For so many samples of `shape`, or for a single one without the axis of the batch.
    fn new(samples: Option<usize>, shape: &[usize], axis: Option<&[isize]>) -> Self {
        let (own, all) = (shape.len() + usize::from(samples.is_some()), shape.len() + 1);
        let mut places = Places { dims: [1; MAX_RANK], strides: [0; MAX_RANK], rank: own, sums: 1 };
        samples
            .into_iter()
            .chain(shape.iter().copied())
            .enumerate()
            .for_each(|(i, dim)| places.dims[i] = dim);
        for i in (0..own).rev() {
            if !added_up(axis, i + all - own, all) {
                places.strides[i] = places.sums;
                places.sums *= places.dims[i];
            }
        }
        places
    }

    /// The sum that element `i` belongs to.
    fn sum_of(&self, mut i: usize) -> usize {
        if self.sums == 1 {
            return 0;
        }
        let mut at = 0;
        for d in (0..self.rank).rev() {
            at += i % self.dims[d] * self.strides[d];
            i /= self.dims[d];
        }
        at
    }
}

/// Whether `axis` names axis `i` of `rank`.
pub(crate) fn added_up(axis: Option<&[isize]>, i: usize, rank: usize) -> bool {
    axis.is_none_or(|axis| axis.iter().any(|a| *a == i as isize || *a + rank as isize == i as isize))
}

thread_local! {
    /// `N` and `D` of each place: kept, so that a step allocates nothing.
    static SUMS: RefCell<Vec<[f64; 2]>> = const { RefCell::new(Vec::new()) };
}

/// The mean of all values, and `factor` times its derivative.
fn overlap(
    formula: &impl Overlap,
    y: &[f32],
    p: &[f32],
    places: &Places,
    slope: Option<(&mut [f32], f32)>,
) -> f32 {
    SUMS.with_borrow_mut(|sums| {
        sums.clear();
        sums.resize(places.sums, [0.0, f64::from(EPSILON)]);
        for (i, (&y, &p)) in y.iter().zip(p).enumerate() {
            let [Scalar(above), Scalar(below), ..] = formula.terms(Scalar(y), Scalar(p));
            let sum = &mut sums[places.sum_of(i)];
            (sum[0], sum[1]) = (sum[0] + f64::from(above), sum[1] + f64::from(below));
        }
        let count = places.sums.max(1) as f64;
        if let Some((slope, factor)) = slope {
            for (i, ((d, &y), &p)) in slope.iter_mut().zip(y).zip(p).enumerate() {
                let [.., Scalar(above), Scalar(below)] = formula.terms(Scalar(y), Scalar(p));
                let [n, m] = sums[places.sum_of(i)];
                let by_p = (n * f64::from(below) - m * f64::from(above)) / (m * m);
                *d = (by_p * f64::from(factor) / count) as f32;
            }
        }
        (sums.iter().map(|[n, m]| 1.0 - n / m).sum::<f64>() / count) as f32
    })
}

/// The axes make sense for an output, and the targets have its shape.
fn checked(loss: &impl Overlap, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
    check::expect_same_shape(loss.name(), output, target)?;
    let rank = output.shape.len() + 1;
    let axes = loss.axis().unwrap_or_default();
    let place = |a: isize| if a < 0 { a + rank as isize } else { a };
    let good = |(i, a): (usize, &isize)| {
        (0..rank as isize).contains(&place(*a)) && axes[..i].iter().all(|other| place(*other) != place(*a))
    };
    if axes.iter().enumerate().all(good) && rank <= MAX_RANK {
        return Ok(());
    }
    Err(Error::Setting {
        name: "axis",
        expected: format!(
            "each of the {rank} axes of output `{}`, the batch included, at most once",
            output.name
        ),
        found: format!("{axes:?}"),
    })
}

macro_rules! overlaps {
    ($($name:ident, $class:literal, $keras:literal: $($field:ident)*;)*) => {$(
        impl Loss for $name {
            fn name(&self) -> &str {
                $keras
            }

            config! { $class $($field)* }

            fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
                checked(self, output, target)
            }

            fn scope(&self, shape: &[usize]) -> Scope {
                // What is left of a sample is left of a batch, if that is added up.
                let values = Places::new(None, shape, self.axis).sums;
                match added_up(self.axis, 0, shape.len() + 1) {
                    true => Scope::Batch { values: Some(values) },
                    false => Scope::Sample { values },
                }
            }

            fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
                self.shaped(y, p, &[p.len() / classes, classes], slope)
            }

            fn shaped(&self, y: &[f32], p: &[f32], shape: &[usize], slope: Option<&mut [f32]>) -> f32 {
                let places = Places::new(None, shape, self.axis);
                overlap(self, y, p, &places, slope.map(|slope| (slope, 1.0)))
            }

            fn over_batch(&self) -> Option<&dyn OverBatch> {
                Some(self)
            }

            #[cfg(feature = "cuda")]
            fn told(&self) -> Option<super::Told<'_>> {
                Some(super::Told::Overlap(self))
            }
        }

        impl OverBatch for $name {
            fn losses(&self, batch: &Predicted<'_>, losses: &mut [f32]) {
                losses.fill(overlap(self, batch.y, batch.p, &Places::new(Some(batch.samples), batch.shape, self.axis), None));
            }

            fn slope(&self, batch: &Predicted<'_>, factors: &[f32], slope: &mut [f32]) {
                // Every sample has the same loss.
                let factor = factors.iter().sum();
                overlap(self, batch.y, batch.p, &Places::new(Some(batch.samples), batch.shape, self.axis), Some((slope, factor)));
            }
        }
    )*};
}
overlaps! {
    Dice, "Dice", "dice": axis;
    Tversky, "Tversky", "tversky": alpha beta axis;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::check_slope;

    #[test]
    fn slopes_agree_with_differences() {
        let (y, p) = ([0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [0.2, 0.5, 0.4, 0.1, 0.3, 0.9]);
        check_slope(&Dice, &y, &p, 3);
        check_slope(&Dice { axis: Some(&[1]) }, &y, &p, 3);
        check_slope(&Tversky { alpha: 0.3, beta: 0.8, axis: Some(&[-1]) }, &y, &p, 3);
        check_slope(&Tversky { alpha: 0.3, ..Tversky }, &y, &p, 3);
    }

    #[test]
    fn axes_are_those_of_keras() {
        assert_eq!(Dice.scope(&[4, 5]), Scope::Batch { values: Some(1) });
        assert_eq!(Dice { axis: Some(&[0, 1]) }.scope(&[4, 5]), Scope::Batch { values: Some(5) });
        assert_eq!(Dice { axis: Some(&[1, -1]) }.scope(&[4, 5]), Scope::Sample { values: 1 });
        assert_eq!(Dice { axis: Some(&[-1]) }.scope(&[4, 5]), Scope::Sample { values: 4 });
    }
}
