//! Expressions: pipelines, calls, arithmetic with Rust's precedence, closures and blocks.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Ident, Lit, Token, bracketed, parenthesized, token};

use super::ast::{Arg, Call, Closure, Expr, ExprKind, Operator};
use super::{Grammar, next_token};
use crate::diag::{Message, Place};

impl Grammar<'_> {
    /// An expression that is all of `input`.
    pub fn only_expression(&self, input: ParseStream) -> Expr {
        let expr = self.expression(input, None);
        self.continued(input, expr, |_| false)
    }

    /// Goes on behind `expr` until `stop`, as if a missing `>>` were there.
    pub fn continued(&self, input: ParseStream, mut expr: Expr, stop: impl Fn(ParseStream) -> bool) -> Expr {
        while !input.is_empty() && !stop(input) {
            let (found, place) = next_token(input).expect("there is a token");
            let reported = self.diag.report(
                Message::new(place, format!("expected `>>`, found `{found}`"))
                    .help("layers follow each other with `>>` between them"),
            );
            if !input.peek(Ident) {
                // At least one token is skipped, or this would go on for ever.
                let _ = input.parse::<proc_macro2::TokenTree>();
                self.recover(input);
                if input.peek(Token![>>]) {
                    let _ = input.parse::<Token![>>]>();
                }
                if input.is_empty() || stop(input) {
                    return Expr::new(ExprKind::Error(reported), expr.place);
                }
                if !input.peek(Ident) {
                    continue;
                }
            }
            let next = self.expression(input, None);
            let place = expr.place.to(next.place);
            expr = Expr::new(ExprKind::Binary(Operator::Pipe, Box::new(expr), Box::new(next)), place);
        }
        expr
    }

    /// An expression. `after` is the operator before it, to be blamed if nothing follows.
    pub fn expression(&self, input: ParseStream, after: Option<Place>) -> Expr {
        self.binary(input, 0, after)
    }

    /// An expression of operators that bind more tightly than `least`.
    pub fn binary(&self, input: ParseStream, least: u8, after: Option<Place>) -> Expr {
        let mut left = self.unary(input, after);
        while let Some((operator, length)) = peek_operator(input).filter(|(op, _)| op.precedence() > least) {
            let mut place = Place::call_site();
            for i in 0..length {
                let token = input.parse::<proc_macro2::TokenTree>().expect("it was peeked");
                let span = token.span().into();
                place = if i == 0 { span } else { place.to(span) };
            }
            let right = self.binary(input, operator.precedence(), Some(place));
            let place = left.place.to(right.place);
            left = Expr::new(ExprKind::Binary(operator, Box::new(left), Box::new(right)), place);
        }
        left
    }

    fn unary(&self, input: ParseStream, after: Option<Place>) -> Expr {
        if input.peek(Token![-]) {
            let minus = Place::of(input.parse::<Token![-]>().expect("it was peeked"));
            let x = self.unary(input, Some(minus));
            let place = minus.to(x.place);
            return Expr::new(ExprKind::Neg(Box::new(x)), place);
        }
        let primary = self.primary(input, after).map(|expr| self.without_index(input, expr));
        primary.unwrap_or_else(|message| {
            let place = next_token(input).map_or(Place::call_site(), |(_, place)| place);
            let reported = self.diag.report(message);
            self.recover(input);
            Expr::new(ExprKind::Error(reported), after.unwrap_or(place))
        })
    }

    /// `x[..]` is no part of the language; what stands for it is told.
    fn without_index(&self, input: ParseStream, expr: Expr) -> Expr {
        let tensor = matches!(expr.kind, ExprKind::Path(_) | ExprKind::Call(_) | ExprKind::Binary(..));
        if !tensor || !input.peek(token::Bracket) {
            return expr;
        }
        let (_, place) = next_token(input).expect("there is a bracket");
        let _ = input.parse::<proc_macro2::TokenTree>();
        let text = if let ExprKind::Path(_) = expr.kind { expr.to_string() } else { "x".to_string() };
        let message = Message::new(place, "tensors have no indices in brackets")
            .help(format!("places 2, 3 and 4 of axis 1 are `slice({text}, axis = 1, start = 2, length = 3)`"))
            .help(format!("places one by one, `take({text}, [0, 2], axis = 1)`; the batch is axis 0"));
        Expr::new(ExprKind::Error(self.diag.report(message)), expr.place)
    }

    fn primary(&self, input: ParseStream, after: Option<Place>) -> Result<Expr, Message> {
        let wrong = |error: syn::Error| Message::new(error.span(), error.to_string());
        if input.is_empty() {
            let place = after.unwrap_or_else(|| input.span().into());
            return Err(match after {
                Some(_) => Message::new(place, "expected a layer or a value after this"),
                None => Message::new(place, "expected a layer or a value"),
            });
        }
        if input.peek(Lit) {
            let lit: Lit = input.parse().map_err(wrong)?;
            return literal(&lit);
        }
        if input.peek(token::Paren) {
            return self.parenthesis(input).map_err(wrong);
        }
        if input.peek(token::Bracket) {
            return self.list(input).map_err(wrong);
        }
        if input.peek(token::Brace) {
            return Ok(self.block_expression(input));
        }
        if input.peek(Token![|]) {
            let closure = self.closure(input).map_err(wrong)?;
            let place = closure.place;
            return Ok(Expr::new(ExprKind::Closure(closure), place));
        }
        if input.peek(Token![if]) {
            return self.choice(input);
        }
        if self.starts_repeat(input) {
            return self.repeat(input);
        }
        if input.peek(Token![return]) {
            let place = Place::of(input.parse::<Token![return]>().map_err(wrong)?);
            let message = Message::new(place, "a body has no `return`");
            self.diag.report(message.help("its last expression, without a `;`, is its output"));
            return Ok(self.expression(input, Some(place)));
        }
        let reserved = [input.peek(Token![let]), input.peek(Token![pub]), input.peek(Token![const])];
        if input.peek(Ident::peek_any) && !reserved.contains(&true) && !input.peek(Token![_]) {
            return self.path(input).map_err(wrong);
        }
        let (found, place) = next_token(input).expect("there is a token");
        Err(match after {
            Some(after) if input.peek(Token![;]) || input.peek(Token![pub]) || input.peek(Token![const]) => {
                Message::new(after, "expected a layer or a value after this")
            }
            _ => {
                let power = found == "*" && after.is_some();
                let help = power.then(|| "powers are `power(x, 2)`, and `square(x)`".to_string());
                Message::new(place, format!("expected a layer or a value, found `{found}`")).help_if(help)
            }
        })
    }

    /// A name, a path or a call.
    fn path(&self, input: ParseStream) -> syn::Result<Expr> {
        let mut path = vec![input.call(Ident::parse_any)?];
        while input.peek(Token![::]) {
            input.parse::<Token![::]>()?;
            path.push(input.call(Ident::parse_any)?);
        }
        let place = Place::of(&path[0]).to(Place::of(&path[path.len() - 1]));
        if !input.peek(token::Paren) {
            return Ok(Expr::new(ExprKind::Path(path), place));
        }
        let content;
        let paren = parenthesized!(content in input);
        let args = self.arguments(&content);
        let place = place.to(paren.span.close().into());
        Ok(Expr::new(ExprKind::Call(Call { path, args }), place))
    }

    fn arguments(&self, content: &ParseBuffer) -> Vec<Arg> {
        self.separated(content, |input| {
            let named = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
            if !named {
                return Arg { name: None, value: self.expression(input, None) };
            }
            let name = input.call(Ident::parse_any).expect("it was peeked");
            let equals = Place::of(input.parse::<Token![=]>().expect("it was peeked"));
            Arg { name: Some(name), value: self.expression(input, Some(equals)) }
        })
    }

    fn list(&self, input: ParseStream) -> syn::Result<Expr> {
        let content;
        let bracket = bracketed!(content in input);
        let parts = self.separated(&content, |input| self.expression(input, None));
        Ok(Expr::new(ExprKind::List(parts), bracket.span.join()))
    }

    /// `rule`, any number of times, with commas between.
    pub fn separated<T>(&self, content: ParseStream, rule: impl Fn(ParseStream) -> T) -> Vec<T> {
        let mut parts = vec![];
        while !content.is_empty() {
            parts.push(rule(content));
            if content.is_empty() {
                break;
            }
            if !content.peek(Token![,]) {
                let (found, place) = next_token(content).expect("there is a token");
                self.diag.report(Message::new(
                    place,
                    format!("expected `,` or the end of the list, found `{found}`"),
                ));
                while !content.is_empty() && !content.peek(Token![,]) {
                    let _ = content.parse::<proc_macro2::TokenTree>();
                }
            }
            let _ = content.parse::<Token![,]>();
        }
        parts
    }

    /// A group or a tuple.
    fn parenthesis(&self, input: ParseStream) -> syn::Result<Expr> {
        let content;
        let paren = parenthesized!(content in input);
        Ok(self.tuple(&content, paren.span.join()))
    }

    fn tuple(&self, content: &ParseBuffer, span: Span) -> Expr {
        let mut commas = 0;
        let parts = {
            let mut parts = vec![];
            while !content.is_empty() {
                parts.push(self.expression(content, None));
                if content.peek(Token![,]) {
                    let _ = content.parse::<Token![,]>();
                    commas += 1;
                } else if let Some((found, place)) = next_token(content) {
                    self.diag.report(Message::new(place, format!("expected `,` or `)`, found `{found}`")));
                    while content.parse::<proc_macro2::TokenTree>().is_ok() {}
                }
            }
            parts
        };
        match (parts.len(), commas) {
            (1, 0) => Expr { kind: parts.into_iter().next().expect("there is one").kind, place: span.into() },
            _ => Expr::new(ExprKind::Tuple(parts), span),
        }
    }

    /// `|a, b| body`
    fn closure(&self, input: ParseStream) -> syn::Result<Closure> {
        let (params, start, bar) = self.closure_head(input)?;
        let body = Box::new(self.expression(input, Some(bar)));
        let place = start.to(body.place);
        Ok(Closure { params, body, place })
    }

    /// `|a, b|`: the parameters, and the places of both bars.
    pub fn closure_head(&self, input: ParseStream) -> syn::Result<(Vec<Ident>, Place, Place)> {
        let start = Place::of(input.parse::<Token![|]>()?);
        let mut params = vec![];
        while !input.peek(Token![|]) {
            params.push(input.call(Ident::parse_any)?);
            if !input.peek(Token![,]) {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        let bar = Place::of(input.parse::<Token![|]>()?);
        Ok((params, start, bar))
    }
}

fn literal(lit: &Lit) -> Result<Expr, Message> {
    let kind = match lit {
        Lit::Int(int) => match int.suffix() {
            "f32" | "f64" => int.base10_digits().parse().map(ExprKind::Float).ok(),
            _ => int.base10_parse().map(ExprKind::Int).ok(),
        },
        Lit::Float(float) => float.base10_parse().map(ExprKind::Float).ok(),
        Lit::Bool(bool) => Some(ExprKind::Bool(bool.value)),
        Lit::Str(string) => Some(ExprKind::Str(string.value())),
        _ => None,
    };
    match kind {
        Some(kind) => Ok(Expr::new(kind, lit.span())),
        None => Err(Message::new(lit.span(), "expected a layer or a value; this literal is neither")),
    }
}

/// The operator that comes next and its number of characters. Longer ones first: `>` also starts `>>`.
fn peek_operator(input: ParseStream) -> Option<(Operator, usize)> {
    Some(if input.peek(Token![>>]) && !input.peek(Token![>>=]) {
        (Operator::Pipe, 2)
    } else if input.peek(Token![==]) {
        (Operator::Eq, 2)
    } else if input.peek(Token![!=]) {
        (Operator::Ne, 2)
    } else if input.peek(Token![<=]) {
        (Operator::Le, 2)
    } else if input.peek(Token![>=]) {
        (Operator::Ge, 2)
    } else if input.peek(Token![<]) && !input.peek(Token![<<]) {
        (Operator::Lt, 1)
    } else if input.peek(Token![>]) && !input.peek(Token![>>]) {
        (Operator::Gt, 1)
    } else if input.peek(Token![+]) {
        (Operator::Add, 1)
    } else if input.peek(Token![-]) && !input.peek(Token![->]) {
        (Operator::Sub, 1)
    } else if input.peek(Token![*]) {
        (Operator::Mul, 1)
    } else if input.peek(Token![/]) {
        (Operator::Div, 1)
    } else {
        return None;
    })
}
