//! The kernels of convolution and pooling. Windows are strides: nothing is copied out of an image.

use std::collections::BTreeMap;

use super::access::{Strided, View};
use super::kernel::{Kernel, Map, Matrix, Span, Value};
use super::{Expression, Fuser, is_number, is_view};
use crate::ir::{Dim, Graph, Id, Op, Window};

/// Dimensions that the rows, or the columns, of a matrix can have in memory.
const MATRIX_RANK: usize = 4;

/// For each overlap of the windows that a product makes, and that nothing else reads, the product.
pub(super) fn overlapped(graph: &Graph) -> BTreeMap<Id, Id> {
    let mut users = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| node.op.operands()).for_each(|x| users[x.0] += 1);
    graph.live_states().for_each(|(_, next)| users[next.0] += 1);
    let products = graph.nodes.iter().enumerate().filter_map(|(i, node)| {
        let Op::Overlap { x, .. } = node.op else { return None };
        let Op::Reshape(product) = graph.nodes[x.0].op else { return None };
        let is_product = matches!(graph.nodes[product.0].op, Op::MatMul { .. });
        (is_product && users[x.0] == 1 && users[product.0] == 1).then_some((Id(i), product))
    });
    products.collect()
}

/// Neighbours that are walked without a jump become one; what has one place is dropped.
fn collapsed(dims: &[Dim], strides: &[Dim]) -> Vec<(Dim, Dim)> {
    let mut result: Vec<(Dim, Dim)> = vec![];
    for (dim, stride) in dims.iter().zip(strides).filter(|(dim, _)| !dim.is(1)) {
        match result.last_mut() {
            Some((outer, step)) if *step == stride.mul(dim) => {
                (*outer, *step) = (outer.mul(dim), stride.clone());
            }
            _ => result.push((dim.clone(), stride.clone())),
        }
    }
    if result.is_empty() {
        result.push((Dim::known(1), Dim::known(1)));
    }
    result
}

impl Fuser<'_> {
    /// The view that `x`, a matrix with its last dimension as columns, can be read through, and how many of the view's
    /// dimensions make its rows.
    fn seen_as_matrix(&self, x: Id) -> Option<(Id, usize)> {
        if self.stored[x.0] || !is_view(self.op(x)) {
            return None;
        }
        let source = match *self.op(x) {
            Op::Reshape(source) if !self.stored[source.0] && is_view(self.op(source)) => source,
            Op::Reshape(_) => return None,
            _ => x,
        };
        let columns = self.dims(x).last()?;
        let (dims, base) = (self.dims(source), self.view(source).base);
        let split = (0..=dims.len()).rev().find(|&split| Dim::product(&dims[split..]) == *columns)?;
        let rows = Dim::product(&self.dims(x)[..self.dims(x).len() - 1]);
        let fits = Dim::product(&dims[..split]) == rows
            && !is_number(self.op(base))
            && !self.repeats_over_batch(base, x);
        let View { walk, .. } = self.view(source);
        let few = |part: &[Dim], strides: &[Dim]| collapsed(part, strides).len() <= MATRIX_RANK;
        let few = few(&dims[..split], &walk.strides[..split]) && few(&dims[split..], &walk.strides[split..]);
        (fits && few).then_some((source, split))
    }

    /// `x` is to be the left operand of a product.
    pub(super) fn need_matrix(&mut self, x: Id) {
        match self.seen_as_matrix(x) {
            Some((view, _)) => self.need_view(view),
            None => self.need_buffer(x, false),
        }
    }

    /// `x` as the left operand of a product.
    pub(super) fn matrix(&self, x: Id) -> Matrix {
        let (dims, View { base, walk }, split) = match self.seen_as_matrix(x) {
            Some((source, split)) => (self.dims(source), self.view(source), split),
            None => (self.dims(x), self.view(x), self.dims(x).len() - 1),
        };
        Matrix {
            span: Span { value: Value::Node(base), offset: walk.offset, time: walk.time },
            rows: collapsed(&dims[..split], &walk.strides[..split]),
            columns: collapsed(&dims[split..], &walk.strides[split..]),
        }
    }

    /// How the windows of node `id` lie in it.
    fn windows_of(&self, id: Id, axis: usize, windows: &[Window]) -> Strided {
        let into = self.buffer(id);
        let mut walk = Strided::in_slots(self.dims(id), into.offset, into.time);
        let by = |factor: fn(&Window) -> usize| {
            let strides = windows.iter().zip(&walk.strides[axis..]);
            strides.map(|(window, stride)| stride.mul(&factor(window).into())).collect::<Vec<_>>()
        };
        let (counts, sizes) = (by(|window| window.stride), by(|window| window.dilation));
        walk.strides.splice(axis..axis + windows.len(), counts.into_iter().chain(sizes));
        walk
    }

    /// The sum of windows `x` in node `id`.
    pub(super) fn overlap(&mut self, id: Id, x: Id, axis: usize, windows: &[Window]) -> Vec<Kernel> {
        let walk = self.windows_of(id, axis, windows);
        let space = self.graph.shape(x).clone();
        if let Some(&product) = self.overlapped.get(&id) {
            let Op::MatMul { x, w, transposed } = *self.op(product) else { unreachable!("it is a product") };
            let split = axis + windows.len();
            let [k, n] = [self.dims(x), self.dims(product)].map(|dims| dims[dims.len() - 1].clone());
            let (into, w) = (self.buffer(id), self.panels(id, w, transposed));
            return vec![Kernel::MatMulOverlap {
                x: self.buffer(x),
                w,
                into,
                batched: space.batched,
                words: self.graph.shape(id).size(),
                counts: collapsed(&space.dims[..split], &walk.strides[..split]),
                window: collapsed(&space.dims[split..], &walk.strides[split..]),
                k,
                n,
            }];
        }
        let zeros = self.fill(&self.graph.shape(id).clone(), &self.buffer(id), 0.0);
        let mut expression = Expression::new(space);
        let reg = self.value(&mut expression, x, None);
        let stores = vec![(self.buffer(id).value, walk, reg)];
        vec![zeros, Kernel::Map(Map { expression, stores, accumulate: true })]
    }

    /// The gradient of max pooling: `x` are its input, its output, and the output's gradient.
    pub(super) fn max_pool_grad(&self, id: Id, [x, y, dy]: [Id; 3], windows: &[Window]) -> Kernel {
        let n = windows.len();
        let dims = self.dims(y);
        let counts = &dims[..n];
        let channels = Dim::product(&dims[n..]);
        let walk = self.windows_of(id, 0, windows);
        let sizes: Vec<Dim> = windows.iter().map(|window| Dim::known(window.size)).collect();
        Kernel::MaxPoolGrad {
            x: self.buffer(x),
            y: self.buffer(y),
            dy: self.buffer(dy),
            into: self.buffer(id),
            batched: self.graph.shape(id).batched,
            words: self.graph.shape(id).size(),
            counts: counts.iter().cloned().zip(walk.strides[..n].iter().cloned()).collect(),
            window: sizes.into_iter().zip(walk.strides[n..2 * n].iter().cloned()).collect(),
            channels,
        }
    }
}
