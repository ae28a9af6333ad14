//! A graph without what its outputs do not need.

use std::collections::HashSet;

use super::{Graph, Id, Op};

impl Graph {
    /// Every node that `roots` depend on, themselves included: one flag a node.
    pub fn ancestors(&self, roots: impl IntoIterator<Item = Id>) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        let mut wanted: Vec<Id> = roots.into_iter().collect();
        while let Some(id) = wanted.pop() {
            if std::mem::replace(&mut needed[id.0], true) {
                continue;
            }
            let op = &self.nodes[id.0].op;
            wanted.extend(op.operands());
            // What a step leaves to the next comes after what the next reads.
            if let Op::State { scan, index } | Op::States { scan, index } = *op {
                let state = &self.scans[scan].states[index];
                wanted.extend([state.node, state.init].into_iter().chain(state.next));
            }
        }
        needed
    }

    /// Takes out the operations that nothing depends on.
    pub fn sweep(&mut self) {
        let live = self.ancestors(self.roots());
        let is_kept = |i: &usize| live[*i] || matches!(self.nodes[*i].op, Op::Input(_));
        let kept: Vec<usize> = (0..self.nodes.len()).filter(is_kept).collect();
        let place = |id: Id| kept.binary_search(&id.0).ok().map(Id);
        let moved = |id: Id| place(id).expect("what is needed is kept");
        let nodes = kept.iter().map(|&i| {
            let node = &self.nodes[i];
            super::Node { op: node.op.map(moved), ..node.clone() }
        });
        self.nodes = nodes.collect();
        self.map_states(place);
        self.move_roots(moved);
    }

    /// Every node that is wanted for itself.
    pub(super) fn roots(&self) -> Vec<Id> {
        let roots = self.output_values().chain(self.losses.iter().copied());
        let roots = roots.chain(self.updates.iter().map(|(_, id)| *id));
        roots.chain(self.carries().into_iter().map(|(_, id)| id)).collect()
    }

    /// The same roots under other names.
    pub(super) fn move_roots(&mut self, to: impl Fn(Id) -> Id) {
        self.move_outputs(&to);
        self.losses.iter_mut().for_each(|loss| *loss = to(*loss));
        self.updates.iter_mut().for_each(|(_, next)| *next = to(*next));
        for carried in &mut self.carried {
            carried.next = carried.next.map(&to);
        }
    }

    /// Takes out the operations, weights, inputs and layers that no output depends on. `sources` are the layers that
    /// make the outputs.
    pub fn prune(&mut self, sources: &[String]) {
        let outputs = || self.output_values();
        // What a layer's training step leaves in its weights is part of the layer.
        let is_read = self.ancestors(outputs());
        let reads = |weight: usize| {
            (0..self.nodes.len())
                .any(|i| is_read[i] && matches!(self.nodes[i].op, Op::Weight(own) if own == weight))
        };
        let updates: Vec<(usize, Id)> =
            self.updates.iter().copied().filter(|(weight, _)| reads(*weight)).collect();
        // So is what its next batch finds.
        let mut live = self.ancestors(outputs().chain(updates.iter().map(|(_, id)| *id)));
        loop {
            let is_found = |index: usize| {
                (0..self.nodes.len())
                    .any(|i| live[i] && matches!(self.nodes[i].op, Op::Carried(own) if own == index))
            };
            let next = self.carries().into_iter().filter(|(index, id)| is_found(*index) && !live[id.0]);
            let next: Vec<Id> = next.map(|(_, id)| id).collect();
            if next.is_empty() {
                break;
            }
            let more = self.ancestors(next);
            live.iter_mut().zip(more).for_each(|(live, more)| *live |= more);
        }
        let nodes = |i: &usize| live[*i];
        let used = |of: &dyn Fn(&Op) -> Option<usize>| -> Vec<usize> {
            let found = (0..self.nodes.len()).filter(nodes).filter_map(|i| of(&self.nodes[i].op));
            let mut found: Vec<usize> = found.collect::<HashSet<_>>().into_iter().collect();
            found.sort_unstable();
            found
        };
        let weights = used(&|op| if let Op::Weight(i) = op { Some(*i) } else { None });
        let inputs = used(&|op| if let Op::Input(i) = op { Some(*i) } else { None });
        let carried = used(&|op| if let Op::Carried(i) = op { Some(*i) } else { None });
        let layers = self.live_layers(&live, sources);
        let kept: Vec<usize> = (0..self.nodes.len()).filter(nodes).collect();
        let place = |kept: &[usize], old: usize| kept.binary_search(&old).expect("what is needed is kept");
        let renumbered = kept.iter().map(|&i| {
            let mut node = self.nodes[i].clone();
            node.op = match node.op {
                Op::Weight(i) => Op::Weight(place(&weights, i)),
                Op::Input(i) => Op::Input(place(&inputs, i)),
                Op::Carried(i) => Op::Carried(place(&carried, i)),
                op => op.map(|x| Id(place(&kept, x.0))),
            };
            // Before the first layer there is only the input.
            node.layer = layers.binary_search(&node.layer).unwrap_or(0);
            node
        });
        let nodes = renumbered.collect();
        let moved = |(weight, id): &(usize, Id)| (place(&weights, *weight), Id(place(&kept, id.0)));
        self.updates = updates.iter().map(moved).collect();
        self.carried = carried.iter().map(|&i| self.carried[i].clone()).collect();
        for carried in &mut self.carried {
            carried.next = carried.next.map(|next| Id(place(&kept, next.0)));
        }
        let losses = self.losses.iter().filter_map(|loss| kept.binary_search(&loss.0).ok());
        self.losses = losses.map(Id).collect();
        self.map_states(|id| kept.binary_search(&id.0).ok().map(Id));
        self.move_outputs(|id| Id(place(&kept, id.0)));
        self.layers = layers.iter().map(|&row| self.layers[row].clone()).collect();
        for layer in &mut self.layers {
            layer.weights =
                layer.weights.iter().filter_map(|weight| weights.binary_search(weight).ok()).collect();
        }
        self.weights = weights.iter().map(|&i| self.weights[i].clone()).collect();
        self.inputs = inputs.iter().map(|&i| self.inputs[i].clone()).collect();
        (self.nodes, self.current_layer) = (nodes, 0);
    }

    /// The values of the outputs, and their masks.
    fn output_values(&self) -> impl Iterator<Item = Id> {
        self.outputs.iter().flat_map(|output| [Some(output.value), output.mask]).flatten()
    }

    fn move_outputs(&mut self, to: impl Fn(Id) -> Id) {
        for output in &mut self.outputs {
            (output.value, output.mask) = (to(output.value), output.mask.map(&to));
        }
    }

    /// Rows of the layers that have a live operation, or feed one that is kept (a layer may be no operation at all).
    fn live_layers(&self, live: &[bool], sources: &[String]) -> Vec<usize> {
        let rows = self.nodes.iter().zip(live).filter(|(_, live)| **live).map(|(node, _)| node.layer);
        let mut kept: HashSet<usize> = rows.filter(|&row| row < self.layers.len()).collect();
        kept.extend((0..self.layers.len()).filter(|&row| sources.contains(&self.layers[row].name)));
        let mut next: Vec<usize> = kept.iter().copied().collect();
        while let Some(row) = next.pop() {
            for name in &self.layers[row].inputs {
                let feeding = self.layers.iter().position(|layer| layer.name == *name);
                next.extend(feeding.filter(|&row| kept.insert(row)));
            }
        }
        let mut kept: Vec<usize> = kept.into_iter().collect();
        kept.sort_unstable();
        kept
    }
}
