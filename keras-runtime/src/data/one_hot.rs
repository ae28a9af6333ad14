//! Class indices as one-hot rows.

use ndarray::{Array2, ArrayD, Axis};

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

/// An array by its norm of order `order` along an axis (`keras.utils.normalize`, with `axis` -1 and `order` 2): what has the norm 0
/// stays. An axis below 0 is counted from the last.
///
/// ```
/// use keras_runtime::data::normalize;
/// let rows = normalize(&ndarray::array![[3.0f32, 4.0], [0.0, 0.0]], -1, 2.0)?;
/// assert_eq!(rows, ndarray::array![[0.6, 0.8], [0.0, 0.0]].into_dyn());
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When there is no such axis, or the order is not above 0.
pub fn normalize<'a>(x: impl IntoTensor<'a>, axis: isize, order: f64) -> Result<ArrayD<f32>> {
    let mut x = x.into_tensor().to_array();
    let rank = x.ndim();
    let place = if axis < 0 { axis.checked_add_unsigned(rank) } else { Some(axis) };
    let place = place.and_then(|place| usize::try_from(place).ok()).filter(|place| *place < rank);
    let Some(place) = place else {
        let expected = format!("an axis of {rank} dimensions");
        return Err(Error::Setting { name: "axis", expected, found: axis.to_string() });
    };
    if order.is_nan() || order <= 0.0 {
        return Err(Error::Setting { name: "order", expected: "above 0".into(), found: order.to_string() });
    }
    for mut lane in x.lanes_mut(Axis(place)) {
        let sizes = lane.iter().map(|x| f64::from(x.abs()));
        let norm = match order.is_infinite() {
            true => sizes.fold(0.0, f64::max),
            false => sizes.map(|x| x.powf(order)).sum::<f64>().powf(1.0 / order),
        };
        if norm != 0.0 {
            lane.mapv_inplace(|x| (f64::from(x) / norm) as f32);
        }
    }
    Ok(x)
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
