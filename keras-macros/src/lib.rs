//! The compiler behind `keras_model!` of `keras-runtime`: use that crate, and its macro.
//!
//! One pipeline, a module for each stage: `syntax` → `graph` and `layers` → `ir` → `grad` → `fuse` → `plan` → `emit`.

#[cfg(test)]
mod composition_tests;
mod diag;
mod dump;
mod emit;
mod fuse;
mod grad;
#[cfg(test)]
mod grad_tests;
mod graph;
mod ir;
mod layers;
mod link;
mod model;
#[cfg(test)]
mod outline_tests;
mod plan;
#[cfg(test)]
mod snapshots;
mod syntax;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use diag::Diagnostics;
use model::{Compilation, Form};

#[doc(hidden)]
#[proc_macro]
pub fn __keras_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

/// The whole compiler, as a function of tokens.
fn expand(input: TokenStream) -> TokenStream {
    if let Some(fetch) = link::Call::new(input.clone()).fetch() {
        return fetch;
    }
    let diag = Diagnostics::default();
    let compilation = Compilation::new(input, &diag);
    let errors = diag.finish();
    let (krate, consts) = (&compilation.krate, &compilation.consts);
    let models = compilation.models.iter().map(|model| {
        let (code, export) = (emit::emit(krate, model), link::export(model));
        quote!(#code #export)
    });
    let blocks = compilation.blocks.iter().map(link::export_block);
    let models: TokenStream = models.chain(blocks).collect();
    match &compilation.models[..] {
        // One expression, whatever happened.
        [model] if matches!(model.form, Form::Expression) => quote!({ #errors #models }),
        _ => quote!(#errors #consts #models),
    }
}
