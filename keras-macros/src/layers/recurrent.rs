//! Recurrent layers: loops over the first axis of each sample, which is time.
//!
//! Formulas and weights are those of `keras.layers`: the gates lie side by side in one kernel. What the inputs of all
//! steps bring is one product before the loop; a step only multiplies its state.

use super::{Entry, Family, Kind, Operands, Param, Use, optional, required, unsupported};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Init, Shape, Start, Unary};

const UNITS: Param = required("units", Kind::Size, "Size of the state, and of the output.");
const TANH: Param = optional("activation", Kind::Activation, "tanh", "Function of the new content.");
const GATES: Param = optional("recurrent_activation", Kind::Activation, "sigmoid", "Function of the gates.");
const USE_BIAS: Param = optional("use_bias", Kind::Flag, "true", "Whether to add a bias.");
const KERNEL: Param =
    optional("kernel_initializer", Kind::Initializer, "glorot_uniform", "How the kernel starts.");
const RECURRENT: Param =
    optional("recurrent_initializer", Kind::Initializer, "orthogonal", "How the recurrent kernel starts.");
const BIAS: Param = optional("bias_initializer", Kind::Initializer, "zeros", "How the bias starts.");
const DROPOUT: Param =
    optional("dropout", Kind::Rate, "0.0", "The fraction of the inputs to drop, the same in every step.");
const RECURRENT_DROPOUT: Param = optional(
    "recurrent_dropout",
    Kind::Rate,
    "0.0",
    "The fraction of the state to drop, the same in every step.",
);
const SEQUENCES: Param = optional(
    "return_sequences",
    Kind::Flag,
    "false",
    "Whether to give the outputs of all steps, or the last.",
);
const RETURN_STATE: Param = optional(
    "return_state",
    Kind::Flag,
    "false",
    "Whether to give the last state as well: `let (y, h) = ...`.",
);
const BACKWARDS: Param = optional(
    "go_backwards",
    Kind::Flag,
    "false",
    "Whether to go from the last step to the first; outputs come in that order.",
);
const UNROLL: Param =
    optional("unroll", Kind::Flag, "false", "Of no effect: every loop is compiled for its length.");

const KERNEL_REGULARIZER: Param =
    optional("kernel_regularizer", Kind::Regularizer, "None", "What the loss has for the kernel.");
const RECURRENT_REGULARIZER: Param = optional(
    "recurrent_regularizer",
    Kind::Regularizer,
    "None",
    "What the loss has for the recurrent kernel.",
);
const BIAS_REGULARIZER: Param =
    optional("bias_regularizer", Kind::Regularizer, "None", "What the loss has for the bias.");
const ACTIVITY_REGULARIZER: Param =
    optional("activity_regularizer", Kind::Regularizer, "None", "What the loss has for the result.");
const KERNEL_CONSTRAINT: Param =
    optional("kernel_constraint", Kind::Constraint, "None", "What each step makes the kernel be.");
const RECURRENT_CONSTRAINT: Param = optional(
    "recurrent_constraint",
    Kind::Constraint,
    "None",
    "What each step makes the recurrent kernel be.",
);
const BIAS_CONSTRAINT: Param =
    optional("bias_constraint", Kind::Constraint, "None", "What each step makes the bias be.");
const ZERO_OUTPUT: Param = optional(
    "zero_output_for_mask",
    Kind::Flag,
    "false",
    "Whether a step that does not count gives 0, or what the step before it gave.",
);

/// What the use of a user's cell takes.
pub const CELL: &[Param] = &[SEQUENCES, RETURN_STATE, BACKWARDS];

/// Keras: Recurrent layers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "simple_rnn",
        aliases: &[],
        class: "SimpleRNN",
        family: Family::Layer,
        doc: "`h = activation(x · kernel + h · recurrent_kernel + bias)` for each step. \
              Initial states are further inputs: `(x, h) >> simple_rnn(32)`.",
        shapes: "[batch, time, k] → [batch, units], or [batch, time, units]",
        operands: Operands::AtLeast(1),
        params: &[
            UNITS,
            TANH,
            USE_BIAS,
            KERNEL,
            RECURRENT,
            BIAS,
            KERNEL_REGULARIZER,
            RECURRENT_REGULARIZER,
            BIAS_REGULARIZER,
            ACTIVITY_REGULARIZER,
            KERNEL_CONSTRAINT,
            RECURRENT_CONSTRAINT,
            BIAS_CONSTRAINT,
            DROPOUT,
            RECURRENT_DROPOUT,
            SEQUENCES,
            RETURN_STATE,
            BACKWARDS,
            unsupported("stateful"),
            UNROLL,
            ZERO_OUTPUT,
            unsupported("seed"),
        ],
        weights: &[("kernel", "[k, units]"), ("recurrent_kernel", "[units, units]"), ("bias", "[units]")],
        apply: simple_rnn,
    },
    Entry {
        name: "lstm",
        aliases: &[],
        class: "LSTM",
        family: Family::Layer,
        doc: "Long short-term memory (Hochreiter and Schmidhuber, 1997): a cell state behind gates for input, forgetting and \
              output, which lie in this order `i, f, c, o` in the weights. Initial states are further inputs: `(x, h, c) >> lstm(32)`.",
        shapes: "[batch, time, k] → [batch, units], or [batch, time, units]",
        operands: Operands::AtLeast(1),
        params: &[
            UNITS,
            TANH,
            GATES,
            USE_BIAS,
            KERNEL,
            RECURRENT,
            BIAS,
            optional(
                "unit_forget_bias",
                Kind::Flag,
                "true",
                "Whether the bias of the forget gate starts as 1.",
            ),
            KERNEL_REGULARIZER,
            RECURRENT_REGULARIZER,
            BIAS_REGULARIZER,
            ACTIVITY_REGULARIZER,
            KERNEL_CONSTRAINT,
            RECURRENT_CONSTRAINT,
            BIAS_CONSTRAINT,
            DROPOUT,
            RECURRENT_DROPOUT,
            unsupported("seed"),
            SEQUENCES,
            RETURN_STATE,
            BACKWARDS,
            unsupported("stateful"),
            UNROLL,
            ZERO_OUTPUT,
        ],
        weights: &[
            ("kernel", "[k, 4 · units]"),
            ("recurrent_kernel", "[units, 4 · units]"),
            ("bias", "[4 · units]"),
        ],
        apply: lstm,
    },
    Entry {
        name: "gru",
        aliases: &[],
        class: "GRU",
        family: Family::Layer,
        doc: "Gated recurrent unit (Cho et al., 2014): gates for update and reset, which lie in this order `z, r, h` in the \
              weights. `reset_after` resets behind the recurrent product rather than before it. The initial state is a \
              further input: `(x, h) >> gru(32)`.",
        shapes: "[batch, time, k] → [batch, units], or [batch, time, units]",
        operands: Operands::AtLeast(1),
        params: &[
            UNITS,
            TANH,
            GATES,
            USE_BIAS,
            KERNEL,
            RECURRENT,
            BIAS,
            KERNEL_REGULARIZER,
            RECURRENT_REGULARIZER,
            BIAS_REGULARIZER,
            ACTIVITY_REGULARIZER,
            KERNEL_CONSTRAINT,
            RECURRENT_CONSTRAINT,
            BIAS_CONSTRAINT,
            DROPOUT,
            RECURRENT_DROPOUT,
            unsupported("seed"),
            SEQUENCES,
            RETURN_STATE,
            BACKWARDS,
            unsupported("stateful"),
            UNROLL,
            ZERO_OUTPUT,
            optional("reset_after", Kind::Flag, "true", "Whether to reset behind the recurrent product."),
        ],
        weights: &[
            ("kernel", "[k, 3 · units]"),
            ("recurrent_kernel", "[units, 3 · units]"),
            ("bias", "[2, 3 · units], or [3 · units] without reset_after"),
        ],
        apply: gru,
    },
];

/// What the recurrent layers have in common.
struct Recurrence {
    units: Dim,
    /// The kernels of all gates, side by side.
    kernel: Id,
    recurrent: Id,
    bias: Option<Id>,
    /// What drops the inputs and the state, where something is dropped.
    input_mask: Option<Id>,
    state_mask: Option<Id>,
}

impl Recurrence {
    /// Checks the inputs and makes the weights of `gates` gates; `bias` is the bias's shape and start.
    fn new(b: &mut Builder, u: &Use, gates: usize, bias: (Vec<Dim>, Start)) -> Result<Self, Reported> {
        let k = check_sequence(b, u)?;
        let units = u.args.size("units");
        let columns = units.mul(&gates.into());
        let (kernel_init, recurrent_init) =
            (u.args.initializer("kernel_initializer"), u.args.initializer("recurrent_initializer"));
        let kernel = b.weight(u, "kernel", vec![k.clone(), columns.clone()], kernel_init)?;
        let recurrent = b.weight(u, "recurrent_kernel", vec![units.clone(), columns], recurrent_init)?;
        let bias = match u.args.flag("use_bias") {
            true => Some(b.weight(u, "bias", bias.0, bias.1)?),
            false => None,
        };
        let mask = |b: &mut Builder, name: &'static str, size: Dim| {
            let rate = u.args.number(name) as f32;
            (rate > 0.0).then(|| {
                let one = b.graph.constant(1.0);
                let ones = b.graph.broadcast_to(one, &Shape::batched([size]));
                b.graph.dropout(ones, rate)
            })
        };
        let input_mask = mask(b, "dropout", k);
        let state_mask = mask(b, "recurrent_dropout", units.clone());
        Ok(Recurrence { units, kernel, recurrent, bias, input_mask, state_mask })
    }

    /// `x · kernel` for all steps.
    fn project(&self, b: &mut Builder, x: Id) -> Id {
        let x = masked(b, x, self.input_mask);
        b.graph.matmul(x, self.kernel, false)
    }

    /// Part `gate` of `x`, in which as many values as there are units belong to each gate.
    fn gate(&self, b: &mut Builder, x: Id, gate: usize) -> Id {
        let axis = b.graph.shape(x).rank() - 1;
        b.graph.slice(x, axis, self.units.mul(&gate.into()), self.units.clone())
    }
}

/// `x` with what a mask drops, if there is one.
fn masked(b: &mut Builder, x: Id, mask: Option<Id>) -> Id {
    match mask {
        Some(mask) => b.graph.binary(Binary::Mul, x, mask),
        None => x,
    }
}

/// The last axis of `[batch, time, k]`.
fn check_sequence(b: &mut Builder, u: &Use) -> Result<Dim, Reported> {
    let shape = b.shape(u.x());
    if shape.rank() == 2 {
        return Ok(shape.dims[1].clone());
    }
    let (name, input) = (u.entry.name, &u.inputs[0]);
    let headline = format!("`{name}` takes [batch, time, features], but its input is {shape}");
    let message = u.misfit(input, headline, format!("this layer is given {shape}"));
    let help = match shape.rank() {
        1 => format!(
            "give each step its features with `reshape([{}, 1])`, or put a layer before it that makes sequences",
            shape.dims[0]
        ),
        _ => "make one axis of the features of a step: `time_distributed(flatten())`, or `reshape([..])`"
            .to_string(),
    };
    Err(b.diag.report(message.note(format!("`{}` makes {shape}", input.text)).help(help)))
}

/// The states before the first step: further inputs of the layer, or zeros.
fn initial_states(b: &mut Builder, u: &Use, wanted: &[&[Dim]]) -> Result<Vec<Id>, Reported> {
    let given = &u.inputs[1..];
    if !given.is_empty() && given.len() != wanted.len() {
        let name = u.entry.name;
        let headline = format!(
            "`{name}` has {} state{}, but gets {} initial ones",
            wanted.len(),
            if wanted.len() == 1 { "" } else { "s" },
            given.len()
        );
        let states: Vec<&str> = ["h", "c"].into_iter().take(wanted.len()).collect();
        let message = Message::new(u.place, headline)
            .note("the first input is the sequence, the others are the initial states")
            .help(format!("give it all states, or none: `(x, {}) >> {}`", states.join(", "), u.text));
        return Err(b.diag.report(message));
    }
    let mut states = vec![];
    for (i, dims) in wanted.iter().enumerate() {
        let Some(state) = given.get(i) else {
            let zero = b.graph.constant(0.0);
            states.push(b.graph.broadcast_to(zero, &Shape::batched(dims.to_vec())));
            continue;
        };
        let (found, expected) = (b.shape(state.id), Shape::batched(dims.to_vec()));
        let fits = found.rank() == dims.len()
            && found.dims.iter().zip(*dims).all(|(own, wanted)| {
                let sentence = format!("`{}` takes an initial state of {expected}", u.text);
                b.agree(own, wanted, u.place, &sentence)
            });
        if !fits {
            let headline = format!("`{}` takes an initial state of {expected}, but is given {found}", u.text);
            let message = u.misfit(state, headline, format!("the state of this layer is {expected}"));
            let help = format!("make the state fit: `{} >> dense({})`", state.text, Dim::product(*dims));
            return Err(b.diag.report(message.note(format!("`{}` makes {found}", state.text)).help(help)));
        }
        states.push(b.graph.reshape(state.id, dims.to_vec()));
    }
    Ok(states)
}

/// The loop: `step` makes new states, the first of which is the output, from the items of `sequences` and the states.
fn run(
    b: &mut Builder,
    u: &Use,
    sequences: &[Id],
    initial: Vec<Id>,
    mut step: impl FnMut(&mut Builder, &[Id], &[Id]) -> Result<Vec<Id>, Reported>,
) -> Result<Id, Reported> {
    let (backwards, all) = (u.args.flag("go_backwards"), u.args.flag("return_sequences"));
    let length = b.shape(sequences[0]).dims[0].clone();
    let scan = b.graph.scan(length, backwards);
    let states: Vec<Id> = initial.iter().map(|init| b.graph.state(scan, *init)).collect();
    let items: Vec<Id> = sequences.iter().map(|x| b.graph.item(scan, *x)).collect();
    let mut next = step(b, &items, &states)?;
    let mask = u.inputs[0].mask;
    b.set_mask(mask.filter(|_| all));
    let mut shown = None;
    if let Some(mask) = mask {
        let counts = b.graph.item(scan, mask);
        if u.args.flag("zero_output_for_mask") {
            let zero = b.graph.constant(0.0);
            shown = Some(b.graph.select(counts, next[0], zero));
        }
        // A step that does not count leaves the states as they are.
        for (next, state) in next.iter_mut().zip(&states) {
            *next = b.graph.select(counts, *next, *state);
        }
    }
    for (state, next) in states.iter().zip(&next) {
        b.graph.set_next(*state, *next);
    }
    let output = match all {
        true => b.graph.trace(scan, shown.unwrap_or(next[0])),
        false => b.graph.last(states[0]),
    };
    if u.args.flag("return_state") {
        for state in states {
            let last = b.graph.last(state);
            b.also(last);
        }
    }
    Ok(if backwards && all { b.graph.flip(output, 0) } else { output })
}

fn add(b: &mut Builder, x: Id, y: Option<Id>) -> Id {
    match y {
        Some(y) => b.graph.binary(Binary::Add, x, y),
        None => x,
    }
}

fn simple_rnn(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let bias = (vec![u.args.size("units")], u.args.initializer("bias_initializer"));
    let cell = Recurrence::new(b, u, 1, bias)?;
    let initial = initial_states(b, u, &[std::slice::from_ref(&cell.units)])?;
    let x = cell.project(b, u.x());
    let x = add(b, x, cell.bias);
    run(b, u, &[x], initial, |b, items, states| {
        let h = masked(b, states[0], cell.state_mask);
        let recurrent = b.graph.matmul(h, cell.recurrent, false);
        let sum = b.graph.binary(Binary::Add, items[0], recurrent);
        Ok(vec![b.activate(u, "activation", sum)?])
    })
}

fn lstm(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let units = u.args.size("units");
    let start = u.args.initializer("bias_initializer");
    let init = match (u.args.flag("unit_forget_bias"), start.init) {
        (false, init) => init,
        (true, Init::Zeros) => Init::UnitForget { others: 0.0 },
        (true, Init::Ones) => Init::Ones,
        (true, Init::Constant { value }) => Init::UnitForget { others: value },
        (true, _) => {
            let place = u.args.place("bias_initializer");
            let message =
                Message::new(place, "`unit_forget_bias` of `lstm` needs a constant `bias_initializer`")
                    .help("write `unit_forget_bias = false`, or leave `bias_initializer` out");
            return Err(b.diag.report(message));
        }
    };
    let cell = Recurrence::new(b, u, 4, (vec![units.mul(&4.into())], Start { init, ..start }))?;
    let size: &[Dim] = std::slice::from_ref(&units);
    let initial = initial_states(b, u, &[size, size])?;
    let x = cell.project(b, u.x());
    let x = add(b, x, cell.bias);
    run(b, u, &[x], initial, |b, items, states| {
        let h = masked(b, states[0], cell.state_mask);
        let recurrent = b.graph.matmul(h, cell.recurrent, false);
        let z = b.graph.binary(Binary::Add, items[0], recurrent);
        let [i, f, c, o] = [0, 1, 2, 3].map(|gate| cell.gate(b, z, gate));
        let [i, f, o] = [
            b.activate(u, "recurrent_activation", i)?,
            b.activate(u, "recurrent_activation", f)?,
            b.activate(u, "recurrent_activation", o)?,
        ];
        let content = b.activate(u, "activation", c)?;
        let kept = b.graph.binary(Binary::Mul, f, states[1]);
        let added = b.graph.binary(Binary::Mul, i, content);
        let c = b.graph.binary(Binary::Add, kept, added);
        let shown = b.activate(u, "activation", c)?;
        Ok(vec![b.graph.binary(Binary::Mul, o, shown), c])
    })
}

fn gru(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (units, after) = (u.args.size("units"), u.args.flag("reset_after"));
    let three = units.mul(&3.into());
    let bias = if after { vec![2.into(), three.clone()] } else { vec![three.clone()] };
    let cell = Recurrence::new(b, u, 3, (bias, u.args.initializer("bias_initializer")))?;
    let initial = initial_states(b, u, &[std::slice::from_ref(&units)])?;
    let mut biases = [cell.bias, None];
    if let (Some(bias), true) = (cell.bias, after) {
        biases = [0, 1].map(|row| {
            let row = b.graph.slice(bias, 0, row.into(), 1.into());
            Some(b.graph.reshape(row, vec![three.clone()]))
        });
    }
    let x = cell.project(b, u.x());
    let x = add(b, x, biases[0]);
    let two = units.mul(&2.into());
    let kernels = (!after).then(|| {
        let gates = b.graph.slice(cell.recurrent, 1, 0.into(), two.clone());
        (gates, cell.gate(b, cell.recurrent, 2))
    });
    run(b, u, &[x], initial, |b, items, states| {
        let h = masked(b, states[0], cell.state_mask);
        let [xz, xr, xh] = [0, 1, 2].map(|gate| cell.gate(b, items[0], gate));
        let product = b.graph.matmul(h, kernels.map_or(cell.recurrent, |(gates, _)| gates), false);
        let recurrent = add(b, product, biases[1]);
        let [hz, hr] = [0, 1].map(|gate| cell.gate(b, recurrent, gate));
        let z = b.graph.binary(Binary::Add, xz, hz);
        let z = b.activate(u, "recurrent_activation", z)?;
        let r = b.graph.binary(Binary::Add, xr, hr);
        let r = b.activate(u, "recurrent_activation", r)?;
        let hh = match kernels {
            None => {
                let hh = cell.gate(b, recurrent, 2);
                b.graph.binary(Binary::Mul, r, hh)
            }
            Some((_, last)) => {
                let reset = b.graph.binary(Binary::Mul, r, h);
                b.graph.matmul(reset, last, false)
            }
        };
        let sum = b.graph.binary(Binary::Add, xh, hh);
        let content = b.activate(u, "activation", sum)?;
        // z h + (1 - z) content
        let minus = b.graph.unary(Unary::Neg, z);
        let rest = b.graph.binary_const(Binary::Add, minus, 1.0);
        let kept = b.graph.binary(Binary::Mul, z, h);
        let added = b.graph.binary(Binary::Mul, rest, content);
        Ok(vec![b.graph.binary(Binary::Add, kept, added)])
    })
}
