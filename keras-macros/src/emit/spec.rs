//! A model's metadata: the `Spec` that the runtime reads.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::expression::{ident_of, number};
use super::words;
use crate::fuse::{Layout, Program, Value};
use crate::ir::{Constraint, Dim, Graph, Init, Learns, Penalty};
use crate::plan::{Params, Plan, state_words};

/// `static SPEC`. `phases` are its functions.
pub fn spec(name: &Ident, graph: &Graph, params: &Params, phases: TokenStream) -> TokenStream {
    let name = name.to_string();
    let order = order(graph);
    let inputs = graph.inputs.iter().map(|input| {
        let (name, dims, dtype) = (&input.name, &input.shape.dims, ident_of(&input.dtype));
        let below = option(input.below.as_ref().map(words));
        quote!(InputSpec { name: #name, shape: &[#(#dims),*], dtype: DType::#dtype, below: #below })
    });
    let outputs = graph.outputs.iter().map(|output| {
        let (name, dims, head) = (&output.name, &graph.shape(output.value).dims, ident_of(&output.head));
        let mask = words(&output.mask.map_or(Dim::known(0), |mask| graph.shape(mask).size()));
        quote!(OutputSpec { name: #name, shape: &[#(#dims),*], head: Head::#head, mask: #mask })
    });
    let weights = order.iter().map(|&i| weight(graph, params, i));
    let layers = graph.layers.iter().map(|layer| {
        let (name, kind, dims, inputs) = (&layer.name, &layer.kind, &layer.output.dims, &layer.inputs);
        let weights = layer.weights.iter().map(|weight| order.iter().position(|i| i == weight));
        let weights = weights.flatten().map(Literal::usize_unsuffixed);
        let adapts = option(layer.adapts.as_ref().map(|adapts| {
            let dims = &adapts.dims;
            let learns = learns(&adapts.learns);
            quote!(Adapts { shape: &[#(#dims),*], learns: #learns })
        }));
        quote! {
            LayerSpec { name: #name, kind: #kind, output: &[#(#dims),*], weights: &[#(#weights),*], inputs: &[#(#inputs),*], adapts: #adapts }
        }
    });
    let groups = graph.groups.iter().map(|group| {
        let (name, kind, dims) = (&group.name, &group.kind, &group.output.dims);
        quote!(GroupSpec { name: #name, kind: #kind, output: &[#(#dims),*] })
    });
    let (len, trainable) = (words(&params.len), words(&params.trainable));
    let state = words(&state_words(graph));
    quote! {
        static SPEC: Spec = Spec {
            name: #name,
            inputs: &[#(#inputs),*],
            outputs: &[#(#outputs),*],
            weights: &[#(#weights),*],
            layers: &[#(#layers),*],
            groups: &[#(#groups),*],
            params_len: #len,
            trainable_len: #trainable,
            state_words: #state,
            #phases
        };
    }
}

/// The `SPEC` of a model that has errors: nothing in it, so that what uses the model still compiles.
pub fn empty(name: &Ident) -> TokenStream {
    let name = name.to_string();
    let phase = quote!(Phase {
        arena_words: 0,
        fixed_words: 0,
        flops: 0,
        adds_loss: false,
        updates: &[],
        run: |_| {}
    });
    quote! {
        static SPEC: Spec = Spec {
            name: #name, inputs: &[], outputs: &[], weights: &[], layers: &[], groups: &[], params_len: 0, trainable_len: 0,
            state_words: 0, infer: #phase, evaluate: #phase, train: #phase,
        };
    }
}

/// Indices of the weights in order of their offsets.
fn order(graph: &Graph) -> Vec<usize> {
    let of = |trainable: bool| {
        graph.weights.iter().enumerate().filter(move |(_, w)| w.trainable == trainable).map(|(i, _)| i)
    };
    of(true).chain(of(false)).collect()
}

fn weight(graph: &Graph, params: &Params, i: usize) -> TokenStream {
    let weight = &graph.weights[i];
    let (name, dims, trainable, offset) = (&weight.name, &weight.shape, weight.trainable, &params.offsets[i]);
    let layout = match params.layouts[i] {
        Layout::Plain => quote!(Layout::Plain),
        Layout::Panels => {
            let (n, leading) = dims.split_last().expect("panels hold matrices");
            let k = Dim::product(leading);
            quote!(Layout::Panels { k: #k, n: #n })
        }
    };
    let init = init(&weight.start.init);
    let seed = option(weight.start.seed.map(|seed| quote!(#seed)));
    let fans = option(weight.start.fans.map(|fans| {
        // Whoever made the weight has checked them.
        let [inputs, outputs] = fans.map(|axes| axes.resolved(weight.shape.len()).unwrap_or_default());
        quote!([&[#(#inputs),*], &[#(#outputs),*]])
    }));
    let penalty = option(weight.penalty.map(|Penalty { l1, l2 }| {
        let (l1, l2) = (number(l1), number(l2));
        quote!(Penalty { l1: #l1, l2: #l2 })
    }));
    let constraint = option(weight.constraint.as_ref().map(constraint));
    quote! {
        WeightSpec {
            name: #name, shape: &[#(#dims),*], offset: #offset, layout: #layout, init: #init, seed: #seed, fans: #fans,
            penalty: #penalty, constraint: #constraint, trainable: #trainable,
        }
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or(quote!(None), |value| quote!(Some(#value)))
}

fn learns(learns: &Learns) -> TokenStream {
    match learns {
        Learns::Moments { axes } => {
            let axes = axes.iter().map(|axis| Literal::usize_unsuffixed(*axis));
            quote!(Learns::Moments { axes: &[#(#axes),*] })
        }
        Learns::Bins { bins, epsilon } => {
            let (bins, epsilon) = (Literal::usize_unsuffixed(*bins), Literal::f64_unsuffixed(*epsilon));
            quote!(Learns::Bins { bins: #bins, epsilon: #epsilon })
        }
    }
}

fn constraint(constraint: &Constraint) -> TokenStream {
    match constraint {
        Constraint::NonNeg => quote!(Constraint::NonNeg),
        Constraint::Norm { min, max, rate, axes } => {
            let [min, max, rate] = [min, max, rate].map(|n| number(*n));
            let axes = axes.iter().map(|axis| Literal::usize_unsuffixed(*axis));
            quote!(Constraint::Norm { min: #min, max: #max, rate: #rate, axes: &[#(#axes),*] })
        }
    }
}

fn init(init: &Init) -> TokenStream {
    let fields = |name: TokenStream, fields: &[(&str, f32)]| {
        let fields = fields.iter().map(|(field, value)| {
            let (field, value) = (quote::format_ident!("{field}"), number(*value));
            quote!(#field: #value)
        });
        quote!(Init::#name { #(#fields),* })
    };
    match *init {
        Init::Constant { value } => fields(quote!(Constant), &[("value", value)]),
        Init::Identity { gain } => fields(quote!(Identity), &[("gain", gain)]),
        Init::UnitForget { others } => fields(quote!(UnitForget), &[("others", others)]),
        Init::Orthogonal { gain } => fields(quote!(Orthogonal), &[("gain", gain)]),
        Init::RandomNormal { mean, stddev } => {
            fields(quote!(RandomNormal), &[("mean", mean), ("stddev", stddev)])
        }
        Init::TruncatedNormal { mean, stddev } => {
            fields(quote!(TruncatedNormal), &[("mean", mean), ("stddev", stddev)])
        }
        Init::RandomUniform { minval, maxval } => {
            fields(quote!(RandomUniform), &[("minval", minval), ("maxval", maxval)])
        }
        Init::ScaledUniform { scale, fan_in, fan_out } => {
            fields(quote!(ScaledUniform), &[("scale", scale), ("fan_in", fan_in), ("fan_out", fan_out)])
        }
        Init::ScaledNormal { scale, fan_in, fan_out } => {
            fields(quote!(ScaledNormal), &[("scale", scale), ("fan_in", fan_in), ("fan_out", fan_out)])
        }
        Init::ScaledTruncatedNormal { scale, fan_in, fan_out } => fields(
            quote!(ScaledTruncatedNormal),
            &[("scale", scale), ("fan_in", fan_in), ("fan_out", fan_out)],
        ),
        Init::Stft { imaginary, window, periodic, scaling } => {
            let window = Ident::new(
                [
                    "Hann",
                    "Hamming",
                    "Blackman",
                    "BlackmanHarris",
                    "Nuttall",
                    "FlatTop",
                    "Bartlett",
                    "Triangle",
                    "BartlettHann",
                    "Bohman",
                    "Cosine",
                    "Lanczos",
                    "Boxcar",
                    "None",
                ][window],
                proc_macro2::Span::call_site(),
            );
            let scaling =
                Ident::new(["None", "Density", "Spectrum"][scaling], proc_macro2::Span::call_site());
            quote!(Init::Stft {
                imaginary: #imaginary, window: Taper::#window, periodic: #periodic, scaling: TaperScaling::#scaling
            })
        }
        Init::Zeros
        | Init::Ones
        | Init::GlorotUniform
        | Init::GlorotNormal
        | Init::HeUniform
        | Init::HeNormal
        | Init::LecunUniform
        | Init::LecunNormal => {
            let name = ident_of(init);
            quote!(Init::#name)
        }
    }
}

/// The metadata of the function `name`.
pub fn phase(name: &str, program: &Program, plan: &Plan, params: &Params) -> TokenStream {
    let (arena, fixed, flops) = (words(&plan.arena), words(&plan.fixed), super::program::flops(program));
    let (run, adds_loss) = (quote::format_ident!("{name}"), program.loss.is_some());
    let updates = program.function.updates.iter().map(|(weight, _)| {
        let from = &plan.addresses[&Value::Update(*weight)];
        let (from, to, len) = (&from.offset, &params.offsets[*weight], &from.len);
        quote!(Update { from: #from, to: #to, len: #len })
    });
    quote! {
        Phase {
            arena_words: #arena, fixed_words: #fixed, flops: #flops, adds_loss: #adds_loss, updates: &[#(#updates),*],
            run: #run,
        }
    }
}
