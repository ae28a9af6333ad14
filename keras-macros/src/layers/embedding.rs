//! Embeddings: vectors for whole numbers.

use super::{Entry, Family, Kind, Masks, Operands, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Id, Op};

/// Keras: Core layers, Embedding.
pub const LAYERS: &[Entry] = &[Entry {
    name: "embedding",
    aliases: &[],
    class: "Embedding",
    family: Family::Layer,
    masks: Masks::Refused,
    doc: "A vector for each of `input_dim` whole numbers, such as the indices of words. With `mask_zero`, 0 is no word: \
          its steps do not count for the layers behind it.",
    shapes: "[batch, ...] → [batch, ..., output_dim]",
    operands: Operands::Exactly(1),
    params: &[
        required("input_dim", Kind::Size, "How many numbers there are: 0 to `input_dim - 1`."),
        required("output_dim", Kind::Size, "Words of a vector."),
        optional("embeddings_initializer", Kind::Initializer, "random_uniform", "How the vectors start."),
        optional("embeddings_regularizer", Kind::Regularizer, "None", "What the loss has for the vectors."),
        optional("embeddings_constraint", Kind::Constraint, "None", "What each step makes the vectors be."),
        optional("mask_zero", Kind::Flag, "false", "Whether steps that are 0 do not count."),
    ],
    weights: &[("embeddings", "[input_dim, output_dim]")],
    apply: embedding,
}];

fn embedding(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (rows, width) = (u.args.size("input_dim"), u.args.size("output_dim"));
    // Data are looked through for numbers that have no vector before they come in.
    if let Op::Input(i) = b.graph.nodes[u.x().0].op {
        b.graph.inputs[i].below = Some(rows.clone());
    }
    let shape = b.shape(u.x());
    if u.args.flag("mask_zero") {
        if shape.rank() == 0 {
            let headline =
                format!("`mask_zero` of `embedding` needs [batch, time], but its input is {shape}");
            let message = Message::new(u.args.place("mask_zero"), headline)
                .note(format!("`{}` makes {shape}", u.inputs[0].text));
            return Err(b.diag.report(message.help("leave `mask_zero` out")));
        }
        let mask = b.graph.binary_const(Binary::Ne, u.x(), 0.0);
        b.set_mask(Some(mask));
    }
    let table = b.weight(u, "embeddings", vec![rows, width], u.args.initializer("embeddings_initializer"))?;
    Ok(b.graph.gather(table, u.x()))
}
