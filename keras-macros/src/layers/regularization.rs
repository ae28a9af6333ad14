//! Layers that act while training only.

use super::{Entry, Family, Kind, Operands, required, unsupported};

/// Keras: Regularization layers.
pub const LAYERS: &[Entry] = &[Entry {
    name: "dropout",
    aliases: &[],
    class: "Dropout",
    family: Family::Layer,
    doc: "While training, zeroes each element with probability `rate` and divides the others by `1 - rate`.",
    shapes: "any shape, unchanged",
    operands: Operands::Exactly(1),
    params: &[
        required("rate", Kind::Rate, "The fraction of the elements to drop."),
        unsupported("noise_shape"),
        unsupported("seed"),
    ],
    weights: &[],
    apply: |b, u| {
        let rate = u.args.number("rate") as f32;
        Ok(if rate == 0.0 { u.x() } else { b.graph.dropout(u.x(), rate) })
    },
}];
