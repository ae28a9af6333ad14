//! Cells: a user's step of a loop over time, or such a step by itself.

use proc_macro2::Ident;

use super::nested::{located, snake_case};
use super::{Builder, Built, Names, Tensor, Value};
use crate::diag::{Message, Place, Reported};
use crate::ir::{Dim, Id};
use crate::layers::args::{self, Args};
use crate::layers::params::COMMON;
use crate::layers::recurrent::steps::Steps;
use crate::layers::recurrent::{self, states_of_call};
use crate::syntax::ast::{Arg, CellItem, Declared, Expr, ExprKind};

impl Builder<'_> {
    /// `input >> cell(given)`: the cell for each step of the first input. The other inputs are sequences as well, or the
    /// same in every step; what follows them are the states before the first step. With a first input that is itself a
    /// step, and all states, it is that step: the output and the new states.
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
        self.outline_begin(&format!("{prefix}/"), true);
        let frozen = usize::from(!args.flag("trainable"));
        self.frozen += frozen;
        let result = self.run_cell(cell, name, args, &inputs);
        self.frozen -= frozen;
        self.outline_cell(&prefix, &inputs, result.as_ref().ok());
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
        let all = inputs;
        let (inputs, initial) = inputs.split_at(count);
        if initial.len() == states && states > 0 && self.is_step(cell, inputs) {
            return self.one_step(cell, name, inputs, initial);
        }
        self.check_steps(cell, name, inputs)?;
        let mut steps = Steps::new(self, all, &args, name.span().into())?;
        for (declared, input) in cell.inputs.iter().zip(inputs) {
            self.cell_input(name, Some(&steps), declared, input)?;
        }
        for (i, declared) in cell.states.iter().enumerate() {
            let (dims, start) = self.cell_state(name, declared, initial.get(i))?;
            let state = steps.state(self, dims, start)?;
            self.define_state(declared, state)?;
        }
        let value = self.eval_block(&cell.block)?;
        let (output, next) = self.end_of_step(cell, value, &steps.states)?;
        let done = steps.finish(self, &args, output.id, next)?;
        self.regularize_activity(&args, &[&[done.output], &done.states[..]].concat())?;
        let first = Tensor { id: done.output, place: name.span(), mask: done.mask, ..output };
        let states = done.states.into_iter().map(|last| Tensor { mask: None, ..first.with(last) });
        let all: Vec<Value> = std::iter::once(first.clone()).chain(states).map(Value::Tensor).collect();
        Ok(if args.flag("return_state") { Value::Tuple(all) } else { Value::Tensor(first) })
    }

    /// Whether the first input is one step, and no sequence of them.
    fn is_step(&self, cell: &CellItem, inputs: &[Tensor]) -> bool {
        let first = cell.inputs.first().zip(inputs.first());
        first.is_some_and(|(declared, input)| self.shape(input.id).rank() == declared.dims.len())
    }

    fn one_step(
        &mut self,
        cell: &CellItem,
        name: &Ident,
        inputs: &[Tensor],
        given: &[Tensor],
    ) -> Result<Value, Reported> {
        for (declared, input) in cell.inputs.iter().zip(inputs) {
            self.cell_input(name, None, declared, input)?;
        }
        let mut states = vec![];
        for (declared, given) in cell.states.iter().zip(given) {
            let (_, start) = self.cell_state(name, declared, Some(given))?;
            let state = start.expect("it is given");
            self.define_state(declared, state)?;
            states.push(state);
        }
        let value = self.eval_block(&cell.block)?;
        let (output, next) = self.end_of_step(cell, value, &states)?;
        let first = Tensor { place: name.span(), mask: None, ..output };
        let next = next.into_iter().map(|next| first.with(next));
        Ok(Value::Tuple(std::iter::once(first.clone()).chain(next).map(Value::Tensor).collect()))
    }

    /// Shapes of the states of `cell`, the argument of `callee`: a call of one of Keras's cells, a user's cell, or a
    /// name for one.
    pub fn states_of_cell(&mut self, callee: &str, cell: &Expr) -> Result<Vec<Vec<Dim>>, Reported> {
        let name = match &cell.kind {
            ExprKind::Call(call) => {
                if let Some(states) = states_of_call(self, call) {
                    return states;
                }
                call.name()
            }
            ExprKind::Path(path) => path.first().filter(|_| path.len() == 1),
            _ => None,
        };
        if let Some(Value::Layer(shared)) =
            name.and_then(|name| self.variable(&name.to_string())).map(|variable| variable.value.clone())
        {
            let outer = std::mem::replace(&mut self.scope, shared.scope.clone());
            let states = self.states_of_cell(callee, &shared.expr);
            self.scope = outer;
            return states;
        }
        if let Some(own) = name.and_then(|name| self.definitions.cell(&name.to_string())) {
            let states = own.states.iter().map(|state| self.dims("the shape of a state", &state.dims));
            return states.collect();
        }
        let message = Message::new(cell.head(), format!("`{callee}` takes a cell, found `{cell}`"));
        Err(self.diag.report(message.help(
            "a cell is `lstm_cell(64)`, `gru_cell(64)`, `simple_rnn_cell(64)`, or one of your own: `cell name(x: [8]; h: [16]) { .. }`",
        )))
    }

    /// Whether the first input has steps: its first axis.
    fn check_steps(&mut self, cell: &CellItem, name: &Ident, inputs: &[Tensor]) -> Result<(), Reported> {
        let Some((declared, input)) = cell.inputs.first().zip(inputs.first()) else {
            let message = Message::new(cell.name.span(), format!("cell `{}` has no input", cell.name));
            return Err(self
                .diag
                .report(message.help("a loop goes over its first input: `cell name(x: [8]; ..)`")));
        };
        let (shape, rank) = (self.shape(input.id), declared.dims.len());
        if shape.rank() == rank + 1 {
            return Ok(());
        }
        let headline = format!("cell `{name}` goes over the steps of its first input, but that is {shape}");
        let wanted: Vec<String> = declared.dims.iter().map(ToString::to_string).collect();
        let message = Message::new(name.span(), headline)
            .against(input.place, format!("this cell takes [batch, steps, {}]", wanted.join(", ")))
            .note(format!("`{}` makes {shape}", input.text));
        Err(self.diag.report(message))
    }

    /// Defines the name of an input, for one of `steps` or by itself.
    fn cell_input(
        &mut self,
        name: &Ident,
        steps: Option<&Steps>,
        declared: &Declared,
        input: &Tensor,
    ) -> Result<(), Reported> {
        let dims = self.dims("the shape of an input", &declared.dims)?;
        let parameter = self.parameter(declared)?;
        let (place, shape) = (Place::from(name.span()), self.shape(input.id));
        let sequence = steps.filter(|_| shape.rank() == dims.len() + 1);
        let wanted = match sequence {
            Some(steps) => [&[steps.length(self)], &dims[..]].concat(),
            None => dims,
        };
        self.check_shape(&wanted, input, place, |wanted, actual| {
            Message::new(
                place,
                format!("input `{parameter}` of cell `{name}` is {wanted}, but it is given {actual}"),
            )
            .against(input.place, format!("this cell takes {wanted}"))
            .note(format!("`{}` makes {actual}", input.text))
        })?;
        let id = sequence.map_or(input.id, |steps| steps.item(self, input.id));
        let value = Tensor { id, text: parameter.to_string(), mask: None, ..input.clone() };
        self.define(&parameter, Value::Tensor(value));
        Ok(())
    }

    /// The shape of a state, and where it starts, if that is said.
    fn cell_state(
        &mut self,
        name: &Ident,
        declared: &Declared,
        initial: Option<&Tensor>,
    ) -> Result<(Vec<Dim>, Option<Id>), Reported> {
        let dims = self.dims("the shape of a state", &declared.dims)?;
        let parameter = self.parameter(declared)?;
        let Some(initial) = initial else { return Ok((dims, None)) };
        let place = Place::from(name.span());
        self.check_shape(&dims, initial, place, |wanted, actual| {
            let headline =
                format!("state `{parameter}` of cell `{name}` is {wanted}, but it starts as {actual}");
            Message::new(place, headline)
                .against(initial.place, format!("this state is {wanted}"))
                .note(format!("`{}` makes {actual}", initial.text))
        })?;
        let start = self.graph.reshape(initial.id, dims.clone());
        Ok((dims, Some(start)))
    }

    /// Defines the name of a state.
    fn define_state(&mut self, declared: &Declared, state: Id) -> Result<(), Reported> {
        let parameter = self.parameter(declared)?;
        let (text, place) = (parameter.to_string(), parameter.span());
        let value = Tensor { id: state, place, text, source: String::new(), mask: None };
        self.define(&parameter, Value::Tensor(value));
        Ok(())
    }

    fn parameter(&self, declared: &Declared) -> Result<Ident, Reported> {
        declared.name.clone().ok_or_else(|| {
            let message = Message::new(declared.place, "an input or a state of a cell has a name");
            self.diag.report(message.help("write `h: [16]`"))
        })
    }

    /// What the body gives: the output, and what the states become.
    fn end_of_step(
        &mut self,
        cell: &CellItem,
        value: Value,
        states: &[Id],
    ) -> Result<(Tensor, Vec<Id>), Reported> {
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
        let mut all = vec![];
        for ((declared, state), next) in cell.states.iter().zip(states).zip(next) {
            let dims = self.shape(*state).dims;
            let parameter = self.parameter(declared)?;
            self.check_shape(&dims, next, next.place.into(), |wanted, actual| {
                let headline =
                    format!("state `{parameter}` of cell `{}` is {wanted}, but becomes {actual}", cell.name);
                Message::new(next.place, headline)
                    .note(format!("`{}` makes {actual}", next.text))
                    .help("a state keeps its shape from step to step")
            })?;
            all.push(self.graph.reshape(next.id, dims));
        }
        Ok((output.clone(), all))
    }
}
