//! Embeddings: vectors for whole numbers.

use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional, required, unsupported};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Op, Unary};

const ROWS: Param = required("input_dim", Kind::Size, "How many numbers there are: 0 to `input_dim - 1`.");
const WIDTH: Param = required("output_dim", Kind::Size, "Words of a vector.");
const START: Param =
    optional("embeddings_initializer", Kind::Initializer, "random_uniform", "How the vectors start.");
const PENALTY: Param =
    optional("embeddings_regularizer", Kind::Regularizer, "None", "What the loss has for the vectors.");
const BOUND: Param =
    optional("embeddings_constraint", Kind::Constraint, "None", "What each step makes the vectors be.");
const MASK: Param = optional("mask_zero", Kind::Flag, "false", "Whether steps that are 0 do not count.");

/// Keras: Core layers, Embedding and ReversibleEmbedding.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "embedding",
        aliases: &[],
        class: "Embedding",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "A vector for each of `input_dim` whole numbers, such as the indices of words. With `mask_zero`, 0 is no word: \
              its steps do not count for the layers behind it.",
        shapes: "[batch, ...] → [batch, ..., output_dim]",
        operands: Operands::Exactly(1),
        params: &[ROWS, WIDTH, START, PENALTY, BOUND, MASK],
        weights: &[("embeddings", "[input_dim, output_dim]")],
        apply: |b, u| {
            let table = vectors(b, u)?;
            look_up(b, u, table)
        },
    },
    Entry {
        name: "reversible_embedding",
        aliases: &[],
        class: "ReversibleEmbedding",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "An embedding that also goes the other way, from a vector to a number for each word: \
              `let e = reversible_embedding(1000, 64); e(ids) >> .. >> e(reverse = true)`. Both ways use the same vectors \
              (Press and Wolf, 2016), unless `tie_weights = false`.",
        shapes: "[batch, ...] → [batch, ..., output_dim]; `reverse`: [batch, ..., output_dim] → [batch, ..., input_dim]",
        operands: Operands::Exactly(1),
        params: &[
            ROWS,
            WIDTH,
            optional("tie_weights", Kind::Flag, "true", "Whether the way back uses the same vectors."),
            START,
            PENALTY,
            BOUND,
            MASK,
            unsupported("reverse_dtype"),
            optional(
                "logit_soft_cap",
                Kind::Number,
                "None",
                "Keeps the numbers of the way back within this, by `tanh`.",
            ),
            optional(
                "reverse",
                Kind::Flag,
                "false",
                "Whether this use goes from vectors to numbers of words.",
            ),
        ],
        weights: &[
            ("embeddings", "[input_dim, output_dim]"),
            ("reverse_embeddings", "[output_dim, input_dim], without `tie_weights`"),
        ],
        apply: reversible_embedding,
    },
];

/// The table of an embedding.
fn vectors(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let dims = vec![u.args.size("input_dim"), u.args.size("output_dim")];
    b.weight(u, "embeddings", dims, u.args.initializer("embeddings_initializer"))
}

fn reversible_embedding(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [rows, width]: [Dim; 2] = ["input_dim", "output_dim"].map(|name| u.args.size(name));
    let table = vectors(b, u)?;
    let back = match u.args.flag("tie_weights") {
        true => None,
        false => {
            let start = u.args.initializer("embeddings_initializer");
            Some(b.weight(u, "reverse_embeddings", vec![width.clone(), rows], start)?)
        }
    };
    let cap = u.args.optional_number("logit_soft_cap");
    if let Some(cap) = cap.filter(|cap| *cap <= 0.0) {
        let headline = format!("`logit_soft_cap` of `{}` must be greater than 0, found {cap}", u.entry.name);
        return Err(b.diag.report(Message::new(u.args.place("logit_soft_cap"), headline)));
    }
    if !u.args.flag("reverse") {
        return look_up(b, u, table);
    }
    let shape = b.shape(u.x());
    let name = u.entry.name;
    let words = shape.dims.last().cloned().unwrap_or_else(|| Dim::known(1));
    let sentence = format!("{name} takes vectors of {width} words back, but is given {words}");
    if shape.rank() == 0 || !b.agree(&words, &width, u.place, &sentence) {
        let input = &u.inputs[0];
        let headline = format!("`{name}` takes vectors of {width} words back, but is given {shape}");
        let message = u.misfit(input, headline, format!("this layer is given {shape}"));
        let message = message.note(format!("`{}` makes {shape}", input.text));
        return Err(b.diag.report(message.help(format!("bring it to that size: `>> dense({width})`"))));
    }
    b.set_mask(None);
    let mut logits = match back {
        Some(back) => b.graph.matmul(u.x(), back, false),
        None => b.graph.matmul(u.x(), table, true),
    };
    if let Some(cap) = cap {
        logits = b.graph.binary_const(Binary::Div, logits, cap as f32);
        logits = b.graph.unary(Unary::Tanh, logits);
        logits = b.graph.binary_const(Binary::Mul, logits, cap as f32);
    }
    Ok(logits)
}

/// The vectors of the whole numbers that come in.
fn look_up(b: &mut Builder, u: &Use, table: Id) -> Result<Id, Reported> {
    // Data are looked through for numbers that have no vector before they come in.
    if let Op::Input(i) = b.graph.nodes[u.x().0].op {
        b.graph.inputs[i].below = Some(u.args.size("input_dim"));
    }
    let shape = b.shape(u.x());
    if u.args.flag("mask_zero") {
        if shape.rank() == 0 {
            let headline =
                format!("`mask_zero` of `{}` needs [batch, time], but its input is {shape}", u.entry.name);
            let message = Message::new(u.args.place("mask_zero"), headline)
                .note(format!("`{}` makes {shape}", u.inputs[0].text));
            return Err(b.diag.report(message.help("leave `mask_zero` out")));
        }
        let mask = b.graph.binary_const(Binary::Ne, u.x(), 0.0);
        b.set_mask(Some(mask));
    }
    Ok(b.graph.gather(table, u.x()))
}
