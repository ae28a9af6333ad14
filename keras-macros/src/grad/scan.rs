//! The gradient of a loop is a loop in the other direction (backpropagation through time).
//!
//! It carries the gradients of the states. What the steps give to a value from outside is summed: for weights not step by
//! step, but by one product, or one reduction, over the values that all steps leave.

use std::collections::BTreeMap;

use super::Adjoint;
use crate::ir::{Binary, Dim, Id, Op, ReduceKind, Shape};

/// Gradients with respect to what a loop gives to the outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    /// By state: of all its values.
    states: Vec<(usize, Id)>,
    /// By node: of its values in all steps.
    traces: Vec<(Id, Id)>,
    /// By node: of the sum of its values.
    totals: Vec<(Id, Id)>,
}

impl Adjoint {
    /// Remembers the gradient `dy` of something that a loop gives, until the loop's turn.
    pub(super) fn ask(&mut self, op: &Op, dy: Id) {
        match *op {
            Op::States { scan, index } => self.asked[scan].states.push((index, dy)),
            Op::Trace(x) => {
                let scan = self.graph.nodes[x.0].scan.expect("only nodes of loops are traced");
                self.asked[scan].traces.push((x, dy));
            }
            Op::Total(x) => {
                let scan = self.graph.nodes[x.0].scan.expect("only nodes of loops are summed");
                self.asked[scan].totals.push((x, dy));
            }
            _ => unreachable!("loops give nothing else"),
        }
    }

    /// The loop that goes back through `scan`.
    pub(super) fn body(&mut self, scan: usize, body: &[Id]) {
        let asked = std::mem::take(&mut self.asked[scan]);
        let is_asked = !(asked.states.is_empty() && asked.traces.is_empty() && asked.totals.is_empty());
        if !is_asked || !body.iter().any(|id| self.needed[id.0]) {
            return;
        }
        let forward = self.graph.scans[scan].clone();
        let back = self.graph.scan_back(scan);
        self.graph.current_scan = Some(back);
        // The place of a state before its step, and after the last one, among its values in the order of time.
        let (before, last) = match forward.reverse {
            true => (Dim::known(1), Dim::known(0)),
            false => (Dim::known(0), forward.length.clone()),
        };
        let mut carried = vec![];
        for (index, state) in forward.states.iter().enumerate() {
            let Some(next) = state.next.filter(|_| self.needed[state.node.0]) else { continue };
            let (mut all, mut start): (Option<Id>, Option<Id>) = (None, None);
            let shape = self.graph.shape(state.node).clone();
            for &(_, dy) in asked.states.iter().filter(|(other, _)| *other == index) {
                // Most often only the last value was asked for.
                if let Op::Pad { x, before, .. } = &self.graph.nodes[dy.0].op
                    && before[0] == last
                    && self.graph.shape(*x).dims[0].is(1)
                {
                    let of_last = self.graph.reshape(*x, shape.dims.clone());
                    start = Some(self.sum(start, of_last));
                } else {
                    all = Some(self.sum(all, dy));
                }
            }
            if let Some(all) = all {
                let of_last = self.graph.slice(all, 0, last.clone(), 1.into());
                let of_last = self.graph.reshape(of_last, shape.dims.clone());
                start = Some(self.sum(start, of_last));
            }
            let start = start.unwrap_or_else(|| {
                let zero = self.graph.constant(0.0);
                self.graph.broadcast_to(zero, &shape)
            });
            let carry = self.graph.state(back, start);
            carried.push((state, next, carry, all));
        }
        // What the steps of a loop that is not kept computed, this one computes again.
        let again = if forward.recomputed { self.again(back, body) } else { BTreeMap::new() };
        let now = |id: &Id| *again.get(id).unwrap_or(id);
        let body: Vec<Id> = body.iter().map(now).collect();
        self.within = Some((if forward.recomputed { back } else { scan }, vec![]));
        for (_, next, carry, _) in &carried {
            self.add(*next, *carry);
        }
        for &(x, dy) in &asked.traces {
            let dx = self.graph.item(back, dy);
            self.add(now(&x), dx);
        }
        for &(x, dy) in &asked.totals {
            self.add(now(&x), dy);
        }
        let mut items = vec![];
        for &id in body.iter().rev() {
            match (&self.graph.nodes[id.0].op, self.of[id.0]) {
                (Op::State { .. }, _) => {}
                (Op::Item { x, .. }, Some(dx)) if self.needed[x.0] => items.push((*x, dx)),
                (Op::Item { .. }, _) => {}
                _ => self.node(id),
            }
        }
        for (state, _, carry, all) in &carried {
            let shape = self.graph.shape(state.node).clone();
            let mut next = match self.of[state.node.0] {
                Some(dx) => dx,
                None => {
                    let zero = self.graph.constant(0.0);
                    self.graph.broadcast_to(zero, &shape)
                }
            };
            if let Some(all) = all {
                let found = self.graph.slice(*all, 0, before.clone(), forward.length.clone());
                let found = self.graph.item(back, found);
                next = self.graph.binary(Binary::Add, next, found);
            }
            self.graph.set_next(*carry, next);
        }
        let (_, outside) = self.within.take().expect("it was put there");
        let outside = self.give_to_loops(back, outside);
        let totals = self.totals(back, outside);
        self.graph.current_scan = None;
        for (state, _, carry, _) in carried {
            if self.needed[state.init.0] {
                let dx = self.graph.last(carry);
                self.add(state.init, dx);
            }
        }
        for (x, dx) in items {
            let dx = self.graph.trace(back, dx);
            self.add(x, dx);
        }
        for (x, dx) in totals {
            self.add(x, dx);
        }
    }

    /// The nodes of `body`, a loop without states, as nodes of loop `back`.
    fn again(&mut self, back: usize, body: &[Id]) -> BTreeMap<Id, Id> {
        let mut again = BTreeMap::new();
        for &id in body {
            let node = self.graph.nodes[id.0].clone();
            self.graph.current_layer = node.layer;
            let op = match node.op {
                Op::Item { x, .. } => Op::Item { scan: back, x },
                op => op.map(|x| *again.get(&x).unwrap_or(&x)),
            };
            let copy = self.graph.push(op, node.shape);
            again.insert(id, copy);
            self.of.resize(self.graph.nodes.len(), None);
            self.needed.resize(self.graph.nodes.len(), false);
            self.needed[copy.0] = self.needed[id.0];
        }
        again
    }

    /// Leaves what the steps of loop `back` give to nodes of other loops, whose values of the same time they read, for the
    /// turn of those loops. Gives back the rest.
    fn give_to_loops(&mut self, back: usize, outside: Vec<(Id, Id)>) -> Vec<(Id, Id)> {
        let (others, outside): (Vec<_>, Vec<_>) =
            outside.into_iter().partition(|(x, _)| self.graph.nodes[x.0].scan.is_some());
        let scan = self.graph.current_scan.take();
        for (x, dx) in others {
            let other = self.graph.nodes[x.0].scan.expect("it is of a loop");
            let all = self.graph.trace(back, dx);
            self.asked[other].traces.push((x, all));
        }
        self.graph.current_scan = scan;
        outside
    }

    fn sum(&mut self, sum: Option<Id>, x: Id) -> Id {
        match sum {
            Some(sum) => self.graph.binary(Binary::Add, sum, x),
            None => x,
        }
    }

    /// What the steps of loop `back` give to values from outside, summed over the steps.
    fn totals(&mut self, back: usize, outside: Vec<(Id, Id)>) -> Vec<(Id, Id)> {
        let mut batched: Vec<(Id, Id)> = vec![];
        let mut totals = vec![];
        for (x, dx) in outside {
            if !self.graph.shape(dx).batched {
                totals.push((x, self.hoist(back, dx)));
                continue;
            }
            match batched.iter_mut().find(|(other, _)| *other == x) {
                Some((_, sum)) => *sum = self.graph.binary(Binary::Add, *sum, dx),
                None => batched.push((x, dx)),
            }
        }
        for (x, dx) in batched {
            if let Op::Broadcast(fixed) = self.graph.nodes[x.0].op
                && !self.graph.shape(fixed).batched
            {
                let sum = self.sum_to(dx, fixed);
                totals.push((fixed, self.hoist(back, sum)));
                continue;
            }
            let total = match self.graph.nodes[dx.0].scan {
                Some(_) => self.graph.total(dx),
                // The same in every step.
                None => {
                    let steps = self.graph.extent(self.graph.scans[back].length.clone());
                    self.graph.binary(Binary::Mul, dx, steps)
                }
            };
            totals.push((x, total));
        }
        totals
    }

    /// The sum over the steps of `g`, which is made of sums over the batch by linear operations: the same operations on
    /// sums over the batch and the steps.
    fn hoist(&mut self, back: usize, g: Id) -> Id {
        let node = self.graph.nodes[g.0].clone();
        if node.scan.is_none() {
            let steps = self.graph.extent(self.graph.scans[back].length.clone());
            return self.graph.binary(Binary::Mul, g, steps);
        }
        let invariant = |this: &Self, x: Id| this.graph.nodes[x.0].scan.is_none();
        let scan = self.graph.current_scan.take();
        let total = match node.op {
            Op::MatMulT { x, y } => {
                let (x, y) = (self.graph.trace(back, x), self.graph.trace(back, y));
                self.graph.matmul_t(x, y)
            }
            Op::ScatterAdd { index, dy } => {
                let (index, dy) = (self.graph.trace(back, index), self.graph.trace(back, dy));
                self.graph.scatter_add(index, dy, node.shape.dims)
            }
            Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: true }
                if self.graph.scans[back].recomputed =>
            {
                // Nothing of a step is kept: each sample's sum over the steps, then that over the samples.
                let shape = Shape::batched(node.shape.dims.clone());
                let sum = self.graph.push(Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: false }, shape);
                let total = self.graph.total(sum);
                let op = Op::Reduce { kind: ReduceKind::Sum, x: total, axes: vec![], batch: true };
                self.graph.push(op, node.shape)
            }
            Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: true } => {
                let x = self.graph.trace(back, x);
                let axes = std::iter::once(0).chain(axes.into_iter().map(|axis| axis + 1)).collect();
                let dims = [&[Dim::known(1)], &node.shape.dims[..]].concat();
                let op = Op::Reduce { kind: ReduceKind::Sum, x, axes, batch: true };
                let sum = self.graph.push(op, Shape::fixed(dims));
                self.graph.reshape(sum, node.shape.dims)
            }
            Op::Binary(f @ (Binary::Add | Binary::Sub), a, b) => {
                let (a, b) = (self.hoist(back, a), self.hoist(back, b));
                self.graph.binary(f, a, b)
            }
            Op::Binary(f @ (Binary::Mul | Binary::Div), a, b) if invariant(self, b) => {
                let a = self.hoist(back, a);
                self.graph.binary(f, a, b)
            }
            Op::Binary(Binary::Mul, a, b) if invariant(self, a) => {
                let b = self.hoist(back, b);
                self.graph.binary(Binary::Mul, a, b)
            }
            // One operand, and linear in it.
            op => {
                let x = op.operands()[0];
                let sum = self.hoist(back, x);
                let op = op.map(|_| sum);
                self.graph.push(op, node.shape)
            }
        };
        self.graph.current_scan = scan;
        total
    }
}
