//! What samples count.

use crate::compiled::{OutputSpec, Spec};
use crate::data::{Arrays, Tensor, expect_finite};
use crate::error::{Error, Result, batched};
use crate::loss::{Loss, Scope};
use crate::metric::argmax;

/// Arrays of weights, one for each output or none at all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weights<'a> {
    pub training: &'a [Tensor<'a>],
    pub evaluation: &'a [Tensor<'a>],
}

/// Weights for [`Fit::sample_weight`](super::Fit::sample_weight): `[samples]`, or `[samples, steps]` where an output is a
/// sequence; one array for all outputs, or a tuple with one for each.
///
/// ```
/// use keras_runtime::prelude::*;
/// let weights = vec![1.0, 0.5, 2.0];
/// let settings = Fit { sample_weight: sample_weight(&weights), ..Fit::default() };
/// ```
pub fn sample_weight<'a>(weights: impl Arrays<'a>) -> Option<Vec<Tensor<'a>>> {
    Some(weights.tensors().as_ref().to_vec())
}

/// Holds weights to an output and its loss: one for each sample, or one for each of its steps, which are all axes but the last.
pub(crate) fn expect_weights(
    weights: &Tensor<'_>,
    output: &OutputSpec<'_>,
    scope: Scope,
    samples: usize,
) -> Result<()> {
    let what = || format!("the sample weights of output `{}`", output.name);
    let found = weights.shape();
    if found.rows() != samples {
        return Err(Error::Rows {
            what: what(),
            found: found.rows(),
            other: "the data".into(),
            expected: samples,
        });
    }
    let steps = &output.shape[..output.shape.len().saturating_sub(1)];
    let fits =
        found.width() == 1 || found.sample() == steps || found.sample() == &steps[..steps.len().min(1)];
    if scope != Scope::Positions && found.width() != 1 {
        return Err(Error::Shape {
            what: what(),
            expected: batched(&[]),
            found: format!("{found:?}"),
            help: "the loss of this output is one of whole samples: give each a weight".into(),
        });
    }
    if !fits {
        return Err(Error::Shape {
            what: what(),
            expected: format!("{} or {}", batched(&[]), batched(steps)),
            found: format!("{found:?}"),
            help: "a weight for each sample, or for each step of each".into(),
        });
    }
    expect_finite(weights, what)
}

/// Holds weights of samples to the outputs, and gives one array for each output, or none where none is given.
pub(crate) fn spread<'w>(
    spec: &Spec,
    losses: &[Box<dyn Loss>],
    given: &[Tensor<'w>],
    samples: usize,
) -> Result<Vec<Tensor<'w>>> {
    let outputs = spec.outputs;
    let weights = match given {
        [one] => vec![one.clone(); outputs.len()],
        several => several.to_vec(),
    };
    if !weights.is_empty() && weights.len() != outputs.len() {
        return Err(Error::Count {
            what: format!("sample weights of `{}`", spec.name),
            expected: outputs.len(),
            found: weights.len(),
            help: "give one array for all outputs, or one for each".into(),
        });
    }
    for ((weights, output), loss) in weights.iter().zip(outputs).zip(losses) {
        expect_weights(weights, output, loss.scope(output.shape), samples)?;
    }
    Ok(weights)
}

/// The weight of each sample by its class, for the only output of a model.
pub(crate) fn class_weights(
    weights: &[(usize, f32)],
    outputs: &[OutputSpec<'_>],
    y: &[Tensor<'_>],
) -> Result<Vec<Vec<f32>>> {
    let wrong = |found: String| Error::Setting {
        name: "class_weight",
        expected: "one output with one class for each sample".into(),
        found,
    };
    if let Some((class, weight)) = weights.iter().find(|(_, weight)| !weight.is_finite()) {
        return Err(Error::Setting {
            name: "class_weight",
            expected: "finite numbers".into(),
            found: format!("{weight} for class {class}"),
        });
    }
    let ([output], [y]) = (outputs, y) else {
        return Err(wrong(format!("{} outputs", outputs.len())));
    };
    let (width, rows) = (y.shape().width(), y.shape().rows());
    if width != 1 && output.shape != [width] {
        return Err(wrong(format!("targets {:?}", y.shape())));
    }
    let mut words = vec![0.0; width];
    let class = |sample: usize| match width {
        1 => y.values().at(sample) as usize,
        _ => {
            (0..width).for_each(|c| words[c] = y.values().at(sample * width + c) as f32);
            argmax(&words)
        }
    };
    let weight =
        |class: usize| weights.iter().find(|(of, _)| *of == class).map_or(1.0, |(_, weight)| *weight);
    Ok(vec![(0..rows).map(class).map(weight).collect()])
}
