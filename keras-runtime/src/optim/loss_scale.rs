//! A loss that is multiplied before gradients are taken, so that small ones do not vanish.

use super::require;
use crate::error::{Error, Result};

/// Keras's `LossScaleOptimizer`: the loss is multiplied with a scale, and gradients are divided by it. Where one of them is not
/// finite the step is left out and the scale is halved; after so many steps in a row without that it is doubled.
///
/// Gradients are of 32 bits here, where vanishing is rare; what remains of it is a training that leaves out steps whose
/// gradients are not finite. See [`Optimizer::loss_scale`](super::Optimizer::loss_scale).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossScale {
    /// The scale before the first step.
    pub initial_scale: f32,
    /// Finite steps in a row after which the scale is doubled.
    pub dynamic_growth_steps: u32,
}

impl Default for LossScale {
    fn default() -> Self {
        LossScale { initial_scale: 32768.0, dynamic_growth_steps: 2000 }
    }
}

/// What the loss is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LossScaling {
    /// Always the same factor: Keras's `loss_scale_factor`.
    Factor(f32),
    /// What the gradients leave room for.
    Dynamic(LossScale),
}

impl LossScaling {
    pub(super) fn check(self) -> Result<()> {
        let positive = |name, value: f32| {
            require(name, value, value.is_finite() && value > 0.0, "a finite number above 0")
        };
        match self {
            LossScaling::Factor(factor) => positive("loss_scale_factor", factor),
            LossScaling::Dynamic(LossScale { dynamic_growth_steps: 0, .. }) => Err(Error::Setting {
                name: "dynamic_growth_steps",
                expected: "at least 1".into(),
                found: "0".into(),
            }),
            LossScaling::Dynamic(scale) => positive("initial_scale", scale.initial_scale),
        }
    }
}

/// How far the scale of a training has come: part of its checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScaleState {
    /// The scale; none before the first step.
    pub scale: Option<f32>,
    /// Finite steps since it last changed.
    pub steps: u32,
    /// Steps that were left out.
    pub skipped: u64,
}

impl ScaleState {
    /// What the loss of the next step is multiplied with.
    pub fn factor(&self, scaling: Option<LossScaling>) -> f32 {
        match scaling {
            None => 1.0,
            Some(LossScaling::Factor(factor)) => factor,
            Some(LossScaling::Dynamic(how)) => self.scale.unwrap_or(how.initial_scale),
        }
    }

    /// After a step whose gradients were finite or not.
    #[must_use]
    pub fn after(self, how: LossScale, finite: bool) -> Self {
        let scale = self.scale.unwrap_or(how.initial_scale);
        match finite {
            false => ScaleState { scale: Some(scale * 0.5), steps: 0, skipped: self.skipped + 1 },
            true if self.steps + 1 >= how.dynamic_growth_steps => {
                ScaleState { scale: Some(scale * 2.0), steps: 0, ..self }
            }
            true => ScaleState { scale: Some(scale), steps: self.steps + 1, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_grows_and_shrinks() {
        let how = LossScale { initial_scale: 8.0, dynamic_growth_steps: 2 };
        let steps = [true, true, true, false, true, false, false];
        let mut state = ScaleState::default();
        let scales = steps.map(|finite| {
            state = state.after(how, finite);
            state.factor(Some(LossScaling::Dynamic(how)))
        });
        assert_eq!(scales, [8.0, 16.0, 16.0, 8.0, 8.0, 4.0, 2.0]);
        assert_eq!(state.skipped, 3);
    }
}
