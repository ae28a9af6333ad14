//! Writing: a whole model, for `keras.models.load_model`.

use std::io::{Cursor, Write as _};

use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::compiled::{Description, Piece, Spec};

/// The version of Keras that is told as the one that wrote it.
pub(super) const KERAS: &str = "3.15.1";

/// What Keras says of the model.
pub(super) fn config(spec: &Spec, description: &Description) -> Result<String, String> {
    if let Some(problem) = description.problem {
        return Err(format!(
            "cannot be written, for Keras has no layer for all of `{}`: {problem}; write `.weights.h5`, and load it into a \
             model in Python",
            spec.name
        ));
    }
    let mut config = String::new();
    for piece in description.config {
        match piece {
            Piece::Text(text) => config.push_str(text),
            Piece::Number(number) => config.push_str(&format!("{number:?}")),
            Piece::Size(size) => config.push_str(&size.to_string()),
        }
    }
    Ok(config)
}

/// The same of a model that is compiled with `training`.
pub(super) fn compiled(config: &str, training: Value) -> Result<String, String> {
    let mut config: Value =
        serde_json::from_str(config).map_err(|error| format!("cannot be written: {error}"))?;
    config["compile_config"] = training;
    Ok(config.to_string())
}

/// An archive of a model's description and its weights.
pub(super) fn archive(config: &str, weights: &[u8]) -> Result<Vec<u8>, String> {
    // The same model makes the same bytes at any time.
    let metadata = format!("{{\"keras_version\": \"{KERAS}\", \"date_saved\": \"1980-01-01@00:00:00\"}}");
    let parts: [(&str, &[u8]); 3] = [
        ("metadata.json", metadata.as_bytes()),
        ("config.json", config.as_bytes()),
        ("model.weights.h5", weights),
    ];
    let mut archive = ZipWriter::new(Cursor::new(vec![]));
    // Keras does not compress it.
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let written = parts.iter().try_for_each(|(name, bytes)| {
        archive.start_file(*name, options)?;
        archive.write_all(bytes)?;
        Ok::<(), zip::result::ZipError>(())
    });
    let finished = written.and_then(|()| archive.finish());
    finished.map(Cursor::into_inner).map_err(|error| format!("cannot be written: {error}"))
}
