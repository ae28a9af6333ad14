//! What stands before the elements of an npy file: a Python dictionary with their type, order and shape.

use std::io::Read;

use crate::data::{Kind, MAX_RANK};

/// The longest header that is read.
const MOST: usize = 1 << 16;
/// The elements begin at a multiple of this, as NumPy has it.
const ALIGNMENT: usize = 64;

/// Type, order and shape of an array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    /// NumPy's name of the type, such as `<f4`.
    pub descr: String,
    /// Whether the first dimension is the one whose elements lie next to each other.
    pub fortran: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// Reads what stands at the beginning of a file, and gives the number of its bytes.
    pub fn read(file: &mut impl Read) -> Result<(Self, usize), String> {
        let mut exact = |bytes: &mut [u8]| {
            file.read_exact(bytes).map_err(|error| format!("ends within its header ({error})"))
        };
        let mut begin = [0; 12];
        exact(&mut begin[..10])?;
        let (start, len) = match begin {
            [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => {
                (10, usize::from(u16::from_le_bytes([a, b])))
            }
            [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, ..] => {
                exact(&mut begin[10..])?;
                (12, u32::from_le_bytes([begin[8], begin[9], begin[10], begin[11]]) as usize)
            }
            _ => return Err("is no npy array".into()),
        };
        if len > MOST {
            return Err(format!("claims a header of {len} bytes"));
        }
        let mut text = vec![0; len];
        exact(&mut text)?;
        Ok((Self::parse(&String::from_utf8_lossy(&text))?, start + len))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let field = |name: &str| text.split_once(&format!("'{name}':")).map(|(_, rest)| rest.trim_start());
        let descr = field("descr").and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
        let (descr, _) = descr.ok_or_else(|| format!("is not of plain elements: {}", text.trim()))?;
        let fortran = match field("fortran_order") {
            Some(order) if order.starts_with("False") => false,
            Some(order) if order.starts_with("True") => true,
            _ => return Err("does not tell its order".into()),
        };
        let shape = field("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let dims = shape.ok_or("has no shape")?.0.split(',').map(str::trim).filter(|dim| !dim.is_empty());
        let shape: Option<Vec<usize>> = dims.map(|dim| dim.parse().ok()).collect();
        let shape = shape.ok_or_else(|| format!("has no shape of numbers: {}", text.trim()))?;
        Ok(Header { descr: descr.into(), fortran, shape })
    }

    /// What the elements are, if a model can be fed with them, and whether their bytes must be turned around.
    pub fn kind(&self) -> Result<(Kind, bool), String> {
        Kind::of(&self.descr).ok_or_else(|| format!("is of `{}`, which are no numbers", self.descr))
    }

    /// Bytes of all elements of a kind.
    pub fn size(&self, kind: Kind) -> Result<usize, String> {
        if self.shape.len() > MAX_RANK {
            return Err(format!("has {} dimensions, more than {MAX_RANK}", self.shape.len()));
        }
        let size = self.shape.iter().try_fold(kind.bytes(), |size, dim| size.checked_mul(*dim));
        size.filter(|size| *size <= isize::MAX as usize)
            .ok_or_else(|| format!("claims the impossible shape {:?}", self.shape))
    }

    /// The bytes of a header in row-major order.
    pub fn encoded(&self) -> Vec<u8> {
        let dims: String = self.shape.iter().map(|dim| format!("{dim}, ")).collect();
        // Python's tuples: `()`, `(3,)`, `(3, 4)`.
        let dims = if self.shape.len() == 1 { dims.trim_end() } else { dims.trim_end_matches(", ") };
        let dict = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({dims}), }}", self.descr);
        let len = (10 + dict.len() + 1).next_multiple_of(ALIGNMENT) - 10;
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        // Eight dimensions and a type are always short enough for two bytes.
        bytes.extend((len as u16).to_le_bytes());
        bytes.extend(format!("{dict:<width$}\n", width = len - 1).bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![], vec![3], vec![2, 5], vec![usize::MAX; 8]] {
            let header = Header { descr: "<f4".into(), fortran: false, shape };
            let bytes = header.encoded();
            assert_eq!(bytes.len() % ALIGNMENT, 0);
            assert_eq!(Header::read(&mut &bytes[..]), Ok((header, bytes.len())));
            for end in 0..bytes.len() {
                assert!(Header::read(&mut &bytes[..end]).is_err(), "cut at {end}");
            }
        }
    }
}
