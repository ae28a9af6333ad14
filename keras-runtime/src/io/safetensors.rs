//! Weights as safetensors: a tensor for each, by name, with Keras's shape and order.

mod format;

use std::fmt::Write as _;
use std::path::Path;

use super::checkpoint::{CALLBACK, OPTIMIZER, STATES};
use super::write_whole;
use crate::compiled::{Spec, WeightSpec};
use crate::error::{Error, Result};
use crate::init;
use crate::model::Network;
pub(crate) use format::{Encoded, Metadata, Tensors, View, written};

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

/// Writes every weight.
pub(crate) fn save(spec: &Spec, params: &[f32], path: &Path) -> Result<()> {
    write_whole(path, &written(encoded(spec.weights.iter(), params, ""), &Metadata::new()))
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
    let tensors = tensors(bytes, file)?;
    let values = found(spec, &tensors, file)?;
    for (weight, values) in spec.weights.iter().zip(values) {
        init::write_bytes(weight, values, network.params_mut());
    }
    Ok(())
}

/// The tensors of a file called `file`.
pub(crate) fn tensors<'a>(bytes: &'a [u8], file: &str) -> Result<Tensors<'a>> {
    Tensors::read(bytes).map_err(|problem| Error::Format {
        file: file.into(),
        problem: format!("is not a whole safetensors file ({problem}); write it again"),
    })
}

/// The values of every weight, in order, among the tensors of a file called `file`. An optimizer's state may stand beside them.
pub(crate) fn found<'a>(spec: &Spec, tensors: &Tensors<'a>, file: &str) -> Result<Vec<&'a [[u8; 4]]>> {
    let (mut values, mut differences) = (vec![], String::new());
    for weight in spec.weights {
        let view = tensors.views.get(weight.name);
        if let Some(elements) = view.and_then(|view| view.elements_of(weight.shape)) {
            values.push(elements);
            continue;
        }
        let _ = match view {
            None => writeln!(differences, "  {}: expected, and not there", weight.name),
            Some(View { dtype, shape, .. }) if *shape == weight.shape => {
                writeln!(differences, "  {}: expected F32, found {dtype}", weight.name)
            }
            Some(View { shape, .. }) => {
                writeln!(differences, "  {}: expected {:?}, found {shape:?}", weight.name, weight.shape)
            }
        };
    }
    for (name, View { shape, .. }) in &tensors.views {
        let beside = name.starts_with(OPTIMIZER) || name.starts_with(CALLBACK) || name == STATES;
        if !beside && !spec.weights.iter().any(|weight| weight.name == name) {
            let _ = writeln!(differences, "  {name}: found {shape:?}, and the model has no such weight");
        }
    }
    if differences.is_empty() {
        return Ok(values);
    }
    Err(Error::Weights { file: file.into(), model: spec.name, differences })
}
