//! From the AST to operations: names are resolved, layers instantiated and shared, models nested.
//!
//! The [`Builder`] walks a model in the order of its data flow. What a layer checks and computes is said in
//! [`crate::layers`]; here is only who feeds whom.

mod apply;
mod blocks;
mod cells;
mod choice;
mod constants;
mod cut;
mod definitions;
mod eval;
mod lets;
mod losses;
mod masks;
mod models;
mod names;
mod nested;
mod options;
mod outline;
mod print;
mod public;
mod weights;
mod wrap;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::diag::{Diagnostics, Message, Place, Reported};
use crate::ir::{Dim, Graph, Id, Shape, broadcast};
use crate::layers::args::Args;
use crate::layers::{self, Use};
use crate::syntax::ast::{Arg, Call, Expr, ExprKind, Let};
pub use constants::{Constants, Scalar};
pub use definitions::{Compiled, Definitions, compile};
use names::Names;
pub use outline::{Description, MARK, NUMBER};
pub use print::table;

/// A value with its origin, for messages.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub id: Id,
    /// The layer or input that made it.
    pub place: Span,
    /// How that is written.
    pub text: String,
    /// Its name in `summary()`.
    pub source: String,
    /// For each step of a sequence whether it counts: 1 or 0.
    pub mask: Option<Id>,
}

impl Tensor {
    /// Another value of the same origin.
    pub fn with(&self, id: Id) -> Self {
        Tensor { id, ..self.clone() }
    }
}

/// What a name in a body, or an expression, stands for.
#[derive(Clone, Debug)]
enum Value {
    Tensor(Tensor),
    Tuple(Vec<Value>),
    Layer(Rc<Shared>),
    Number(Scalar),
    /// Its definition failed.
    Unknown(Reported),
}

/// Layers that were named by `let`: every application uses the same weights.
#[derive(Debug)]
struct Shared {
    expr: Expr,
    /// The names that `expr` sees.
    scope: Vec<Variable>,
    /// The layers in the order in which an application comes upon them.
    tape: Rc<RefCell<Vec<Built>>>,
    /// What is wrong with them is said once.
    failed: Cell<Option<Reported>>,
}

/// A layer that exists: its row, and its weights in the order in which it asks for them.
#[derive(Clone, Debug)]
enum Built {
    Layer {
        name: String,
        row: usize,
        weights: Vec<usize>,
    },
    /// A model or a block.
    Nested {
        prefix: String,
    },
    /// Layers that were named by `let` inside of it: their own tape.
    Named(Rc<RefCell<Vec<Built>>>),
}

#[derive(Clone, Debug)]
struct Variable {
    name: String,
    value: Value,
    /// Unless it is a parameter of a closure.
    used: Rc<RefCell<bool>>,
}

/// The layer that is being built.
#[derive(Debug)]
struct Current {
    name: String,
    trainable: bool,
    /// The weights it already has, if it is applied again.
    reuse: Option<Vec<usize>>,
    made: Vec<usize>,
}

/// Replays the layers of a [`Shared`].
#[derive(Debug)]
struct Tape {
    shared: Rc<Shared>,
    next: usize,
}

/// Builds the graph of one model.
pub struct Builder<'a> {
    pub diag: &'a Diagnostics,
    pub graph: Graph,
    definitions: &'a Definitions<'a>,
    scope: Vec<Variable>,
    /// `let`s that come later, for use before definition: the rest of each enclosing block.
    later: Vec<Vec<Let>>,
    names: Vec<Names>,
    tapes: Vec<Tape>,
    current: Vec<Current>,
    /// Further results of the layer that is being built.
    also: Vec<Id>,
    /// The mask of its first result, if it has said so itself.
    mask: Option<Option<Id>>,
    /// How many models and blocks we are in that are not to be trained.
    frozen: usize,
    /// Iterations for the spectral norm of the next kernel, if that is to be divided by it.
    spectral: Option<usize>,
    /// By layer: where its states are kept from batch to batch.
    kept: HashMap<String, Vec<usize>>,
    /// By layer with a seed of its own: how many streams it has drawn from.
    drawn: HashMap<String, u32>,
    /// How many layers we are in that are applied to each step of a sequence.
    distributed: usize,
    /// Whether operations were made that others took the place of.
    pub rewritten: bool,
    /// How many closures we are in: they have no rows of their own.
    closures: usize,
    /// What every layer made, for models that are cut at one.
    made: Vec<cut::Made>,
    /// Whether a model was cut: what lies behind is taken out.
    pruned: bool,
    /// What Keras would say of it.
    outline: outline::Outline,
    /// Names of the layers that make the outputs.
    output_sources: Vec<String>,
    failure: Option<Reported>,
    assertions: TokenStream,
    mentions: BTreeMap<String, TokenStream>,
}

impl constants::Local for Builder<'_> {
    fn named(&self, name: &str) -> Option<Scalar> {
        let variable = self.variable(name)?;
        let Value::Number(scalar) = &variable.value else { return None };
        *variable.used.borrow_mut() = true;
        Some(scalar.clone())
    }

    /// `shape(x, axis)`: a size of a tensor, with axes as Keras counts them.
    fn called(&self, call: &Call) -> Option<Result<Scalar, Reported>> {
        let [Arg { name: None, value: tensor }, Arg { name: None, value: axis }] = &call.args[..] else {
            return None;
        };
        let name = call.name().filter(|name| *name == "shape")?;
        let ExprKind::Path(path) = &tensor.kind else { return None };
        let variable = self.variable(&path.first().filter(|_| path.len() == 1)?.to_string())?;
        let Value::Tensor(x) = &variable.value else { return None };
        *variable.used.borrow_mut() = true;
        let shape = self.shape(x.id);
        Some(self.scalar(axis).and_then(|at| match at {
            Scalar::Int(at) => {
                let at = layers::resolve_axis(self, at, &shape, axis.place)?;
                Ok(match shape.dims[at].as_known() {
                    Some(size) => Scalar::Int(size as i64),
                    None => Scalar::Symbol(shape.dims[at].clone()),
                })
            }
            _ => {
                let headline = format!("the axis of `{name}` must be a number, found `{axis}`");
                Err(self.diag.report(Message::new(axis.place, headline)))
            }
        }))
    }
}

impl<'a> Builder<'a> {
    fn new(definitions: &'a Definitions<'a>) -> Self {
        Builder {
            diag: definitions.diag,
            graph: Graph::default(),
            definitions,
            scope: vec![],
            later: vec![],
            names: vec![Names::default()],
            tapes: vec![],
            current: vec![],
            also: vec![],
            mask: None,
            frozen: 0,
            spectral: None,
            kept: HashMap::new(),
            drawn: HashMap::new(),
            distributed: 0,
            rewritten: false,
            closures: 0,
            made: vec![],
            pruned: false,
            outline: outline::Outline::new(),
            output_sources: vec![],
            failure: None,
            assertions: TokenStream::new(),
            mentions: BTreeMap::new(),
        }
    }

    /// The shape of `x`.
    pub fn shape(&self, x: Id) -> Shape {
        self.graph.shape(x).clone()
    }

    /// The value of an argument or a dimension.
    pub fn scalar(&self, expr: &Expr) -> Result<Scalar, Reported> {
        self.number_of(expr).map(|scalar| self.definitions.constants.size(scalar))
    }

    /// The value of a number in an expression.
    fn number_of(&self, expr: &Expr) -> Result<Scalar, Reported> {
        self.definitions.constants.scalar(self.diag, &self.decided(expr)?, self)
    }

    fn variable(&self, name: &str) -> Option<&Variable> {
        self.scope.iter().rev().find(|variable| variable.name == name)
    }

    /// Lets editors find the documentation of `name` where the user wrote it.
    pub fn mention(&mut self, module: &str, name: &str, span: Span) {
        if self.definitions.is_linked() {
            return;
        }
        let (krate, module) = (self.definitions.krate, Ident::new(module, Span::call_site()));
        let key = format!("{module}::{name} {span:?} {}", self.mentions.len());
        let name = match syn::parse_str::<Ident>(name) {
            Ok(_) => Ident::new(name, span),
            Err(_) => Ident::new_raw(name, span),
        };
        self.mentions.insert(key, quote_spanned!(span=> let _ = #krate::#module::#name;));
    }

    /// Whether what is being built is applied to each step of a sequence.
    pub fn is_distributed(&self) -> bool {
        self.distributed > 0
    }

    /// Whether the layer that is being built is to be trained.
    pub fn is_trainable(&self) -> bool {
        self.current.last().is_some_and(|current| current.trainable)
    }

    /// Gives `x` as a further result of the layer that is being built.
    pub fn also(&mut self, x: Id) {
        self.also.push(x);
    }

    /// Gives the result of the layer that is being built this mask, or none.
    pub fn set_mask(&mut self, mask: Option<Id>) {
        self.mask = Some(mask);
    }

    /// `x` through the activation that argument `name` of `u` holds.
    pub fn activate(&mut self, u: &Use, name: &str, x: Id) -> Result<Id, Reported> {
        let Some(activation) = u.args.activation(name) else { return Ok(x) };
        let input = match u.inputs.first() {
            Some(input) => input.with(x),
            None => {
                let (place, text) = (u.place.start, u.text.clone());
                Tensor { id: x, place, text, source: String::new(), mask: None }
            }
        };
        let args: &Args = &activation.args;
        let text = activation.entry.name.to_string();
        let inner = Use { entry: activation.entry, place: activation.place, text, args, inputs: &[input] };
        (activation.entry.apply)(self, &inner)
    }

    /// Whether two dimensions are equal. Where only rustc can tell it will, with `sentence` at `place`.
    pub fn agree(&mut self, a: &Dim, b: &Dim, place: Place, sentence: &str) -> bool {
        match (a.as_known(), b.as_known()) {
            (Some(a), Some(b)) => a == b,
            _ if a == b => true,
            _ => {
                self.assert(quote_spanned!(place.start=> (#a) == (#b)), place, sentence);
                true
            }
        }
    }

    fn assert(&mut self, condition: TokenStream, place: Place, sentence: &str) {
        self.assertions.extend(quote_spanned! {place.start=>
            const _: () = ::core::assert!(#condition, #sentence);
        });
    }

    /// Has rustc check that a Rust constant is at least 1.
    pub fn assert_positive(&mut self, dim: &Dim, place: Place, what: &str) {
        let what = what.replace('`', "");
        self.assert(
            quote_spanned!(place.start=> (#dim) > 0),
            place,
            &format!("{what} must be at least 1, found 0"),
        );
    }

    /// `a / b`, which rustc checks to be whole.
    pub fn quotient(&mut self, a: &Dim, b: &Dim, place: Place, sentence: &str) -> Dim {
        self.assert(quote_spanned!(place.start=> (#a) % (#b) == 0), place, sentence);
        Dim::symbol(quote_spanned!(place.start=> ((#a) / (#b))))
    }

    /// Operands that broadcast to each other, if they do. Dimensions that only rustc can compare are assumed equal,
    /// and asserted to be.
    pub fn broadcastable(&mut self, x: Id, y: Id, place: Place, operation: &str) -> Option<(Id, Id)> {
        let (a, b) = (self.shape(x), self.shape(y));
        if broadcast(&a, &b).is_some() {
            return Some((x, y));
        }
        let shared = a.rank().min(b.rank());
        let mut dims = b.dims.clone();
        for i in 1..=shared {
            let (own, other) = (&a.dims[a.rank() - i], &b.dims[b.rank() - i]);
            if !own.is(1) && !other.is(1) {
                let sentence = format!("`{operation}` combines {a} with {b}: the sizes differ");
                if !self.agree(own, other, place, &sentence) {
                    return None;
                }
                dims[b.rank() - i] = own.clone();
            }
        }
        let y = self.graph.reshape(y, dims);
        broadcast(&a, self.graph.shape(y)).map(|_| (x, y))
    }
}
