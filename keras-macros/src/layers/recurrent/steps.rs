//! A loop over the steps of a sequence, of a layer or of a user's cell.

use super::super::args::Args;
use crate::diag::{Message, Place, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Dim, Id, Shape};

/// A loop that is being built.
pub struct Steps {
    scan: usize,
    /// What each step finds of the states.
    pub states: Vec<Id>,
    /// Which steps count.
    mask: Option<Id>,
    /// Where the states are kept from batch to batch, if they are.
    kept: Vec<Option<usize>>,
    stateful: bool,
}

/// What is left of a loop.
pub struct Done {
    pub output: Id,
    pub mask: Option<Id>,
    /// The last states, if they are asked for.
    pub states: Vec<Id>,
}

impl Steps {
    /// A loop over the steps of the first of `inputs`, along its first axis. `args` are [those of a cell](super::CELL),
    /// and maybe more.
    pub fn new(b: &mut Builder, inputs: &[Tensor], args: &Args, place: Place) -> Result<Self, Reported> {
        let over = &inputs[0];
        inputs.iter().try_for_each(|input| b.expect_no_loop(input.id, place))?;
        let stateful = args.flag("stateful");
        if stateful && b.is_applied_again() {
            let message = Message::new(
                args.place("stateful"),
                "a layer with `stateful = true` is applied twice: its state would be that of two sequences",
            );
            return Err(b
                .diag
                .report(message.help("make a layer for each sequence, or leave `stateful` out")));
        }
        let length = b.shape(over.id).dims[0].clone();
        let scan = b.graph.scan(length, args.flag("go_backwards"));
        Ok(Steps { scan, states: vec![], mask: over.mask, kept: vec![], stateful })
    }

    /// What a step sees of the sequence `x`.
    pub fn item(&self, b: &mut Builder, x: Id) -> Id {
        b.graph.item(self.scan, x)
    }

    /// How many steps there are.
    pub fn length(&self, b: &Builder) -> Dim {
        b.graph.scans[self.scan].length.clone()
    }

    /// A new state of shape `dims`, from `start` on if it is given.
    pub fn state(&mut self, b: &mut Builder, dims: Vec<Dim>, start: Option<Id>) -> Id {
        let (start, kept) = match (start, self.stateful) {
            (Some(start), _) => (start, None),
            (None, true) => {
                let (index, start) = b.graph.carried(dims);
                (start, Some(index))
            }
            (None, false) => (zeros(b, dims), None),
        };
        let state = b.graph.state(self.scan, start);
        self.states.push(state);
        self.kept.push(kept);
        state
    }

    /// Ends the loop, whose steps give `output` and leave `next` in the states.
    pub fn finish(self, b: &mut Builder, args: &Args, output: Id, next: Vec<Id>) -> Done {
        let (backwards, all) = (args.flag("go_backwards"), args.flag("return_sequences"));
        let counts = self.mask.map(|mask| b.graph.item(self.scan, mask));
        let is_state = next.iter().position(|next| *next == output);
        // A step that does not count leaves the states as they are.
        let next: Vec<Id> = match counts {
            Some(counts) => {
                let pairs = next.iter().zip(&self.states);
                pairs.map(|(next, state)| b.graph.select(counts, *next, *state)).collect()
            }
            None => next,
        };
        for (state, next) in self.states.iter().zip(&next) {
            b.graph.set_next(*state, *next);
        }
        let zero = counts.filter(|_| args.given_flag("zero_output_for_mask"));
        // Its output is that of the step before it, or 0.
        let (shown, last) = match (zero, is_state) {
            (None, Some(i)) => (next[i], Some(self.states[i])),
            (None, None) if counts.is_none() && all => (output, None),
            _ => {
                let dims = b.shape(output).dims;
                let start = zeros(b, dims);
                let before = b.graph.state(self.scan, start);
                let shown = match (counts, zero) {
                    (Some(counts), None) => b.graph.select(counts, output, before),
                    (Some(counts), Some(_)) => {
                        let zero = b.graph.constant(0.0);
                        b.graph.select(counts, output, zero)
                    }
                    (None, _) => output,
                };
                b.graph.set_next(before, shown);
                (shown, Some(before))
            }
        };
        let output = match (all, last) {
            (false, Some(last)) => b.graph.last(last),
            _ => b.graph.trace(self.scan, shown),
        };
        let output = if backwards && all { b.graph.flip(output, 0) } else { output };
        for (state, kept) in self.states.iter().zip(&self.kept) {
            if let Some(kept) = kept {
                let last = b.graph.last(*state);
                b.graph.carry(*kept, last);
            }
        }
        let states = match args.flag("return_state") {
            true => self.states.iter().map(|state| b.graph.last(*state)).collect(),
            false => vec![],
        };
        Done { output, mask: self.mask.filter(|_| all), states }
    }
}

impl Builder<'_> {
    /// An error if `x`, which a loop is to read, is of a step of another.
    pub fn expect_no_loop(&self, x: Id, place: Place) -> Result<(), Reported> {
        if self.graph.nodes[x.0].scan.is_none() {
            return Ok(());
        }
        let message = Message::new(place, "this is a loop over time within a step of another")
            .note("loops within loops are not supported yet")
            .help("apply it outside of the `cell` or of `time_distributed`, or make one axis of both with `reshape(..)`");
        Err(self.diag.report(message))
    }
}

fn zeros(b: &mut Builder, dims: Vec<Dim>) -> Id {
    let zero = b.graph.constant(0.0);
    b.graph.broadcast_to(zero, &Shape::batched(dims))
}
