//! `if`: which layers a model has, decided while it is compiled.

use super::constants::Scalar;
use super::eval::Role;
use super::{Builder, Value};
use crate::diag::{Message, Reported};
use crate::syntax::ast::{Arg, Block, Call, Expr, ExprKind, If, Operator};

impl Builder<'_> {
    /// `input >> if condition { layers } else { layers }`
    pub(super) fn apply_choice(
        &mut self,
        choice: &If,
        input: Result<Value, Reported>,
    ) -> Result<Value, Reported> {
        let Some(chosen) = self.chosen(choice)? else { return input };
        match &chosen.kind {
            ExprKind::Block(block) => self.in_block(block, |builder, tail| builder.apply_stage(tail, input)),
            _ => self.apply_stage(chosen, input),
        }
    }

    /// `if condition { value } else { value }`
    pub(super) fn eval_choice(&mut self, expr: &Expr, choice: &If) -> Result<Value, Reported> {
        match self.chosen(choice)? {
            Some(chosen) => self.eval(chosen),
            None => Err(self.diag.report(without_else(expr))),
        }
    }

    /// What it is, as far as the form of its first branch tells.
    pub(super) fn role_of_choice(&self, choice: &If) -> Role {
        match &choice.then.kind {
            ExprKind::Block(block) => block.tail.as_ref().map_or(Role::Other, |tail| self.role(tail)),
            _ => Role::Other,
        }
    }

    fn chosen<'e>(&self, choice: &'e If) -> Result<Option<&'e Expr>, Reported> {
        Ok(match self.holds(&choice.condition)? {
            true => Some(&choice.then),
            false => choice.otherwise.as_ref(),
        })
    }

    /// `expr` without any choice left open in it.
    pub fn decided(&self, expr: &Expr) -> Result<Expr, Reported> {
        if !expr.has_choice() {
            return Ok(expr.clone());
        }
        let all = |parts: &[Expr]| parts.iter().map(|part| self.decided(part)).collect::<Result<_, _>>();
        let kind = match &expr.kind {
            ExprKind::If(choice) => match self.chosen(choice)? {
                Some(Expr { kind: ExprKind::Block(Block { lets, tail: Some(tail), .. }), .. })
                    if lets.is_empty() =>
                {
                    return self.decided(tail);
                }
                Some(chosen @ Expr { kind: ExprKind::If(_), .. }) => return self.decided(chosen),
                Some(chosen) => {
                    let message = Message::new(chosen.place, format!("expected one value, found `{chosen}`"));
                    return Err(self.diag.report(message));
                }
                None => return Err(self.diag.report(without_else(expr))),
            },
            ExprKind::Binary(op, a, b) => {
                ExprKind::Binary(*op, Box::new(self.decided(a)?), Box::new(self.decided(b)?))
            }
            ExprKind::Neg(x) => ExprKind::Neg(Box::new(self.decided(x)?)),
            ExprKind::Tuple(parts) => ExprKind::Tuple(all(parts)?),
            ExprKind::List(parts) => ExprKind::List(all(parts)?),
            ExprKind::Call(call) => {
                let arg = |arg: &Arg| Ok(Arg { name: arg.name.clone(), value: self.decided(&arg.value)? });
                let args = call.args.iter().map(arg).collect::<Result<_, _>>()?;
                ExprKind::Call(Call { path: call.path.clone(), args })
            }
            // Closures decide when they are called.
            kind => kind.clone(),
        };
        Ok(Expr::new(kind, expr.place))
    }

    /// Whether `condition` is true: `true`, `alpha < 1.0`, `pooling == avg`.
    fn holds(&self, condition: &Expr) -> Result<bool, Reported> {
        match &condition.kind {
            ExprKind::Bool(value) => return Ok(*value),
            ExprKind::Error(reported) => return Err(*reported),
            ExprKind::Binary(op @ (Operator::Eq | Operator::Ne), a, b) => {
                if let Some(equal) = self.same_word(a, b) {
                    return Ok(equal == (*op == Operator::Eq));
                }
            }
            _ => {}
        }
        let comparison = match &condition.kind {
            ExprKind::Binary(op, a, b) => comparison(*op).map(|compare| (compare, a, b)),
            _ => None,
        };
        let Some((compare, a, b)) = comparison else {
            let message =
                Message::new(condition.place, format!("`{condition}` is neither true nor false"))
                    .help("write `true`, a comparison of numbers such as `n > 1`, or of words such as `pooling == avg`");
            return Err(self.diag.report(message));
        };
        let (x, y) = (self.scalar(a), self.scalar(b));
        let (x, y) = (x?, y?);
        match (&x, &y) {
            (Scalar::Symbol(_), _) | (_, Scalar::Symbol(_)) => {
                let message = Message::new(
                    condition.place,
                    "what a model is made of must be known to the macro, and this depends on a constant of Rust",
                )
                .help("write the number, or declare the constant inside of the macro call");
                Err(self.diag.report(message))
            }
            _ => Ok(x.as_f64().zip(y.as_f64()).is_some_and(|(x, y)| compare(&x, &y))),
        }
    }

    /// Whether two words are the same: strings, `true` and `false`, or names that stand for no number.
    fn same_word(&self, a: &Expr, b: &Expr) -> Option<bool> {
        Some(self.word(a)? == self.word(b)?)
    }

    fn word(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Str(text) => Some(text.clone()),
            ExprKind::Bool(value) => Some(value.to_string()),
            ExprKind::Path(_) => {
                let name = expr.as_name()?.to_string();
                (name == "None" || self.role(expr) != Role::Number).then_some(name)
            }
            _ => None,
        }
    }
}

fn without_else(expr: &Expr) -> Message {
    Message::new(expr.place, format!("`{expr}` has no value without `else`"))
        .help("write `else { .. }` with the other value")
}

fn comparison(op: Operator) -> Option<fn(&f64, &f64) -> bool> {
    Some(match op {
        Operator::Eq => f64::eq,
        Operator::Ne => f64::ne,
        Operator::Lt => f64::lt,
        Operator::Le => f64::le,
        Operator::Gt => f64::gt,
        Operator::Ge => f64::ge,
        Operator::Pipe | Operator::Add | Operator::Sub | Operator::Mul | Operator::Div => return None,
    })
}
