//! A program as the body of one generated function: addresses, kernels, and the calls in order.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};

use super::expression::{self, Reduction, ident_of};
use super::names::Names;
use crate::fuse::{Kernel, Matrix, Place, Program, Span, Step, Value};
use crate::ir::{Dim, Sampling};
use crate::plan::{Buf, Plan, Space};

/// The function `name`, which runs `program` on the memory that `plan` describes.
pub fn function(name: &Ident, program: &Program, plan: &Plan) -> Result<TokenStream, String> {
    let mut writer =
        Writer { names: Names::new(&program.function.graph, plan), plan, kernels: TokenStream::new() };
    let steps = program.steps.iter().map(|step| writer.step(step)).collect::<Result<Vec<_>, _>>()?;
    let addresses = writer.addresses(program);
    let kernels = writer.kernels;
    let pass = if steps.is_empty() { quote!(_) } else { quote!(pass) };
    Ok(quote! {
        fn #name(#pass: &mut Pass<'_>) {
            #addresses
            #kernels
            #(#steps)*
        }
    })
}

/// Floating-point operations of all products for each sample.
pub fn flops(program: &Program) -> Dim {
    program.steps.iter().fold(Dim::known(0), |sum, step| sum.add(&products(&step.kernels)))
}

fn products(kernels: &[Kernel]) -> Dim {
    let flops = kernels.iter().map(|kernel| match kernel {
        Kernel::MatMul { .. }
        | Kernel::MatMulT { .. }
        | Kernel::MatMulOverlap { .. }
        | Kernel::BatchMatMul { .. } => kernel.flops(),
        Kernel::Loop { length, kernels, .. } => length.mul(&products(kernels)),
        _ => Dim::known(0),
    });
    flops.fold(Dim::known(0), |sum, flops| sum.add(&flops))
}

struct Writer<'a> {
    names: Names<'a>,
    plan: &'a Plan,
    /// Definitions of element-wise kernels.
    kernels: TokenStream,
}

impl Writer<'_> {
    /// A constant for every value that the code names.
    fn addresses(&mut self, program: &Program) -> TokenStream {
        let kernels = program.steps.iter().flat_map(|step| &step.kernels);
        let mut values: Vec<Value> =
            kernels.flat_map(|kernel| kernel.writes().into_iter().chain(kernel.reads())).collect();
        values.sort();
        values.dedup();
        let mut named = BTreeSet::new();
        let constants = values.into_iter().map(|value| {
            let (name, Buf { space, offset, len }) = (self.names.value(value), &self.plan.addresses[&value]);
            if !named.insert(name.clone()) {
                return TokenStream::new();
            }
            let space = match space {
                Space::Input(i) => {
                    let i = Literal::usize_unsuffixed(*i);
                    quote!(Input(#i))
                }
                Space::Output(i) => {
                    let i = Literal::usize_unsuffixed(*i);
                    quote!(Output(#i))
                }
                other => ident_of(other).into_token_stream(),
            };
            quote!(const #name: Buf = Buf::new(Space::#space, #offset, #len);)
        });
        constants.collect()
    }

    fn step(&mut self, step: &Step) -> Result<TokenStream, String> {
        Ok(match step.place {
            Place::Whole => self.whole(&step.kernels)?,
            Place::Fixed => {
                let calls = self.calls(&step.kernels)?;
                quote!(pass.fixed(|r| { #(#calls)* });)
            }
            Place::Rows => {
                let calls = self.calls(&step.kernels)?;
                let flops = step.kernels.iter().fold(Dim::known(0), |sum, kernel| sum.add(&kernel.flops()));
                let blocks = runs(&step.kernels).into_iter().map(|run| {
                    let kernels = &step.kernels[run.clone()];
                    let (words, rows) = (self.words(kernels), product_rows(kernels).unwrap_or(Dim::known(0)));
                    let calls = &calls[run];
                    quote!(r.blocks(#words, #rows, |r| { #(#calls)* }))
                });
                match &blocks.collect::<Vec<_>>()[..] {
                    [one] => quote!(pass.rows(#flops, |r| #one);),
                    blocks => quote!(pass.rows(#flops, |r| { #(#blocks;)* });),
                }
            }
        })
    }

    /// Kernels over the whole batch: neighbouring products with one gradient are one call, which packs it once.
    fn whole(&mut self, kernels: &[Kernel]) -> Result<TokenStream, String> {
        let shared = |a: &Kernel, b: &Kernel| match (a, b) {
            (Kernel::MatMulT { x, y, .. }, Kernel::MatMulT { x: other, y: same, .. }) => {
                y == same && !may_convolve(x) && !may_convolve(other)
            }
            _ => false,
        };
        let calls = kernels.chunk_by(shared).map(|kernels| {
            let calls = self.calls(kernels)?;
            Ok(match &kernels[0] {
                Kernel::MatMulT { x, .. } if may_convolve(x) => quote!(pass.convolve_t(&#(#calls)*);),
                Kernel::MatMulT { .. } => quote!(pass.matmul_t(&[#(#calls),*]);),
                _ => quote!(#(#calls)*),
            })
        });
        calls.collect()
    }

    /// Words of each sample that the kernels touch.
    fn words(&self, kernels: &[Kernel]) -> Dim {
        let values = kernels.iter().flat_map(|kernel| kernel.writes().into_iter().chain(kernel.reads()));
        let mut bufs: Vec<&Buf> = Vec::new();
        for value in values {
            let buf = &self.plan.addresses[&value];
            let batched =
                matches!(buf.space, Space::Arena | Space::State | Space::Input(_) | Space::Output(_));
            if batched && !bufs.contains(&buf) {
                bufs.push(buf);
            }
        }
        bufs.into_iter().fold(Dim::known(0), |sum, buf| sum.add(&buf.len))
    }

    /// The constant with the address of what `span` is of, and the way to `span` from there.
    fn span(&mut self, span: &Span) -> TokenStream {
        let Span { value, offset, time } = span;
        let name = self.names.value(*value);
        match offset.is(0) && time.is(0) {
            true => name.into_token_stream(),
            false => quote!(#name.part(#offset, #time)),
        }
    }

    fn matrix(&mut self, matrix: &Matrix) -> TokenStream {
        let (buf, rows, columns) = (self.span(&matrix.span), pairs(&matrix.rows), pairs(&matrix.columns));
        quote!(#buf.matrix(#rows, #columns))
    }

    fn calls(&mut self, kernels: &[Kernel]) -> Result<Vec<TokenStream>, String> {
        kernels.iter().map(|kernel| self.call(kernel)).collect()
    }

    fn call(&mut self, kernel: &Kernel) -> Result<TokenStream, String> {
        Ok(match kernel {
            Kernel::Map(map) => {
                let name = self.names.kernel(map.stores[0].0);
                self.kernels.extend(expression::map(map, &name, &mut self.names)?);
                quote!(r.map(&#name);)
            }
            Kernel::Reduce { kind, expression, result, over, batch, into } => {
                let name = self.names.kernel(into.value);
                let into = self.span(into);
                let reduction =
                    Reduction { kind: *kind, expression, result: *result, over, batch: *batch, into };
                self.kernels.extend(expression::reduce(&reduction, &name, &mut self.names)?);
                let caller = if *batch { quote!(pass) } else { quote!(r) };
                quote!(#caller.reduce(&#name);)
            }
            Kernel::MatMul { x, w, into, rows, k, n, .. } => {
                let (a, w, c) = (self.matrix(x), self.names.value(*w), self.span(into));
                let call = if may_convolve(x) { quote!(convolve) } else { quote!(matmul) };
                quote!(r.#call(&MatMul { a: #a, w: #w, c: #c, rows: #rows, k: #k, n: #n });)
            }
            Kernel::MatMulT { x, y, into, panels, db, accumulate, rows, k, n } => {
                let a = self.matrix(x);
                let [dy, dw] = [y, into].map(|value| self.names.value(*value));
                let db = match db {
                    Some(db) => {
                        let db = self.names.value(*db);
                        quote!(Some(#db))
                    }
                    None => quote!(None),
                };
                quote! {
                    MatMulT {
                        a: #a, dy: #dy, dw: #dw, panels: #panels, db: #db, accumulate: #accumulate,
                        rows: #rows, k: #k, n: #n,
                    }
                }
            }
            Kernel::BatchMatMul { a, b, into, groups, m, k, n, .. } => {
                let [(a, a_walk), (b, b_walk)] = [a, b].map(|(value, walk)| {
                    let span = Span { value: *value, offset: walk.offset.clone(), time: walk.time.clone() };
                    (self.span(&span), &walk.strides)
                });
                let c = self.span(into);
                quote! {
                    r.batch_matmul(&BatchMatMul {
                        a: (#a, [#(#a_walk),*]), b: (#b, [#(#b_walk),*]), c: #c, groups: #groups, m: #m, k: #k, n: #n,
                    });
                }
            }
            Kernel::Softmax { x, into, log, rows, columns, .. } => {
                let [x, y] = [x, into].map(|span| self.span(span));
                match log {
                    true => quote!(r.log_softmax(#x, #y, #rows, #columns);),
                    false => quote!(r.softmax(#x, #y, #rows, #columns);),
                }
            }
            Kernel::Head { output, z, dz, weights } => {
                let (output, z) = (Literal::usize_unsuffixed(*output), self.names.value(*z));
                let [dz, weights] = [dz, weights].map(|value| match value {
                    Some(value) => {
                        let value = self.names.value(*value);
                        quote!(Some(#value))
                    }
                    None => quote!(None),
                });
                quote!(r.head(#output, #z, #dz, #weights);)
            }
            Kernel::Iota { into, count } => {
                let into = self.names.value(*into);
                quote!(r.iota(#into, #count);)
            }
            Kernel::Numbers { into, numbers } => {
                let (into, numbers) =
                    (self.names.value(*into), numbers.iter().map(|x| expression::number(*x)));
                quote!(r.numbers(#into, &[#(#numbers),*]);)
            }
            Kernel::Sample { image, at, into, from, to, channels, each, sampling, gradient, .. } => {
                let [image, at, into] = [image, at, into].map(|span| self.span(span));
                let Sampling { nearest, fill, value } = sampling;
                let (fill, value) = (ident_of(fill), expression::number(*value));
                let call = if *gradient { quote!(sample_grad) } else { quote!(sample) };
                quote! {
                    r.#call(&Sample {
                        image: #image, at: #at, into: #into, from: [#(#from),*], to: [#(#to),*], channels: #channels,
                        each: #each, nearest: #nearest, fill: Fill::#fill, value: #value,
                    });
                }
            }
            Kernel::Gather { table, index, into, count, rows, width, .. } => {
                let (table, index, into) = (self.names.value(*table), self.span(index), self.span(into));
                quote!(r.gather(#table, #index, #into, #count, #rows, #width);)
            }
            Kernel::ScatterAdd { batched, index, dy, into, count, rows, width } => {
                let [index, dy, into] = [index, dy, into].map(|value| self.names.value(*value));
                quote!(pass.scatter_add(#batched, #index, #dy, #into, #count, #rows, #width);)
            }
            Kernel::MatMulOverlap { x, w, into, words, counts, window, k, n, .. } => {
                let (a, w, c) = (self.span(x), self.names.value(*w), self.span(into));
                let (counts, window) = (pairs(counts), pairs(window));
                quote! {
                    r.matmul_overlap(&MatMulOverlap { a: #a, w: #w, c: #c, words: #words, counts: #counts, window: #window, k: #k, n: #n });
                }
            }
            Kernel::MaxPoolGrad { x, y, dy, into, words, counts, window, channels, .. } => {
                let [x, y, dy, dx] = [x, y, dy, into].map(|span| self.span(span));
                let (counts, window) = (pairs(counts), pairs(window));
                quote! {
                    r.max_pool_grad(&MaxPoolGrad {
                        x: #x, y: #y, dy: #dy, dx: #dx, words: #words, counts: #counts, window: #window, channels: #channels,
                    });
                }
            }
            Kernel::Flip { x, into, groups, count, width, .. } => {
                let [x, y] = [x, into].map(|span| self.span(span));
                quote!(r.flip(#x, #y, #groups, #count, #width);)
            }
            Kernel::Loop { length, reverse, kernels } => {
                let calls = self.calls(kernels)?;
                quote!(r.steps(#length, #reverse, |r| { #(#calls)* });)
            }
            Kernel::Pack { w, into, transposed, panels, k, n } => {
                let [w, into] = [w, into].map(|value| self.names.value(*value));
                match (transposed, panels) {
                    (true, true) => quote!(pass.pack_transposed(#w, #k, #n, #into);),
                    (true, false) => quote!(pass.pack(#w, 1, #n, #n, #k, #into);),
                    (false, _) => quote!(pass.pack(#w, #n, 1, #k, #n, #into);),
                }
            }
        })
    }
}

/// Whether the rows of `matrix` may be windows of 3 x 3 pixels, for all that is known here.
fn may_convolve(matrix: &Matrix) -> bool {
    let [(window, _), _] = &matrix.columns[..] else { return false };
    matrix.rows.len() == 2 && window.as_known().is_none_or(|rows| rows == 3)
}

/// `&[(extent, stride), ..]`
fn pairs(pairs: &[(Dim, Dim)]) -> TokenStream {
    let pairs = pairs.iter().map(|(extent, stride)| quote!((#extent, #stride)));
    quote!(&[#(#pairs),*])
}

/// Rows that a product wants before it goes through its right operand again.
const MANY_ROWS: usize = 96;

/// Runs of kernels that are best run on pieces of the batch of one size: products with many rows for each sample, and
/// what is around them, on small ones that stay in the cache; products with few on large ones.
fn runs(kernels: &[Kernel]) -> Vec<Range<usize>> {
    let mut runs: Vec<(Option<bool>, Range<usize>)> = vec![];
    for (i, kernel) in kernels.iter().enumerate() {
        let rows = product_rows(std::slice::from_ref(kernel));
        let many = rows.map(|rows| rows.as_known().is_some_and(|rows| rows >= MANY_ROWS));
        match runs.last_mut() {
            Some((kind, run)) if many.is_none() || kind.is_none() || *kind == many => {
                (*kind, run.end) = (kind.or(many), i + 1);
            }
            _ => runs.push((many, i..i + 1)),
        }
    }
    runs.into_iter().map(|(_, run)| run).collect()
}

/// Rows of a sample in the products of a step: a block of few such rows would waste the products' tiles.
fn product_rows(kernels: &[Kernel]) -> Option<Dim> {
    let rows = kernels.iter().filter_map(|kernel| match kernel {
        Kernel::MatMul { rows, .. } => Some(rows.clone()),
        Kernel::MatMulOverlap { counts, .. } => Some(Dim::product(counts.iter().map(|(count, _)| count))),
        Kernel::Loop { kernels, .. } => product_rows(kernels),
        _ => None,
    });
    rows.min_by_key(|rows| rows.as_known().unwrap_or(usize::MAX))
}
