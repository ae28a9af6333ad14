//! Class indices as one-hot rows.

use ndarray::Array2;

use super::{IntoTensor, Values};
use crate::error::{Error, Result};

/// One row of `classes` words for each label: 1 at the label, 0 elsewhere (`keras.utils.to_categorical`).
///
/// # Errors
/// [`Error::Label`] when a label is not an integer from 0 to `classes - 1`.
///
/// ```
/// use keras_runtime::data::to_categorical;
/// let y = to_categorical(&[0u8, 2], 3)?;
/// assert_eq!(y, ndarray::arr2(&[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
pub fn to_categorical<'a>(labels: impl IntoTensor<'a>, classes: usize) -> Result<Array2<f32>> {
    let labels = labels.into_tensor();
    let values: &Values<'_> = labels.values();
    let mut rows = Array2::zeros((values.len(), classes));
    for sample in 0..values.len() {
        let label = values.at(sample);
        if label < 0.0 || label.fract() != 0.0 || label >= classes as f64 || label.is_nan() {
            return Err(Error::Label {
                what: "to_categorical".into(),
                label,
                sample,
                last: classes.saturating_sub(1),
                help: format!("the number of classes given is {classes}"),
            });
        }
        rows[[sample, label as usize]] = 1.0;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_out_of_range_are_told() {
        let error = to_categorical(&[0i32, 5], 3).unwrap_err().to_string();
        assert!(error.contains("label 5 of sample 1"), "{error}");
        assert!(to_categorical(&[-1i64], 3).is_err());
        assert!(to_categorical(&[f32::NAN], 3).is_err());
        assert!(to_categorical(&[0u8], 0).is_err());
    }
}
