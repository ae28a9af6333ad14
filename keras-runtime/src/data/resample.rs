//! Images in another size: each place of the new one is a weighted sum of those around it in the old.

use std::ops::Range;

use ndarray::{Array3, s};

/// How an image gets another size (`interpolation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// The nearest pixel.
    Nearest,
    /// Between the two nearest in each direction.
    #[default]
    Bilinear,
    /// Between four, along a curve of third degree (Keys, 1981).
    Bicubic,
    /// Between six, along a windowed sine.
    Lanczos3,
    /// Between ten.
    Lanczos5,
    /// Every pixel with the share of its area that the new one covers.
    Area,
    /// Between those around it, along the curve of Gauss with a deviation of half a pixel.
    Gaussian,
    /// Between four, along a curve that is neither as sharp as [`Interpolation::Bicubic`] nor blurred (Mitchell and Netravali, 1988).
    MitchellCubic,
    /// Pillow's `box`: the mean of pixels whose centres are within the new one.
    Box,
    /// Pillow's `hamming`: between two, along a windowed sine.
    Hamming,
}

impl Interpolation {
    /// How far a pixel reaches.
    fn radius(self) -> f64 {
        match self {
            Interpolation::Nearest | Interpolation::Bilinear | Interpolation::Hamming => 1.0,
            Interpolation::Area | Interpolation::Box => 0.5,
            Interpolation::Gaussian => 1.5,
            Interpolation::Bicubic | Interpolation::MitchellCubic => 2.0,
            Interpolation::Lanczos3 => 3.0,
            Interpolation::Lanczos5 => 5.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        if self == Interpolation::Box {
            // A centre on the edge of two is the first one's.
            return f64::from(u8::from(x > -0.5 && x <= 0.5));
        }
        let x = x.abs();
        let sinc = |x: f64| match x * std::f64::consts::PI {
            0.0 => 1.0,
            x => x.sin() / x,
        };
        match self {
            _ if x >= self.radius() => 0.0,
            Interpolation::Nearest | Interpolation::Bilinear => 1.0 - x,
            Interpolation::Bicubic if x < 1.0 => ((1.5 * x - 2.5) * x) * x + 1.0,
            Interpolation::Bicubic => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Interpolation::Lanczos3 | Interpolation::Lanczos5 => sinc(x) * sinc(x / self.radius()),
            Interpolation::Gaussian => (-2.0 * x * x).exp(),
            Interpolation::MitchellCubic if x < 1.0 => ((7.0 / 6.0 * x - 2.0) * x) * x + 8.0 / 9.0,
            Interpolation::MitchellCubic => ((-7.0 / 18.0 * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0,
            Interpolation::Hamming => sinc(x) * (0.54 + 0.46 * (x * std::f64::consts::PI).cos()),
            Interpolation::Area | Interpolation::Box => 1.0,
        }
    }
}

/// For each of `to` places over a part of `from` old ones those that it is made of: the first of them, and their weights.
fn places(
    from: usize,
    part: &Range<usize>,
    to: usize,
    how: Interpolation,
    smooth: bool,
) -> Vec<(usize, Vec<f64>)> {
    let scale = part.len() as f64 / to as f64;
    // Pixels are squares whose centres are read.
    let centre = |i: usize| part.start as f64 + (i as f64 + 0.5) * scale;
    if how == Interpolation::Nearest {
        return (0..to).map(|i| ((centre(i) as usize).min(from - 1), vec![1.0])).collect();
    }
    if how == Interpolation::Area {
        return (0..to).map(|i| covered(from, part.start as f64 + i as f64 * scale, scale)).collect();
    }
    let stretch = if smooth { scale.max(1.0) } else { 1.0 };
    let reach = how.radius() * stretch;
    let place = |i: usize| {
        // In Pillow's order of sums, so that what is on an edge is on its side of it.
        let first = ((centre(i) - reach + 0.5).max(0.0) as usize).min(from - 1);
        let end = ((centre(i) + reach + 0.5).max(0.0) as usize).clamp(first + 1, from);
        let mut weights: Vec<f64> =
            (first..end).map(|j| how.weight((j as f64 - centre(i) + 0.5) * (1.0 / stretch))).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        (first, weights)
    };
    (0..to).map(place).collect()
}

/// What each of `from` places has in `length` places from `start` on.
fn covered(from: usize, start: f64, length: f64) -> (usize, Vec<f64>) {
    let (end, first) = (start + length, (start as usize).min(from - 1));
    let last = (end.ceil() as usize).clamp(first + 1, from);
    let share = |j: usize| (end.min((j + 1) as f64) - start.max(j as f64)).max(0.0);
    let weights: Vec<f64> = (first..last).map(share).collect();
    let sum: f64 = weights.iter().sum();
    (first, weights.into_iter().map(|weight| weight / sum).collect())
}

/// Rows and columns of an image.
pub(crate) type Part = (Range<usize>, Range<usize>);

/// A part of an image `[height, width, channels]` in the size `to`, none of which is 0; pixels around it count where the
/// interpolation reaches them. A `smooth` one has no pixel left out where it becomes smaller; `step` is done to each sum.
pub(crate) fn resample(
    image: &Array3<f32>,
    (rows, columns): &Part,
    to: (usize, usize),
    how: Interpolation,
    smooth: bool,
    step: impl Fn(f64) -> f64,
) -> Array3<f32> {
    let (height, width, channels) = image.dim();
    let across = places(width, columns, to.1, how, smooth);
    let narrow = Array3::from_shape_fn((height, to.1, channels), |(row, column, channel)| {
        let (first, weights) = &across[column];
        let sum = |(i, weight): (usize, &f64)| weight * f64::from(image[(row, first + i, channel)]);
        step(weights.iter().enumerate().map(sum).sum())
    });
    let down = places(height, rows, to.0, how, smooth);
    Array3::from_shape_fn((to.0, to.1, channels), |(row, column, channel)| {
        let (first, weights) = &down[row];
        let sum = |(i, weight): (usize, &f64)| weight * narrow[(first + i, column, channel)];
        step(weights.iter().enumerate().map(sum).sum::<f64>()) as f32
    })
}

/// The size of the largest part of an image that has the form of `to`, or with `larger`, of the smallest image around it.
fn formed(from: (usize, usize), to: (usize, usize), larger: bool) -> (usize, usize) {
    let (height, width) = from;
    let formed = |other: usize, this: usize, that: usize| ((other * this) as f64 / that as f64) as usize;
    let (high, wide) = (formed(width, to.0, to.1), formed(height, to.1, to.0));
    match larger {
        true => (high.max(height), wide.max(width)),
        false => (high.min(height).max(1), wide.min(width).max(1)),
    }
}

/// All of an image.
pub(crate) fn whole(image: &Array3<f32>) -> Part {
    let (height, width, _) = image.dim();
    (0..height, 0..width)
}

/// The middle of an image, in the form of `to`.
pub(crate) fn middle(image: &Array3<f32>, to: (usize, usize)) -> Part {
    let (height, width, _) = image.dim();
    let (high, wide) = formed((height, width), to, false);
    let (top, left) = ((height - high) / 2, (width - wide) / 2);
    (top..top + high, left..left + wide)
}

/// An image with zeros around it, in about the form of `to`: as in Keras there are as many on both sides.
pub(crate) fn padded(image: &Array3<f32>, to: (usize, usize)) -> Array3<f32> {
    let (height, width, channels) = image.dim();
    let (high, wide) = formed((height, width), to, true);
    let (top, left) = ((high - height) / 2, (wide - width) / 2);
    let mut whole = Array3::zeros((height + 2 * top, width + 2 * left, channels));
    whole.slice_mut(s![top..top + height, left..left + width, ..]).assign(image);
    whole
}
