//! `input`, `dense`, `activation` and `lambda`.

use super::{
    ACTIVITY_REGULARIZER, Entry, Family, Kind, Masks, Operands, Use, optional, required, unsupported,
};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Id, ReduceKind};

/// Keras: Core layers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "input",
        aliases: &[],
        class: "InputLayer",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "What a sequential model takes in. `dense(64, input = 784)` is short for `input([784]) >> dense(64)`.",
        shapes: "→ [batch, shape...]",
        operands: Operands::Exactly(0),
        params: &[
            required("shape", Kind::Extents, "Shape of one sample."),
            optional("dtype", Kind::DType, "f32", "Type of the elements that the model is given."),
        ],
        weights: &[],
        apply: |b, u| {
            let message = Message::new(u.place, "`input` must be the first layer of a sequential model")
                .help("in a model with named inputs write them in its head: `Name(x: [784]) { .. }`");
            Err(b.diag.report(message))
        },
    },
    Entry {
        name: "dense",
        aliases: &[],
        class: "Dense",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Every output is connected to every input: `activation(x · kernel + bias)`, over the last axis.",
        shapes: "[batch, ..., k] → [batch, ..., units]",
        operands: Operands::Exactly(1),
        params: &[
            required("units", Kind::Size, "Number of outputs."),
            optional("activation", Kind::Activation, "None", "Function of the result."),
            optional("use_bias", Kind::Flag, "true", "Whether to add a bias."),
            optional("kernel_initializer", Kind::Initializer, "glorot_uniform", "How the kernel starts."),
            optional("bias_initializer", Kind::Initializer, "zeros", "How the bias starts."),
            optional("kernel_regularizer", Kind::Regularizer, "None", "What the loss has for the kernel."),
            optional("bias_regularizer", Kind::Regularizer, "None", "What the loss has for the bias."),
            ACTIVITY_REGULARIZER,
            optional("kernel_constraint", Kind::Constraint, "None", "What each step makes the kernel be."),
            optional("bias_constraint", Kind::Constraint, "None", "What each step makes the bias be."),
        ],
        weights: &[("kernel", "[k, units]"), ("bias", "[units]")],
        apply: dense,
    },
    Entry {
        name: "activation",
        aliases: &[],
        class: "Activation",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Applies an activation. `x >> relu` is short for `x >> activation(relu)`.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[required("activation", Kind::Activation, "The function.")],
        weights: &[],
        apply: |b, u| b.activate(u, "activation", u.x()),
    },
    Entry {
        name: "masking",
        aliases: &[],
        class: "Masking",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Says that steps which hold nothing but `mask_value` do not count. They become 0.",
        shapes: "[batch, time, k] → the same",
        operands: Operands::Exactly(1),
        params: &[optional(
            "mask_value",
            Kind::Number,
            "0.0",
            "What a step that does not count is filled with.",
        )],
        weights: &[],
        apply: masking,
    },
    Entry {
        name: "drop_mask",
        aliases: &[],
        class: "DropMask",
        family: Family::Layer,
        masks: Masks::End,
        doc: "Takes the mask of a sequence away: all of its steps count. (Keras does so silently.)",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[],
        weights: &[],
        apply: |_, u| Ok(u.x()),
    },
    Entry {
        name: "lambda",
        aliases: &[],
        class: "Lambda",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "An expression as a layer: `lambda(|x| x * 2.0)`, or `(a, b) >> lambda(|a, b| a - b)`.",
        shapes: "what the expression says",
        operands: Operands::AtLeast(1),
        params: &[
            required("function", Kind::Closure, "The expression."),
            unsupported("output_shape"),
            unsupported("mask"),
            unsupported("arguments"),
        ],
        weights: &[],
        apply: |b, u| b.call_closure(u.args.closure("function"), u.inputs),
    },
    Entry {
        name: "identity",
        aliases: &[],
        class: "Identity",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Its input as it is: a place with a name, or nothing where a layer is asked for.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[],
        weights: &[],
        apply: |_, u| Ok(u.x()),
    },
];

fn masking(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    if shape.rank() < 2 {
        let headline = format!("`masking` takes [batch, time, features], but its input is {shape}");
        let message = u.misfit(&u.inputs[0], headline, format!("this layer is given {shape}"));
        return Err(b.diag.report(message.help("give each step its features: `>> reshape([.., 1]) >>`")));
    }
    let differs = b.graph.binary_const(Binary::Ne, u.x(), u.args.number("mask_value") as f32);
    let counts = b.graph.reduce(ReduceKind::Max, differs, vec![shape.rank() - 1], true);
    let mask = b.graph.reshape(counts, shape.dims[..shape.rank() - 1].to_vec());
    b.set_mask(Some(mask));
    Ok(b.graph.binary(Binary::Mul, u.x(), counts))
}

fn dense(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let input = &u.inputs[0];
    if shape.rank() == 0 || shape.rank() > 2 {
        let headline = match shape.rank() {
            0 => format!("`dense` takes vectors, but its input {shape} has one number per sample"),
            _ => format!("`dense` takes [batch, features], but its input is {shape}"),
        };
        let help = match shape.rank() {
            0 => "give it an axis: `>> reshape([1]) >>`".to_string(),
            _ => format!(
                "put `flatten()` before it: `flatten() >> {}` takes [batch, {}]",
                u.text,
                shape.size()
            ),
        };
        let message = u.misfit(input, headline, format!("this layer is given {shape}"));
        let message = message.note(format!("`{}` makes {shape}", input.text)).help(help);
        let at_each_place = (shape.rank() > 2).then(|| {
            let units = u.args.size("units");
            format!("or, for each place alike: `einsum_dense(\"...x,xy->...y\", {units}, bias_axes = \"y\")`")
        });
        return Err(b.diag.report(message.help_if(at_each_place)));
    }
    let k = shape.dims[shape.rank() - 1].clone();
    let units = u.args.size("units");
    let kernel = b.weight(u, "kernel", vec![k, units.clone()], u.args.initializer("kernel_initializer"))?;
    let mut y = b.graph.matmul(u.x(), kernel, false);
    if u.args.flag("use_bias") {
        let bias = b.weight(u, "bias", vec![units], u.args.initializer("bias_initializer"))?;
        y = b.graph.binary(Binary::Add, y, bias);
    }
    b.activate(u, "activation", y)
}
