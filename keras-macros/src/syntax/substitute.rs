//! Putting expressions in the place of names, without capturing: no name of the one is taken for a name of the other.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;

use super::ast::{Arg, Block, Call, Closure, Expr, ExprKind, File, If, Let, Operator, Pattern, Repeat};
use crate::diag::Diagnostics;

/// What stands for what.
#[derive(Clone, Debug, Default)]
pub struct Substitution {
    replacements: HashMap<String, Replacement>,
    /// Names in the values: what is defined around them is called otherwise.
    free: HashSet<String>,
}

#[derive(Clone, Debug)]
enum Replacement {
    Value(Expr),
    Name(Ident),
}

/// `name` with a prime, as mathematicians tell two things of one name apart. No Rust programmer writes that letter.
pub fn primed(name: &Ident) -> Ident {
    Ident::new(&format!("{}\u{2b9}", name.to_string().trim_start_matches("r#")), name.span())
}

impl Substitution {
    /// Also puts `value` in the place of `name`.
    pub fn insert(&mut self, name: &Ident, value: Expr) {
        self.free.extend(value.idents().iter().map(Ident::to_string));
        self.replacements.insert(name.to_string(), Replacement::Value(value));
    }

    /// Also calls `name` otherwise.
    pub fn rename(&mut self, name: &Ident, new: Ident) {
        self.replacements.insert(name.to_string(), Replacement::Name(new));
    }

    /// `expr` with every value in its place.
    pub fn apply(&self, expr: &Expr) -> Expr {
        let kind = match &expr.kind {
            ExprKind::Path(path) => match self.of(path) {
                Some(Replacement::Value(value)) => return value.clone(),
                Some(Replacement::Name(new)) => ExprKind::Path(vec![respanned(new, &path[0])]),
                None => ExprKind::Path(path.clone()),
            },
            ExprKind::Call(call) => return self.call(expr, call),
            ExprKind::Binary(op, a, b) => {
                ExprKind::Binary(*op, Box::new(self.apply(a)), Box::new(self.apply(b)))
            }
            ExprKind::Neg(x) => ExprKind::Neg(Box::new(self.apply(x))),
            ExprKind::Tuple(parts) => ExprKind::Tuple(self.all(parts)),
            ExprKind::List(parts) => ExprKind::List(self.all(parts)),
            ExprKind::Closure(closure) => {
                let mut inner = self.clone();
                let params = closure.params.iter().map(|name| inner.define(name)).collect();
                let body = Box::new(inner.apply(&closure.body));
                ExprKind::Closure(Closure { params, body, place: closure.place })
            }
            ExprKind::Block(block) => ExprKind::Block(self.block(block)),
            ExprKind::Repeat(repeat) => {
                let count = self.apply(&repeat.count);
                let mut inner = self.clone();
                let counter = repeat.counter.as_ref().map(|name| inner.define(name));
                let body = inner.apply(&repeat.body);
                ExprKind::Repeat(Box::new(Repeat { counter, count, body }))
            }
            ExprKind::If(choice) => {
                let (condition, then) = (self.apply(&choice.condition), self.apply(&choice.then));
                let otherwise = choice.otherwise.as_ref().map(|otherwise| self.apply(otherwise));
                ExprKind::If(Box::new(If { condition, then, otherwise }))
            }
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::Error(_) => {
                expr.kind.clone()
            }
            ExprKind::Str(text) => ExprKind::Str(self.text(text)),
        };
        Expr::new(kind, expr.place)
    }

    /// `block{i + 2}` with the number in its place, once all of its names stand for numbers or strings.
    fn text(&self, text: &str) -> String {
        let Some((before, (inner, after))) =
            text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        else {
            return text.to_string();
        };
        let value = inner.parse().ok().and_then(|tokens| {
            let diag = Diagnostics::default();
            let file = super::parse(tokens, &diag);
            diag.discard();
            match file {
                Some(File::Expression(expr)) => printed(&self.apply(&expr)),
                _ => None,
            }
        });
        let value = value.unwrap_or_else(|| format!("{{{inner}}}"));
        format!("{before}{value}{}", self.text(after))
    }

    fn of(&self, path: &[Ident]) -> Option<&Replacement> {
        if let [name] = path { self.replacements.get(&name.to_string()) } else { None }
    }

    fn all(&self, exprs: &[Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.apply(expr)).collect()
    }

    /// A call, whose name may itself stand for something: for a name, for a layer or for a closure.
    fn call(&self, expr: &Expr, call: &Call) -> Expr {
        let args: Vec<Arg> = call
            .args
            .iter()
            .map(|arg| Arg { name: arg.name.clone(), value: self.apply(&arg.value) })
            .collect();
        let named = |path, args| Expr::new(ExprKind::Call(Call { path, args }), expr.place);
        let value = match self.of(&call.path) {
            None => return named(call.path.clone(), args),
            Some(Replacement::Name(new)) => return named(vec![respanned(new, &call.path[0])], args),
            Some(Replacement::Value(value)) => value,
        };
        if let ExprKind::Path(path) = &value.kind {
            return named(path.clone(), args);
        }
        let mut inputs: Vec<Expr> = args.into_iter().map(|arg| arg.value).collect();
        let input = match inputs.len() {
            1 => inputs.remove(0),
            _ => Expr::new(ExprKind::Tuple(inputs), expr.place),
        };
        let layer = match &value.kind {
            ExprKind::Closure(_) => {
                let lambda = Ident::new("lambda", call.path[0].span());
                let args = vec![Arg { name: None, value: value.clone() }];
                Expr::new(ExprKind::Call(Call { path: vec![lambda], args }), value.place)
            }
            _ => value.clone(),
        };
        Expr::new(ExprKind::Binary(Operator::Pipe, Box::new(input), Box::new(layer)), expr.place)
    }

    /// From here on `name` is what is defined now.
    fn define(&mut self, name: &Ident) -> Ident {
        self.replacements.remove(&name.to_string());
        if !self.free.contains(&name.to_string()) {
            return name.clone();
        }
        let mut new = primed(name);
        while self.free.contains(&new.to_string()) {
            new = primed(&new);
        }
        self.rename(name, new.clone());
        new
    }

    fn block(&self, block: &Block) -> Block {
        let mut inner = self.clone();
        let lets = block.lets.iter().map(|binding| {
            let value = inner.apply(&binding.value);
            let pattern = match &binding.pattern {
                Pattern::Name(name) => Pattern::Name(inner.define(name)),
                Pattern::Tuple(names, place) => {
                    Pattern::Tuple(names.iter().map(|name| inner.define(name)).collect(), *place)
                }
            };
            Let { pattern, value }
        });
        let lets = lets.collect();
        let tail = block.tail.as_ref().map(|tail| Box::new(inner.apply(tail)));
        Block { lets, tail, place: block.place, end: block.end }
    }
}

/// What stands for an expression in a string: that of whole numbers, or a string.
fn printed(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Str(text) => Some(text.clone()),
        _ => folded(expr).map(|number| number.to_string()),
    }
}

fn folded(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Int(n) => i64::try_from(*n).ok(),
        ExprKind::Neg(x) => folded(x)?.checked_neg(),
        ExprKind::Binary(op, a, b) => {
            let (a, b) = (folded(a)?, folded(b)?);
            match op {
                Operator::Add => a.checked_add(b),
                Operator::Sub => a.checked_sub(b),
                Operator::Mul => a.checked_mul(b),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `new` where `old` is written.
fn respanned(new: &Ident, old: &Ident) -> Ident {
    Ident::new(&new.to_string(), old.span())
}
