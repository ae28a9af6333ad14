//! A metric is a formula, which users name, and what the formula has seen, which a trainer keeps.

use std::fmt::Debug;

use super::kept::{Kept, kept};
use super::{Batch, Metric, Told};
use crate::compiled::OutputSpec;
#[cfg(feature = "keras-files")]
use crate::config::Config;
use crate::data::Tensor;
use crate::error::{Error, Result};
use crate::loss::check::{TargetShape, expect_indices, expect_same_shape};

/// The formula of a metric.
pub(super) trait Measure: Debug + Clone + Send + Sync + 'static {
    /// What it has seen.
    type Seen: Debug + Default + Kept + Send + Sync;

    fn name(&self) -> &str;

    /// Most compare word by word.
    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        expect_same_shape(self.name(), output, target)
    }

    fn add(&self, seen: &mut Self::Seen, batch: &Batch<'_>);

    fn value(&self, seen: &Self::Seen) -> f64;

    /// See [`Metric::told`].
    fn told(&self) -> Option<Told<'_>> {
        None
    }

    /// See [`Metric::take`]: by default sums are the numbers of what it has seen.
    fn take(&self, seen: &mut Self::Seen, sums: &[f64]) {
        let mut numbers = vec![];
        seen.give(&mut numbers);
        numbers.iter_mut().zip(sums).for_each(|(number, sum)| *number += sum);
        if let Some(both) = Self::Seen::taken(&mut numbers.iter()) {
            *seen = both;
        }
    }

    /// Which of Keras's metrics it is; or why it is none.
    #[cfg(feature = "keras-files")]
    fn config(&self) -> std::result::Result<Config, String> {
        Err(format!("`{}` is a metric of your own", self.name()))
    }

    /// The same at an output whose targets are `indices` of classes, or are not: some classes of Keras's are told of that.
    #[cfg(feature = "keras-files")]
    fn config_at(&self, config: Config, output: &OutputSpec<'_>, indices: bool) -> Config {
        let _ = (output, indices);
        config
    }

    /// Forgets everything; memory may stay.
    fn forget(seen: &mut Self::Seen) {
        *seen = Self::Seen::default();
    }
}

/// A formula at work.
#[derive(Debug)]
pub(super) struct Measured<M: Measure> {
    measure: M,
    seen: M::Seen,
}

impl<M: Measure> Measured<M> {
    pub fn boxed_from(measure: &M) -> Box<dyn Metric> {
        Box::new(Measured { measure: measure.clone(), seen: M::Seen::default() })
    }
}

impl<M: Measure> Metric for Measured<M> {
    fn name(&self) -> &str {
        self.measure.name()
    }
    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        self.measure.check(output, target)
    }
    fn reset(&mut self) {
        M::forget(&mut self.seen);
    }
    fn update(&mut self, batch: &Batch<'_>) {
        self.measure.add(&mut self.seen, batch);
    }
    fn result(&self) -> f64 {
        self.measure.value(&self.seen)
    }
    fn state(&self) -> Vec<f64> {
        let mut numbers = vec![];
        self.seen.give(&mut numbers);
        numbers
    }
    fn resume(&mut self, state: &[f64]) -> bool {
        let mut numbers = state.iter();
        let seen = M::Seen::taken(&mut numbers).filter(|_| numbers.len() == 0);
        let readable = seen.is_some();
        self.seen = seen.unwrap_or_default();
        readable
    }
    fn told(&self) -> Option<Told<'_>> {
        self.measure.told()
    }
    fn take(&mut self, sums: &[f64]) {
        self.measure.take(&mut self.seen, sums);
    }
    #[cfg(feature = "keras-files")]
    fn config(&self, output: &OutputSpec<'_>, indices: bool) -> std::result::Result<Config, String> {
        let config = self.measure.config_at(self.measure.config()?, output, indices);
        Ok(config.with("name", &self.measure.name().to_string()))
    }
    fn boxed(&self) -> Box<dyn Metric> {
        Measured::boxed_from(&self.measure)
    }
}

/// `Metrics` for formulas: alone, as an element of an array, or of a tuple.
macro_rules! named {
    ($($name:ty)*) => {$(
        impl crate::metric::Metrics for $name {
            fn into_metrics(self) -> Vec<Box<dyn crate::metric::Metric>> {
                vec![crate::metric::measure::Measured::boxed_from(&self)]
            }
        }
    )*};
}
pub(super) use named;

/// Targets are one word for each word of `output`, or the index of a class for each position.
pub(super) fn expect_classes(name: &str, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
    match TargetShape::of(output.shape, target.shape().sample()) {
        TargetShape::Index => expect_indices(name, output, target),
        TargetShape::Same | TargetShape::Other => expect_same_shape(name, output, target),
    }
}

/// `class_id`, if there is one, is a word of the output's last axis.
pub(super) fn expect_class(class_id: Option<usize>, output: &OutputSpec) -> Result<()> {
    let classes = output.shape.last().copied().unwrap_or(1);
    match class_id.filter(|id| *id >= classes) {
        None => Ok(()),
        Some(id) => Err(Error::Setting {
            name: "class_id",
            expected: format!("a class of output `{}`, from 0 to {}", output.name, classes - 1),
            found: id.to_string(),
        }),
    }
}

/// A weighted mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    pub sum: f64,
    pub total: f64,
}

kept! { Mean { sum, total } }

impl Mean {
    pub fn add(&mut self, value: f64, weight: f64) {
        // What counts nothing is not looked at: it may be anything.
        if weight != 0.0 {
            self.sum += value * weight;
            self.total += weight;
        }
    }

    pub fn value(&self) -> f64 {
        ratio(self.sum, self.total)
    }
}

/// `a / b`, and 0 where `b` is 0.
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}
