//! Parameters of an entry: what an argument can be, and what is taken where none is given.

/// What an argument can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number of things, at least 1; Rust constants are welcome.
    Size,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A fraction in `[0, 1)`.
    Rate,
    /// `true` or `false`.
    Flag,
    Activation,
    Initializer,
    Regularizer,
    Constraint,
    /// Bounds of the corrections of batch renormalization: `clipping(rmax = 3.0)`.
    Clipping,
    /// `"rows"` or `"columns"`.
    Mode,
    /// A whole number or a list of them.
    Integers,
    /// A number or a list of them.
    Numbers,
    /// A whole number, a list of them, or a list of pairs of them.
    Margins,
    /// A list of sizes; one may be -1.
    Extents,
    /// A string.
    Text,
    /// `|x| ...`
    Closure,
    /// `f32`, `u8`, `i8`, `u32`, `i32` or `i64`.
    DType,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A layer, or layers: `lstm(64)`.
    Layer,
    /// Known to Keras and left out here: only its default is taken.
    Unsupported,
}

impl Kind {
    /// "a whole number"
    pub fn text(self) -> String {
        let text = match self {
            Kind::Choice(words) => return one_of(words),
            Kind::Layer => "a layer such as `dense(64)`",
            Kind::Size => "a whole number of at least 1, or a constant",
            Kind::Integer => "a whole number",
            Kind::Number => "a number",
            Kind::Rate => "a number in [0, 1)",
            Kind::Flag => "`true` or `false`",
            Kind::Activation => "an activation such as `relu`",
            Kind::Initializer => "an initializer such as `he_normal`",
            Kind::Regularizer => "a regularizer such as `l2(0.01)`",
            Kind::Constraint => "a constraint such as `max_norm(2.0)`",
            Kind::Clipping => "bounds such as `clipping(rmin = 0.3, rmax = 3.0, dmax = 5.0)`",
            Kind::Mode => "`\"rows\"` or `\"columns\"`",
            Kind::Integers => "a whole number or a list of them",
            Kind::Numbers => "a number or a list of them",
            Kind::Margins => "a whole number, a list of them, or a list of pairs of them",
            Kind::Extents => "a list of sizes such as `[28, 28, 1]`",
            Kind::Text => "a string",
            Kind::Closure => "a closure such as `|x| x * 2.0`",
            Kind::DType => "one of `f32`, `u8`, `i8`, `u32`, `i32` and `i64`",
            Kind::Unsupported => "its default",
        };
        text.to_string()
    }
}

/// "one of `a`, `b` and `c`"
pub fn one_of(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match &words[..] {
        [all @ .., last] if !all.is_empty() => format!("one of {} and {last}", all.join(", ")),
        words => words.concat(),
    }
}

/// A parameter of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub kind: Kind,
    /// As it would be written; without one the argument is required.
    pub default: Option<&'static str>,
    pub doc: &'static str,
}

/// A parameter that must be given.
pub const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Param {
    Param { name, kind, default: None, doc }
}

/// A parameter with a default, written as in the language.
pub const fn optional(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Param {
    Param { name, kind, default: Some(default), doc }
}

/// Of a layer that draws random numbers.
pub const SEED: Param = optional(
    "seed",
    Kind::Integer,
    "None",
    "Seed of what is drawn, whatever that of the model; None is the model's.",
);

/// A parameter of Keras that is left out: it keeps its place, so that those behind it have theirs.
pub const fn unsupported(name: &'static str) -> Param {
    Param { name, kind: Kind::Unsupported, default: Some("None"), doc: "Left out." }
}

/// Of every layer; where Keras lists it among those of a layer, it has its place there.
pub const ACTIVITY_REGULARIZER: Param =
    optional("activity_regularizer", Kind::Regularizer, "None", "What the loss has for the result.");

/// Parameters that every layer has, behind its own.
pub const COMMON: &[Param] = &[
    optional(
        "name",
        Kind::Text,
        "None",
        "Name of the layer: its weights are called `name/kernel` and so on.",
    ),
    optional(
        "input",
        Kind::Extents,
        "None",
        "Shape of the model's input without the batch, on its first layer.",
    ),
    optional("trainable", Kind::Flag, "true", "Whether training changes the weights."),
    ACTIVITY_REGULARIZER,
];

/// Those of `more` that are not among `params`.
pub fn further<'p>(params: &'p [Param], more: &'p [Param]) -> impl Iterator<Item = &'p Param> {
    more.iter().filter(|other| !has(params, other.name))
}

/// Whether `params` have one called `name`.
pub fn has(params: &[Param], name: &str) -> bool {
    params.iter().any(|param| param.name == name)
}

/// What other versions of Keras, and other classes, call the shape that a model takes in.
pub const INPUTS: &[&str] =
    &["input_shape", "input_dim", "input_length", "shape", "batch_shape", "batch_input_shape"];

/// Arguments that Keras gives to the call of a layer: named layers take them at each use.
pub const OF_CALLS: &[&str] = &["reverse", "use_causal_mask"];

/// `units, activation = None, ...`
pub fn signature(params: &[Param]) -> String {
    let params =
        params.iter().filter(|param| param.kind != Kind::Unsupported).map(|param| match param.default {
            Some(default) => format!("{} = {default}", param.name),
            None => param.name.to_string(),
        });
    params.collect::<Vec<_>>().join(", ")
}
