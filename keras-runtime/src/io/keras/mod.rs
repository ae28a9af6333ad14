//! Files that Keras in Python writes and reads: `.weights.h5` and `.keras` of Keras 3, `.h5` of Keras 2 and 3.
//!
//! Weights are found by the names of their layers, as far as both sides name them alike; else in their order, where all
//! shapes agree. A file of another architecture is an error that tells both layer by layer.

mod archive;
mod leaves;
mod matching;
mod read;
pub(super) mod training;
mod write;

use std::path::Path;

use leaves::Leaf;
use read::Stored;

use super::Kind;
use crate::compiled::{Description, Spec};
use crate::error::{Error, Result};

/// The values of every weight of `spec`, in order, from a file called `file`.
pub(super) fn decoded(spec: &Spec, bytes: Vec<u8>, file: &str) -> Result<Vec<Vec<f32>>> {
    let stored = read::open(bytes, file)?;
    let ours = leaves::of_model(spec);
    values(spec, &ours, &stored, &paired(spec, &ours, &stored, file)?, file)
}

/// Which layer of the model is which of the file.
fn paired(spec: &Spec, ours: &[Leaf], stored: &Stored, file: &str) -> Result<Vec<(usize, usize)>> {
    matching::pairs(ours, &stored.leaves, stored.in_order).map_err(|differences| Error::Weights {
        file: file.into(),
        model: spec.name,
        differences,
    })
}

/// The values of every weight.
fn values(
    spec: &Spec,
    ours: &[Leaf],
    stored: &Stored,
    pairs: &[(usize, usize)],
    file: &str,
) -> Result<Vec<Vec<f32>>> {
    let mut values = vec![vec![]; spec.weights.len()];
    for &(own, other) in pairs {
        for (weight, path) in ours[own].weights.iter().zip(&stored.leaves[other].paths) {
            values[*weight] = stored.values(path, file)?;
        }
    }
    Ok(values)
}

/// A file of `params`.
pub(super) fn encoded(
    spec: &Spec,
    params: &[f32],
    description: &Description,
    kind: Kind,
    path: &Path,
) -> Result<Vec<u8>> {
    let leaves = leaves::of_model(spec);
    let problem = |problem: String| Error::Format { file: path.display().to_string(), problem };
    match kind {
        Kind::Legacy => write::legacy(spec, &leaves, params),
        Kind::Weights => write::weights(spec, leaves, params, description).and_then(write::Tree::bytes),
        Kind::Archive => archive::config(spec, description).and_then(|config| {
            archive::archive(&config, &write::weights(spec, leaves, params, description)?.bytes()?)
        }),
    }
    .map_err(problem)
}
