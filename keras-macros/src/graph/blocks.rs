//! Blocks and repetitions: layers that are written once and built anew at each use.

use std::rc::Rc;

use proc_macro2::Ident;

use super::constants::Scalar;
use super::definitions::Found;
use super::eval::Role;
use super::nested::located;
use super::{Builder, Built, Names, Value, Variable};
use crate::diag::{Message, Place, Reported, did_you_mean};
use crate::layers::Operands;
use crate::syntax::ast::{Arg, BlockItem, Closure, Expr, ExprKind, Parameter, Repeat};
use crate::syntax::substitute::{Substitution, primed};

/// More would be an hour of rustc's time, and is a slip.
const MOST_REPETITIONS: i64 = 1000;

/// What a use of a block gives it.
struct Given {
    /// Expressions in the place of its parameters.
    values: Substitution,
    /// What the expressions see of the place of use.
    scope: Vec<Variable>,
    /// `name = "..."`.
    name: Option<(String, Place)>,
    /// `trainable = false`.
    frozen: bool,
}

impl<'a> Builder<'a> {
    /// `input >> block(given)`: the layers of the block become ours, under its name.
    pub(super) fn apply_block(
        &mut self,
        found: Found<'a, BlockItem>,
        stage: &Expr,
        name: &Ident,
        given: &[Arg],
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        let Found { definitions, item: block } = found;
        definitions.used.borrow_mut().push(block.name.to_string());
        if let Some(reported) = definitions.failure(&block.name) {
            return Err(reported);
        }
        let given = self.given(found, name, given);
        let inputs = input.and_then(|value| self.tensors(value, stage));
        let given = given?;
        let wanted = block.body.params.len();
        // What is wrong with the block is reported even if its input failed.
        let inputs: Vec<Value> = match inputs {
            Ok(inputs) => inputs.into_iter().map(Value::Tensor).collect(),
            Err(reported) => vec![Value::Unknown(reported); wanted],
        };
        if inputs.len() != wanted {
            let tensors = Operands::Exactly(wanted).text();
            let headline = format!("block `{name}` takes {tensors}, but gets {}", inputs.len());
            let help =
                (wanted > 1).then(|| format!("give it a tuple: `({}) >> {stage}`", names_of(&block.body)));
            return Err(self.diag.report(Message::new(name.span(), headline).help_if(help)));
        }
        // With the name "" the layers are named as if they were written here.
        let is_part = given.name.as_ref().is_some_and(|(text, _)| text.is_empty());
        let prefix = match self.replay() {
            Some(Built::Nested { prefix }) => prefix,
            _ => {
                let prefix = match &given.name {
                    Some(_) if is_part => String::new(),
                    Some((text, place)) => self.explicit_name(text, *place)?,
                    None if self.closures > 0 => String::new(),
                    None => self.next_name(&name.to_string()),
                };
                self.record(Built::Nested { prefix: prefix.clone() });
                prefix
            }
        };
        let quiet = self.names.last().is_some_and(|names| names.quiet);
        if !is_part {
            self.names.push(Names { prefix: format!("{prefix}/"), quiet, ..Names::default() });
        }
        let scope = std::mem::replace(&mut self.scope, given.scope);
        let later = std::mem::take(&mut self.later);
        let foreign = definitions.home() != self.definitions.home();
        self.diag.enter(Some(self.used_at(stage, name)), name.span(), foreign);
        self.frozen += usize::from(given.frozen);
        let result = self.among(definitions, |builder| builder.eval_body(&block.body, &given.values, inputs));
        self.frozen -= usize::from(given.frozen);
        self.diag.leave();
        (self.scope, self.later) = (scope, later);
        if !is_part {
            self.names.pop();
        }
        let value = located(result?, name, &stage.to_string());
        if !is_part {
            self.made(&prefix, value.clone());
        }
        Ok(value)
    }

    /// The body of a block or a repetition, its parameters replaced, for `inputs`.
    fn eval_body(
        &mut self,
        body: &Closure,
        values: &Substitution,
        inputs: Vec<Value>,
    ) -> Result<Value, Reported> {
        let whole = Expr::new(ExprKind::Closure(body.clone()), body.place);
        let ExprKind::Closure(Closure { params, body, .. }) = values.apply(&whole).kind else {
            unreachable!("a closure stays one")
        };
        let depth = self.scope.len();
        for (param, input) in params.iter().zip(inputs) {
            // The input keeps its own place: a misfit points to the layer that made it.
            self.define(param, input);
        }
        let result = self.eval(&body);
        self.scope.truncate(depth);
        result
    }

    /// Matches arguments to parameters, and reports all that is wrong.
    fn given(&mut self, found: Found<'a, BlockItem>, name: &Ident, given: &[Arg]) -> Result<Given, Reported> {
        let block = found.item;
        let elsewhere = !std::ptr::eq(found.definitions, self.definitions);
        let mut failed = None;
        let (mut label, mut frozen) = (None, false);
        let mut found: Vec<Option<&Arg>> = vec![None; block.params.len()];
        let mut positional = 0..block.params.len();
        for arg in given {
            let at = match &arg.name {
                None => positional.next(),
                Some(named) => block.params.iter().position(|param| param.name == *named),
            };
            match (at, &arg.name, &arg.value.kind) {
                (Some(at), ..) => match found[at] {
                    Some(first) => failed = Some(self.given_twice(block, name, at, arg, first)),
                    None => found[at] = Some(arg),
                },
                (None, Some(named), ExprKind::Str(text)) if named == "name" => {
                    label = Some((text.clone(), arg.value.place));
                }
                (None, Some(named), _) if named == "trainable" => {
                    match self.trainable_argument(name, &arg.value) {
                        Ok(trainable) => frozen = !trainable,
                        Err(reported) => failed = Some(reported),
                    }
                }
                (None, ..) => failed = Some(self.not_a_parameter(block, name, arg)),
            }
            if let ExprKind::Error(reported) = arg.value.kind {
                failed = Some(reported);
            }
        }
        let mut result = Given { values: Substitution::default(), scope: vec![], name: label, frozen };
        for (param, arg) in block.params.iter().zip(found) {
            match (arg, &param.default) {
                (Some(arg), _) => match self.passed(param, &arg.value, elsewhere, &mut result.scope) {
                    Ok(value) => result.values.insert(&param.name, value),
                    Err(reported) => failed = Some(reported),
                },
                // A default sees the parameters before it.
                (None, Some(default)) => {
                    let value = result.values.apply(default);
                    result.values.insert(&param.name, value);
                }
                (None, None) => failed = Some(self.missing(block, name, param)),
            }
        }
        failed.map_or(Ok(result), Err)
    }

    /// What takes the place of a parameter. A tensor is computed once, however often the block uses it.
    fn passed(
        &mut self,
        param: &Parameter,
        expr: &Expr,
        elsewhere: bool,
        scope: &mut Vec<Variable>,
    ) -> Result<Expr, Reported> {
        let expr = &self.decided(expr)?;
        let value = match self.role(expr) {
            // Constants of this macro call mean nothing in another.
            Role::Number if elsewhere => match self.number_of(expr)? {
                Scalar::Int(n @ 0..) => return Ok(Expr::new(ExprKind::Int(n as u64), expr.place)),
                Scalar::Float(x) => return Ok(Expr::new(ExprKind::Float(x), expr.place)),
                number => Value::Number(number),
            },
            Role::Tensor if expr.as_name().is_none() => self.eval(expr)?,
            _ => return Ok(self.carried(expr, scope)),
        };
        let mut name = primed(&param.name);
        while scope.iter().any(|other| name == other.name) {
            name = primed(&name);
        }
        scope.push(Variable { name: name.to_string(), value, used: Rc::default() });
        Ok(Expr::new(ExprKind::Path(vec![name]), expr.place))
    }

    /// `expr` to be evaluated where only `scope` is seen: its variables move there, under names of their own.
    fn carried(&self, expr: &Expr, scope: &mut Vec<Variable>) -> Expr {
        let mut renaming = Substitution::default();
        for ident in expr.idents() {
            let Some(variable) = self.variable(&ident.to_string()) else { continue };
            let mut new = primed(&ident);
            // Another argument may have moved one there that is called the same, and is the same.
            while scope.iter().any(|other| new == other.name && !Rc::ptr_eq(&other.used, &variable.used)) {
                new = primed(&new);
            }
            if !scope.iter().any(|other| new == other.name) {
                scope.push(Variable { name: new.to_string(), ..variable.clone() });
            }
            renaming.rename(&ident, new);
        }
        renaming.apply(expr)
    }

    /// The use of a block in a note of an error inside of it.
    fn used_at(&self, stage: &Expr, name: &Ident) -> String {
        match crate::diag::line(name.span()).filter(|_| self.definitions.is_here()) {
            Some(line) => format!("in block `{name}`, used as `{stage}` on line {line}"),
            None => format!("in block `{name}`, used as `{stage}`"),
        }
    }

    fn given_twice(&self, block: &BlockItem, name: &Ident, at: usize, arg: &Arg, first: &Arg) -> Reported {
        let place = arg.name.as_ref().map_or(arg.value.place, Place::of);
        let headline = format!("`{}` of `{name}` is given twice", block.params[at].name);
        self.diag.report(Message::new(place, headline).note(format!("it is already `{first}`")))
    }

    fn not_a_parameter(&self, block: &BlockItem, name: &Ident, arg: &Arg) -> Reported {
        let message = match &arg.name {
            Some(named) => {
                let params = block.params.iter().map(|param| param.name.to_string()).collect::<Vec<_>>();
                let help = did_you_mean(&named.to_string(), params.iter().map(String::as_str));
                Message::new(named.span(), format!("`{name}` has no argument `{named}`")).help_if(help)
            }
            None => {
                let most = match block.params.len() {
                    0 => "no arguments".to_string(),
                    1 => "only one argument".to_string(),
                    n => format!("at most {n} arguments"),
                };
                Message::new(arg.value.place, format!("`{name}` takes {most}"))
            }
        };
        self.diag.report(message.note(format!("the block is `{}`", signature(block))))
    }

    fn missing(&self, block: &BlockItem, name: &Ident, param: &Parameter) -> Reported {
        let message = Message::new(name.span(), format!("`{name}` needs its argument `{}`", param.name));
        self.diag.report(
            message
                .note(format!("the block is `{}`", signature(block)))
                .help(format!("give it, or a default where the block is defined: `{} = ..`", param.name)),
        )
    }

    /// `input >> repeat count { .. }`: fresh layers each time.
    pub(super) fn apply_repeat(
        &mut self,
        stage: &Expr,
        repeat: &Repeat,
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        let count = self.repetitions(&repeat.count);
        let mut value = input;
        for i in 0..count? {
            let mut values = Substitution::default();
            if let Some(counter) = &repeat.counter {
                values.insert(counter, Expr::new(ExprKind::Int(i as u64), counter.span()));
            }
            let note = (i > 0).then(|| format!("in repetition {} of `repeat {}`", i + 1, repeat.count));
            self.diag.enter(note, stage.place.start, false);
            value = self.repetition(stage, &repeat.body, &values, value);
            self.diag.leave();
            // What is wrong with one is wrong with the next.
            if value.is_err() {
                break;
            }
        }
        value
    }

    fn repetition(
        &mut self,
        stage: &Expr,
        body: &Expr,
        values: &Substitution,
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        let closure = match &body.kind {
            ExprKind::Closure(closure) => closure,
            _ => {
                let ExprKind::Block(block) = values.apply(body).kind else {
                    unreachable!("a repetition has a body in braces")
                };
                return self.in_block(&block, |builder, tail| builder.apply_stage(tail, input));
            }
        };
        let inputs: Vec<Value> = match input.and_then(|input| self.tensors(input, stage)) {
            Ok(inputs) => inputs.into_iter().map(Value::Tensor).collect(),
            Err(reported) => vec![Value::Unknown(reported); closure.params.len()],
        };
        if inputs.len() != closure.params.len() {
            let tensors = Operands::Exactly(closure.params.len()).text();
            let headline = format!("this repetition takes {tensors}, but gets {}", inputs.len());
            let message = Message::new(closure.place, headline)
                .help("each time takes what the time before made: as many tensors as there are names between the bars");
            return Err(self.diag.report(message));
        }
        self.eval_body(closure, values, inputs)
    }

    /// How often: a number that the macro knows.
    fn repetitions(&mut self, count: &Expr) -> Result<i64, Reported> {
        let message = match self.scalar(count)? {
            Scalar::Int(n @ 1..=MOST_REPETITIONS) => return Ok(n),
            Scalar::Int(n) => {
                let bounds = format!("a repetition happens 1 to {MOST_REPETITIONS} times, found {n}");
                Message::new(count.place, bounds)
            }
            Scalar::Float(_) => Message::new(
                count.place,
                format!("a repetition happens a whole number of times, found `{count}`"),
            ),
            Scalar::Symbol(_) => {
                Message::new(count.place, "the number of repetitions must be known to the macro").help(
                    format!(
                        "write the number, or declare `const {count}: usize = ..;` inside of the macro call"
                    ),
                )
            }
        };
        Err(self.diag.report(message))
    }
}

/// `residual(filters, stride = 1)`
pub(super) fn signature(block: &BlockItem) -> String {
    let params: Vec<String> = block.params.iter().map(Parameter::to_string).collect();
    format!("{}({})", block.name, params.join(", "))
}

/// `x, y`
fn names_of(closure: &Closure) -> String {
    closure.params.iter().map(Ident::to_string).collect::<Vec<_>>().join(", ")
}
