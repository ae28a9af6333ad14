//! What the grammar yields: names are not resolved, and every node keeps its place.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::diag::{Place, Reported};

/// The content of a macro call.
#[derive(Debug)]
pub enum File {
    /// `dense(..) >> ..`: an anonymous sequential model.
    Expression(Expr),
    /// Definitions that see each other.
    Items(Vec<Item>),
}

/// A definition.
#[derive(Debug)]
pub enum Item {
    Model(ModelItem),
    Block(BlockItem),
    Cell(CellItem),
    Const(ConstItem),
}

/// `pub Name = ...`, `pub Name(...) -> (...) { ... }` or `pub loss Name(...) { ... }`
#[derive(Debug)]
pub struct ModelItem {
    /// Documentation and attributes.
    pub attrs: TokenStream,
    pub vis: TokenStream,
    pub name: Ident,
    /// The word `loss` before the name, if it is a loss.
    pub loss: Option<Ident>,
    pub body: Body,
    /// As it was written, but for attributes and visibility.
    pub tokens: TokenStream,
}

/// What a model is made of.
#[derive(Debug)]
pub enum Body {
    Sequential(Expr),
    Functional { inputs: Vec<Declared>, outputs: Option<Vec<Declared>>, block: Block },
}

/// `block name(param, other = default) |x, y| body`: layers that are built anew at each use.
#[derive(Debug)]
pub struct BlockItem {
    /// Documentation and attributes.
    pub attrs: TokenStream,
    /// With one, other macro calls see it too.
    pub vis: TokenStream,
    pub name: Ident,
    pub params: Vec<Parameter>,
    /// Its inputs, and what it makes of them.
    pub body: Closure,
    /// As it was written, but for attributes and visibility.
    pub tokens: TokenStream,
}

/// A parameter of a block: any expression can take its place.
#[derive(Debug)]
pub struct Parameter {
    pub name: Ident,
    pub default: Option<Expr>,
}

/// `const NAME: usize = 256;`
#[derive(Debug)]
pub struct ConstItem {
    /// As it was written, to be emitted again.
    pub tokens: TokenStream,
    pub name: Ident,
    /// If the macro understands it.
    pub value: Option<Expr>,
}

/// An input or output of a functional model: `x: [28, 28, 1]`, `y: [u32; 30]`, or `[10]`.
#[derive(Debug)]
pub struct Declared {
    pub name: Option<Ident>,
    pub dtype: Option<Ident>,
    pub dims: Vec<Expr>,
    pub place: Place,
}

/// `cell counter(x: [3]; total: [3]) -> [3] { let sum = x + total; (sum, sum) }`: a step of a loop over time.
#[derive(Debug)]
pub struct CellItem {
    /// As it was written, to be read by other macro calls.
    pub tokens: TokenStream,
    pub name: Ident,
    pub inputs: Vec<Declared>,
    pub states: Vec<Declared>,
    pub output: Option<Declared>,
    /// It ends with the output and what the states become.
    pub block: Block,
}

/// `{ let a = ...; tail }`
#[derive(Clone, Debug)]
pub struct Block {
    pub lets: Vec<Let>,
    pub tail: Option<Box<Expr>>,
    pub place: Place,
    /// The closing brace.
    pub end: Place,
}

/// `let name = value;` or `let (a, _) = value;`
#[derive(Clone, Debug)]
pub struct Let {
    pub pattern: Pattern,
    pub value: Expr,
}

/// What a `let` defines. The name `_` defines nothing.
#[derive(Clone, Debug)]
pub enum Pattern {
    Name(Ident),
    Tuple(Vec<Ident>, Place),
}

impl Pattern {
    /// The names, `_` included.
    pub fn names(&self) -> &[Ident] {
        match self {
            Pattern::Name(name) => std::slice::from_ref(name),
            Pattern::Tuple(names, _) => names,
        }
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        match self {
            Pattern::Name(name) => name.span().into(),
            Pattern::Tuple(_, place) => *place,
        }
    }
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub place: Place,
}

/// The forms of an expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    Int(u64),
    Float(f64),
    Bool(bool),
    Str(String),
    /// A name, or a path to something of the user's crate.
    Path(Vec<Ident>),
    Call(Call),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Neg(Box<Expr>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Closure(Closure),
    Block(Block),
    Repeat(Box<Repeat>),
    If(Box<If>),
    /// It was reported.
    Error(Reported),
}

/// `dense(64, relu)`
#[derive(Clone, Debug)]
pub struct Call {
    /// A name, or a path to something of the user's crate.
    pub path: Vec<Ident>,
    pub args: Vec<Arg>,
}

impl Call {
    /// Its name, if it is not a longer path.
    pub fn name(&self) -> Option<&Ident> {
        if let [name] = &self.path[..] { Some(name) } else { None }
    }
}

/// An argument: `value` or `name = value`.
#[derive(Clone, Debug)]
pub struct Arg {
    pub name: Option<Ident>,
    pub value: Expr,
}

/// `|a, b| body`
#[derive(Clone, Debug)]
pub struct Closure {
    pub params: Vec<Ident>,
    pub body: Box<Expr>,
    pub place: Place,
}

/// `repeat 4 { dense(64) >> dropout(0.2) }`, `repeat i in 4 |x| { .. }`
#[derive(Clone, Debug)]
pub struct Repeat {
    /// Counts from 0.
    pub counter: Option<Ident>,
    pub count: Expr,
    /// A block that ends in layers, or a closure on tensors.
    pub body: Expr,
}

/// `if include_top { dense(10, softmax) } else { .. }`: the compiler takes one of them.
#[derive(Clone, Debug)]
pub struct If {
    pub condition: Expr,
    /// A block.
    pub then: Expr,
    /// A block, or a further `if`. Without it, layers leave their input as it is.
    pub otherwise: Option<Expr>,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Pipe,
    Add,
    Sub,
    Mul,
    Div,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Operator {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Operator::Pipe => ">>",
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mul => "*",
            Operator::Div => "/",
            Operator::Eq => "==",
            Operator::Ne => "!=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
        }
    }

    /// How tightly it binds, as in Rust.
    pub fn precedence(self) -> u8 {
        match self {
            Operator::Mul | Operator::Div => 4,
            Operator::Add | Operator::Sub => 3,
            Operator::Pipe => 2,
            Operator::Eq | Operator::Ne | Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge => 1,
        }
    }
}

impl Expr {
    /// A node at `place`.
    pub fn new(kind: ExprKind, place: impl Into<Place>) -> Self {
        Expr { kind, place: place.into() }
    }

    /// The name, if it is nothing more.
    pub fn as_name(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Path(path) => {
                if let [name] = &path[..] {
                    Some(name)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// The stages of a pipeline, from the first on.
    pub fn stages(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Binary(Operator::Pipe, left, right) => [left.stages(), right.stages()].concat(),
            _ => vec![self],
        }
    }

    /// The place to underline when the whole is meant: the name of a call, else everything.
    pub fn head(&self) -> Place {
        match &self.kind {
            ExprKind::Call(call) => Place::of(&call.path[0]).to(Place::of(&call.path[call.path.len() - 1])),
            _ => self.place,
        }
    }
}

/// As Rust, for constants that only rustc knows.
impl ToTokens for Expr {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let spanned = |mut literal: Literal| {
            literal.set_span(self.place.start);
            literal.into_token_stream()
        };
        tokens.extend(match &self.kind {
            ExprKind::Int(n) => spanned(Literal::u64_unsuffixed(*n)),
            ExprKind::Float(x) => spanned(Literal::f64_unsuffixed(*x)),
            ExprKind::Bool(b) => quote!(#b),
            ExprKind::Str(s) => spanned(Literal::string(s)),
            ExprKind::Path(path) => quote!(#(#path)::*),
            ExprKind::Call(Call { path, args, .. }) => {
                let args = args.iter().map(|arg| &arg.value);
                quote!(#(#path)::*(#(#args),*))
            }
            ExprKind::Binary(op, a, b) => {
                let op: TokenStream = op.text().parse().expect("operators are tokens");
                quote!((#a #op #b))
            }
            ExprKind::Neg(x) => quote!((-#x)),
            ExprKind::Tuple(parts) => quote!((#(#parts),*)),
            ExprKind::List(parts) => quote!([#(#parts),*]),
            ExprKind::Closure(_)
            | ExprKind::Block(_)
            | ExprKind::Repeat(_)
            | ExprKind::If(_)
            | ExprKind::Error(_) => TokenStream::new(),
        });
    }
}
