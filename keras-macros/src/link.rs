//! Models and blocks of other macro calls: each call exports its own through hidden `macro_rules!`, and fetches those of others.
//!
//! The macro of a model has the model's own name, so that one path, or one `use`, finds the struct and the macro. Called
//! with the content of a `keras_model!`, it calls the compiler again with the model's definitions put before the content:
//!
//! ```text
//! keras_model! { x >> models::Encoder }
//! models::Encoder! { {krate} {} (models::Encoder) x >> models::Encoder }
//! __keras_model! { [krate] @ { {(models::Encoder) Encoder true "crate" {constants} {links} {items}} } x >> models::Encoder }
//! ```

use proc_macro2::{Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::diag::Diagnostics;
use crate::model::{Form, Model, PublicBlock};
use crate::syntax;
use crate::syntax::ast::{File, Item};

/// What the compiler is called with.
pub struct Call {
    /// Path of `keras_runtime`.
    pub krate: TokenStream,
    /// The models that were fetched.
    pub links: TokenStream,
    /// What the user wrote.
    pub content: TokenStream,
}

impl Call {
    /// Reads `[krate] content` or `[krate] @ { links } content`.
    pub fn new(input: TokenStream) -> Self {
        let mut tokens = input.into_iter().peekable();
        let krate = match tokens.next() {
            Some(TokenTree::Group(group)) => group.stream(),
            _ => panic!("`keras_model!` passes its crate first"),
        };
        let mut links = TokenStream::new();
        if matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '@') {
            tokens.next();
            if let Some(TokenTree::Group(group)) = tokens.next() {
                links = group.stream();
            }
        }
        Call { krate, links, content: tokens.collect() }
    }

    /// The call of another model's macro that brings what is still missing, if anything is.
    pub fn fetch(&self) -> Option<TokenStream> {
        let diag = Diagnostics::default();
        let file = syntax::parse(self.content.clone(), &diag);
        diag.discard();
        let known: Vec<String> = links(self.links.clone()).iter().map(|link| key(&link.path)).collect();
        let missing = syntax::foreign::models(&file?).into_iter().find(|path| !known.contains(&key(path)))?;
        let (krate, links, content) = (&self.krate, &self.links, &self.content);
        let path = quote!(#(#missing)::*);
        Some(quote!(#path! { {#krate} {#links} (#path) #content }))
    }
}

/// A model of another macro call, with all that it is made of.
pub struct Link {
    /// Its path as the macro call that wants it writes it.
    pub path: Vec<Ident>,
    /// What it is called where it is defined.
    pub name: Ident,
    /// Whether it has no errors.
    pub ok: bool,
    /// The crate that it stands in.
    pub home: String,
    /// Rust constants that only its own module can name, and the constants of its struct that stand for them.
    pub constants: Vec<(String, Ident)>,
    /// The models that it takes from elsewhere itself.
    pub links: Vec<Link>,
    /// It, and what it uses.
    pub items: Vec<Item>,
}

/// Reads links.
pub fn links(tokens: TokenStream) -> Vec<Link> {
    tokens.into_iter().filter_map(|token| link(group(token)?)).collect()
}

fn link(tokens: TokenStream) -> Option<Link> {
    let mut tokens = tokens.into_iter();
    let path = idents(group(tokens.next()?)?);
    let name = ident(tokens.next()?)?;
    let ok = ident(tokens.next()?)? == "true";
    let home: syn::LitStr = syn::parse2(tokens.next()?.to_token_stream()).ok()?;
    let mut constants = vec![];
    let mut pairs = group(tokens.next()?)?.into_iter();
    while let (Some(TokenTree::Literal(text)), Some(name)) = (pairs.next(), pairs.next()) {
        let text: syn::LitStr = syn::parse2(text.to_token_stream()).ok()?;
        constants.push((text.value(), ident(name)?));
    }
    let links = links(group(tokens.next()?)?);
    let diag = Diagnostics::default();
    let file = syntax::parse(group(tokens.next()?)?, &diag);
    // They were reported where they are.
    diag.discard();
    let items = if let Some(File::Items(items)) = file { items } else { vec![] };
    Some(Link { path, name, ok, home: home.value(), constants, links, items })
}

fn group(token: TokenTree) -> Option<TokenStream> {
    if let TokenTree::Group(group) = token { Some(group.stream()) } else { None }
}

fn ident(token: TokenTree) -> Option<Ident> {
    if let TokenTree::Ident(ident) = token { Some(ident) } else { None }
}

fn idents(tokens: TokenStream) -> Vec<Ident> {
    tokens.into_iter().filter_map(ident).collect()
}

/// The crate that is being compiled.
pub fn home() -> String {
    let variable = |name| std::env::var(name).unwrap_or_default();
    format!("{} {}", variable("CARGO_PKG_NAME"), variable("CARGO_CRATE_NAME"))
}

/// A path as text.
pub fn key(path: &[Ident]) -> String {
    path.iter().map(Ident::to_string).collect::<Vec<_>>().join("::")
}

/// What others need of a model to use it as a layer.
#[derive(Default)]
pub struct Export {
    /// Links, as they came.
    pub links: TokenStream,
    /// The model, and the items that it uses.
    pub items: TokenStream,
    pub constants: Vec<ExportedConstant>,
}

/// A Rust constant that a model depends on.
pub struct ExportedConstant {
    /// As the model names it.
    pub text: String,
    pub tokens: TokenStream,
    /// Whether it is a size, or else a number.
    pub size: bool,
}

impl Export {
    /// The constants of the struct that stand for those that others cannot name.
    fn names(&self) -> Vec<Ident> {
        let mut names: Vec<String> = vec![];
        for constant in &self.constants {
            let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            let mut name =
                format!("__{}", constant.text.replace("::", "_").chars().map(word).collect::<String>());
            while names.contains(&name) {
                name.push('_');
            }
            names.push(name);
        }
        names.iter().map(|name| Ident::new(name, Span::call_site())).collect()
    }

    /// The link that the model is to others, but for its path.
    pub fn payload(&self, name: &Ident, ok: bool) -> TokenStream {
        let texts = self.constants.iter().map(|constant| Literal::string(&constant.text));
        let (names, links, items) = (self.names(), &self.links, &self.items);
        let items = if ok { items.clone() } else { TokenStream::new() };
        let home = home();
        quote!(#name #ok #home { #(#texts #names)* } { #links } { #items })
    }
}

/// The hidden macro of `model`, and the constants of its struct that it refers to.
pub fn export(model: &Model) -> TokenStream {
    let (Form::Item { vis, name, .. } | Form::Loss { vis, name, .. }) = &model.form else {
        return TokenStream::new();
    };
    let constants = model.ok.then(|| constants(name, &model.export));
    let hidden = hidden_macro(vis, name, &model.export.payload(name, model.ok));
    quote!(#constants #hidden)
}

/// The hidden macro of a public block, and what documents it.
pub fn export_block(block: &PublicBlock) -> TokenStream {
    let PublicBlock { attrs, vis, name, signature, export, ok } = block;
    let hidden = hidden_macro(vis, name, &export.payload(name, *ok));
    let signature = format!("`{signature}`: a block of `keras_model!`.");
    quote! {
        #attrs
        #[doc = ""]
        #[doc = #signature]
        #[allow(dead_code, missing_docs)]
        #vis const fn #name() {}
        #hidden
    }
}

/// The macro that brings what `payload` says to other macro calls.
fn hidden_macro(vis: &TokenStream, name: &Ident, payload: &TokenStream) -> TokenStream {
    let hidden = hidden_name(name);
    let exported =
        (vis.to_string() == "pub").then(|| quote!(#[macro_export] #[allow(non_local_definitions)]));
    let names = ["krate", "links", "path", "content"];
    let [krate, links, path, content] = names.map(|name| repeated(name, true));
    let [own_krate, own_links, own_path, own_content] = names.map(|name| repeated(name, false));
    quote! {
        #[doc(hidden)]
        #exported
        #[allow(unused_macros, unused_macro_rules)]
        macro_rules! #hidden {
            ({#krate} {#links} (#path) #content) => {
                #own_krate::__keras_model! {
                    [#own_krate] @ { #own_links { (#own_path) #payload } } #own_content
                }
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        #vis use #hidden as #name;
    }
}

/// What only the model's own module can name, where others can name it: constants of the struct.
fn constants(name: &Ident, export: &Export) -> Option<TokenStream> {
    let constants = export.constants.iter().zip(export.names()).map(|(constant, name)| {
        let tokens = &constant.tokens;
        match constant.size {
            true => quote!(#[doc(hidden)] pub const #name: usize = #tokens;),
            false => quote!(#[doc(hidden)] pub const #name: f32 = #tokens as f32;),
        }
    });
    let constants: TokenStream = constants.collect();
    (!constants.is_empty())
        .then(|| quote!(#[allow(clippy::all, unused_parens, dead_code)] impl #name { #constants }))
}

/// `$($name)*`, or where it is matched `$($name:tt)*`. `$` is no token of `quote!`.
fn repeated(name: &str, matched: bool) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    let dollar = Punct::new('$', Spacing::Alone);
    let kind = matched.then(|| quote!(: tt));
    quote!(#dollar (#dollar #name #kind)*)
}

/// A name that no other model of the crate has: macros that are exported from a crate are all in one place.
fn hidden_name(name: &Ident) -> Ident {
    let mut text = format!("__keras_model_{}", name.to_string().trim_start_matches("r#"));
    if proc_macro::is_available() {
        let span = name.span().unwrap();
        let file: String =
            span.file().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        text = format!("{text}_{file}_{}_{}", span.line(), span.column());
    }
    Ident::new(&text, Span::call_site())
}
