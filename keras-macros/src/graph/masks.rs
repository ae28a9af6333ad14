//! Masks: which steps of a sequence count. A layer makes one, uses one, or lets it through.

use super::Builder;
use crate::diag::Reported;
use crate::ir::{Binary, Id};
use crate::layers::{Masks, Use};

impl Builder<'_> {
    /// The mask of a layer's result, from those of its inputs.
    pub(super) fn inherited_mask(&mut self, u: &Use) -> Result<Option<Id>, Reported> {
        let given: Vec<Id> = u.inputs.iter().filter_map(|input| input.mask).collect();
        let Some(input) = u.inputs.iter().find(|input| input.mask.is_some()) else { return Ok(None) };
        match u.entry.masks() {
            // A step counts if it counts in all of them.
            Masks::Through => Ok(given.into_iter().reduce(|a, b| self.graph.binary(Binary::Mul, a, b))),
            Masks::End => Ok(None),
            Masks::Refused => {
                let name = u.entry.name;
                let message = u
                    .misfit(
                        input,
                        format!("`{name}` cannot carry the mask of its input"),
                        "the mask would be lost here".to_string(),
                    )
                    .note(format!("`{}` comes with a mask that says which steps count", input.text))
                    .note(format!("`{name}` changes the steps, or mixes them"))
                    .help(
                        "put a layer that uses the mask before it, such as `lstm(..)`, or take the mask away with \
                         `drop_mask()`",
                    );
                Err(self.diag.report(message))
            }
        }
    }
}
