//! Files of weights.

pub(crate) mod checkpoint;
mod course;
pub(crate) mod json;
#[cfg(feature = "keras-files")]
mod keras;
pub mod safetensors;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::compiled::{Description, Spec};
use crate::error::{Error, Result};
use crate::model::{Model, Network};

/// Writes every weight: in Keras's way where the name ends as its files do, else as safetensors.
///
/// `describe` is asked where a file tells the model's layers.
pub(crate) fn save(spec: &Spec, params: &[f32], describe: Describe, path: &Path) -> Result<()> {
    match Kind::of(path) {
        #[cfg(feature = "keras-files")]
        Some(kind) => write_whole(path, &keras::encoded(spec, params, &describe(), kind, path)?),
        #[cfg(not(feature = "keras-files"))]
        Some(_) => {
            let _ = describe;
            Err(without_feature(path))
        }
        None => safetensors::save(spec, params, path),
    }
}

/// Gives what Keras would say of a model.
pub(crate) type Describe = fn() -> Description;

/// That of `M`, where it can be of use: a program that writes no files of Keras does not have it in it.
pub(crate) fn describe<M: Model>() -> Describe {
    if cfg!(feature = "keras-files") { M::description } else { || Description::NONE }
}

/// Reads every weight: all of them, or none.
pub(crate) fn load(network: &mut Network, path: &Path) -> Result<()> {
    let (bytes, file) = safetensors::bytes_of(path)?;
    match Kind::of(path) {
        #[cfg(feature = "keras-files")]
        Some(_) => {
            let spec = network.spec();
            let values = keras::decoded(spec, bytes, &file)?;
            for (weight, values) in spec.weights.iter().zip(&values) {
                crate::init::write(weight, values, network.params_mut());
            }
            Ok(())
        }
        #[cfg(not(feature = "keras-files"))]
        Some(_) => Err(without_feature(path)),
        None => safetensors::read(network, &bytes, &file),
    }
}

/// Whether a file of this name holds nothing but weights.
pub(crate) fn is_weights_alone(path: &Path) -> bool {
    Kind::of(path) == Some(Kind::Legacy)
}

/// The files of Keras in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Keras 3's weights.
    Weights,
    /// Keras 3's whole models.
    Archive,
    /// Keras 2's, weights or whole models.
    Legacy,
}

impl Kind {
    /// By the end of the name.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let ends = [
            (".weights.h5", Kind::Weights),
            (".keras", Kind::Archive),
            (".h5", Kind::Legacy),
            (".hdf5", Kind::Legacy),
        ];
        ends.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, kind)| kind)
    }
}

#[cfg(not(feature = "keras-files"))]
fn without_feature(path: &Path) -> Error {
    Error::Format {
        file: path.display().to_string(),
        problem: "is a file of Keras: compile keras-runtime with its feature `keras-files`".into(),
    }
}

/// Writes `bytes` to `path`, whole or not at all: beside it first, then renamed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    // Two threads that write one file would have the same file beside it.
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_several_threads_write_is_one_of_theirs() {
        let path = std::env::temp_dir().join(format!("keras-written-{}", std::process::id()));
        std::thread::scope(|scope| {
            for writer in 0..4u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write_whole(path, &vec![writer; 1000 * (1 + usize::from(writer))]).unwrap();
                    }
                });
            }
        });
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(bytes, vec![bytes[0]; 1000 * (1 + usize::from(bytes[0]))]);
    }
}
