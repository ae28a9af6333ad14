//! Fetching a file once, with its checksum.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::io::write_whole;

/// No data set is larger.
const MOST: u64 = 1 << 30;

/// Fetches `url` to `path`, if its content has the checksum.
pub(super) fn fetch(url: &str, sha256: &str, path: &Path) -> Result<PathBuf> {
    let problem = |problem: String| Error::Download {
        url: url.into(),
        problem: format!("{problem}; the file can be put by hand at {}", path.display()),
    };
    let mut response = ureq::get(url).call().map_err(|error| problem(error.to_string()))?;
    let mut bytes = Vec::new();
    response
        .body_mut()
        .as_reader()
        .take(MOST)
        .read_to_end(&mut bytes)
        .map_err(|error| problem(error.to_string()))?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != sha256 {
        return Err(problem(format!("the file has the checksum {found}, expected {sha256}")));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| Error::Io {
            action: "create",
            path: folder.to_path_buf(),
            source,
        })?;
    }
    write_whole(path, &bytes)?;
    Ok(path.to_path_buf())
}
