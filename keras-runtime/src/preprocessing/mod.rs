//! What makes numbers of text and sequences, before a model sees them (`keras.preprocessing`).

pub mod sequence;
pub mod text;
