//! Arguments: what a call must give, what it may give, and what is wrong with what it gives.

use proc_macro2::Ident;

use super::constraints::Constraint;
use super::kinds::value;
use super::params::{ACTIVITY_REGULARIZER, COMMON, INPUTS, Kind, Param, further, has, signature};
use super::regularizers::Regularizer;
use super::{Entry, omitted};
use crate::diag::{Diagnostics, Message, Place, Reported, did_you_mean};
use crate::graph::Builder;
use crate::ir::{DType, Dim, Start};
use crate::syntax::ast::{Arg, Closure, Expr};

/// The value of an argument.
#[derive(Clone, Debug)]
pub enum Value {
    None,
    Size(Dim),
    Integer(i64),
    Number(f64),
    Flag(bool),
    Activation(Activation),
    Initializer(Start),
    Regularizer(Regularizer),
    Constraint(Constraint),
    Clipping(Clipping),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    /// Numbers are lists of one.
    Margins(Vec<Vec<i64>>),
    /// `None` for -1.
    Extents(Vec<Option<Dim>>),
    Text(String),
    Closure(Closure),
    DType(DType),
    Layer(Expr),
}

/// Bounds of the corrections of batch renormalization.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clipping {
    pub rmax: Option<f64>,
    pub rmin: Option<f64>,
    pub dmax: Option<f64>,
}

/// An activation with its arguments.
#[derive(Clone, Debug)]
pub struct Activation {
    pub entry: &'static Entry,
    pub args: Args,
    pub place: Place,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[derive(Clone, Debug)]
struct Argument {
    name: &'static str,
    value: Value,
    place: Place,
    /// Whether it was written, and is no default.
    given: bool,
}

/// The arguments of one call: one for every parameter.
#[derive(Clone, Debug, Default)]
pub struct Args(Vec<Argument>);

/// Readers of arguments. The table says which kind a name has: another one is a mistake in the table.
impl Args {
    fn get(&self, name: &str) -> &Argument {
        self.0.iter().find(|arg| arg.name == name).unwrap_or_else(|| panic!("no parameter `{name}`"))
    }

    /// Those that were written, without name, input and what is not trained.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let common = |name: &str| has(COMMON, name) && name != ACTIVITY_REGULARIZER.name;
        self.0.iter().filter(move |arg| arg.given && !common(arg.name)).map(|arg| (arg.name, &arg.value))
    }

    /// Where it was given, else the call's name.
    pub fn place(&self, name: &str) -> Place {
        self.get(name).place
    }

    /// The same, where there is such an argument.
    pub fn place_if_given(&self, name: &str) -> Option<Place> {
        self.0.iter().find(|arg| arg.name == name).map(|arg| arg.place)
    }

    /// A size.
    pub fn size(&self, name: &str) -> Dim {
        match &self.get(name).value {
            Value::Size(dim) => dim.clone(),
            other => panic!("`{name}` is {other:?}"),
        }
    }

    /// A size, or `None`.
    pub fn optional_size(&self, name: &str) -> Option<Dim> {
        if let Value::Size(dim) = &self.get(name).value { Some(dim.clone()) } else { None }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> i64 {
        match self.get(name).value {
            Value::Integer(n) => n,
            ref other => panic!("`{name}` is {other:?}"),
        }
    }

    /// A whole number, or `None`.
    pub fn optional_integer(&self, name: &str) -> Option<i64> {
        if let Value::Integer(n) = self.get(name).value { Some(n) } else { None }
    }

    /// A number.
    pub fn number(&self, name: &str) -> f64 {
        self.optional_number(name).unwrap_or_else(|| panic!("`{name}` is missing"))
    }

    /// A number, or `None`.
    pub fn optional_number(&self, name: &str) -> Option<f64> {
        match self.get(name).value {
            Value::Number(x) => Some(x),
            Value::None => None,
            ref other => panic!("`{name}` is {other:?}"),
        }
    }

    /// Whether there is a flag of this name, and it is `true`.
    pub fn given_flag(&self, name: &str) -> bool {
        self.0.iter().any(|arg| arg.name == name && matches!(arg.value, Value::Flag(true)))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name).value, Value::Flag(true))
    }

    /// An activation, or `None`.
    pub fn activation(&self, name: &str) -> Option<&Activation> {
        if let Value::Activation(activation) = &self.get(name).value { Some(activation) } else { None }
    }

    /// An initializer.
    pub fn initializer(&self, name: &str) -> Start {
        match self.get(name).value {
            Value::Initializer(start) => start,
            ref other => panic!("`{name}` is {other:?}"),
        }
    }

    /// A regularizer, if there is one: not every layer has one for every weight.
    pub fn regularizer(&self, name: &str) -> Option<Regularizer> {
        let argument = self.0.iter().find(|arg| arg.name == name)?;
        if let Value::Regularizer(regularizer) = argument.value { Some(regularizer) } else { None }
    }

    /// A constraint, if there is one: not every layer has one for every weight.
    pub fn constraint(&self, name: &str) -> Option<&Constraint> {
        let argument = self.0.iter().find(|arg| arg.name == name)?;
        if let Value::Constraint(constraint) = &argument.value { Some(constraint) } else { None }
    }

    /// Bounds, none of which need be there.
    pub fn clipping(&self, name: &str) -> Clipping {
        if let Value::Clipping(clipping) = self.get(name).value { clipping } else { Clipping::default() }
    }

    /// Whole numbers, or `None`.
    pub fn integers(&self, name: &str) -> Option<&[i64]> {
        if let Value::Integers(list) = &self.get(name).value { Some(list) } else { None }
    }

    /// Whole numbers, each in a list of its own, or pairs of them.
    pub fn margins(&self, name: &str) -> &[Vec<i64>] {
        match &self.get(name).value {
            Value::Margins(list) => list,
            other => panic!("`{name}` is {other:?}"),
        }
    }

    /// Numbers, or `None`.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        if let Value::Numbers(list) = &self.get(name).value { Some(list) } else { None }
    }

    /// Sizes, or `None`.
    pub fn extents(&self, name: &str) -> Option<&[Option<Dim>]> {
        if let Value::Extents(list) = &self.get(name).value { Some(list) } else { None }
    }

    /// A string, or `None`.
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Value::Text(text) = &self.get(name).value { Some(text) } else { None }
    }

    /// A closure.
    pub fn closure(&self, name: &str) -> &Closure {
        match &self.get(name).value {
            Value::Closure(closure) => closure,
            other => panic!("`{name}` is {other:?}"),
        }
    }

    /// Layers that are not applied yet, or `None`.
    pub fn layer(&self, name: &str) -> Option<&Expr> {
        if let Value::Layer(expr) = &self.get(name).value { Some(expr) } else { None }
    }

    /// An element type, or `None`.
    pub fn dtype(&self, name: &str) -> Option<DType> {
        if let Value::DType(dtype) = self.get(name).value { Some(dtype) } else { None }
    }
}

/// Matches the arguments `given` to `params` (and `more`, which can only be named), and reports all that is wrong.
pub fn parse(
    b: &mut Builder,
    callee: &str,
    place: Place,
    params: &'static [Param],
    more: &'static [Param],
    given: &[&Arg],
) -> Result<Args, Reported> {
    let mut failed = None;
    let mut found: Vec<(&'static Param, &Arg)> = vec![];
    let mut positional = params.iter();
    for arg in given {
        let param = match &arg.name {
            None => positional.next().ok_or_else(|| too_many(b.diag, callee, params, arg)),
            Some(name) => named(b.diag, callee, params, more, name),
        };
        let param = match param {
            Ok(param) => param,
            Err(reported) => {
                failed = Some(reported);
                continue;
            }
        };
        if let Some(message) = misplaced_activation(callee, params, param, arg) {
            failed = Some(b.diag.report(message));
            continue;
        }
        if let Some((_, first)) = found.iter().find(|(earlier, _)| earlier.name == param.name) {
            let place = arg.name.as_ref().map_or(arg.value.place, Place::of);
            let headline = format!("`{}` of `{callee}` is given twice", param.name);
            failed =
                Some(b.diag.report(Message::new(place, headline).note(format!("it is already `{first}`"))));
        } else {
            found.push((param, arg));
        }
    }
    let mut values = vec![];
    for param in params.iter().chain(further(params, more)) {
        let given = found.iter().find(|(known, _)| known.name == param.name).map(|(_, arg)| &arg.value);
        let value = match (given, param.default) {
            (Some(expr), _) => b.decided(expr).and_then(|expr| value(b, callee, param, &expr)),
            (None, Some(default)) => value(b, callee, param, &default_expr(default)),
            (None, None) => Err(b.diag.report(missing(callee, place, param, params))),
        };
        match value {
            Ok(value) => {
                let place = given.map_or(place, |expr| expr.place);
                values.push(Argument { name: param.name, value, place, given: given.is_some() });
            }
            Err(reported) => failed = Some(reported),
        }
    }
    failed.map_or(Ok(Args(values)), Err)
}

/// What Keras's order of arguments makes easy to forget: `conv2d(32, 3, relu)` has an activation where strides are.
fn misplaced_activation(callee: &str, params: &[Param], param: &Param, arg: &Arg) -> Option<Message> {
    let takes_names = matches!(param.kind, Kind::Activation | Kind::Layer);
    let activation = params.iter().find(|param| param.kind == Kind::Activation)?;
    let name = super::kinds::name_or_text(&arg.value).filter(|_| arg.name.is_none() && !takes_names)?;
    super::find_activation(&name)?;
    let headline = format!("`{}` of `{callee}` must be {}, found `{name}`", param.name, param.kind.text());
    let help = format!("`{name}` is an activation: write `{} = {name}`", activation.name);
    Some(Message::new(arg.value.place, headline).help(help))
}

fn too_many(diag: &Diagnostics, callee: &str, params: &[Param], arg: &Arg) -> Reported {
    let places = params.len();
    let message = match places {
        0 => Message::new(arg.value.place, format!("`{callee}` takes no arguments")),
        1 => Message::new(arg.value.place, format!("`{callee}` takes only one argument")),
        _ => Message::new(arg.value.place, format!("`{callee}` takes at most {places} arguments")),
    };
    diag.report(message.note(format!("its arguments are `{callee}({})`", signature(params))))
}

fn named(
    diag: &Diagnostics,
    callee: &str,
    params: &'static [Param],
    more: &'static [Param],
    name: &Ident,
) -> Result<&'static Param, Reported> {
    let wanted = name.to_string();
    let all = || params.iter().chain(further(params, more));
    if let Some(param) = all().find(|param| param.name == wanted) {
        return Ok(param);
    }
    let names: Vec<&str> =
        all().filter(|param| param.kind != Kind::Unsupported).map(|param| param.name).collect();
    let class = super::find(callee).map_or("", |entry| entry.class);
    let help = match wanted.as_str() {
        "input_length" => Some("the model's input says it: `input([100], dtype = i32) >> ..`".to_string()),
        input if INPUTS.contains(&input) && names.contains(&"input") => {
            Some("did you mean `input`?".to_string())
        }
        _ => omitted::of_calls(class, callee, &wanted)
            .or_else(|| did_you_mean(&wanted, names.iter().copied()))
            .or_else(|| {
                let flag = format!("use_{wanted}");
                names.contains(&flag.as_str()).then(|| format!("did you mean `{flag}`?"))
            }),
    };
    let left_out = omitted::why(class, &wanted).map(|why| format!("Keras's `{wanted}` is left out: {why}"));
    let headline = format!("`{callee}` has no argument `{wanted}`");
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Err(diag.report(match list.is_empty() {
        true => Message::new(name.span(), headline).note(format!("`{callee}` takes no arguments")),
        false => Message::new(name.span(), headline)
            .note_if(left_out.as_deref())
            .note(format!("its arguments are {}", list.join(", ")))
            .help_if(help.filter(|_| left_out.is_none())),
    }))
}

fn missing(callee: &str, place: Place, param: &Param, params: &[Param]) -> Message {
    let example = match param.kind {
        Kind::Size => "64",
        Kind::Integer | Kind::Integers => "1",
        Kind::Number => "1.0",
        Kind::Rate => "0.5",
        Kind::Activation => "relu",
        Kind::Extents => "[28, 28, 1]",
        Kind::Closure => "|x| x * 2.0",
        Kind::Layer => "dense(64)",
        Kind::Choice(words) => words[0],
        _ => "..",
    };
    let named = params.first().is_some_and(|first| first.name != param.name);
    let name = if named { format!("{} = ", param.name) } else { String::new() };
    Message::new(place, format!("`{callee}` needs its argument `{}`", param.name))
        .note(format!("`{}` is {}: {}", param.name, param.kind.text(), lower_first(param.doc)))
        .help(format!("for example `{callee}({name}{example})`"))
}

pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

/// A default as if the user had written it.
fn default_expr(text: &str) -> Expr {
    let tokens: proc_macro2::TokenStream = text.parse().expect("defaults are tokens");
    let diag = Diagnostics::default();
    let file = crate::syntax::parse(tokens, &diag);
    diag.discard();
    match file {
        Some(crate::syntax::ast::File::Expression(expr)) => expr,
        _ => panic!("the default `{text}` is no expression"),
    }
}
