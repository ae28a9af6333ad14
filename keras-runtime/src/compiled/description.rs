//! A model in Keras's words.

/// What Keras in Python would say of a model: of use for its files alone, so a function gives it, and programs that write none
/// do not have it in them.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// The model as Keras's `config.json` has it, in pieces.
    pub config: &'static [Piece],
    /// What Keras has no layer for, if there is such a thing.
    pub problem: Option<&'static str>,
    /// Names of the layers in Keras's order, as far as that is known.
    pub order: &'static [&'static str],
    /// Models within the model, and what Keras calls their classes in files.
    pub models: &'static [(&'static str, &'static str)],
}

/// A piece of text.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// As it is.
    Text(&'static str),
    /// A constant of Rust.
    Size(usize),
    /// One that may be of any type.
    Number(f32),
}

impl Description {
    /// Of a model of which nothing is known.
    pub const NONE: Description =
        Description { config: &[], problem: Some("nothing is known of its layers"), order: &[], models: &[] };
}
