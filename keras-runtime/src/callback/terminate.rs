//! TerminateOnNaN.

use super::{Callback, Logs, Training};
use crate::error::{Error, Result};

/// Ends the training when the loss is NaN or infinite (`keras.callbacks.TerminateOnNaN`).
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminateOnNaN {
    /// Whether that is an error, rather than an early end.
    pub raise_error: bool,
}

impl Callback for TerminateOnNaN {
    fn on_train_batch_end(&mut self, batch: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        let Some(loss) = logs.get("loss").filter(|loss| !loss.is_finite()) else { return Ok(()) };
        if self.raise_error {
            return Err(Error::NotFinite {
                what: format!("the loss of epoch {}", training.position().epoch),
                sample: batch,
                value: loss,
            });
        }
        println!("Batch {batch}: the loss is {loss}, training ends");
        training.stop_training();
        Ok(())
    }
}
