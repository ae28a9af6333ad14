//! Images read between their places, and the way back of their gradient.

use super::pass::{Rows, record};
use crate::compiled::{Fill, Sample};

/// Words of a transformation that are read: two rows of a matrix.
const COEFFICIENTS: usize = 6;
/// Coordinates are cut here: far beyond any border, and exact as whole numbers.
const FAR: f32 = 8_388_608.0;

/// The place within `[0, extent)` that `place` means; `None` where there is a number instead.
fn place(fill: Fill, place: i64, extent: usize) -> Option<usize> {
    let extent = extent as i64;
    // Nearly all of them: without a division.
    if (0..extent).contains(&place) {
        return Some(place as usize);
    }
    let found = match fill {
        Fill::Constant => return None,
        Fill::Nearest => place.clamp(0, extent - 1),
        Fill::Wrap => place.rem_euclid(extent),
        Fill::Reflect => {
            let place = place.rem_euclid(2 * extent);
            place.min(2 * extent - 1 - place)
        }
        Fill::Mirror => {
            let period = (2 * extent - 2).max(1);
            let place = place.rem_euclid(period);
            place.min(period - place)
        }
    };
    Some(found as usize)
}

/// The places along one axis that `coordinate` is read from, with their shares.
fn along(op: &Sample, coordinate: f32, extent: usize) -> [(f32, Option<usize>); 2] {
    // NaN is none of the two bounds: it becomes 0 as a whole number, and its shares are NaN.
    let coordinate = coordinate.clamp(-FAR, FAR);
    if op.nearest {
        return [(1.0, place(op.fill, coordinate.round() as i64, extent)), (0.0, Some(0))];
    }
    let floor = coordinate.floor();
    let share = coordinate - floor;
    let at = |i: i64| place(op.fill, floor as i64 + i, extent);
    [(1.0 - share, at(0)), (share, at(1))]
}

/// Calls `visit` for each place of the image of `op.to` places, with the four places that it is read from (the number of
/// the place, if it is one) and their shares.
///
/// # Safety
/// `at` holds six words, or two for each place if `op.each`.
unsafe fn taps(op: &Sample, at: *const f32, mut visit: impl FnMut(usize, [(f32, Option<usize>); 4])) {
    // SAFETY: the caller's promise.
    let word = |i: usize| unsafe { *at.add(i) };
    let [a, b, c, d, e, f]: [f32; COEFFICIENTS] =
        std::array::from_fn(|i| if op.each { 0.0 } else { word(i) });
    for i in 0..op.to[0] {
        for j in 0..op.to[1] {
            let (y, x) = (i as f32, j as f32);
            let place = 2 * (i * op.to[1] + j);
            let (row, column) = match op.each {
                true => (word(place), word(place + 1)),
                false => (d * x + e * y + f, a * x + b * y + c),
            };
            let rows = along(op, row, op.from[0]);
            let columns = along(op, column, op.from[1]);
            let tap = |k: usize| {
                let ((p, row), (q, column)) = (rows[k / 2], columns[k % 2]);
                (p * q, row.zip(column).map(|(row, column)| row * op.from[1] + column))
            };
            visit(i * op.to[1] + j, std::array::from_fn(tap));
        }
    }
}

impl Rows<'_, '_> {
    /// `into` is `image` where `at` says.
    pub fn sample(&self, op: &Sample) {
        record!(self.pass, Kernel::Sample { op: *op, gradient: false });
        let n = op.channels;
        for sample in self.range.clone() {
            let [x, at, y] = [op.image, op.at, op.into].map(|buf| self.at_sample(buf, sample));
            // SAFETY: the plan places the operands, and keeps `y` apart; `place` gives places of the image.
            unsafe {
                taps(op, at, |to, taps| {
                    let y = y.add(to * n);
                    // What is not read, such as what lies beyond a border that nothing of is seen, is not NaN either.
                    for (k, (share, from)) in taps.iter().filter(|(share, _)| *share != 0.0).enumerate() {
                        for j in 0..n {
                            let value = from.map_or(op.value, |from| *x.add(from * n + j));
                            let before = if k == 0 { 0.0 } else { *y.add(j) };
                            *y.add(j) = before + share * value;
                        }
                    }
                });
            }
        }
    }

    /// `into` is the sum of the places of `image`, a gradient, where they were read from.
    pub fn sample_grad(&self, op: &Sample) {
        record!(self.pass, Kernel::Sample { op: *op, gradient: true });
        let n = op.channels;
        for sample in self.range.clone() {
            let [dy, at, dx] = [op.image, op.at, op.into].map(|buf| self.at_sample(buf, sample));
            // SAFETY: as above; `dx` has `from` places.
            unsafe {
                dx.write_bytes(0, op.from[0] * op.from[1] * n);
                taps(op, at, |to, taps| {
                    for (share, from) in taps {
                        let Some(from) = from.filter(|_| share != 0.0) else { continue };
                        for j in 0..n {
                            *dx.add(from * n + j) += share * *dy.add(to * n + j);
                        }
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_the_border() {
        let row = |fill| (-5..8).map(|i| place(fill, i, 3)).collect::<Vec<_>>();
        let some = |places: [usize; 13]| places.map(Some).to_vec();
        assert_eq!(row(Fill::Nearest), some([0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2]));
        assert_eq!(row(Fill::Wrap), some([1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]));
        assert_eq!(row(Fill::Reflect), some([1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]));
        assert_eq!(row(Fill::Mirror), some([1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]));
        assert_eq!(place(Fill::Mirror, -3, 1), Some(0));
        assert_eq!(row(Fill::Constant)[4..9], [None, Some(0), Some(1), Some(2), None]);
    }

    /// No coordinate, however wild, leads out of the image.
    #[test]
    fn wild_coordinates_stay_inside() {
        for fill in [Fill::Constant, Fill::Nearest, Fill::Reflect, Fill::Mirror, Fill::Wrap] {
            for (nearest, each) in [(false, false), (true, false), (false, true), (true, true)] {
                let buf = crate::compiled::Buf::new(crate::compiled::Space::Arena, 0, 0);
                let op = Sample {
                    image: buf,
                    at: buf,
                    into: buf,
                    from: [3, 4],
                    to: [2, 2],
                    channels: 1,
                    each,
                    nearest,
                    fill,
                    value: 0.0,
                };
                for wild in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -f32::MAX, 1e10] {
                    let at = [wild, 1.0, wild, 0.0, wild, -wild, 0.5, wild];
                    // SAFETY: six words at least, and two for each of four places.
                    unsafe {
                        taps(&op, at.as_ptr(), |_, taps| {
                            assert!(taps.iter().all(|(_, from)| from.is_none_or(|from| from < 12)));
                        });
                    }
                }
            }
        }
    }
}
