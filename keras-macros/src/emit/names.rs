//! Names of the constants and kernels of generated code: those of the layers they come from.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};

use crate::fuse::Value;
use crate::ir::{Graph, Id, Op, Seeding};
use crate::plan::{Buf, Plan};

/// Names within one generated function.
pub struct Names<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    /// The first node of the backward pass.
    backward: usize,
    /// Of all values at one address, the one that it is named after.
    chosen: BTreeMap<&'a Buf, Value>,
    values: BTreeMap<Value, String>,
    used: BTreeSet<String>,
}

impl<'a> Names<'a> {
    pub fn new(graph: &'a Graph, plan: &'a Plan) -> Self {
        let is_loss = |op: &Op| matches!(op, Op::LossGradient { .. });
        let backward = graph.nodes.iter().position(|node| is_loss(&node.op)).unwrap_or(graph.nodes.len());
        // Constants of the user that dimensions mention must keep their meaning.
        let weights = graph.weights.iter().flat_map(|weight| &weight.shape);
        let dims = graph.nodes.iter().flat_map(|node| &node.shape.dims).chain(weights);
        let used = dims.flat_map(|dim| dim.names()).collect();
        let mut chosen: BTreeMap<&Buf, Value> = BTreeMap::new();
        for (value, buf) in &plan.addresses {
            let named = chosen.entry(buf).or_insert(*value);
            if let (Value::Gradient(_), false) = (value, matches!(named, Value::Gradient(_))) {
                *named = *value;
            }
        }
        Names { graph, plan, backward, chosen, values: BTreeMap::new(), used }
    }

    /// What random stream `stream` follows from, if not from the model's seed.
    pub fn seeding(&self, stream: u32) -> Option<Seeding> {
        self.graph.streams[stream as usize]
    }

    /// The constant that holds `value`'s address, for example `DENSE_1_GRADIENT`: the same for all values there.
    pub fn value(&mut self, value: Value) -> Ident {
        let value = self.chosen[&self.plan.addresses[&value]];
        if !self.values.contains_key(&value) {
            let name = self.unique(self.describe(value).to_uppercase(), "_");
            self.values.insert(value, name);
        }
        ident(&self.values[&value])
    }

    /// A type for a kernel that computes `value`, for example `Dense1Gradient`.
    pub fn kernel(&mut self, value: Value) -> Ident {
        let words = self.describe(value);
        let camel = words.split('_').map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().chain(letters).collect::<String>())
                .unwrap_or_default()
        });
        let camel: String = camel.collect();
        ident(&self.unique(camel, ""))
    }

    fn describe(&self, value: Value) -> String {
        match value {
            Value::Node(id) => self.node(id),
            Value::Gradient(weight) => format!("{}_gradient", plain(&self.graph.weights[weight].name)),
            Value::Update(weight) => format!("{}_update", plain(&self.graph.weights[weight].name)),
            Value::Carry(index) => format!("state_{index}_next"),
            Value::Packed { w, transposed: true } => format!("{}_transposed", self.node(w)),
            Value::Packed { w, transposed: false } => format!("{}_packed", self.node(w)),
        }
    }

    fn node(&self, id: Id) -> String {
        match self.graph.nodes[id.0].op {
            Op::Input(input) => plain(&self.graph.inputs[input].name),
            Op::Carried(index) => format!("state_{index}"),
            Op::Weight(weight) => plain(&self.graph.weights[weight].name),
            _ if id.0 >= self.backward => format!("{}_gradient", self.layer(id)),
            _ => self.layer(id),
        }
    }

    fn layer(&self, id: Id) -> String {
        let layer = self.graph.layers.get(self.graph.nodes[id.0].layer);
        plain(layer.map_or("value", |layer| &layer.name))
    }

    fn unique(&mut self, name: String, separator: &str) -> String {
        let numbered = |i: usize| if i == 1 { name.clone() } else { format!("{name}{separator}{i}") };
        let free = (1..).map(numbered).find(|name| !self.used.contains(name)).expect("numbers do not end");
        self.used.insert(free.clone());
        free
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// `name` with everything that no identifier has replaced.
fn plain(name: &str) -> String {
    let word: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) { format!("l{word}") } else { word }
}
