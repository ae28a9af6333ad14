//! Applications: a layer, named layers or a function on tensors.

use std::rc::Rc;

use proc_macro2::Ident;

use super::eval::sources;
use super::{Builder, Built, Current, Shared, Tape, Tensor, Value};
use crate::diag::{Message, Place, Reported};
use crate::ir::{self, Shape};
use crate::layers::params::{COMMON, Kind};
use crate::layers::{self, Entry, Family, Operands, Use, args, params};
use crate::syntax::ast::{Arg, Call, Expr, ExprKind, Operator};

type Inputs = Result<Vec<Tensor>, Reported>;

impl Builder<'_> {
    /// `input >> stage`. What is wrong with the stage itself is reported even if `input` failed.
    pub(super) fn apply_stage(
        &mut self,
        stage: &Expr,
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        match &stage.kind {
            ExprKind::Error(reported) => Err(*reported),
            ExprKind::Binary(Operator::Pipe, first, second) => {
                let middle = self.apply_stage(first, input);
                self.apply_stage(second, middle)
            }
            ExprKind::Path(path) => match &path[..] {
                [name] => self.apply_name(stage, name, &[], false, input),
                _ => self.apply_model(stage, path, &[], input),
            },
            ExprKind::Call(call) => match call.name() {
                Some(name) => self.apply_name(stage, name, &call.args, true, input),
                None => self.apply_model(stage, &call.path, &call.args, input),
            },
            // This reports that operators bind more tightly than pipelines, or that a tensor is no layer.
            ExprKind::Binary(..) if self.has_layer(stage) => self.eval(stage),
            ExprKind::Repeat(repeat) => self.apply_repeat(stage, repeat, input),
            ExprKind::If(choice) => self.apply_choice(choice, input),
            ExprKind::Closure(_) => {
                let message = Message::new(stage.place, "a closure is not a layer");
                Err(self.diag.report(message.help(format!("write `lambda({stage})`"))))
            }
            _ => {
                Err(self.diag.report(Message::new(stage.place, format!("expected a layer, found `{stage}`"))))
            }
        }
    }

    fn has_layer(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Binary(_, a, b) => self.has_layer(a) || self.has_layer(b),
            _ => self.role(expr) == super::eval::Role::Layer,
        }
    }

    /// A stage that is a model, of this macro call or of another, or a block of another.
    fn apply_model(
        &mut self,
        stage: &Expr,
        path: &[Ident],
        given: &[Arg],
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        if let Some(reported) = self.definitions.failed_elsewhere(path) {
            return Err(reported);
        }
        if let Some(found) = self.definitions.block_at(path) {
            return self.apply_block(found, stage, &path[path.len() - 1], given, input);
        }
        let Some(found) = self.definitions.model_at(path) else {
            let message = Message::new(stage.head(), format!("`{stage}` is not a layer"))
                .help("a layer has one name; a model or a public block of another module has a path: `models::Encoder`");
            return Err(self.diag.report(message));
        };
        let name = &path[path.len() - 1];
        let options = self.options(name, given)?;
        let inputs = self.tensors(input?, stage);
        self.inline(name, found, options, inputs?)
    }

    /// A stage that is a name, or the call of one.
    fn apply_name(
        &mut self,
        stage: &Expr,
        name: &Ident,
        given: &[Arg],
        parens: bool,
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        let text = name.to_string();
        let bound = self.variable(&text).map(|variable| {
            *variable.used.borrow_mut() = true;
            variable.value.clone()
        });
        if let Some(value) = bound {
            return match value {
                Value::Layer(shared) => {
                    let shared = self.used_with(shared, name, given)?;
                    let inputs = self.tensors(input?, stage);
                    self.apply_shared(&shared, name, inputs?)
                }
                Value::Unknown(reported) => Err(reported),
                Value::Tensor(_) | Value::Tuple(_) | Value::Number(_) => {
                    let message = Message::new(
                        name.span(),
                        format!("`{name}` is a tensor, and a layer is needed here"),
                    )
                    .help(format!("combine tensors by operators or merging layers: `(x, {name}) >> add()`"));
                    Err(self.diag.report(message))
                }
            };
        }
        if let Some(block) = self.definitions.block_at(std::slice::from_ref(name)) {
            return self.apply_block(block, stage, name, given, input);
        }
        if let Some(cell) = self.definitions.cell(&text) {
            return self.apply_cell(cell, stage, name, given, input);
        }
        if self.definitions.is_model(name) {
            return self.apply_model(stage, std::slice::from_ref(name), given, input);
        }
        // A bare name is an activation; with parentheses a layer, if there is one of that name.
        let activation = layers::find_activation(&text).filter(|_| !parens);
        let Some(entry) = activation.or_else(|| layers::find(&text)) else {
            return Err(self.unknown_layer(name));
        };
        if !parens && entry.family != Family::Activation {
            let message = Message::new(name.span(), format!("the layer `{text}` needs parentheses"));
            return Err(self.diag.report(message.help(format!("write `{}`", entry.call()))));
        }
        let given: Vec<&Arg> = given.iter().collect();
        let inputs = input.and_then(|value| self.tensors(value, stage));
        self.apply_entry(entry, stage, name, &given, inputs)
    }

    /// Named layers in a use that has arguments of its own, which only one layer takes, and only some.
    fn used_with(&self, shared: Rc<Shared>, name: &Ident, given: &[Arg]) -> Result<Rc<Shared>, Reported> {
        if given.is_empty() {
            return Ok(shared);
        }
        let call = if let ExprKind::Call(call) = &shared.expr.kind { Some(call) } else { None };
        let entry = call.and_then(Call::name).and_then(|name| layers::find(&name.to_string()));
        let params = entry.map_or(&[][..], |entry| entry.params).iter().map(|param| param.name);
        let known: Vec<&str> = params.filter(|name| params::OF_CALLS.contains(name)).collect();
        let is_known = |arg: &Arg| arg.name.as_ref().is_some_and(|name| known.iter().any(|own| name == own));
        if let (Some(call), None) = (call, given.iter().find(|arg| !is_known(arg))) {
            let call = Call { path: call.path.clone(), args: [&call.args[..], given].concat() };
            let expr = Expr::new(ExprKind::Call(call), shared.expr.place);
            let (scope, tape) = (shared.scope.clone(), Rc::clone(&shared.tape));
            return Ok(Rc::new(Shared { expr, scope, tape, failed: Default::default() }));
        }
        let arg = given.iter().find(|arg| !is_known(arg)).unwrap_or(&given[0]);
        let message = Message::new(arg.value.place, format!("`{name}` takes no arguments after `>>`"));
        let message = match &known[..] {
            [] => message.help(format!("write `x >> {name}`, or `{name}(x)`")),
            known => Message::new(
                arg.value.place,
                format!("a use of `{name}` takes no argument but {}", params::one_of(known)),
            ),
        };
        Err(self.diag.report(message))
    }

    /// The tensors that `value` is made of.
    pub(super) fn tensors(&mut self, value: Value, expr: &Expr) -> Inputs {
        match value {
            Value::Tuple(parts) => parts.into_iter().map(|part| self.tensor(part, expr)).collect(),
            value => Ok(vec![self.tensor(value, expr)?]),
        }
    }

    /// `name(args)` where a tensor is needed.
    pub(super) fn eval_call(&mut self, expr: &Expr, call: &Call) -> Result<Value, Reported> {
        let Some(name) = call.name() else {
            if !self.definitions.is_linked_at(&call.path) {
                return Ok(Value::Number(self.number_of(expr)?));
            }
            let input = self.operands(call.args.iter().map(|arg| &arg.value)).map(tuple);
            return self.apply_model(expr, &call.path, &[], input);
        };
        let text = name.to_string();
        let block = self.definitions.block(&text);
        let is_model = self.definitions.is_model(name) || block.is_some_and(|block| block.params.is_empty());
        if self.variable(&text).is_some() || is_model && !call.args.is_empty() {
            let shared = self.variable(&text).is_some_and(|own| matches!(own.value, Value::Layer(_)));
            let (given, operands): (Vec<Arg>, Vec<Arg>) =
                call.args.iter().cloned().partition(|arg| shared && arg.name.is_some());
            let input = self.operands(operands.iter().map(|arg| &arg.value));
            let stage = Expr::new(ExprKind::Path(vec![name.clone()]), name.span());
            return self.apply_name(&stage, name, &given, true, input.map(tuple));
        }
        if self.definitions.defines_layer(&text) {
            let message =
                Message::new(name.span(), format!("`{expr}` is a layer, and a tensor is needed here"))
                    .help(format!("give it an input: `x >> {expr}`"));
            return Err(self.diag.report(message));
        }
        let entry = layers::find_activation(&text).or_else(|| layers::find(&text));
        let Some(entry) = entry else { return Err(self.unknown_layer(name)) };
        // Of a layer that needs more than tensors: `lstm(x, 64)`.
        let needs_more =
            entry.family == Family::Layer && entry.params.iter().any(|param| param.default.is_none());
        let is_argument = |arg: &Arg| {
            self.is_value(&arg.value) || needs_more && self.role(&arg.value) != super::eval::Role::Tensor
        };
        let is_operand = |arg: &&Arg| arg.name.is_none() && !is_argument(arg);
        let tensors = call.args.iter().any(|arg| self.role(&arg.value) == super::eval::Role::Tensor);
        let numbers = entry.family == Family::Function && call.args.iter().any(|arg| arg.name.is_none());
        if !tensors && !numbers {
            let message =
                Message::new(name.span(), format!("`{expr}` is a layer, and a tensor is needed here"))
                    .help(format!("give it an input: `x >> {expr}`"));
            return Err(self.diag.report(message));
        }
        let count = match entry.operands {
            Operands::Exactly(n) if n == 0 || !self.first_is_tuple(call) => n,
            Operands::Exactly(_) => 1,
            Operands::AtLeast(_) => call.args.iter().filter(is_operand).count(),
        };
        let mut left = count;
        let (operands, given): (Vec<&Arg>, Vec<&Arg>) = call.args.iter().partition(|arg| {
            let operand = is_operand(arg) && left > 0;
            left -= usize::from(operand);
            operand
        });
        let inputs = self.operands(operands.iter().map(|arg| &arg.value));
        self.apply_entry(entry, expr, name, &given, inputs)
    }

    fn first_is_tuple(&self, call: &Call) -> bool {
        let tuple = |arg: &Arg| matches!(arg.value.kind, ExprKind::Tuple(_) | ExprKind::List(_));
        call.args.first().is_some_and(|arg| tuple(arg) && !self.is_value(&arg.value))
    }

    /// Whether `expr` can be an argument alone, though tensors come after it: a string, or a list of numbers.
    fn is_value(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Str(_) => true,
            ExprKind::List(parts) => {
                parts.iter().all(|part| self.role(part) == super::eval::Role::Number || self.is_value(part))
            }
            _ => false,
        }
    }

    fn operands<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) -> Inputs {
        let all: Vec<Inputs> =
            exprs.map(|expr| self.eval(expr).and_then(|value| self.tensors(value, expr))).collect();
        Ok(all.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Layers that were named by `let`, with the weights that they have or get now.
    fn apply_shared(
        &mut self,
        shared: &Rc<Shared>,
        name: &Ident,
        inputs: Vec<Tensor>,
    ) -> Result<Value, Reported> {
        if let Some(reported) = shared.failed.get() {
            return Err(reported);
        }
        let outer = std::mem::replace(&mut self.scope, shared.scope.clone());
        self.tapes.push(Tape { shared: shared.clone(), next: 0 });
        let result = self.apply_stage(&shared.expr, Ok(tuple(inputs)));
        self.tapes.pop();
        self.scope = outer;
        match result {
            // Messages point to where the layers are used.
            Ok(Value::Tensor(tensor)) => {
                Ok(Value::Tensor(Tensor { place: name.span(), text: name.to_string(), ..tensor }))
            }
            Ok(value) => Ok(value),
            Err(reported) => {
                shared.failed.set(Some(reported));
                Err(reported)
            }
        }
    }

    /// What comes next on the tape of named layers, if they were applied before.
    pub(super) fn replay(&mut self) -> Option<Built> {
        let tape = self.tapes.last_mut()?;
        tape.next += 1;
        tape.shared.tape.borrow().get(tape.next - 1).cloned()
    }

    /// Where an earlier application of the layer that is being built keeps its states from batch to batch.
    pub fn kept_states(&self) -> Vec<usize> {
        self.kept.get(&self.being_built()).cloned().unwrap_or_default()
    }

    /// Remembers where the layer that is being built keeps its states.
    pub fn keep_states(&mut self, states: Vec<usize>) {
        self.kept.insert(self.being_built(), states);
    }

    /// Where the layer `u`, which is being built, draws from, if it has a seed of its own: each application goes on where
    /// the one before it ended.
    fn start_of_draws(&self, u: &Use) -> Option<ir::Seeding> {
        let has_one = u.entry.params.iter().any(|param| param.name == "seed" && param.kind == Kind::Integer);
        let seed = has_one.then(|| u.args.optional_integer("seed"))??;
        let next = self.drawn.get(&self.being_built()).copied().unwrap_or(0);
        Some(ir::Seeding { seed: seed as u64, next })
    }

    /// The name of the layer, the wrapper or the cell that is being built.
    fn being_built(&self) -> String {
        let wrapper = || self.names.last().map_or(String::new(), |names| names.prefix.clone());
        self.current.last().map_or_else(wrapper, |current| current.name.clone())
    }

    /// Remembers what a later application finds.
    pub(super) fn record(&mut self, built: Built) {
        if let Some(tape) = self.tapes.last() {
            tape.shared.tape.borrow_mut().push(built);
        }
    }

    /// One layer, activation or function.
    fn apply_entry(
        &mut self,
        entry: &'static Entry,
        expr: &Expr,
        name: &Ident,
        given: &[&Arg],
        inputs: Inputs,
    ) -> Result<Value, Reported> {
        let place = Place::from(name.span());
        let callee = name.to_string();
        let more = if entry.family == Family::Layer { COMMON } else { &[] };
        match entry.family {
            Family::Layer => self.mention("layers", &callee, name.span()),
            Family::Activation => self.mention("activations", &callee, name.span()),
            Family::Function => {}
        }
        let args = args::parse(self, &callee, place, entry.params, more, given);
        let (args, inputs) = (args?, inputs?);
        if !entry.operands.admit(inputs.len()) && entry.name != "input" {
            let headline = format!("`{callee}` takes {}, but gets {}", entry.operands.text(), inputs.len());
            let message = Message::new(place, headline).help_if(match entry.operands {
                Operands::AtLeast(_) | Operands::Exactly(2..) => {
                    let own = entry
                        .class
                        .ends_with("Attention")
                        .then_some(", or of a sequence to itself `(a, a) >> ..`");
                    Some(format!("give it a tuple: `(a, b) >> {expr}`{}", own.unwrap_or_default()))
                }
                Operands::Exactly(_) if inputs.len() > 1 => {
                    Some("merge the tensors first: `>> concatenate() >>`, or `>> add() >>`".to_string())
                }
                Operands::Exactly(_) => None,
            });
            return Err(self.diag.report(message));
        }
        let u = Use { entry, place, text: shortened(expr), args: &args, inputs: &inputs };
        if entry.family == Family::Layer && entry.name != "input" {
            self.check_declared_input(&u)?;
        }
        if self.closures > 0 {
            if !entry.weights.is_empty() {
                let message =
                    Message::new(place, format!("`{callee}` has weights, which a closure cannot own"))
                        .help("apply the layer outside of `lambda`");
                return Err(self.diag.report(message));
            }
            let id = (entry.apply)(self, &u)?;
            let source = inputs.first().map_or(String::new(), |input| input.source.clone());
            return Ok(Value::Tensor(Tensor { id, place: name.span(), text: u.text, source, mask: None }));
        }
        self.build(&u)
    }

    /// Builds the layer, or builds it again on another input.
    fn build(&mut self, u: &Use) -> Result<Value, Reported> {
        if u.entry.is_wrapper() {
            return self.build_wrapper(u);
        }
        let sources = sources(u.inputs.iter());
        let replayed = self.replay();
        let (name, row, reuse) = match &replayed {
            Some(Built::Layer { name, row, weights }) => {
                self.graph.layers[*row].inputs.extend(sources);
                self.graph.current_layer = *row;
                (name.clone(), *row, Some(weights.clone()))
            }
            _ => {
                let name = self.layer_name(u)?;
                let row = self.row(&name, u.entry.class, sources);
                (name, row, None)
            }
        };
        let trainable = self.frozen == 0 && (u.entry.family != Family::Layer || u.args.flag("trainable"));
        self.current.push(Current { name: name.clone(), trainable, reuse, made: vec![] });
        let outer = (std::mem::take(&mut self.also), self.mask.take());
        let seeding = self.start_of_draws(u);
        let seeding = std::mem::replace(&mut self.graph.seeding, seeding);
        let id = (u.entry.apply)(self, u);
        let drawn = std::mem::replace(&mut self.graph.seeding, seeding);
        self.drawn.extend(drawn.map(|seeding| (name.clone(), seeding.next)));
        let (also, mask) =
            (std::mem::replace(&mut self.also, outer.0), std::mem::replace(&mut self.mask, outer.1));
        let current = self.current.pop().expect("it was pushed");
        let id = id?;
        let results: Vec<_> = std::iter::once(id).chain(also.iter().copied()).collect();
        self.regularize_activity(u.args, &results)?;
        self.outline_use(&name, u, trainable, &results);
        let mask = match mask {
            Some(own) => own,
            None => self.inherited_mask(u)?,
        };
        if replayed.is_none() {
            self.graph.layers[row].weights = current.made.clone();
            self.graph.layers[row].output = self.shape(id);
            self.record(Built::Layer { name: name.clone(), row, weights: current.made });
        }
        let first = Tensor { id, place: u.place.start, text: u.text.clone(), source: name, mask };
        let others = also.into_iter().map(|id| Tensor { id, mask: None, ..first.clone() });
        let made = tuple(std::iter::once(first.clone()).chain(others).collect());
        self.made(&first.source, made.clone());
        Ok(made)
    }

    /// A new row of the summary, to which the next operations belong.
    pub(super) fn row(&mut self, name: &str, kind: &str, inputs: Vec<String>) -> usize {
        let (name, kind) = (name.to_string(), kind.to_string());
        let output = Shape::fixed([]);
        self.graph.layers.push(ir::Layer { name, kind, output, weights: vec![], inputs, adapts: None });
        self.graph.current_layer = self.graph.layers.len() - 1;
        self.graph.current_layer
    }

    /// `input = ...` on a layer that is given an input: they must be the same.
    fn check_declared_input(&mut self, u: &Use) -> Result<(), Reported> {
        let Some(declared) = u.args.extents("input") else { return Ok(()) };
        let declared: Vec<ir::Dim> = declared.iter().flatten().cloned().collect();
        let place = u.args.place("input");
        let input = &u.inputs[0];
        self.check_shape(&declared, input, place, |declared, actual| {
            Message::new(
                place,
                format!("`{}` says that its input is {declared}, but it is {actual}", u.entry.name),
            )
            .against(input.place, format!("this says {declared}"))
            .note(format!("`{}` makes {actual}", input.text))
            .help("leave `input` out: only the first layer needs it")
        })
    }

    /// Whether `input` has the shape `declared`.
    pub(super) fn check_shape(
        &mut self,
        declared: &[ir::Dim],
        input: &Tensor,
        place: Place,
        message: impl FnOnce(&Shape, &Shape) -> Message,
    ) -> Result<(), Reported> {
        let actual = self.shape(input.id);
        let declared = Shape::batched(declared);
        let fits = actual.rank() == declared.rank()
            && declared.dims.iter().zip(&actual.dims).all(|(own, other)| {
                let sentence = format!("{declared} was declared, but `{}` makes {actual}", input.text);
                self.agree(own, other, place, &sentence)
            });
        if fits { Ok(()) } else { Err(self.diag.report(message(&declared, &actual))) }
    }
}

/// One tensor as itself, several as a tuple.
fn tuple(mut inputs: Vec<Tensor>) -> Value {
    match inputs.len() {
        1 => Value::Tensor(inputs.remove(0)),
        _ => Value::Tuple(inputs.into_iter().map(Value::Tensor).collect()),
    }
}

/// A call as it is written, if it is short.
fn shortened(expr: &Expr) -> String {
    let text = expr.to_string();
    match &expr.kind {
        _ if text.chars().count() <= 40 && !text.contains('\n') => text,
        ExprKind::Call(call) => format!("{}(..)", call.path[call.path.len() - 1]),
        _ => text,
    }
}
