//! From a model's forward graph to the two functions that are compiled: `infer`, and `train` with its gradients.
//!
//! Reverse mode over the IR: one rule for each operation, in [`Adjoint::rule`], and none for any layer.

mod elementwise;
mod rules;
mod scan;
mod value;

use std::fmt;

use crate::ir::{Binary, Graph, Head, Id, Op, Unary, Unit};
use scan::Body;
pub use value::gradient;

/// A graph and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Function {
    /// The operations.
    pub graph: Graph,
    /// For each output the value that its head reads, and the node that holds the loss's gradient there.
    pub heads: Vec<HeadUse>,
    /// The gradient of each trainable weight that the loss depends on.
    pub gradients: Vec<(usize, Id)>,
    /// What a training step makes of weights that are not trained.
    pub updates: Vec<(usize, Id)>,
    /// What the next batch finds of what lives from batch to batch.
    pub carries: Vec<(usize, Id)>,
    /// What the model adds to its loss, if it is wanted and adds anything.
    pub loss: Option<Id>,
}

/// What an output needs of its function.
#[derive(Clone, Copy, Debug)]
pub struct HeadUse {
    /// Index of the output.
    pub output: usize,
    /// What the head reads.
    pub z: Id,
    /// The [`Op::LossGradient`] of `z`, if anything is derived from it.
    pub dz: Option<Id>,
    /// What each step counts in the loss, if that is not 1.
    pub weights: Option<Id>,
}

impl Function {
    /// Every node that is wanted for itself.
    pub fn roots(&self) -> impl Iterator<Item = Id> + '_ {
        let heads = self.heads.iter().flat_map(|head| [Some(head.z), head.dz, head.weights]).flatten();
        let weights = self.gradients.iter().chain(&self.updates).chain(&self.carries).map(|(_, id)| *id);
        heads.chain(weights).chain(self.loss)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.graph)?;
        for (weight, id) in &self.gradients {
            writeln!(f, "gradient {} = {id}", self.graph.weights[*weight].name)?;
        }
        for (weight, id) in &self.updates {
            writeln!(f, "update {} = {id}", self.graph.weights[*weight].name)?;
        }
        for (index, id) in &self.carries {
            writeln!(f, "carry {index} = {id}")?;
        }
        self.loss.iter().try_for_each(|loss| writeln!(f, "added loss = {loss}"))
    }
}

/// Leaves the last activation of each output to its head, where it meets the loss.
pub fn split_heads(graph: &mut Graph) {
    for i in 0..graph.outputs.len() {
        let value = graph.outputs[i].value;
        let (value, head) = match graph.nodes[value.0].op {
            Op::Softmax(z) => (z, Head::Softmax),
            Op::Unary(Unary::Sigmoid, z) => (z, Head::Sigmoid),
            _ => (value, Head::Linear),
        };
        (graph.outputs[i].value, graph.outputs[i].head) = (value, head);
    }
}

/// The forward pass as it is used for prediction: nothing is dropped.
pub fn infer(graph: &Graph) -> Function {
    let mut graph = graph.clone();
    for node in &mut graph.nodes {
        if let Op::Dropout { x, .. } | Op::Phase { infer: x, .. } | Op::StopGradient(x) = node.op {
            node.op = Op::Reshape(x);
        }
    }
    let heads = graph.outputs.iter().enumerate();
    let heads = heads.map(|(output, o)| HeadUse { output, z: o.value, dz: None, weights: None }).collect();
    let carries = graph.carries();
    Function { graph, heads, gradients: vec![], updates: vec![], carries, loss: None }
}

/// [`infer`] with what the model adds to its loss.
pub fn evaluate(graph: &Graph) -> Function {
    let mut function = infer(graph);
    function.loss = added_loss(&mut function.graph);
    for (head, weights) in function.heads.iter_mut().zip(step_weights(&mut function.graph)) {
        head.weights = weights;
    }
    function
}

/// For each output what its steps count in the mean over all: those that its mask leaves out nothing, and the others so
/// much more that they all count as many as there are, as in Keras (`keras.src.losses.loss.apply_mask`).
fn step_weights(graph: &mut Graph) -> Vec<Option<Id>> {
    let masks: Vec<Option<Id>> = graph.outputs.iter().map(|output| output.mask).collect();
    let weights = masks.into_iter().map(|mask| {
        let mask = mask?;
        let shape = graph.shape(mask).clone();
        let valid = graph.reduce_batch(mask, (0..shape.rank()).collect());
        let valid = graph.reshape(valid, vec![]);
        // Where no step counts, each is 0 in any case.
        let valid = graph.binary_const(Binary::Maximum, valid, 1.0);
        let (samples, steps) = (graph.batch_size(), graph.extent(shape.size()));
        let all = graph.binary(Binary::Mul, samples, steps);
        let share = graph.binary(Binary::Div, all, valid);
        Some(graph.binary(Binary::Mul, mask, share))
    });
    weights.collect()
}

fn added_loss(graph: &mut Graph) -> Option<Id> {
    let losses = graph.losses.clone();
    losses.into_iter().reduce(|sum, loss| graph.binary(Binary::Add, sum, loss))
}

/// The forward pass, the losses, and the gradient of every trainable weight.
pub fn train(graph: &Graph) -> Function {
    let mut graph = graph.clone();
    let loss = added_loss(&mut graph);
    let weights = step_weights(&mut graph);
    for node in &mut graph.nodes {
        if let Op::Phase { train, .. } = node.op {
            node.op = Op::Reshape(train);
        }
    }
    let updates = graph.updates.clone();
    let mut adjoint = Adjoint::new(graph, Source::Weights);
    let mut heads = Vec::new();
    for (output, weights) in weights.into_iter().enumerate() {
        let z = adjoint.graph.outputs[output].value;
        let dz = adjoint.needed[z.0].then(|| {
            let shape = adjoint.graph.shape(z).clone();
            let dz = adjoint.graph.push(Op::LossGradient { output, z }, shape);
            adjoint.add(z, dz);
            dz
        });
        heads.push(HeadUse { output, z, dz, weights });
    }
    if let Some(loss) = loss.filter(|loss| adjoint.needed[loss.0]) {
        let one = adjoint.graph.constant(1.0);
        adjoint.add(loss, one);
    }
    for unit in adjoint.graph.units().into_iter().rev() {
        match unit {
            Unit::Node(id) if id.0 >= adjoint.needed.len() => {}
            Unit::Node(id) => adjoint.node(id),
            Unit::Loop(scan, body) => adjoint.body(scan, &body),
        }
    }
    for node in &mut adjoint.graph.nodes {
        if let Op::StopGradient(x) = node.op {
            node.op = Op::Reshape(x);
        }
    }
    let mut gradients: Vec<(usize, Id)> = Vec::new();
    for i in 0..adjoint.needed.len() {
        if let (Op::Weight(weight), true, Some(id)) =
            (&adjoint.graph.nodes[i].op, adjoint.needed[i], adjoint.of[i])
        {
            let weight = *weight;
            // A weight that several nodes read has the sum of their gradients.
            match gradients.iter().position(|(other, _)| *other == weight) {
                Some(at) => gradients[at].1 = adjoint.graph.binary(Binary::Add, gradients[at].1, id),
                None => gradients.push((weight, id)),
            }
        }
    }
    let carries = adjoint.graph.carries();
    Function { graph: adjoint.graph, heads, gradients, updates, carries, loss }
}

/// What gradients are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// Of every trainable weight.
    Weights,
    /// Of one value.
    Value(Id),
}

struct Adjoint {
    graph: Graph,
    source: Source,
    /// Whether a node of the forward graph depends on what gradients are asked for.
    needed: Vec<bool>,
    /// The gradient of the loss with respect to a node, as far as it is known.
    of: Vec<Option<Id>>,
    /// What loops are asked for from outside.
    asked: Vec<Body>,
    /// While a loop is at work: its index, and what its nodes give to values outside of it.
    within: Option<(usize, Vec<(Id, Id)>)>,
}

impl Adjoint {
    fn new(graph: Graph, source: Source) -> Self {
        let mut needed = vec![false; graph.nodes.len()];
        loop {
            let before = needed.clone();
            for (i, node) in graph.nodes.iter().enumerate() {
                needed[i] = match node.op {
                    _ if source == Source::Value(Id(i)) => true,
                    Op::Weight(i) => source == Source::Weights && graph.weights[i].trainable,
                    Op::StopGradient(_) => false,
                    // A state is made of nodes that come after it: hence the repetition.
                    Op::State { scan, index } | Op::States { scan, index } => {
                        let state = &graph.scans[scan].states[index];
                        needed[state.init.0] || state.next.is_some_and(|next| needed[next.0])
                    }
                    ref op => op.operands().iter().any(|x| needed[x.0]),
                };
            }
            if needed == before {
                break;
            }
        }
        let of = vec![None; graph.nodes.len()];
        let asked = vec![Body::default(); graph.scans.len()];
        Adjoint { graph, source, needed, of, asked, within: None }
    }

    /// Passes the gradient of `id` on, if there is one.
    fn node(&mut self, id: Id) {
        // Nothing is asked for behind a value.
        if self.source == Source::Value(id) {
            return;
        }
        if let (true, Some(dy)) = (self.needed[id.0], self.of[id.0]) {
            self.graph.current_layer = self.graph.nodes[id.0].layer;
            self.rule(id, dy);
        }
    }

    /// Adds `dx` to the gradient of `x`.
    fn add(&mut self, x: Id, dx: Id) {
        if let Some((scan, outside)) = &mut self.within
            && self.graph.nodes[x.0].scan != Some(*scan)
        {
            return outside.push((x, dx));
        }
        self.of[x.0] = Some(match self.of[x.0] {
            Some(sum) => self.graph.binary(Binary::Add, sum, dx),
            None => dx,
        });
    }

    fn unary(&mut self, f: Unary, x: Id) -> Id {
        self.graph.unary(f, x)
    }

    fn binary(&mut self, f: Binary, a: Id, b: Id) -> Id {
        self.graph.binary(f, a, b)
    }

    fn with(&mut self, f: Binary, a: Id, b: f32) -> Id {
        self.graph.binary_const(f, a, b)
    }

    fn mul(&mut self, a: Id, b: Id) -> Id {
        self.graph.binary(Binary::Mul, a, b)
    }

    /// `dy` where `condition` holds, else 0.
    fn masked(&mut self, condition: Id, dy: Id) -> Id {
        let zero = self.graph.constant(0.0);
        self.graph.select(condition, dy, zero)
    }
}
