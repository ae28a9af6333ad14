//! Element-wise operations whose results a loop only cuts to pieces: they move behind the cut.
//!
//! `item(x + bias)` becomes `item(x) + bias`, and `slice(a + b)` in a loop `slice(a) + slice(b)`. Each element is computed as
//! before and as often, but in the kernel of the step that asks for it: a pass over the memory of all steps less, and no
//! buffer between a step's product and its gates.

use super::simplify::{empty, rename};
use crate::grad::Function;
use crate::ir::{Binary, Graph, Id, Node, Op};

/// The function with these operations in the steps that read them.
pub fn sink(function: &Function) -> Function {
    let graph = &function.graph;
    if graph.scans.is_empty() {
        return function.clone();
    }
    let mut users: Vec<Vec<Id>> = vec![vec![]; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        node.op.operands().iter().for_each(|x| users[x.0].push(Id(i)));
    }
    let mut wanted = vec![false; graph.nodes.len()];
    let of_states = graph.live_states().flat_map(|(state, next)| [state.init, next]);
    function.roots().chain(of_states).for_each(|id| wanted[id.0] = true);
    let map = Vec::with_capacity(graph.nodes.len());
    let mut sink = Sink { from: graph, users, wanted, to: empty(graph), map };
    for (i, node) in graph.nodes.iter().enumerate() {
        let new = match sink.operand(Id(i)) {
            Some(x) if sink.is_cut_only(x) => sink.value(&mut vec![Id(i)], x),
            _ => sink.push(Node { op: node.op.map(|id| sink.map[id.0]), ..node.clone() }),
        };
        sink.map.push(new);
    }
    let map = sink.map;
    rename(function, sink.to, |id| map[id.0])
}

struct Sink<'a> {
    from: &'a Graph,
    users: Vec<Vec<Id>>,
    /// What is asked for by others than nodes.
    wanted: Vec<bool>,
    to: Graph,
    map: Vec<Id>,
}

impl Sink<'_> {
    fn push(&mut self, node: Node) -> Id {
        self.to.nodes.push(node);
        Id(self.to.nodes.len() - 1)
    }

    fn op(&self, id: Id) -> &Op {
        &self.from.nodes[id.0].op
    }

    /// What `id` cuts a piece out of within a loop, for element-wise operations alone.
    fn operand(&self, id: Id) -> Option<Id> {
        let x = match *self.op(id) {
            Op::Item { x, .. } => x,
            Op::Slice { x, .. } if self.from.nodes[id.0].scan.is_some() => x,
            _ => return None,
        };
        let is_elementwise =
            |user: &Id| matches!(self.op(*user), Op::Unary(..) | Op::Binary(..) | Op::Select(..));
        (!self.wanted[id.0] && self.users[id.0].iter().all(is_elementwise)).then_some(x)
    }

    /// Whether `id` may be computed in the pieces that are cut out of it.
    fn is_cut_only(&self, id: Id) -> bool {
        self.terms(id).is_some()
            && !self.wanted[id.0]
            && self.users[id.0].iter().all(|user| self.operand(*user).is_some())
    }

    /// The operands of a cheap operation, if they have its shape.
    fn terms(&self, id: Id) -> Option<(Binary, Id, Id)> {
        let Op::Binary(f @ (Binary::Add | Binary::Sub | Binary::Mul), a, b) = *self.op(id) else {
            return None;
        };
        let shape = self.from.shape(id);
        (self.from.shape(a) == shape && self.from.shape(b) == shape).then_some((f, a, b))
    }

    /// The piece of `x` that `cuts`, of which the last is the first, leave. `x` is for them alone.
    fn value(&mut self, cuts: &mut Vec<Id>, x: Id) -> Id {
        if let Some((f, a, b)) = self.terms(x) {
            let [a, b] = [a, b].map(|term| match self.users[term.0][..] == [x] && !self.wanted[term.0] {
                true => self.value(cuts, term),
                false => self.cut(cuts, self.map[term.0]),
            });
            let last = &self.from.nodes[cuts[0].0];
            let node = Node { op: Op::Binary(f, a, b), layer: self.from.nodes[x.0].layer, ..last.clone() };
            return self.push(node);
        }
        if let Op::Item { x: inner, .. } | Op::Slice { x: inner, .. } = *self.op(x)
            && self.from.nodes[x.0].scan.is_some()
            && self.is_cut_only(inner)
        {
            cuts.push(x);
            let value = self.value(cuts, inner);
            cuts.pop();
            return value;
        }
        self.cut(cuts, self.map[x.0])
    }

    /// `cuts`, the last one first, of `x`, which is of the new graph.
    fn cut(&mut self, cuts: &[Id], x: Id) -> Id {
        cuts.iter().rev().fold(x, |x, cut| {
            let node = self.from.nodes[cut.0].clone();
            self.push(Node { op: node.op.map(|_| x), ..node })
        })
    }
}
