//! What is computed for a step of a sequence, computed for all steps at once: they become the first dimension of all that
//! depends on the step. Loops within the step are then loops whose states have that dimension, and no loops in a loop.

use std::collections::BTreeMap;

use super::{Dim, Graph, Id, Node, Op, ReduceKind, Shape, Window};

/// What was in a [`Graph`] before the operations for a step.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    nodes: usize,
    scans: usize,
    losses: usize,
    updates: usize,
}

/// Nodes for a step of a sequence, and what they are for all steps.
pub struct Distribution<'a> {
    graph: &'a mut Graph,
    mark: Mark,
    /// The loop that the stand-ins are of.
    own: usize,
    length: Dim,
    /// For each node since the mark whether it depends on the step.
    depends: Vec<bool>,
    of: BTreeMap<Id, Id>,
    /// Loops within the step, and what they have become.
    scans: BTreeMap<usize, usize>,
}

/// Steps that have to be known where they are written out one by one.
#[derive(Debug)]
pub struct UnknownLength;

impl Graph {
    /// To be asked for before the operations for a step are made.
    pub fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            scans: self.scans.len(),
            losses: self.losses.len(),
            updates: self.updates.len(),
        }
    }

    /// A stand-in for the step of `x` in loop `scan`: operations may be made from it as if there were no other step.
    pub fn stand_in(&mut self, scan: usize, x: Id) -> Id {
        let step = self.item(scan, x);
        // It is of the loop only if that becomes one.
        self.nodes[step.0].scan = self.nodes[x.0].scan;
        step
    }

    /// Whether what was made since `mark` from stand-ins of loop `scan` cannot be its body: it has loops or is in one, draws
    /// numbers, which are others in each step, or leaves something to the model.
    pub fn is_no_body(&self, mark: Mark, scan: usize) -> bool {
        let depends = self.dependents(mark, scan);
        let made = self.nodes[mark.nodes..].iter().zip(depends);
        self.losses.len() > mark.losses
            || self.updates.len() > mark.updates
            || made.filter(|(_, depends)| *depends).any(|(node, _)| node.scan.is_some() || draws(&node.op))
    }

    /// Makes what was made since `mark` from stand-ins of loop `scan` its body.
    pub fn make_body(&mut self, mark: Mark, scan: usize) {
        let depends = self.dependents(mark, scan);
        for (node, _) in self.nodes[mark.nodes..].iter_mut().zip(depends).filter(|(_, depends)| *depends) {
            node.scan = Some(scan);
        }
    }

    /// Computes what was made since `mark` from stand-ins of loop `scan` for all steps at once.
    ///
    /// # Errors
    /// Something has to be written out step by step, but there is no telling how many there are.
    pub fn distribute(&mut self, mark: Mark, scan: usize) -> Result<Distribution<'_>, UnknownLength> {
        let length = self.scans[scan].length.clone();
        let depends = self.dependents(mark, scan);
        let (of, scans) = (BTreeMap::new(), BTreeMap::new());
        let mut all = Distribution { graph: self, mark, own: scan, length, depends, of, scans };
        let (layer, scan) = (all.graph.current_layer, all.graph.current_scan);
        let result = all.run();
        (all.graph.current_layer, all.graph.current_scan) = (layer, scan);
        result?;
        Ok(all)
    }

    /// For each node since `mark` whether it depends on the step of loop `step`. What is drawn does, and so does all of an
    /// inner loop of which anything does.
    fn dependents(&self, mark: Mark, step: usize) -> Vec<bool> {
        let mut depends = vec![false; self.nodes.len() - mark.nodes];
        let mut loops = vec![false; self.scans.len()];
        loop {
            let before = depends.clone();
            for i in 0..depends.len() {
                let node = &self.nodes[mark.nodes + i];
                let on = |x: Id| x.0 >= mark.nodes && depends[x.0 - mark.nodes];
                let own = node.scan.filter(|scan| *scan >= mark.scans);
                depends[i] = matches!(node.op, Op::Item { scan, .. } if scan == step)
                    || draws(&node.op)
                    || own.is_some_and(|scan| loops[scan])
                    || node.op.operands().into_iter().any(on)
                    || match node.op {
                        Op::State { scan, index } | Op::States { scan, index } => {
                            let state = &self.scans[scan].states[index];
                            [state.node, state.init].into_iter().chain(state.next).any(on)
                        }
                        _ => false,
                    };
                if let (true, Some(scan)) = (depends[i], own) {
                    loops[scan] = true;
                }
            }
            if depends == before {
                return depends;
            }
        }
    }
}

/// Whether it gives other numbers each time.
fn draws(op: &Op) -> bool {
    matches!(op, Op::Dropout { .. } | Op::Random { .. })
}

/// A window that is the place it is at.
const PLACE: Window = Window { size: 1, stride: 1, dilation: 1 };

impl Distribution<'_> {
    /// What `x` is for all steps: with their dimension in front.
    pub fn all(&mut self, x: Id) -> Id {
        match self.of.get(&x) {
            Some(all) => *all,
            None => {
                let shape = self.spread(&self.graph.shape(x).clone());
                self.graph.broadcast_to(x, &shape)
            }
        }
    }

    /// What `x` is for all steps, if it depends on them.
    pub fn of(&self, x: Id) -> Option<Id> {
        self.of.get(&x).copied()
    }

    fn depends(&self, x: Id) -> bool {
        x.0 >= self.mark.nodes && self.depends.get(x.0 - self.mark.nodes).is_some_and(|depends| *depends)
    }

    /// The shape of what has `shape` in a step.
    fn spread(&self, shape: &Shape) -> Shape {
        let dims = std::iter::once(&self.length).chain(&shape.dims).cloned();
        Shape { batched: shape.batched, dims: dims.collect() }
    }

    fn run(&mut self) -> Result<(), UnknownLength> {
        for i in 0..self.depends.len() {
            let id = Id(self.mark.nodes + i);
            if self.depends[i] {
                let all = self.node(id)?;
                self.of.insert(id, all);
            }
        }
        for (old, new) in self.scans.clone() {
            self.graph.current_scan = Some(new);
            for index in 0..self.graph.scans[old].states.len() {
                if let Some(next) = self.graph.scans[old].states[index].next {
                    let (next, state) = (self.all(next), self.graph.scans[new].states[index].node);
                    self.graph.set_next(state, next);
                }
            }
        }
        self.graph.current_scan = None;
        self.losses();
        self.updates()
    }

    /// The loop that `scan` has become.
    fn scan(&mut self, scan: usize) -> usize {
        let graph = &mut *self.graph;
        *self.scans.entry(scan).or_insert_with(|| {
            let loop_ = super::Scan { states: vec![], ..graph.scans[scan].clone() };
            graph.scans.push(loop_);
            graph.scans.len() - 1
        })
    }

    /// Node `id` for all steps.
    fn node(&mut self, id: Id) -> Result<Id, UnknownLength> {
        let node = self.graph.nodes[id.0].clone();
        self.graph.current_layer = node.layer;
        let inner = node.scan.filter(|scan| *scan >= self.mark.scans);
        self.graph.current_scan = inner.map(|scan| self.scan(scan));
        let shape = self.spread(&node.shape);
        Ok(match node.op {
            Op::Unary(..)
            | Op::Binary(..)
            | Op::Select(..)
            | Op::Dropout { .. }
            | Op::Random { .. }
            | Op::Phase { .. }
            | Op::StopGradient(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::BatchMatMul { .. } => {
                let op = node.op.map(|x| self.all(x));
                self.graph.push(op, shape)
            }
            Op::Broadcast(x) => {
                let x = self.all(x);
                let mut dims = self.graph.shape(x).dims.clone();
                let missing = shape.rank() - dims.len();
                dims.splice(1..1, vec![Dim::known(1); missing]);
                let x = self.graph.reshape(x, dims);
                self.graph.broadcast_to(x, &shape)
            }
            Op::Reshape(x) => {
                let x = self.all(x);
                self.graph.reshape(x, shape.dims)
            }
            Op::Permute { x, axes } => {
                let x = self.all(x);
                self.graph.permute(x, std::iter::once(0).chain(behind(axes)).collect())
            }
            Op::Slice { x, axis, start } => {
                let op = Op::Slice { x: self.all(x), axis: axis + 1, start };
                self.graph.push(op, shape)
            }
            Op::Pad { x, before, value } => {
                let before = std::iter::once(Dim::known(0)).chain(before).collect();
                let op = Op::Pad { x: self.all(x), before, value };
                self.graph.push(op, shape)
            }
            Op::Windows { x, axis, windows } => {
                let op = Op::Windows { x: self.all(x), axis: axis + 1, windows };
                self.graph.push(op, shape)
            }
            Op::Overlap { x, axis, windows } => {
                let op = Op::Overlap { x: self.all(x), axis: axis + 1, windows };
                self.graph.push(op, shape)
            }
            Op::MaxPoolGrad { x, y, dy, windows } => {
                self.known_length()?;
                let [x, y, dy] = [x, y, dy].map(|x| self.all(x));
                let windows = std::iter::once(PLACE).chain(windows).collect();
                self.graph.push(Op::MaxPoolGrad { x, y, dy, windows }, shape)
            }
            Op::Flip { x, axis } => {
                let x = self.all(x);
                self.graph.flip(x, axis + 1)
            }
            Op::Concat { parts, axis } => {
                let parts = parts.into_iter().map(|part| self.all(part)).collect();
                self.graph.concat(parts, axis + 1)
            }
            Op::Reduce { kind, x, axes, batch } => self.reduce(kind, x, axes, batch, shape)?,
            Op::MatMul { x, w, transposed } if !self.depends(w) => {
                let x = self.all(x);
                self.graph.matmul(x, w, transposed)
            }
            Op::Gather { table, index } if !self.depends(table) => {
                let index = self.all(index);
                self.graph.gather(table, index)
            }
            Op::Item { scan, x } if scan == self.own => x,
            Op::Item { scan, x } => {
                let (scan, x) = (self.scan(scan), self.all(x));
                let x = self.first_two_exchanged(x);
                self.graph.item(scan, x)
            }
            Op::State { scan, index } => {
                let init = self.graph.scans[scan].states[index].init;
                let (scan, init) = (self.scan(scan), self.all(init));
                self.graph.state(scan, init)
            }
            Op::States { scan, index } => {
                let scan = self.scan(scan);
                let state = self.graph.scans[scan].states[index].node;
                let all = self.graph.states(state);
                self.first_two_exchanged(all)
            }
            Op::Trace(x) => {
                let scan = self.graph.nodes[x.0].scan.expect("only nodes of loops are traced");
                let (scan, x) = (self.scan(scan), self.all(x));
                let all = self.graph.trace(scan, x);
                self.first_two_exchanged(all)
            }
            Op::Total(x) => {
                let x = self.all(x);
                self.graph.total(x)
            }
            _ => self.one_by_one(&node)?,
        })
    }

    /// A reduction. That of pooling stays one of windows from the first dimension on, which its gradient looks for.
    fn reduce(
        &mut self,
        kind: ReduceKind,
        x: Id,
        axes: Vec<usize>,
        batch: bool,
        shape: Shape,
    ) -> Result<Id, UnknownLength> {
        if let (ReduceKind::Max, Op::Windows { x: image, axis: 0, windows }) =
            (kind, &self.graph.nodes[x.0].op)
        {
            let (image, windows) =
                (*image, std::iter::once(PLACE).chain(windows.clone()).collect::<Vec<_>>());
            let n = windows.len();
            if axes.iter().copied().eq(n - 1..2 * (n - 1)) {
                self.known_length()?;
                let image = self.all(image);
                let windows = self.graph.windows(image, 0, windows);
                let max = self.graph.reduce(kind, windows, (n..2 * n).collect(), true);
                return Ok(self.graph.reshape(max, shape.dims));
            }
        }
        let op = Op::Reduce { kind, x: self.all(x), axes: behind(axes).collect(), batch };
        Ok(self.graph.push(op, shape))
    }

    /// `[a, b, ..]` as `[b, a, ..]`.
    fn first_two_exchanged(&mut self, x: Id) -> Id {
        let rank = self.graph.shape(x).rank();
        self.graph.permute(x, [1, 0].into_iter().chain(2..rank).collect())
    }

    /// What `x` is in step `t`.
    fn at(&mut self, x: Id, t: usize) -> Id {
        let Some(all) = self.of(x) else { return x };
        let dims = self.graph.shape(all).dims[1..].to_vec();
        let part = self.graph.slice(all, 0, t.into(), 1.into());
        self.graph.reshape(part, dims)
    }

    fn known_length(&self) -> Result<usize, UnknownLength> {
        self.length.as_known().ok_or(UnknownLength)
    }

    /// A node of an operation that no further dimension can be given, for each step.
    fn one_by_one(&mut self, node: &Node) -> Result<Id, UnknownLength> {
        let dims: Vec<Dim> = std::iter::once(Dim::known(1)).chain(node.shape.dims.iter().cloned()).collect();
        let mut parts = vec![];
        for t in 0..self.known_length()? {
            let op = node.op.map(|x| self.at(x, t));
            let part = self.graph.push(op, node.shape.clone());
            parts.push(self.graph.reshape(part, dims.clone()));
        }
        Ok(self.graph.concat(parts, 0))
    }

    /// What a step adds to the loss, all steps add.
    fn losses(&mut self) {
        for i in self.mark.losses..self.graph.losses.len() {
            if let Some(all) = self.of(self.graph.losses[i]) {
                self.graph.losses[i] = self.graph.reduce(ReduceKind::Sum, all, vec![0], false);
            }
        }
    }

    /// What a step leaves in weights that are not trained, the next one finds there.
    fn updates(&mut self) -> Result<(), UnknownLength> {
        for i in self.mark.updates..self.graph.updates.len() {
            let (weight, next) = self.graph.updates[i];
            if self.of(next).is_none() {
                continue;
            }
            let mut found = None;
            for t in 0..self.known_length()? {
                found = Some(self.updated(weight, next, t, found));
            }
            self.graph.updates[i].1 = found.expect("there is a step");
        }
        Ok(())
    }

    /// The value of `x` in step `t` if `weight` is `found` there.
    fn updated(&mut self, weight: usize, x: Id, t: usize, found: Option<Id>) -> Id {
        let Some(found) = found else { return self.at(x, t) };
        if !self.reads(x, weight) {
            return self.at(x, t);
        }
        let Node { op, shape, .. } = self.graph.nodes[x.0].clone();
        if matches!(op, Op::Weight(_)) {
            return found;
        }
        let op = op.map(|x| self.updated(weight, x, t, Some(found)));
        self.graph.push(op, shape)
    }

    fn reads(&self, x: Id, weight: usize) -> bool {
        let ancestors = self.graph.ancestors([x]);
        let nodes = self.graph.nodes.iter().zip(ancestors);
        nodes.filter(|(_, is_read)| *is_read).any(|(node, _)| node.op == Op::Weight(weight))
    }
}

/// The axes behind a new first one.
fn behind(axes: Vec<usize>) -> impl Iterator<Item = usize> {
    axes.into_iter().map(|axis| axis + 1)
}
