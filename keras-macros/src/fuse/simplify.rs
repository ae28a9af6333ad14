//! Rewrites a function to one that computes the same with less: algebraic rules, common subexpressions, dead code.

use std::collections::HashMap;

use super::gates::side_by_side;
use super::sink::sink;
use crate::grad::{Function, HeadUse};
use crate::ir::{Binary, Dim, Graph, Id, Node, Op, Unary};

/// The simplified function.
pub fn simplify(function: &Function) -> Function {
    let once = dead_code(&rewrite(function));
    // A rule can enable another on nodes before it: a second round finds those.
    side_by_side(&dead_code(&rewrite(&sink(&once))))
}

fn rewrite(function: &Function) -> Function {
    let mut rewriter = Rewriter { graph: empty(&function.graph), known: HashMap::new() };
    let mut map: Vec<Id> = Vec::with_capacity(function.graph.nodes.len());
    for node in &function.graph.nodes {
        rewriter.graph.current_layer = node.layer;
        let node = Node { op: node.op.map(|id| map[id.0]), ..node.clone() };
        map.push(rewriter.add(node));
    }
    rename(function, rewriter.graph, |id| map[id.0])
}

pub(super) fn empty(graph: &Graph) -> Graph {
    Graph { nodes: vec![], ..graph.clone() }
}

pub(super) fn rename(function: &Function, graph: Graph, map: impl Fn(Id) -> Id) -> Function {
    let heads = function.heads.iter().map(|head| HeadUse {
        output: head.output,
        z: map(head.z),
        dz: head.dz.map(&map),
        weights: head.weights.map(&map),
    });
    let heads = heads.collect();
    let gradients = function.gradients.iter().map(|(weight, id)| (*weight, map(*id))).collect();
    let updates = function.updates.iter().map(|(weight, id)| (*weight, map(*id))).collect();
    let carries = function.carries.iter().map(|(index, id)| (*index, map(*id))).collect();
    let loss = function.loss.map(&map);
    let mut graph = graph;
    for head in &function.heads {
        graph.outputs[head.output].value = map(head.z);
    }
    graph.map_states(|id| Some(map(id)).filter(|id| id.0 != usize::MAX));
    Function { graph, heads, gradients, updates, carries, loss }
}

/// Drops every node that no root needs.
fn dead_code(function: &Function) -> Function {
    let live = function.graph.ancestors(function.roots());
    let mut graph = empty(&function.graph);
    let mut map = vec![Id(usize::MAX); live.len()];
    for (i, node) in function.graph.nodes.iter().enumerate() {
        if live[i] {
            graph.nodes.push(Node { op: node.op.map(|id| map[id.0]), ..node.clone() });
            map[i] = Id(graph.nodes.len() - 1);
        }
    }
    rename(function, graph, |id| map[id.0])
}

struct Rewriter {
    graph: Graph,
    /// Nodes by what they compute.
    known: HashMap<String, Id>,
}

impl Rewriter {
    /// Adds a node, or finds one that is its equal.
    fn add(&mut self, node: Node) -> Id {
        let Node { op, shape, layer, scan } = self.rule(node);
        if let Op::Reshape(x) = op
            && self.graph.shape(x) == &shape
        {
            return x;
        }
        let key = format!("{op:?} {shape} {scan:?}");
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        self.graph.nodes.push(Node { op, shape, layer, scan });
        let id = Id(self.graph.nodes.len() - 1);
        self.known.insert(key, id);
        id
    }

    fn op(&self, id: Id) -> &Op {
        &self.graph.nodes[id.0].op
    }

    /// The number that every element of `id` is, if it is one.
    fn number(&self, id: Id) -> Option<f32> {
        match self.op(id) {
            Op::Const(value) => Some(*value),
            Op::Broadcast(x) => self.number(*x),
            _ => None,
        }
    }

    fn identity(x: Id, node: Node) -> Node {
        Node { op: Op::Reshape(x), ..node }
    }

    fn constant(&mut self, value: f32, node: Node) -> Node {
        let scalar = crate::ir::Shape::fixed([]);
        let id =
            self.add(Node { op: Op::Const(value), shape: scalar.clone(), layer: node.layer, scan: None });
        if node.shape == scalar { Self::identity(id, node) } else { Node { op: Op::Broadcast(id), ..node } }
    }

    /// The algebraic rules. A rule gives a node of the same value and shape.
    fn rule(&mut self, node: Node) -> Node {
        match node.op {
            Op::Unary(f, x) => match (f, self.op(x).clone()) {
                (Unary::Neg, Op::Unary(Unary::Neg, x)) => Self::identity(x, node),
                (Unary::Relu, Op::Unary(Unary::Relu, _)) => Self::identity(x, node),
                _ => node,
            },
            Op::Binary(f, a, b) => match (f, self.number(a), self.number(b)) {
                (Binary::Add, Some(a), Some(b)) => self.constant(a + b, node),
                (Binary::Sub, Some(a), Some(b)) => self.constant(a - b, node),
                (Binary::Mul, Some(a), Some(b)) => self.constant(a * b, node),
                (Binary::Div, Some(a), Some(b)) => self.constant(a / b, node),
                (Binary::Add, Some(0.0), _) => Self::identity(b, node),
                (Binary::Add | Binary::Sub, _, Some(0.0)) => Self::identity(a, node),
                (Binary::Mul, Some(1.0), _) => Self::identity(b, node),
                (Binary::Mul | Binary::Div | Binary::Pow, _, Some(1.0)) => Self::identity(a, node),
                (Binary::Add, ..) => match self.side_by_side(a, b) {
                    Some(concat) => Node { op: concat, ..node },
                    None => node,
                },
                (Binary::Pow, _, Some(2.0)) => Node { op: Op::Unary(Unary::Square, a), ..node },
                (Binary::Pow, _, Some(0.5)) => Node { op: Op::Unary(Unary::Sqrt, a), ..node },
                // Multiplication is several times as fast as division, and for powers of two exactly equal.
                (Binary::Div, _, Some(c)) if c != 0.0 && c.log2().fract() == 0.0 => {
                    let layer = node.layer;
                    let factor = self.constant(1.0 / c, node.clone());
                    let factor = self.add(Node { layer, ..factor });
                    Node { op: Op::Binary(Binary::Mul, a, factor), ..node }
                }
                _ => node,
            },
            Op::Select(c, a, b) => self.dropped_activation(c, a, b, node),
            Op::Broadcast(x) => match *self.op(x) {
                Op::Broadcast(inner) if self.graph.shape(inner).rank() == 0 => {
                    Node { op: Op::Broadcast(inner), ..node }
                }
                _ => node,
            },
            Op::Pad { x, ref before, value } => match self.op(x).clone() {
                Op::Pad { x: inner, before: own, value: same } if value == same => {
                    let before = before.iter().zip(&own).map(|(a, b)| a.add(b)).collect();
                    Node { op: Op::Pad { x: inner, before, value }, ..node }
                }
                _ => node,
            },
            Op::Flip { x, axis } => match *self.op(x) {
                Op::Flip { x: inner, axis: own } if own == axis => Self::identity(inner, node),
                _ => node,
            },
            Op::Permute { x, ref axes } => match self.op(x).clone() {
                Op::Permute { x: inner, axes: first } => {
                    let axes: Vec<usize> = axes.iter().map(|&axis| first[axis]).collect();
                    match axes.iter().copied().eq(0..axes.len()) {
                        true => Self::identity(inner, node),
                        false => Node { op: Op::Permute { x: inner, axes }, ..node },
                    }
                }
                _ => node,
            },
            Op::Reshape(x) => match *self.op(x) {
                Op::Reshape(inner) => Node { op: Op::Reshape(inner), ..node },
                Op::Broadcast(inner) if self.graph.shape(inner).rank() == 0 => {
                    Node { op: Op::Broadcast(inner), ..node }
                }
                _ => node,
            },
            _ => node,
        }
    }

    /// Tensors with zeros around them whose sum puts them side by side, without a gap: what slices leave when their
    /// gradients are added up.
    fn side_by_side(&self, a: Id, b: Id) -> Option<Op> {
        let (mut pieces, mut axis) = (vec![], None);
        self.pieces(a, &mut axis, &mut pieces)?;
        self.pieces(b, &mut axis, &mut pieces)?;
        let (axis, whole) = (axis?, self.graph.shape(a));
        let (mut end, mut parts) = (Dim::known(0), vec![]);
        while !pieces.is_empty() {
            let next = pieces.iter().position(|(before, _)| *before == end)?;
            let (_, part) = pieces.swap_remove(next);
            end = end.add(&self.graph.shape(part).dims[axis]);
            parts.push(part);
        }
        (end == whole.dims[axis]).then_some(Op::Concat { parts, axis })
    }

    fn pieces(&self, id: Id, axis: &mut Option<usize>, pieces: &mut Vec<(Dim, Id)>) -> Option<()> {
        match self.op(id) {
            Op::Pad { x, before, value: 0.0 } => {
                let (inner, outer) = (self.graph.shape(*x), self.graph.shape(id));
                let mut padded = (0..inner.rank()).filter(|&i| inner.dims[i] != outer.dims[i]);
                let (own, None) = (padded.next()?, padded.next()) else { return None };
                if axis.is_some_and(|axis| axis != own) {
                    return None;
                }
                *axis = Some(own);
                pieces.push((before[own].clone(), *x));
                Some(())
            }
            Op::Binary(Binary::Add, a, b) => {
                self.pieces(*a, axis, pieces)?;
                self.pieces(*b, axis, pieces)
            }
            _ => None,
        }
    }

    /// The gradient of `dropout(relu(z))` asks for the mask and for the sign of `z`; both can be read off its value.
    ///
    /// `select(relu(z) > 0, dropout(dy), 0)` is `select(dropout(relu(z)) > 0, dy / (1 - rate), 0)`: what is kept is
    /// scaled by a factor of at least 1, so it is positive exactly where it was kept and `relu(z)` was.
    fn dropped_activation(&mut self, c: Id, a: Id, b: Id, node: Node) -> Node {
        let zero = |this: &Self, id| this.number(id) == Some(0.0);
        let (&Op::Binary(Binary::Gt, h, bound), &Op::Dropout { x: dy, rate, stream }) =
            (self.op(c), self.op(a))
        else {
            return node;
        };
        let dropped = |op: &Op| *op == Op::Dropout { x: h, rate, stream };
        let kept = self.graph.nodes.iter().position(|other| dropped(&other.op));
        let (Some(kept), true, true) = (kept, zero(self, b), zero(self, bound)) else { return node };
        if !matches!(self.op(h), Op::Unary(Unary::Relu, _)) {
            return node;
        }
        let like = |op| Node { op, ..node.clone() };
        let c = self.add(like(Op::Binary(Binary::Gt, Id(kept), bound)));
        let scale = self.constant(1.0 / (1.0 - rate), node.clone());
        let scale = self.add(scale);
        let scaled = self.add(like(Op::Binary(Binary::Mul, dy, scale)));
        like(Op::Select(c, scaled, b))
    }
}
