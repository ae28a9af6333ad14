//! Metrics of one's own, from a function.

use std::fmt;
use std::sync::Arc;

use super::measure::{Mean, Measure, Measured};
use super::{Batch, Metric, Metrics};

/// What a function makes of the targets and predictions of a sample.
type Function = Arc<dyn Fn(&[f32], &[f32]) -> f32 + Send + Sync>;

/// The mean over all samples of what a function makes of the targets and predictions of each: Keras's `MeanMetricWrapper`.
///
/// With weights ([`Weighted`](super::Weighted)), samples count what these say. What is no mean implements
/// [`Metric`](super::Metric); what is trained on, too, is a loss, and a metric by [`MeanOf`](super::MeanOf).
///
/// ```
/// use keras_runtime::metric::MeanMetric;
/// use keras_runtime::prelude::*;
///
/// keras_model! { Net = dense(2, input = 3) }
///
/// let worst = MeanMetric::new("worst_error", |y, p| {
///     y.iter().zip(p).map(|(y, p)| (y - p).abs()).fold(0.0, f32::max)
/// });
/// let mut model = Net::new(1).compile(Sgd::default(), MeanSquaredError, (worst.clone(), Weighted(worst)));
/// let (x, y) = (ndarray::Array2::<f32>::zeros((4, 3)), ndarray::arr2(&[[1.0f32, 2.0], [0.0, 0.0], [3.0, 1.0], [0.0, 0.0]]));
/// let score = model.evaluate_with(&x, &y, Evaluate {
///     sample_weight: sample_weight(&vec![1.0f32, 0.0, 0.0, 1.0]),
///     ..Evaluate::default()
/// })?;
/// assert_eq!(score["worst_error"], 1.25);
/// assert_eq!(score["weighted_worst_error"], 1.0);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct MeanMetric {
    name: String,
    function: Function,
}

impl MeanMetric {
    /// A metric called `name`; `function` is given the targets and the predictions of a sample.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&[f32], &[f32]) -> f32 + Send + Sync + 'static,
    ) -> Self {
        MeanMetric { name: name.into(), function: Arc::new(function) }
    }
}

impl fmt::Debug for MeanMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Metrics for MeanMetric {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![Measured::boxed_from(&self)]
    }
}

impl Measure for MeanMetric {
    type Seen = Mean;

    fn name(&self) -> &str {
        &self.name
    }

    /// The function may compare targets of any shape.
    fn check(
        &self,
        _output: &crate::compiled::OutputSpec<'_>,
        _target: &crate::data::Tensor<'_>,
    ) -> crate::error::Result<()> {
        Ok(())
    }

    fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
        for (y, p, weight) in batch.each_sample() {
            seen.add(f64::from((self.function)(y, p)), weight);
        }
    }

    fn value(&self, seen: &Mean) -> f64 {
        seen.value()
    }
}
