//! What gets a buffer: what a kernel needs in memory, and what is dear to compute again.

use std::collections::BTreeSet;

use super::access::View;
use super::{FUNCTION, Fuser, MOST_OPERANDS, RECOMPUTE, is_elementwise, is_number, is_view};
use crate::ir::{Dim, Id, Op};

impl<'a> Fuser<'a> {
    /// Decides which element-wise values and views get a buffer.
    ///
    /// A buffer for one value can end a chain of views that another value was reached by: this goes on until nothing
    /// changes.
    pub(super) fn decide(&mut self) {
        self.loops.homes.keys().for_each(|id| self.stored[id.0] = true);
        loop {
            let before = self.stored.clone();
            self.loops.trace(self.graph, &self.stored);
            self.decide_once();
            self.bound_operands();
            if self.stored == before {
                return;
            }
        }
    }

    pub(super) fn decide_once(&mut self) {
        let sizes = self.sizes();
        // The kernels that would compute each element-wise node.
        let mut users: Vec<BTreeSet<Id>> = vec![BTreeSet::new(); self.graph.nodes.len()];
        for root in self.function.roots() {
            self.need_buffer(root, true);
        }
        for (state, next) in self.graph.live_states() {
            self.need_view(state.init);
            if self.loops.homes.get(&next) != Some(&state.node) {
                self.need_view(next);
            }
        }
        for i in (0..self.graph.nodes.len()).rev() {
            let id = Id(i);
            if is_elementwise(self.op(id)) && users[i].len() > 1 && sizes[i] > RECOMPUTE {
                self.stored[i] = true;
            }
            let groups = if self.stored[i] { BTreeSet::from([id]) } else { users[i].clone() };
            if groups.is_empty() {
                continue;
            }
            let inlines = is_elementwise(self.op(id))
                || matches!(
                    self.op(id),
                    Op::Reduce { .. }
                        | Op::Concat { .. }
                        | Op::Pad { .. }
                        | Op::Overlap { .. }
                        | Op::Total(_)
                );
            if let Some(&product) = self.overlapped.get(&id) {
                let Op::MatMul { x, w, .. } = *self.op(product) else { unreachable!("it is a product") };
                self.need_buffer(x, false);
                self.need_buffer(w, true);
                continue;
            }
            let whole =
                matches!(self.op(id), Op::MatMulT { .. } | Op::LossGradient { .. } | Op::ScatterAdd { .. });
            for operand in self.op(id).operands() {
                if !inlines && !is_view(self.op(id)) {
                    match self.op(id) {
                        Op::MatMul { x, .. } | Op::MatMulT { x, .. } if *x == operand => self.need_matrix(*x),
                        Op::MatMul { .. } => self.need_buffer(operand, true),
                        Op::Gather { table, .. } if *table == operand => self.need_buffer(operand, true),
                        _ => self.need_buffer(operand, whole),
                    }
                } else if is_elementwise(self.op(operand)) && !is_view(self.op(id)) {
                    users[operand.0].extend(&groups);
                } else {
                    self.need_view(operand);
                }
            }
        }
    }

    /// Stores what would give an element-wise kernel more operands than it can have: the part with the most.
    fn bound_operands(&mut self) {
        // What each node is computed from, in the kernel that it is a part of.
        let mut from: Vec<BTreeSet<Id>> = Vec::with_capacity(self.graph.nodes.len());
        for i in 0..self.graph.nodes.len() {
            let id = Id(i);
            let inlined = is_elementwise(self.op(id));
            if !inlined {
                from.push(if is_number(self.op(id)) { BTreeSet::new() } else { BTreeSet::from([id]) });
                continue;
            }
            let operands = self.op(id).operands();
            let mut all: BTreeSet<Id> = operands.iter().flat_map(|x| from[x.0].iter().copied()).collect();
            if matches!(self.op(id), Op::Dropout { .. }) {
                all.insert(id);
            }
            while all.len() > MOST_OPERANDS {
                let largest = operands.iter().max_by_key(|x| from[x.0].len()).expect("it has operands");
                if from[largest.0].len() <= 1 {
                    break;
                }
                self.stored[largest.0] = true;
                from[largest.0] = BTreeSet::from([*largest]);
                all = operands.iter().flat_map(|x| from[x.0].iter().copied()).collect();
            }
            from.push(if self.stored[i] { BTreeSet::from([id]) } else { all });
        }
    }

    /// Instructions that it takes to compute each element-wise node from what is stored in any case.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = Vec::with_capacity(self.graph.nodes.len());
        for node in &self.graph.nodes {
            let own = match &node.op {
                Op::Dropout { .. } => FUNCTION,
                Op::Unary(f, _) if !f.is_cheap() => FUNCTION,
                Op::Binary(crate::ir::Binary::Pow, ..) => 2 * FUNCTION,
                op if is_elementwise(op) => 1,
                _ => 0,
            };
            let below = if own > 0 { node.op.operands().iter().map(|x| sizes[x.0]).sum() } else { 0usize };
            sizes.push((own + below).min(1_000_000));
        }
        sizes
    }

    /// `id` is to lie in memory in the order of its elements, `whole` if nothing may lie around it.
    pub(super) fn need_buffer(&mut self, id: Id, whole: bool) {
        self.need_view(id);
        let View { base, walk } = self.view(id);
        let part = !walk.is_contiguous(self.dims(id)) || self.size(base) != self.size(id);
        if is_number(self.op(base))
            || !walk.is_in_order(self.dims(id))
            || whole && part
            || self.repeats_over_batch(base, id)
        {
            self.stored[id.0] = true;
        }
    }

    /// `id` is to be reachable by strides from something in memory.
    pub(super) fn need_view(&mut self, id: Id) {
        let base = self.view(id).base;
        if !is_number(self.op(base)) {
            self.stored[base.0] = true;
        }
    }

    /// Words of the buffer of `id` in each sample.
    pub(super) fn size(&self, id: Id) -> Dim {
        let one = self.graph.shape(id).size();
        self.loops.slots.get(&id).map_or(one.clone(), |slots| slots.mul(&one))
    }

    pub(super) fn repeats_over_batch(&self, base: Id, id: Id) -> bool {
        self.graph.shape(base).batched != self.graph.shape(id).batched
    }
}
