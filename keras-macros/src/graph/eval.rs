//! Expressions of a body: what they are, and what they are worth.

use proc_macro2::Ident;

use super::constants::is_constant_name;
use super::{Builder, Built, Scalar, Tensor, Value};
use crate::diag::{Message, Place, Reported, did_you_mean};
use crate::ir::{Binary, Id, Unary};
use crate::layers::{self, Entry};
use crate::syntax::ast::{Call, Closure, Expr, ExprKind, Operator};

/// What kind of thing an expression is, as far as its form tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Tensor,
    Layer,
    Number,
    Other,
}

impl Builder<'_> {
    /// The kind of `expr`, found without evaluating it.
    pub(super) fn role(&self, expr: &Expr) -> Role {
        match &expr.kind {
            ExprKind::Int(_) | ExprKind::Float(_) => Role::Number,
            ExprKind::Path(path) => match &path[..] {
                [name] => self.role_of_name(&name.to_string()),
                _ if self.definitions.is_linked_at(path) => Role::Layer,
                _ => Role::Number,
            },
            ExprKind::Call(call) => self.role_of_call(call),
            ExprKind::Binary(Operator::Pipe, a, _) => match self.role(a) {
                Role::Layer => Role::Layer,
                // An unknown name was probably meant to be a tensor.
                Role::Tensor | Role::Number | Role::Other => Role::Tensor,
            },
            ExprKind::Binary(_, a, b) => match (self.role(a), self.role(b)) {
                (Role::Number, Role::Number) => Role::Number,
                (Role::Layer, Role::Layer) => Role::Layer,
                _ => Role::Tensor,
            },
            ExprKind::Neg(x) => self.role(x),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                match parts.iter().any(|part| self.role(part) == Role::Tensor) {
                    true => Role::Tensor,
                    false => Role::Other,
                }
            }
            ExprKind::Block(_) => Role::Tensor,
            ExprKind::Repeat(_) => Role::Layer,
            ExprKind::If(choice) => self.role_of_choice(choice),
            _ => Role::Other,
        }
    }

    /// Whether `expr` is a layer, or layers, rather than a tensor.
    pub fn makes_layer(&self, expr: &Expr) -> bool {
        self.role(expr) == Role::Layer
    }

    fn role_of_name(&self, name: &str) -> Role {
        match self.variable(name).map(|variable| &variable.value) {
            Some(Value::Tensor(_) | Value::Tuple(_) | Value::Unknown(_)) => Role::Tensor,
            Some(Value::Layer(_)) => Role::Layer,
            Some(Value::Number(_)) => Role::Number,
            None if self.is_later(name) => Role::Tensor,
            None if self.definitions.constants.declares(name) => Role::Number,
            None if self.is_layer(name) => Role::Layer,
            None if is_constant_name(name) => Role::Number,
            None => Role::Other,
        }
    }

    fn role_of_call(&self, call: &Call) -> Role {
        let any_tensor = call.args.iter().any(|arg| self.role(&arg.value) == Role::Tensor);
        if self.is_number(call) {
            return Role::Number;
        }
        let Some(name) = call.name() else {
            return match self.definitions.is_linked_at(&call.path) {
                true if any_tensor => Role::Tensor,
                true => Role::Layer,
                false => Role::Number,
            };
        };
        match self.variable(&name.to_string()) {
            Some(_) => Role::Tensor,
            None if self
                .definitions
                .block(&name.to_string())
                .is_some_and(|block| !block.params.is_empty()) =>
            {
                Role::Layer
            }
            None if any_tensor => Role::Tensor,
            // A function of numbers alone.
            None if crate::layers::find(&name.to_string())
                .is_some_and(|entry| entry.operands == crate::layers::Operands::Exactly(0)) =>
            {
                Role::Tensor
            }
            None => Role::Layer,
        }
    }

    /// Whether `call` gives a number: `shape(x, 1)`, or `floor` of one.
    fn is_number(&self, call: &Call) -> bool {
        match (call.name().map(ToString::to_string).as_deref(), &call.args[..]) {
            (Some("shape"), [x, _]) => self.role(&x.value) == Role::Tensor,
            (Some("floor"), [x]) => self.role(&x.value) == Role::Number,
            _ => false,
        }
    }

    /// The value of `expr`, which should be a tensor or several.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Reported> {
        match &expr.kind {
            ExprKind::Int(_) | ExprKind::Float(_) => Ok(Value::Number(self.number_of(expr)?)),
            ExprKind::Path(path) => match &path[..] {
                [name] => self.eval_name(name),
                _ => Ok(Value::Number(self.number_of(expr)?)),
            },
            ExprKind::Call(call) if self.is_number(call) => Ok(Value::Number(self.number_of(expr)?)),
            ExprKind::Call(call) => self.eval_call(expr, call),
            ExprKind::Binary(Operator::Pipe, left, right) => {
                let input = self.eval(left);
                self.apply_stage(right, input)
            }
            ExprKind::Binary(op, a, b) => self.eval_binary(expr, *op, a, b),
            ExprKind::Neg(x) => match self.eval(x)? {
                Value::Number(_) => Ok(Value::Number(self.number_of(expr)?)),
                value => {
                    let x = self.tensor(value, x)?;
                    let y = self.operation(expr.place, "negative", "Negative", &[&x], |b| {
                        b.graph.unary(Unary::Neg, x.id)
                    });
                    Ok(Value::Tensor(Tensor { text: expr.to_string(), ..y }))
                }
            },
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.eval(part)).collect();
                Ok(Value::Tuple(parts.into_iter().collect::<Result<_, _>>()?))
            }
            ExprKind::Block(block) => self.eval_block(block),
            ExprKind::If(choice) => self.eval_choice(expr, choice),
            ExprKind::Repeat(repeat) => {
                let count = &repeat.count;
                let message =
                    Message::new(expr.place, "repeated layers are layers, and a tensor is needed here")
                        .help(format!("give them an input: `x >> repeat {count} {{ .. }}`"));
                Err(self.diag.report(message))
            }
            ExprKind::Error(reported) => Err(*reported),
            ExprKind::Closure(_) => {
                let message =
                    Message::new(expr.place, "a closure is not a layer").help("write `lambda(|x| ..)`");
                Err(self.diag.report(message))
            }
            ExprKind::Bool(_) | ExprKind::Str(_) => {
                Err(self.diag.report(Message::new(expr.place, format!("expected a tensor, found `{expr}`"))))
            }
        }
    }

    fn eval_name(&mut self, ident: &Ident) -> Result<Value, Reported> {
        let name = ident.to_string();
        if let Some(variable) = self.variable(&name) {
            *variable.used.borrow_mut() = true;
            return match &variable.value {
                Value::Unknown(reported) => Err(*reported),
                value => Ok(value.clone()),
            };
        }
        if let Some(constant) = self.definitions.constants.get(&name) {
            return Ok(Value::Number(constant));
        }
        if self.is_later(&name) {
            return Err(self.diag.report(self.used_too_early(ident)));
        }
        if self.is_layer(&name) {
            let message =
                Message::new(ident.span(), format!("`{name}` is a layer, and a tensor is needed here"))
                    .help(format!("give it an input: `x >> {name}`"));
            return Err(self.diag.report(message));
        }
        if is_constant_name(&name) {
            let expr = Expr::new(ExprKind::Path(vec![ident.clone()]), ident.span());
            return Ok(Value::Number(self.number_of(&expr)?));
        }
        Err(self.diag.report(self.undefined(ident)))
    }

    pub(super) fn undefined(&self, ident: &Ident) -> Message {
        let name = ident.to_string();
        let variables = self.scope.iter().map(|variable| variable.name.as_str());
        let help = did_you_mean(&name, variables.chain(self.definitions.names())).or_else(|| {
            layers::nearest_layer(&name).map(|entry| format!("did you mean `{}`?", entry.call()))
        });
        Message::new(ident.span(), format!("`{name}` is not defined")).help_if(help)
    }

    /// A tensor, where `value` should be one.
    pub(super) fn tensor(&mut self, value: Value, expr: &Expr) -> Result<Tensor, Reported> {
        match value {
            Value::Tensor(tensor) => Ok(tensor),
            Value::Unknown(reported) => Err(reported),
            Value::Number(scalar) => Ok(self.number(&scalar, expr)),
            Value::Tuple(parts) => {
                let headline = format!("expected one tensor, found a tuple of {}", parts.len());
                Err(self.diag.report(Message::new(expr.place, headline)))
            }
            Value::Layer(_) => {
                let message =
                    Message::new(expr.place, format!("`{expr}` is a layer, and a tensor is needed here"))
                        .help(format!("give it an input: `x >> {expr}`"));
                Err(self.diag.report(message))
            }
        }
    }

    fn number(&mut self, scalar: &Scalar, expr: &Expr) -> Tensor {
        let id = match scalar {
            Scalar::Symbol(dim) => self.graph.extent(dim.clone()),
            known => self.graph.constant(known.as_f64().expect("it is known") as f32),
        };
        Tensor { id, place: expr.place.start, text: expr.to_string(), source: String::new(), mask: None }
    }

    fn eval_binary(&mut self, expr: &Expr, op: Operator, a: &Expr, b: &Expr) -> Result<Value, Reported> {
        // `x >> dense(3) + y` is `x >> (dense(3) + y)`.
        for (layer, other) in [(a, b), (b, a)] {
            if self.role(layer) == Role::Layer && !matches!(layer.kind, ExprKind::Binary(Operator::Pipe, ..))
            {
                return Err(self.diag.report(added_to_a_layer(op, layer, other)));
            }
        }
        let (x, y) = (self.eval(a), self.eval(b));
        let (x, y) = (x?, y?);
        if let (Value::Number(_), Value::Number(_)) = (&x, &y) {
            return Ok(Value::Number(self.number_of(expr)?));
        }
        let (x, y) = (self.tensor(x, a)?, self.tensor(y, b)?);
        let (function, name, class) = match op {
            Operator::Add => (Binary::Add, "add", "Add"),
            Operator::Sub => (Binary::Sub, "subtract", "Subtract"),
            Operator::Mul => (Binary::Mul, "multiply", "Multiply"),
            Operator::Div => (Binary::Div, "true_divide", "TrueDivide"),
            Operator::Eq => (Binary::Eq, "equal", "Equal"),
            Operator::Ne => (Binary::Ne, "not_equal", "NotEqual"),
            Operator::Lt => (Binary::Lt, "less", "Less"),
            Operator::Le => (Binary::Le, "less_equal", "LessEqual"),
            Operator::Gt => (Binary::Gt, "greater", "Greater"),
            Operator::Ge => (Binary::Ge, "greater_equal", "GreaterEqual"),
            Operator::Pipe => unreachable!("pipelines are applied, not computed"),
        };
        let place = a.place.to(b.place);
        let Some((left, right)) = self.broadcastable(x.id, y.id, place, op.text()) else {
            let (first, second) = (self.shape(x.id), self.shape(y.id));
            let headline = format!("`{}` cannot combine {first} with {second}", op.text());
            let message = Message::new(b.place, headline)
                .against(x.place, format!("this has shape {second}"))
                .note(format!("`{}` makes {first}", x.text))
                .note(format!("`{}` makes {second}", y.text))
                .help("give both sides the same shape");
            return Err(self.diag.report(message));
        };
        let result = self.operation(place, name, class, &[&x, &y], |b| b.graph.binary(function, left, right));
        Ok(Value::Tensor(Tensor { text: expr.to_string(), ..result }))
    }

    /// An operation that is no layer: it has a row of its own, unless it is part of a closure.
    pub(super) fn operation(
        &mut self,
        place: Place,
        name: &str,
        class: &'static str,
        inputs: &[&Tensor],
        build: impl FnOnce(&mut Self) -> Id,
    ) -> Tensor {
        let text = name.to_string();
        if self.closures > 0 {
            let source = inputs[0].source.clone();
            return Tensor { id: build(self), place: place.start, text, source, mask: None };
        }
        // Applied again, as part of layers that have a name, it is the same row.
        if let Some(Built::Layer { name, row, .. }) = self.replay() {
            self.graph.layers[row].inputs.extend(sources(inputs.iter().copied()));
            self.graph.current_layer = row;
            let y = Tensor { id: build(self), place: place.start, text, source: name, mask: None };
            self.outline_operation(&y.source, class, inputs, y.id);
            self.made(&y.source, Value::Tensor(y.clone()));
            return y;
        }
        let name = self.next_name(name);
        let row = self.row(&name, class, sources(inputs.iter().copied()));
        let id = build(self);
        self.graph.layers[row].output = self.shape(id);
        self.record(Built::Layer { name: name.clone(), row, weights: vec![] });
        let y = Tensor { id, place: place.start, text, source: name, mask: None };
        self.outline_operation(&y.source, class, inputs, id);
        self.made(&y.source, Value::Tensor(y.clone()));
        y
    }

    /// The value of a closure's body for `inputs`.
    pub fn call_closure(&mut self, closure: &Closure, inputs: &[Tensor]) -> Result<Id, Reported> {
        if closure.params.len() != inputs.len() {
            let (wanted, given) = (closure.params.len(), inputs.len());
            let message = Message::new(
                closure.place,
                format!("this closure takes {}, but gets {given}", layers::Operands::Exactly(wanted).text()),
            )
            .help("one parameter for each input: `(a, b) >> lambda(|a, b| a - b)`");
            return Err(self.diag.report(message));
        }
        let depth = self.scope.len();
        for (name, input) in closure.params.iter().zip(inputs) {
            self.define(
                name,
                Value::Tensor(Tensor { place: name.span(), text: name.to_string(), ..input.clone() }),
            );
        }
        self.closures += 1;
        let value = self.eval(&closure.body).and_then(|value| self.tensor(value, &closure.body));
        self.closures -= 1;
        self.scope.truncate(depth);
        let value = value?;
        let batched = inputs.iter().any(|input| self.graph.shape(input.id).batched);
        if batched && !self.graph.shape(value.id).batched {
            let message = Message::new(closure.body.place, "this closure does not use its input")
                .help(format!("its result must depend on `{}`", closure.params[0]));
            return Err(self.diag.report(message));
        }
        Ok(value.id)
    }

    /// An unknown name in the place of a layer.
    pub(super) fn unknown_layer(&self, name: &Ident) -> Reported {
        let text = name.to_string();
        let layers = layers::nearest_layer(&text)
            .map(|entry| format!("did you mean `{}`?", entry.call()))
            .or_else(|| did_you_mean(&text, layers::entries().flat_map(Entry::names)));
        let variables = self.scope.iter().map(|variable| variable.name.as_str());
        let help = did_you_mean(&text, variables.chain(self.definitions.names())).or(layers);
        self.diag.report(Message::new(name.span(), format!("unknown layer `{text}`")).help_if(help.or_else(
            || Some("layers have Keras's names in lower case: `dense`, `dropout`, `flatten`, ..".into()),
        )))
    }
}

/// Names of what feeds a layer: numbers have none.
pub(super) fn sources<'t>(inputs: impl Iterator<Item = &'t Tensor>) -> Vec<String> {
    inputs.map(|input| input.source.clone()).filter(|source| !source.is_empty()).collect()
}

fn added_to_a_layer(op: Operator, layer: &Expr, other: &Expr) -> Message {
    let (verb, op_text) = match op {
        Operator::Add => ("be added to", "+"),
        Operator::Sub => ("be subtracted from", "-"),
        Operator::Mul => ("be multiplied by", "*"),
        Operator::Div => ("be divided by", "/"),
        _ => ("be compared with", op.text()),
    };
    Message::new(layer.head(), format!("a layer cannot {verb} a tensor"))
        .note(format!("`{op_text}` binds more tightly than `>>`, as in Rust"))
        .help(format!("put parentheses around the pipeline: `(x >> {layer}) {op_text} {other}`"))
}
