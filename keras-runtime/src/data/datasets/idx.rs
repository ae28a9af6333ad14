//! The idx format of the MNIST files, plain or gzipped.

use std::path::Path;

use super::store::{MOST, format_error, read};
use crate::error::Result;

/// Shape and bytes of an idx file of unsigned bytes.
pub(super) fn load(path: &Path) -> Result<(Vec<usize>, Vec<u8>)> {
    parse(&read(path)?).map_err(|problem| format_error(path, problem))
}

/// `0 0 type rank`, an extent of four bytes for each dimension, then the elements.
fn parse(bytes: &[u8]) -> Result<(Vec<usize>, Vec<u8>), String> {
    let [0, 0, 8, rank, rest @ ..] = bytes else {
        return Err("is no idx file of bytes: it should begin with 0, 0, 8".into());
    };
    let rank = usize::from(*rank);
    if rank == 0 || rest.len() < 4 * rank {
        return Err(format!("ends within its header of {rank} dimensions"));
    }
    let (header, data) = rest.split_at(4 * rank);
    let shape: Vec<usize> =
        header.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize).collect();
    let size =
        shape.iter().try_fold(1usize, |size, dim| size.checked_mul(*dim)).filter(|size| *size as u64 <= MOST);
    match size {
        Some(size) if size == data.len() => Ok((shape, data.to_vec())),
        Some(size) => Err(format!("has {} elements, and its header {shape:?} says {size}", data.len())),
        None => Err(format!("claims the impossible shape {shape:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn headers_are_not_believed() {
        assert_eq!(parse(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), Ok((vec![2], vec![7, 9])));
        for bad in [
            &[][..],
            &[0, 0, 8],
            &[0, 0, 13, 1, 0, 0, 0, 0],
            &[0, 0, 8, 2, 0, 0, 0, 1],
            &[0, 0, 8, 1, 0, 0, 0, 3, 1, 2],
            &[0, 0, 8, 1, 0, 0, 0, 1, 1, 2],
            &[0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
