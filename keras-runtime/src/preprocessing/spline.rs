//! Images as splines, which have a value between their pixels too: as `scipy.ndimage` reads them.

use ndarray::{Array2, ArrayView2, ArrayViewMut1, Axis};

use super::generator::{Fill, Order};

/// Pixels that are added around an image whose border goes on, so that its splines see it.
const PAD: usize = 12;

/// A spline through an image's pixels.
pub(super) struct Spline {
    coefficients: Array2<f64>,
    /// Pixels around the image.
    pad: usize,
    degree: usize,
    fill: Fill,
}

impl Spline {
    pub fn of(image: ArrayView2<'_, f32>, fill: Fill, order: Order) -> Self {
        let (height, width) = image.dim();
        let pad = if fill == Fill::Nearest && !poles(order).is_empty() { PAD } else { 0 };
        let inner = |at: usize, len: usize| at.saturating_sub(pad).min(len - 1);
        let mut coefficients = Array2::from_shape_fn((height + 2 * pad, width + 2 * pad), |(i, j)| {
            f64::from(image[(inner(i, height), inner(j, width))])
        });
        for axis in [Axis(0), Axis(1)] {
            for mut line in coefficients.lanes_mut(axis) {
                filter(&mut line, poles(order), is_mirrored(fill));
            }
        }
        Spline { coefficients, pad, degree: order as usize, fill }
    }

    /// The value at a place, which may be outside of the image.
    pub fn at(&self, row: f64, column: f64) -> f32 {
        let (height, width) = self.coefficients.dim();
        let place = |at: f64, len: usize| within(at + self.pad as f64, len, self.fill);
        let (Some(row), Some(column)) = (place(row, height), place(column, width)) else {
            return if let Fill::Constant(value) = self.fill { value } else { 0.0 };
        };
        let (rows, columns) = (self.around(row, height), self.around(column, width));
        let mut sum = 0.0;
        for &(i, high) in &rows[..=self.degree] {
            for &(j, wide) in &columns[..=self.degree] {
                sum += high * wide * self.coefficients[(i, j)];
            }
        }
        sum as f32
    }

    /// The pixels whose splines reach a place within an axis, and their values there.
    fn around(&self, at: f64, len: usize) -> [(usize, f64); 6] {
        // Splines of an even degree have their knots between pixels.
        let at = if self.degree.is_multiple_of(2) { at + 0.5 } else { at };
        let (base, u) = (at.floor(), at - at.floor());
        let mut values = [0.0; 6];
        values[0] = 1.0;
        // The recursion of de Boor, with knots at equal distances.
        for degree in 1..=self.degree {
            let mut saved = 0.0;
            for (r, value) in values[..degree].iter_mut().enumerate() {
                let share = *value / degree as f64;
                *value = saved + ((r + 1) as f64 - u) * share;
                saved = (u + (degree - 1 - r) as f64) * share;
            }
            values[degree] = saved;
        }
        let first = base - (self.degree / 2) as f64;
        std::array::from_fn(|k| (self.pixel(first + k as f64, len), values[k]))
    }

    /// A pixel beyond the border, as the filter has taken it to be.
    fn pixel(&self, at: f64, len: usize) -> usize {
        if !is_mirrored(self.fill) {
            return within(at, len, self.fill).map_or(0, |at| at as usize);
        }
        let last = len as f64 - 1.0;
        let at = if len == 1 { 0.0 } else { at.rem_euclid(2.0 * last) };
        (if at > last { 2.0 * last - at } else { at }) as usize
    }
}

/// Whether the filter takes the image to be mirrored in its last pixels, rather than behind them.
fn is_mirrored(fill: Fill) -> bool {
    match fill {
        Fill::Constant(_) | Fill::Wrap => true,
        Fill::Nearest | Fill::Reflect => false,
    }
}

/// Where a place outside of an image is within it; `None` if it is nowhere.
fn within(at: f64, len: usize, fill: Fill) -> Option<f64> {
    let last = (len - 1) as f64;
    if (0.0..=last).contains(&at) {
        return Some(at);
    }
    match fill {
        Fill::Nearest => Some(at.clamp(0.0, last)),
        Fill::Constant(_) => None,
        Fill::Reflect | Fill::Wrap if len == 1 => Some(0.0),
        Fill::Reflect => {
            let at = at.rem_euclid(2.0 * len as f64);
            Some(if at >= len as f64 { 2.0 * len as f64 - at - 1.0 } else { at })
        }
        Fill::Wrap => Some(at.rem_euclid(last)),
    }
}

/// Of the filter that makes pixels the coefficients of splines (Unser, "Splines: A Perfect Fit for Signal and Image
/// Processing", 1999).
fn poles(order: Order) -> &'static [f64] {
    match order {
        Order::Nearest | Order::Linear => &[],
        Order::Quadratic => &[-0.171_572_875_253_809_9],
        Order::Cubic => &[-0.267_949_192_431_122_7],
        Order::Quartic => &[-0.361_341_225_900_220_2, -0.013_725_429_297_339_12],
        Order::Quintic => &[-0.430_575_347_099_973_8, -0.043_096_288_203_264_65],
    }
}

/// From pixels to coefficients: a recursion forwards and one backwards for each pole.
fn filter(line: &mut ArrayViewMut1<'_, f64>, poles: &[f64], mirrored: bool) {
    let n = line.len();
    if n < 2 {
        return;
    }
    for &z in poles {
        line.mapv_inplace(|x| x * (1.0 - z) * (1.0 - 1.0 / z));
        line[0] = if mirrored { mirrored_start(line, z) } else { reflected_start(line, z) };
        for i in 1..n {
            line[i] += z * line[i - 1];
        }
        line[n - 1] = match mirrored {
            true => (z * line[n - 2] + line[n - 1]) * z / (z * z - 1.0),
            false => line[n - 1] * z / (z - 1.0),
        };
        for i in (0..n - 1).rev() {
            line[i] = z * (line[i + 1] - line[i]);
        }
    }
}

/// The sum over all that lies before a line that is mirrored in its first and its last pixel.
fn mirrored_start(line: &ArrayViewMut1<'_, f64>, z: f64) -> f64 {
    let n = line.len();
    let far = z.powi(n as i32 - 1);
    let mut sum = line[0] + far * line[n - 1];
    let mut power = z;
    for i in 1..n - 1 {
        sum += power * (line[i] + far * line[n - 1 - i]);
        power *= z;
    }
    sum / (1.0 - far * far)
}

/// The same of one that is mirrored behind them.
fn reflected_start(line: &ArrayViewMut1<'_, f64>, z: f64) -> f64 {
    let n = line.len();
    let far = z.powi(n as i32);
    let (mut sum, mut power) = (0.0, 1.0);
    for i in 0..n {
        sum += power * (line[i] + far * line[n - 1 - i]);
        power *= z;
    }
    line[0] + sum * z / (1.0 - far * far)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spline goes through the pixels that it is of, in any fill and degree.
    #[test]
    fn pixels_are_on_the_spline() {
        let image = Array2::from_shape_fn((5, 7), |(i, j)| ((i * 31 + j * 17) % 23) as f32);
        let orders =
            [Order::Nearest, Order::Linear, Order::Quadratic, Order::Cubic, Order::Quartic, Order::Quintic];
        for fill in [Fill::Nearest, Fill::Constant(3.0), Fill::Reflect, Fill::Wrap] {
            for order in orders {
                let spline = Spline::of(image.view(), fill, order);
                for ((i, j), pixel) in image.indexed_iter() {
                    let found = spline.at(i as f64, j as f64);
                    assert!((found - pixel).abs() < 1e-4, "{fill:?} {order:?} {i} {j}: {found} {pixel}");
                }
            }
        }
    }
}
