//! Arrays of npy files in memory, and their way back.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use super::header::Header;
use crate::data::{Element, IntoTensor, Kind, Tensor, Values};
use crate::error::{Error, Result};
use crate::io::write_whole;

/// Reads an array of a `.npy` file (`numpy.load`): numbers of whatever type, in whatever order.
///
/// ```
/// use keras_runtime::data::{read_npy, write_npy};
/// # let path = std::env::temp_dir().join(format!("keras-doc-npy-{}.npy", std::process::id()));
/// write_npy(&path, &ndarray::array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]])?;
/// let tensor = read_npy(&path)?;
/// assert_eq!(tensor.shape().dims(), [2, 3]);
/// assert_eq!(tensor.to_array()[[1, 2]], 6.0);
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When the file cannot be read, or is no array of numbers.
pub fn read_npy(path: impl AsRef<Path>) -> Result<Tensor<'static>> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    decode(&mut BufReader::new(file))
        .map_err(|problem| Error::Format { file: path.display().to_string(), problem })
}

/// Writes an array to a `.npy` file (`numpy.save`), whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write_npy<'a>(path: impl AsRef<Path>, array: impl IntoTensor<'a>) -> Result<()> {
    write_whole(path.as_ref(), &encode(&array.into_tensor()))
}

/// The array that a stream of bytes holds, and nothing behind it.
pub(crate) fn decode(file: &mut impl Read) -> Result<Tensor<'static>, String> {
    let (header, _) = Header::read(file)?;
    let (kind, swapped) = header.kind()?;
    let size = header.size(kind)?;
    let mut bytes = vec![];
    // What the header claims is taken as it comes, so that nothing is kept ready for what is not there.
    file.take(size as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() != size {
        let found = if bytes.len() > size { "more".into() } else { bytes.len().to_string() };
        return Err(format!("has {found} bytes of elements, and its header {:?} says {size}", header.shape));
    }
    if swapped {
        bytes.chunks_exact_mut(kind.bytes()).for_each(<[u8]>::reverse);
    }
    values(&header, kind, &bytes)
}

fn values(header: &Header, kind: Kind, bytes: &[u8]) -> Result<Tensor<'static>, String> {
    fn all<T: Element, const N: usize>(
        header: &Header,
        bytes: &[u8],
        element: impl Fn([u8; N]) -> T,
    ) -> Result<Tensor<'static>, String> {
        let elements: Vec<T> = bytes.as_chunks::<N>().0.iter().map(|bytes| element(*bytes)).collect();
        let shape = IxDyn(&header.shape).set_f(header.fortran);
        Ok(ArrayD::from_shape_vec(shape, elements).map_err(|error| error.to_string())?.into_tensor())
    }
    match kind {
        Kind::F32 => all(header, bytes, f32::from_le_bytes),
        Kind::F64 => all(header, bytes, f64::from_le_bytes),
        Kind::U8 => all(header, bytes, u8::from_le_bytes),
        Kind::I8 => all(header, bytes, i8::from_le_bytes),
        Kind::U16 => all(header, bytes, u16::from_le_bytes),
        Kind::I16 => all(header, bytes, i16::from_le_bytes),
        Kind::U32 => all(header, bytes, u32::from_le_bytes),
        Kind::I32 => all(header, bytes, i32::from_le_bytes),
        Kind::U64 => all(header, bytes, u64::from_le_bytes),
        Kind::I64 => all(header, bytes, i64::from_le_bytes),
        Kind::Bool => all(header, bytes, |[byte]: [u8; 1]| byte != 0),
    }
}

/// An array as the bytes of an npy file.
pub(crate) fn encode(tensor: &Tensor<'_>) -> Vec<u8> {
    fn all<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|value| bytes(*value)).collect()
    }
    let (descr, elements) = match tensor.values() {
        Values::F32(values) => ("<f4", all(values, f32::to_le_bytes)),
        Values::F64(values) => ("<f8", all(values, f64::to_le_bytes)),
        Values::U8(values) => ("|u1", values.to_vec()),
        Values::I8(values) => ("|i1", all(values, i8::to_le_bytes)),
        Values::U16(values) => ("<u2", all(values, u16::to_le_bytes)),
        Values::I16(values) => ("<i2", all(values, i16::to_le_bytes)),
        Values::U32(values) => ("<u4", all(values, u32::to_le_bytes)),
        Values::I32(values) => ("<i4", all(values, i32::to_le_bytes)),
        Values::U64(values) => ("<u8", all(values, u64::to_le_bytes)),
        Values::I64(values) => ("<i8", all(values, i64::to_le_bytes)),
        Values::Usize(values) => ("<u8", all(values, |value| (value as u64).to_le_bytes())),
        Values::Bool(values) => ("|b1", all(values, |value| [u8::from(value)])),
    };
    let header = Header { descr: descr.into(), fortran: false, shape: tensor.shape().dims().to_vec() };
    let mut bytes = header.encoded();
    bytes.extend(elements);
    bytes
}
