//! Loops over time: a body that is computed once for each step, and states that go from step to step.
//!
//! No loop is within a step of another: see [`super::distribute`] and [`super::unroll`].
//!
//! The body's nodes lie among the others. A node belongs to a loop if it reads the loop's items or states, directly or
//! not; what does not is computed once, outside. A node of one loop that reads a node of another reads its value of the
//! same time: so the loop of a backward pass finds the values of the forward one.

use std::fmt;

use super::{Dim, Graph, Id, Op, Shape};

/// A loop.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Number of steps.
    pub length: Dim,
    /// From the last time to the first.
    pub reverse: bool,
    /// Whether it is the gradient of another, the values of whose steps it reads.
    pub backward: bool,
    /// Whether its gradient computes the values of its steps again, so that they need not be kept.
    pub recomputed: bool,
    pub states: Vec<State>,
}

/// What a step leaves to the next.
#[derive(Clone, Debug)]
pub struct State {
    /// Its [`Op::State`].
    pub node: Id,
    /// Its value before the first step.
    pub init: Id,
    /// Its value after a step: a node of the loop, or a value from outside of it. `None` for a state that nobody asks
    /// for any more.
    pub next: Option<Id>,
}

impl fmt::Display for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} steps{}", self.length, if self.reverse { " backwards" } else { "" })?;
        for State { node, init, next } in &self.states {
            if let Some(next) = next {
                write!(f, "; {node} from {init} to {next}")?;
            }
        }
        Ok(())
    }
}

/// What is computed at once, in an order that respects dependences.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    Node(Id),
    /// All nodes of a loop.
    Loop(usize, Vec<Id>),
}

impl Graph {
    /// The loop that a node of operation `op` belongs to.
    pub(super) fn scan_of(&self, op: &Op) -> Option<usize> {
        match op {
            Op::Item { scan, .. } | Op::State { scan, .. } => Some(*scan),
            Op::States { .. } | Op::Trace(_) | Op::Total(_) => None,
            // A backward loop reads the values of the forward one, never the other way round.
            _ => {
                let scans = op.operands().into_iter().filter_map(|x| self.nodes[x.0].scan);
                scans.max().max(
                    self.current_scan
                        .filter(|_| op.operands().iter().any(|x| self.nodes[x.0].scan.is_some())),
                )
            }
        }
    }

    /// Whether a loop reads, not by way of all its values, what another computes step by step: one is within the other.
    pub fn has_loop_in_loop(&self) -> bool {
        let of = |id: Id| self.nodes[id.0].scan;
        let inits = self.scans.iter().flat_map(|scan| &scan.states).filter(|state| state.next.is_some());
        let reads = |node: &super::Node| {
            let inner = match node.op {
                // What these read of a loop they read of all its steps.
                Op::Trace(_) | Op::Total(_) => None,
                Op::Item { x, .. } => of(x),
                _ if node.scan.is_some_and(|scan| self.scans[scan].backward) => None,
                _ => node.op.operands().into_iter().filter_map(of).find(|scan| node.scan != Some(*scan)),
            };
            inner.is_some()
        };
        inits.map(|state| state.init).any(|init| of(init).is_some()) || self.nodes.iter().any(reads)
    }

    /// A new loop of `length` steps.
    pub fn scan(&mut self, length: Dim, reverse: bool) -> usize {
        self.scans.push(Scan { length, reverse, backward: false, recomputed: false, states: vec![] });
        self.scans.len() - 1
    }

    /// The loop for the gradient of loop `forward`: as long, the other way.
    pub fn scan_back(&mut self, forward: usize) -> usize {
        let Scan { length, reverse, recomputed, .. } = self.scans[forward].clone();
        self.scans.push(Scan { length, reverse: !reverse, backward: true, recomputed, states: vec![] });
        self.scans.len() - 1
    }

    /// What a step of `scan` sees of `x`, which has an element for each step along its first dimension.
    pub fn item(&mut self, scan: usize, x: Id) -> Id {
        let shape = self.shape(x);
        let shape = Shape { batched: shape.batched, dims: shape.dims[1..].to_vec() };
        self.push(Op::Item { scan, x }, shape)
    }

    /// A new state of `scan`, which starts as `init`.
    pub fn state(&mut self, scan: usize, init: Id) -> Id {
        let shape = Shape { batched: true, ..self.shape(init).clone() };
        let init = self.broadcast_to(init, &shape);
        let index = self.scans[scan].states.len();
        let node = self.push(Op::State { scan, index }, shape);
        self.scans[scan].states.push(State { node, init, next: None });
        node
    }

    /// What `state` is after a step.
    pub fn set_next(&mut self, state: Id, next: Id) {
        let Op::State { scan, index } = self.nodes[state.0].op else { unreachable!("it is a state") };
        let next = self.broadcast_to(next, &self.shape(state).clone());
        self.scans[scan].states[index].next = Some(next);
    }

    /// The values of `x`, a node of a loop, in all steps.
    pub fn trace(&mut self, scan: usize, x: Id) -> Id {
        let own = self.shape(x);
        let dims = std::iter::once(self.scans[scan].length.clone()).chain(own.dims.iter().cloned());
        let shape = Shape { batched: own.batched, dims: dims.collect() };
        match self.nodes[x.0].op {
            Op::Item { x, .. } => x,
            Op::State { scan, .. } => {
                let start = usize::from(self.scans[scan].reverse);
                let all = self.states(x);
                self.slice(all, 0, start.into(), shape.dims[0].clone())
            }
            _ if self.nodes[x.0].scan.is_some() => self.push(Op::Trace(x), shape),
            // It does not change.
            _ => self.broadcast_to(x, &shape),
        }
    }

    /// All values of `state`, from before the first step to after the last, in the order of time.
    pub fn states(&mut self, state: Id) -> Id {
        let Op::State { scan, index } = self.nodes[state.0].op else { unreachable!("it is a state") };
        let count = self.scans[scan].length.add(&Dim::known(1));
        let dims = std::iter::once(count).chain(self.shape(state).dims.iter().cloned());
        let shape = Shape::batched(dims.collect::<Vec<_>>());
        self.push(Op::States { scan, index }, shape)
    }

    /// `state` after the last step.
    pub fn last(&mut self, state: Id) -> Id {
        let Op::State { scan, .. } = self.nodes[state.0].op else { unreachable!("it is a state") };
        let Scan { length, reverse, .. } = self.scans[scan].clone();
        let at = if reverse { Dim::known(0) } else { length };
        let (dims, all) = (self.shape(state).dims.clone(), self.states(state));
        let last = self.slice(all, 0, at, Dim::known(1));
        self.reshape(last, dims)
    }

    /// The sum over the steps of `x`, a node of a loop.
    pub fn total(&mut self, x: Id) -> Id {
        let shape = self.shape(x).clone();
        self.push(Op::Total(x), shape)
    }

    /// The states that somebody asks for.
    pub fn live_states(&self) -> impl Iterator<Item = (&State, Id)> {
        self.scans.iter().flat_map(|scan| &scan.states).filter_map(|state| Some((state, state.next?)))
    }

    /// The same states under other names.
    pub fn map_states(&mut self, f: impl Fn(Id) -> Option<Id>) {
        for state in self.scans.iter_mut().flat_map(|scan| &mut scan.states) {
            let State { node, init, next } = state;
            *next = next.and_then(|next| f(next).filter(|_| f(*node).is_some()));
            if next.is_some() {
                (*node, *init) = (f(*node).unwrap_or(*node), f(*init).unwrap_or(*init));
            }
        }
    }

    /// All nodes, those of a loop together, each unit after those that it reads.
    pub fn units(&self) -> Vec<Unit> {
        let mut bodies: Vec<Vec<Id>> = vec![vec![]; self.scans.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            if let Some(scan) = node.scan {
                bodies[scan].push(Id(i));
            }
        }
        let mut units = vec![];
        let mut visited = vec![false; self.nodes.len()];
        (0..self.nodes.len()).for_each(|i| self.visit(Id(i), &bodies, &mut visited, &mut units));
        units
    }

    /// Appends the unit of `id` behind what it reads, unless it is there.
    fn visit(&self, id: Id, bodies: &[Vec<Id>], visited: &mut [bool], units: &mut Vec<Unit>) {
        if visited[id.0] {
            return;
        }
        let node = &self.nodes[id.0];
        let (unit, members) = match node.scan {
            None => (Unit::Node(id), std::slice::from_ref(&id)),
            Some(scan) => (Unit::Loop(scan, bodies[scan].clone()), &bodies[scan][..]),
        };
        members.iter().for_each(|id| visited[id.0] = true);
        for member in members {
            let op = &self.nodes[member.0].op;
            let mut reads = op.operands();
            if let Op::State { scan, index } | Op::States { scan, index } = *op {
                let state = &self.scans[scan].states[index];
                reads.extend([state.node, state.init].into_iter().chain(state.next));
            }
            reads.into_iter().for_each(|x| self.visit(x, bodies, visited, units));
        }
        units.push(unit);
    }
}
