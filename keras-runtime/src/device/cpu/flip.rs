//! The places of an axis in reverse order.

use super::pass::{Rows, record};
use crate::compiled::Buf;

impl Rows<'_, '_> {
    /// `y` is `x`, but that in each of `groups` groups the `count` pieces of `width` words come from the last to the
    /// first. `y` is not `x`.
    pub fn flip(&self, x: Buf, y: Buf, groups: usize, count: usize, width: usize) {
        record!(self.pass, Kernel::Flip { x, y, groups, count, width });
        for sample in self.range.clone() {
            let (x, y) = (self.at_sample(x, sample), self.at_sample(y, sample));
            for piece in 0..groups * count {
                let (group, at) = (piece / count, piece % count);
                let from = (group * count + count - 1 - at) * width;
                // SAFETY: both have `groups * count * width` words for each sample, and the plan keeps them apart.
                unsafe { y.add(piece * width).copy_from_nonoverlapping(x.add(from), width) };
            }
        }
    }
}
