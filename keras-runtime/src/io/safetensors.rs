//! Weights as safetensors: a tensor for each, by name, with Keras's shape and order.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::checkpoint::{CALLBACK, OPTIMIZER, STATES};
use super::write_whole;
use crate::compiled::{Spec, WeightSpec};
use crate::error::{Error, Result};
use crate::init;
use crate::model::Network;

/// A tensor on its way into a file: its name, shape and bytes.
pub(crate) type Encoded = (String, Vec<usize>, Vec<u8>);

/// The given weights as they lie in `words`, their names with `prefix` before them.
pub(crate) fn encoded<'a>(
    weights: impl Iterator<Item = &'a WeightSpec>,
    words: &[f32],
    prefix: &str,
) -> Vec<Encoded> {
    let encode = |weight: &WeightSpec| {
        let bytes = init::read(weight, words).iter().flat_map(|x| x.to_le_bytes()).collect();
        (format!("{prefix}{}", weight.name), weight.shape.to_vec(), bytes)
    };
    weights.map(encode).collect()
}

/// A file of `tensors`.
pub(crate) fn serialized(
    tensors: Vec<Encoded>,
    metadata: Option<HashMap<String, String>>,
    path: &Path,
) -> Result<Vec<u8>> {
    let mut views = Vec::new();
    for (name, shape, bytes) in &tensors {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes)
            .map_err(|error| format_error(path.display(), error))?;
        views.push((name, view));
    }
    safetensors::serialize(views, metadata).map_err(|error| format_error(path.display(), error))
}

/// Writes every weight.
pub(crate) fn save(spec: &Spec, params: &[f32], path: &Path) -> Result<()> {
    write_whole(path, &serialized(encoded(spec.weights.iter(), params, ""), None, path)?)
}

fn format_error(file: impl ToString, problem: impl ToString) -> Error {
    Error::Format { file: file.to_string(), problem: problem.to_string() }
}

/// The bytes of a file, and its name for messages.
pub(crate) fn bytes_of(path: &Path) -> Result<(Vec<u8>, String)> {
    match std::fs::read(path) {
        Ok(bytes) => Ok((bytes, path.display().to_string())),
        Err(source) => Err(Error::Io { action: "read", path: path.to_path_buf(), source }),
    }
}

/// `network` with every weight from the bytes of a file called `file`.
pub(crate) fn read_into(mut network: Network, bytes: &[u8], file: &str) -> Result<Network> {
    read(&mut network, bytes, file)?;
    Ok(network)
}

/// Reads every weight from the bytes of a file called `file`: all of them, or none.
pub(crate) fn read(network: &mut Network, bytes: &[u8], file: &str) -> Result<()> {
    let spec = network.spec();
    let values = decoded(spec, bytes, file)?;
    for (weight, values) in spec.weights.iter().zip(&values) {
        init::write(weight, values, network.params_mut());
    }
    Ok(())
}

/// The tensors of a file called `file`.
pub(crate) fn tensors<'a>(bytes: &'a [u8], file: &str) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(bytes).map_err(|error| {
        format_error(file, format!("is not a whole safetensors file ({error}); write it again"))
    })
}

/// The elements of a tensor.
pub(crate) fn words(view: &TensorView<'_>) -> Vec<f32> {
    let words = view.data().chunks_exact(4);
    words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// The values of every weight, in order, from the bytes of a file called `file`. An optimizer's state may stand beside them.
pub(crate) fn decoded(spec: &Spec, bytes: &[u8], file: &str) -> Result<Vec<Vec<f32>>> {
    let tensors = tensors(bytes, file)?;
    let found: BTreeMap<String, TensorView<'_>> = tensors
        .tensors()
        .into_iter()
        .filter(|(name, _)| !name.starts_with(OPTIMIZER) && !name.starts_with(CALLBACK) && name != STATES)
        .collect();
    let mut differences = String::new();
    for weight in spec.weights {
        let wrong = match found.get(weight.name) {
            None => Some("expected, and not there".to_string()),
            Some(view) if view.shape() != weight.shape => {
                Some(format!("expected {:?}, found {:?}", weight.shape, view.shape()))
            }
            Some(view) if view.dtype() != Dtype::F32 => {
                Some(format!("expected F32, found {:?}", view.dtype()))
            }
            Some(_) => None,
        };
        if let Some(wrong) = wrong {
            let _ = writeln!(differences, "  {}: {wrong}", weight.name);
        }
    }
    for (name, view) in &found {
        if !spec.weights.iter().any(|weight| weight.name == name) {
            let _ =
                writeln!(differences, "  {name}: found {:?}, and the model has no such weight", view.shape());
        }
    }
    if !differences.is_empty() {
        return Err(Error::Weights { file: file.into(), model: spec.name, differences });
    }
    Ok(spec.weights.iter().map(|weight| words(&found[weight.name])).collect())
}
