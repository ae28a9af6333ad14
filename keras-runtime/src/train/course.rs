//! What a training remembers beside its model: what callbacks have seen, the history, and the sums of an epoch.

use super::{History, Tally};
use crate::callback::{Callbacks, State};
use crate::error::Result;

/// The course of a training up to some moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    /// Of each callback that keeps something.
    pub callbacks: Vec<State>,
    pub history: Option<History>,
    /// Within an epoch: sums of losses, then what each metric has seen.
    pub sums: Vec<Vec<f64>>,
    /// Whether a callback has asked for the end.
    pub stop: bool,
}

impl Course {
    /// Gives callbacks and history what they had.
    pub fn resume(&self, callbacks: &mut Callbacks<'_, '_>, history: &mut History) -> Result<()> {
        let mut seen: Vec<String> = vec![];
        callbacks.each(|callback| {
            let Some(State { kind, .. }) = callback.state() else { return Ok(()) };
            let place = seen.iter().filter(|other| **other == kind).count();
            let kept = self.callbacks.iter().filter(|state| state.kind == kind).nth(place);
            seen.push(kind);
            kept.map_or(Ok(()), |state| callback.resume(state))
        })?;
        if let Some(kept) = &self.history {
            *history = kept.clone();
        }
        Ok(())
    }

    /// Gives an epoch the sums of its first batches. Those of other losses and metrics are left alone.
    pub fn resume_epoch(&self, tally: &mut Tally<'_>) {
        if !self.sums.is_empty() && !tally.resume(&self.sums) {
            tally.reset();
        }
    }
}
