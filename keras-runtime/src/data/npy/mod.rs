//! Arrays in the files of NumPy. Those of `.npy` files can stay on the disk: they are as large as the disk is.

mod array;
pub(crate) mod header;
#[cfg(feature = "datasets")]
mod npz;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

pub use array::{read_npy, write_npy};
use header::Header;
use ndarray::ArrayD;
#[cfg(feature = "datasets")]
pub use npz::Npz;

use super::Kind;
use super::samples::{Sample, Samples, array};
use crate::error::{Error, Result};

/// An array of a `.npy` file, of which a row is read when it is asked for.
///
/// Rows are read where they lie, with the system's cache of the file as the only copy in memory; a file that is cut
/// meanwhile is an error, not a crash, as it would be if the file were mapped into memory.
///
/// ```no_run
/// use keras_runtime::prelude::*;
/// use keras_runtime::data::Npy;
/// let images = Npy::open("images.npy")?;
/// let labels = Npy::open("labels.npy")?;
/// let dataset = Dataset::new(images.with_targets(labels)?)?.shuffle(1).batch(64).prefetch(2, 8);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Npy {
    file: Place,
    path: PathBuf,
    shape: Vec<usize>,
    kind: Kind,
    /// Where the elements begin.
    start: u64,
}

/// Where the rows are.
#[derive(Debug)]
enum Place {
    File(File),
    #[cfg(feature = "mmap")]
    Map(memmap2::Mmap),
}

impl Place {
    fn read(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        match self {
            Place::File(file) => read_exact_at(file, bytes, at),
            #[cfg(feature = "mmap")]
            Place::Map(map) => {
                let start = usize::try_from(at).ok();
                let part = start.and_then(|start| map.get(start..start.checked_add(bytes.len())?));
                bytes.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

impl Kind {
    /// Little-endian elements as words of a model.
    fn words(self, bytes: &[u8]) -> Vec<f32> {
        fn read<const N: usize>(bytes: &[u8], word: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|bytes| word(*bytes)).collect()
        }
        match self {
            Kind::F32 => read(bytes, f32::from_le_bytes),
            Kind::F64 => read(bytes, |word| f64::from_le_bytes(word) as f32),
            Kind::U8 => read(bytes, |[word]| f32::from(word)),
            Kind::Bool => read(bytes, |[word]| f32::from(u8::from(word != 0))),
            Kind::I8 => read(bytes, |word| f32::from(i8::from_le_bytes(word))),
            Kind::U16 => read(bytes, |word| f32::from(u16::from_le_bytes(word))),
            Kind::I16 => read(bytes, |word| f32::from(i16::from_le_bytes(word))),
            Kind::U32 => read(bytes, |word| u32::from_le_bytes(word) as f32),
            Kind::I32 => read(bytes, |word| i32::from_le_bytes(word) as f32),
            Kind::U64 => read(bytes, |word| u64::from_le_bytes(word) as f32),
            Kind::I64 => read(bytes, |word| i64::from_le_bytes(word) as f32),
        }
    }
}

impl Npy {
    /// Opens a file: its header is read, and its length compared with that.
    ///
    /// # Errors
    /// When it cannot be read, or is no array of numbers in row-major, little-endian order with at least one dimension.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::Io { action: "read", path: path.into(), source };
        let wrong = |problem: String| Error::Format { file: path.display().to_string(), problem };
        let mut file = File::open(path).map_err(failed)?;
        let (header, start) = Header::read(&mut file).map_err(wrong)?;
        let (kind, swapped) = header.kind().map_err(wrong)?;
        if swapped {
            return Err(wrong(
                "is not in little-endian order; save `x.astype(x.dtype.newbyteorder(\"<\"))`".into(),
            ));
        }
        if header.fortran {
            return Err(wrong("is not in row-major order; save `numpy.ascontiguousarray(x)`".into()));
        }
        if header.shape.is_empty() {
            return Err(wrong("has no rows: it is a single number".into()));
        }
        let (size, start) = (header.size(kind).map_err(wrong)? as u64, start as u64);
        let found = file.metadata().map_err(failed)?.len().saturating_sub(start);
        if found < size {
            return Err(wrong(format!("has {found} bytes of elements, too few for {:?}", header.shape)));
        }
        let shape = header.shape;
        Ok(Npy { file: Place::File(file), path: path.into(), shape, kind, start })
    }

    /// Opens a file as [`Npy::open`], and maps it into memory: a row is then read without a call of the system.
    ///
    /// ```no_run
    /// use keras_runtime::data::Npy;
    /// // SAFETY: nobody else knows this file.
    /// let images = unsafe { Npy::map("images.npy") }?;
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Safety
    /// Nobody changes or cuts the file while it is open. [`Npy::open`] asks for no such thing, and is as fast where rows are not
    /// tiny.
    ///
    /// # Errors
    /// As [`Npy::open`], and when the system cannot map the file.
    #[cfg(feature = "mmap")]
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self> {
        let mut npy = Self::open(path)?;
        if let Place::File(file) = &npy.file {
            // SAFETY: the caller's promise.
            let map = unsafe { memmap2::Mmap::map(file) };
            let failed = |source| Error::Io { action: "map", path: npy.path.clone(), source };
            npy.file = Place::Map(map.map_err(failed)?);
        }
        Ok(npy)
    }

    /// The shape; the first dimension counts the rows.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Reads row `index`.
    ///
    /// # Errors
    /// When there is no such row, or it cannot be read.
    pub fn row(&self, index: usize) -> Result<ArrayD<f32>> {
        let len = self.shape[1..].iter().product::<usize>() * self.kind.bytes();
        let mut bytes = vec![0; len];
        let at = self.start + index as u64 * len as u64;
        let read = match index < self.shape[0] {
            true => self.file.read(&mut bytes, at),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("there is no row {index}"))),
        };
        read.map_err(|source| Error::Io { action: "read", path: self.path.clone(), source })?;
        array(&self.shape[1..], self.kind.words(&bytes))
    }

    /// Samples with a row of this file as their input, and the same row of `targets` as their target.
    ///
    /// # Errors
    /// When the files have different numbers of rows.
    pub fn with_targets(self, targets: Npy) -> Result<impl Samples + 'static> {
        if targets.shape[0] != self.shape[0] {
            return Err(Error::Rows {
                what: targets.path.display().to_string(),
                found: targets.shape[0],
                other: self.path.display().to_string(),
                expected: self.shape[0],
            });
        }
        Ok(Pairs { x: self, y: targets })
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => (bytes, at) = (&mut bytes[read..], at + read as u64),
        }
    }
    Ok(())
}

/// Inputs alone, to predict.
impl Samples for Npy {
    fn len(&self) -> usize {
        self.shape[0]
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        Ok(Sample { x: vec![self.row(index)?], ..Sample::default() })
    }
}

#[derive(Debug)]
struct Pairs {
    x: Npy,
    y: Npy,
}

impl Samples for Pairs {
    fn len(&self) -> usize {
        self.x.shape[0]
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        Ok(Sample { x: vec![self.x.row(index)?], y: vec![self.y.row(index)?], ..Sample::default() })
    }
}
