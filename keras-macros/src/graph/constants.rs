//! Constants: numbers that the macro knows, and Rust constants that stay symbolic.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use crate::diag::{Diagnostics, Message, Reported, did_you_mean};
use crate::ir::Dim;
use crate::link::ExportedConstant;
use crate::syntax::ast::{Arg, Call, Expr, ExprKind, Operator};

/// A number of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Int(i64),
    Float(f64),
    /// A Rust constant, or an expression over such.
    Symbol(Dim),
}

impl Scalar {
    /// Its value, if the macro knows it.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Scalar::Int(n) => Some(*n as f64),
            Scalar::Float(x) => Some(*x),
            Scalar::Symbol(_) => None,
        }
    }

    fn as_dim(&self) -> Option<Dim> {
        match self {
            Scalar::Int(n) => usize::try_from(*n).ok().map(Dim::known),
            Scalar::Float(_) => None,
            Scalar::Symbol(dim) => Some(dim.clone()),
        }
    }
}

/// The constants that were declared in the macro call.
#[derive(Debug, Default)]
pub struct Constants {
    known: HashMap<String, Scalar>,
    /// What the Rust constants of a model from elsewhere are called here.
    renamed: HashMap<String, TokenStream>,
    leaves: Rc<RefCell<Leaves>>,
}

/// The Rust constants that were met, in order, and those of them that are sizes.
#[derive(Debug, Default)]
pub struct Leaves {
    all: Vec<(String, TokenStream)>,
    sizes: HashSet<String>,
}

impl Leaves {
    fn meet(&mut self, dim: &Dim) {
        let text = dim.to_string();
        if !self.all.iter().any(|(known, _)| *known == text) {
            self.all.push((text, quote!(#dim)));
        }
    }

    fn is_size(&mut self, scalar: &Scalar) {
        if let Scalar::Symbol(dim) = scalar {
            self.sizes.insert(dim.to_string());
        }
    }

    /// Those that were met since the last time.
    pub fn take(&mut self) -> Vec<ExportedConstant> {
        let Leaves { all, sizes } = std::mem::take(self);
        let constant = |(text, tokens)| ExportedConstant { size: sizes.contains(&text), text, tokens };
        all.into_iter().map(constant).collect()
    }
}

/// What a body knows that its constants do not.
pub trait Local {
    /// The number that a name stands for.
    fn named(&self, name: &str) -> Option<Scalar>;
    /// What a call gives that is about the body's tensors.
    fn called(&self, call: &Call) -> Option<Result<Scalar, Reported>>;
}

/// No body.
struct Nothing;

impl Local for Nothing {
    fn named(&self, _: &str) -> Option<Scalar> {
        None
    }

    fn called(&self, _: &Call) -> Option<Result<Scalar, Reported>> {
        None
    }
}

impl Constants {
    /// The constants of a model from elsewhere, which `path` names here, as a model of the macro call with these.
    pub fn linked(&self, path: &[Ident], names: &[(String, Ident)]) -> Self {
        let renamed = names.iter().map(|(text, name)| {
            let tokens = quote!(#(#path)::*::#name);
            (text.clone(), self.name_of(tokens))
        });
        let (renamed, leaves) = (renamed.collect(), Rc::clone(&self.leaves));
        Constants { known: HashMap::new(), renamed, leaves }
    }

    /// What is known of the Rust constants that were met.
    pub fn leaves(&self) -> &RefCell<Leaves> {
        &self.leaves
    }

    /// A Rust constant, by the name that it has here.
    fn leaf(&self, tokens: TokenStream) -> Dim {
        Dim::symbol(self.name_of(tokens))
    }

    fn name_of(&self, tokens: TokenStream) -> TokenStream {
        self.renamed.get(&tokens.to_string().replace(' ', "")).cloned().unwrap_or(tokens)
    }

    /// `scalar`, which is used as a size.
    pub fn size(&self, scalar: Scalar) -> Scalar {
        self.leaves.borrow_mut().is_size(&scalar);
        scalar
    }

    fn meet(&self, scalar: Scalar) -> Scalar {
        if let Scalar::Symbol(dim) = &scalar {
            self.leaves.borrow_mut().meet(dim);
        }
        scalar
    }

    /// Declares one. What the macro cannot evaluate stays a Rust constant.
    pub fn declare(&mut self, name: &Ident, value: Option<&Expr>) {
        let diag = Diagnostics::default();
        let scalar = value.and_then(|value| self.scalar(&diag, value, &Nothing).ok());
        diag.discard();
        let scalar = scalar.unwrap_or_else(|| Scalar::Symbol(self.leaf(name.to_token_stream())));
        // An expression over Rust constants is better named than repeated.
        let scalar = match scalar {
            Scalar::Symbol(_) => Scalar::Symbol(self.leaf(name.to_token_stream())),
            known => known,
        };
        self.known.insert(name.to_string(), scalar);
    }

    /// The constant called `name`.
    pub fn get(&self, name: &str) -> Option<Scalar> {
        self.known.get(name).cloned().map(|scalar| self.meet(scalar))
    }

    /// Whether the macro knows the value of the one called `name`.
    pub fn knows(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|scalar| !matches!(scalar, Scalar::Symbol(_)))
    }

    /// Whether one is called `name`.
    pub fn declares(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// The value of `expr`; `local` knows the body.
    pub fn scalar(&self, diag: &Diagnostics, expr: &Expr, local: &dyn Local) -> Result<Scalar, Reported> {
        match &expr.kind {
            ExprKind::Int(n) => Ok(Scalar::Int(i64::try_from(*n).unwrap_or(i64::MAX))),
            ExprKind::Float(x) => Ok(Scalar::Float(*x)),
            ExprKind::Error(reported) => Err(*reported),
            ExprKind::Path(path) => {
                if let [name] = &path[..] {
                    let name = name.to_string();
                    if let Some(scalar) = local.named(&name) {
                        return Ok(scalar);
                    }
                    if let Some(scalar) = self.get(&name) {
                        return Ok(scalar);
                    }
                    if !is_constant_name(&name) {
                        let known = self.known.keys().map(String::as_str);
                        let message = Message::new(expr.place, format!("expected a number, found `{name}`"))
                            .help_if(did_you_mean(&name, known))
                            .help("constants are written in capitals: `HIDDEN`, `config::WIDTH`");
                        return Err(diag.report(message));
                    }
                }
                Ok(self.meet(Scalar::Symbol(self.leaf(expr.to_token_stream()))))
            }
            ExprKind::Call(call) => match (call.name().map(ToString::to_string).as_deref(), &call.args[..]) {
                (Some("floor"), [Arg { name: None, value }]) => match self.scalar(diag, value, local)? {
                    Scalar::Float(x) => Ok(Scalar::Int(x.floor() as i64)),
                    whole => Ok(whole),
                },
                _ => match local.called(call) {
                    Some(scalar) => scalar,
                    None => Ok(self.meet(Scalar::Symbol(self.leaf(expr.to_token_stream())))),
                },
            },
            ExprKind::Neg(x) => match self.scalar(diag, x, local)? {
                Scalar::Int(n) => Ok(Scalar::Int(-n)),
                Scalar::Float(x) => Ok(Scalar::Float(-x)),
                Scalar::Symbol(_) => {
                    Err(diag.report(Message::new(expr.place, format!("a size cannot be negative: `{expr}`"))))
                }
            },
            ExprKind::Binary(op, a, b) => {
                let (x, y) = (self.scalar(diag, a, local)?, self.scalar(diag, b, local)?);
                let (x, y) = (self.size(x), self.size(y));
                let known = match (&x, &y) {
                    (Scalar::Int(x), Scalar::Int(y)) => Some(integers(*op, *x, *y).map(Scalar::Int)),
                    _ => x.as_f64().zip(y.as_f64()).map(|(x, y)| floats(*op, x, y).map(Scalar::Float)),
                };
                let symbolic = || {
                    let (x, y) = (x.as_dim()?, y.as_dim()?);
                    Some(Scalar::Symbol(match op {
                        Operator::Add => x.add(&y),
                        Operator::Mul => x.mul(&y),
                        Operator::Sub => Dim::symbol(quote!((#x - #y))),
                        Operator::Div => Dim::symbol(quote!((#x / #y))),
                        _ => return None,
                    }))
                };
                known.unwrap_or_else(symbolic).ok_or_else(|| {
                    diag.report(Message::new(expr.place, format!("`{expr}` is not a number that fits here")))
                })
            }
            _ => Err(diag.report(Message::new(expr.place, format!("expected a number, found `{expr}`")))),
        }
    }
}

fn integers(op: Operator, x: i64, y: i64) -> Option<i64> {
    match op {
        Operator::Add => x.checked_add(y),
        Operator::Sub => x.checked_sub(y),
        Operator::Mul => x.checked_mul(y),
        Operator::Div => x.checked_div(y),
        _ => None,
    }
}

fn floats(op: Operator, x: f64, y: f64) -> Option<f64> {
    match op {
        Operator::Add => Some(x + y),
        Operator::Sub => Some(x - y),
        Operator::Mul => Some(x * y),
        Operator::Div => Some(x / y),
        _ => None,
    }
}

/// Whether a name can be that of a Rust constant: `HIDDEN`, `N2`.
pub fn is_constant_name(name: &str) -> bool {
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}
