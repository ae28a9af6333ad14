//! A look for values that no model can learn from.

use super::{Tensor, Values};
use crate::error::{Error, Result};

/// Elements that are looked at together: a block is one pass of vector instructions without a branch.
const BLOCK: usize = 1024;

/// The place of the first element that is no finite `f32`. Integers always are.
fn not_finite(values: &Values<'_>) -> Option<usize> {
    match values {
        Values::F32(values) => first(values, |x| x.is_finite()),
        // What overflows an `f32` becomes an infinity inside of the model.
        Values::F64(values) => first(values, |x| (x as f32).is_finite()),
        _ => None,
    }
}

pub(super) fn first<T: Copy>(values: &[T], finite: impl Fn(T) -> bool) -> Option<usize> {
    let mut blocks = values.chunks(BLOCK);
    let block = blocks.position(|block| !block.iter().fold(true, |all, x| all & finite(*x)))?;
    let within = values[block * BLOCK..].iter().position(|x| !finite(*x))?;
    Some(block * BLOCK + within)
}

/// Every element is a number. `what` says which array it is.
pub(crate) fn expect_finite(tensor: &Tensor<'_>, what: impl FnOnce() -> String) -> Result<()> {
    match not_finite(tensor.values()) {
        None => Ok(()),
        Some(at) => Err(Error::NotFinite {
            what: what(),
            sample: at / tensor.shape().width().max(1),
            value: tensor.values().at(at),
        }),
    }
}

/// Every element is a whole number from 0 on and below `below`. `what` says which array it is.
pub(crate) fn expect_indices(tensor: &Tensor<'_>, below: usize, what: impl FnOnce() -> String) -> Result<()> {
    let values = tensor.values();
    let is_index = |x: f64| x >= 0.0 && x < below as f64 && x.fract() == 0.0;
    let found = match values {
        Values::F32(values) => first(values, |x| is_index(f64::from(x))),
        Values::U8(values) => first(values, |x| usize::from(x) < below),
        Values::I32(values) => first(values, |x| is_index(f64::from(x))),
        _ => (0..values.len()).find(|i| !is_index(values.at(*i))),
    };
    match found {
        None => Ok(()),
        Some(at) => Err(Error::Index {
            what: what(),
            sample: at / tensor.shape().width().max(1),
            index: values.at(at),
            below,
        }),
    }
}

/// Every element is a whole number. `what` says which array it is.
pub(crate) fn expect_whole(tensor: &Tensor<'_>, what: impl FnOnce() -> String) -> Result<()> {
    let values = tensor.values();
    match (0..values.len()).find(|i| values.at(*i).fract() != 0.0) {
        None => Ok(()),
        Some(at) => Err(Error::Value {
            what: what(),
            sample: at / tensor.shape().width().max(1),
            value: values.at(at),
            expected: "whole numbers".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::IntoTensor;

    #[test]
    fn the_first_of_them_is_found_wherever_it_is() {
        for at in [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 5, 3 * BLOCK + 6] {
            let mut values = vec![1.0f32; 3 * BLOCK + 7];
            values[at] = f32::NAN;
            values[3 * BLOCK + 6] = f32::INFINITY;
            assert_eq!(not_finite((&values).into_tensor().values()), Some(at));
        }
        assert_eq!(not_finite([1.0, 1e300].as_slice().into_tensor().values()), Some(1));
        assert_eq!(not_finite([f32::MAX, -0.0, 1e-45].as_slice().into_tensor().values()), None);
        assert_eq!(not_finite([u64::MAX, 0].as_slice().into_tensor().values()), None);
    }
}
