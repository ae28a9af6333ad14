//! Layers that act while training.

use super::{Entry, Family, Kind, Operands, optional, required, unsupported};
use crate::ir::Penalty;

/// Keras: Regularization layers.
pub const LAYERS: &[Entry] = &[
    Entry {
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
    },
    Entry {
        name: "activity_regularization",
        aliases: &[],
        class: "ActivityRegularization",
        family: Family::Layer,
        doc: "Adds `l1 * sum(abs(x)) + l2 * sum(square(x))` of each sample to its loss, and passes `x` on.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("l1", Kind::Number, "0.0", "Factor of the magnitudes."),
            optional("l2", Kind::Number, "0.0", "Factor of the squares."),
        ],
        weights: &[],
        apply: |b, u| {
            let [l1, l2] = ["l1", "l2"].map(|name| u.args.number(name) as f32);
            b.penalise(u.x(), Penalty { l1, l2 });
            Ok(u.x())
        },
    },
];
