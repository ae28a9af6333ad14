//! Losses and metrics, gathered over batches.

use std::fmt;
use std::ops::Index;

use crate::compiled::Spec;
use crate::device::{MAX_OUTPUTS, Passed};
use crate::loss::Loss;
use crate::metric::{Batch, Metric};

/// Sums over the batches of an epoch.
pub(crate) struct Tally<'a> {
    spec: &'static Spec,
    losses: &'a [Box<dyn Loss>],
    metrics: &'a mut [Vec<Box<dyn Metric>>],
    sums: &'a mut Sums,
}

/// What a [`Tally`] adds up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    /// The losses of the batches at each output, times their samples.
    losses: [f64; MAX_OUTPUTS],
    /// What the model and its weights add, times samples.
    added: f64,
    samples: f64,
}

impl<'a> Tally<'a> {
    pub fn new(
        spec: &'static Spec,
        losses: &'a [Box<dyn Loss>],
        metrics: &'a mut [Vec<Box<dyn Metric>>],
        sums: &'a mut Sums,
    ) -> Self {
        Tally { spec, losses, metrics, sums }
    }

    /// For each output, its metrics.
    pub fn metrics(&self) -> &[Vec<Box<dyn Metric>>] {
        self.metrics
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self.sums = Sums::default();
        self.metrics.iter_mut().flatten().for_each(|metric| metric.reset());
    }

    /// Sums of losses, and what each metric has seen.
    pub fn state(&self) -> Vec<Vec<f64>> {
        let Sums { losses, added, samples } = &*self.sums;
        let sums = losses[..self.spec.outputs.len()].iter().chain([added, samples]).copied().collect();
        std::iter::once(sums).chain(self.metrics.iter().flatten().map(|metric| metric.state())).collect()
    }

    /// Takes what [`Self::state`] gave; whether it was of the same outputs and metrics. If not, something may have changed.
    pub fn resume(&mut self, state: &[Vec<f64>]) -> bool {
        let outputs = self.spec.outputs.len();
        let Some(([losses @ .., added, samples], seen)) =
            state.split_first().map(|(sums, seen)| (&sums[..], seen))
        else {
            return false;
        };
        if losses.len() != outputs || seen.len() != self.metrics.iter().flatten().count() {
            return false;
        }
        self.sums.losses[..outputs].copy_from_slice(losses);
        (self.sums.added, self.sums.samples) = (*added, *samples);
        self.metrics.iter_mut().flatten().zip(seen).all(|(metric, state)| metric.resume(state))
    }

    /// Takes in a batch.
    pub fn add(&mut self, batch: &dyn Passed) {
        let samples = batch.samples();
        for (i, output) in self.spec.outputs.iter().enumerate() {
            // In order, so that the sum does not depend on threads.
            let losses = batch.sample_losses(i).iter().map(|loss| f64::from(*loss));
            self.sums.losses[i] += losses.sum::<f64>() * batch.loss_share(i);
            if self.metrics[i].is_empty() {
                // Nobody looks at predictions, which a device may have to send.
                continue;
            }
            let (y, p) = (batch.targets(i), batch.output(i));
            let mask = batch.mask(i);
            let plain = Batch { output, samples, targets: y, predictions: p, weights: None, mask };
            let weighted = Batch { weights: batch.sample_weights(i), ..plain };
            for (k, metric) in self.metrics[i].iter_mut().enumerate() {
                match batch.measured(i, k) {
                    Some(sums) => metric.take(&sums),
                    None => metric.update(if metric.is_weighted() { &weighted } else { &plain }),
                }
            }
        }
        self.sums.added += batch.added_loss() * samples as f64;
        self.sums.samples += samples as f64;
    }

    /// The mean loss, summed over the outputs by their weights, with what the model adds.
    pub fn loss(&self) -> f64 {
        let each = self.losses.iter().zip(&self.sums.losses);
        let losses: f64 = each.map(|(formula, loss)| f64::from(formula.weight()) * loss).sum();
        (losses + self.sums.added) / self.sums.samples.max(1.0)
    }

    /// `loss`, then (of several outputs) the loss of each, then the metrics: Keras's names.
    pub fn names(&self) -> Vec<String> {
        let outputs = self.spec.outputs;
        let several = outputs.len() > 1;
        let mut names = vec!["loss".to_string()];
        if several {
            names.extend(outputs.iter().map(|output| format!("{}_loss", output.name)));
        }
        for (output, metrics) in outputs.iter().zip(self.metrics.iter()) {
            let prefix = if several { format!("{}_", output.name) } else { String::new() };
            names.extend(metrics.iter().map(|metric| format!("{prefix}{}", metric.name())));
        }
        names
    }

    /// The values that go with [`Self::names`].
    pub fn values(&self) -> Vec<f64> {
        let outputs = self.spec.outputs.len();
        let mut values = vec![self.loss()];
        if outputs > 1 {
            values.extend(self.sums.losses[..outputs].iter().map(|loss| loss / self.sums.samples.max(1.0)));
        }
        values.extend(self.metrics.iter().flatten().map(|metric| metric.result()));
        values
    }

    /// Both.
    pub fn score(&self) -> Score {
        Score { loss: self.loss(), names: self.names(), values: self.values() }
    }
}

/// Loss and metrics of an evaluation.
///
/// `score["accuracy"]` is a metric by Keras's name of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The mean loss, summed over the outputs, with penalties and the losses that the model adds.
    pub loss: f64,
    names: Vec<String>,
    values: Vec<f64>,
}

impl Score {
    /// A value by name, if there is one.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.names.iter().position(|other| other == name).map(|i| self.values[i])
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.names.iter().map(String::as_str).zip(self.values.iter().copied())
    }
}

impl Index<&str> for Score {
    type Output = f64;

    /// # Panics
    /// When there is no value of this name; [`Score::get`] asks first.
    fn index(&self, name: &str) -> &f64 {
        match self.names.iter().position(|other| other == name) {
            Some(i) => &self.values[i],
            None => panic!("no score is called `{name}`; there is: {}", self.names.join(", ")),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.iter().map(|(name, value)| format!("{name}: {value:.4}")).collect();
        f.write_str(&parts.join(" - "))
    }
}
