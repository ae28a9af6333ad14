//! Which layer of a file is which of a model.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::leaves::{Leaf, MODEL, numbered, word};

/// Layers of the model, and their likes in the file, by index.
type Pairs = Vec<(usize, usize)>;

/// For each layer of the model the one of the file; or what both are. `in_order`: the file knows the order of all layers.
pub(super) fn pairs(ours: &[Leaf], file: &[Leaf], in_order: bool) -> Result<Pairs, String> {
    if ours.len() != file.len() {
        return Err(differences(ours, file, &named(ours, file)));
    }
    let unchained = unchained(file);
    let by_order = match in_order {
        true => (0..ours.len()).map(|i| (i, i)).collect(),
        false => by_class(ours, &unchained),
    };
    let ways = [by_name(ours, file, 0), by_name(ours, file, 1), by_name(ours, &unchained, 0), Some(by_order)];
    let ways: Vec<Pairs> = ways.into_iter().flatten().collect();
    let fit = |pairs: &Pairs| pairs.iter().filter(|pair| agree(ours, file, **pair)).count();
    match ways.iter().find(|pairs| fit(pairs) == ours.len()) {
        Some(pairs) => Ok(pairs.clone()),
        None => {
            // Of ways that are as good the first: names say most.
            let best = ways.iter().rev().max_by_key(|pairs| fit(pairs)).expect("there is one");
            Err(differences(ours, file, best))
        }
    }
}

/// Those that have the same name in both.
fn named(ours: &[Leaf], file: &[Leaf]) -> Pairs {
    let like = |leaf: &Leaf| {
        file.iter().position(|other| {
            other.word() == leaf.word() || around(other).is_some_and(|word| word == leaf.word())
        })
    };
    ours.iter().enumerate().filter_map(|(i, leaf)| Some((i, like(leaf)?))).collect()
}

/// The name of the layer around the cell of a recurrent one: that is no layer here, unless it was written as one.
fn around(leaf: &Leaf) -> Option<String> {
    let (last, names) = leaf.names.split_last()?;
    let is_cell = numbered(last).0.ends_with("_cell") && !names.is_empty();
    is_cell.then(|| word(names))
}

fn agree(ours: &[Leaf], file: &[Leaf], (own, other): (usize, usize)) -> bool {
    ours[own].shapes == file[other].shapes
}

/// The same without names of the models that chains in wrappers are in Keras: they are chains of layers here.
fn unchained(file: &[Leaf]) -> Vec<Leaf> {
    let mut leaves = file.to_vec();
    for leaf in &mut leaves {
        let chain =
            leaf.classes.windows(2).position(|pair| pair[0] == "time_distributed" && pair[1] == MODEL);
        if let Some(at) = chain {
            leaf.names.remove(at + 1);
            leaf.classes.remove(at + 1);
        }
    }
    leaves
}

/// Every layer has its like, after the first `drop` parts of our names.
fn by_name(ours: &[Leaf], file: &[Leaf], drop: usize) -> Option<Pairs> {
    let mut own: HashMap<String, usize> = HashMap::new();
    for (i, leaf) in ours.iter().enumerate() {
        let names = leaf.names.get(drop..).filter(|names| !names.is_empty())?;
        if own.insert(word(names), i).is_some() {
            return None;
        }
    }
    let found = file.iter().enumerate().map(|(other, leaf)| {
        let found = own.remove(&leaf.word()).or_else(|| own.remove(&around(leaf)?));
        found.map(|own| (own, other))
    });
    found.collect()
}

/// In the order of both within each class: a file of Keras 3 has its layers by class and number.
fn by_class(ours: &[Leaf], file: &[Leaf]) -> Pairs {
    let (ours, file) = (sorted(ours, false), sorted(file, true));
    ours.into_iter().zip(file).collect()
}

/// Indices of `leaves` by the classes of what they are in, then in order: that of the list, or, `by_number`, of the
/// numbers in the names of groups.
fn sorted(leaves: &[Leaf], by_number: bool) -> Vec<usize> {
    // Where a layer around others was met first says when it comes.
    let mut first: HashMap<Vec<String>, usize> = HashMap::new();
    for (i, leaf) in leaves.iter().enumerate() {
        for depth in 1..=leaf.names.len() {
            first.entry(leaf.names[..depth].to_vec()).or_insert(i);
        }
    }
    let mut within: HashMap<&[String], usize> = HashMap::new();
    for leaf in leaves {
        (1..=leaf.names.len()).for_each(|depth| *within.entry(&leaf.names[..depth]).or_default() += 1);
    }
    let key = |i: usize| -> Vec<(String, usize, usize)> {
        let leaf = &leaves[i];
        // Whatever is in these is there once, unless it is a chain.
        let single = |(at, class): (usize, &String)| {
            matches!(class.as_str(), "time_distributed" | "spectral_normalization")
                && within[&leaf.names[..=at]] == 1
        };
        let depth = leaf.classes.iter().enumerate().position(single).map_or(leaf.classes.len(), |at| at + 1);
        let parts = leaf.classes[..depth].iter().enumerate().filter(|(_, class)| !class.is_empty());
        let parts = parts.map(|(depth, class)| {
            let met = first[&leaf.names[..=depth]];
            let number = match by_number {
                true => leaf.paths.first().map_or(0, |path| number_at(path, depth)),
                false => 0,
            };
            (role(class), number, met)
        });
        parts.collect()
    };
    let mut order: Vec<usize> = (0..leaves.len()).collect();
    order.sort_by_key(|&i| key(i));
    order
}

/// The class of a part, such that parts with places of their own come in order.
fn role(class: &str) -> String {
    let places = ["forward", "backward", "query", "key", "gate", "value", "attention_output"];
    let at = places.iter().position(|place| class == *place);
    at.map_or_else(|| class.to_string(), |at| at.to_string())
}

/// The number of the layer at `depth` in a file's path: 2 in `layers/dense_2/vars/0`. What is in a wrapper is there by no number.
fn number_at(path: &str, depth: usize) -> usize {
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "layers" | "cells" | "layer"));
    parts.nth(depth).map_or(0, |part| numbered(part).1)
}

/// What does not fit, where `pairs` are as alike as any.
fn differences(ours: &[Leaf], file: &[Leaf], pairs: &[(usize, usize)]) -> String {
    let shapes = |leaf: &Leaf| {
        let all: Vec<String> = leaf.shapes.iter().map(|shape| format!("{shape:?}")).collect();
        format!("`{}` with {}", leaf.label(), all.join(", "))
    };
    let (mut text, mut fit) = (String::new(), 0);
    for (i, leaf) in ours.iter().enumerate() {
        match pairs.iter().find(|(own, _)| *own == i) {
            Some(&pair) if agree(ours, file, pair) => fit += 1,
            Some(&(_, other)) => {
                let _ = writeln!(text, "  expected {}: found {}", shapes(leaf), shapes(&file[other]));
            }
            None => {
                let _ = writeln!(text, "  expected {}: found none of this name", shapes(leaf));
            }
        }
    }
    for (i, leaf) in file.iter().enumerate() {
        if !pairs.iter().any(|(_, other)| *other == i) {
            let _ = writeln!(text, "  found {}, and the model has no such layer", shapes(leaf));
        }
    }
    if fit > 0 {
        let _ = writeln!(text, "  and {fit} that fit");
    }
    text
}
