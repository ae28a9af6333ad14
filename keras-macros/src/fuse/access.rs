//! How a kernel walks an operand: strides over the kernel's index space, and their collapse to few dimensions.

use crate::ir::{Dim, Graph, Id, Op, Window};

/// A walk over a buffer: element `i` of the index space is word `offset + Σ i[d] * strides[d]` of each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Strided {
    /// Words to skip in each sample.
    pub offset: Dim,
    /// Words between neighbours along each dimension; 0 repeats.
    pub strides: Vec<Dim>,
    /// Words from one step of a loop to the next in time.
    pub time: Dim,
}

impl Strided {
    /// The walk in the order of the elements.
    pub fn contiguous(dims: &[Dim]) -> Self {
        let mut strides = vec![Dim::known(1); dims.len()];
        for i in (1..dims.len()).rev() {
            strides[i - 1] = strides[i].mul(&dims[i]);
        }
        Strided { offset: Dim::known(0), strides, time: Dim::known(0) }
    }

    /// The walk in the order of the elements, from word `offset` on, and from step to step by `time` words.
    pub fn in_slots(dims: &[Dim], offset: Dim, time: Dim) -> Self {
        Strided { offset, time, ..Strided::contiguous(dims) }
    }

    /// Whether it walks elements of these dims without a jump.
    pub fn is_in_order(&self, dims: &[Dim]) -> bool {
        let plain = Strided::contiguous(dims);
        (0..dims.len()).all(|i| dims[i].is(1) || self.strides[i] == plain.strides[i])
    }

    /// Whether it walks every element of a buffer of these dims in order.
    pub fn is_contiguous(&self, dims: &[Dim]) -> bool {
        self.offset.is(0) && self.time.is(0) && self.is_in_order(dims)
    }

    /// Whether this walk over `dims` and `other`, which may begin elsewhere in the same buffer, have no word in common.
    pub fn is_apart_from(&self, other: &Strided, dims: &[Dim]) -> bool {
        let (Some(from), Some(to)) = (self.offset.as_known(), other.offset.as_known()) else { return false };
        self.strides == other.strides
            && self.time == other.time
            && self.is_in_order(dims)
            && Dim::product(dims).as_known().is_some_and(|size| from.abs_diff(to) >= size)
    }

    /// The walk of `to` dims over the elements that this walks with `from` dims, if strides can say it.
    fn reshaped(&self, from: &[Dim], to: &[Dim]) -> Option<Strided> {
        let (mut from, mut strides): (Vec<Dim>, Vec<Dim>) =
            from.iter().cloned().zip(self.strides.iter().cloned()).filter(|(dim, _)| !dim.is(1)).unzip();
        collapse(&mut from, &mut [&mut strides], &mut vec![]);
        // Each run of `to` must multiply to one collapsed dimension of `from`.
        let mut result = vec![Dim::known(0); to.len()];
        let mut at = to.len();
        for (dim, stride) in from.iter().zip(&strides).rev() {
            let (mut product, mut step) = (Dim::known(1), stride.clone());
            while &product != dim {
                at = at.checked_sub(1)?;
                result[at] = step.clone();
                step = step.mul(&to[at]);
                product = product.mul(&to[at]);
                if to[at].is(1) {
                    result[at] = Dim::known(0);
                }
            }
        }
        to[..at].iter().all(|dim| dim.is(1)).then_some(Strided { strides: result, ..self.clone() })
    }
}

/// Merges neighbouring dimensions that every walk crosses without a jump. `flags[d]` must agree for merged ones.
pub fn collapse(dims: &mut Vec<Dim>, walks: &mut [&mut Vec<Dim>], flags: &mut Vec<bool>) {
    let mut i = 1;
    while i < dims.len() {
        let jumps = walks.iter().any(|walk| walk[i - 1] != walk[i].mul(&dims[i]));
        let differ = !flags.is_empty() && flags[i - 1] != flags[i];
        if jumps || differ {
            i += 1;
            continue;
        }
        dims[i - 1] = dims[i - 1].mul(&dims[i]);
        dims.remove(i);
        for walk in walks.iter_mut() {
            walk.remove(i - 1);
        }
        if !flags.is_empty() {
            flags.remove(i);
        }
    }
}

/// The stored value under a chain of views, and how the top of the chain walks it.
pub struct View {
    /// A node that is not a view.
    pub base: Id,
    /// The walk over its buffer by the top's dims.
    pub walk: Strided,
}

/// Follows views down from `id` while strides can say what they do; nodes that have a `place` in memory end the chain.
pub fn view(graph: &Graph, id: Id, place: &dyn Fn(Id) -> Option<View>) -> View {
    try_view(graph, id, place)
        .unwrap_or_else(|| View { base: id, walk: Strided::contiguous(&graph.shape(id).dims) })
}

fn try_view(graph: &Graph, id: Id, place: &dyn Fn(Id) -> Option<View>) -> Option<View> {
    let shape = graph.shape(id);
    let below = |x: &Id| place(*x).unwrap_or_else(|| view(graph, *x, place));
    match &graph.nodes[id.0].op {
        Op::Reshape(x) => {
            let View { base, walk } = below(x);
            let walk = walk.reshaped(&graph.shape(*x).dims, &shape.dims)?;
            Some(View { base, walk })
        }
        Op::Broadcast(x) => {
            let View { base, walk } = below(x);
            let from = &graph.shape(*x).dims;
            let added = shape.rank() - from.len();
            let stride = |i: usize| match i.checked_sub(added) {
                Some(j) if !from[j].is(1) || shape.dims[i].is(1) => walk.strides[j].clone(),
                _ => Dim::known(0),
            };
            let strides = (0..shape.rank()).map(stride).collect();
            Some(View { base, walk: Strided { strides, ..walk } })
        }
        Op::Permute { x, axes } => {
            let View { base, walk } = below(x);
            let strides = axes.iter().map(|&axis| walk.strides[axis].clone()).collect();
            Some(View { base, walk: Strided { strides, ..walk } })
        }
        Op::Slice { x, axis, start } => {
            let View { base, walk } = below(x);
            let offset = walk.offset.add(&walk.strides[*axis].mul(start));
            Some(View { base, walk: Strided { offset, ..walk } })
        }
        Op::Windows { x, axis, windows } => {
            let View { base, mut walk } = below(x);
            let by = |factor: fn(&Window) -> usize| {
                let strides = windows.iter().zip(&walk.strides[*axis..]);
                strides.map(|(window, stride)| stride.mul(&factor(window).into())).collect::<Vec<_>>()
            };
            let (counts, sizes) = (by(|window| window.stride), by(|window| window.dilation));
            walk.strides.splice(*axis..axis + windows.len(), counts.into_iter().chain(sizes));
            Some(View { base, walk })
        }
        // What an element of the first dimension is for a value, a step is for the loop.
        Op::Item { x, .. } => {
            let View { base, mut walk } = below(x);
            walk.time = walk.strides.remove(0);
            Some(View { base, walk })
        }
        Op::Trace(x) => {
            let View { base, mut walk } = below(x);
            walk.strides.insert(0, std::mem::replace(&mut walk.time, Dim::known(0)));
            Some(View { base, walk })
        }
        Op::States { scan, index } => {
            let state = graph.scans[*scan].states[*index].node;
            Some(View { base: state, walk: Strided::contiguous(&shape.dims) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(dims: &[usize]) -> Vec<Dim> {
        dims.iter().map(|&n| Dim::known(n)).collect()
    }

    #[test]
    fn a_reshape_of_contiguous_elements_is_contiguous() {
        let walk = Strided::contiguous(&dims(&[6, 4]));
        let reshaped = walk.reshaped(&dims(&[6, 4]), &dims(&[2, 1, 3, 4])).unwrap();
        assert!(reshaped.is_contiguous(&dims(&[2, 1, 3, 4])));
    }

    #[test]
    fn a_reshape_within_a_dimension_keeps_the_jump() {
        // Rows of 4 in a buffer of rows of 10.
        let walk = Strided { offset: 3.into(), strides: dims(&[10, 1]), time: 0.into() };
        let reshaped = walk.reshaped(&dims(&[6, 4]), &dims(&[2, 3, 2, 2])).unwrap();
        assert_eq!(reshaped.strides, dims(&[30, 10, 2, 1]));
        assert!(walk.reshaped(&dims(&[6, 4]), &dims(&[24])).is_none());
    }

    #[test]
    fn collapse_merges_what_no_walk_jumps_over() {
        let (mut d, mut a, mut b) = (dims(&[2, 3, 4]), dims(&[12, 4, 1]), dims(&[0, 0, 1]));
        collapse(&mut d, &mut [&mut a, &mut b], &mut vec![]);
        assert_eq!((d, a, b), (dims(&[6, 4]), dims(&[4, 1]), dims(&[0, 1])));
    }
}
