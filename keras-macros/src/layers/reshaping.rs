//! Layers that move elements and compute nothing.

use super::spatial::DATA_FORMAT;
use super::{Entry, Family, Kind, Masks, Operands, Use, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Dim, Id, Shape};

/// Keras: Reshaping layers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "flatten",
        aliases: &[],
        class: "Flatten",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "Makes one axis of all but the batch.",
        shapes: "[batch, a, b, ...] → [batch, a · b · ...]",
        operands: Operands::Exactly(1),
        params: &[DATA_FORMAT],
        weights: &[],
        apply: |b, u| {
            let (size, rank) = (b.shape(u.x()).size(), b.shape(u.x()).rank());
            let x = match u.args.text("data_format") {
                // In the order that it would have with the channels last.
                Some("channels_first") if rank > 1 => b.graph.permute(u.x(), (1..rank).chain([0]).collect()),
                _ => u.x(),
            };
            Ok(b.graph.reshape(x, vec![size]))
        },
    },
    Entry {
        name: "reshape",
        aliases: &[],
        class: "Reshape",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "The same elements in another shape. One size may be -1: it is what the others leave.",
        shapes: "[batch, ...] → [batch, target_shape...]",
        operands: Operands::Exactly(1),
        params: &[required("target_shape", Kind::Extents, "The shape without the batch.")],
        weights: &[],
        apply: reshape,
    },
    Entry {
        name: "permute",
        aliases: &["transpose"],
        class: "Permute",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "The axes in another order. They are counted from 1; the batch stays first.",
        shapes: "[batch, a, b, ...] → [batch, b, a, ...]",
        operands: Operands::Exactly(1),
        params: &[required("dims", Kind::Integers, "`[2, 1]` swaps the first two axes.")],
        weights: &[],
        apply: permute,
    },
    Entry {
        name: "repeat_vector",
        aliases: &[],
        class: "RepeatVector",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "Repeats a vector `n` times.",
        shapes: "[batch, k] → [batch, n, k]",
        operands: Operands::Exactly(1),
        params: &[required("n", Kind::Size, "How often.")],
        weights: &[],
        apply: repeat_vector,
    },
];

fn reshape(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let place = u.args.place("target_shape");
    let shape = b.shape(u.x());
    let target = u.args.extents("target_shape").expect("it is required");
    let free = target.iter().filter(|dim| dim.is_none()).count();
    if free > 1 {
        let message = Message::new(place, format!("`reshape` can find one size by itself, not {free}"))
            .help("leave one -1 and write the other sizes");
        return Err(b.diag.report(message));
    }
    let size = shape.size();
    let fixed = Dim::product(target.iter().flatten());
    let dims =
        |rest: &Dim| target.iter().map(|dim| dim.clone().unwrap_or_else(|| rest.clone())).collect::<Vec<_>>();
    let printed: Vec<String> =
        target.iter().map(|dim| dim.as_ref().map_or("-1".into(), Dim::to_string)).collect();
    let printed = printed.join(", ");
    let input = &u.inputs[0];
    if free == 0 {
        let sentence =
            format!("`reshape` makes [batch, {printed}] of {shape}: the number of elements differs");
        if b.agree(&fixed, &size, place, &sentence) {
            return Ok(b.graph.reshape(u.x(), dims(&size)));
        }
        let headline = format!("`reshape` cannot make [batch, {printed}] of {shape}");
        let message = Message::new(place, headline)
            .against(input.place, format!("this shape has {fixed} elements, the input has {size}"))
            .note(format!("`{}` makes {shape}: {size} elements per sample", input.text))
            .help("write -1 for the size that follows from the others");
        return Err(b.diag.report(message));
    }
    match (size.as_known(), fixed.as_known()) {
        (Some(size), Some(fixed)) if size % fixed == 0 => {
            Ok(b.graph.reshape(u.x(), dims(&Dim::known(size / fixed))))
        }
        (Some(size), Some(fixed)) => {
            let headline = format!("`reshape` cannot make [batch, {printed}] of {shape}");
            let message = Message::new(place, headline)
                .against(input.place, format!("{fixed} does not divide the {size} elements of the input"))
                .note(format!("`{}` makes {shape}: {size} elements per sample", input.text));
            Err(b.diag.report(message))
        }
        _ if target.len() == 1 => Ok(b.graph.reshape(u.x(), vec![size])),
        _ => {
            let sentence =
                format!("`reshape` to [batch, {printed}]: the sizes do not divide those of {shape}");
            let rest = b.quotient(&size, &fixed, place, &sentence);
            Ok(b.graph.reshape(u.x(), dims(&rest)))
        }
    }
}

fn permute(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let dims = u.args.integers("dims").expect("it is required");
    let rank = shape.rank() as i64;
    let mut sorted = dims.to_vec();
    sorted.sort_unstable();
    if sorted != (1..=rank).collect::<Vec<_>>() {
        let all: Vec<String> = (1..=rank).map(|axis| axis.to_string()).collect();
        let message = Message::new(
            u.args.place("dims"),
            format!("`permute` must name each axis of {shape} once, found {dims:?}"),
        )
        .note("axes are counted from 1; the batch stays first and is not named")
        .help(format!("write an order of [{}]", all.join(", ")));
        return Err(b.diag.report(message));
    }
    Ok(b.graph.permute(u.x(), dims.iter().map(|axis| *axis as usize - 1).collect()))
}

fn repeat_vector(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let [k] = &shape.dims[..] else {
        let input = &u.inputs[0];
        let headline = format!("`repeat_vector` takes [batch, features], but its input is {shape}");
        let message = u.misfit(input, headline, format!("this layer is given {shape}"));
        let message = message.note(format!("`{}` makes {shape}", input.text));
        return Err(b.diag.report(message.help("put `flatten()` before it")));
    };
    let row = b.graph.reshape(u.x(), vec![1.into(), k.clone()]);
    let repeated = Shape { batched: shape.batched, dims: vec![u.args.size("n"), k.clone()] };
    Ok(b.graph.broadcast_to(row, &repeated))
}
