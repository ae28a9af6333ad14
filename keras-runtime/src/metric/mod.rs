//! Metrics: what is told of a model beside its loss, gathered batch by batch.

mod accuracy;

use std::fmt::Debug;

pub use accuracy::Accuracy;
pub(crate) use accuracy::argmax;

use crate::compiled::OutputSpec;

/// A running measure of predictions against targets.
pub trait Metric: Debug + Send {
    /// Keras's name of it, for example `accuracy`.
    fn name(&self) -> &str;

    /// Forgets everything.
    fn reset(&mut self);

    /// Takes in a batch: `p` holds predictions of `output` for each sample, `y` targets of `width` words each.
    fn update(&mut self, output: &OutputSpec, y: &[f32], width: usize, p: &[f32]);

    /// The measure over everything since the last reset.
    fn result(&self) -> f64;

    /// Another one like it, for another output.
    fn boxed(&self) -> Box<dyn Metric>;
}

/// What `compile` takes for its metrics: an array, a `Vec`, a tuple, or `()` for none. Each is measured at every output.
pub trait Metrics {
    /// The metrics in order.
    fn into_metrics(self) -> Vec<Box<dyn Metric>>;
}

impl Metrics for () {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![]
    }
}

impl<M: Metric + 'static> Metrics for M {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![Box::new(self)]
    }
}

impl<M: Metric + 'static, const N: usize> Metrics for [M; N] {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.into_iter().map(|metric| Box::new(metric) as _).collect()
    }
}

impl Metrics for Vec<Box<dyn Metric>> {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self
    }
}
