//! The vocabulary: layers, activations, initializers and tensor functions, each one [`Entry`] of a table.
//!
//! An entry is all there is to know about its name: arguments with kinds and defaults, documentation, weights, shape
//! rule and lowering. Argument errors, suggestions, summary rows, weight names and the reference are derived from it.

mod activation_layers;
pub mod activations;
pub mod args;
mod arranging;
mod attention;
pub mod audio;
mod augmentation;
pub mod constraints;
mod contraction;
mod convolution;
mod core;
mod ctc;
mod einsum;
mod embedding;
mod examples;
mod functions;
mod images;
mod indexing;
pub mod initializers;
pub mod kinds;
mod logic;
mod merging;
mod normalization;
mod omitted;
mod padding;
pub mod params;
mod pooling;
mod preprocessing;
mod rearranging;
pub mod recurrent;
mod reductions;
mod reference;
mod regularization;
pub mod regularizers;
mod reshaping;
mod resizing;
mod signatures;
mod spatial;
pub mod spectral;
mod vectors;
mod wrappers;

use crate::diag::{Message, Place, Reported, closest};
use crate::graph::{Builder, Tensor};
use crate::ir::{Id, Shape};
use args::Args;
pub use params::{ACTIVITY_REGULARIZER, Kind, Param, SEED, optional, required, unsupported};

/// How many tensors an entry takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    Exactly(usize),
    AtLeast(usize),
}

impl Operands {
    /// Whether `n` tensors are right.
    pub fn admit(self, n: usize) -> bool {
        match self {
            Operands::Exactly(exact) => n == exact,
            Operands::AtLeast(least) => n >= least,
        }
    }

    /// "2 tensors", "at least 2 tensors"
    pub fn text(self) -> String {
        let (prefix, n) = match self {
            Operands::Exactly(n) => ("", n),
            Operands::AtLeast(n) => ("at least ", n),
        };
        format!("{prefix}{n} tensor{}", if n == 1 { "" } else { "s" })
    }
}

/// What becomes of the mask of a layer's input, unless the layer says so itself as it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masks {
    /// The result has the same: each step is treated alike, as by layers of Keras that support masking.
    Through,
    /// The layer has used it, or there are no steps any more.
    End,
    /// The layer would lose it.
    Refused,
}

/// Which part of the vocabulary a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Has a row in `summary()`, and a name.
    Layer,
    Activation,
    Function,
}

/// A layer, an activation or a function.
pub struct Entry {
    /// Keras's name in snake case.
    pub name: &'static str,
    /// Keras's other names for it.
    pub aliases: &'static [&'static str],
    /// Keras's class.
    pub class: &'static str,
    pub family: Family,
    pub masks: Masks,
    /// What it does, in Markdown, for the reference.
    #[cfg_attr(not(test), allow(dead_code))]
    pub doc: &'static str,
    /// Shape rule for the reference, as text: `[batch, ..., k] → [batch, ..., units]`.
    #[cfg_attr(not(test), allow(dead_code))]
    pub shapes: &'static str,
    pub operands: Operands,
    pub params: &'static [Param],
    /// Names and shapes.
    pub weights: &'static [(&'static str, &'static str)],
    /// Checks the shapes and builds the operations.
    pub apply: fn(&mut Builder, &Use) -> Result<Id, Reported>,
}

/// One use of an entry.
pub struct Use<'a> {
    pub entry: &'static Entry,
    /// Where its name is written.
    pub place: Place,
    /// As it is written, shortened.
    pub text: String,
    pub args: &'a Args,
    pub inputs: &'a [Tensor],
}

impl Use<'_> {
    /// The only input.
    pub fn x(&self) -> Id {
        self.inputs[0].id
    }

    /// An error that blames this layer and the one that made `input`.
    pub fn misfit(&self, input: &Tensor, headline: String, label: String) -> Message {
        Message::new(self.place, headline).against(input.place, label)
    }

    /// The same of input `i`, with the shapes of all inputs.
    pub fn misfit_of(&self, b: &Builder, i: usize, headline: String) -> Message {
        let shape = b.shape(self.inputs[i].id);
        let message = self.misfit(&self.inputs[i], headline, format!("this is given {shape}"));
        let all = self.inputs.iter().map(|input| format!("`{}` makes {}", input.text, b.shape(input.id)));
        all.fold(message, Message::note)
    }

    /// The axis named by argument `name`, counted as in Keras (the batch is axis 0), as an index without the batch.
    pub fn axis(&self, b: &Builder, name: &'static str, shape: &Shape) -> Result<usize, Reported> {
        resolve_axis(b, self.args.integer(name), shape, self.args.place(name))
    }
}

/// Keras's axis (the batch is axis 0; negative ones count from the end) as an index into `shape.dims`.
pub fn resolve_axis(b: &Builder, axis: i64, shape: &Shape, place: Place) -> Result<usize, Reported> {
    let batch = i64::from(shape.batched);
    let rank = shape.rank() as i64;
    let index = if axis < 0 { axis + rank } else { axis - batch };
    if (0..rank).contains(&index) {
        return Ok(index as usize);
    }
    let message = if shape.batched && (axis == 0 || axis == -rank - 1) {
        Message::new(place, format!("axis {axis} of {shape} is the batch"))
    } else {
        Message::new(place, format!("there is no axis {axis} in {shape}"))
    };
    let last = rank + batch - 1;
    let known = match rank {
        0 => "this tensor has no axis but the batch".to_string(),
        1 => format!("its only axis is {last}, or -1"),
        _ => format!("its axes are {batch} to {last}, or -{rank} to -1 from the end"),
    };
    Err(b.diag.report(message.help(known)))
}

/// The layers, by family.
pub const LAYERS: &[&[Entry]] = &[
    core::LAYERS,
    einsum::LAYERS,
    activation_layers::LAYERS,
    reshaping::LAYERS,
    merging::LAYERS,
    embedding::LAYERS,
    normalization::LAYERS,
    attention::LAYERS,
    convolution::LAYERS,
    pooling::LAYERS,
    padding::LAYERS,
    recurrent::LAYERS,
    recurrent::WRAPPERS,
    recurrent::CONVOLUTIONAL,
    wrappers::LAYERS,
    spectral::LAYERS,
    preprocessing::LAYERS,
    audio::LAYERS,
    images::LAYERS,
    augmentation::geometry::LAYERS,
    augmentation::tones::LAYERS,
    augmentation::colours::LAYERS,
    augmentation::filters::LAYERS,
    augmentation::warps::LAYERS,
    augmentation::histograms::LAYERS,
    augmentation::mixtures::LAYERS,
    regularization::LAYERS,
];

/// The functions of tensors, by what they do.
pub const FUNCTIONS: &[&[Entry]] = &[
    functions::FUNCTIONS,
    logic::FUNCTIONS,
    reductions::FUNCTIONS,
    arranging::FUNCTIONS,
    rearranging::FUNCTIONS,
    indexing::FUNCTIONS,
    contraction::FUNCTIONS,
    vectors::FUNCTIONS,
    ctc::FUNCTIONS,
];

/// All entries: layers first, so that `maximum` is the layer and not the function.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    LAYERS
        .iter()
        .copied()
        .flatten()
        .chain(activations::ACTIVATIONS)
        .chain(FUNCTIONS.iter().copied().flatten())
}

/// The entry called `name`.
pub fn find(name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.is_called(name))
}

/// The activation called `name`.
pub fn find_activation(name: &str) -> Option<&'static Entry> {
    activations::ACTIVATIONS.iter().find(|entry| entry.is_called(name))
}

/// The layer that `wrong` was probably meant to be.
pub fn nearest_layer(wrong: &str) -> Option<&'static Entry> {
    let layers = || LAYERS.iter().copied().flatten();
    // What begins like it was cut short, behind its first word: `batchnorm`. `Local` is a model's name.
    let short = wrong.to_lowercase().replace('_', "");
    let begins = |name: &&str| {
        name.find('_').is_some_and(|word| short.len() > word) && name.replace('_', "").starts_with(&short)
    };
    let cut = || layers().flat_map(Entry::names).filter(begins).min_by_key(|name| name.len());
    let near = closest(wrong, layers().flat_map(Entry::names)).or_else(cut)?;
    layers().find(|entry| entry.is_called(near))
}

impl Entry {
    /// Its name and aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }

    /// Whether it is made of other layers, which have rows and names of their own.
    pub fn is_wrapper(&self) -> bool {
        self.params.iter().any(|param| param.kind == Kind::Layer)
    }

    /// Its argument `i`, or the one called `name`.
    pub fn param(&self, i: usize, name: Option<&proc_macro2::Ident>) -> Option<&'static Param> {
        match name {
            Some(name) => self.params.iter().find(|param| name == param.name),
            None => self.params.get(i),
        }
    }

    /// The same with another rule for masks.
    pub const fn masks(self, masks: Masks) -> Self {
        Entry { masks, ..self }
    }

    fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// The shortest call: `dense(units)`.
    pub fn call(&self) -> String {
        let required = self.params.iter().filter(|param| param.default.is_none()).map(|param| param.name);
        format!("{}({})", self.name, required.collect::<Vec<_>>().join(", "))
    }

    /// `dense(units, activation = None, ...)`
    #[cfg(test)]
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, params::signature(self.params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_said_once_in_its_family() {
        for family in [Family::Layer, Family::Activation, Family::Function] {
            let mut seen = HashSet::new();
            for entry in entries().filter(|entry| entry.family == family) {
                entry.names().for_each(|name| assert!(seen.insert(name), "`{name}` is there twice"));
            }
        }
    }

    #[test]
    fn every_keras_activation_is_there() {
        let text = include_str!("../../tests/keras_activations.txt");
        for name in text.split_whitespace() {
            assert!(find_activation(name).is_some(), "`{name}` is missing");
        }
    }
}
