//! Connectionist temporal classification (Graves et al., 2006), as functions.

use super::functions::function;
use super::logic::logaddexp;
use super::preprocessing::one_hot;
use super::reductions::{first_place, outside_of_cells, running_sum};
use super::{Entry, Family, Kind, Operands, Param, Use, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Shape, Unary};

const MASK_INDEX: Param = optional("mask_index", Kind::Integer, "0", "The class that stands for no label.");

/// Both of them.
pub const FUNCTIONS: &[Entry] = &[
    function!(
        "ctc_loss",
        "CTCLoss",
        Operands::Exactly(4),
        "How unlikely a sequence of labels is, in whatever steps they come: of labels, of the classes' scores in each step (without \
         softmax), and of how many labels and how many steps of a sample count; to be given to `add_loss`.",
        "[batch, labels], [batch, steps, classes], [batch], [batch] → [batch]",
        &[MASK_INDEX],
        ctc_loss
    ),
    function!(
        "ctc_decode",
        "CTCDecode",
        Operands::Exactly(2),
        "The labels of the greatest score in each step, without the class for none, and -1 behind them; and the sum of these scores, \
         negative: `let (labels, score) = ctc_decode(x, steps);`. The second operand is how many steps of a sample count. \
         (Beam search sorts, which nothing does within a model.)",
        "[batch, steps, classes], [batch] → [batch, steps] and [batch, 1]",
        &[
            optional("strategy", Kind::Choice(&["greedy"]), "greedy", "The greatest score in each step."),
            optional(
                "merge_repeated",
                Kind::Flag,
                "true",
                "Whether a label that steps have one after another is one label.",
            ),
            MASK_INDEX,
        ],
        ctc_decode
    ),
];

/// What Keras has for the logarithm of 0.
const LOG_EPSILON: f32 = -1e5;

/// An error unless the operands have so many axes.
fn check(b: &Builder, u: &Use, forms: &[&str]) -> Result<(), Reported> {
    let rank = |form: &str| form.split(',').count() - 1;
    let wrong = (0..forms.len()).find(|i| b.shape(u.inputs[*i].id).rank() != rank(forms[*i]));
    let Some(i) = wrong else { return Ok(()) };
    let (name, shape) = (u.entry.name, b.shape(u.inputs[i].id));
    let headline = format!("`{name}` takes {}, but is given {shape} for {}", forms.join(", "), forms[i]);
    Err(b.diag.report(u.misfit_of(b, i, headline)))
}

/// The class that stands for no label.
fn mask_index(b: &Builder, u: &Use, classes: &Dim) -> Result<usize, Reported> {
    let index = u.args.integer("mask_index");
    let below = classes.as_known().is_none_or(|n| index < n as i64);
    usize::try_from(index).ok().filter(|_| below).ok_or_else(|| {
        let headline =
            format!("`mask_index` of `{}` must be one of {classes} classes, found {index}", u.entry.name);
        b.diag.report(Message::new(u.args.place("mask_index"), headline))
    })
}

/// For each of `n` places whether it is among the first `count`.
fn counts(g: &mut Graph, n: &Dim, count: Id) -> Id {
    let places = g.iota(n.clone());
    let count = g.stop_gradient(count);
    let count = g.reshape(count, vec![1.into()]);
    g.binary(Binary::Lt, places, count)
}

/// 1 where a place has what the one before it has, from the second on.
fn repeats(g: &mut Graph, x: Id, n: usize) -> Id {
    let [later, earlier] = [1, 0].map(|start: usize| g.slice(x, 0, start.into(), (n - 1).into()));
    g.binary(Binary::Eq, later, earlier)
}

/// Keras's, after that of Optax: logarithms of probabilities that labels so far have been seen and that the last step had
/// none (`none`), or the last of them (`seen`).
fn ctc_loss(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    check(b, u, &["[batch, labels]", "[batch, steps, classes]", "[batch]", "[batch]"])?;
    outside_of_cells(b, u, "the steps")?;
    let [labels, scores] = [0, 1].map(|i| b.shape(u.inputs[i].id));
    let [steps, classes] = [scores.dims[0].clone(), scores.dims[1].clone()];
    let Some(n) = labels.dims[0].as_known() else {
        let message = Message::new(u.place, format!("`ctc_loss` must know how many labels {labels} has"));
        return Err(b.diag.report(message.help("declare a `const` inside of the macro call")));
    };
    let mask = mask_index(b, u, &classes)?;
    let hits = one_hot(b, u.inputs[0].id, classes);
    let g = &mut b.graph;
    let log = g.log_softmax(u.inputs[1].id, 1);
    let none_log = g.slice(log, 1, mask.into(), 1.into());
    let hits = g.stop_gradient(hits);
    let hits = g.permute(hits, vec![1, 0]);
    let label_log = g.batch_matmul(log, hits);
    // Between two labels that are alike there must be a step without one.
    let alike = if n > 1 {
        let alike = repeats(g, u.inputs[0].id, n);
        let alike = g.stop_gradient(alike);
        g.pad(alike, 0, 0.into(), n.into())
    } else {
        let zero = g.constant(0.0);
        g.broadcast_to(zero, &Shape::fixed([Dim::known(1)]))
    };
    let alike = g.times(alike, LOG_EPSILON);
    let apart = g.unary(Unary::Neg, alike);
    let apart = g.plus(apart, LOG_EPSILON);

    let start = g.iota((n + 1).into());
    let start = g.binary_const(Binary::Gt, start, 0.0);
    let start = g.times(start, LOG_EPSILON);
    let never = g.constant(LOG_EPSILON);
    let [start, never] =
        [(start, n + 1), (never, n)].map(|(x, n)| g.broadcast_to(x, &Shape::batched([Dim::known(n)])));
    let there = counts(g, &steps, u.inputs[3].id);
    let [there, label_log, none_log] = [there, label_log, none_log].map(|x| {
        let own = Shape::batched(g.shape(x).dims.clone());
        g.broadcast_to(x, &own)
    });
    let scan = g.scan(steps, false);
    let (none, seen) = (g.state(scan, start), g.state(scan, never));
    let [there, label_log, none_log] = [there, label_log, none_log].map(|x| g.item(scan, x));
    let there = g.reshape(there, vec![1.into()]);
    let behind = g.add(seen, alike);
    let before = with_seen(g, none, behind, n);
    let earlier = g.slice(before, 0, 0.into(), n.into());
    let first = g.add(earlier, label_log);
    let again = g.add(seen, label_log);
    let next_seen = logaddexp(g, first, again);
    let next_none = g.add(before, none_log);
    let behind = g.add(seen, none_log);
    let behind = g.add(behind, apart);
    let next_none = with_seen(g, next_none, behind, n);
    let [next_none, next_seen] =
        [(next_none, none), (next_seen, seen)].map(|(next, kept)| g.select(there, next, kept));
    g.set_next(none, next_none);
    g.set_next(seen, next_seen);
    let (none, seen) = (g.last(none), g.last(seen));
    let all = with_seen(g, none, seen, n);

    let places = g.iota((n + 1).into());
    let length = g.stop_gradient(u.inputs[2].id);
    let length = g.binary_const(Binary::Minimum, length, n as f32);
    let length = g.reshape(length, vec![1.into()]);
    let own = g.binary(Binary::Eq, places, length);
    let zero = g.constant(0.0);
    let own = g.select(own, all, zero);
    let sum = g.reduce(ReduceKind::Sum, own, vec![0], false);
    Ok(g.unary(Unary::Neg, sum))
}

/// `none` with what comes from the `n` states in which a label was seen.
fn with_seen(g: &mut Graph, none: Id, seen: Id, n: usize) -> Id {
    let first = g.slice(none, 0, 0.into(), 1.into());
    let rest = g.slice(none, 0, 1.into(), n.into());
    let rest = logaddexp(g, rest, seen);
    g.concat(vec![first, rest], 0)
}

fn ctc_decode(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    check(b, u, &["[batch, steps, classes]", "[batch]"])?;
    let shape = b.shape(u.x());
    let Some(n) = shape.dims[0].as_known() else {
        let message = Message::new(u.place, format!("`ctc_decode` must know how many steps {shape} has"));
        return Err(b.diag.report(message.help("declare a `const` inside of the macro call")));
    };
    let steps = Dim::known(n);
    let mask = mask_index(b, u, &shape.dims[1])? as f32;
    let g = &mut b.graph;
    let there = counts(g, &steps, u.inputs[1].id);
    let best = g.reduce(ReduceKind::Max, u.x(), vec![1], false);
    let zero = g.constant(0.0);
    let best = g.select(there, best, zero);
    let score = g.reduce(ReduceKind::Sum, best, vec![0], true);
    let score = g.unary(Unary::Neg, score);

    let x = g.stop_gradient(u.x());
    let class = first_place(g, ReduceKind::Max, x, 1, false);
    let none = g.constant(mask);
    let class = g.select(there, class, none);
    let mut counted = g.binary(Binary::Ne, class, none);
    if u.args.flag("merge_repeated") && n > 1 {
        let again = repeats(g, class, n);
        let again = g.pad(again, 0, 1.into(), steps.clone());
        let first = g.binary_const(Binary::Eq, again, 0.0);
        counted = g.mul(counted, first);
    }
    // Where each of those that count goes: behind those before it.
    let sums = running_sum(g, counted, 0);
    let own = g.iota(steps.clone());
    let own = g.reshape(own, vec![steps.clone(), 1.into()]);
    let [sums, row, class] = [sums, counted, class].map(|x| g.reshape(x, vec![1.into(), steps.clone()]));
    let place = g.plus(sums, -1.0);
    let hit = g.binary(Binary::Eq, place, own);
    let hit = g.mul(hit, row);
    let found = g.select(hit, class, zero);
    let found = g.reduce(ReduceKind::Sum, found, vec![1], false);
    let all = g.reduce(ReduceKind::Sum, counted, vec![0], true);
    let place = g.reshape(own, vec![steps]);
    let within = g.binary(Binary::Lt, place, all);
    let nothing = g.constant(-1.0);
    let labels = g.select(within, found, nothing);
    b.also(score);
    Ok(labels)
}
