//! From tokens to an AST: grammar only.
//!
//! An error is reported where it is found; parsing goes on behind the next `>>`, `,` or `;`, or at the next item.

pub mod ast;
mod body;
mod expr;
pub mod foreign;
mod item;
mod print;
pub mod substitute;
pub mod walk;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, token};

use crate::diag::{Diagnostics, Message, Place};
use ast::File;
pub use body::is_statement;

/// Parses the content of a macro call. `None` if there is nothing to go on with.
pub fn parse(tokens: TokenStream, diag: &Diagnostics) -> Option<File> {
    if tokens.is_empty() {
        diag.report(
            Message::new(Place::call_site(), "this model is empty")
                .help("write its layers: `dense(64, relu, input = 784) >> dense(10, softmax)`"),
        );
        return None;
    }
    let grammar = Grammar { diag };
    let parse = |input: ParseStream| {
        Ok(if grammar.starts_item(input) {
            File::Items(grammar.items(input))
        } else {
            File::Expression(grammar.only_expression(input))
        })
    };
    match parse.parse2(tokens) {
        Ok(file) => Some(file),
        Err(error) => {
            diag.report(Message::new(error.span(), error.to_string()));
            None
        }
    }
}

/// Words that start a definition, before its name.
const KEYWORDS: [&str; 3] = ["block", "cell", "loss"];

/// The parser: one method per rule. None of them fails: what is wrong is reported, and skipped.
struct Grammar<'a> {
    diag: &'a Diagnostics,
}

impl Grammar<'_> {
    /// Whether a definition starts here.
    fn starts_item(&self, input: ParseStream) -> bool {
        if input.peek(Token![#]) || input.peek(Token![pub]) || input.peek(Token![const]) {
            return true;
        }
        let next_is_name = input.peek(Ident) && input.peek2(Ident);
        if next_is_name && KEYWORDS.iter().any(|word| self.peek_word(input, word)) {
            return true;
        }
        if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            return true;
        }
        input.peek(Ident)
            && input.peek2(token::Paren)
            && (input.peek3(token::Brace) || input.peek3(Token![->]))
    }

    fn peek_word(&self, input: ParseStream, word: &str) -> bool {
        input.peek(Ident::peek_any) && input.fork().call(Ident::parse_any).is_ok_and(|ident| ident == word)
    }

    /// Skips to the next place where parsing can go on.
    fn recover(&self, input: ParseStream) {
        while !input.is_empty() && !self.can_go_on(input) {
            let _ = input.parse::<TokenTree>();
        }
    }

    fn can_go_on(&self, input: ParseStream) -> bool {
        input.peek(Token![>>])
            || input.peek(Token![,])
            || input.peek(Token![;])
            || input.peek(Token![pub])
            || input.peek(Token![const])
    }
}

/// The token that comes next, as it is written: `>>` is one.
fn next_token(input: ParseStream) -> Option<(String, Place)> {
    let ahead = input.fork();
    let token = ahead.parse::<TokenTree>().ok()?;
    match &token {
        TokenTree::Group(group) => {
            let open = match group.delimiter() {
                Delimiter::Parenthesis => "(",
                Delimiter::Brace => "{",
                Delimiter::Bracket => "[",
                Delimiter::None => "",
            };
            Some((open.to_string(), group.span_open().into()))
        }
        TokenTree::Punct(punct) => {
            let (mut text, mut place) = (punct.as_char().to_string(), Place::from(punct.span()));
            let mut joint = punct.spacing() == Spacing::Joint;
            while let (true, Ok(TokenTree::Punct(next))) = (joint, ahead.parse::<TokenTree>()) {
                text.push(next.as_char());
                place = place.to(next.span().into());
                joint = next.spacing() == Spacing::Joint;
            }
            Some((text, place))
        }
        token => Some((token.to_string(), token.span().into())),
    }
}
