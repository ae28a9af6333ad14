//! Weights as safetensors: a tensor for each, by name, with Keras's shape and order.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::write_whole;
use crate::error::{Error, Result};
use crate::init;
use crate::model::Network;

/// Writes every weight.
pub(crate) fn save(network: &Network, path: &Path) -> Result<()> {
    let spec = network.spec();
    let values: Vec<Vec<u8>> = spec
        .weights
        .iter()
        .map(|weight| init::read(weight, network.params()).iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let mut tensors = Vec::new();
    for (weight, bytes) in spec.weights.iter().zip(&values) {
        let view = TensorView::new(Dtype::F32, weight.shape.to_vec(), bytes)
            .map_err(|error| format_error(path.display(), error))?;
        tensors.push((weight.name, view));
    }
    let bytes = safetensors::serialize(tensors, None).map_err(|error| format_error(path.display(), error))?;
    write_whole(path, &bytes)
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

/// Reads every weight.
pub(crate) fn load(network: &mut Network, path: &Path) -> Result<()> {
    let (bytes, file) = bytes_of(path)?;
    read(network, &bytes, &file)
}

/// `network` with every weight from the bytes of a file called `file`.
pub(crate) fn read_into(mut network: Network, bytes: &[u8], file: &str) -> Result<Network> {
    read(&mut network, bytes, file)?;
    Ok(network)
}

/// Reads every weight from the bytes of a file called `file`: all of them, or none.
pub(crate) fn read(network: &mut Network, bytes: &[u8], file: &str) -> Result<()> {
    let spec = network.spec();
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| {
        format_error(file, format!("is not a whole safetensors file ({error}); write it again"))
    })?;
    let found: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
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
    for weight in spec.weights {
        let words = found[weight.name].data().chunks_exact(4);
        let values: Vec<f32> =
            words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        init::write(weight, &values, network.params_mut());
    }
    Ok(())
}
