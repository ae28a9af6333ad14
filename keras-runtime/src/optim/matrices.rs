//! Weights as optimizers see them that tell rows from columns.

use std::ops::Range;

use crate::compiled::{Layout, WeightSpec};
use crate::init;

/// Elements of a row that lie side by side in any layout: the columns of a panel.
pub(super) const RUN: usize = 16;

/// A weight as matrices: its last two axes.
pub(crate) struct Matrices {
    layout: Layout,
    pub count: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Matrices {
    pub fn of(weight: &WeightSpec) -> Self {
        let (lead, [rows, columns]) = match weight.shape {
            [lead @ .., rows, columns] => (lead, [*rows, *columns]),
            _ => (&[][..], [1, weight.shape.iter().product()]),
        };
        Matrices { layout: weight.layout, count: lead.iter().product(), rows, columns }
    }

    /// Where element `(i, j)` of matrix `matrix` lies in the weight's words.
    pub fn at(&self, matrix: usize, i: usize, j: usize) -> usize {
        let row = matrix * self.rows + i;
        match self.layout {
            Layout::Plain => row * self.columns + j,
            Layout::Panels { k, .. } => init::in_panels(k, row, j),
        }
    }

    /// Where up to [`RUN`] elements of row `i` lie side by side, from column `j` on: a multiple of that.
    pub fn run(&self, matrix: usize, i: usize, j: usize) -> Range<usize> {
        let first = self.at(matrix, i, j);
        first..first + RUN.min(self.columns - j)
    }

    /// All elements of one matrix.
    pub fn elements(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = (self.rows, self.columns);
        (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
    }
}
