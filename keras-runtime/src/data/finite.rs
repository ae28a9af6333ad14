//! A look for values that no model can learn from.

use super::Tensor;
use crate::compiled::Spec;
use crate::error::{Error, Result};

/// Inputs hold numbers.
pub(crate) fn expect_finite(inputs: &[Tensor<'_>], spec: &Spec) -> Result<()> {
    for (tensor, input) in inputs.iter().zip(spec.inputs) {
        let found = tensor.words().and_then(|words| words.iter().position(|word| !word.is_finite()));
        if let Some(at) = found {
            return Err(Error::NotFinite {
                what: format!("input `{}`", input.name),
                sample: at / tensor.shape().width().max(1),
                value: tensor.values().at(at),
            });
        }
    }
    Ok(())
}
