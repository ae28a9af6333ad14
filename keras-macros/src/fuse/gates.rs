//! What the steps of a loop keep for its gradient takes the place of what they were computed from.
//!
//! The gates of an LSTM are made of the four pieces of what its inputs give, each of one piece. As one value side by side
//! they have its size and its order, so that the plan can put them where it was, and later their gradients where they are.

use std::collections::{BTreeMap, BTreeSet};

use super::simplify::{empty, rename};
use super::{is_elementwise, is_view};
use crate::grad::Function;
use crate::ir::{Dim, Graph, Id, Node, Op};

/// The function with such values side by side.
pub fn side_by_side(function: &Function) -> Function {
    let graph = &function.graph;
    let groups = groups(function);
    if groups.is_empty() {
        return function.clone();
    }
    let last = |group: &Group| group.values.iter().map(|(id, _)| *id).max().expect("there are two at least");
    let mut to = empty(graph);
    let mut map: Vec<Id> = Vec::with_capacity(graph.nodes.len());
    // For each value the group that it is in, once there is one, and where in it.
    let mut placed: BTreeMap<Id, (Id, Dim)> = BTreeMap::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        let mut reads: BTreeMap<Id, Id> = BTreeMap::new();
        for x in node.op.operands() {
            let mut read = map[x.0];
            if let Some((group, start)) = placed.get(&x).filter(|_| node.scan != graph.nodes[x.0].scan) {
                let op = Op::Slice { x: *group, axis: 0, start: start.clone() };
                to.nodes.push(Node { op, shape: graph.shape(x).clone(), layer: node.layer, scan: node.scan });
                read = Id(to.nodes.len() - 1);
            }
            reads.insert(x, read);
        }
        to.nodes.push(Node {
            op: node.op.map(|x| reads.get(&x).copied().unwrap_or(Id(usize::MAX))),
            ..node.clone()
        });
        map.push(Id(to.nodes.len() - 1));
        for group in groups.iter().filter(|group| last(group) == Id(i)) {
            let parts = group.values.iter().map(|(id, _)| map[id.0]).collect();
            let shape = graph.shape(group.item).clone();
            to.nodes.push(Node { op: Op::Concat { parts, axis: 0 }, shape, ..node.clone() });
            let concat = Id(to.nodes.len() - 1);
            placed.extend(group.values.iter().map(|(id, start)| (*id, (concat, start.clone()))));
        }
    }
    rename(function, to, |id| map[id.0])
}

/// Values of a loop that others read, one of each piece of an item, in order.
struct Group {
    item: Id,
    /// With where its piece begins.
    values: Vec<(Id, Dim)>,
}

fn groups(function: &Function) -> Vec<Group> {
    let graph = &function.graph;
    let mut users: Vec<Vec<Id>> = vec![vec![]; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        node.op.operands().iter().for_each(|x| users[x.0].push(Id(i)));
    }
    let of_states = graph.live_states().flat_map(|(state, next)| [state.init, next]);
    let wanted: BTreeSet<Id> = function.roots().chain(of_states).collect();
    let scan = |id: Id| graph.nodes[id.0].scan;
    // What a later loop reads, step by step, of what this one computes.
    let is_kept = |id: Id| {
        let mut others = users[id.0].iter().filter(|user| scan(**user) != scan(id)).peekable();
        is_elementwise(&graph.nodes[id.0].op)
            && !wanted.contains(&id)
            && others.peek().is_some()
            && others.all(|user| scan(*user).is_some())
    };
    let group = |(i, node): (usize, &Node)| {
        let (item, Op::Item { x, .. }) = (Id(i), &node.op) else { return None };
        let alone = users[x.0] == [item] && !wanted.contains(x) && scan(*x).is_none();
        if !alone || is_view(&graph.nodes[x.0].op) || node.shape.rank() != 1 {
            return None;
        }
        let kept: Vec<Id> =
            (i..graph.nodes.len()).map(Id).filter(|id| scan(*id) == node.scan && is_kept(*id)).collect();
        let mut pieces: Vec<(usize, Id)> = vec![];
        for user in &users[i] {
            let Op::Slice { axis: 0, start, .. } = &graph.nodes[user.0].op else { return None };
            pieces.push((start.as_known()?, *user));
        }
        pieces.sort();
        let (mut end, mut values) = (0, vec![]);
        for &(start, piece) in &pieces {
            let of_piece = |id: &&Id| {
                graph.shape(**id) == graph.shape(piece)
                    && pieces_of(graph, **id, item, &kept) == [piece].into()
            };
            let value = kept.iter().find(of_piece)?;
            if start != end {
                return None;
            }
            values.push((*value, Dim::known(start)));
            end += graph.shape(piece).dims[0].as_known()?;
        }
        (values.len() > 1 && node.shape.dims[0].is(end)).then_some(Group { item, values })
    };
    graph.nodes.iter().enumerate().filter_map(group).collect()
}

/// The pieces of `item` that `id` is computed from, not by way of other values that are `kept`.
fn pieces_of(graph: &Graph, id: Id, item: Id, kept: &[Id]) -> BTreeSet<Id> {
    let (mut pieces, mut left) = (BTreeSet::new(), graph.nodes[id.0].op.operands());
    while let Some(x) = left.pop() {
        match &graph.nodes[x.0].op {
            Op::Slice { x: of, .. } if *of == item => {
                pieces.insert(x);
            }
            op if is_elementwise(op) && !kept.contains(&x) => left.extend(op.operands()),
            _ => {}
        }
    }
    pieces
}
