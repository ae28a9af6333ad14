//! What stands in braces: bodies, their `let`s, and `repeat`.

use syn::ext::IdentExt;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Ident, Lit, Token, braced, parenthesized, token};

use super::ast::{Block, Expr, ExprKind, If, Let, Operator, Pattern, Repeat};
use super::{Grammar, next_token};
use crate::diag::{Message, Place, Reported};

impl Grammar<'_> {
    /// A body as an expression.
    pub fn block_expression(&self, input: ParseStream) -> Expr {
        let block = self.block(input).expect("a brace was peeked");
        let place = block.place;
        Expr::new(ExprKind::Block(block), place)
    }

    /// `{ let a = ...; tail }`
    pub fn block(&self, input: ParseStream) -> syn::Result<Block> {
        let content;
        let brace = braced!(content in input);
        let (mut lets, mut tail, mut failed) = (vec![], None, None);
        while !content.is_empty() {
            if content.peek(Token![;]) {
                let _ = content.parse::<Token![;]>();
            } else if content.peek(Token![let]) {
                lets.extend(self.binding(&content));
            } else {
                let expr = self.expression(&content, None);
                if content.is_empty() {
                    tail = Some(Box::new(expr));
                    break;
                }
                if is_statement(&expr) && content.peek(Token![;]) {
                    let name = Ident::new(&format!("_add_loss_{}", lets.len()), expr.head().start);
                    lets.push(Let { pattern: Pattern::Name(name), value: expr });
                } else {
                    failed = self.unexpected_in_block(&content, expr).or(failed);
                }
            }
        }
        // What was meant to be the output is not known.
        let tail = tail.or_else(|| {
            failed.map(|reported| Box::new(Expr::new(ExprKind::Error(reported), brace.span.join())))
        });
        Ok(Block { lets, tail, place: brace.span.join().into(), end: brace.span.close().into() })
    }

    fn unexpected_in_block(&self, content: ParseStream, expr: Expr) -> Option<Reported> {
        if content.peek(Token![;]) {
            return Some(expr.failed().unwrap_or_else(|| {
                self.diag.report(
                    Message::new(expr.head(), "the value of this expression is not used")
                        .help("name it with `let`, or leave out the `;` if it is the model's output"),
                )
            }));
        }
        let (found, place) = next_token(content)?;
        let reported = self.diag.report(unexpected(&found, place, &expr));
        self.skip_statement(content);
        Some(reported)
    }

    fn skip_statement(&self, content: ParseStream) {
        while !content.is_empty() && !content.peek(Token![;]) && !content.peek(Token![let]) {
            let _ = content.parse::<proc_macro2::TokenTree>();
        }
    }

    fn binding(&self, content: ParseStream) -> Option<Let> {
        let word = Place::of(content.parse::<Token![let]>().expect("it was peeked"));
        let pattern = match self.pattern(content) {
            Ok(pattern) => pattern,
            Err(Some(message)) => {
                self.diag.report(message);
                self.skip_statement(content);
                return None;
            }
            Err(None) => {
                self.diag.report(Message::new(word, "`let` needs a name: `let h = x >> dense(64);`"));
                self.recover(content);
                return None;
            }
        };
        let Ok(equals) = content.parse::<Token![=]>() else {
            let headline = format!("expected `=` and a value after `let {pattern}`");
            self.diag.report(Message::new(pattern.place(), headline));
            self.recover(content);
            return None;
        };
        let mut value = self.expression(content, Some(Place::of(equals)));
        if !content.peek(Token![;]) {
            let text = match next_token(content) {
                Some((found, place)) => unexpected(&found, place, &value),
                None => Message::new(value.head(), "this `let` is the last thing of its block").help(
                    "end it with `;` and write the output of the block behind it: its name, or a tuple of names",
                ),
            };
            let reported = self.diag.report(text);
            value = Expr::new(ExprKind::Error(reported), value.place);
            self.skip_statement(content);
        }
        let _ = content.parse::<Token![;]>();
        Some(Let { pattern, value })
    }

    /// `name` or `(a, _)`. `None` if there is neither.
    fn pattern(&self, content: ParseStream) -> Result<Pattern, Option<Message>> {
        if !content.peek(token::Paren) {
            return content.call(Ident::parse_any).map(Pattern::Name).map_err(|_| None);
        }
        let (place, inner) = in_parentheses(content).map_err(|_| None)?;
        let mut names: Vec<Ident> = vec![];
        while !inner.is_empty() {
            let Ok(name) = inner.call(Ident::parse_any) else {
                let (found, place) = next_token(&inner).expect("there is a token");
                while inner.parse::<proc_macro2::TokenTree>().is_ok() {}
                let message = Message::new(place, format!("expected a name or `_`, found `{found}`"));
                return Err(Some(message.help("a tuple is taken apart into names: `let (a, _) = ..;`")));
            };
            names.push(name);
            if inner.is_empty() {
                break;
            }
            inner.parse::<Token![,]>().map_err(|_| {
                let (found, place) = next_token(&inner).expect("there is a token");
                while inner.parse::<proc_macro2::TokenTree>().is_ok() {}
                Some(Message::new(place, format!("expected `,` or `)`, found `{found}`")))
            })?;
        }
        if names.is_empty() {
            return Err(Some(
                Message::new(place, "this `let` names nothing").help("write `let (a, b) = ..;`"),
            ));
        }
        Ok(Pattern::Tuple(names, place))
    }

    /// Whether `repeat` with its count comes next, and not a call of that name.
    pub fn starts_repeat(&self, input: ParseStream) -> bool {
        if !self.peek_word(input, "repeat") {
            return false;
        }
        let body = input.peek3(token::Brace) || input.peek3(Token![|]);
        input.peek2(Ident)
            || input.peek2(Lit)
            || input.peek2(token::Brace)
            || input.peek2(Token![|])
            || input.peek2(token::Paren) && body
    }

    /// `repeat 4 { layers }`, `repeat i in n |x| body`
    pub fn repeat(&self, input: ParseStream) -> Result<Expr, Message> {
        let word = input.call(Ident::parse_any).expect("it was peeked");
        let mut counter = None;
        if input.peek(Ident) && input.peek2(Token![in]) {
            counter = input.parse::<Ident>().ok();
            let _ = input.parse::<Token![in]>();
        }
        if input.peek(token::Brace) || input.peek(Token![|]) {
            return Err(Message::new(word.span(), "`repeat` needs to know how often")
                .help("write `repeat 4 { .. }`, with a number or a constant"));
        }
        // The layers' `>>` comes after the body.
        let count = self.binary(input, Operator::Pipe.precedence(), Some(word.span().into()));
        let body = if input.peek(token::Brace) {
            self.block_expression(input)
        } else if input.peek(Token![|]) {
            let closure = self.closure_with_braces(input)?;
            let place = closure.place;
            Expr::new(ExprKind::Closure(closure), place)
        } else if let ExprKind::Error(_) = count.kind {
            return Ok(count);
        } else {
            return Err(Message::new(count.place, "expected the layers to repeat after this").help(format!(
                "write them in braces: `repeat {count} {{ dense(64, relu) >> dropout(0.2) }}`"
            )));
        };
        let place = Place::from(word.span()).to(body.place);
        Ok(Expr::new(ExprKind::Repeat(Box::new(Repeat { counter, count, body })), place))
    }

    /// `if condition { layers } else { layers }`
    pub fn choice(&self, input: ParseStream) -> Result<Expr, Message> {
        let word = Place::of(input.parse::<Token![if]>().expect("it was peeked"));
        let condition = self.expression(input, Some(word));
        if !input.peek(token::Brace) {
            if let ExprKind::Error(_) = condition.kind {
                return Ok(condition);
            }
            return Err(Message::new(condition.place, "expected layers or a value in braces after this")
                .help(format!("write `if {condition} {{ dropout(0.5) }}`")));
        }
        let then = self.block_expression(input);
        let mut place = word.to(then.place);
        let mut otherwise = None;
        if input.peek(Token![else]) {
            let word = Place::of(input.parse::<Token![else]>().expect("it was peeked"));
            let other = match (input.peek(Token![if]), input.peek(token::Brace)) {
                (true, _) => self.choice(input)?,
                (_, true) => self.block_expression(input),
                _ => return Err(Message::new(word, "expected braces or `if` after this")),
            };
            place = place.to(other.place);
            otherwise = Some(other);
        }
        Ok(Expr::new(ExprKind::If(Box::new(If { condition, then, otherwise })), place))
    }

    /// A closure whose body ends at its brace: layers may follow it.
    pub fn closure_with_braces(&self, input: ParseStream) -> Result<super::ast::Closure, Message> {
        let wrong = |error: syn::Error| Message::new(error.span(), error.to_string());
        let (params, start, bar) = self.closure_head(input).map_err(wrong)?;
        if !input.peek(token::Brace) {
            return Err(Message::new(bar, "expected a body in braces after this")
                .help("write `|x| { let h = x >> dense(64); h + x }`"));
        }
        let body = Box::new(self.block_expression(input));
        let place = start.to(body.place);
        Ok(super::ast::Closure { params, body, place })
    }
}

/// `found` is no operator of the language; what stands for it is told, where there is something.
fn unexpected(found: &str, place: Place, before: &Expr) -> Message {
    let help = match (found, &before.kind) {
        (".", _) => {
            Some("there are no methods: layers and functions follow with `>>`, `x >> flatten()`".to_string())
        }
        ("@", _) => {
            Some("products of matrices are `matmul(a, b)`, of vectors `dot(a, b, axes = 1)`".to_string())
        }
        ("(", ExprKind::Call(_)) => Some(format!("a layer is applied with `>>`: `x >> {before}`")),
        _ => None,
    };
    Message::new(place, format!("expected `;` or `>>`, found `{found}`")).help_if(help)
}

fn in_parentheses<'a>(content: ParseStream<'a>) -> syn::Result<(Place, ParseBuffer<'a>)> {
    let inner;
    let paren = parenthesized!(inner in content);
    Ok((paren.span.join().into(), inner))
}

/// Whether `expr` is a call of `add_loss`, whose value nobody has to use.
pub fn is_statement(expr: &Expr) -> bool {
    let call = match &expr.kind {
        ExprKind::Binary(Operator::Pipe, _, last) => &last.kind,
        kind => kind,
    };
    matches!(call, ExprKind::Call(call) if call.name().is_some_and(|name| name == "add_loss"))
}
