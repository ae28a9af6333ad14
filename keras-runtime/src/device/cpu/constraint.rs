//! Constraints of weights (`keras.constraints`), in place and in whatever order the words lie.

use crate::compiled::{Constraint, Layout, WeightSpec};
use crate::data::MAX_RANK;
use crate::init;

/// `keras.backend.epsilon()`.
const EPSILON: f32 = 1e-7;

/// Makes the values of `weight` in the flat buffer `params` what `constraint` asks for.
pub(super) fn apply(weight: &WeightSpec, constraint: Constraint, params: &mut [f32]) {
    match constraint {
        Constraint::NonNeg => {
            let words = &mut params[weight.offset..weight.offset + init::words(weight)];
            words.iter_mut().for_each(|w| *w = if *w < 0.0 { 0.0 } else { *w });
        }
        Constraint::Norm { min, max, rate, axes } => {
            let norms = Norms { min, max, rate };
            // The usual case, a norm for each unit, which is a column: sixteen of them at once.
            if weight.shape.len() > 1 && axes.iter().copied().eq(0..weight.shape.len() - 1) {
                let words = &mut params[weight.offset..weight.offset + init::words(weight)];
                return match weight.layout {
                    Layout::Plain => {
                        let n = weight.shape[weight.shape.len() - 1];
                        (0..n).step_by(LANES).for_each(|at| norms.of_columns(words, at, n));
                    }
                    Layout::Panels { k, .. } => words.chunks_exact_mut(k * LANES).for_each(|words| {
                        norms.of_columns(words, 0, LANES);
                    }),
                };
            }
            norms.along(weight, axes, params);
        }
    }
}

/// Columns that are worked on at once: those of a panel.
const LANES: usize = 16;

/// What norms are to be.
#[derive(Clone, Copy)]
struct Norms {
    min: f32,
    max: f32,
    rate: f32,
}

impl Norms {
    /// The factor of words whose squares add up to `squares`.
    #[inline(always)]
    fn factor(self, squares: f64) -> f32 {
        let norm = squares.sqrt() as f32;
        let wanted = self.rate * norm.clamp(self.min, self.max) + (1.0 - self.rate) * norm;
        wanted / (EPSILON + norm)
    }

    /// Scales the words along any `axes`.
    fn along(self, weight: &WeightSpec, axes: &[usize], params: &mut [f32]) {
        let (kept, within) =
            (Walk::over(weight, |d| !axes.contains(&d)), Walk::over(weight, |d| axes.contains(&d)));
        kept.each(weight.offset, &mut |group| {
            let mut squares = 0.0f64;
            within.each(group, &mut |word| squares += f64::from(params[word]).powi(2));
            let factor = self.factor(squares);
            within.each(group, &mut |word| params[word] *= factor);
        });
    }

    /// Scales up to sixteen neighbouring columns, from column `at` on, of rows of `stride` words.
    fn of_columns(self, words: &mut [f32], at: usize, stride: usize) {
        let count = LANES.min(stride - at);
        let mut squares = [0.0f64; LANES];
        for row in words.chunks_exact(stride) {
            let row = &row[at..at + count];
            match row.first_chunk::<LANES>() {
                Some(row) => squares.iter_mut().zip(row).for_each(|(sum, w)| *sum += f64::from(*w).powi(2)),
                None => squares.iter_mut().zip(row).for_each(|(sum, w)| *sum += f64::from(*w).powi(2)),
            }
        }
        let factors = squares.map(|squares| self.factor(squares));
        for row in words.chunks_exact_mut(stride) {
            let row = &mut row[at..at + count];
            match row.first_chunk_mut::<LANES>() {
                Some(row) => row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor),
                None => row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor),
            }
        }
    }
}

/// One dimension of a weight: runs of neighbouring words, so many words apart.
#[derive(Clone, Copy)]
struct Axis {
    extent: usize,
    run: usize,
    stride: usize,
}

/// The words of some of a weight's dimensions.
struct Walk {
    axes: [Axis; MAX_RANK],
    rank: usize,
}

impl Walk {
    fn over(weight: &WeightSpec, wanted: impl Fn(usize) -> bool) -> Self {
        let shape = weight.shape;
        let mut walk = Walk { axes: [Axis { extent: 1, run: 1, stride: 0 }; MAX_RANK], rank: 0 };
        for d in (0..shape.len()).filter(|d| wanted(*d)) {
            let (run, stride) = match (weight.layout, d) {
                (Layout::Plain, _) => (1, shape[d + 1..].iter().product()),
                (Layout::Panels { k, .. }, d) if d + 1 == shape.len() => (16, k * 16),
                (Layout::Panels { .. }, _) => {
                    (1, 16 * shape[d + 1..shape.len() - 1].iter().product::<usize>())
                }
            };
            walk.axes[walk.rank] = Axis { extent: shape[d], run, stride };
            walk.rank += 1;
        }
        walk
    }

    /// Calls `visit` with each word, counted from `start`, in order.
    fn each(&self, start: usize, visit: &mut impl FnMut(usize)) {
        Self::deeper(&self.axes[..self.rank], start, visit);
    }

    fn deeper(axes: &[Axis], start: usize, visit: &mut impl FnMut(usize)) {
        let [Axis { extent, run, stride }, rest @ ..] = axes else { return visit(start) };
        for first in (0..*extent).step_by(*run) {
            for i in first..(first + run).min(*extent) {
                Self::deeper(rest, start + first / run * stride + (i - first), visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiled::Init;

    fn weight(shape: &'static [usize], layout: Layout) -> WeightSpec {
        WeightSpec {
            name: "w",
            shape,
            offset: 16,
            layout,
            init: Init::Zeros,
            seed: None,
            fans: None,
            penalty: None,
            constraint: None,
            trainable: true,
        }
    }

    #[test]
    fn norms_over_axes_in_every_layout() {
        const AXES: [&[usize]; 4] = [&[0], &[1], &[0, 1], &[]];
        for layout in [Layout::Plain, Layout::Panels { k: 5, n: 20 }] {
            AXES.into_iter().for_each(|axes| norms(layout, axes));
        }
    }

    fn norms(layout: Layout, axes: &'static [usize]) {
        let values: Vec<f32> = (0..5 * 20).map(|i| (i as f32 * 0.7).sin() * 2.0).collect();
        let weight = weight(&[5, 20], layout);
        let mut params = vec![0.0; 16 + init::words(&weight)];
        init::write(&weight, &values, &mut params);
        apply(&weight, Constraint::Norm { min: 0.5, max: 1.5, rate: 0.8, axes }, &mut params);
        let found = init::read(&weight, &params);
        for (flat, w) in values.iter().enumerate() {
            let same = |other: &usize| {
                (axes.contains(&0) || other / 20 == flat / 20)
                    && (axes.contains(&1) || other % 20 == flat % 20)
            };
            let norm = (0..100).filter(same).map(|i| values[i] * values[i]).sum::<f32>().sqrt();
            let wanted = 0.8 * norm.clamp(0.5, 1.5) + 0.2 * norm;
            let expected = w * wanted / (norm + EPSILON);
            assert!((found[flat] - expected).abs() < 1e-5, "{layout:?} {axes:?} {flat}");
        }
    }

    /// The kernel of a convolution, whose first dimensions are the rows of its panels.
    #[test]
    fn norms_are_the_same_in_both_layouts() {
        const SHAPE: &[usize] = &[2, 3, 5, 20];
        const AXES: [&[usize]; 5] = [&[0, 1, 2], &[0, 1], &[2], &[1, 3], &[3]];
        let values: Vec<f32> = (0..600).map(|i| (i as f32 * 0.7).sin() * 2.0).collect();
        for axes in AXES {
            let found = [Layout::Plain, Layout::Panels { k: 30, n: 20 }].map(|layout| {
                let weight = weight(SHAPE, layout);
                let mut params = vec![0.0; 16 + init::words(&weight)];
                init::write(&weight, &values, &mut params);
                apply(&weight, Constraint::Norm { min: 0.5, max: 1.5, rate: 1.0, axes }, &mut params);
                init::read(&weight, &params)
            });
            assert!(found[0] != values, "{axes:?}: nothing was scaled");
            for (at, (plain, panels)) in found[0].iter().zip(&found[1]).enumerate() {
                assert!((plain - panels).abs() < 1e-5, "{axes:?} {at}: {plain} and {panels}");
            }
        }
    }

    #[test]
    fn no_negative_and_nan_stays() {
        let weight = weight(&[4], Layout::Plain);
        let mut params = vec![-7.0; 21];
        params[16..20].copy_from_slice(&[-1.0, 0.5, f32::NAN, -0.0]);
        apply(&weight, Constraint::NonNeg, &mut params);
        assert_eq!(params[16..18], [0.0, 0.5]);
        assert!(params[18].is_nan() && params[19] == 0.0);
        assert_eq!((params[15], params[20]), (-7.0, -7.0), "what is around it stays");
    }
}
