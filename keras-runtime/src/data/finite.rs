//! A look for values that no model can learn from.

use super::Tensor;
use super::tensor::{Element, VisitValues};
use crate::compiled::Spec;
use crate::error::{Error, Result};

/// The place of the first element that is no finite `f32`.
struct NotFinite;

impl VisitValues for NotFinite {
    type Output = Option<usize>;

    fn values<T: Element>(self, values: &[T]) -> Option<usize> {
        values.iter().position(|value| !value.to_f32().is_finite())
    }
}

/// Inputs hold numbers.
pub(crate) fn expect_finite(inputs: &[Tensor<'_>], spec: &Spec) -> Result<()> {
    for (tensor, input) in inputs.iter().zip(spec.inputs) {
        if let Some(at) = tensor.values().visit(NotFinite) {
            return Err(Error::NotFinite {
                what: format!("input `{}`", input.name),
                sample: at / tensor.shape().width().max(1),
                value: tensor.values().at(at),
            });
        }
    }
    Ok(())
}
