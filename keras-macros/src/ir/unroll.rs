//! A loop within a step of another, written out: a node for each of its steps.

use std::collections::BTreeMap;

use super::{Binary, Dim, Graph, Id, Op};

/// Nodes that a loop may be written out as, at most.
pub const MOST_NODES: usize = 4096;

impl Graph {
    /// Whether loop `scan`, whose nodes were made from node `start` on, reads what another computes step by step.
    pub fn is_within_loop(&self, scan: usize, start: usize) -> bool {
        let of = |id: Id| self.nodes[id.0].scan.is_some_and(|other| other != scan);
        let is_inner = self.nodes[start..].iter().filter(|node| node.scan == Some(scan));
        self.scans[scan].states.iter().any(|state| of(state.init) || state.next.is_some_and(of))
            || is_inner.flat_map(|node| node.op.operands()).any(of)
    }

    /// Nodes that loop `scan` would be written out as, if it is known how many steps it has.
    pub fn unrolled_size(&self, scan: usize, start: usize) -> Option<usize> {
        let body = self.nodes[start..].iter().filter(|node| node.scan == Some(scan)).count();
        Some(self.scans[scan].length.as_known()? * body)
    }

    /// Writes loop `scan`, whose nodes were made from node `start` on, and of which the number of steps is known, out. Gives
    /// what its nodes, and those that were made from them, have become; the nodes of the loop are what they are in its
    /// last step.
    pub fn unroll(&mut self, scan: usize, start: usize) -> BTreeMap<Id, Id> {
        let (layer, end) = (self.current_layer, self.nodes.len());
        let loop_ = self.scans[scan].clone();
        let length = loop_.length.as_known().expect("the caller knows it");
        let body: Vec<usize> = (start..end).filter(|&i| self.nodes[i].scan == Some(scan)).collect();
        // Of each node its values, and of each state what the steps find, by time.
        let mut steps: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        let mut states: Vec<Vec<Id>> = loop_.states.iter().map(|state| vec![state.init]).collect();
        let mut of: BTreeMap<Id, Id> = BTreeMap::new();
        for step in 0..length {
            let t = if loop_.reverse { length - 1 - step } else { step };
            for &i in &body {
                let node = self.nodes[i].clone();
                self.current_layer = node.layer;
                let now = match node.op {
                    Op::Item { scan: own, x } if own == scan => self.place(x, t.into()),
                    Op::State { scan: own, index } if own == scan => states[index][step],
                    op => {
                        let op = op.map(|x| of.get(&x).copied().unwrap_or(x));
                        self.push(op, node.shape)
                    }
                };
                of.insert(Id(i), now);
                steps.entry(Id(i)).or_default().push(now);
            }
            for (state, all) in loop_.states.iter().zip(&mut states) {
                let next = state.next.map_or(state.node, |next| of.get(&next).copied().unwrap_or(next));
                all.push(next);
            }
        }
        if loop_.reverse {
            steps.values_mut().chain(&mut states).for_each(|values| values.reverse());
        }
        for i in (start..end).filter(|i| !body.contains(i)) {
            let node = self.nodes[i].clone();
            self.current_layer = node.layer;
            let all = |x: &Id| match self.nodes[x.0].op {
                Op::States { scan: own, index } if own == scan => Some(&states[index]),
                _ => None,
            };
            let now = match &node.op {
                Op::Trace(x) if steps.contains_key(x) => self.stack(&steps[x]),
                Op::Total(x) if steps.contains_key(x) => {
                    let values = steps[x].iter().copied();
                    values.reduce(|sum, x| self.binary(Binary::Add, sum, x)).expect("there is a step")
                }
                Op::States { scan: own, index } if *own == scan => self.stack(&states[*index]),
                // One place of all values is that value.
                Op::Slice { x, axis: 0, start } if node.shape.dims[0].is(1) && all(x).is_some() => {
                    let values = all(x).expect("it was asked for");
                    let at = start.as_known().expect("the number of steps is known");
                    self.reshape(values[at], node.shape.dims.clone())
                }
                op if op.operands().iter().any(|x| of.contains_key(x)) => {
                    let op = op.map(|x| of.get(&x).copied().unwrap_or(x));
                    self.push(op, node.shape)
                }
                _ => continue,
            };
            of.insert(Id(i), now);
        }
        self.current_layer = layer;
        of
    }

    /// What is at place `at` of the first dimension of `x`.
    fn place(&mut self, x: Id, at: Dim) -> Id {
        let dims = self.shape(x).dims[1..].to_vec();
        let part = self.slice(x, 0, at, 1.into());
        self.reshape(part, dims)
    }

    /// `values` along a new first dimension.
    fn stack(&mut self, values: &[Id]) -> Id {
        let parts = values.iter().map(|&x| {
            let dims = std::iter::once(Dim::known(1)).chain(self.shape(x).dims.iter().cloned()).collect();
            self.reshape(x, dims)
        });
        let parts = parts.collect();
        self.concat(parts, 0)
    }
}
