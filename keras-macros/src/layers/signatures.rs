//! Keras's signatures, to which every layer is held: the order of its arguments, and their defaults.

#![cfg(test)]

use super::params::{COMMON, Kind, Param, has};
use super::{Entry, LAYERS, omitted};

/// An argument of a layer of Keras, and its default in Python's words.
pub struct Argument {
    pub name: &'static str,
    default: Option<&'static str>,
}

/// Every layer of Keras, with its arguments in order.
pub fn keras() -> impl Iterator<Item = (&'static str, Vec<Argument>)> {
    include_str!("../../tests/keras_layers.txt").lines().map(|line| {
        let mut words = line.split_whitespace();
        let class = words.next().expect("every line has a class");
        let argument = |word: &'static str| match word.split_once('=') {
            Some((name, default)) => Argument { name, default: Some(default) },
            None => Argument { name: word, default: None },
        };
        (class, words.map(argument).collect())
    })
}

/// The layer of a class of Keras.
pub fn entry_of(class: &str) -> Option<&'static Entry> {
    LAYERS.iter().copied().flatten().find(|entry| entry.class == class)
}

/// A default of either language in one form: what is the same for every axis is said once.
fn normal(default: &str) -> String {
    let text = default.trim_matches(['\'', '"']).to_lowercase();
    if let Ok(number) = text.parse::<f64>() {
        return number.to_string();
    }
    let Some(inner) = text.strip_prefix(['(', '[']).and_then(|text| text.strip_suffix([')', ']'])) else {
        // Keras's other name.
        return if text == "uniform" { "random_uniform".to_string() } else { text };
    };
    let mut depth = 0;
    let parts = inner.split(|c| {
        depth += i32::from(c == '(' || c == '[') - i32::from(c == ')' || c == ']');
        c == ',' && depth == 0
    });
    let mut parts: Vec<String> = parts.map(|part| normal(part.trim())).collect();
    if parts.iter().all(|part| *part == parts[0]) {
        parts.remove(0)
    } else {
        format!("[{}]", parts.join(","))
    }
}

/// `None` is Keras's setting for all layers, which is `channels_last` unless a program changes it.
fn keras_default(argument: &Argument) -> Option<String> {
    let format = argument.name == "data_format" && argument.default == Some("None");
    if format { Some("channels_last".to_string()) } else { argument.default.map(normal) }
}

#[test]
fn defaults_are_those_of_keras() {
    let mut wrong = vec![];
    for (class, arguments) in keras() {
        let Some(entry) = entry_of(class) else { continue };
        for argument in &arguments {
            let own = |param: &&Param| param.name == argument.name && param.kind != Kind::Unsupported;
            let Some(param) = entry.params.iter().find(own) else { continue };
            let (ours, theirs) = (param.default.map(normal), keras_default(argument));
            let differs =
                omitted::DEFAULTS.iter().any(|(of, name, _)| (*of, *name) == (class, argument.name));
            if (ours != theirs) != differs {
                wrong.push(format!("`{}` of `{class}` is {ours:?} instead of {theirs:?}", argument.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is given without a name is what it is in Keras: the arguments of both are in one order, up to where all that follows
/// can only be named here.
#[test]
fn arguments_have_the_order_of_keras() {
    let mut wrong = vec![];
    for (class, arguments) in keras() {
        let Some(entry) = entry_of(class) else { continue };
        let own = |name: &&str| has(entry.params, name) || !has(COMMON, name);
        let theirs: Vec<&str> = arguments.iter().map(|argument| argument.name).filter(own).collect();
        let ours: Vec<&str> = entry.params.iter().map(|param| param.name).collect();
        let left_out = |name: &&str| omitted::why(class, name).is_some();
        let last = theirs.iter().rposition(|name| !left_out(name)).map_or(0, |last| last + 1);
        if ours.get(..last) != Some(&theirs[..last]) {
            wrong.push(format!("{class}: {ours:?} instead of {:?}", &theirs[..last]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
