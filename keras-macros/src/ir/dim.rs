//! Dimensions: numbers where the macro knows them, polynomials over Rust constants where it does not.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

/// A constant of the user's crate (or an expression over such) whose value only rustc knows.
#[derive(Clone, Debug)]
struct Symbol {
    /// Printed form; identity and order.
    key: String,
    tokens: TokenStream,
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Symbol {}
impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// A number, or a sum of products of symbols with natural coefficients; in that the empty product stands for a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dim(Form);

/// A compiler compares and multiplies thousands of dimensions: what is known is no more than a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Known(usize),
    /// Not of a number alone.
    Sum(Rc<Terms>),
}

type Terms = BTreeMap<Vec<Symbol>, usize>;

impl Dim {
    /// A number that the macro knows.
    pub fn known(n: usize) -> Self {
        Dim(Form::Known(n))
    }

    /// A Rust constant, such as `HIDDEN` or `config::WIDTH`.
    pub fn symbol(tokens: TokenStream) -> Self {
        let key = tokens.to_string().replace(' ', "");
        Dim(Form::Sum(Rc::new(BTreeMap::from([(vec![Symbol { key, tokens }], 1)]))))
    }

    fn of(mut terms: Terms) -> Self {
        terms.retain(|_, n| *n > 0);
        match terms.len() {
            0 => Dim::known(0),
            1 if terms.contains_key(&vec![]) => Dim::known(terms[&vec![]]),
            _ => Dim(Form::Sum(Rc::new(terms))),
        }
    }

    fn terms(&self) -> Terms {
        match &self.0 {
            Form::Known(0) => Terms::new(),
            Form::Known(n) => Terms::from([(vec![], *n)]),
            Form::Sum(terms) => Terms::clone(terms),
        }
    }

    /// Its value, if it does not depend on Rust constants.
    pub fn as_known(&self) -> Option<usize> {
        if let Form::Known(n) = self.0 { Some(n) } else { None }
    }

    /// Whether it is known to be `n`.
    pub fn is(&self, n: usize) -> bool {
        self.as_known() == Some(n)
    }

    /// The sum.
    pub fn add(&self, other: &Dim) -> Dim {
        if let (Form::Known(a), Form::Known(b)) = (&self.0, &other.0) {
            return Dim::known(a + b);
        }
        let mut sum = self.terms();
        for (product, n) in other.terms() {
            *sum.entry(product).or_default() += n;
        }
        Dim::of(sum)
    }

    /// The product.
    pub fn mul(&self, other: &Dim) -> Dim {
        match (&self.0, &other.0) {
            (Form::Known(a), Form::Known(b)) => return Dim::known(a * b),
            (Form::Known(1), _) => return other.clone(),
            (_, Form::Known(1)) => return self.clone(),
            _ => {}
        }
        let mut result = Terms::new();
        let others = other.terms();
        for (a, m) in &self.terms() {
            for (b, n) in &others {
                let mut product = [a.as_slice(), b.as_slice()].concat();
                product.sort();
                *result.entry(product).or_default() += m * n;
            }
        }
        Dim::of(result)
    }

    /// `f(self)` as an opaque symbol, or the number itself where it is known.
    fn map(&self, known: impl Fn(usize) -> usize, symbolic: impl Fn(&Dim) -> TokenStream) -> Dim {
        match self.as_known() {
            Some(n) => Dim::known(known(n)),
            None => Dim::symbol(symbolic(self)),
        }
    }

    /// The next multiple of 16: the width of a weight's panels, and the alignment of buffers.
    pub fn round_up_16(&self) -> Dim {
        self.map(|n| n.next_multiple_of(16), |d| quote!((#d).next_multiple_of(16)))
    }

    /// Every name that its symbols mention.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let keys = self.terms().into_keys().flatten().map(|symbol| symbol.key);
        let word = |key: String| {
            let words = key.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            words.map(str::to_string).collect::<Vec<_>>()
        };
        keys.flat_map(word)
    }

    /// The product of `dims`.
    pub fn product<'a>(dims: impl IntoIterator<Item = &'a Dim>) -> Dim {
        dims.into_iter().fold(Dim::known(1), |product, dim| product.mul(dim))
    }
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Dim::known(n)
    }
}

impl ToTokens for Dim {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if let Some(n) = self.as_known() {
            return Literal::usize_unsuffixed(n).to_tokens(tokens);
        }
        let terms = self.terms();
        let terms = terms.iter().map(|(product, n)| product_tokens(*n, product));
        tokens.extend(quote!((#(#terms)+*)));
    }
}

fn product_tokens(n: usize, product: &[Symbol]) -> TokenStream {
    let number = (n != 1 || product.is_empty()).then(|| Literal::usize_unsuffixed(n).to_token_stream());
    let mut factors = number.into_iter().chain(product.iter().map(|symbol| symbol.tokens.clone()));
    let first = factors.next().unwrap_or_default();
    // `quote!` has no repetition with `*` between.
    factors.fold(first, |product, factor| quote!(#product * #factor))
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(n) = self.as_known() {
            return write!(f, "{n}");
        }
        for (i, (product, n)) in self.terms().iter().rev().enumerate() {
            if i > 0 {
                f.write_str(" + ")?;
            }
            let symbols: Vec<&str> = product.iter().map(|symbol| symbol.key.as_str()).collect();
            match (n, symbols.is_empty()) {
                (n, true) => write!(f, "{n}")?,
                (1, false) => f.write_str(&symbols.join(" * "))?,
                (n, false) => write!(f, "{n} * {}", symbols.join(" * "))?,
            }
        }
        Ok(())
    }
}

/// The shape of a tensor. The batch, where there is one, comes first and is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether there is one such tensor for each sample.
    pub batched: bool,
    /// Extents, without the batch.
    pub dims: Vec<Dim>,
}

impl Shape {
    /// One tensor for each sample.
    pub fn batched(dims: impl Into<Vec<Dim>>) -> Self {
        Shape { batched: true, dims: dims.into() }
    }

    /// One tensor for the whole batch: weights and what is computed from them alone.
    pub fn fixed(dims: impl Into<Vec<Dim>>) -> Self {
        Shape { batched: false, dims: dims.into() }
    }

    /// Number of dimensions, without the batch.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// Number of elements (per sample).
    pub fn size(&self) -> Dim {
        Dim::product(&self.dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batch = self.batched.then(|| "batch".to_string());
        let dims: Vec<String> = batch.into_iter().chain(self.dims.iter().map(Dim::to_string)).collect();
        write!(f, "[{}]", dims.join(", "))
    }
}
