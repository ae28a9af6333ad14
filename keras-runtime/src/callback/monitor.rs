//! A value of the logs that callbacks watch.

use super::{Logs, Training};
use crate::error::{Error, Result};

/// Whether a monitored value should fall or rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As its name says: losses and errors fall, accuracies and the like rise.
    #[default]
    Auto,
    /// It should fall.
    Min,
    /// It should rise.
    Max,
}

/// Parts of the names of what should fall.
const FALLING: [&str; 9] =
    ["loss", "error", "crossentropy", "divergence", "hinge", "poisson", "logcosh", "log_cosh", "perplexity"];
/// Parts of the names of what should rise.
const RISING: [&str; 9] =
    ["acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2_score", "similarity"];

impl Mode {
    /// Whether `current` is better than `best` by more than `min_delta`: the first value always is.
    ///
    /// # Errors
    /// When it is [`Mode::Auto`] and the name does not tell.
    pub(super) fn improves(
        self,
        monitor: &str,
        current: f64,
        best: Option<f64>,
        min_delta: f64,
    ) -> Result<bool> {
        let rises = match self {
            Mode::Min => false,
            Mode::Max => true,
            Mode::Auto if FALLING.iter().any(|part| monitor.contains(part)) => false,
            Mode::Auto if RISING.iter().any(|part| monitor.contains(part)) => true,
            Mode::Auto => {
                return Err(Error::Setting {
                    name: "mode",
                    expected: format!("Mode::Min or Mode::Max, since the name `{monitor}` does not tell"),
                    found: "Mode::Auto".into(),
                });
            }
        };
        let Some(best) = best else { return Ok(true) };
        let min_delta = min_delta.abs();
        Ok(if rises { current - min_delta > best } else { current + min_delta < best })
    }
}

/// The monitored value; none after an epoch without validation.
///
/// # Errors
/// When no epoch of this training has it.
pub(super) fn monitored(monitor: &str, logs: &Logs, training: &Training<'_>) -> Result<Option<f64>> {
    let value = logs.get(monitor);
    let pause = monitor.starts_with("val_")
        && training.validates()
        && !logs.names().iter().any(|name| name.starts_with("val_"));
    if value.is_none() && !pause {
        return Err(Error::Unknown {
            kind: "log",
            name: monitor.into(),
            known: match training.validates() || !monitor.starts_with("val_") {
                true => logs.names().join(", "),
                false => {
                    format!(
                        "{} (`val_...` need validation_data or a validation_split)",
                        logs.names().join(", ")
                    )
                }
            },
        });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_direction() {
        let better = |monitor, current, best| Mode::Auto.improves(monitor, current, Some(best), 0.1).unwrap();
        assert!(better("val_loss", 0.5, 0.7) && !better("val_loss", 0.65, 0.7));
        assert!(better("a_accuracy", 0.7, 0.5) && !better("a_accuracy", 0.55, 0.5));
        assert!(better("mean_absolute_error", 0.1, 0.3));
        assert!(Mode::Auto.improves("mine", 1.0, None, 0.0).is_err());
        assert!(Mode::Max.improves("mine", 1.0, None, 0.0).unwrap());
        assert!(!Mode::Min.improves("loss", f64::NAN, Some(1.0), 0.0).unwrap());
    }
}
