//! Arrays of `.npy` files that stay on the disk: as large as the disk is.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ndarray::ArrayD;

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
    file: File,
    path: PathBuf,
    shape: Vec<usize>,
    kind: Kind,
    /// Where the elements begin.
    start: u64,
}

/// What the elements are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    F32,
    F64,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    I64,
}

impl Kind {
    fn of(descr: &str) -> Option<Self> {
        Some(match descr {
            "<f4" => Kind::F32,
            "<f8" => Kind::F64,
            "|u1" | "|b1" => Kind::U8,
            "|i1" => Kind::I8,
            "<u2" => Kind::U16,
            "<i2" => Kind::I16,
            "<u4" => Kind::U32,
            "<i4" => Kind::I32,
            "<i8" => Kind::I64,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 => 2,
            Kind::F32 | Kind::U32 | Kind::I32 => 4,
            Kind::F64 | Kind::I64 => 8,
        }
    }

    /// Little-endian elements as words of a model.
    fn words(self, bytes: &[u8]) -> Vec<f32> {
        fn read<const N: usize>(bytes: &[u8], word: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|bytes| word(*bytes)).collect()
        }
        match self {
            Kind::F32 => read(bytes, f32::from_le_bytes),
            Kind::F64 => read(bytes, |word| f64::from_le_bytes(word) as f32),
            Kind::U8 => read(bytes, |[word]| f32::from(word)),
            Kind::I8 => read(bytes, |word| f32::from(i8::from_le_bytes(word))),
            Kind::U16 => read(bytes, |word| f32::from(u16::from_le_bytes(word))),
            Kind::I16 => read(bytes, |word| f32::from(i16::from_le_bytes(word))),
            Kind::U32 => read(bytes, |word| u32::from_le_bytes(word) as f32),
            Kind::I32 => read(bytes, |word| i32::from_le_bytes(word) as f32),
            Kind::I64 => read(bytes, |word| i64::from_le_bytes(word) as f32),
        }
    }
}

/// The longest header that is read.
const MOST: usize = 1 << 16;

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
        let mut begin = [0; 12];
        file.read_exact(&mut begin[..10]).map_err(failed)?;
        let (start, len) = match begin {
            [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => {
                (10, usize::from(u16::from_le_bytes([a, b])))
            }
            [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, ..] => {
                file.read_exact(&mut begin[10..]).map_err(failed)?;
                (12, u32::from_le_bytes([begin[8], begin[9], begin[10], begin[11]]) as usize)
            }
            _ => return Err(wrong("is no npy file".into())),
        };
        if len > MOST {
            return Err(wrong(format!("claims a header of {len} bytes")));
        }
        let mut header = vec![0; len];
        file.read_exact(&mut header).map_err(failed)?;
        let (shape, kind) = parse(&String::from_utf8_lossy(&header)).map_err(wrong)?;
        let start = (start + len) as u64;
        let size = shape.iter().try_fold(kind.bytes() as u64, |size, dim| size.checked_mul(*dim as u64));
        let found = file.metadata().map_err(failed)?.len().saturating_sub(start);
        if size.is_none_or(|size| found < size) {
            return Err(wrong(format!("has {found} bytes of elements, too few for {shape:?}")));
        }
        Ok(Npy { file, path: path.into(), shape, kind, start })
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
            true => read_exact_at(&self.file, &mut bytes, at),
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

/// Shape and kind of the elements, from the Python dictionary of a header.
fn parse(header: &str) -> Result<(Vec<usize>, Kind), String> {
    let field = |name: &str| header.split_once(&format!("'{name}':")).map(|(_, rest)| rest.trim_start());
    let descr =
        field("descr").and_then(|rest| rest.strip_prefix('\'')).and_then(|rest| rest.split_once('\''));
    let kind = descr.and_then(|(descr, _)| Kind::of(descr));
    let kind = kind.ok_or_else(|| format!("is not of little-endian numbers: {}", header.trim()))?;
    if !field("fortran_order").is_some_and(|order| order.starts_with("False")) {
        return Err("is not in row-major order; save `numpy.ascontiguousarray(x)`".into());
    }
    let shape = field("shape").and_then(|rest| rest.strip_prefix('(')).and_then(|rest| rest.split_once(')'));
    let dims = shape.ok_or("has no shape")?.0.split(',').map(str::trim).filter(|dim| !dim.is_empty());
    let shape: Option<Vec<usize>> = dims.map(|dim| dim.parse().ok()).collect();
    match shape {
        Some(shape) if !shape.is_empty() => Ok((shape, kind)),
        _ => Err(format!("has no rows: {}", header.trim())),
    }
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
