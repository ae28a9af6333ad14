//! Metrics in which samples count what their weights say.

use super::{Batch, Metric, Metrics, Told};
use crate::compiled::OutputSpec;
use crate::data::Tensor;
use crate::error::Result;

/// A metric, or several, in which samples count what `sample_weight` and `class_weight` say: `weighted_metrics` in Keras.
/// Others count each sample once.
///
/// Its name has `weighted_` before it.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<M>(pub M);

impl<M: Metrics> Metrics for Weighted<M> {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.0.into_metrics().into_iter().map(weighted).collect()
    }
}

fn weighted(metric: Box<dyn Metric>) -> Box<dyn Metric> {
    Box::new(WithWeights { name: format!("weighted_{}", metric.name()), metric })
}

#[derive(Debug)]
struct WithWeights {
    name: String,
    metric: Box<dyn Metric>,
}

impl Metric for WithWeights {
    fn name(&self) -> &str {
        &self.name
    }
    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        self.metric.check(output, target)
    }
    fn reset(&mut self) {
        self.metric.reset();
    }
    fn update(&mut self, batch: &Batch<'_>) {
        self.metric.update(batch);
    }
    fn result(&self) -> f64 {
        self.metric.result()
    }
    fn state(&self) -> Vec<f64> {
        self.metric.state()
    }
    fn resume(&mut self, state: &[f64]) -> bool {
        self.metric.resume(state)
    }
    fn told(&self) -> Option<Told<'_>> {
        self.metric.told()
    }
    fn take(&mut self, sums: &[f64]) {
        self.metric.take(sums);
    }
    #[cfg(feature = "keras-files")]
    fn config(
        &self,
        output: &OutputSpec<'_>,
        indices: bool,
    ) -> std::result::Result<crate::config::Config, String> {
        self.metric.config(output, indices)
    }
    fn is_weighted(&self) -> bool {
        true
    }
    fn boxed(&self) -> Box<dyn Metric> {
        weighted(self.metric.boxed())
    }
}
