//! Optimizers: each is one pass over the flat parameters, their gradient and the optimizer's own state.
//!
//! Names, defaults and formulas are those of `keras.optimizers`, version 3. What Keras's optimizers have in common is said
//! behind any of them, in any order:
//!
//! ```
//! use keras_runtime::optim::schedule::CosineDecay;
//! use keras_runtime::prelude::*;
//!
//! let optimizer = Adam::default()
//!     .schedule(CosineDecay { initial_learning_rate: 1e-3, decay_steps: 10_000, ..CosineDecay::default() })
//!     .clipnorm(1.0)
//!     .decay(4e-3)
//!     .exclude_from_decay(["bias", "gamma", "beta"]);
//! assert_eq!(optimizer.name(), "adam");
//! ```

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod ftrl;
mod lamb;
mod lion;
mod loss_scale;
mod matrices;
mod moment;
mod multi;
mod muon;
mod nadam;
mod rmsprop;
pub mod schedule;
mod schedule_free;
mod sgd;
mod tuned;
mod update;
#[cfg(feature = "keras-files")]
mod variables;

use std::fmt::Debug;
use std::ops::Range;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use lion::Lion;
pub use loss_scale::{LossScale, LossScaling, ScaleState};
#[cfg(feature = "cuda")]
pub(crate) use matrices::Matrices;
pub use moment::Moment;
pub(crate) use moment::{Formula, each};
pub use multi::MultiOptimizer;
pub use muon::Muon;
pub use nadam::Nadam;
pub use rmsprop::RmsProp;
use schedule::Schedule;
pub use schedule_free::ScheduleFreeAdamW;
pub use sgd::Sgd;
pub use tuned::Tuned;
pub use update::{Clip, MovingAverage, Options};
#[cfg(feature = "cuda")]
pub(crate) use update::{Pieces, pieces};
pub(crate) use update::{Scratch, Update};
#[cfg(feature = "keras-files")]
pub use variables::Variable;

use crate::compiled::WeightSpec;
use crate::config::config;
#[cfg(feature = "cuda")]
use crate::device::cpu::simd;
use crate::error::{Error, Result};

/// How parameters follow from gradients. On a GPU the steps of all optimizers of this module are kernels; those of one that is implemented elsewhere are
/// the host's.
pub trait Optimizer: Debug + Send + Sync {
    /// Keras's name of it.
    fn name(&self) -> &str;

    /// Words of state for each parameter, those of [`Optimizer::options`] included.
    fn state_words(&self) -> usize;

    /// The step size; with a schedule, its first.
    fn learning_rate(&self) -> f32;

    /// Changes the step size from the next step on. A schedule ends with that.
    fn set_learning_rate(&mut self, learning_rate: f32);

    /// Takes a step for a piece of the parameters. `state` has as many pieces of the same length as there are words of
    /// state without those of [`Optimizer::options`].
    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]);

    /// Whether the step size follows a schedule.
    fn is_scheduled(&self) -> bool {
        false
    }

    /// The step size after `steps` batches.
    fn learning_rate_at(&self, steps: u64) -> f32 {
        let _ = steps;
        self.learning_rate()
    }

    /// What piece `slot` of the state holds before the first step.
    fn state_start(&self, slot: usize) -> f32 {
        let _ = slot;
        0.0
    }

    /// Whether the pieces that a step is given must be whole weights, because it compares their elements.
    fn whole_weights(&self) -> bool {
        false
    }

    /// The step for a whole weight as a formula, where [`Optimizer::whole_weights`] asks for such ones: words of an element are its
    /// parameter, its gradient and its state. Devices other than the CPU make kernels of it, and the host takes the steps of those
    /// that have none.
    #[cfg(feature = "cuda")]
    #[doc(hidden)]
    fn told(&self, at: &Moment) -> Option<Told> {
        let _ = at;
        None
    }

    /// The optimizer whose step the weight of `at` takes, where this one consists of several.
    #[cfg(feature = "cuda")]
    #[doc(hidden)]
    fn part(&self, at: &Moment) -> Option<Part<'_>> {
        let _ = at;
        None
    }

    /// What happens before and after the step: clipping, decay, averages.
    fn options(&self) -> Options<'_> {
        Options::default()
    }

    /// The decay of one weight, where [`Optimizer::options`] say `decay`.
    fn decay_of(&self, weight: &WeightSpec, decay: f32) -> f32 {
        let _ = weight;
        decay
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// When they do not, with the name of the setting.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Which of Keras's optimizers it is, with its own arguments; or why it is none.
    #[cfg(feature = "keras-files")]
    #[doc(hidden)]
    fn config(&self) -> std::result::Result<crate::config::Config, String> {
        Err(format!("`{}` is an optimizer of your own", self.name()))
    }

    /// What Keras's optimizer keeps for these weights after so many steps, in its order. By default its state, one weight
    /// after another.
    #[cfg(feature = "keras-files")]
    #[doc(hidden)]
    fn variables(&self, weights: &[&'static WeightSpec], steps: u64) -> Vec<Variable> {
        let _ = steps;
        variables::interleaved(weights, 0..self.state_words() - self.options().state_words())
    }

    /// Lets the step size follow `schedule`, a function of the steps taken, instead of being constant.
    fn schedule(self, schedule: impl Schedule + 'static) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).schedule(schedule)
    }

    /// Keras's `weight_decay`: before each step, `w -= w * decay * learning_rate` (Loshchilov and Hutter, 2017).
    fn decay(self, decay: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).decay(decay)
    }

    /// Keeps weights whose name contains one of `names`, such as `bias`, from decay.
    fn exclude_from_decay<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).exclude_from_decay(names)
    }

    /// Scales the gradient of each weight so that its norm is at most `norm`.
    fn clipnorm(self, norm: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).clipnorm(norm)
    }

    /// Scales the whole gradient so that its norm is at most `norm`.
    fn global_clipnorm(self, norm: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).global_clipnorm(norm)
    }

    /// Cuts every element of the gradient to at most `value` in magnitude.
    fn clipvalue(self, value: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).clipvalue(value)
    }

    /// Keeps a moving average of the weights, `average = momentum * average + (1 - momentum) * w`, which they become
    /// when `fit` ends (Keras's `use_ema` and `ema_momentum`, there 0.99).
    fn ema(self, momentum: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).ema(momentum)
    }

    /// Takes one step for `steps` batches, with the mean of their gradients.
    fn gradient_accumulation(self, steps: u32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).gradient_accumulation(steps)
    }

    /// Multiplies the loss with `factor` before gradients are taken, and divides them by it (Keras's `loss_scale_factor`).
    fn loss_scale_factor(self, factor: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).loss_scale_factor(factor)
    }

    /// Multiplies the loss with a scale that follows the gradients, and leaves out steps in which one of these is not finite
    /// (Keras's `LossScaleOptimizer`).
    ///
    /// ```
    /// use keras_runtime::optim::LossScale;
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = dense(1, input = 2) }
    ///
    /// let mut model = Net::new(1).compile(Adam::default().loss_scale(LossScale::default()), MeanSquaredError, ());
    /// let before = model.weight("dense/kernel")?;
    /// // The loss of this batch overflows, and so do its gradients.
    /// model.train_on_batch(&ndarray::arr2(&[[1e30f32, 1e30]]), &vec![0.0f32])?;
    /// assert_eq!(model.weight("dense/kernel")?, before);
    /// assert_eq!(model.loss_scale(), 16384.0);
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    fn loss_scale(self, scale: LossScale) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).loss_scale(scale)
    }

    /// Multiplies the step size of weights whose name begins with `prefix`, such as `block1/` or `dense_1/kernel`.
    fn rate(self, prefix: impl Into<String>, factor: f32) -> Tuned<Self>
    where
        Self: Sized,
    {
        Tuned::new(self).rate(prefix, factor)
    }
}

/// One of several optimizers, and the step that it takes for a weight.
#[doc(hidden)]
#[derive(Debug)]
pub struct Part<'o> {
    /// The optimizer.
    pub optimizer: &'o dyn Optimizer,
    /// What it is told.
    pub at: Moment,
    /// What it does to a gradient that is too large, when all that `at` says is done.
    pub clip: Option<Clip>,
    /// Its pieces of the state.
    pub state: Range<usize>,
}

/// How the step of a whole weight is told to devices other than the CPU.
#[cfg(feature = "cuda")]
#[doc(hidden)]
#[derive(Debug)]
pub enum Told {
    /// By [`Optimizer::step`] itself, which is a formula of this weight's elements.
    Step,
    /// By its elements, and sums over all of them.
    Elements(simd::symbol::RowFormula),
    /// By means of rows and columns.
    Factored(Factored),
    /// By products of matrices.
    Orthogonal(Orthogonal),
}

/// [`Muon`]'s step of matrices.
#[cfg(feature = "cuda")]
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Orthogonal {
    /// The share of the momentum that a step keeps.
    pub momentum: f32,
    /// Whether a step looks ahead by the momentum.
    pub nesterov: bool,
    /// The factors of `x`, `x xᵀ x` and `(x xᵀ)² x`.
    pub factors: [f32; 3],
    /// How often they are applied.
    pub iterations: u32,
    /// The root mean square of a step over the step size, as a share of the root of the greater dimension; or none.
    pub rms_rate: Option<f32>,
}

/// [`Adafactor`]'s step of matrices.
#[cfg(feature = "cuda")]
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Factored {
    /// The step size.
    pub rate: f32,
    /// The share of means that a step keeps.
    pub keep: f32,
    /// What keeps roots in range, and the least size of a weight.
    pub epsilons: [f32; 2],
    /// The greatest root mean square of a step.
    pub most: f32,
}

/// An error unless the setting `name` is as `expected` says.
fn require(name: &'static str, value: f32, good: bool, expected: &str) -> Result<()> {
    match good {
        true => Ok(()),
        false => Err(Error::Setting { name, expected: expected.into(), found: value.to_string() }),
    }
}

/// A step size: finite and not negative.
fn require_rate(value: f32) -> Result<()> {
    require("learning_rate", value, value.is_finite() && value >= 0.0, "a finite number of at least 0")
}

/// The share that a running mean keeps: in `[0, 1)`.
fn require_share(name: &'static str, value: f32) -> Result<()> {
    require(name, value, (0.0..1.0).contains(&value), "a number in [0, 1)")
}

/// What keeps a quotient in range.
fn require_epsilon(value: f32) -> Result<()> {
    require("epsilon", value, value.is_finite() && value >= 0.0, "a finite number of at least 0")
}

/// The step size of an optimizer that has it in a field.
macro_rules! learning_rate {
    () => {
        fn learning_rate(&self) -> f32 {
            self.learning_rate
        }

        fn set_learning_rate(&mut self, learning_rate: f32) {
            self.learning_rate = learning_rate;
        }
    };
}
use learning_rate;
