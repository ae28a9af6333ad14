//! Files of weights.

pub(crate) mod checkpoint;
#[cfg(feature = "keras-files")]
mod keras;
pub mod safetensors;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::compiled::Spec;
use crate::error::{Error, Result};
use crate::model::Network;

/// Writes every weight: in Keras's way where the name ends as its files do, else as safetensors.
pub(crate) fn save(spec: &Spec, params: &[f32], path: &Path) -> Result<()> {
    #[cfg(feature = "keras-files")]
    if let Some(kind) = keras::Kind::of(path) {
        return write_whole(path, &keras::encoded(spec, params, kind, path)?);
    }
    expect_no_keras(path)?;
    safetensors::save(spec, params, path)
}

/// Reads every weight: all of them, or none.
pub(crate) fn load(network: &mut Network, path: &Path) -> Result<()> {
    let (bytes, file) = safetensors::bytes_of(path)?;
    read(network, bytes, &file, path)
}

/// The same, from the bytes of a file that is called `file` in messages.
fn read(network: &mut Network, bytes: Vec<u8>, file: &str, path: &Path) -> Result<()> {
    #[cfg(feature = "keras-files")]
    if keras::Kind::of(path).is_some() {
        let spec = network.spec();
        let values = keras::decoded(spec, bytes, file)?;
        for (weight, values) in spec.weights.iter().zip(&values) {
            crate::init::write(weight, values, network.params_mut());
        }
        return Ok(());
    }
    expect_no_keras(path)?;
    safetensors::read(network, &bytes, file)
}

/// Without the feature a file of Keras is an error.
fn expect_no_keras(path: &Path) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if cfg!(not(feature = "keras-files")) && [".h5", ".hdf5", ".keras"].iter().any(|end| name.ends_with(end))
    {
        return Err(Error::Format {
            file: path.display().to_string(),
            problem: "is a file of Keras: compile keras-runtime with its feature `keras-files`".into(),
        });
    }
    Ok(())
}

/// Writes `bytes` to `path`, whole or not at all: beside it first, then renamed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside: PathBuf = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&beside, path));
    #[cfg(unix)]
    if renamed.is_ok() {
        // The new name too is on the disk before anything else happens, where the file system lets one ask for that.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    renamed.map_err(|source| {
        // What was written so far helps nobody.
        let _ = fs::remove_file(&beside);
        Error::Io { action: "write", path: path.to_path_buf(), source }
    })
}
