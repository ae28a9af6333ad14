//! Several optimizers, each for a part of a model.

use super::update::{MOST_STATE, sum_of_squares};
use super::{Clip, Moment, Optimizer, Part, require_rate};
use crate::compiled::WeightSpec;
use crate::error::{Error, Result};

/// Several optimizers, each for the weights whose names begin as is said (`keras.optimizers.MultiOptimizer`).
///
/// Where several beginnings fit, the first counts; where none does, the optimizer that it is made with. Optimizers may have schedules,
/// decay, `clipnorm`, `clipvalue` and `rate` of their own. What concerns the whole model is said behind all of them:
/// `global_clipnorm`, `gradient_accumulation`, `ema`, `loss_scale`. Its own learning rate is a factor of theirs, 1 at first:
/// callbacks such as [`ReduceLrOnPlateau`](crate::callback::ReduceLrOnPlateau) then scale them all. With `gradient_accumulation`, the
/// schedules of its optimizers count steps, not batches.
///
/// Each optimizer has a state of its own for all weights: 16 words a weight at most, of all together (`Adam` has two).
///
/// ```
/// use keras_runtime::optim::MultiOptimizer;
/// use keras_runtime::prelude::*;
///
/// keras_model! { Net = dense(8, relu, input = 4, name = "encoder") >> dense(1) }
///
/// let optimizer = MultiOptimizer::new(Sgd::default()).on("encoder/", Adam::default().clipnorm(1.0));
/// let mut model = Net::new(1).compile(optimizer.gradient_accumulation(2), MeanSquaredError, ());
/// # model.train_on_batch(&ndarray::Array2::<f32>::ones((2, 4)), &ndarray::Array2::<f32>::ones((2, 1)))?;
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug)]
pub struct MultiOptimizer {
    /// What names begin with, and the optimizer of such weights; the last is that of all others.
    parts: Vec<(String, Box<dyn Optimizer>)>,
    learning_rate: f32,
}

/// Words of state that an optimizer has for each parameter, without those of what is said behind it.
fn words(optimizer: &dyn Optimizer) -> usize {
    optimizer.state_words() - optimizer.options().state_words()
}

impl MultiOptimizer {
    /// `default` for all weights that [`on`](MultiOptimizer::on) names no other for.
    pub fn new(default: impl Optimizer + 'static) -> Self {
        MultiOptimizer { parts: vec![(String::new(), Box::new(default))], learning_rate: 1.0 }
    }

    /// `optimizer` for weights whose names begin with `prefix`, such as `block1/` or `dense_1/kernel`.
    pub fn on(mut self, prefix: impl Into<String>, optimizer: impl Optimizer + 'static) -> Self {
        let last = self.parts.len() - 1;
        self.parts.insert(last, (prefix.into(), Box::new(optimizer)));
        self
    }

    fn optimizers(&self) -> impl Iterator<Item = &dyn Optimizer> {
        self.parts.iter().map(|(_, optimizer)| &**optimizer)
    }

    /// The optimizer of a weight, and its first piece of the state.
    fn of(&self, weight: &WeightSpec) -> (&dyn Optimizer, usize) {
        let mut slot = 0;
        for (prefix, optimizer) in &self.parts {
            if weight.name.starts_with(prefix) {
                return (&**optimizer, slot);
            }
            slot += words(&**optimizer);
        }
        unreachable!("every name begins with nothing")
    }

    /// The optimizer of the weight of `at`, and the step that it takes.
    fn part_of(&self, at: &Moment) -> Part<'_> {
        let weight = at.weight.expect("steps are for whole weights");
        let (optimizer, slot) = self.of(weight);
        let options = optimizer.options();
        let mut at = Moment { weight: optimizer.whole_weights().then_some(weight), ..*at };
        at.learning_rate *= optimizer.learning_rate_at(at.step - 1) * options.rate(weight);
        let decay = optimizer.decay_of(weight, options.decay);
        if options.decays(weight) {
            at.keep *= 1.0 - decay * at.learning_rate;
        }
        let clip = match options.clip {
            Some(Clip::Value(most)) => {
                at.clip = Some(at.clip.map_or(most, |outer| outer.min(most)));
                None
            }
            clip => clip,
        };
        Part { optimizer, at, clip, state: slot..slot + words(optimizer) }
    }
}

impl Optimizer for MultiOptimizer {
    fn name(&self) -> &str {
        "multi_optimizer"
    }

    fn state_words(&self) -> usize {
        self.optimizers().map(words).sum()
    }

    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f32) {
        self.learning_rate = learning_rate;
    }

    fn state_start(&self, mut slot: usize) -> f32 {
        for optimizer in self.optimizers() {
            let own = words(optimizer);
            if slot < own {
                return optimizer.state_start(slot);
            }
            slot -= own;
        }
        0.0
    }

    fn whole_weights(&self) -> bool {
        true
    }

    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]) {
        let Part { optimizer, mut at, clip, state: own } = self.part_of(at);
        if let Some(clip) = clip {
            at.scale *= clip.scale(sum_of_squares(grads).sqrt() as f32 * at.scale);
        }
        optimizer.step(&at, params, grads, &mut state[own]);
    }

    #[cfg(feature = "cuda")]
    fn part(&self, at: &Moment) -> Option<Part<'_>> {
        Some(self.part_of(at))
    }

    #[cfg(feature = "keras-files")]
    fn config(&self) -> std::result::Result<crate::config::Config, String> {
        Err("parts of the model have optimizers of their own".into())
    }

    fn check(&self) -> Result<()> {
        require_rate(self.learning_rate)?;
        if self.state_words() > MOST_STATE {
            return Err(Error::Setting {
                name: "the optimizers of `MultiOptimizer`",
                expected: format!(
                    "at most {MOST_STATE} words of state for each weight, of all of them together"
                ),
                found: self.state_words().to_string(),
            });
        }
        for optimizer in self.optimizers() {
            optimizer.check()?;
            let options = optimizer.options();
            for (name, is_there) in [
                ("global_clipnorm", matches!(options.clip, Some(Clip::GlobalNorm(_)))),
                ("gradient_accumulation_steps", options.accumulate > 1),
                ("ema_momentum", options.average.is_some()),
                ("loss_scale", options.loss_scale.is_some()),
            ] {
                if is_there {
                    let expected =
                        "none of an optimizer within `MultiOptimizer`: say it behind `MultiOptimizer` itself";
                    return Err(Error::Setting {
                        name,
                        expected: expected.into(),
                        found: format!("one of `{}`", optimizer.name()),
                    });
                }
            }
        }
        Ok(())
    }
}
