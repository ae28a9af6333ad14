//! Files that Keras in Python writes and reads: `.weights.h5` and `.keras` of Keras 3, `.h5` of Keras 2 and 3.
//!
//! Weights are found by the names of their layers, as far as both sides name them alike; else in their order, where all
//! shapes agree. A file of another architecture is an error that tells both layer by layer.

mod archive;
mod leaves;
mod matching;
mod read;
mod write;

use std::path::Path;

use super::Kind;
use crate::compiled::{Description, Spec};
use crate::error::{Error, Result};

/// The values of every weight of `spec`, in order, from a file called `file`.
pub(super) fn decoded(spec: &Spec, bytes: Vec<u8>, file: &str) -> Result<Vec<Vec<f32>>> {
    let stored = read::open(bytes, file)?;
    let ours = leaves::of_model(spec);
    let pairs = matching::pairs(&ours, &stored.leaves, stored.in_order)
        .map_err(|differences| Error::Weights { file: file.into(), model: spec.name, differences })?;
    let mut values = vec![vec![]; spec.weights.len()];
    for (own, other) in pairs {
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
        Kind::Weights => write::weights(spec, leaves, params, description),
        Kind::Archive => archive::archive(spec, leaves, params, description),
    }
    .map_err(problem)
}
