//! Activations that are layers of their own, with the arguments and defaults of Keras's layers.
//!
//! In a chain `leaky_relu()` is the layer; the bare name `leaky_relu`, and `leaky_relu(x)` of a tensor, are the activation.

use super::{Entry, Family, Kind, Masks, Operands, Param, Use, activations, optional};
use crate::diag::Reported;
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Unary};

/// A layer without weights.
macro_rules! layer {
    ($name:literal, $class:literal, $doc:literal, $params:expr, $apply:expr) => {
        Entry {
            name: $name,
            aliases: &[],
            class: $class,
            family: Family::Layer,
            masks: Masks::Through,
            doc: $doc,
            shapes: "any shape, unchanged",
            operands: Operands::Exactly(1),
            params: $params,
            weights: &[],
            apply: $apply,
        }
    };
}

const AXIS: &[Param] = &[optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0.")];

/// Keras: Activation layers.
pub const LAYERS: &[Entry] = &[
    layer!(
        "relu",
        "ReLU",
        "`x` above `threshold` and up to `max_value`, `negative_slope * (x - threshold)` below it.",
        &[
            optional("max_value", Kind::Number, "None", "Upper bound."),
            optional("negative_slope", Kind::Number, "0.0", "Slope below the threshold."),
            optional("threshold", Kind::Number, "0.0", "Where the activation starts."),
        ],
        |b, u| Ok(activations::relu(&mut b.graph, u))
    ),
    layer!(
        "leaky_relu",
        "LeakyReLU",
        "`x` where it is positive, else `negative_slope * x`. (The activation of this name has the slope 0.2.)",
        &[optional("negative_slope", Kind::Number, "0.3", "Slope of the negative part.")],
        |b, u| Ok(activations::leaky_relu(&mut b.graph, u.x(), u.args.number("negative_slope") as f32))
    ),
    Entry {
        name: "prelu",
        aliases: &[],
        class: "PReLU",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "`x` where it is positive, else `alpha * x` with a slope `alpha` that is learnt for each place, but for \
              `shared_axes` (He et al., 2015).",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("alpha_initializer", Kind::Initializer, "zeros", "How `alpha` starts."),
            optional("alpha_regularizer", Kind::Regularizer, "None", "What the loss has for `alpha`."),
            optional("alpha_constraint", Kind::Constraint, "None", "What each step makes `alpha` be."),
            optional(
                "shared_axes",
                Kind::Integers,
                "None",
                "Axes along which there is one slope, such as `[1, 2]` after a 2-D convolution; the batch is axis 0.",
            ),
        ],
        weights: &[("alpha", "[the input's sizes, 1 for shared axes]")],
        apply: prelu,
    },
    layer!(
        "elu",
        "ELU",
        "`x` where it is positive, else `alpha * (exp(x) - 1)`.",
        &[optional("alpha", Kind::Number, "1.0", "Scale of the negative part.")],
        |b, u| Ok(activations::elu(&mut b.graph, u.x(), u.args.number("alpha") as f32))
    ),
    layer!("softmax", "Softmax", "`exp(x) / sum(exp(x))` along `axis`.", AXIS, |b, u| {
        let axis = u.axis(b, "axis", &b.shape(u.x()))?;
        Ok(b.graph.softmax(u.x(), axis))
    }),
];

fn prelu(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let x = u.x();
    let mut dims = b.shape(x).dims;
    for &axis in u.args.integers("shared_axes").unwrap_or_default() {
        let axis = super::resolve_axis(b, axis, &b.shape(x), u.args.place("shared_axes"))?;
        dims[axis] = Dim::known(1);
    }
    let alpha = b.weight(u, "alpha", dims, u.args.initializer("alpha_initializer"))?;
    let g = &mut b.graph;
    let positive = g.unary(Unary::Relu, x);
    let minus = g.unary(Unary::Neg, x);
    let negative = g.unary(Unary::Relu, minus);
    let negative = g.binary(Binary::Mul, alpha, negative);
    Ok(g.binary(Binary::Sub, positive, negative))
}
