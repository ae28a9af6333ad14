//! Loops over cells: Keras's, a user's, or several.

use super::super::{Entry, Family, Kind, Masks, Operands, Use, find, required};
use super::steps::Steps;
use super::{BACKWARDS, RETURN_STATE, SEQUENCES, STATEFUL, UNROLL, ZERO_OUTPUT, initial_states};
use crate::diag::{Message, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Dim, Id};
use crate::syntax::ast::{Arg, Call, Expr, ExprKind};

/// Keras: Recurrent layers, around cells.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "rnn",
        aliases: &[],
        class: "RNN",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "A cell for each step of a sequence: `rnn(lstm_cell(32))`, several, each on the output of the one before it: \
              `rnn([lstm_cell(32), gru_cell(16)])`, or a `cell` of one's own. Initial states are further inputs.",
        shapes: "[batch, time, ...] → what the cell gives, or [batch, time, ...] of it",
        operands: Operands::AtLeast(1),
        params: &[
            required("cell", Kind::Layer, "A cell, or a list of cells."),
            SEQUENCES,
            RETURN_STATE,
            BACKWARDS,
            STATEFUL,
            UNROLL,
            ZERO_OUTPUT,
        ],
        weights: &[],
        apply: rnn,
    },
    Entry {
        name: "stacked_rnn_cells",
        aliases: &[],
        class: "StackedRNNCells",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "One step of several cells, each on the output of the one before it; their states follow the input in order: \
              `let (y, h, c, g) = (x, h, c, g) >> stacked_rnn_cells([lstm_cell(32), gru_cell(16)])`.",
        shapes: "[batch, k], and all states → what the last cell gives, and all states",
        operands: Operands::AtLeast(2),
        params: &[required("cells", Kind::Layer, "A list of cells.")],
        weights: &[],
        apply: stacked,
    },
];

/// Whether a layer is one step of a loop.
pub fn is_cell(name: &str) -> bool {
    matches!(name, "simple_rnn_cell" | "lstm_cell" | "gru_cell" | "stacked_rnn_cells")
}

fn rnn(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let cell = one_cell(u.args.layer("cell").expect("it is required"));
    let wanted = b.states_of_cell("rnn", &cell)?;
    let (shape, input) = (b.shape(u.x()), &u.inputs[0]);
    if shape.rank() < 2 {
        let headline = format!("`rnn` takes [batch, time, ...], but its input is {shape}");
        let message = u.misfit(input, headline, format!("this layer is given {shape}"));
        return Err(b.diag.report(message.note(format!("`{}` makes {shape}", input.text)).help(
            "give each step its features with `reshape(..)`, or put a layer before it that makes sequences",
        )));
    }
    let mut steps = Steps::new(b, u.inputs, u.args, u.place)?;
    initial_states(b, u, &mut steps, &wanted)?;
    let tensor = |id: Id| Tensor { id, mask: None, ..input.clone() };
    let item = tensor(steps.item(b, u.x()));
    let given = [vec![item], steps.states.iter().map(|state| tensor(*state)).collect()].concat();
    let results = b.apply_wrapped(&cell, given)?;
    let (output, next) = results.split_first().expect("a cell has an output");
    let next = next.iter().map(|state| state.id).collect();
    let done = steps.finish(b, u.args, output.id, next)?;
    b.set_mask(done.mask);
    done.states.into_iter().for_each(|state| b.also(state));
    Ok(done.output)
}

/// A list of cells as a call of `stacked_rnn_cells`.
fn one_cell(cell: &Expr) -> Expr {
    let ExprKind::List(_) = cell.kind else { return cell.clone() };
    let name = proc_macro2::Ident::new("stacked_rnn_cells", cell.place.start);
    let args = vec![Arg { name: None, value: cell.clone() }];
    Expr::new(ExprKind::Call(Call { path: vec![name], args }), cell.place)
}

fn stacked(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let cells = list(b, u.args.layer("cells").expect("it is required"))?;
    let mut counts = vec![];
    for cell in &cells {
        counts.push(b.states_of_cell("stacked_rnn_cells", cell)?.len());
    }
    let (total, given) = (counts.iter().sum::<usize>(), &u.inputs[1..]);
    if given.len() != total {
        let headline =
            format!("`stacked_rnn_cells` of these cells has {total} states, but gets {}", given.len());
        let message = Message::new(u.place, headline).help(
            "give it the input and the states of all cells: `(x, h1, c1, h2) >> stacked_rnn_cells([..])`",
        );
        return Err(b.diag.report(message));
    }
    let (mut x, mut left) = (u.inputs[0].clone(), given);
    let mut states = vec![];
    for (cell, count) in cells.iter().zip(counts) {
        let (own, others) = left.split_at(count);
        let results = b.apply_wrapped(cell, [std::slice::from_ref(&x), own].concat())?;
        let (output, next) = results.split_first().expect("a cell has an output");
        states.extend(next.iter().map(|state| state.id));
        (x, left) = (Tensor { mask: None, ..output.clone() }, others);
    }
    states.into_iter().for_each(|state| b.also(state));
    Ok(x.id)
}

fn list<'e>(b: &Builder, cells: &'e Expr) -> Result<Vec<&'e Expr>, Reported> {
    match &cells.kind {
        ExprKind::List(cells) if !cells.is_empty() => Ok(cells.iter().collect()),
        _ => {
            let headline = format!("`stacked_rnn_cells` takes a list of cells, found `{cells}`");
            let message = Message::new(cells.place, headline);
            Err(b.diag.report(message.help("for example `stacked_rnn_cells([lstm_cell(32), gru_cell(16)])`")))
        }
    }
}

/// Shapes of the states of a call of one of Keras's cells, if it is one.
pub fn states_of_call(b: &mut Builder, call: &Call) -> Option<Result<Vec<Vec<Dim>>, Reported>> {
    let name = call.name()?;
    let entry = find(&name.to_string()).filter(|entry| is_cell(entry.name))?;
    let given: Vec<&Arg> = call.args.iter().collect();
    let args = super::super::args::parse(
        b,
        entry.name,
        name.span().into(),
        entry.params,
        super::super::params::COMMON,
        &given,
    );
    Some(args.and_then(|args| match entry.name {
        "stacked_rnn_cells" => {
            let mut all = vec![];
            for cell in list(b, args.layer("cells").expect("it is required"))? {
                all.extend(b.states_of_cell("stacked_rnn_cells", cell)?);
            }
            Ok(all)
        }
        name => Ok(vec![vec![args.size("units")]; if name == "lstm_cell" { 2 } else { 1 }]),
    }))
}
