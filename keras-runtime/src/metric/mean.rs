//! Means over samples: every loss as a metric, and the root of one.

use super::kept::Kept;
use super::measure::{Mean, Measure, Measured, named};
use super::{Batch, Metric, Metrics, Told};
use crate::compiled::{Head, OutputSpec};
#[cfg(feature = "keras-files")]
use crate::config::Config;
use crate::config::config;
use crate::data::Tensor;
use crate::error::Result;
use crate::loss;
use crate::loss::{Fused, LeftOut, Loss, Predicted, Scope};

/// The mean of a loss over all samples. Keras's own losses are metrics as they are; this makes one of yours.
#[derive(Debug, Clone, Copy)]
pub struct MeanOf<L>(pub L);

impl<L: Loss + Clone + 'static> Metrics for MeanOf<L> {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        let name = self.0.name().to_string();
        vec![Measured::boxed_from(&Averaged { loss: self.0, name, factor: 1.0, class: None, told: None })]
    }
}

/// A loss as a measure.
#[derive(Debug, Clone)]
struct Averaged<L> {
    loss: L,
    name: String,
    factor: f64,
    /// What Keras calls the metric, if it has a class for it.
    #[cfg_attr(not(feature = "keras-files"), allow(dead_code))]
    class: Option<&'static str>,
    /// What a device adds up for it, if that has a name of its own.
    told: Option<Told<'static>>,
}

/// A mean, and room for probabilities where an output has logits.
#[derive(Debug, Default)]
struct Seen {
    mean: Mean,
    probabilities: Vec<f32>,
}

impl Kept for Seen {
    fn give(&self, to: &mut Vec<f64>) {
        self.mean.give(to);
    }

    fn taken(from: &mut std::slice::Iter<'_, f64>) -> Option<Self> {
        Some(Seen { mean: Mean::taken(from)?, probabilities: vec![] })
    }
}

impl<L: Loss + Clone + 'static> Measure for Averaged<L> {
    type Seen = Seen;

    fn name(&self) -> &str {
        &self.name
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(self.told.unwrap_or(Told::Loss { loss: &self.loss, factor: self.factor }))
    }

    fn check(&self, output: &OutputSpec, target: &Tensor<'_>) -> Result<()> {
        self.loss.check(output, target)
    }

    fn add(&self, seen: &mut Seen, batch: &Batch<'_>) {
        match self.loss.scope(batch.output.shape) {
            Scope::Positions => self.add_positions(seen, batch),
            Scope::Sample { .. } => self.add_samples(seen, batch),
            Scope::Batch { values } => self.add_batch(seen, batch, values),
        }
    }

    fn value(&self, seen: &Seen) -> f64 {
        seen.mean.value()
    }

    #[cfg(feature = "keras-files")]
    fn config(&self) -> std::result::Result<Config, String> {
        let config = self.loss.config()?;
        Ok(match self.class {
            Some(class) => config.of_class(class),
            // The function has its loss's name, but for that of one.
            None => {
                let function = self.name.trim_end_matches("_loss");
                let function = serde_json::json!({
                    "module": "builtins",
                    "class_name": "function",
                    "config": function,
                    "registered_name": function,
                });
                config.of_class("MeanMetricWrapper").with("fn", &function)
            }
        })
    }

    fn forget(seen: &mut Seen) {
        seen.mean = Mean::default();
    }
}

impl<L: Loss> Averaged<L> {
    fn add_positions(&self, seen: &mut Seen, batch: &Batch<'_>) {
        let classes = batch.classes();
        let logits = match batch.output.head {
            Head::Linear => self.loss.fused(Head::Linear),
            _ => None,
        };
        for (y, p, weight) in batch.unmasked() {
            let p = match logits {
                None => p,
                Some(fused) => {
                    seen.probabilities.clear();
                    seen.probabilities.extend_from_slice(p);
                    probabilities(fused, &mut seen.probabilities);
                    &seen.probabilities[..]
                }
            };
            // As in Keras: without weights, what a loss leaves out counts as 0.
            let left_out = matches!(self.loss.left_out(), Some(LeftOut::Target(target)) if y == [target]);
            if !(left_out && batch.weights.is_some()) {
                seen.mean.add(self.factor * f64::from(self.loss.sample(y, p, classes, None)), weight);
            }
        }
    }

    /// Of a loss of whole samples.
    fn add_samples(&self, seen: &mut Seen, batch: &Batch<'_>) {
        for (y, p, weight) in batch.each_sample() {
            let loss = f64::from(self.loss.shaped(y, p, batch.output.shape, None));
            seen.mean.add(self.factor * loss, weight);
        }
    }

    /// Of a loss of a whole batch.
    fn add_batch(&self, seen: &mut Seen, batch: &Batch<'_>, values: Option<usize>) {
        let Some(formula) = self.loss.over_batch() else { return };
        let (samples, shape) = (batch.samples, batch.output.shape);
        // The room for probabilities holds the losses of the samples.
        seen.probabilities.clear();
        seen.probabilities.resize(samples, 0.0);
        let predicted = Predicted { samples, shape, y: batch.targets, p: batch.predictions };
        formula.losses(&predicted, &mut seen.probabilities);
        let zeros = self.loss.left_out() == Some(LeftOut::Zeros);
        // As in Keras: what is a number of a batch counts once.
        let counted = if values.is_some() { 1.min(samples) } else { samples };
        for (i, loss) in seen.probabilities[..counted].iter().enumerate() {
            let weight =
                batch.weights.filter(|_| values.is_none()).map_or(1.0, |weights| f64::from(weights[i]));
            if !(zeros && *loss <= 0.0 && batch.weights.is_some()) {
                seen.mean.add(self.factor * f64::from(*loss), weight);
            }
        }
    }
}

/// The activation that goes with a loss from logits, in place.
fn probabilities(fused: Fused, z: &mut [f32]) {
    match fused {
        Fused::Sigmoid { .. } => z.iter_mut().for_each(|z| *z = 1.0 / (1.0 + (-*z).exp())),
        Fused::Softmax { .. } => {
            let top = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            z.iter_mut().for_each(|z| *z = (*z - top).exp());
            let sum: f32 = z.iter().sum();
            z.iter_mut().for_each(|z| *z /= sum);
        }
    }
}

macro_rules! losses_as_metrics {
    ($($name:ident => $keras:literal, $factor:literal, $class:expr $(, $told:expr)?;)*) => {$(
        impl Metrics for loss::$name {
            fn into_metrics(self) -> Vec<Box<dyn Metric>> {
                let (name, class) = ($keras.into(), $class);
                let told = [$($told,)?].first().copied();
                vec![Measured::boxed_from(&Averaged { loss: self, name, factor: $factor, class, told })]
            }
        }
    )*};
}
losses_as_metrics! {
    MeanSquaredError => "mean_squared_error", 1.0, Some("MeanSquaredError"), Told::MeanSquare;
    MeanAbsoluteError => "mean_absolute_error", 1.0, Some("MeanAbsoluteError"), Told::MeanAbsolute;
    MeanAbsolutePercentageError => "mean_absolute_percentage_error", 1.0, Some("MeanAbsolutePercentageError");
    MeanSquaredLogarithmicError => "mean_squared_logarithmic_error", 1.0, Some("MeanSquaredLogarithmicError");
    Huber => "huber", 1.0, None;
    LogCosh => "logcosh", 1.0, Some("LogCoshError");
    Poisson => "poisson", 1.0, Some("Poisson");
    Hinge => "hinge", 1.0, Some("Hinge");
    SquaredHinge => "squared_hinge", 1.0, Some("SquaredHinge");
    CategoricalHinge => "categorical_hinge", 1.0, Some("CategoricalHinge");
    KLDivergence => "kl_divergence", 1.0, Some("KLDivergence");
    // The metric is the cosine itself, 1 for one direction; the loss its opposite.
    CosineSimilarity => "cosine_similarity", -1.0, Some("CosineSimilarity");
    BinaryCrossentropy => "binary_crossentropy", 1.0, Some("BinaryCrossentropy");
    CategoricalCrossentropy => "categorical_crossentropy", 1.0, Some("CategoricalCrossentropy");
    SparseCategoricalCrossentropy => "sparse_categorical_crossentropy", 1.0, Some("SparseCategoricalCrossentropy");
    BinaryFocalCrossentropy => "binary_focal_crossentropy", 1.0, None;
    CategoricalFocalCrossentropy => "categorical_focal_crossentropy", 1.0, None;
    CategoricalGeneralizedCrossEntropy => "categorical_generalized_cross_entropy", 1.0, None;
}

/// `sqrt(mean((y - p)^2))`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RootMeanSquaredError;

impl Measure for RootMeanSquaredError {
    type Seen = Mean;

    config! { "RootMeanSquaredError" }

    fn name(&self) -> &str {
        "root_mean_squared_error"
    }

    fn told(&self) -> Option<Told<'_>> {
        Some(Told::Squares)
    }

    fn add(&self, seen: &mut Mean, batch: &Batch<'_>) {
        for (y, p, weight) in batch.positions() {
            for (y, p) in y.iter().zip(p) {
                seen.add(f64::from(p - y).powi(2), weight);
            }
        }
    }

    fn value(&self, seen: &Mean) -> f64 {
        seen.value().sqrt()
    }
}

named! { RootMeanSquaredError }
