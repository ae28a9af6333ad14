//! Masks: which steps of a sequence count. A layer makes one, uses one, or lets it through.

use super::{Builder, Tensor};
use crate::diag::Reported;
use crate::ir::{Binary, Id, Shape};
use crate::layers::{Masks, Use};

impl Builder<'_> {
    /// Makes `x` an output of the model. In its loss only the steps count that its mask says.
    pub(super) fn output(&mut self, name: String, x: Tensor) {
        self.graph.output(name, x.id);
        let shape = self.shape(x.id);
        let steps = &shape.dims[..shape.rank().saturating_sub(1)];
        let fits = |mask: &Id| {
            let own = self.graph.shape(*mask);
            own.rank() > 0 && steps.starts_with(&own.dims)
        };
        let mask = x.mask.filter(fits).map(|mask| {
            let own = Shape { batched: true, ..self.shape(mask) };
            self.graph.broadcast_to(mask, &own)
        });
        self.graph.outputs.last_mut().expect("it is there").mask = mask;
        self.output_sources.push(x.source);
    }

    /// The mask of a layer's result, from those of its inputs.
    pub(super) fn inherited_mask(&mut self, u: &Use) -> Result<Option<Id>, Reported> {
        let given: Vec<Id> = u.inputs.iter().filter_map(|input| input.mask).collect();
        let Some(input) = u.inputs.iter().find(|input| input.mask.is_some()) else { return Ok(None) };
        match u.entry.masks {
            Masks::End => Ok(None),
            // A step counts if it counts in all of them.
            Masks::Through if given.iter().all(|mask| self.shape(*mask) == self.shape(given[0])) => {
                Ok(given.into_iter().reduce(|a, b| self.graph.binary(Binary::Mul, a, b)))
            }
            Masks::Through | Masks::Refused => {
                let name = u.entry.name;
                let message = u
                    .misfit(
                        input,
                        format!("`{name}` cannot carry the mask of its input"),
                        "the mask would be lost here".to_string(),
                    )
                    .note(format!("`{}` comes with a mask that says which steps count", input.text))
                    .note(match u.entry.masks {
                        Masks::Refused => format!("`{name}` changes the steps, or mixes them"),
                        _ => "the masks of its inputs are of different steps".to_string(),
                    })
                    .help(
                        "put a layer that uses the mask before it, such as `lstm(..)`, or take the mask away with \
                         `drop_mask()`",
                    );
                Err(self.diag.report(message))
            }
        }
    }
}
