//! Writing: HDF5 as Keras lays weights out in it.

use std::collections::{BTreeMap, HashMap, HashSet};

use hdf5_pure::{AttrValue, FileBuilder, FinishedGroup};

use super::archive::KERAS;
use super::leaves::{Leaf, MODEL, numbered};
use crate::compiled::{Description, Spec};
use crate::init;

/// The elements of an array, or the one number.
pub(super) enum Numbers {
    Floats(Vec<f32>),
    Whole(i64),
}

/// The groups and arrays of a file.
#[derive(Default)]
pub(super) struct Tree {
    groups: BTreeMap<String, Tree>,
    arrays: Vec<(String, Vec<usize>, Numbers)>,
    attributes: Vec<(String, AttrValue)>,
}

impl Tree {
    /// The group at `path`.
    fn at(&mut self, path: &str) -> &mut Tree {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.fold(self, |tree, part| tree.groups.entry(part.to_string()).or_default())
    }

    pub fn array(&mut self, path: &str, shape: &[usize], numbers: Numbers) {
        let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.at(group).arrays.push((name.to_string(), shape.to_vec(), numbers));
    }

    /// Says what the variables in the group at `path` are of.
    pub fn name(&mut self, path: &str, name: &str) {
        self.at(path).attributes.push(("name".into(), AttrValue::String(name.into())));
    }

    fn finished(self, mut group: hdf5_pure::GroupBuilder) -> FinishedGroup {
        for (name, shape, numbers) in self.arrays {
            let shape: Vec<u64> = shape.into_iter().map(|size| size as u64).collect();
            let array = group.create_dataset(&name);
            match numbers {
                Numbers::Floats(words) => array.with_f32_data(&words),
                Numbers::Whole(number) => array.with_i64_data(&[number]),
            }
            .with_shape(&shape);
        }
        for (name, value) in self.attributes {
            group.set_attr(&name, value);
        }
        for (name, tree) in self.groups {
            let inner = group.create_group(&name);
            group.add_group(tree.finished(inner));
        }
        group.finish()
    }

    pub fn bytes(self) -> Result<Vec<u8>, String> {
        let mut file = FileBuilder::new();
        for (name, value) in self.attributes {
            file.set_attr(&name, value);
        }
        for (name, tree) in self.groups {
            let group = file.create_group(&name);
            file.add_group(tree.finished(group));
        }
        file.finish().map_err(|error| format!("cannot be written: {error}"))
    }
}

fn strings(all: Vec<String>) -> AttrValue {
    AttrValue::StringArray(all)
}

/// As Keras 2 does: lists of names, and arrays below them.
pub(super) fn legacy(spec: &Spec, leaves: &[Leaf], params: &[f32]) -> Result<Vec<u8>, String> {
    // The weights of each layer of the outermost model: those that are trained first.
    let mut layers: Vec<(String, [Vec<usize>; 2])> = vec![];
    for leaf in leaves {
        let name = layer(leaf);
        let at = layers.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            layers.push((name, [vec![], vec![]]));
            layers.len() - 1
        });
        for &weight in &leaf.weights {
            layers[at].1[usize::from(!spec.weights[weight].trainable)].push(weight);
        }
    }
    let mut tree = Tree::default();
    let all = layers.iter().map(|(name, _)| name.clone()).collect();
    tree.attributes.push(("layer_names".into(), strings(all)));
    tree.attributes.push(("backend".into(), AttrValue::String("keras-runtime".into())));
    tree.attributes.push(("keras_version".into(), AttrValue::String(KERAS.into())));
    for (name, weights) in layers {
        let mut names = vec![];
        for weight in weights.into_iter().flatten() {
            let weight = &spec.weights[weight];
            let own = format!("{}:0", weight.name);
            tree.array(&format!("{name}/{own}"), weight.shape, Numbers::Floats(init::read(weight, params)));
            names.push(own);
        }
        tree.at(&name).attributes.push(("weight_names".into(), strings(names)));
    }
    tree.bytes()
}

/// The name of the layer of the outermost model that `leaf` belongs to; parts of blocks are such.
fn layer(leaf: &Leaf) -> String {
    let depth = leaf.classes.iter().position(|class| !class.is_empty()).unwrap_or(0);
    leaf.names[..=depth].join("_")
}

/// As Keras 3 does: a group for each layer, by class and number.
pub(super) fn weights(
    spec: &Spec,
    mut leaves: Vec<Leaf>,
    params: &[f32],
    description: &Description,
) -> Result<Tree, String> {
    // Keras counts layers in its own order.
    leaves.sort_by_cached_key(|leaf| place(leaf, description));
    let mut numbers: HashMap<(String, String), usize> = HashMap::new();
    let mut groups: HashMap<Vec<String>, String> = HashMap::new();
    let mut taken = HashSet::new();
    let mut tree = Tree::default();
    for leaf in &leaves {
        let mut path = String::from("layers");
        let known = leaf.classes.iter().enumerate().filter(|(_, class)| !class.is_empty());
        for (depth, class) in known {
            let key = leaf.names[..=depth].to_vec();
            let outer = leaf.classes[..depth].iter().rposition(|class| !class.is_empty());
            let around = outer.map(|outer| &leaf.classes[outer]).filter(|class| *class != MODEL);
            let is_chain = around.is_some_and(|class| class == "time_distributed")
                && outer.is_some_and(|outer| {
                    let name = leaf.names[..=outer].join("/");
                    description.models.iter().any(|(known, _)| *known == name)
                });
            path = match groups.get(&key) {
                Some(path) => path.clone(),
                None => {
                    let is_model = class == MODEL;
                    let class = if is_model { model_class(&key, description)? } else { class };
                    let around = around.filter(|_| !is_chain);
                    let part = part(class, &leaf.names[depth], around, &path, &mut numbers);
                    // The model that a chain is in Keras.
                    let part = if is_chain { format!("layer/layers/{part}") } else { part };
                    let mut path = format!("{path}/{part}");
                    tree.name(&format!("{path}/vars"), &leaf.names[depth]);
                    if is_model {
                        path.push_str("/layers");
                    }
                    groups.insert(key, path.clone());
                    path
                }
            };
        }
        let recurrent = matches!(
            leaf.classes.last().map(String::as_str),
            Some("lstm" | "gru" | "simple_rnn" | "conv_lstm1d" | "conv_lstm2d" | "conv_lstm3d")
        );
        if !taken.insert(path.clone()) {
            return Err(format!(
                "cannot be written: several layers are within that of `{}`, and how Python has put them together is not \
                 known; write `.h5` instead",
                leaf.label()
            ));
        }
        let cell = if recurrent { "/cell" } else { "" };
        if let (true, Some(class)) = (recurrent, leaf.classes.last()) {
            tree.name(&format!("{path}/cell/vars"), &format!("{class}_cell"));
        }
        // This one holds the kernel of the layer in it once more.
        let spectral = leaf.classes.last().is_some_and(|class| class == "spectral_normalization");
        let inner = leaves.iter().find(|other| spectral && other.names.starts_with(&leaf.names));
        let all = inner.map(|inner| inner.weights[0]).into_iter().chain(leaf.weights.iter().copied());
        for (i, weight) in all.enumerate() {
            let weight = &spec.weights[weight];
            tree.array(
                &format!("{path}{cell}/vars/{i}"),
                weight.shape,
                Numbers::Floats(init::read(weight, params)),
            );
        }
    }
    Ok(tree)
}

/// Where a layer comes in Keras's order.
pub(super) fn place(leaf: &Leaf, description: &Description) -> usize {
    let label = leaf.label();
    let is_in =
        |layer: &str| label.strip_prefix(layer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    description.order.iter().position(|layer| is_in(layer)).unwrap_or(usize::MAX)
}

/// What Keras calls the class of the model within the model that has these names.
fn model_class(names: &[String], description: &Description) -> Result<&'static str, String> {
    let name = names.join("/");
    let known = description.models.iter().find(|(known, _)| *known == name);
    known.map(|(_, class)| *class).ok_or_else(|| {
        format!("cannot be written: `{name}` is a cell of your own, which Keras has not; write `.h5` instead")
    })
}

/// The name of a group: for a part that has a place in its layer that, else class and number.
fn part(
    class: &str,
    name: &str,
    around: Option<&String>,
    path: &str,
    numbers: &mut HashMap<(String, String), usize>,
) -> String {
    let own = match (around.map(String::as_str), name) {
        (Some("bidirectional"), name) if name.starts_with("forward_") => Some("forward_layer"),
        (Some("bidirectional"), name) if name.starts_with("backward_") => Some("backward_layer"),
        (Some("time_distributed" | "spectral_normalization"), _) => Some("layer"),
        (Some("rnn"), _) => Some("cell"),
        (Some("group_query_attention"), "query") => Some("_query_dense"),
        (Some("group_query_attention"), "key") => Some("_key_dense"),
        (Some("group_query_attention"), "value") => Some("_value_dense"),
        (Some("group_query_attention"), "attention_output") => Some("_output_dense"),
        (Some(_), "query") => Some("query_dense"),
        (Some(_), "gate") => Some("gate_dense"),
        (Some(_), "key") => Some("key_dense"),
        (Some(_), "value") => Some("value_dense"),
        (Some(_), "attention_output") => Some("output_dense"),
        _ => None,
    };
    if let Some(own) = own {
        return own.to_string();
    }
    let among = if around.is_some_and(|around| around == "stacked_rnn_cells") { "cells/" } else { "" };
    let class = match numbered(class).0 {
        // The one class whose name is not that of its layer.
        "group_query_attention" => "grouped_query_attention".to_string(),
        class => class.to_string(),
    };
    let number = numbers.entry((path.to_string(), class.clone())).or_default();
    let text = if *number == 0 { format!("{among}{class}") } else { format!("{among}{class}_{number}") };
    *number += 1;
    text
}
