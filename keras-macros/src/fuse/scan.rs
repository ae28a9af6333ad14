//! The kernels of loops, and where their values are: those that go from step to step, and those that others ask for
//! later, have a place for each step.

use std::collections::BTreeMap;

use super::access::{Strided, View};
use super::kernel::{Kernel, Map, Span, Value};
use super::{Fuser, is_view};
use crate::fuse::Expression;
use crate::ir::{Dim, Graph, Id, Op, State, Unit};

/// Where the values of loops are.
pub(super) struct Loops {
    /// Nodes that are computed straight into the place of the state that they become.
    pub homes: BTreeMap<Id, Id>,
    /// For each state and each node that is asked for later, the number of its places.
    pub slots: BTreeMap<Id, Dim>,
}

impl Loops {
    pub fn new(graph: &Graph) -> Self {
        let (mut homes, mut slots) = (BTreeMap::new(), BTreeMap::new());
        for (state, next) in graph.live_states() {
            let Op::State { scan, .. } = graph.nodes[state.node.0].op else { unreachable!("it is a state") };
            slots.insert(state.node, graph.scans[scan].length.add(&Dim::known(1)));
            let node = &graph.nodes[next.0];
            if node.scan == Some(scan) && !is_view(&node.op) && !matches!(node.op, Op::State { .. }) {
                homes.entry(next).or_insert(state.node);
            }
        }
        Loops { homes, slots }
    }

    /// Finds the nodes that another loop, or the world outside, asks for.
    pub fn trace(&mut self, graph: &Graph, stored: &[bool]) {
        // For each node whether a kernel that is not of its own loop reads it.
        let mut foreign = vec![false; graph.nodes.len()];
        let mut readers: Vec<Vec<Option<usize>>> = vec![vec![]; graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate().rev() {
            foreign[i] = readers[i].iter().any(|reader| *reader != node.scan);
            let kernel = match node.op {
                Op::Total(x) => vec![graph.nodes[x.0].scan],
                _ if stored[i] => vec![node.scan],
                _ => std::mem::take(&mut readers[i]),
            };
            for operand in node.op.operands() {
                let readers = &mut readers[operand.0];
                readers.extend(
                    kernel.iter().filter(|kernel| !readers.contains(kernel)).copied().collect::<Vec<_>>(),
                );
            }
        }
        self.slots.retain(|id, _| matches!(graph.nodes[id.0].op, Op::State { .. }));
        for (i, node) in graph.nodes.iter().enumerate() {
            if let Some(scan) = node.scan
                && foreign[i]
                && stored[i]
                && !matches!(node.op, Op::State { .. })
                && !self.homes.contains_key(&Id(i))
            {
                self.slots.insert(Id(i), graph.scans[scan].length.clone());
            }
        }
    }

    /// Where a stored node is.
    pub fn place(&self, graph: &Graph, id: Id) -> View {
        let shape = graph.shape(id);
        let (size, zero) = (shape.size(), Dim::known(0));
        // A step finds a state where the one before it left it.
        let slot = |state: Id, found: bool| {
            let Op::State { scan, .. } = graph.nodes[state.0].op else { unreachable!("it is a state") };
            let later = graph.scans[scan].reverse == found;
            let offset = if later { size.clone() } else { zero.clone() };
            View { base: state, walk: Strided::in_slots(&shape.dims, offset, size.clone()) }
        };
        if matches!(graph.nodes[id.0].op, Op::State { .. }) {
            slot(id, true)
        } else if let Some(state) = self.homes.get(&id) {
            slot(*state, false)
        } else {
            let time = if self.slots.contains_key(&id) { size } else { zero.clone() };
            View { base: id, walk: Strided::in_slots(&shape.dims, zero, time) }
        }
    }
}

impl Fuser<'_> {
    /// All kernels, those of a loop in one.
    pub(super) fn in_order(&mut self) -> Vec<Kernel> {
        let mut kernels = vec![];
        for unit in self.graph.units() {
            match unit {
                Unit::Node(id) => kernels.extend(self.out.remove(&id.0).into_iter().flatten()),
                Unit::Loop(scan, body) => {
                    let own = body.iter().flat_map(|id| self.out.remove(&id.0)).flatten();
                    // What is packed once need not be packed in every step.
                    let (once, mut own): (Vec<Kernel>, Vec<Kernel>) =
                        own.partition(|kernel| matches!(kernel, Kernel::Pack { .. }));
                    kernels.extend(once);
                    kernels.extend(self.starts(scan));
                    own.extend(self.carries(scan));
                    own.extend(self.totals(scan));
                    let loop_ = &self.graph.scans[scan];
                    let (length, reverse) = (loop_.length.clone(), loop_.reverse);
                    kernels.push(Kernel::Loop { length, reverse, kernels: own });
                }
            }
        }
        kernels.extend(std::mem::take(&mut self.out).into_values().flatten());
        kernels
    }

    fn states(&self, scan: usize) -> impl Iterator<Item = (&State, Id)> {
        self.graph.scans[scan].states.iter().filter_map(|state| Some((state, state.next?)))
    }

    /// Puts the states of a loop where its first step looks for them, and 0 where its steps add up.
    fn starts(&self, scan: usize) -> Vec<Kernel> {
        let zero = |(total, _): (Id, Id)| self.fill(self.graph.shape(total), &self.buffer(total), 0.0);
        let start = |(state, _): (&State, Id)| {
            let shape = self.graph.shape(state.node).clone();
            let loop_ = &self.graph.scans[scan];
            let first = if loop_.reverse { loop_.length.clone() } else { Dim::known(0) };
            let offset = first.mul(&shape.size());
            let into = Span { value: Value::Node(state.node), offset, time: Dim::known(0) };
            self.map(state.init, shape, &into, None)
        };
        self.states(scan).map(start).chain(self.totals_of(scan).map(zero)).collect()
    }

    /// Copies to states what is not computed in their place.
    fn carries(&self, scan: usize) -> Vec<Kernel> {
        let elsewhere = |(state, next): &(&State, Id)| self.loops.homes.get(next) != Some(&state.node);
        let carry = |(state, next): (&State, Id)| {
            let shape = self.graph.shape(state.node).clone();
            let (size, reverse) = (shape.size(), self.graph.scans[scan].reverse);
            let offset = if reverse { Dim::known(0) } else { size.clone() };
            self.map(next, shape, &Span { value: Value::Node(state.node), offset, time: size }, None)
        };
        self.states(scan).filter(elsewhere).map(carry).collect()
    }

    /// Adds to the sums over the steps.
    fn totals(&self, scan: usize) -> Vec<Kernel> {
        let add = |(total, x): (Id, Id)| {
            let space = self.graph.shape(x).clone();
            let walk = Strided::contiguous(&space.dims);
            let mut expression = Expression::new(space);
            let reg = self.value(&mut expression, x, None);
            let stores = vec![(Value::Node(total), walk, reg)];
            Kernel::Map(Map { expression, stores, accumulate: true })
        };
        self.totals_of(scan).map(add).collect()
    }

    /// The sums over the steps of a loop, and what they are of.
    fn totals_of(&self, scan: usize) -> impl Iterator<Item = (Id, Id)> {
        let nodes = self.graph.nodes.iter().enumerate();
        nodes.filter_map(move |(i, node)| match node.op {
            Op::Total(x) if self.graph.nodes[x.0].scan == Some(scan) => Some((Id(i), x)),
            _ => None,
        })
    }
}
