//! Files of weights.

pub(crate) mod checkpoint;
pub mod safetensors;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

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
