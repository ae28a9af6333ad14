//! What the declared type of an input holds.

use std::ops::RangeInclusive;

use super::finite::first;
use super::tensor::{Element, VisitValues};
use super::{Tensor, Values};
use crate::compiled::DType;
use crate::error::{Error, Result};

/// Whole numbers up to here are exact in an `f32`, which every element becomes.
const EXACT: i64 = 1 << 24;

/// The whole numbers of a type that a model can tell from each other; `None` where any number will do.
fn range(dtype: DType) -> Option<RangeInclusive<i64>> {
    Some(match dtype {
        DType::F32 => return None,
        DType::U8 => 0..=u8::MAX.into(),
        DType::I8 => i8::MIN.into()..=i8::MAX.into(),
        DType::U32 => 0..=EXACT,
        DType::I32 | DType::I64 => -EXACT..=EXACT,
    })
}

/// Whether every value that an array of this type can hold is one of the declared type.
fn always_holds(values: &Values<'_>, dtype: DType) -> bool {
    use Values::{Bool, I8, I16, U8, U16};
    match dtype {
        DType::F32 => true,
        DType::U8 => matches!(values, U8(_) | Bool(_)),
        DType::I8 => matches!(values, I8(_) | Bool(_)),
        DType::U32 => matches!(values, U8(_) | U16(_) | Bool(_)),
        DType::I32 | DType::I64 => matches!(values, U8(_) | I8(_) | U16(_) | I16(_) | Bool(_)),
    }
}

/// The place of the first element that is no whole number within the bounds.
struct Outside {
    least: f64,
    most: f64,
}

impl VisitValues for Outside {
    type Output = Option<usize>;

    fn values<T: Element>(self, values: &[T]) -> Option<usize> {
        first(values, |x| {
            let x = x.to_f64();
            // NaN is not in any range.
            x >= self.least && x <= self.most && x.trunc() == x
        })
    }
}

/// Every element is one that an input declared as `dtype` can hold. `what` says which array it is.
pub(crate) fn expect_dtype(tensor: &Tensor<'_>, dtype: DType, what: impl FnOnce() -> String) -> Result<()> {
    let Some(range) = range(dtype) else { return Ok(()) };
    if always_holds(tensor.values(), dtype) {
        return Ok(());
    }
    let (least, most) = (*range.start(), *range.end());
    match tensor.values().visit(Outside { least: least as f64, most: most as f64 }) {
        None => Ok(()),
        Some(at) => Err(Error::Value {
            what: what(),
            sample: at / tensor.shape().width().max(1),
            value: tensor.values().at(at),
            expected: format!(
                "whole numbers from {least} to {most}: it is declared as {}",
                format!("{dtype:?}").to_ascii_lowercase()
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::IntoTensor;

    fn problem<'a>(values: impl IntoTensor<'a>, dtype: DType) -> Option<String> {
        let checked = expect_dtype(&values.into_tensor(), dtype, || "x".to_string());
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn any_array_whose_values_fit_is_taken() {
        for dtype in [DType::F32, DType::U8, DType::I8, DType::U32, DType::I32, DType::I64] {
            assert_eq!(problem(&[0.0f32, 1.0, 127.0], dtype), None, "{dtype:?}");
            assert_eq!(problem(&[0.0f64, 100.0], dtype), None);
            assert_eq!(problem(&[0i64, 127], dtype), None);
            assert_eq!(problem(&[0usize, 9], dtype), None);
            assert_eq!(problem(&[0u8, 5], dtype), None);
            assert_eq!(problem(&[true, false], dtype), None);
        }
        assert_eq!(problem(&[0.5f32], DType::F32), None);
        assert_eq!(problem(&[-128i32, 127], DType::I8), None);
        assert_eq!(problem(&[255u8, 0], DType::U32), None);
        assert_eq!(problem(&[EXACT, -EXACT], DType::I64), None);
    }

    #[test]
    fn what_a_type_does_not_hold_is_told() {
        let text = problem(&[0i32, 3, 256], DType::U8).expect("256 is no byte");
        assert_eq!(text, "x: sample 2 holds 256; expected whole numbers from 0 to 255: it is declared as u8");
        for (problem, value) in [
            (problem(&[1.0f32, 0.5], DType::I32), "0.5"),
            (problem(&[f64::NAN], DType::I64), "NaN"),
            (problem(&[1i8, -1], DType::U32), "-1"),
            (problem(&[128u8], DType::I8), "128"),
            (problem(&[EXACT as i32 + 1], DType::I32), "16777217"),
            (problem(&[u64::MAX], DType::U32), "18446744073709552000"),
        ] {
            assert!(
                problem.as_ref().is_some_and(|text| text.contains(&format!("holds {value};"))),
                "{problem:?}"
            );
        }
    }
}
