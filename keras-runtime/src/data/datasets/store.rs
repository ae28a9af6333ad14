//! Where the files of data sets are.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// No file of a data set is larger when it is unpacked: what claims to be is not read.
pub(super) const MOST: u64 = 1 << 30;

/// The most bytes of a pickle in a compressed file of `len` bytes: those of data sets are hardly smaller when compressed, and values
/// take many times the memory that their instructions do.
pub(super) fn most_of_pickle(len: u64) -> u64 {
    (len.saturating_mul(16) + (1 << 16)).min(MOST)
}

/// Where most of Keras's files come from.
pub(super) const KERAS: &str = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/";

/// Folders that hold the files of data sets.
///
/// ```no_run
/// # use keras_runtime::prelude::*;
/// // `/data/keras/mnist.npz`, or the four files of MNIST in `/data/keras/mnist`.
/// let mnist = datasets::Store::at("/data/keras").mnist()?;
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Store {
    folder: Option<PathBuf>,
}

/// A file that can be fetched.
pub(super) struct Remote {
    /// Name of the data set.
    pub set: &'static str,
    /// Folder within Keras's, or nothing.
    pub folder: &'static str,
    /// Name of the file.
    pub file: &'static str,
    /// Where it is.
    pub url: String,
    /// SHA-256 or MD5 of its bytes, where Keras has one.
    #[cfg_attr(not(feature = "download"), allow(dead_code))]
    pub hash: Option<&'static str>,
}

impl Store {
    /// A folder that is Keras's in all but its place: files lie in it, or in a folder with the name of the data set. What is
    /// fetched is kept there.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Store { folder: Some(folder.into()) }
    }

    /// The folder that files are kept in: `$KERAS_HOME/datasets`, or `~/.keras/datasets`.
    pub(super) fn home(&self) -> Option<PathBuf> {
        let keras = || {
            let home = std::env::var_os("KERAS_HOME").map(PathBuf::from);
            home.or_else(|| std::env::home_dir().map(|home| home.join(".keras")))
                .map(|home| home.join("datasets"))
        };
        self.folder.clone().or_else(keras)
    }

    /// Folders that a data set's files may be in, first those that are the data set's alone.
    pub(super) fn folders(&self, set: &str) -> Vec<PathBuf> {
        let mut folders = if self.folder.is_none() { project_folders(set) } else { vec![] };
        if let Some(home) = self.home() {
            folders.extend([home.join(set), home]);
        }
        folders
    }

    /// The first of some files that is there.
    pub(super) fn find(&self, set: &str, files: &[&str]) -> Option<PathBuf> {
        let paths =
            self.folders(set).into_iter().flat_map(|folder| files.iter().map(move |f| folder.join(f)));
        paths.into_iter().find(|path| path.is_file())
    }

    /// A file under the name that Keras gives it or another, or fetched.
    pub(super) fn obtain(&self, remote: &Remote, others: &[&str]) -> Result<PathBuf> {
        let names = [&[remote.file], others].concat();
        match self.find(remote.set, &names) {
            Some(path) => Ok(path),
            None => self.fetch(remote),
        }
    }

    #[cfg(feature = "download")]
    pub(super) fn fetch(&self, remote: &Remote) -> Result<PathBuf> {
        let folder = self.home().ok_or_else(|| Error::Download {
            url: remote.url.clone(),
            problem: "there is no home folder to keep it in; set KERAS_HOME".into(),
        })?;
        let path = folder.join(remote.folder).join(remote.file);
        if path.is_file() {
            return Ok(path);
        }
        super::download::fetch(&remote.url, remote.hash, &path, true)
    }

    #[cfg(not(feature = "download"))]
    pub(super) fn fetch(&self, remote: &Remote) -> Result<PathBuf> {
        let place = self.home().map(|home| home.join(remote.folder).join(remote.file));
        let place = place.map_or("there".into(), |place| format!("at {}", place.display()));
        Err(self.missing(
            remote.set,
            format!("put {} {place}, or turn the feature `download` of keras-runtime on", remote.url),
        ))
    }

    /// The error of a data set that is nowhere.
    pub(super) fn missing(&self, name: &'static str, help: String) -> Error {
        let folders = self.folders(name);
        let searched = folders.iter().map(|folder| format!("  {}\n", folder.display())).collect();
        Error::Missing { name, searched, help }
    }
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

/// The bytes of a file, unpacked if it is gzipped.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..])
        .take(MOST)
        .read_to_end(&mut plain)
        .map_err(|error| format_error(path, format!("is no whole gzip file ({error})")))?;
    Ok(plain)
}

/// The text of a file, unpacked if it is gzipped.
pub(super) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|error| format_error(path, format!("is no text: {error}")))
}

pub(super) fn format_error(path: &Path, problem: impl ToString) -> Error {
    Error::Format { file: path.display().to_string(), problem: problem.to_string() }
}
