//! Step sizes that are functions of the steps taken: `keras.optimizers.schedules`.
//!
//! ```
//! use keras_runtime::optim::schedule::{ExponentialDecay, Schedule};
//! use keras_runtime::prelude::*;
//!
//! let schedule =
//!     ExponentialDecay { initial_learning_rate: 0.1, decay_steps: 100, decay_rate: 0.5, staircase: true };
//! assert_eq!(schedule.learning_rate(250), 0.025);
//! let optimizer = Sgd::default().schedule(schedule);
//! # let _ = optimizer;
//! ```
//!
//! A function of the steps is a schedule as well: see [`from_fn`].

use std::fmt::Debug;

use super::{config, require, require_rate};
use crate::error::{Error, Result};

/// A step size for every step.
pub trait Schedule: Debug + Send + Sync {
    /// The step size after `steps` batches: with gradient accumulation there are several for each step of the optimizer.
    fn learning_rate(&self, steps: u64) -> f32;

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// When they do not, with the name of the setting.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Which of Keras's schedules it is; or why it is none.
    #[cfg(feature = "keras-files")]
    #[doc(hidden)]
    fn config(&self) -> std::result::Result<crate::config::Config, String> {
        Err(format!("its schedule, `{self:?}`, is none of Keras's"))
    }
}

/// `initial_learning_rate * decay_rate ^ (step / decay_steps)`
#[derive(Debug, Clone, PartialEq)]
pub struct ExponentialDecay {
    /// The first step size.
    pub initial_learning_rate: f32,
    /// Steps in which it falls by `decay_rate`.
    pub decay_steps: u64,
    /// What it falls by.
    pub decay_rate: f32,
    /// Whether it falls at once after `decay_steps` steps each.
    pub staircase: bool,
}

/// `values[i]` up to step `boundaries[i]`, and the last value after the last boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct PiecewiseConstantDecay {
    /// The last step of every value but the last.
    pub boundaries: Vec<u64>,
    /// One more than there are boundaries.
    pub values: Vec<f32>,
}

/// `(initial - end) * (1 - step / decay_steps) ^ power + end`
#[derive(Debug, Clone, PartialEq)]
pub struct PolynomialDecay {
    /// The first step size.
    pub initial_learning_rate: f32,
    /// Steps to the end.
    pub decay_steps: u64,
    /// The last step size.
    pub end_learning_rate: f32,
    /// Keras's default is 1: a straight line.
    pub power: f32,
    /// Whether after the end it starts anew, over two, three .. times as many steps in all.
    pub cycle: bool,
}

/// `initial_learning_rate / (1 + decay_rate * step / decay_steps)`
#[derive(Debug, Clone, PartialEq)]
pub struct InverseTimeDecay {
    /// The first step size.
    pub initial_learning_rate: f32,
    /// The unit of steps.
    pub decay_steps: u64,
    /// How fast it falls.
    pub decay_rate: f32,
    /// Whether it falls at once after `decay_steps` steps each.
    pub staircase: bool,
}

/// From `initial_learning_rate` in a straight line to `warmup_target` if there is one, then by half a cosine down to the share
/// `alpha` (Loshchilov and Hutter, 2016).
#[derive(Debug, Clone, PartialEq)]
pub struct CosineDecay {
    /// The first step size.
    pub initial_learning_rate: f32,
    /// Steps of the cosine.
    pub decay_steps: u64,
    /// The share that is left in the end.
    pub alpha: f32,
    /// The step size after the warm-up.
    pub warmup_target: Option<f32>,
    /// Steps of the warm-up.
    pub warmup_steps: u64,
}

/// Half cosines one after the other, each `t_mul` times as long as the last and `m_mul` times as high
/// (Loshchilov and Hutter, 2016).
#[derive(Debug, Clone, PartialEq)]
pub struct CosineDecayRestarts {
    /// The first step size.
    pub initial_learning_rate: f32,
    /// Steps of the first cosine.
    pub first_decay_steps: u64,
    /// How much longer the next one is.
    pub t_mul: f32,
    /// How much higher the next one is.
    pub m_mul: f32,
    /// The share that is left in the end.
    pub alpha: f32,
}

/// A straight line from 0 to the first step size of another schedule, over `steps` steps, then that schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct WarmUp<S> {
    /// Steps of the line.
    pub steps: u64,
    /// What follows.
    pub then: S,
}

impl Default for CosineDecay {
    fn default() -> Self {
        CosineDecay {
            initial_learning_rate: 0.001,
            decay_steps: 1000,
            alpha: 0.0,
            warmup_target: None,
            warmup_steps: 0,
        }
    }
}

impl Default for CosineDecayRestarts {
    fn default() -> Self {
        CosineDecayRestarts {
            initial_learning_rate: 0.001,
            first_decay_steps: 1000,
            t_mul: 2.0,
            m_mul: 1.0,
            alpha: 0.0,
        }
    }
}

/// `steps / of`, in whole numbers if `staircase`.
fn fraction(steps: u64, of: u64, staircase: bool) -> f64 {
    if staircase { (steps / of) as f64 } else { steps as f64 / of as f64 }
}

/// `at least 1` of these steps.
fn require_steps(name: &'static str, steps: u64) -> Result<()> {
    require(name, steps as f32, steps > 0, "at least 1")
}

/// From 1 to `alpha` as `fraction` goes from 0 to 1.
fn cosine(fraction: f64, height: f64, alpha: f32) -> f64 {
    let wave = 0.5 * height * (1.0 + (std::f64::consts::PI * fraction).cos());
    (1.0 - f64::from(alpha)) * wave + f64::from(alpha)
}

impl Schedule for ExponentialDecay {
    config! { "ExponentialDecay" initial_learning_rate decay_steps decay_rate staircase }

    fn learning_rate(&self, steps: u64) -> f32 {
        let power = fraction(steps, self.decay_steps, self.staircase);
        (f64::from(self.initial_learning_rate) * f64::from(self.decay_rate).powf(power)) as f32
    }

    fn check(&self) -> Result<()> {
        require_steps("decay_steps", self.decay_steps)?;
        require("decay_rate", self.decay_rate, self.decay_rate > 0.0, "above 0")?;
        require_rate(self.initial_learning_rate)
    }
}

impl Schedule for PiecewiseConstantDecay {
    config! { "PiecewiseConstantDecay" boundaries values }

    fn learning_rate(&self, steps: u64) -> f32 {
        let piece = self.boundaries.partition_point(|&last| last < steps);
        self.values.get(piece).or(self.values.last()).copied().unwrap_or(0.0)
    }

    fn check(&self) -> Result<()> {
        if self.values.len() != self.boundaries.len() + 1 {
            return Err(Error::Setting {
                name: "values",
                expected: format!(
                    "{} of them: one more than there are boundaries",
                    self.boundaries.len() + 1
                ),
                found: self.values.len().to_string(),
            });
        }
        if !self.boundaries.is_sorted() {
            return Err(Error::Setting {
                name: "boundaries",
                expected: "steps in order".into(),
                found: format!("{:?}", self.boundaries),
            });
        }
        self.values.iter().try_for_each(|&value| require_rate(value))
    }
}

impl Schedule for PolynomialDecay {
    config! { "PolynomialDecay" initial_learning_rate decay_steps end_learning_rate power cycle }

    fn learning_rate(&self, steps: u64) -> f32 {
        let (mut at, mut length) = (steps as f64, self.decay_steps as f64);
        match self.cycle {
            true if steps > 0 => length *= (at / length).ceil(),
            true => {}
            false => at = at.min(length),
        }
        let (first, end) = (f64::from(self.initial_learning_rate), f64::from(self.end_learning_rate));
        ((first - end) * (1.0 - at / length).powf(f64::from(self.power)) + end) as f32
    }

    fn check(&self) -> Result<()> {
        require_steps("decay_steps", self.decay_steps)?;
        require("power", self.power, self.power > 0.0, "above 0")?;
        require_rate(self.end_learning_rate)?;
        require_rate(self.initial_learning_rate)
    }
}

impl Schedule for InverseTimeDecay {
    config! { "InverseTimeDecay" initial_learning_rate decay_steps decay_rate staircase }

    fn learning_rate(&self, steps: u64) -> f32 {
        let below = 1.0 + f64::from(self.decay_rate) * fraction(steps, self.decay_steps, self.staircase);
        (f64::from(self.initial_learning_rate) / below) as f32
    }

    fn check(&self) -> Result<()> {
        require_steps("decay_steps", self.decay_steps)?;
        require("decay_rate", self.decay_rate, self.decay_rate >= 0.0, "at least 0")?;
        require_rate(self.initial_learning_rate)
    }
}

impl Schedule for CosineDecay {
    config! { "CosineDecay" initial_learning_rate decay_steps alpha warmup_target warmup_steps }

    fn learning_rate(&self, steps: u64) -> f32 {
        let first = f64::from(self.initial_learning_rate);
        let (from, steps) = match self.warmup_target {
            Some(target) if steps < self.warmup_steps => {
                let done = steps as f64 / self.warmup_steps as f64;
                return ((f64::from(target) - first) * done + first) as f32;
            }
            Some(target) => (f64::from(target), steps - self.warmup_steps),
            None => (first, steps),
        };
        let done = steps.min(self.decay_steps) as f64 / self.decay_steps as f64;
        (from * cosine(done, 1.0, self.alpha)) as f32
    }

    fn check(&self) -> Result<()> {
        require_steps("decay_steps", self.decay_steps)?;
        self.warmup_target.map_or(Ok(()), require_rate)?;
        require_rate(self.initial_learning_rate)
    }
}

impl Schedule for CosineDecayRestarts {
    config! { "CosineDecayRestarts" initial_learning_rate first_decay_steps t_mul m_mul alpha }

    fn learning_rate(&self, steps: u64) -> f32 {
        let (done, longer) = (steps as f64 / self.first_decay_steps as f64, f64::from(self.t_mul));
        let (restarts, done) = if longer == 1.0 {
            (done.floor(), done.fract())
        } else {
            // Lengths are a geometric series: those of the cosines before this one are taken off.
            let restarts = ((1.0 - done * (1.0 - longer)).ln() / longer.ln() + 1e-9).floor();
            let before = (1.0 - longer.powf(restarts)) / (1.0 - longer);
            (restarts, (done - before) / longer.powf(restarts))
        };
        let height = f64::from(self.m_mul).powf(restarts);
        (f64::from(self.initial_learning_rate) * cosine(done, height, self.alpha)) as f32
    }

    fn check(&self) -> Result<()> {
        require_steps("first_decay_steps", self.first_decay_steps)?;
        require("t_mul", self.t_mul, self.t_mul >= 1.0, "at least 1")?;
        require("m_mul", self.m_mul, self.m_mul > 0.0, "above 0")?;
        require_rate(self.initial_learning_rate)
    }
}

impl<S: Schedule> Schedule for WarmUp<S> {
    fn learning_rate(&self, steps: u64) -> f32 {
        match steps.checked_sub(self.steps) {
            Some(steps) => self.then.learning_rate(steps),
            None => self.then.learning_rate(0) * (steps as f32 / self.steps as f32),
        }
    }

    fn check(&self) -> Result<()> {
        self.then.check()
    }
}

/// A function of the steps taken.
pub struct FromFn<F>(F);

impl<F> Debug for FromFn<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FromFn(..)")
    }
}

/// A schedule by a function of the steps taken: `from_fn(|step| 0.1 / (step + 1) as f32)`.
pub fn from_fn<F: Fn(u64) -> f32 + Send + Sync>(function: F) -> FromFn<F> {
    FromFn(function)
}

impl<F: Fn(u64) -> f32 + Send + Sync> Schedule for FromFn<F> {
    fn learning_rate(&self, steps: u64) -> f32 {
        (self.0)(steps)
    }
}
