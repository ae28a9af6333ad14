//! Archives of arrays: zip files of npy files, as `numpy.savez` writes them.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::array::{decode, encode};
use crate::data::Tensor;
use crate::error::{Error, Result};
use crate::io::write_whole;

/// An archive of arrays (`numpy.load` of an `.npz` file). An array is read when it is asked for.
///
/// ```
/// use keras_runtime::data::{IntoTensor, Npz};
/// # let path = std::env::temp_dir().join(format!("keras-doc-npz-{}.npz", std::process::id()));
/// let x = ndarray::array![[0.5f32, 1.5], [2.5, 3.5]];
/// Npz::write(&path, &[("x", (&x).into_tensor()), ("y", vec![1u8, 0].into_tensor())])?;
/// let archive = Npz::open(&path)?;
/// assert_eq!(archive.names(), ["x", "y"]);
/// assert_eq!(archive.get("x")?.to_array(), x.into_dyn());
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug)]
pub struct Npz {
    path: PathBuf,
    /// Bytes of the file.
    len: u64,
    names: Vec<String>,
    archive: Mutex<ZipArchive<BufReader<File>>>,
}

impl Npz {
    /// Opens an archive and reads its list of contents.
    ///
    /// # Errors
    /// When it cannot be read, or is no zip file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file =
            File::open(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
        let len = file.metadata().map_or(0, |metadata| metadata.len());
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| wrong(path, error))?;
        let names =
            archive.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_string()));
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(Npz { path: path.into(), len, names, archive: Mutex::new(archive) })
    }

    /// Names of the arrays, in alphabetical order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads an array.
    ///
    /// # Errors
    /// When there is none of that name, or it is no array of numbers.
    pub fn get(&self, name: &str) -> Result<Tensor<'static>> {
        self.read(name, |mut entry| decode(&mut entry))
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.len
    }

    /// What `work` makes of the npy file `name`.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut dyn Read) -> Result<T, String>,
    ) -> Result<T> {
        if !self.names.iter().any(|known| known == name) {
            let known = self.names.join(", ");
            return Err(Error::Unknown { kind: "array of the archive", name: name.into(), known });
        }
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = |problem: String| wrong(&self.path, format!("`{name}` {problem}"));
        let mut entry =
            archive.by_name(&format!("{name}.npy")).map_err(|error| problem(error.to_string()))?;
        work(&mut entry).map_err(problem)
    }

    /// Writes arrays as they are (`numpy.savez`).
    ///
    /// # Errors
    /// When the file cannot be written, or two arrays have one name.
    pub fn write(path: impl AsRef<Path>, arrays: &[(&str, Tensor<'_>)]) -> Result<()> {
        write(path.as_ref(), arrays, CompressionMethod::Stored)
    }

    /// Writes arrays in little space (`numpy.savez_compressed`).
    ///
    /// # Errors
    /// As [`Npz::write`].
    pub fn write_compressed(path: impl AsRef<Path>, arrays: &[(&str, Tensor<'_>)]) -> Result<()> {
        write(path.as_ref(), arrays, CompressionMethod::Deflated)
    }
}

fn wrong(path: &Path, problem: impl ToString) -> Error {
    Error::Format { file: path.display().to_string(), problem: problem.to_string() }
}

fn write(path: &Path, arrays: &[(&str, Tensor<'_>)], method: CompressionMethod) -> Result<()> {
    let mut archive = ZipWriter::new(Cursor::new(vec![]));
    for (name, tensor) in arrays {
        let bytes = encode(tensor);
        let large = bytes.len() >= u32::MAX as usize;
        let options = SimpleFileOptions::default().compression_method(method).large_file(large);
        archive.start_file(format!("{name}.npy"), options).map_err(|error| wrong(path, error))?;
        archive.write_all(&bytes).map_err(|error| wrong(path, error))?;
    }
    let bytes = archive.finish().map_err(|error| wrong(path, error))?;
    write_whole(path, &bytes.into_inner())
}
