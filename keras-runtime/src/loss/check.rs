//! Whether targets fit an output, and what to say when they do not.

use crate::compiled::OutputSpec;
use crate::data::Tensor;
use crate::error::{Error, Result, batched};

/// How targets relate to an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetShape {
    /// One word for each word of the output.
    Same,
    /// One class index for each position of the last axis.
    Index,
    /// Neither.
    Other,
}

impl TargetShape {
    /// The relation of a target's shape (without the batch) to an output's, as Keras sees it: a missing or an extra
    /// last dimension of 1 does not matter.
    pub fn of(output: &[usize], target: &[usize]) -> Self {
        let (last, lead) = output.split_last().unwrap_or((&1, &[]));
        let indices = target == lead || target.split_last() == Some((&1, lead));
        if target == output || (*last == 1 && indices) || (target.split_last() == Some((&1, output))) {
            TargetShape::Same
        } else if indices {
            TargetShape::Index
        } else {
            TargetShape::Other
        }
    }
}

/// Targets of `loss` need one word for each word of `output`.
///
/// # Errors
/// [`Error::Shape`] when they have another shape.
pub fn expect_same_shape(loss: &str, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
    let found = target.shape();
    match TargetShape::of(output.shape, found.sample()) {
        TargetShape::Same => Ok(()),
        relation => Err(Error::Shape {
            what: format!("targets of output `{}` for {loss}", output.name),
            expected: batched(output.shape),
            found: format!("{found:?}"),
            help: match (relation, output.shape.last()) {
                (TargetShape::Index, Some(classes)) if loss == "categorical_crossentropy" => format!(
                    "class indices go with SparseCategoricalCrossentropy, or become rows by to_categorical(&y, {classes})"
                ),
                _ if found.width() == output.shape.iter().product::<usize>() => {
                    "reshape the targets: they have the right number of elements".into()
                }
                _ => String::new(),
            },
        }),
    }
}

/// Targets of `loss` need one class index for each position of `output`.
pub(crate) fn expect_indices(loss: &str, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
    expect_indices_or(None, loss, output, target)
}

/// [`expect_indices`], or `other` in the place of one.
pub(crate) fn expect_indices_or(
    other: Option<f32>,
    loss: &str,
    output: &OutputSpec<'_>,
    target: &Tensor<'_>,
) -> Result<()> {
    let classes = output.shape.last().copied().unwrap_or(1);
    let what = || format!("targets of output `{}` for {loss}", output.name);
    let (found, lead) = (target.shape(), &output.shape[..output.shape.len().saturating_sub(1)]);
    let indices = found.sample() == lead || found.sample().split_last() == Some((&1, lead));
    if !indices {
        let one_hot = found.sample() == output.shape;
        return Err(Error::Shape {
            what: what(),
            expected: batched(lead),
            found: format!("{found:?}"),
            help: if one_hot { "one-hot rows go with CategoricalCrossentropy".into() } else { String::new() },
        });
    }
    let positions = found.width().max(1);
    for i in 0..target.values().len() {
        let label = target.values().at(i);
        let known = label >= 0.0 && label < classes as f64 && label.fract() == 0.0;
        if !known && other.map(f64::from) != Some(label) {
            let help = format!("the output `{}` has {classes} classes", output.name);
            return Err(Error::Label { what: what(), label, sample: i / positions, last: classes - 1, help });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_those_of_keras() {
        assert_eq!(TargetShape::of(&[10], &[10]), TargetShape::Same);
        assert_eq!(TargetShape::of(&[10], &[]), TargetShape::Index);
        assert_eq!(TargetShape::of(&[10], &[1]), TargetShape::Index);
        assert_eq!(TargetShape::of(&[1], &[]), TargetShape::Same);
        assert_eq!(TargetShape::of(&[1], &[1]), TargetShape::Same);
        assert_eq!(TargetShape::of(&[7, 10], &[7]), TargetShape::Index);
        assert_eq!(TargetShape::of(&[7, 10], &[7, 1]), TargetShape::Index);
        assert_eq!(TargetShape::of(&[10], &[9]), TargetShape::Other);
    }
}
