//! A loop over the steps of a sequence, of a layer or of a user's cell.

use std::collections::BTreeMap;

use super::super::args::Args;
use crate::diag::{Message, Place, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Dim, Id, MOST_NODES, ReduceKind, Shape};

/// A loop that is being built.
pub struct Steps {
    scan: usize,
    /// The node before the first of the loop's.
    start: usize,
    /// Who has the loop.
    place: Place,
    /// What each step finds of the states.
    pub states: Vec<Id>,
    /// Which steps count.
    mask: Option<Id>,
    /// Where the states are kept from batch to batch, if they are.
    kept: Vec<Option<usize>>,
    /// Where an application of the same layer before this one keeps them.
    shared: Vec<usize>,
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
        let stateful = args.flag("stateful");
        if stateful && b.is_distributed() {
            let message = Message::new(
                args.place("stateful"),
                "a layer with `stateful = true` has no place in `time_distributed`: each step would find the state of the \
                 one before it",
            );
            return Err(b
                .diag
                .report(message.help("leave `stateful` out, or make one sequence of all steps")));
        }
        let shared = b.kept_states();
        // Of steps that are sequences, or images: one counts if anything of it does.
        let mask = over.mask.map(|mask| {
            let within = (1..b.shape(mask).rank()).collect();
            b.graph.reduce(ReduceKind::Max, mask, within, false)
        });
        let length = b.shape(over.id).dims[0].clone();
        let start = b.graph.nodes.len();
        let scan = b.graph.scan(length, args.flag("go_backwards"));
        Ok(Steps { scan, start, place, states: vec![], mask, kept: vec![], shared, stateful })
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
    pub fn state(&mut self, b: &mut Builder, dims: Vec<Dim>, start: Option<Id>) -> Result<Id, Reported> {
        let shared = self.shared.get(self.states.len()).copied();
        let (start, kept) = match (start, self.stateful, shared) {
            (Some(start), ..) => (start, None),
            // It goes on where the application before this one ended.
            (None, true, Some(index)) => {
                let last = b.graph.carried[index].next.expect("that application has ended");
                self.expect_dims(b, last, &dims)?;
                (last, Some(index))
            }
            (None, true, None) => {
                let (index, start) = b.graph.carried(dims);
                (start, Some(index))
            }
            (None, false, _) => (zeros(b, dims), None),
        };
        let state = b.graph.state(self.scan, start);
        self.states.push(state);
        self.kept.push(kept);
        Ok(state)
    }

    /// Whether a state that is shared with another application of the layer has the shape that this one wants.
    fn expect_dims(&self, b: &Builder, state: Id, dims: &[Dim]) -> Result<(), Reported> {
        let (own, wanted) = (b.shape(state), Shape::batched(dims.to_vec()));
        if own == wanted {
            return Ok(());
        }
        let headline = format!("this layer goes on from a state of {own}, but its state is {wanted} here");
        let message = Message::new(self.place, headline)
            .note("a layer with `stateful = true` that is applied twice has one state")
            .help("give both applications inputs of one shape, or write a layer for each");
        Err(b.diag.report(message))
    }

    /// Ends the loop, whose steps give `output` and leave `next` in the states.
    pub fn finish(self, b: &mut Builder, args: &Args, output: Id, next: Vec<Id>) -> Result<Done, Reported> {
        let (scan, start, place) = (self.scan, self.start, self.place);
        let done = self.end(b, args, output, next);
        if !b.graph.is_within_loop(scan, start) {
            return Ok(done);
        }
        if args.flag("stateful") {
            let message = Message::new(
                args.place("stateful"),
                "a loop with `stateful = true` has no place in a cell: each step of the cell would begin with the state \
                 that the batch before left",
            );
            return Err(b
                .diag
                .report(message.help("leave `stateful` out, or make the state one of the cell")));
        }
        let of = b.write_out(scan, start, place)?;
        let now = |id: Id| of.get(&id).copied().unwrap_or(id);
        let states = done.states.into_iter().map(now).collect();
        Ok(Done { output: now(done.output), mask: done.mask, states })
    }

    fn end(self, b: &mut Builder, args: &Args, output: Id, next: Vec<Id>) -> Done {
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
        let kept: Vec<usize> = self.kept.iter().copied().flatten().collect();
        if kept.len() == self.states.len() {
            b.keep_states(kept);
        }
        let states = match args.flag("return_state") {
            true => self.states.iter().map(|state| b.graph.last(*state)).collect(),
            false => vec![],
        };
        Done { output, mask: self.mask.filter(|_| all), states }
    }
}

impl Builder<'_> {
    /// Writes loop `scan`, whose nodes were made from node `start` on and which is within a step of another, out. Gives
    /// what its nodes have become.
    fn write_out(&mut self, scan: usize, start: usize, place: Place) -> Result<BTreeMap<Id, Id>, Reported> {
        let length = self.graph.scans[scan].length.clone();
        let message = match self.graph.unrolled_size(scan, start) {
            Some(size) if size <= MOST_NODES => {
                self.rewritten = true;
                return Ok(self.graph.unroll(scan, start));
            }
            Some(size) => Message::new(
                place,
                format!("this loop of {length} steps within a step of another is written out, which takes {size} operations"),
            )
            .note(format!("at most {MOST_NODES} are written out")),
            None => Message::new(
                place,
                format!("this loop of {length} steps within a step of another cannot be written out"),
            )
            .note("`keras_model!` does not know how many steps that is"),
        };
        Err(self.diag.report(message.help(
            "apply it outside of the `cell`, to the steps of all sequences at once: `time_distributed(..)`",
        )))
    }
}

fn zeros(b: &mut Builder, dims: Vec<Dim>) -> Id {
    let zero = b.graph.constant(0.0);
    b.graph.broadcast_to(zero, &Shape::batched(dims))
}
