//! From expressions to the values of arguments, by kind.

use proc_macro2::Ident;

use super::args::{Activation, Args, Clipping, Value, lower_first, parse};
use super::params::{Kind, Param, has, optional};
use super::{Entry, activations, constraints, find_activation, initializers, omitted, regularizers};
use crate::diag::{Message, Place, Reported, did_you_mean};
use crate::graph::{Builder, Scalar};
use crate::ir::{AxisSet, DType, Dim, Start};
use crate::syntax::ast::{Arg, Call, Expr, ExprKind};

fn is_none(expr: &Expr) -> bool {
    expr.as_name().is_some_and(|name| name == "None")
}

/// `expr` as the kind of argument that `param` is.
pub(super) fn value(b: &mut Builder, callee: &str, param: &Param, expr: &Expr) -> Result<Value, Reported> {
    if let ExprKind::Error(reported) = expr.kind {
        return Err(reported);
    }
    if is_none(expr) && param.default == Some("None") {
        return Ok(Value::None);
    }
    let what = format!("`{}` of `{callee}`", param.name);
    let wrong = |b: &Builder| {
        let message =
            Message::new(expr.place, format!("{what} must be {}, found `{expr}`", param.kind.text()));
        Err(b.diag.report(message))
    };
    let scalar = match param.kind {
        Kind::Size | Kind::Integer | Kind::Number | Kind::Rate if is_text(expr) => return wrong(b),
        Kind::Size | Kind::Integer | Kind::Number | Kind::Rate => Some(b.scalar(expr)?),
        _ => None,
    };
    match (param.kind, scalar) {
        (Kind::Size, Some(scalar)) => match scalar {
            Scalar::Int(n @ 1..) => Ok(Value::Size(Dim::known(n as usize))),
            Scalar::Int(n) => {
                let headline = format!("{what} must be at least 1, found {n}");
                Err(b.diag.report(Message::new(expr.place, headline)))
            }
            Scalar::Symbol(dim) => {
                b.assert_positive(&dim, expr.place, &what);
                Ok(Value::Size(dim))
            }
            Scalar::Float(_) => wrong(b),
        },
        (Kind::Integer, Some(Scalar::Int(n))) => Ok(Value::Integer(n)),
        (Kind::Number, Some(Scalar::Int(n))) => Ok(Value::Number(n as f64)),
        (Kind::Number, Some(Scalar::Float(x))) => Ok(Value::Number(x)),
        (Kind::Rate, Some(scalar @ (Scalar::Int(_) | Scalar::Float(_)))) => {
            let rate = scalar.as_f64().expect("it is a number");
            if (0.0..1.0).contains(&rate) {
                return Ok(Value::Number(rate));
            }
            let message = Message::new(expr.place, format!("{what} must be in [0, 1), found {expr}"))
                .note(lower_first(param.doc));
            let percent = (2.0..100.0).contains(&rate) && rate.fract() == 0.0;
            let help = percent.then(|| format!("for {rate} % write {}", rate / 100.0));
            Err(b.diag.report(message.help_if(help)))
        }
        (_, Some(Scalar::Symbol(_))) => {
            let message = Message::new(expr.place, format!("the value of {what} must be known to the macro"))
                .help(format!(
                    "write the number, or declare `const {expr}: .. = ..;` inside of the macro call"
                ));
            Err(b.diag.report(message))
        }
        (Kind::Flag, _) => match expr.kind {
            ExprKind::Bool(flag) => Ok(Value::Flag(flag)),
            _ => {
                let python = expr.as_name().map(|name| name.to_string().to_lowercase());
                let help = python.filter(|word| word == "true" || word == "false");
                let headline = format!("{what} must be {}, found `{expr}`", param.kind.text());
                let message = Message::new(expr.place, headline);
                Err(b.diag.report(message.help_if(help.map(|word| format!("write `{word}`")))))
            }
        },
        (Kind::Text, _) => match &expr.kind {
            ExprKind::Str(text) => Ok(Value::Text(text.clone())),
            _ => wrong(b),
        },
        (Kind::Closure, _) => match &expr.kind {
            ExprKind::Closure(closure) => Ok(Value::Closure(closure.clone())),
            _ => wrong(b),
        },
        (Kind::Choice(words), _) => match name_or_text(expr) {
            Some(word) if words.contains(&word.as_str()) => Ok(Value::Text(word)),
            // Python's word for it.
            Some(word) if word == "None" && words.contains(&"none") => Ok(Value::Text("none".to_string())),
            Some(word) => {
                let message =
                    Message::new(expr.place, format!("{what} must be {}, found `{word}`", param.kind.text()))
                        .help_if(did_you_mean(&word, words.iter().copied()));
                Err(b.diag.report(message))
            }
            None => wrong(b),
        },
        (Kind::Layer, _) if b.makes_layer(expr) => Ok(Value::Layer(expr.clone())),
        // Of cells.
        (Kind::Layer, _) if list(expr).is_some_and(|parts| parts.iter().all(|part| b.makes_layer(part))) => {
            Ok(Value::Layer(expr.clone()))
        }
        (Kind::DType, _) => match name_or_text(expr).as_deref().and_then(dtype) {
            Some(dtype) => Ok(Value::DType(dtype)),
            None => wrong(b),
        },
        (Kind::Integers, _) => {
            let parts = list(expr).unwrap_or(std::slice::from_ref(expr));
            let numbers = parts.iter().map(|part| match b.scalar(part)? {
                Scalar::Int(n) => Ok(n),
                Scalar::Float(_) if ["max", "min"].contains(&callee) => {
                    let headline = format!("{what} must be {}, found `{expr}`", param.kind.text());
                    let help = format!("of two things it is `{callee}imum(x, {expr})`");
                    Err(b.diag.report(Message::new(expr.place, headline).help(help)))
                }
                _ => wrong(b).map(|_: Value| 0),
            });
            Ok(Value::Integers(numbers.collect::<Result<_, _>>()?))
        }
        (Kind::Numbers, _) => {
            let parts = list(expr).unwrap_or(std::slice::from_ref(expr));
            if parts.iter().any(is_text) {
                return wrong(b);
            }
            let numbers = parts.iter().map(|part| match b.scalar(part)?.as_f64() {
                Some(number) => Ok(number),
                None => {
                    let headline = format!("the value of {what} must be known to the macro");
                    let message = Message::new(part.place, headline);
                    Err(b.diag.report(message.help(format!(
                        "write the number, or declare `const {part}: f32 = ..;` inside of the macro call"
                    ))))
                }
            });
            Ok(Value::Numbers(numbers.collect::<Result<_, _>>()?))
        }
        (Kind::Margins, _) => {
            let whole = |part: &Expr| match b.scalar(part)? {
                Scalar::Int(n) => Ok(n),
                _ => wrong(b).map(|_: Value| 0),
            };
            let parts = list(expr).unwrap_or(std::slice::from_ref(expr));
            let parts = parts.iter().map(|part| {
                let inner = list(part).unwrap_or(std::slice::from_ref(part));
                inner.iter().map(whole).collect::<Result<Vec<i64>, Reported>>()
            });
            Ok(Value::Margins(parts.collect::<Result<_, _>>()?))
        }
        (Kind::Extents, _) => {
            let parts = list(expr).unwrap_or(std::slice::from_ref(expr));
            let mut extents = vec![];
            for part in parts {
                extents.push(extent(b, &what, part, param.name != "input" && param.name != "shape")?);
            }
            Ok(Value::Extents(extents))
        }
        (Kind::Activation, _) => activation(b, &what, expr),
        (Kind::Initializer, _) => initializer(b, &what, expr),
        (Kind::Regularizer, _) => regularizer(b, &what, expr),
        (Kind::Constraint, _) => constraint(b, &what, expr),
        (Kind::Clipping, _) => clipping(b, &what, expr),
        (Kind::Mode, _) => match &expr.kind {
            ExprKind::Str(text) if text == "rows" || text == "columns" => Ok(Value::Text(text.clone())),
            _ => wrong(b),
        },
        (Kind::Unsupported, _) => {
            let class = super::find(callee).map_or("", |entry| entry.class);
            let message = Message::new(expr.place, format!("{what} is left out here"))
                .note_if(omitted::why(class, param.name))
                .help(format!("leave `{}` out", param.name));
            Err(b.diag.report(message))
        }
        _ => wrong(b),
    }
}

fn is_text(expr: &Expr) -> bool {
    let known = expr.as_name().is_some_and(|name| {
        let name = name.to_string();
        name == "None" || find_activation(&name).is_some()
    });
    let number = matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Path(_)
            | ExprKind::Neg(_)
            | ExprKind::Binary(..)
            | ExprKind::Call(_)
    );
    known || !number
}

fn list(expr: &Expr) -> Option<&[Expr]> {
    match &expr.kind {
        ExprKind::List(parts) | ExprKind::Tuple(parts) => Some(parts),
        _ => None,
    }
}

/// A size, or -1 where `free` says that one may be left to the rest.
pub fn extent(b: &mut Builder, what: &str, expr: &Expr, free: bool) -> Result<Option<Dim>, Reported> {
    if let ExprKind::Error(reported) = expr.kind {
        return Err(reported);
    }
    if is_text(expr) || is_none(expr) {
        let none = is_none(expr).then(|| {
            "the batch is not written, and all other sizes are numbers: a model is compiled for them"
                .to_string()
        });
        let message = Message::new(expr.place, format!("{what} must be made of sizes, found `{expr}`"));
        return Err(b.diag.report(message.help_if(none)));
    }
    match b.scalar(expr)? {
        Scalar::Int(n @ 1..) => Ok(Some(Dim::known(n as usize))),
        Scalar::Int(-1) if free => Ok(None),
        Scalar::Symbol(dim) => Ok(Some(dim)),
        Scalar::Int(n) => {
            let message = Message::new(expr.place, format!("a size in {what} must be at least 1, found {n}"));
            Err(b.diag.report(message))
        }
        Scalar::Float(_) => {
            let message =
                Message::new(expr.place, format!("a size in {what} must be a whole number, found `{expr}`"));
            Err(b.diag.report(message))
        }
    }
}

pub(super) fn name_or_text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Str(text) => Some(text.clone()),
        _ => expr.as_name().map(Ident::to_string),
    }
}

/// The element type called `name`, Keras's names included.
pub fn dtype(name: &str) -> Option<DType> {
    Some(match name {
        "f32" | "float32" => DType::F32,
        "u8" | "uint8" => DType::U8,
        "i8" | "int8" => DType::I8,
        "i32" | "int32" => DType::I32,
        "u32" | "uint32" => DType::U32,
        "i64" | "int64" => DType::I64,
        _ => return None,
    })
}

/// A name, or a call of a name: `relu`, `"relu"`, `relu(max_value = 6)`.
fn name_and_args(expr: &Expr) -> Option<(String, Place, &[Arg])> {
    match &expr.kind {
        ExprKind::Call(Call { path, args, .. }) => match &path[..] {
            [name] => Some((name.to_string(), name.span().into(), args)),
            _ => None,
        },
        _ => name_or_text(expr).map(|name| (name, expr.place, &[][..])),
    }
}

fn activation(b: &mut Builder, what: &str, expr: &Expr) -> Result<Value, Reported> {
    let Some((name, place, args)) = name_and_args(expr) else {
        let message =
            Message::new(expr.place, format!("{what} must be {}, found `{expr}`", Kind::Activation.text()));
        return Err(b.diag.report(message));
    };
    let Some(entry) = find_activation(&name) else {
        let names = activations::ACTIVATIONS.iter().flat_map(Entry::names);
        let message = Message::new(place, format!("unknown activation `{name}`")).help_if(
            did_you_mean(&name, names)
                .or_else(|| Some("activations have Keras's names: `relu`, `softmax`, ..".into())),
        );
        return Err(b.diag.report(message));
    };
    if !matches!(expr.kind, ExprKind::Str(_)) {
        b.mention("activations", &name, place.start);
    }
    let args = parse(b, &name, place, entry.params, &[], &args.iter().collect::<Vec<_>>())?;
    Ok(Value::Activation(Activation { entry, args, place }))
}

fn initializer(b: &mut Builder, what: &str, expr: &Expr) -> Result<Value, Reported> {
    let Some((name, place, args)) = name_and_args(expr) else {
        let message =
            Message::new(expr.place, format!("{what} must be {}, found `{expr}`", Kind::Initializer.text()));
        return Err(b.diag.report(message));
    };
    let Some(entry) = initializers::find(&name) else {
        let names = initializers::INITIALIZERS.iter().map(|entry| entry.name);
        let message = Message::new(place, format!("unknown initializer `{name}`")).help_if(
            did_you_mean(&name, names).or_else(|| Some(format!("known are {}", initializers::list()))),
        );
        return Err(b.diag.report(message));
    };
    let args = parse(b, &name, place, entry.params, &[], &args.iter().collect::<Vec<_>>())?;
    let seed = if has(entry.params, "seed") { args.optional_integer("seed") } else { None };
    let fans = fans(b, &name, entry.params, &args)?;
    Ok(Value::Initializer(Start { init: (entry.make)(&args), seed: seed.map(|seed| seed as u64), fans }))
}

/// The axes of inputs and outputs that an initializer is told: of both, or none.
fn fans(b: &Builder, name: &str, params: &[Param], args: &Args) -> Result<Option<[AxisSet; 2]>, Reported> {
    if !has(params, "input_axes") {
        return Ok(None);
    }
    let given = |name: &str| args.integers(name).map(|axes| AxisSet::of(axes.iter().copied()));
    let (one, other) = match (given("input_axes"), given("output_axes")) {
        (Some(inputs), Some(outputs)) => return Ok(Some([inputs, outputs])),
        (None, None) => return Ok(None),
        (Some(_), None) => ("input_axes", "output_axes"),
        (None, Some(_)) => ("output_axes", "input_axes"),
    };
    let message =
        Message::new(args.place(one), format!("`{one}` of `{name}` goes with `{other}`, which is missing"));
    Err(b
        .diag
        .report(message.help(format!("say both, as in `{name}(input_axes = 0, output_axes = [1, 2])`"))))
}

/// What Keras takes as a dictionary of bounds.
const CLIPPING: &[Param] = &[
    optional("rmax", Kind::Number, "None", "The greatest factor."),
    optional("rmin", Kind::Number, "None", "The least factor."),
    optional("dmax", Kind::Number, "None", "The greatest shift, either way."),
];

fn clipping(b: &mut Builder, what: &str, expr: &Expr) -> Result<Value, Reported> {
    let named = name_and_args(expr).filter(|(name, ..)| name == "clipping");
    let Some((name, place, given)) = named else {
        let headline = format!("{what} must be {}, found `{expr}`", Kind::Clipping.text());
        return Err(b.diag.report(Message::new(expr.place, headline)));
    };
    let args = parse(b, &name, place, CLIPPING, &[], &given.iter().collect::<Vec<_>>())?;
    let [rmax, rmin, dmax] = ["rmax", "rmin", "dmax"].map(|name| args.optional_number(name));
    if let (Some(high), Some(low)) = (rmax, rmin)
        && high < low
    {
        let headline = format!("`rmax` must be at least `rmin`, found {high} and {low}");
        return Err(b.diag.report(Message::new(args.place("rmax"), headline)));
    }
    if let Some(shift) = dmax.filter(|shift| *shift < 0.0) {
        let headline = format!("`dmax` must not be negative, found {shift}");
        return Err(b.diag.report(Message::new(args.place("dmax"), headline)));
    }
    Ok(Value::Clipping(Clipping { rmax, rmin, dmax }))
}

fn regularizer(b: &mut Builder, what: &str, expr: &Expr) -> Result<Value, Reported> {
    let names = || regularizers::REGULARIZERS.iter().map(|entry| entry.name);
    let (name, place, given) = named(b, what, Kind::Regularizer, expr)?;
    let Some(entry) = regularizers::find(&name) else {
        return Err(unknown(b, "regularizer", &name, place, names().collect()));
    };
    let args = parse(b, &name, place, entry.params, &[], &given.iter().collect::<Vec<_>>())?;
    for param in entry.params.iter().filter(|param| param.kind == Kind::Number) {
        let factor = args.number(param.name);
        if factor < 0.0 {
            let headline = format!("`{}` of `{name}` must not be negative, found {factor}", param.name);
            let message = Message::new(args.place(param.name), headline);
            return Err(b.diag.report(message.help(format!("write {}", -factor))));
        }
    }
    Ok(Value::Regularizer((entry.make)(&args)))
}

fn constraint(b: &mut Builder, what: &str, expr: &Expr) -> Result<Value, Reported> {
    let names = || constraints::CONSTRAINTS.iter().map(|entry| entry.name);
    let (name, place, given) = named(b, what, Kind::Constraint, expr)?;
    let Some(entry) = constraints::find(&name) else {
        return Err(unknown(b, "constraint", &name, place, names().collect()));
    };
    let args = parse(b, &name, place, entry.params, &[], &given.iter().collect::<Vec<_>>())?;
    Ok(Value::Constraint((entry.make)(&args)))
}

/// `expr` as a name with arguments, where `what` must be of `kind`.
fn named<'e>(
    b: &Builder,
    what: &str,
    kind: Kind,
    expr: &'e Expr,
) -> Result<(String, Place, &'e [Arg]), Reported> {
    name_and_args(expr).ok_or_else(|| {
        let number = matches!(expr.kind, ExprKind::Int(_) | ExprKind::Float(_));
        let example = match kind {
            Kind::Regularizer if number => format!("`l2({expr})`, or `l1({expr})`"),
            Kind::Regularizer => "`l2(0.01)`".to_string(),
            _ if number => format!("`max_norm({expr})`"),
            _ => "`max_norm(2.0)`".to_string(),
        };
        let message = Message::new(expr.place, format!("{what} must be {}, found `{expr}`", kind.text()));
        b.diag.report(message.help(format!("write {example}")))
    })
}

fn unknown(b: &Builder, kind: &str, name: &str, place: Place, names: Vec<&'static str>) -> Reported {
    let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let help = did_you_mean(name, names).unwrap_or_else(|| format!("known are {}", known.join(", ")));
    b.diag.report(Message::new(place, format!("unknown {kind} `{name}`")).help(help))
}
