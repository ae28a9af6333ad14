//! Whether a file is of such a training, as far as it tells.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::leaves::{Leaf, numbered};
use super::super::read::Stored;
use super::super::write;
use super::variables::{Place, dynamic};
use crate::compiled::Description;
use crate::optim::Optimizer;

/// Keras's optimizers, as they are called in files unless somebody has named them.
const NAMES: &[&str] = &[
    "sgd",
    "rmsprop",
    "adam",
    "adamw",
    "adamax",
    "nadam",
    "adadelta",
    "adagrad",
    "ftrl",
    "lion",
    "lamb",
    "adafactor",
    "muon",
    "schedule_free_adam_w",
    "loss_scale_optimizer",
];

/// Whether the file is of this optimizer, as far as it tells.
pub(super) fn check_class(
    optimizer: &dyn Optimizer,
    config: Option<&Value>,
    name: &str,
) -> std::result::Result<(), String> {
    let other = |found: &str| {
        let within = if dynamic(optimizer).is_some() { " with a `loss_scale`" } else { "" };
        Err(format!(
            "is of a training with the optimizer `{found}`, and this one has `{}`{within}; `load_weights` reads the weights \
             alone",
            optimizer.name()
        ))
    };
    let same = |one: &str, other: &str| {
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        plain(one) == plain(other)
    };
    let class = |config: &Value| {
        let class = config.as_str().or_else(|| config["class_name"].as_str());
        class.unwrap_or("of no name").to_string()
    };
    let Some(config) = config else {
        // A name that somebody has given says nothing.
        let stem = numbered(name).0;
        let wanted = if dynamic(optimizer).is_some() { "loss_scale_optimizer" } else { optimizer.name() };
        return match NAMES.iter().any(|known| same(known, stem)) && !same(stem, wanted) {
            true => other(stem),
            false => Ok(()),
        };
    };
    let mut found = &config["compile_config"]["optimizer"];
    let scaled = same(&class(found), "LossScaleOptimizer");
    if scaled != dynamic(optimizer).is_some() {
        return other(&class(found));
    }
    if scaled {
        found = &found["config"]["inner_optimizer"];
    }
    let wanted =
        optimizer.config().map_or_else(|_| optimizer.name().to_string(), |config| config.class.to_string());
    if same(&class(found), &wanted) { Ok(()) } else { other(&class(found)) }
}

/// Whether the file has the variables that are expected.
pub(super) fn check_shapes(
    optimizer: &dyn Optimizer,
    places: &[Place],
    found: &[Vec<usize>],
) -> std::result::Result<(), String> {
    let name = optimizer.name();
    if places.len() != found.len() {
        let why = match (optimizer.is_scheduled(), found.len().abs_diff(places.len())) {
            (false, 1) if found.len() < places.len() => ", as with a schedule, which this training has not",
            (true, 1) if found.len() > places.len() => ", as without a schedule, which this training has",
            _ => "",
        };
        return Err(format!(
            "has another state of its optimizer: expected {} variables of `{name}` with these settings for {} weights, found \
             {}{why}; `load_weights` reads the weights alone",
            places.len(),
            places.iter().filter_map(Place::weight).map(|weight| weight.name).collect::<HashSet<_>>().len(),
            found.len()
        ));
    }
    let wrong = places.iter().zip(found).position(|(place, found)| place.shape() != *found);
    wrong.map_or(Ok(()), |i| {
        Err(format!(
            "has another state of its optimizer: expected variable {i} of `{name}` to be of {} and {:?}, found {:?}; \
             `load_weights` reads the weights alone",
            places[i].label(),
            places[i].shape(),
            found[i]
        ))
    })
}

/// Whether the layers of a file that counts them within each class come in our order, as far as that tells.
pub(super) fn check_order(
    ours: &[Leaf],
    stored: &Stored,
    pairs: &[(usize, usize)],
    description: &Description,
) -> std::result::Result<(), String> {
    let mut pairs = pairs.to_vec();
    pairs.sort_by_cached_key(|&(own, _)| (write::place(&ours[own], description), own));
    let mut last: HashMap<(&str, &str), usize> = HashMap::new();
    for (own, other) in pairs {
        let path = stored.leaves[other].paths.first().map_or("", String::as_str);
        for (at, _) in path.match_indices('/') {
            let (around, part) = path[..at].rsplit_once('/').unwrap_or(("", &path[..at]));
            let (stem, number) = numbered(part);
            let last = last.entry((around, stem)).or_default();
            if number < *last {
                return Err(format!(
                    "has its layers in another order, in which `{}` comes first, and so its optimizer's state: a `.keras` file \
                     tells the order",
                    ours[own].label()
                ));
            }
            *last = number;
        }
    }
    Ok(())
}
