//! Items: models, blocks and constants.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, bracketed, parenthesized, token};

use super::ast::{BlockItem, Body, CellItem, ConstItem, Declared, Expr, Item, ModelItem, Parameter};
use super::{Grammar, next_token};
use crate::diag::{Diagnostics, Message, Place};

impl Grammar<'_> {
    /// Definitions until the end.
    pub fn items(&self, input: ParseStream) -> Vec<Item> {
        let mut items = vec![];
        while !input.is_empty() {
            if input.peek(Token![;]) {
                let _ = input.parse::<Token![;]>();
                continue;
            }
            match self.item(input) {
                Ok(item) => items.extend(item),
                Err(error) => {
                    self.diag.report(Message::new(error.span(), error.to_string()));
                    self.skip_item(input);
                }
            }
        }
        items
    }

    fn item(&self, input: ParseStream) -> syn::Result<Option<Item>> {
        let mut attrs = TokenStream::new();
        while input.peek(Token![#]) {
            let content;
            let hash: Token![#] = input.parse()?;
            bracketed!(content in input);
            let content: TokenStream = content.parse()?;
            attrs.extend(quote!(#hash [#content]));
        }
        let mut vis = TokenStream::new();
        if input.peek(Token![pub]) {
            vis.extend(input.parse::<Token![pub]>()?.into_token_stream());
            // `pub(crate)`: a model's own parenthesis comes behind its name.
            if input.peek(token::Paren) {
                vis.extend(input.parse::<TokenTree>()?.into_token_stream());
            }
        }
        if input.peek(Token![const]) {
            return self.constant(input, quote!(#attrs #vis)).map(Some);
        }
        let start = input.cursor();
        if self.peek_word(input, "block") && input.peek2(Ident) {
            let block = self.block_item(input)?;
            let tokens = between(start, input.cursor());
            return Ok(block.map(|block| Item::Block(BlockItem { attrs, vis, tokens, ..block })));
        }
        if self.peek_word(input, "cell") && input.peek2(Ident) {
            let cell = self.cell_item(input, &vis)?;
            let tokens = between(start, input.cursor());
            return Ok(cell.map(|cell| Item::Cell(CellItem { tokens, ..cell })));
        }
        let loss = match self.peek_word(input, "loss") && input.peek2(Ident) {
            true => Some(input.parse::<Ident>()?),
            false => None,
        };
        let Ok(name) = input.parse::<Ident>() else {
            let (found, place) = next_token(input).unwrap_or(("the end".into(), Place::call_site()));
            self.diag.report(
                Message::new(place, format!("expected the name of a model, found `{found}`"))
                    .help("a definition is `pub Name = layer >> layer` or `pub Name(x: [784]) { .. }`"),
            );
            self.skip_item(input);
            return Ok(None);
        };
        let body = self.body(input, &name)?;
        let tokens = between(start, input.cursor());
        if let (Some(_), Some(Body::Sequential(_))) = (&loss, &body) {
            let message = Message::new(name.span(), format!("loss `{name}` does not name what it compares"))
                .help(format!(
                    "write `loss {name}(y: [1], p: [1]) {{ .. }}`: targets, predictions, and their shapes"
                ));
            self.diag.report(message);
            return Ok(None);
        }
        Ok(body.map(|body| Item::Model(ModelItem { attrs, vis, name, loss, body, tokens })))
    }

    fn body(&self, input: ParseStream, name: &Ident) -> syn::Result<Option<Body>> {
        if input.peek(Token![=]) {
            let equals: Token![=] = input.parse()?;
            let expr = self.expression(input, Some(Place::of(equals)));
            let stop = |input: ParseStream| input.peek(Token![;]) || self.starts_item(input);
            return Ok(Some(Body::Sequential(self.continued(input, expr, stop))));
        }
        if !input.peek(token::Paren) {
            self.diag.report(
                Message::new(name.span(), format!("expected `=` or `(` after the name of model `{name}`"))
                    .help(format!("write `{name} = layer >> layer` or `{name}(x: [784]) {{ .. }}`")),
            );
            self.skip_item(input);
            return Ok(None);
        }
        let content;
        parenthesized!(content in input);
        let inputs = self.separated(&content, |input| self.declared(input)).into_iter().flatten().collect();
        let mut outputs = None;
        if input.peek(Token![->]) {
            let _ = input.parse::<Token![->]>()?;
            outputs = Some(if input.peek(token::Paren) {
                let content;
                parenthesized!(content in input);
                self.separated(&content, |input| self.declared(input)).into_iter().flatten().collect()
            } else {
                self.declared(input).into_iter().collect()
            });
        }
        if !input.peek(token::Brace) {
            self.diag.report(Message::new(name.span(), format!("model `{name}` has no body `{{ .. }}`")));
            self.skip_item(input);
            return Ok(None);
        }
        Ok(Some(Body::Functional { inputs, outputs, block: self.block(input)? }))
    }

    /// `x: [28, 28, 1]`, `x: [u8; 784]`, `[10]`
    fn declared(&self, input: ParseStream) -> Option<Declared> {
        let parsed = self.try_declared(input);
        parsed
            .map_err(|message| {
                self.diag.report(message);
                while !input.is_empty() && !input.peek(Token![,]) && !input.peek(token::Brace) {
                    let _ = input.parse::<TokenTree>();
                }
            })
            .ok()
    }

    fn try_declared(&self, input: ParseStream) -> Result<Declared, Message> {
        let mut name = None;
        if input.peek(Ident::peek_any) {
            let ident = input.call(Ident::parse_any).expect("it was peeked");
            if input.parse::<Token![:]>().is_err() {
                return Err(Message::new(ident.span(), format!("`{ident}` has no shape"))
                    .help(format!("write its shape without the batch: `{ident}: [784]`")));
            }
            name = Some(ident);
        }
        if !input.peek(token::Bracket) {
            let (found, place) = next_token(input).unwrap_or(("the end".into(), Place::call_site()));
            let message =
                Message::new(place, format!("expected a shape such as `[28, 28, 1]`, found `{found}`"));
            if !input.peek(syn::Lit) {
                return Err(message);
            }
            self.diag.report(message.help(format!("write `[{found}]`")));
            let dims = vec![self.expression(input, None)];
            return Ok(Declared { name, dtype: None, dims, place });
        }
        let parsed = self.shape(input);
        let (dtype, dims, place) = parsed.map_err(|error| Message::new(error.span(), error.to_string()))?;
        Ok(Declared { name, dtype, dims, place })
    }

    /// `[28, 28, 1]`, `[u8; 784]`
    fn shape(&self, input: ParseStream) -> syn::Result<(Option<Ident>, Vec<Expr>, Place)> {
        let content;
        let bracket = bracketed!(content in input);
        let mut dtype = None;
        if content.peek(Ident) && content.peek2(Token![;]) {
            dtype = Some(content.parse()?);
            content.parse::<Token![;]>()?;
        }
        let dims = self.separated(&content, |input| self.expression(input, None));
        Ok((dtype, dims, bracket.span.join().into()))
    }

    /// `cell name(x: [8]; h: [16], c: [16]) -> [16] { .. }`
    fn cell_item(&self, input: ParseStream, vis: &TokenStream) -> syn::Result<Option<CellItem>> {
        let word: Ident = input.parse()?;
        if !vis.is_empty() {
            let message =
                Message::new(Place::of(vis), "a cell is not public: it is part of the models that use it");
            self.diag.report(message.help("leave out `pub`"));
        }
        let name: Ident = input.parse()?;
        let place = Place::from(word.span()).to(name.span().into());
        let wrong = |headline: String| {
            let help =
                format!("write `cell {name}(x: [8]; h: [16]) -> [16] {{ .. }}`: inputs, states, output");
            self.diag.report(Message::new(place, headline).help(help));
            self.skip_item(input);
            Ok(None)
        };
        if !input.peek(token::Paren) {
            return wrong(format!("cell `{name}` does not say what it takes in"));
        }
        let content;
        parenthesized!(content in input);
        let mut parts = vec![TokenStream::new()];
        while let Ok(token) = content.parse::<TokenTree>() {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ';' => parts.push(TokenStream::new()),
                _ => parts.last_mut().expect("there is one").extend([token]),
            }
        }
        let declared = |tokens: TokenStream| {
            let list = |input: ParseStream| Ok(self.separated(input, |input| self.declared(input)));
            let list = list.parse2(tokens).unwrap_or_default();
            list.into_iter().flatten().collect::<Vec<Declared>>()
        };
        if parts.len() != 2 {
            return wrong(format!("cell `{name}` needs one `;` between its inputs and its states"));
        }
        let (states, inputs) =
            (declared(parts.pop().unwrap_or_default()), declared(parts.pop().unwrap_or_default()));
        let mut output = None;
        if input.peek(Token![->]) {
            let _ = input.parse::<Token![->]>()?;
            output = self.declared(input);
        }
        if !input.peek(token::Brace) {
            return wrong(format!("cell `{name}` has no body `{{ .. }}`"));
        }
        let block = self.block(input)?;
        Ok(Some(CellItem { tokens: TokenStream::new(), name, inputs, states, output, block }))
    }

    /// `block name(param, other = default) |x| { .. }`
    fn block_item(&self, input: ParseStream) -> syn::Result<Option<BlockItem>> {
        let word: Ident = input.parse()?;
        let name: Ident = input.parse()?;
        let mut params = vec![];
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            params = self.separated(&content, |input| self.parameter(input)).into_iter().flatten().collect();
        }
        if !input.peek(Token![|]) {
            let message = Message::new(
                Place::from(word.span()).to(name.span().into()),
                format!("block `{name}` does not name its input"),
            );
            self.diag.report(message.help(format!("write `block {name}(..) |x| {{ x >> .. }}`")));
            self.skip_item(input);
            return Ok(None);
        }
        let body = match self.closure_with_braces(input) {
            Ok(body) => body,
            Err(message) => {
                self.diag.report(message);
                self.skip_item(input);
                return Ok(None);
            }
        };
        if body.params.is_empty() {
            let message = Message::new(body.place.start, format!("block `{name}` has no input"));
            self.diag.report(message.help("name it between the bars: `|x|`"));
        }
        let (attrs, vis, tokens) = Default::default();
        let block = BlockItem { attrs, vis, name, params, body, tokens };
        self.check_names(&block);
        Ok(Some(block))
    }

    /// `name` or `name = default`
    fn parameter(&self, input: ParseStream) -> Option<Parameter> {
        let Ok(name) = input.call(Ident::parse_any) else {
            let (found, place) = next_token(input).unwrap_or(("the end".into(), Place::call_site()));
            let message = Message::new(place, format!("expected the name of a parameter, found `{found}`"));
            self.diag.report(message.help("write `units`, or with a default `units = 64`"));
            while !input.is_empty() && !input.peek(Token![,]) {
                let _ = input.parse::<TokenTree>();
            }
            return None;
        };
        let mut default = None;
        if input.peek(Token![=]) {
            let equals = Place::of(input.parse::<Token![=]>().expect("it was peeked"));
            default = Some(self.expression(input, Some(equals)));
        }
        Some(Parameter { name, default })
    }

    /// Parameters and inputs of a block have names of their own.
    fn check_names(&self, block: &BlockItem) {
        let mut names: Vec<&Ident> = vec![];
        for name in block.params.iter().map(|param| &param.name).chain(&block.body.params) {
            if names.contains(&name) && name != "_" {
                let headline = format!("block `{}` has two parameters called `{name}`", block.name);
                self.diag.report(Message::new(name.span(), headline).help("give each a name of its own"));
            }
            names.push(name);
        }
    }

    fn constant(&self, input: ParseStream, before: TokenStream) -> syn::Result<Item> {
        let word: Token![const] = input.parse()?;
        let name: Ident = input.parse()?;
        let mut head = quote!(#before #word #name);
        while !input.is_empty() && !input.peek(Token![=]) && !input.peek(Token![;]) {
            input.parse::<TokenTree>()?.to_tokens(&mut head);
        }
        input
            .parse::<Token![=]>()
            .map_err(|_| syn::Error::new(name.span(), format!("`{name}` has no value")))?;
        let mut value = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![;]) {
            input.parse::<TokenTree>()?.to_tokens(&mut value);
        }
        let tokens = quote!(#[allow(dead_code)] #head = #value;);
        Ok(Item::Const(ConstItem { tokens, name, value: understood(value) }))
    }

    fn skip_item(&self, input: ParseStream) {
        while !input.is_empty() {
            let _ = input.parse::<TokenTree>();
            if self.starts_item(input) {
                return;
            }
        }
    }
}

/// The tokens from `start` to `end`.
fn between(mut start: Cursor, end: Cursor) -> TokenStream {
    let mut tokens = TokenStream::new();
    while start != end {
        let Some((token, rest)) = start.token_tree() else { break };
        tokens.extend([token]);
        start = rest;
    }
    tokens
}

/// `tokens` as an expression of ours. Any Rust is allowed there: what the macro cannot read stays symbolic.
fn understood(tokens: TokenStream) -> Option<Expr> {
    let diag = Diagnostics::default();
    let parse = |input: ParseStream| Ok(Grammar { diag: &diag }.only_expression(input));
    let expr = parse.parse2(tokens).ok();
    let clean = diag.errors() == 0;
    diag.discard();
    expr.filter(|_| clean)
}
