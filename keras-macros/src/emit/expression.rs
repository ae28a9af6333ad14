//! Element-wise kernels as Rust: an implementation of `Map` or `Reduce` on a unit struct.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::names::Names;
use crate::fuse::{Expression, Instruction, Map, Operand, Reg, Strided, collapse};
use crate::ir::{Binary, Dim, ReduceKind, Seeding, Unary};

/// Dimensions that a kernel can walk: those of the runtime's `RANK`.
const RANK: usize = 8;

/// A kernel's index space and walks, with as few dimensions as they need.
struct Walks {
    dims: Vec<Dim>,
    /// One for each operand, then one for each result.
    walks: Vec<Vec<Dim>>,
    over: Vec<bool>,
}

impl Walks {
    fn new(expression: &Expression, stores: &[&Strided], over: &[bool]) -> Result<Self, String> {
        let mut dims = expression.space.dims.clone();
        let loads = expression.operands.iter().map(|operand| match operand {
            Operand::Value(_, walk) => walk.strides.clone(),
            // Drawn by the element's place in the index space.
            Operand::Random(_) => Strided::contiguous(&expression.space.dims).strides,
        });
        let mut walks: Vec<Vec<Dim>> = loads.chain(stores.iter().map(|walk| walk.strides.clone())).collect();
        let mut over = over.to_vec();
        for i in (0..dims.len()).rev().filter(|&i| expression.space.dims[i].is(1)) {
            dims.remove(i);
            walks.iter_mut().for_each(|walk| drop(walk.remove(i)));
            if !over.is_empty() {
                over.remove(i);
            }
        }
        collapse(&mut dims, &mut walks.iter_mut().collect::<Vec<_>>(), &mut over);
        if dims.len() > RANK {
            return Err(format!(
                "an expression over {} walks its operands in {} different ways, and a kernel has {RANK}\n  = help: \
                 compute a part of it first, with a layer in between, such as `flatten()`",
                expression.space,
                dims.len()
            ));
        }
        if dims.is_empty() {
            dims.push(Dim::known(1));
            walks.iter_mut().for_each(|walk| walk.push(Dim::known(0)));
            over.push(false);
        }
        Ok(Walks { dims, walks, over })
    }
}

/// The struct `name` and its `Map`.
pub fn map(map: &Map, name: &Ident, names: &mut Names<'_>) -> Result<TokenStream, String> {
    let Map { expression, stores, accumulate } = map;
    let store_walks: Vec<&Strided> = stores.iter().map(|(_, walk, _)| walk).collect();
    let walks = Walks::new(expression, &store_walks, &[])?;
    let (loads, store_at) = (expression.operands.len(), walks.walks.split_at(expression.operands.len()).1);
    let accesses = accesses(expression, &walks, names);
    let stored = stores
        .iter()
        .zip(store_at)
        .map(|((value, walk, _), strides)| access(names.value(*value).into_token_stream(), walk, strides));
    let stored: Vec<TokenStream> = stored.collect();
    let (count, batched, dims) = (stores.len(), expression.space.batched, &walks.dims);
    let (body, result) = body(expression, &stores.iter().map(|(_, _, reg)| *reg).collect::<Vec<_>>());
    let accumulate = accumulate.then(|| {
        quote!(
            const ACCUMULATE: bool = true;
        )
    });
    let x = if loads == 0 { quote!(_) } else { quote!(x) };
    let [loads, count] = [loads, count].map(Literal::usize_unsuffixed);
    Ok(quote! {
        struct #name;
        impl Map<#loads, #count> for #name {
            const BATCHED: bool = #batched;
            #accumulate
            const DIMS: &'static [usize] = &[#(#dims),*];
            const LOADS: [Access; #loads] = [#(#accesses),*];
            const STORES: [Access; #count] = [#(#stored),*];
            #[inline(always)]
            fn eval<V: Simd>(#x: [V; #loads]) -> [V; #count] {
                #body
                [#(#result),*]
            }
        }
    })
}

/// What a reduction needs beside its expression.
pub struct Reduction<'a> {
    pub kind: ReduceKind,
    pub expression: &'a Expression,
    pub result: Reg,
    pub over: &'a [bool],
    pub batch: bool,
    /// The result's address.
    pub into: TokenStream,
}

/// The struct `name` and its `Reduce`.
pub fn reduce(reduction: &Reduction<'_>, name: &Ident, names: &mut Names<'_>) -> Result<TokenStream, String> {
    let Reduction { kind, expression, result, over, batch, into } = reduction;
    let kept = |(dim, over): (&Dim, &bool)| if *over { Dim::known(1) } else { dim.clone() };
    let kept: Vec<Dim> = expression.space.dims.iter().zip(*over).map(kept).collect();
    let mut walk = Strided::contiguous(&kept);
    for (stride, over) in walk.strides.iter_mut().zip(*over) {
        if *over {
            *stride = Dim::known(0);
        }
    }
    let walks = Walks::new(expression, &[&walk], over)?;
    let accesses = accesses(expression, &walks, names);
    let loads = expression.operands.len();
    let store = access(into.clone(), &walk, &walks.walks[loads]);
    let (kind, batched, dims, over) = (ident_of(kind), expression.space.batched, &walks.dims, &walks.over);
    let (body, result) = body(expression, &[*result]);
    let x = if loads == 0 { quote!(_) } else { quote!(x) };
    let loads = Literal::usize_unsuffixed(loads);
    Ok(quote! {
        struct #name;
        impl Reduce<#loads> for #name {
            const BATCHED: bool = #batched;
            const OVER_BATCH: bool = #batch;
            const DIMS: &'static [usize] = &[#(#dims),*];
            const OVER: &'static [bool] = &[#(#over),*];
            const KIND: ReduceKind = ReduceKind::#kind;
            const SCALE: f32 = 1.0;
            const LOADS: [Access; #loads] = [#(#accesses),*];
            const STORE: Access = #store;
            #[inline(always)]
            fn eval<V: Simd>(#x: [V; #loads]) -> V {
                #body
                #(#result)*
            }
        }
    })
}

fn accesses(expression: &Expression, walks: &Walks, names: &mut Names<'_>) -> Vec<TokenStream> {
    let operands = expression.operands.iter().zip(&walks.walks);
    let accesses = operands.map(|(operand, strides)| match operand {
        Operand::Value(value, walk) => access(names.value(*value).into_token_stream(), walk, strides),
        Operand::Random(stream) => {
            let (stream, seed) = match names.seeding(*stream) {
                // Apart from the model's own streams, even if the seeds are equal.
                Some(Seeding { seed, next }) => (next | 1 << 30, quote!(Some(#seed))),
                None => (*stream, quote!(None)),
            };
            let stream = Literal::u32_unsuffixed(stream);
            quote!(Access::Random { stream: #stream, seed: #seed })
        }
    });
    accesses.collect()
}

fn access(buf: TokenStream, walk: &Strided, strides: &[Dim]) -> TokenStream {
    let (offset, time) = (&walk.offset, &walk.time);
    let buf = if time.is(0) { buf } else { quote!(#buf.part(0, #time)) };
    quote!(#buf.at(#offset, &[#(#strides),*]))
}

/// The instructions as `let`s, and the registers asked for as expressions of type `V`.
fn body(expression: &Expression, results: &[Reg]) -> (TokenStream, Vec<TokenStream>) {
    let is_mask = |reg: Reg| matches!(expression.body[reg], Instruction::Binary(f, ..) if is_comparison(f));
    let is_inline = |reg: Reg| {
        matches!(expression.body[reg], Instruction::Load(_) | Instruction::Number(_) | Instruction::Extent(_))
    };
    let raw = |reg: Reg| -> TokenStream {
        match &expression.body[reg] {
            Instruction::Load(i) => {
                let i = Literal::usize_unsuffixed(*i);
                quote!(x[#i])
            }
            Instruction::Number(value) => {
                let value = number(*value);
                quote!(V::splat(#value))
            }
            Instruction::Extent(dim) => quote!(V::splat((#dim) as f32)),
            _ => format_ident!("v{reg}").into_token_stream(),
        }
    };
    let value = |reg: Reg| {
        let raw = raw(reg);
        if is_mask(reg) { quote!(#raw.to_f32()) } else { raw }
    };
    let mut lets = TokenStream::new();
    for (reg, instruction) in expression.body.iter().enumerate().filter(|(reg, _)| !is_inline(*reg)) {
        let name = format_ident!("v{reg}");
        let code = match instruction {
            Instruction::Unary(f, x) => unary(*f, value(*x)),
            Instruction::Binary(f, a, b) => binary(*f, value(*a), value(*b)),
            Instruction::Select(c, a, b) => {
                let condition = if is_mask(*c) {
                    raw(*c)
                } else {
                    let c = value(*c);
                    quote!(#c.ne(V::splat(0.0)))
                };
                let (a, b) = (value(*a), value(*b));
                quote!(#condition.select(#a, #b))
            }
            Instruction::Load(_) | Instruction::Number(_) | Instruction::Extent(_) => {
                unreachable!("filtered out")
            }
        };
        lets.extend(quote!(let #name = #code;));
    }
    (lets, results.iter().map(|&reg| value(reg)).collect())
}

fn is_comparison(f: Binary) -> bool {
    matches!(f, Binary::Gt | Binary::Ge | Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne)
}

/// The name of an enum's variant.
pub fn ident_of(variant: &impl std::fmt::Debug) -> Ident {
    format_ident!("{variant:?}")
}

/// A literal for `value`, negative and not finite ones included.
pub fn number(value: f32) -> TokenStream {
    if value.is_nan() {
        return quote!(f32::NAN);
    }
    let magnitude = match value.is_infinite() {
        true => quote!(f32::INFINITY),
        false => Literal::f32_unsuffixed(value.abs()).into_token_stream(),
    };
    if value.is_sign_negative() { quote!(-#magnitude) } else { magnitude }
}

fn unary(f: Unary, x: TokenStream) -> TokenStream {
    match f {
        Unary::Neg => quote!(-#x),
        Unary::Square => quote!(#x * #x),
        Unary::Reciprocal => quote!(V::splat(1.0) / #x),
        Unary::Log => quote!(#x.ln()),
        _ => {
            let method = format_ident!("{}", format!("{f:?}").to_lowercase());
            quote!(#x.#method())
        }
    }
}

fn binary(f: Binary, a: TokenStream, b: TokenStream) -> TokenStream {
    match f {
        Binary::Add => quote!(#a + #b),
        Binary::Sub => quote!(#a - #b),
        Binary::Mul => quote!(#a * #b),
        Binary::Div => quote!(#a / #b),
        Binary::Pow => quote!(#a.powf(#b)),
        _ => {
            let method = format_ident!("{}", format!("{f:?}").to_lowercase());
            quote!(#a.#method(#b))
        }
    }
}
