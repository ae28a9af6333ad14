//! What a model looks like from some distance: its layers, or groups of them.

use std::collections::BTreeSet;

use crate::compiled::{InputSpec, Spec};

/// A layer, or layers that are taken for one.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub name: &'static str,
    pub kind: &'static str,
    pub output: &'static [usize],
    /// Indices of its weights.
    pub weights: BTreeSet<usize>,
    /// Names of the rows that feed it.
    pub inputs: Vec<&'static str>,
    /// How many groups it stands in.
    pub depth: usize,
    /// Whether it is a group whose layers follow.
    pub open: bool,
}

impl Row {
    /// An input, which chains do not list.
    pub fn of_input(input: &InputSpec) -> Self {
        let (name, kind, output) = (input.name, "InputLayer", input.shape);
        Row { name, kind, output, weights: BTreeSet::new(), inputs: vec![], depth: 0, open: false }
    }

    /// Its number of parameters.
    pub fn params(&self, spec: &Spec) -> usize {
        self.weights.iter().map(|i| spec.weights[*i].shape.iter().product::<usize>()).sum()
    }

    /// Whether training changes all, some or none of its weights; nothing if it has none.
    pub fn trainable(&self, spec: &Spec) -> &'static str {
        let trained = self.weights.iter().filter(|i| spec.weights[**i].trainable).count();
        match trained {
            _ if self.weights.is_empty() => "-",
            0 => "no",
            n if n == self.weights.len() => "yes",
            _ => "partly",
        }
    }
}

/// The rows of a model: with `nested`, the layers of a group follow it; without, they are not seen.
pub(crate) fn rows(spec: &'static Spec, nested: bool) -> Vec<Row> {
    let mut rows: Vec<Row> = vec![];
    for layer in spec.layers {
        // From the outermost in.
        let around: Vec<_> = spec.groups.iter().rev().filter(|group| is_in(layer.name, group.name)).collect();
        let row_of = |name: &'static str| match spec.groups.iter().rev().find(|group| is_in(name, group.name))
        {
            Some(group) if !nested => group.name,
            _ => name,
        };
        let inputs: Vec<&str> = layer.inputs.iter().map(|input| row_of(input)).collect();
        for (depth, group) in around.iter().enumerate() {
            if depth > 0 && !nested {
                break;
            }
            if !rows.iter().any(|row| row.name == group.name) {
                let (name, kind, output) = (group.name, group.kind, group.output);
                rows.push(Row {
                    name,
                    kind,
                    output,
                    weights: BTreeSet::new(),
                    inputs: vec![],
                    depth,
                    open: nested,
                });
            }
            let row = rows.iter_mut().find(|row| row.name == group.name).expect("it was put there");
            row.weights.extend(layer.weights);
            let outside = inputs.iter().filter(|input| !is_in(input, group.name) && **input != group.name);
            for input in outside {
                if !row.inputs.contains(input) {
                    row.inputs.push(input);
                }
            }
        }
        if nested || around.is_empty() {
            let (name, kind, output) = (layer.name, layer.kind, layer.output);
            let weights = layer.weights.iter().copied().collect();
            rows.push(Row { name, kind, output, weights, inputs, depth: around.len(), open: false });
        }
    }
    rows
}

/// Whether the layer called `name` is in the group called `group`.
fn is_in(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
}
