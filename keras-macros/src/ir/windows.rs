//! Windows over neighbouring places: what convolution and pooling are made of.
//!
//! [`Op::Windows`] shows every window of a tensor and computes nothing; [`Op::Overlap`] adds windows up where they
//! overlap. Each is the transpose of the other.

use std::fmt;

use super::{Dim, Graph, Id, Op, ReduceKind, Shape};

/// Windows along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Places that one takes.
    pub size: usize,
    /// Places from one window to the next.
    pub stride: usize,
    /// Places from one of its elements to the next.
    pub dilation: usize,
}

impl Window {
    /// Places from its first element to behind its last.
    pub fn span(self) -> usize {
        self.dilation * (self.size - 1) + 1
    }

    /// How many there are in `extent` places.
    pub fn count(self, extent: usize) -> usize {
        if extent < self.span() { 0 } else { (extent - self.span()) / self.stride + 1 }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.size, self.stride)?;
        if self.dilation > 1 { write!(f, " dilated by {}", self.dilation) } else { Ok(()) }
    }
}

impl Graph {
    /// The windows of `x` along the axes from `axis` on: `[.., h, w, c]` to `[.., count_h, count_w, size_h, size_w, c]`.
    /// Extents along these axes are known, and hold a window at least.
    pub fn windows(&mut self, x: Id, axis: usize, windows: Vec<Window>) -> Id {
        let shape = self.shape(x);
        let (before, rest) = shape.dims.split_at(axis);
        let (extents, after) = rest.split_at(windows.len());
        let count = |(extent, window): (&Dim, &Window)| {
            Dim::known(window.count(extent.as_known().expect("extents under windows are known")))
        };
        let counts: Vec<Dim> = extents.iter().zip(&windows).map(count).collect();
        let sizes: Vec<Dim> = windows.iter().map(|window| Dim::known(window.size)).collect();
        let dims = [before, &counts, &sizes, after].concat();
        if windows.iter().all(|window| window.size == 1 && window.stride == 1) {
            return self.reshape(x, dims);
        }
        let shape = Shape { batched: shape.batched, dims };
        self.push(Op::Windows { x, axis, windows }, shape)
    }

    /// The sum of windows `x` in a tensor whose axes from `axis` on are `extents`.
    pub fn overlap(&mut self, x: Id, axis: usize, windows: Vec<Window>, extents: &[Dim]) -> Id {
        let shape = self.shape(x);
        let dims = [&shape.dims[..axis], extents, &shape.dims[axis + 2 * windows.len()..]].concat();
        if windows.iter().all(|window| window.size == 1 && window.stride == 1) {
            return self.reshape(x, dims);
        }
        let shape = Shape { batched: shape.batched, dims };
        self.push(Op::Overlap { x, axis, windows }, shape)
    }

    /// The greatest element of each window of `x`: `[.., h, w, c]` to `[.., count_h, count_w, c]`. Its gradient goes to
    /// the first of them.
    pub fn max_pool(&mut self, x: Id, axis: usize, windows: Vec<Window>) -> Id {
        let n = windows.len();
        let windows = self.windows(x, axis, windows);
        self.reduce(ReduceKind::Max, windows, (axis + n..axis + 2 * n).collect(), false)
    }
}
