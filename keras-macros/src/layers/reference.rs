//! The documentation items of the runtime, generated from the entries: what editors show for a name in a model.

#![cfg(test)]

use std::collections::HashSet;

use super::constraints::CONSTRAINTS;
use super::initializers::INITIALIZERS;
use super::params::{COMMON, Kind, Param, further};
use super::regularizers::REGULARIZERS;
use super::{Entry, FUNCTIONS, LAYERS, activations, omitted, signatures};

const HEAD: &str = "// Generated from the definitions in `keras-macros/src/layers`, and held equal to them by a test there:\n\
                    // `KERAS_UPDATE=1 cargo test -p keras-macros reference` writes it anew.\n\n";

/// One item for every name of every entry.
fn module<'a>(about: &str, entries: impl Iterator<Item = &'a Entry>, common: bool) -> String {
    let items = entries.flat_map(|entry| entry.names().map(move |name| item(entry, name, common)));
    format!("//! {about}\n\n{HEAD}{}", items.collect::<Vec<_>>().join("\n"))
}

fn item(entry: &Entry, name: &str, common: bool) -> String {
    let mut lines = vec![format!("`{}`", entry.signature().replacen(entry.name, name, 1)), String::new()];
    lines.push(entry.doc.to_string());
    lines.extend([String::new(), format!("Shapes: `{}`.", entry.shapes)]);
    let params = entry.params.iter().chain(further(entry.params, if common { COMMON } else { &[] }));
    let params: Vec<_> = params.filter(|param| param.kind != Kind::Unsupported).collect();
    if !params.is_empty() {
        lines.extend([String::new(), "# Arguments".to_string(), String::new()]);
    }
    for param in params {
        let default = param.default.map_or(String::new(), |default| format!(", by default `{default}`"));
        lines.push(format!(
            "- `{}`: {}{default}. {}",
            param.name,
            param.kind.text().replace("[0, 1)", "`[0, 1)`"),
            param.doc
        ));
    }
    if !entry.weights.is_empty() {
        lines.extend([String::new(), "# Weights".to_string(), String::new()]);
        lines.extend(entry.weights.iter().map(|(name, shape)| format!("- `{name}`: `{shape}`")));
    }
    let docs =
        lines.iter().map(|line| if line.is_empty() { "///\n".into() } else { format!("/// {line}\n") });
    format!("{}pub const fn {name}() {{}}\n", docs.collect::<String>())
}

/// A part of the reference page.
fn section<'a>(title: &str, entries: impl Iterator<Item = &'a Entry>) -> String {
    let entries = entries.map(|entry| {
        let aliases = entry.aliases.iter().map(|alias| format!(" (also `{alias}`)")).collect::<String>();
        let weights =
            entry.weights.iter().map(|(name, shape)| format!(" `{name}` {shape}")).collect::<Vec<_>>();
        let weights =
            if weights.is_empty() { String::new() } else { format!(" Weights:{}.", weights.join(",")) };
        format!("- `{}`{aliases}: {} Shapes: {}.{weights}\n", entry.signature(), entry.doc, entry.shapes)
    });
    format!("## {title}\n\n{}\n", entries.collect::<String>())
}

#[test]
fn reference_page_is_up_to_date() {
    let line = |name: &str, params: &[Param], doc: &str| {
        format!("- `{name}({})`: {doc}\n", super::params::signature(params))
    };
    let initializers = INITIALIZERS.iter().map(|entry| line(entry.name, entry.params, entry.doc));
    let regularizers = REGULARIZERS.iter().map(|entry| line(entry.name, entry.params, entry.doc));
    let constraints = CONSTRAINTS.iter().map(|entry| line(entry.name, entry.params, entry.doc));
    let page = format!(
        "# Vocabulary of `keras_model!`\n\nGenerated from `keras-macros/src/layers`; a test there holds it equal.\n\
         Every layer also takes {}.\n\n{}{}{}## Initializers\n\n{}\n\
         ## Regularizers\n\n{}\n## Constraints\n\n{}{}",
        COMMON.iter().map(|param| format!("`{}`", param.name)).collect::<Vec<_>>().join(", "),
        section("Layers", LAYERS.iter().copied().flatten()),
        section("Activations", activations::ACTIVATIONS.iter()),
        section("Functions", FUNCTIONS.iter().copied().flatten()),
        initializers.collect::<String>(),
        regularizers.collect::<String>(),
        constraints.collect::<String>(),
        omitted::page(),
    );
    check("../REFERENCE.md", &page);
}

fn check(file: &str, text: &str) {
    let path = format!("{}/../keras-runtime/src/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("KERAS_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{path} differs from the definitions: run with KERAS_UPDATE=1");
}

#[test]
fn reference_of_layers_is_up_to_date() {
    check(
        "layers.rs",
        &module(
            "The layers of [`keras_model!`](crate::keras_model), for reference.",
            LAYERS.iter().copied().flatten(),
            true,
        ),
    );
}

#[test]
fn reference_of_activations_is_up_to_date() {
    let about = "The activations of [`keras_model!`](crate::keras_model), for reference.";
    check("activations.rs", &module(about, activations::ACTIVATIONS.iter(), false));
}

/// Every layer of Keras, and each of its arguments, is there, or is said to be left out; and nothing that is there is.
#[test]
fn reference_has_what_keras_has() {
    let mut wrong = vec![];
    let mut seen = HashSet::new();
    for (class, arguments) in signatures::keras() {
        let left_out = omitted::CLASSES.iter().any(|(name, _)| *name == class);
        let entry = signatures::entry_of(class);
        if entry.is_some() == left_out {
            wrong.push(format!("{class}: is there: {left_out}"));
        }
        let Some(entry) = entry else { continue };
        for argument in arguments.iter().map(|argument| argument.name) {
            let has = entry
                .params
                .iter()
                .chain(COMMON)
                .any(|param| param.name == argument && param.kind != Kind::Unsupported);
            let here = omitted::why_of_class(class, argument).is_some();
            seen.extend(here.then_some((class, argument)));
            if has == (here || omitted::why(class, argument).is_some() && !has) {
                wrong.push(format!("{class}: `{argument}` is there: {has}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let known = |class: &str| signatures::keras().any(|(name, _)| name == class);
    assert!(omitted::CLASSES.iter().all(|(class, _)| known(class)), "Keras has no such class");
    assert_eq!(seen.len(), omitted::OF_CLASSES.len(), "Keras has no such argument");
}

/// Every function of `keras.ops` is there, or is said to be left out; and nothing that is there is.
#[test]
fn reference_has_the_functions_that_keras_has() {
    let keras = include_str!("../../tests/keras_ops.txt");
    let left_out: Vec<&str> =
        omitted::OPERATIONS.iter().flat_map(|(_, names)| names.split_whitespace()).collect();
    let wrong: Vec<&str> = keras
        .split_whitespace()
        .filter(|name| super::find(name).is_some() == left_out.contains(name))
        .collect();
    assert!(wrong.is_empty(), "neither there nor left out, or both: {wrong:?}");
    let known = |name: &&&str| keras.split_whitespace().any(|other| other == **name);
    assert_eq!(left_out.iter().filter(known).count(), left_out.len(), "Keras has no such function");
}
