//! The moving average of the weights, while they are looked at.

use super::{Callback, Logs, Training};
use crate::error::{Error, Result};

/// Lets evaluations and predictions see the moving average of the weights (`keras.callbacks.SwapEMAWeights`), of an optimizer
/// that keeps one: [`Optimizer::ema`](crate::optim::Optimizer::ema).
#[derive(Debug, Clone, Default)]
pub struct SwapEmaWeights {
    /// Whether the model also has them between epochs, so that what later callbacks save is the average.
    pub swap_on_epoch: bool,
}

impl SwapEmaWeights {
    /// With `swap_on_epoch` as given.
    pub fn new(swap_on_epoch: bool) -> Self {
        SwapEmaWeights { swap_on_epoch }
    }
}

/// Shows the average, or the weights.
fn show(average: bool, training: &mut Training<'_>) -> Result<()> {
    if training.optimizer().options().average.is_none() {
        return Err(Error::Setting {
            name: "SwapEmaWeights",
            expected: "an optimizer with a moving average: `.ema(0.99)`".into(),
            found: format!("`{}` without one", training.optimizer().name()),
        });
    }
    training.show_average(average);
    Ok(())
}

impl Callback for SwapEmaWeights {
    fn wants_batches(&self) -> bool {
        false
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        show(false, training)
    }

    fn on_epoch_begin(&mut self, _: usize, training: &mut Training<'_>) -> Result<()> {
        show(false, training)
    }

    fn on_epoch_end(&mut self, _: usize, _: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        show(self.swap_on_epoch, training)
    }

    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        show(true, training)
    }

    fn on_test_end(&mut self, _: &Logs, training: &mut Training<'_>) -> Result<()> {
        show(false, training)
    }

    fn on_predict_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        show(true, training)
    }

    fn on_predict_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        show(false, training)
    }
}
