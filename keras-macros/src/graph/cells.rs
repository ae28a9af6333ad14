//! Cells: a user's step of a loop over time.

use proc_macro2::Ident;

use super::nested::{located, snake_case};
use super::{Builder, Built, Names, Tensor, Value};
use crate::diag::{Message, Place, Reported};
use crate::ir::{Dim, Id, Shape};
use crate::layers::args::{self, Args, COMMON};
use crate::layers::recurrent;
use crate::syntax::ast::{Arg, CellItem, Declared, Expr, ExprKind};

/// What a loop over a cell is made of.
struct Run<'c> {
    cell: &'c CellItem,
    name: &'c Ident,
    args: Args,
    scan: usize,
    /// The [`Op::State`](crate::ir::Op::State)s.
    states: Vec<Id>,
    mask: Option<Id>,
}

impl Builder<'_> {
    /// `input >> cell(given)`: the cell for each step of the first input. The other inputs are sequences as well, or the
    /// same in every step; what follows them are the states before the first step.
    pub(super) fn apply_cell(
        &mut self,
        cell: &CellItem,
        stage: &Expr,
        name: &Ident,
        given: &[Arg],
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        self.definitions.used.borrow_mut().push(name.to_string());
        if let Some(reported) = self.definitions.failure(name) {
            return Err(reported);
        }
        let given: Vec<&Arg> = given.iter().collect();
        let callee = name.to_string();
        let args = args::parse(self, &callee, name.span().into(), recurrent::CELL, COMMON, &given);
        let inputs = input.and_then(|value| self.tensors(value, stage));
        let (args, inputs) = (args?, inputs?);
        if self.closures > 0 {
            let message =
                Message::new(name.span(), format!("cell `{name}` has steps, which a closure has not"));
            return Err(self.diag.report(message.help("apply the cell outside of `lambda`")));
        }
        let prefix = match self.replay() {
            Some(Built::Nested { prefix }) => prefix,
            _ => {
                let explicit = args.text("name").map(|text| (text.to_string(), args.place("name")));
                let prefix = match explicit {
                    Some((text, place)) => self.explicit_name(&text, place)?,
                    None => self.next_name(&snake_case(&callee)),
                };
                self.record(Built::Nested { prefix: prefix.clone() });
                prefix
            }
        };
        let quiet = self.names.last().is_some_and(|names| names.quiet);
        self.names.push(Names { prefix: format!("{prefix}/"), quiet, ..Names::default() });
        let scope = std::mem::take(&mut self.scope);
        let later = std::mem::take(&mut self.later);
        let result = self.run_cell(cell, name, args, &inputs);
        (self.scope, self.later) = (scope, later);
        self.names.pop();
        let value = located(result?, name, &stage.to_string());
        self.group(&prefix, callee, &value);
        self.made(&prefix, value.clone());
        Ok(value)
    }

    fn run_cell(
        &mut self,
        cell: &CellItem,
        name: &Ident,
        args: Args,
        inputs: &[Tensor],
    ) -> Result<Value, Reported> {
        let (count, states) = (cell.inputs.len(), cell.states.len());
        if inputs.len() != count && inputs.len() != count + states {
            let headline = format!(
                "cell `{name}` takes {count} input{} and has {states} state{}, but gets {}",
                if count == 1 { "" } else { "s" },
                if states == 1 { "" } else { "s" },
                inputs.len()
            );
            let message = Message::new(name.span(), headline)
                .help("give it its inputs, or its inputs and the first values of all of its states");
            return Err(self.diag.report(message));
        }
        let (inputs, initial) = inputs.split_at(count);
        let length = self.steps_of(cell, name, inputs)?;
        let scan = self.graph.scan(length, args.flag("go_backwards"));
        let mut run = Run { cell, name, args, scan, states: vec![], mask: inputs[0].mask };
        for (declared, input) in cell.inputs.iter().zip(inputs) {
            self.cell_input(&run, declared, input)?;
        }
        for (i, declared) in cell.states.iter().enumerate() {
            let state = self.cell_state(&run, declared, initial.get(i))?;
            run.states.push(state);
        }
        let value = self.eval_block(&cell.block)?;
        self.end_of_step(&run, value)
    }

    /// How many steps there are: the first axis of the first input.
    fn steps_of(&mut self, cell: &CellItem, name: &Ident, inputs: &[Tensor]) -> Result<Dim, Reported> {
        let Some((declared, input)) = cell.inputs.first().zip(inputs.first()) else {
            let message = Message::new(cell.name.span(), format!("cell `{}` has no input", cell.name));
            return Err(self
                .diag
                .report(message.help("a loop goes over its first input: `cell name(x: [8]; ..)`")));
        };
        let (shape, rank) = (self.shape(input.id), declared.dims.len());
        if shape.rank() == rank + 1 {
            return Ok(shape.dims[0].clone());
        }
        let headline = format!("cell `{name}` goes over the steps of its first input, but that is {shape}");
        let wanted: Vec<String> = declared.dims.iter().map(ToString::to_string).collect();
        let message = Message::new(name.span(), headline)
            .against(input.place, format!("this cell takes [batch, steps, {}]", wanted.join(", ")))
            .note(format!("`{}` makes {shape}", input.text));
        Err(self.diag.report(message))
    }

    /// Defines the name of an input, for one step.
    fn cell_input(&mut self, run: &Run, declared: &Declared, input: &Tensor) -> Result<(), Reported> {
        let dims = self.dims("the shape of an input", &declared.dims)?;
        let parameter = self.parameter(declared)?;
        let (name, place, shape) = (run.name, Place::from(run.name.span()), self.shape(input.id));
        let is_sequence = shape.rank() == dims.len() + 1;
        let wanted = match is_sequence {
            true => [&[self.graph.scans[run.scan].length.clone()], &dims[..]].concat(),
            false => dims,
        };
        self.check_shape(&wanted, input, place, |wanted, actual| {
            Message::new(
                place,
                format!("input `{parameter}` of cell `{name}` is {wanted}, but it is given {actual}"),
            )
            .against(input.place, format!("this cell takes {wanted}"))
            .note(format!("`{}` makes {actual}", input.text))
        })?;
        let id = if is_sequence { self.graph.item(run.scan, input.id) } else { input.id };
        let value = Tensor { id, text: parameter.to_string(), mask: None, ..input.clone() };
        self.define(&parameter, Value::Tensor(value));
        Ok(())
    }

    /// Defines the name of a state, which starts as `initial` or as zeros.
    fn cell_state(
        &mut self,
        run: &Run,
        declared: &Declared,
        initial: Option<&Tensor>,
    ) -> Result<Id, Reported> {
        let dims = self.dims("the shape of a state", &declared.dims)?;
        let parameter = self.parameter(declared)?;
        let start = match initial {
            Some(initial) => {
                let (name, place) = (run.name, Place::from(run.name.span()));
                self.check_shape(&dims, initial, place, |wanted, actual| {
                    let headline = format!(
                        "state `{parameter}` of cell `{name}` is {wanted}, but it starts as {actual}"
                    );
                    Message::new(place, headline)
                        .against(initial.place, format!("this state is {wanted}"))
                        .note(format!("`{}` makes {actual}", initial.text))
                })?;
                self.graph.reshape(initial.id, dims)
            }
            None => {
                let zero = self.graph.constant(0.0);
                self.graph.broadcast_to(zero, &Shape::batched(dims))
            }
        };
        let state = self.graph.state(run.scan, start);
        let (text, place) = (parameter.to_string(), parameter.span());
        let value = Tensor { id: state, place, text, source: String::new(), mask: None };
        self.define(&parameter, Value::Tensor(value));
        Ok(state)
    }

    fn parameter(&self, declared: &Declared) -> Result<Ident, Reported> {
        declared.name.clone().ok_or_else(|| {
            let message = Message::new(declared.place, "an input or a state of a cell has a name");
            self.diag.report(message.help("write `h: [16]`"))
        })
    }

    /// What the body gives: the output, and what the states become.
    fn end_of_step(&mut self, run: &Run, value: Value) -> Result<Value, Reported> {
        let Run { cell, name, scan, .. } = *run;
        let tail = cell.block.tail.as_ref().expect("a block without one is an error");
        let (values, exprs): (Vec<Value>, Vec<&Expr>) = match (value, &tail.kind) {
            (Value::Tuple(values), ExprKind::Tuple(exprs)) if values.len() == exprs.len() => {
                (values, exprs.iter().collect())
            }
            (Value::Tuple(values), _) => {
                let exprs = vec![&**tail; values.len()];
                (values, exprs)
            }
            (value, _) => (vec![value], vec![tail]),
        };
        if values.len() != cell.states.len() + 1 {
            let names: Vec<String> = cell
                .states
                .iter()
                .filter_map(|state| state.name.as_ref())
                .map(|name| format!("new_{name}"))
                .collect();
            let headline = format!(
                "cell `{}` ends with {} value{}, and has an output and {} state{}",
                cell.name,
                values.len(),
                if values.len() == 1 { "" } else { "s" },
                cell.states.len(),
                if cell.states.len() == 1 { "" } else { "s" },
            );
            let message = Message::new(tail.place, headline);
            return Err(self
                .diag
                .report(message.help(format!("end it with `(output, {})`", names.join(", ")))));
        }
        let tensors: Vec<Result<Tensor, Reported>> =
            values.into_iter().zip(exprs).map(|(value, expr)| self.tensor(value, expr)).collect();
        let tensors = tensors.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (output, next) = tensors.split_first().expect("there is one");
        if let Some(declared) = &cell.output {
            let dims = self.dims("the shape of the output", &declared.dims)?;
            self.check_shape(&dims, output, declared.place, |wanted, actual| {
                Message::new(
                    declared.place,
                    format!("the output of cell `{}` is {actual}, not {wanted}", cell.name),
                )
                .note(format!("`{}` makes {actual}", output.text))
            })?;
        }
        let counts = run.mask.map(|mask| self.graph.item(scan, mask));
        for ((declared, state), next) in cell.states.iter().zip(&run.states).zip(next) {
            let dims = self.shape(*state).dims;
            let parameter = self.parameter(declared)?;
            self.check_shape(&dims, next, next.place.into(), |wanted, actual| {
                let headline =
                    format!("state `{parameter}` of cell `{}` is {wanted}, but becomes {actual}", cell.name);
                Message::new(next.place, headline)
                    .note(format!("`{}` makes {actual}", next.text))
                    .help("a state keeps its shape from step to step")
            })?;
            let next = self.graph.reshape(next.id, dims);
            // A step that does not count leaves the states as they are.
            let next = counts.map_or(next, |counts| self.graph.select(counts, next, *state));
            self.graph.set_next(*state, next);
        }
        let mut shown = output.id;
        if let Some(counts) = counts {
            let zero = self.graph.constant(0.0);
            shown = self.graph.select(counts, shown, zero);
        }
        let (all, backwards) = (run.args.flag("return_sequences"), run.args.flag("go_backwards"));
        let trace = self.graph.trace(scan, shown);
        let result = match (all, backwards) {
            (true, false) => trace,
            (true, true) => self.graph.flip(trace, 0),
            (false, _) => {
                let (dims, length) = (self.shape(shown).dims, self.graph.scans[scan].length.clone());
                let last = if backwards { Some(0) } else { length.as_known().map(|n| n - 1) };
                let Some(last) = last else {
                    let message = Message::new(
                        name.span(),
                        format!("cell `{name}` must know how many steps there are"),
                    )
                    .help("write the number of steps, or `return_sequences = true`");
                    return Err(self.diag.report(message));
                };
                let last = self.graph.slice(trace, 0, last.into(), 1.into());
                self.graph.reshape(last, dims)
            }
        };
        let mask = run.mask.filter(|_| all);
        let first = Tensor { id: result, place: name.span(), mask, ..output.clone() };
        if !run.args.flag("return_state") {
            return Ok(Value::Tensor(first));
        }
        let states = run.states.iter().map(|state| {
            let last = self.graph.last(*state);
            Value::Tensor(Tensor { id: last, mask: None, ..first.clone() })
        });
        let states: Vec<Value> = states.collect();
        Ok(Value::Tuple([vec![Value::Tensor(first)], states].concat()))
    }
}
