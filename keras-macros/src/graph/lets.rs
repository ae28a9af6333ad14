//! The `let`s of a body: names for tensors, for the parts of tuples, and for layers to share.

use std::cell::RefCell;
use std::rc::Rc;

use proc_macro2::Ident;

use super::eval::Role;
use super::{Builder, Built, Shared, Value, Variable};
use crate::diag::{Message, Place, Reported};
use crate::layers;
use crate::syntax::ast::{Block, Expr, ExprKind, Let, Pattern};
use crate::syntax::is_statement;

impl Builder<'_> {
    /// Evaluates a block in a scope of its own.
    pub(super) fn eval_block(&mut self, block: &Block) -> Result<Value, Reported> {
        self.in_block(block, |builder, tail| builder.eval(tail))
    }

    /// Evaluates the `let`s of a block, and `tail` where their names are seen.
    pub(super) fn in_block(
        &mut self,
        block: &Block,
        tail: impl FnOnce(&mut Self, &Expr) -> Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        let (depth, errors) = (self.scope.len(), self.diag.errors());
        let values = block.lets.iter().map(|binding| &binding.value);
        let failed = values.chain(block.tail.as_deref()).any(|expr| expr.failed().is_some());
        let mut defined: Vec<(Ident, Variable)> = vec![];
        for (i, binding) in block.lets.iter().enumerate() {
            self.later.push(block.lets[i..].to_vec());
            let values = self.eval_pattern(binding);
            self.later.pop();
            for (name, value) in values {
                if name == "_" {
                    continue;
                }
                if let Some((first, _)) = defined.iter().find(|(known, _)| *known == name) {
                    let message = Message::new(name.span(), format!("`{first}` is defined twice"))
                        .help("give the second one a name of its own");
                    self.diag.report(message);
                }
                let variable = self.define(&name, value);
                defined.push((name, variable));
            }
        }
        let result = match &block.tail {
            Some(expr) => tail(self, expr),
            None => {
                let message = Message::new(block.end, "this body has no output")
                    .help("end it with the output: an expression, or a tuple of several");
                Err(self.diag.report(message))
            }
        };
        self.scope.truncate(depth);
        for (name, variable) in defined {
            // After an error a name may be unused because its use failed; a nested model says it by itself.
            let quiet = self.names.last().is_some_and(|names| names.quiet);
            let silent = name.to_string().starts_with('_') || failed || self.diag.errors() > errors || quiet;
            if !*variable.used.borrow() && !silent {
                let message = Message::new(name.span(), format!("`{name}` is never used"))
                    .help(format!("use it, take it out, or call it `_{name}`"));
                self.diag.warn(message);
            }
        }
        result
    }

    /// Every name that `binding` defines, with its value.
    fn eval_pattern(&mut self, binding: &Let) -> Vec<(Ident, Value)> {
        let (names, place) = match &binding.pattern {
            Pattern::Name(name) => {
                let value = self.eval_let(&binding.value).unwrap_or_else(Value::Unknown);
                return vec![(name.clone(), value)];
            }
            Pattern::Tuple(names, place) => (names, *place),
        };
        let values = match &binding.value.kind {
            ExprKind::Tuple(parts) | ExprKind::List(parts) if parts.len() == names.len() => {
                parts.iter().map(|part| self.eval_let(part).unwrap_or_else(Value::Unknown)).collect()
            }
            _ => self
                .eval_let(&binding.value)
                .and_then(|value| self.take_apart(names, place, binding, value))
                .unwrap_or_else(|reported| vec![Value::Unknown(reported); names.len()]),
        };
        names.iter().cloned().zip(values).collect()
    }

    /// The parts of `value`, as many as there are names.
    fn take_apart(
        &self,
        names: &[Ident],
        place: Place,
        binding: &Let,
        value: Value,
    ) -> Result<Vec<Value>, Reported> {
        let (pattern, expr) = (&binding.pattern, &binding.value);
        let first = &names[0];
        let message = match value {
            Value::Tuple(parts) if parts.len() == names.len() => return Ok(parts),
            Value::Unknown(reported) => return Err(reported),
            Value::Tuple(parts) => {
                let wanted: Vec<String> = (0..parts.len())
                    .map(|i| names.get(i).map_or_else(|| "_".to_string(), Ident::to_string))
                    .collect();
                let plural = if names.len() == 1 { "name" } else { "names" };
                let headline = format!("{} {plural} for a tuple of {}", names.len(), parts.len());
                Message::new(place, headline)
                    .help(format!("name each part, or call it `_`: `let ({}) = ..;`", wanted.join(", ")))
            }
            Value::Tensor(_) | Value::Number(_) => {
                let what = if matches!(value, Value::Tensor(_)) { "tensor" } else { "number" };
                let headline = format!("`let {pattern}` takes a tuple apart, but this is one {what}");
                Message::new(expr.head(), headline).help(format!("give it one name: `let {first} = ..;`"))
            }
            Value::Layer(_) => {
                let headline = format!("`let {pattern}` takes a tuple apart, but this is a layer");
                Message::new(expr.head(), headline).help(format!("give it an input: `x >> {expr}`"))
            }
        };
        Err(self.diag.report(message))
    }

    /// A variable that is seen from here on.
    pub(super) fn define(&mut self, name: &Ident, value: Value) -> Variable {
        let variable = Variable { name: name.to_string(), value, used: Rc::new(RefCell::new(false)) };
        self.scope.push(variable.clone());
        variable
    }

    /// What a `let` names: a value, or layers to share.
    fn eval_let(&mut self, expr: &Expr) -> Result<Value, Reported> {
        if let ExprKind::Error(reported) = expr.kind {
            return Err(reported);
        }
        if self.role(expr) != Role::Layer || is_statement(expr) {
            return self.eval(expr);
        }
        // What it is cannot be told.
        if let Some(reported) = expr.failed() {
            return Err(reported);
        }
        self.check_layers(expr)?;
        // Within layers that are applied again, these are the ones of the first time.
        let tape = match self.replay() {
            Some(Built::Named(tape)) => tape,
            _ => {
                let tape = Rc::default();
                self.record(Built::Named(Rc::clone(&tape)));
                tape
            }
        };
        let scope = self.scope.clone();
        let shared = Shared { expr: expr.clone(), scope, tape, failed: Default::default() };
        Ok(Value::Layer(Rc::new(shared)))
    }

    /// Reports unknown names in layers that were named, even if they are never applied.
    fn check_layers(&mut self, expr: &Expr) -> Result<(), Reported> {
        let mut failed = Ok(());
        for stage in expr.stages() {
            let checked = match &stage.kind {
                ExprKind::Error(reported) => Err(*reported),
                ExprKind::Call(call) => match call.name() {
                    Some(name) if !self.knows(&name.to_string()) => Err(self.unknown_layer(name)),
                    _ => Ok(()),
                },
                _ => Ok(()),
            };
            failed = failed.and(checked);
        }
        failed
    }

    fn knows(&self, name: &str) -> bool {
        self.variable(name).is_some() || self.is_layer(name)
    }

    /// Whether `name` is a layer of the vocabulary, or a model or block of this macro call.
    pub(super) fn is_layer(&self, name: &str) -> bool {
        self.definitions.defines_layer(name) || layers::find(name).is_some()
    }

    /// Whether a `let` further down defines `name`.
    pub(super) fn is_later(&self, name: &str) -> bool {
        self.later.last().is_some_and(|lets| {
            lets.iter().any(|binding| binding.pattern.names().iter().any(|own| own == name))
        })
    }

    /// A `let` that is used above itself: an order to mend, or a cycle that cannot be.
    pub(super) fn used_too_early(&self, ident: &Ident) -> Message {
        let lets = self.later.last().map(Vec::as_slice).unwrap_or_default();
        let current = lets[0].pattern.names();
        let is_current = |name: &str| current.iter().any(|own| own == name);
        // From the used name through what it needs, until something needs what is being defined.
        let mut path = vec![ident.to_string()];
        let needs = |name: &str| {
            lets.iter()
                .find(|binding| binding.pattern.names().iter().any(|own| own == name))
                .map(|binding| binding.value.idents())
        };
        while let Some(needed) = path.last().and_then(|last| needs(last)) {
            if needed.iter().any(|name| current.contains(name)) || is_current(&path[path.len() - 1]) {
                let current = &current[0];
                let mut cycle = vec![format!("`{current}`")];
                cycle.extend(
                    path.iter().filter(|name| current != name.as_str()).map(|name| format!("`{name}`")),
                );
                cycle.push(format!("`{current}`"));
                return Message::new(ident.span(), format!("`{current}` needs its own value"))
                    .note(format!("a cycle: {}", cycle.join(" needs ")))
                    .help("layers form no loop: take the input of the first one from above");
            }
            let next = needed
                .iter()
                .map(Ident::to_string)
                .find(|name| !path.contains(name) && needs(name).is_some());
            let Some(next) = next else { break };
            path.push(next);
        }
        Message::new(ident.span(), format!("`{ident}` is used before it is defined"))
            .help(format!("move `let {ident} = ..;` above this line"))
    }
}
