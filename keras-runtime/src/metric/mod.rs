//! Metrics: what is told of a model beside its loss, gathered batch by batch.

mod accuracy;
mod batch;
mod confusion;
mod correlation;
mod curve;
mod fscore;
mod function;
mod kept;
mod list;
mod mean;
mod measure;
mod overlap;
mod running;
mod told;
mod weighted;

use std::fmt::Debug;

pub(crate) use accuracy::argmax;
pub use accuracy::{
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
};
pub use batch::Batch;
pub use confusion::{FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives};
pub use correlation::{Aggregation, ConcordanceCorrelation, PearsonCorrelation, R2Score};
pub use curve::{
    AUC, Curve, PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity,
    Summation,
};
pub use fscore::{Average, F1Score, FBetaScore};
pub use function::MeanMetric;
pub use list::{Metrics, PerOutput};
pub use mean::{MeanOf, RootMeanSquaredError};
pub use overlap::{BinaryIoU, IoU, MeanIoU};
pub use running::{Mean, Sum};
#[doc(hidden)]
pub use told::{Counts, Right, Told};
pub use weighted::Weighted;

use crate::compiled::OutputSpec;
use crate::data::Tensor;
use crate::error::Result;

/// A running measure of predictions against targets.
pub trait Metric: Debug + Send + Sync {
    /// Keras's name of it, for example `accuracy`.
    fn name(&self) -> &str;

    /// Checks, once and before anything runs, that targets can be measured at an output.
    ///
    /// # Errors
    /// When they cannot. The default takes all.
    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        let _ = (output, target);
        Ok(())
    }

    /// Forgets everything.
    fn reset(&mut self);

    /// Takes in a batch.
    fn update(&mut self, batch: &Batch<'_>);

    /// The measure over everything since the last reset.
    fn result(&self) -> f64;

    /// What it has seen since the last reset, as numbers: what a checkpoint within an epoch keeps. By default nothing.
    fn state(&self) -> Vec<f64> {
        vec![]
    }

    /// Takes what [`Metric::state`] gave; whether it can be read. If not, the metric begins anew.
    fn resume(&mut self, state: &[f64]) -> bool {
        state.is_empty()
    }

    /// Whether samples count what the weights say (`weighted_metrics` in Keras): see [`Weighted`].
    fn is_weighted(&self) -> bool {
        false
    }

    /// What a device adds up in its place, if it can: sums for [`Metric::take`], of positions that a mask leaves and
    /// count what [`Metric::is_weighted`] says. By default it is the host that looks at predictions.
    #[doc(hidden)]
    fn told(&self) -> Option<Told<'_>> {
        None
    }

    /// Adds what a device has added up, by what it was [told](Metric::told), to what was seen: by default to the numbers of [`Metric::state`].
    #[doc(hidden)]
    fn take(&mut self, sums: &[f64]) {
        let seen: Vec<f64> = self.state().iter().zip(sums).map(|(seen, sum)| seen + sum).collect();
        let read = self.resume(&seen);
        debug_assert!(read, "`{}` tells sums that are not its numbers", self.name());
    }

    /// Which of Keras's metrics it is at an output whose targets are `indices` of classes, or are not; or why it is none.
    #[cfg(feature = "keras-files")]
    #[doc(hidden)]
    fn config(
        &self,
        output: &OutputSpec<'_>,
        indices: bool,
    ) -> std::result::Result<crate::config::Config, String> {
        let _ = (output, indices);
        Err(format!("`{}` is a metric of your own", self.name()))
    }

    /// Another one like it, for another output.
    fn boxed(&self) -> Box<dyn Metric>;
}
