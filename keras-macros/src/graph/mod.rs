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
mod nested;
mod options;
mod outline;
mod print;
mod public;
mod wrap;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::diag::{Diagnostics, Message, Place, Reported};
use crate::ir::{Binary, Dim, Graph, Id, Init, Shape, Start, broadcast};
use crate::layers::args::Args;
use crate::layers::{self, Use, spectral};
use crate::syntax::ast::{Arg, Call, Expr, ExprKind, Let};
pub use constants::{Constants, Scalar};
pub use definitions::{Compiled, Definitions, compile};
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

/// Names that were given, and what Keras would give next.
#[derive(Debug, Default)]
struct Names {
    prefix: String,
    taken: HashSet<String>,
    counters: HashMap<String, usize>,
    /// They are those of a nested model, which warns of what is unused when it is compiled by itself.
    quiet: bool,
}

impl Names {
    /// `dense`, `dense_1`, ...
    fn next(&mut self, kind: &str) -> String {
        loop {
            let count = self.counters.entry(kind.to_string()).or_default();
            let name = if *count == 0 { kind.to_string() } else { format!("{kind}_{count}") };
            *count += 1;
            if self.taken.insert(name.clone()) {
                return format!("{}{name}", self.prefix);
            }
        }
    }
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

    /// A weight of the layer `u`. A layer that is applied again gets the one it has.
    ///
    /// The regularizer and the constraint of a `kernel` are the arguments `kernel_regularizer` and `kernel_constraint`, if
    /// the layer has them.
    pub fn weight(
        &mut self,
        u: &Use,
        name: &str,
        shape: Vec<Dim>,
        start: impl Into<crate::ir::Start>,
    ) -> Result<Id, Reported> {
        let current = self.current.last().expect("a layer is being built");
        let at = current.made.len();
        if let Some(reused) = current.reuse.as_ref().and_then(|weights| weights.get(at).copied()) {
            let own = self.graph.weights[reused].shape.clone();
            let fits = own.len() == shape.len()
                && own.iter().zip(&shape).all(|(own, wanted)| {
                    let sentence =
                        format!("`{}` shares its {name} between inputs of different sizes", u.text);
                    self.agree(own, wanted, u.place, &sentence)
                });
            if !fits {
                return Err(self.diag.report(self.other_weights(u, name, &own, &shape)));
            }
            self.current.last_mut().expect("a layer is being built").made.push(reused);
            let value = self.graph.weight_value(reused);
            return self.normalized_kernel(u, name, value);
        }
        let (full, trainable) = (format!("{}/{name}", current.name), current.trainable);
        let start = self.checked_start(u, name, start.into(), &shape)?;
        let index = self.graph.weight(full, shape, start, trainable);
        self.current.last_mut().expect("a layer is being built").made.push(index);
        self.constrain(u, name, index)?;
        let value = self.regularize(u, name, index)?;
        self.normalized_kernel(u, name, value)
    }

    /// `start`, which can make a weight of this shape, and whose axes of inputs and outputs it has.
    fn checked_start(&self, u: &Use, name: &str, start: Start, shape: &[Dim]) -> Result<Start, Reported> {
        let dims: Vec<String> = shape.iter().map(Dim::to_string).collect();
        let dims = format!("[{}]", dims.join(", "));
        let layer = u.entry.name;
        let wrong = start.fans.iter().flatten().find_map(|axes| axes.resolved(shape.len()).err());
        let (headline, help) = match (&start.init, shape.len(), wrong) {
            (.., Some(axis)) => (
                format!("the {name} of `{layer}` has no axis {axis}: it is {dims}"),
                "`input_axes` and `output_axes` count from 0, or back from -1",
            ),
            (Init::Identity { .. }, rank, _) if rank != 2 => (
                format!("`identity` makes a matrix, but the {name} of `{layer}` is {dims}"),
                "take another initializer, for example `orthogonal` or `glorot_uniform`",
            ),
            (Init::Orthogonal { .. }, rank, _) if rank < 2 => (
                format!("`orthogonal` makes a matrix, but the {name} of `{layer}` is {dims}"),
                "take another initializer, for example `zeros` or `random_normal`",
            ),
            _ => return Ok(start),
        };
        let place =
            u.args.place_if_given(&format!("{}_initializer", name.rsplit('/').next().unwrap_or(name)));
        Err(self.diag.report(Message::new(place.unwrap_or(u.place), headline).help(help)))
    }

    /// Builds a layer whose kernel is divided by its spectral norm.
    pub fn with_spectral_norm<T>(&mut self, iterations: usize, build: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.spectral.replace(iterations);
        let result = build(self);
        self.spectral = outer;
        result
    }

    /// The value of the weight `name`, or, if it is a kernel of which that was asked, what training makes of it.
    fn normalized_kernel(&mut self, u: &Use, name: &str, kernel: Id) -> Result<Id, Reported> {
        if !spectral::is_normalized(name) {
            return Ok(kernel);
        }
        let Some(iterations) = self.spectral.take() else { return Ok(kernel) };
        let again = self.current.last().is_some_and(|current| current.reuse.is_some());
        let columns = self.shape(kernel).dims.last().expect("a kernel has dimensions").clone();
        // It is the wrapper's.
        let own = self.current.last().expect("a layer is being built").name.clone();
        let wrapper = own.rsplit_once('/').map_or(own.as_str(), |(wrapper, _)| wrapper).to_string();
        self.current.last_mut().expect("a layer is being built").name = wrapper;
        let vector = self.frozen_weight(u, "vector_u", vec![1.into(), columns], spectral::START);
        self.current.last_mut().expect("a layer is being built").name = own;
        let vector = vector?;
        let (divided, next) = spectral::normalized(self, kernel, vector, iterations);
        if !again {
            self.update(kernel, divided);
            self.update(vector, next);
        }
        // Its gradient is that of the kernel.
        let change = self.graph.binary(Binary::Sub, divided, kernel);
        let change = self.graph.stop_gradient(change);
        let replaced = self.graph.binary(Binary::Add, kernel, change);
        Ok(self.graph.phase(replaced, kernel))
    }

    /// A weight of the layer `u` that is never trained.
    pub fn frozen_weight(
        &mut self,
        u: &Use,
        name: &str,
        shape: Vec<Dim>,
        start: impl Into<crate::ir::Start>,
    ) -> Result<Id, Reported> {
        let current = self.current.last_mut().expect("a layer is being built");
        let trainable = std::mem::replace(&mut current.trainable, false);
        let weight = self.weight(u, name, shape, start);
        self.current.last_mut().expect("a layer is being built").trainable = trainable;
        weight
    }

    /// Whether what is being built is applied to each step of a sequence.
    pub fn is_distributed(&self) -> bool {
        self.distributed > 0
    }

    /// Whether the layer that is being built is to be trained.
    pub fn is_trainable(&self) -> bool {
        self.current.last().is_some_and(|current| current.trainable)
    }

    /// Has training steps leave `next` in `weight`, the value of one that is not trained.
    pub fn update(&mut self, weight: Id, next: Id) {
        let crate::ir::Op::Weight(index) = self.graph.nodes[weight.0].op else {
            unreachable!("it is a weight")
        };
        self.graph.updates.push((index, next));
    }

    fn other_weights(&self, u: &Use, name: &str, own: &[Dim], wanted: &[Dim]) -> crate::diag::Message {
        let list = |dims: &[Dim]| Shape::fixed(dims.to_vec()).to_string();
        let input = &u.inputs[0];
        let headline = format!("`{}` is shared, and its {name} has another shape for this input", u.text);
        u.misfit(input, headline, format!("this input asks for a {name} of {}", list(wanted)))
            .note(format!("its first use made a {name} of {}", list(own)))
            .note(format!("`{}` makes {}", input.text, self.graph.shape(input.id)))
            .help("give every use an input of the same shape, or write a layer of its own here")
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
