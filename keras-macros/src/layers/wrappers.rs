//! Layers around layers.

use super::{Entry, Family, Kind, Masks, Operands, Use, find, optional, required, unsupported};
use crate::diag::{Message, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Binary, Id};
use crate::syntax::ast::{Expr, ExprKind};

/// Keras: Recurrent layers, wrappers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "bidirectional",
        aliases: &[],
        class: "Bidirectional",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "A recurrent layer twice, from the first step on and from the last, and what both give put together. \
              Initial states, those of the first before those of the second, are further inputs.",
        shapes: "[batch, time, k] → what the layer gives, with twice the units if `merge_mode = concat`",
        operands: Operands::AtLeast(1),
        params: &[
            required("layer", Kind::Layer, "A recurrent layer."),
            optional(
                "merge_mode",
                Kind::Choice(&["concat", "sum", "mul", "ave", "none"]),
                "concat",
                "How both results become one; `none` gives both.",
            ),
            unsupported("weights"),
            optional("backward_layer", Kind::Layer, "None", "Another layer for the way back."),
        ],
        weights: &[],
        apply: bidirectional,
    },
    Entry {
        name: "time_distributed",
        aliases: &[],
        class: "TimeDistributed",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Layers, with the same weights, for each step of a sequence; a step may itself be a sequence, and the layers \
              recurrent. A mask of the steps goes on to the result; one of the steps within each step goes to the layers.",
        shapes: "[batch, time, ...] → [batch, time, ...what the layers make of a step]",
        operands: Operands::Exactly(1),
        params: &[required("layer", Kind::Layer, "What is applied to a step.")],
        weights: &[],
        apply: time_distributed,
    },
];

/// Layers that treat the last axis, or each element, alike: they need no loop.
const WITHOUT_A_LOOP: &[&str] = &["dense", "activation", "dropout", "relu", "leaky_relu", "elu"];

fn time_distributed(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (shape, input) = (b.shape(u.x()), &u.inputs[0]);
    if shape.rank() < 2 {
        let headline = format!("`time_distributed` takes [batch, time, ...], but its input is {shape}");
        let message = u.misfit(input, headline, format!("this layer is given {shape}"));
        return Err(b.diag.report(message.note(format!("`{}` makes {shape}", input.text)).help(
            "it applies a layer to each step of a sequence: leave it out for an input without steps",
        )));
    }
    let layers = u.args.layer("layer").expect("it is required");
    let entry = match &layers.kind {
        ExprKind::Call(call) => call.name().and_then(|name| find(&name.to_string())),
        _ => None,
    };
    if shape.rank() == 2 && entry.is_some_and(|entry| WITHOUT_A_LOOP.contains(&entry.name)) {
        let plain = Tensor { mask: None, ..input.clone() };
        b.set_mask(input.mask);
        return Ok(one(b, u, layers, |b| b.apply_wrapped(layers, vec![plain]))?.id);
    }
    let result = one(b, u, layers, |b| b.apply_to_steps(u.place, layers, input))?;
    // Which steps count does not change; which steps of a step do, its layers know.
    let of_steps = input.mask.filter(|mask| b.shape(*mask).rank() == 1);
    b.set_mask(of_steps.or(result.mask));
    Ok(result.id)
}

/// The one result of the wrapped layers, which `apply` applies.
fn one(
    b: &mut Builder,
    u: &Use,
    layers: &Expr,
    apply: impl FnOnce(&mut Builder) -> Result<Vec<Tensor>, Reported>,
) -> Result<Tensor, Reported> {
    let mut results = apply(b)?;
    if results.len() > 1 {
        let headline =
            format!("`{}` needs a layer with one result, `{layers}` gives {}", u.entry.name, results.len());
        return Err(b.diag.report(Message::new(layers.place, headline)));
    }
    Ok(results.remove(0))
}

fn bidirectional(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let layer = u.args.layer("layer").expect("it is required");
    let (name, sequences) = check_recurrent(b, layer)?;
    let (back, back_name) = match u.args.layer("backward_layer") {
        None => (layer, format!("backward_{name}")),
        Some(back) => {
            let (back_name, own) = check_recurrent(b, back)?;
            if own != sequences {
                let message = Message::new(
                    back.place,
                    "both layers of `bidirectional` must agree in `return_sequences`",
                )
                .note(format!("the first is `{layer}`"));
                return Err(b.diag.report(message.help("write the same `return_sequences` in both")));
            }
            (back, back_name)
        }
    };
    let named = |text: String| ("name", ExprKind::Str(text));
    // As Keras does: both ways would otherwise repeat different steps.
    let zero = ("zero_output_for_mask", ExprKind::Bool(sequences));
    let forward = b.with_arguments(layer, &[named(format!("forward_{name}")), zero.clone()])?;
    let backwards = ("go_backwards", ExprKind::Bool(true));
    let back_name = named(back_name);
    let backward = b.with_arguments(back, &[back_name, backwards, zero])?;
    let states = &u.inputs[1..];
    if states.len() % 2 == 1 {
        let headline =
            format!("`bidirectional` takes as many states for both ways, but gets {} in all", states.len());
        return Err(b
            .diag
            .report(Message::new(u.place, headline).help("give the states of both layers, or none")));
    }
    let (first, second) = states.split_at(states.len() / 2);
    let inputs = |states: &[Tensor]| [&u.inputs[..1], states].concat();
    let mut forward = b.apply_wrapped(&forward, inputs(first))?.into_iter();
    let mut backward = b.apply_wrapped(&backward, inputs(second))?.into_iter();
    let (Some(x), Some(y)) = (forward.next(), backward.next()) else { unreachable!("layers have a result") };
    b.set_mask(x.mask);
    check_merge(b, u, back, &x, &y)?;
    // In the order of time, as the other one.
    let (x, y) = (x.id, if sequences { b.graph.flip(y.id, 0) } else { y.id });
    let merged = match u.args.text("merge_mode") {
        Some("sum") => b.graph.binary(Binary::Add, x, y),
        Some("mul") => b.graph.binary(Binary::Mul, x, y),
        Some("ave") => {
            let sum = b.graph.binary(Binary::Add, x, y);
            b.graph.binary_const(Binary::Mul, sum, 0.5)
        }
        Some("none") => {
            b.also(y);
            x
        }
        _ => {
            let axis = b.shape(x).rank() - 1;
            b.graph.concat(vec![x, y], axis)
        }
    };
    forward.chain(backward).for_each(|state| b.also(state.id));
    Ok(merged)
}

/// Both ways must fit together as `merge_mode` wants it.
fn check_merge(b: &mut Builder, u: &Use, back: &Expr, x: &Tensor, y: &Tensor) -> Result<(), Reported> {
    let (first, second) = (b.shape(x.id), b.shape(y.id));
    let compared = match u.args.text("merge_mode") {
        Some("none") => return Ok(()),
        Some("concat") => first.rank() - 1,
        _ => first.rank(),
    };
    let sentence = format!("`bidirectional` merges {first} and {second}: their sizes differ");
    let fits = first.rank() == second.rank()
        && (0..compared).all(|i| b.agree(&first.dims[i], &second.dims[i], back.place, &sentence));
    if fits {
        return Ok(());
    }
    let mode = u.args.text("merge_mode").unwrap_or("concat");
    let headline = format!("`bidirectional` cannot merge {first} and {second} by `{mode}`");
    let message = Message::new(back.place, headline)
        .note(format!("`{}` makes {first}", x.text))
        .note(format!("`{}` makes {second}", y.text));
    Err(b.diag.report(
        message.help("give both layers the same sizes, or take `merge_mode = none` and merge them yourself"),
    ))
}

/// The name of a recurrent layer, and whether it gives sequences.
fn check_recurrent(b: &Builder, layer: &Expr) -> Result<(String, bool), Reported> {
    let found = match &layer.kind {
        ExprKind::Call(call) => call.name().map(|name| (name.to_string(), call)),
        _ => None,
    };
    let is_recurrent = |name: &str| {
        find(name).is_some_and(|entry| entry.params.iter().any(|param| param.name == "return_sequences"))
    };
    match found {
        Some((name, call)) if is_recurrent(&name) => {
            let given = |wanted: &str| {
                let arg = call.args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| name == wanted));
                arg.map(|arg| &arg.value)
            };
            if let Some(place) = given("go_backwards").map(|value| value.place) {
                let message = Message::new(place, "`bidirectional` says itself which layer goes backwards");
                return Err(b.diag.report(message.help("leave `go_backwards` out")));
            }
            let sequences =
                given("return_sequences").is_some_and(|value| matches!(value.kind, ExprKind::Bool(true)));
            Ok((name, sequences))
        }
        _ => {
            let message = Message::new(
                layer.head(),
                format!("`bidirectional` takes a recurrent layer, found `{layer}`"),
            );
            Err(b.diag.report(message.help("for example `bidirectional(lstm(64))`")))
        }
    }
}
