//! Optimizers with what Keras's have in common.

use super::schedule::Schedule;
use super::{
    Clip, LossScale, LossScaling, Moment, MovingAverage, Optimizer, Options, require, require_rate,
    require_share,
};
use crate::compiled::WeightSpec;
use crate::error::{Error, Result};

/// An optimizer with options: see [the module](super).
#[derive(Debug)]
pub struct Tuned<O> {
    inner: O,
    decay: Option<f32>,
    exclude: Vec<String>,
    clip: Option<Clip>,
    accumulate: Option<u32>,
    average: Option<MovingAverage>,
    rates: Vec<(String, f32)>,
    loss_scale: Option<LossScaling>,
    schedule: Option<Box<dyn Schedule>>,
}

/// The same as [`Optimizer`]'s, on an optimizer that has options already.
impl<O: Optimizer> Tuned<O> {
    pub(super) fn new(inner: O) -> Self {
        Tuned {
            inner,
            decay: None,
            exclude: vec![],
            clip: None,
            accumulate: None,
            average: None,
            rates: vec![],
            loss_scale: None,
            schedule: None,
        }
    }

    /// See [`Optimizer::schedule`].
    pub fn schedule(self, schedule: impl Schedule + 'static) -> Self {
        Tuned { schedule: Some(Box::new(schedule)), ..self }
    }

    /// See [`Optimizer::decay`].
    pub fn decay(self, decay: f32) -> Self {
        Tuned { decay: Some(decay), ..self }
    }

    /// See [`Optimizer::exclude_from_decay`].
    pub fn exclude_from_decay<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(names.into_iter().map(Into::into));
        self
    }

    /// See [`Optimizer::clipnorm`]; of several ways of clipping the last one counts.
    pub fn clipnorm(self, norm: f32) -> Self {
        Tuned { clip: Some(Clip::Norm(norm)), ..self }
    }

    /// See [`Optimizer::global_clipnorm`].
    pub fn global_clipnorm(self, norm: f32) -> Self {
        Tuned { clip: Some(Clip::GlobalNorm(norm)), ..self }
    }

    /// See [`Optimizer::clipvalue`].
    pub fn clipvalue(self, value: f32) -> Self {
        Tuned { clip: Some(Clip::Value(value)), ..self }
    }

    /// See [`Optimizer::ema`].
    pub fn ema(self, momentum: f32) -> Self {
        let overwrite_frequency = self.average.and_then(|average| average.overwrite_frequency);
        Tuned { average: Some(MovingAverage { momentum, overwrite_frequency }), ..self }
    }

    /// Lets the weights become their moving average after so many steps each (Keras's `ema_overwrite_frequency`).
    pub fn ema_overwrite_frequency(self, steps: u64) -> Self {
        let momentum = self.average.map_or(0.99, |average| average.momentum);
        Tuned { average: Some(MovingAverage { momentum, overwrite_frequency: Some(steps) }), ..self }
    }

    /// See [`Optimizer::gradient_accumulation`].
    pub fn gradient_accumulation(self, steps: u32) -> Self {
        Tuned { accumulate: Some(steps), ..self }
    }

    /// See [`Optimizer::loss_scale_factor`].
    pub fn loss_scale_factor(self, factor: f32) -> Self {
        Tuned { loss_scale: Some(LossScaling::Factor(factor)), ..self }
    }

    /// See [`Optimizer::loss_scale`].
    pub fn loss_scale(self, scale: LossScale) -> Self {
        Tuned { loss_scale: Some(LossScaling::Dynamic(scale)), ..self }
    }

    /// See [`Optimizer::rate`].
    pub fn rate(mut self, prefix: impl Into<String>, factor: f32) -> Self {
        self.rates.push((prefix.into(), factor));
        self
    }
}

impl<O: Optimizer> Optimizer for Tuned<O> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn state_words(&self) -> usize {
        self.inner.state_words() - self.inner.options().state_words() + self.options().state_words()
    }

    fn learning_rate(&self) -> f32 {
        self.schedule
            .as_ref()
            .map_or_else(|| self.inner.learning_rate(), |schedule| schedule.learning_rate(0))
    }

    fn set_learning_rate(&mut self, learning_rate: f32) {
        self.schedule = None;
        self.inner.set_learning_rate(learning_rate);
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        self.inner.step(at, params, grads, state);
    }

    fn is_scheduled(&self) -> bool {
        self.schedule.is_some() || self.inner.is_scheduled()
    }

    fn learning_rate_at(&self, steps: u64) -> f32 {
        match &self.schedule {
            Some(schedule) => schedule.learning_rate(steps),
            None => self.inner.learning_rate_at(steps),
        }
    }

    fn state_start(&self, slot: usize) -> f32 {
        let own = self.inner.state_words() - self.inner.options().state_words();
        if slot < own { self.inner.state_start(slot) } else { 0.0 }
    }

    fn whole_weights(&self) -> bool {
        self.inner.whole_weights()
    }

    #[cfg(feature = "cuda")]
    fn told(&self, at: &Moment) -> Option<super::Told> {
        self.inner.told(at)
    }

    #[cfg(feature = "cuda")]
    fn part(&self, at: &Moment) -> Option<super::Part<'_>> {
        self.inner.part(at)
    }

    fn options(&self) -> Options<'_> {
        let inner = self.inner.options();
        Options {
            decay: self.decay.unwrap_or(inner.decay),
            exclude: if self.exclude.is_empty() { inner.exclude } else { &self.exclude },
            clip: self.clip.or(inner.clip),
            accumulate: self.accumulate.unwrap_or(inner.accumulate),
            average: self.average.or(inner.average),
            rates: if self.rates.is_empty() { inner.rates } else { &self.rates },
            loss_scale: self.loss_scale.or(inner.loss_scale),
        }
    }

    fn decay_of(&self, weight: &WeightSpec, decay: f32) -> f32 {
        self.inner.decay_of(weight, decay)
    }

    #[cfg(feature = "keras-files")]
    fn config(&self) -> std::result::Result<crate::config::Config, String> {
        let config = self.inner.config()?;
        Ok(match &self.schedule {
            Some(schedule) => {
                config.with("learning_rate", &schedule.config()?.json("keras.optimizers.schedules"))
            }
            None => config,
        })
    }

    #[cfg(feature = "keras-files")]
    fn variables(&self, weights: &[&'static WeightSpec], steps: u64) -> Vec<super::Variable> {
        self.inner.variables(weights, steps)
    }

    fn check(&self) -> Result<()> {
        self.inner.check()?;
        if let Some(schedule) = &self.schedule {
            schedule.check()?;
            require_rate(schedule.learning_rate(0))?;
        }
        let positive = |name, value: f32| require(name, value, value > 0.0, "a number above 0");
        if let Some(decay) = self.decay {
            let good = decay.is_finite() && decay >= 0.0;
            require("weight_decay", decay, good, "a finite number of at least 0")?;
        }
        match self.clip {
            Some(Clip::Value(most)) => positive("clipvalue", most)?,
            Some(Clip::Norm(most)) => positive("clipnorm", most)?,
            Some(Clip::GlobalNorm(most)) => positive("global_clipnorm", most)?,
            None => {}
        }
        if let Some(average) = self.average {
            require_share("ema_momentum", average.momentum)?;
            if average.overwrite_frequency == Some(0) {
                return Err(counted("ema_overwrite_frequency"));
            }
        }
        if self.accumulate == Some(0) {
            return Err(counted("gradient_accumulation_steps"));
        }
        self.loss_scale.map_or(Ok(()), LossScaling::check)?;
        for (_, factor) in &self.rates {
            require("rate", *factor, factor.is_finite() && *factor >= 0.0, "a finite factor of at least 0")?;
        }
        Ok(())
    }
}

fn counted(name: &'static str) -> Error {
    Error::Setting { name, expected: "at least 1".into(), found: "0".into() }
}
