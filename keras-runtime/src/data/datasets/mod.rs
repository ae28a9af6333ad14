//! Data sets: found on the machine, or (with the feature `download`) fetched once.

#[cfg(feature = "download")]
mod download;
mod idx;
mod mnist;
mod npz;

use std::path::PathBuf;

pub use mnist::{Mnist, mnist};

use crate::error::{Error, Result};

/// Keras's folder: `$KERAS_HOME/datasets`, or `~/.keras/datasets`.
fn keras_folder() -> Option<PathBuf> {
    let home = std::env::var_os("KERAS_HOME").map(PathBuf::from);
    home.or_else(|| std::env::home_dir().map(|home| home.join(".keras"))).map(|home| home.join("datasets"))
}

/// Folders called `examples/data/NAME` or `data/NAME` in the package that runs, in the folder that it was started in, and
/// above.
fn project_folders(name: &str) -> Vec<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts = [package, std::env::current_dir().ok()];
    let mut folders: Vec<PathBuf> = Vec::new();
    for above in starts.iter().flatten().flat_map(|start| start.ancestors()) {
        for place in ["examples/data", "data"] {
            let folder = above.join(place).join(name);
            if folder.is_dir() && !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}

fn read(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.to_path_buf(), source })
}

fn format_error(path: &std::path::Path, problem: impl ToString) -> Error {
    Error::Format { file: path.display().to_string(), problem: problem.to_string() }
}
