//! NumPy's archives of arrays of bytes: what Keras keeps MNIST in.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::format_error;
use crate::error::{Error, Result};

/// No array of this kind is larger: what claims to be is not read.
const MOST: u64 = 1 << 30;

/// Shape and bytes of array `name` of an archive.
pub(super) fn load(path: &Path, name: &str) -> Result<(Vec<usize>, Vec<u8>)> {
    let file =
        File::open(path).map_err(|source| Error::Io { action: "read", path: path.to_path_buf(), source })?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| format_error(path, error))?;
    let entry = archive
        .by_name(&format!("{name}.npy"))
        .map_err(|error| format_error(path, format!("{name}: {error}")))?;
    let mut bytes = Vec::new();
    entry
        .take(MOST)
        .read_to_end(&mut bytes)
        .map_err(|error| format_error(path, format!("{name}: {error}")))?;
    parse(&bytes).map_err(|problem| format_error(path, format!("{name}: {problem}")))
}

/// `\x93NUMPY`, the version, the length of a Python dictionary, the dictionary, the elements.
fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<u8>), String> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("is no npy array")?;
    let (skip, len) = match rest {
        [1, _, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err("is of an unknown version of npy".into()),
    };
    let header = rest.get(skip..).and_then(|rest| rest.get(..len)).ok_or("ends within its header")?;
    let data = &rest[skip + len..];
    let header = String::from_utf8_lossy(header);
    let field = |name: &str| header.split_once(&format!("'{name}':")).map(|(_, rest)| rest.trim_start());
    if !field("descr").is_some_and(|descr| descr.starts_with("'|u1'")) {
        return Err(format!("is not of unsigned bytes: {header}"));
    }
    if !field("fortran_order").is_some_and(|order| order.starts_with("False")) {
        return Err("is not in row-major order".into());
    }
    let shape =
        field("shape").and_then(|shape| shape.strip_prefix('(')).and_then(|shape| shape.split_once(')'));
    let shape = shape.ok_or("has no shape")?.0;
    let dims = shape.split(',').map(str::trim).filter(|dim| !dim.is_empty()).map(|dim| dim.parse::<usize>());
    let shape: Vec<usize> = dims.collect::<Result<_, _>>().map_err(|_| format!("has the shape ({shape})"))?;
    let size = shape.iter().try_fold(1usize, |size, dim| size.checked_mul(*dim));
    match size {
        Some(size) if size == data.len() => Ok((shape, data.to_vec())),
        _ => Err(format!("has {} elements, and its header says {shape:?}", data.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_array() {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }\n";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend([1, 2, 3, 4]);
        assert_eq!(parse(&bytes), Ok((vec![2, 2], vec![1, 2, 3, 4])));
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
