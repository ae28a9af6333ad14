//! Windows: what convolution and pooling look at.

use super::{Dim, Graph, Id, Op, Shape};

/// Windows along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Places of the axis in a window.
    pub size: usize,
    /// From one window to the next.
    pub stride: usize,
    /// From one place of a window to the next.
    pub dilation: usize,
}

impl Window {
    /// From the first to the last place of a window.
    pub fn extent(&self) -> usize {
        self.dilation * (self.size - 1) + 1
    }

    /// How many windows lie in `extent` places.
    pub fn count(&self, extent: &Dim) -> Dim {
        let Window { stride, .. } = *self;
        let own = self.extent();
        extent.map(
            |n| if n < own { 0 } else { (n - own) / stride + 1 },
            |dim| quote::quote!(((#dim - #own) / #stride + 1)),
        )
    }
}

impl Graph {
    /// The windows of `x` along the axes from `axis` on.
    pub fn windows(&mut self, x: Id, axis: usize, windows: Vec<Window>) -> Id {
        let shape = self.shape(x);
        let n = windows.len();
        let counts = windows.iter().zip(&shape.dims[axis..]).map(|(window, dim)| window.count(dim));
        let sizes = windows.iter().map(|window| Dim::known(window.size));
        let (before, after) = (&shape.dims[..axis], &shape.dims[axis + n..]);
        let dims = before.iter().cloned().chain(counts).chain(sizes).chain(after.iter().cloned());
        let shape = Shape { batched: shape.batched, dims: dims.collect() };
        self.push(Op::Windows { x, axis, windows }, shape)
    }

    /// The sum of windows `x` in a tensor whose axes from `axis` on are `extents`.
    pub fn overlap(&mut self, x: Id, axis: usize, windows: Vec<Window>, extents: &[Dim]) -> Id {
        let shape = self.shape(x);
        let (before, after) = (&shape.dims[..axis], &shape.dims[axis + 2 * windows.len()..]);
        let dims = [before, extents, after].concat();
        let shape = Shape { batched: shape.batched, dims };
        self.push(Op::Overlap { x, axis, windows }, shape)
    }
}
