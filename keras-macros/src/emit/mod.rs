//! From programs and plans to Rust: one struct, its metadata, and its two functions.

mod description;
mod expression;
mod names;
mod program;
mod spec;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::dump::Dump;
use crate::fuse::{self, Program};
use crate::grad;
use crate::ir::{Dim, Graph, TileSize};
use crate::model::{Form, Model};
use crate::plan::{self, Params, Plan};

/// A compiled function: what runs, where its values live, and its printed form.
struct Phase {
    name: &'static str,
    program: Program,
    plan: Plan,
}

/// The items of `model` (or, for the expression form, a block that makes one). `krate` is the runtime's path.
pub fn emit(krate: &TokenStream, model: &Model) -> TokenStream {
    let dump = Dump::of(&model_name(model).to_string());
    if !model.ok {
        return wrap(krate, model, spec::empty(&model_name(model)));
    }
    match compile(model, &dump) {
        Ok(code) => wrap(krate, model, code),
        Err(message) => {
            let error = syn::Error::new(span(model), message).to_compile_error();
            let stub = wrap(krate, model, spec::empty(&model_name(model)));
            match model.form {
                Form::Item { .. } | Form::Loss { .. } => quote!(#error #stub),
                Form::Expression => quote!({ #error; #stub }),
            }
        }
    }
}

/// The stages after the typed graph.
fn compile(model: &Model, dump: &Dump) -> Result<TokenStream, String> {
    let mut graph = model.graph.clone();
    let is_loss = matches!(model.form, Form::Loss { .. });
    if !is_loss {
        grad::split_heads(&mut graph);
    }
    let mut graph = graph.tiled(TileSize::CACHED);
    dump.stage("ir", &graph);
    let params = Params::new(&graph, fuse::layouts(&graph));
    let phase = |name: &'static str, function: grad::Function| -> Result<Phase, String> {
        dump.stage(&format!("{name}: operations"), &function);
        let program = fuse::fuse(&function, &params.layouts)?;
        dump.stage(&format!("{name}: simplified"), &program.function);
        dump.stage(&format!("{name}: kernels"), &program);
        let plan = plan::plan(&program, &params);
        dump.stage(&format!("{name}: memory"), &plan);
        Ok(Phase { name, program, plan })
    };
    if is_loss {
        // The slope is an output of its own, which evaluations do without.
        let mut value = graph.clone();
        value.outputs.truncate(1);
        let phases = vec![phase("infer", grad::infer(&value))?, phase("train", grad::infer(&graph))?];
        return printed(model, &graph, &params, &phases);
    }
    let train = grad::train(&graph);
    // A weight that no output depends on has no gradient for a penalty to be added to.
    for (i, weight) in graph.weights.iter_mut().enumerate() {
        weight.penalty = weight.penalty.filter(|_| train.gradients.iter().any(|(other, _)| *other == i));
    }
    let mut phases = vec![phase("infer", grad::infer(&graph))?, phase("train", train)?];
    if !graph.losses.is_empty() || graph.outputs.iter().any(|output| output.mask.is_some()) {
        phases.push(phase("evaluate", grad::evaluate(&graph))?);
    }
    printed(model, &graph, &params, &phases)
}

/// The functions and the metadata, as Rust.
fn printed(model: &Model, graph: &Graph, params: &Params, phases: &[Phase]) -> Result<TokenStream, String> {
    let functions = phases.iter().map(|phase| {
        let name = Ident::new(phase.name, Span::call_site());
        program::function(&name, &phase.program, &phase.plan)
    });
    let functions = functions.collect::<Result<Vec<_>, _>>()?;
    let specs: Vec<_> =
        phases.iter().map(|phase| spec::phase(phase.name, &phase.program, &phase.plan, params)).collect();
    let (infer, train, evaluate) = (&specs[0], &specs[1], specs.get(2).unwrap_or(&specs[0]));
    let phases = quote!(infer: #infer, evaluate: #evaluate, train: #train,);
    let spec = spec::spec(&model_name(model), graph, params, phases);
    Ok(quote!(#(#functions)* #spec))
}

fn model_name(model: &Model) -> Ident {
    match &model.form {
        Form::Item { name, .. } | Form::Loss { name, .. } => name.clone(),
        Form::Expression => format_ident!("Sequential"),
    }
}

fn span(model: &Model) -> Span {
    match &model.form {
        Form::Item { name, .. } | Form::Loss { name, .. } => name.span(),
        Form::Expression => Span::call_site(),
    }
}

/// The struct and its `Model` around `code`, which defines `SPEC`.
fn wrap(krate: &TokenStream, model: &Model, code: TokenStream) -> TokenStream {
    let name = model_name(model);
    let (assertions, mentions) = (&model.assertions, &model.mentions);
    let (attrs, vis) = match &model.form {
        Form::Item { attrs, vis, .. } | Form::Loss { attrs, vis, .. } => (attrs.clone(), vis.clone()),
        Form::Expression => (TokenStream::new(), TokenStream::new()),
    };
    if let Form::Loss { text, values, .. } = &model.form {
        return wrap_loss(krate, model, code, text, values);
    }
    let description = description::function(krate, model);
    let new = format!("A `{name}` with initial weights drawn from `seed`.");
    let items = quote_spanned! {Span::call_site()=>
        #attrs
        #vis struct #name {
            network: #krate::Network,
        }
        #[allow(dead_code)]
        impl #name {
            #[doc = #new]
            #vis fn new(seed: u64) -> Self {
                #krate::Model::with_seed(seed)
            }
        }
        #[allow(clippy::all)]
        impl #krate::Model for #name {
            const SPEC: &'static #krate::compiled::Spec = {
                #[allow(unused_imports)]
                use #krate::compiled::*;
                #code
                &SPEC
            };
            fn from_network(network: #krate::Network) -> Self {
                Self { network }
            }
            fn network(&self) -> &#krate::Network {
                &self.network
            }
            fn network_mut(&mut self) -> &mut #krate::Network {
                &mut self.network
            }
            #description
        }
        #assertions
        const _: fn() = || { #mentions };
    };
    match model.form {
        Form::Item { .. } | Form::Loss { .. } => items,
        Form::Expression => quote!({ #items #name::new(0) }),
    }
}

/// The struct of a loss and its `Loss` around `code`, which defines `SPEC`.
fn wrap_loss(
    krate: &TokenStream,
    model: &Model,
    code: TokenStream,
    text: &str,
    values: &[Dim],
) -> TokenStream {
    let Form::Loss { attrs, vis, name, .. } = &model.form else { unreachable!("it is a loss") };
    let (assertions, mentions) = (&model.assertions, &model.mentions);
    let values = words(&Dim::product(values));
    quote_spanned! {Span::call_site()=>
        #attrs
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        #vis struct #name;
        #[allow(clippy::all)]
        impl #krate::loss::Expression for #name {
            const SPEC: &'static #krate::compiled::Spec = {
                #[allow(unused_imports)]
                use #krate::compiled::*;
                #code
                &SPEC
            };
            const NAME: &'static str = #text;
            const VALUES: usize = #values;
        }
        impl #krate::loss::Loss for #name {
            fn name(&self) -> &str {
                <Self as #krate::loss::Expression>::NAME
            }
            fn check(
                &self,
                output: &#krate::compiled::OutputSpec<'_>,
                target: &#krate::data::Tensor<'_>,
            ) -> #krate::Result<()> {
                #krate::loss::Expression::check(self, output, target)
            }
            fn scope(&self, _shape: &[usize]) -> #krate::loss::Scope {
                #krate::loss::Scope::Sample { values: <Self as #krate::loss::Expression>::VALUES }
            }
            fn sample(
                &self,
                y: &[f32],
                p: &[f32],
                _classes: usize,
                slope: ::core::option::Option<&mut [f32]>,
            ) -> f32 {
                #krate::loss::Expression::sample(self, y, p, slope)
            }
            fn run(&self) -> ::core::option::Option<&dyn #krate::loss::Run> {
                ::core::option::Option::Some(self)
            }
            fn compiled(&self) -> ::core::option::Option<&'static #krate::compiled::Spec> {
                ::core::option::Option::Some(<Self as #krate::loss::Expression>::SPEC)
            }
        }
        impl #krate::loss::Run for #name {
            fn losses(
                &self,
                batch: &#krate::loss::Predicted<'_>,
                losses: &mut [f32],
                slope: ::core::option::Option<&mut [f32]>,
            ) {
                #krate::loss::Expression::losses(self, batch, losses, slope)
            }
        }
        #assertions
        const _: fn() = || { #mentions };
    }
}

/// Words as an expression.
fn words(dim: &Dim) -> TokenStream {
    quote!(#dim)
}
