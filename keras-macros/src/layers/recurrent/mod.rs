//! Recurrent layers: loops over the first axis of each sample, which is time.
//!
//! Formulas and weights are those of `keras.layers`: the gates lie side by side in one kernel. What the inputs of all
//! steps bring is one product before the loop; a step only multiplies its state.

mod cells;
mod convolutional;
pub mod steps;
mod wrapper;

use super::{
    ACTIVITY_REGULARIZER, Entry, Family, Kind, Masks, Operands, Param, SEED, Use, optional, required,
};
use crate::diag::{Message, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Dim, Id, Shape};
use cells::{Cell, Gru, Lstm, SimpleRnn};
pub use convolutional::LAYERS as CONVOLUTIONAL;
use steps::Steps;
use wrapper::is_cell;
pub use wrapper::{LAYERS as WRAPPERS, states_of_call};

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
const STATEFUL: Param = optional(
    "stateful",
    Kind::Flag,
    "false",
    "Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. \
     `reset_states()` of the model begins anew.",
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

const UNIT_FORGET_BIAS: Param =
    optional("unit_forget_bias", Kind::Flag, "true", "Whether the bias of the forget gate starts as 1.");
const RESET_AFTER: Param =
    optional("reset_after", Kind::Flag, "true", "Whether to reset behind the recurrent product.");

/// What the use of a user's cell takes.
pub const CELL: &[Param] = &[SEQUENCES, RETURN_STATE, BACKWARDS, STATEFUL, ZERO_OUTPUT];

/// The arguments of a layer with a kernel for its input and one for its state, in Keras's order: what is its own goes
/// before and behind the bias, behind the penalties, and to the end.
macro_rules! with_kernels {
    ([$($first:expr),*], [$($gates:expr),*], [$($bias:expr),*], [$($penalty:expr),*], [$($last:expr),*]) => {
        &[
            $($first,)* TANH, $($gates,)* USE_BIAS, KERNEL, RECURRENT, BIAS, $($bias,)* KERNEL_REGULARIZER,
            RECURRENT_REGULARIZER, BIAS_REGULARIZER, $($penalty,)* KERNEL_CONSTRAINT, RECURRENT_CONSTRAINT,
            BIAS_CONSTRAINT, DROPOUT, RECURRENT_DROPOUT, $($last),*
        ]
    };
}
use with_kernels;

const OF_SEQUENCES: &str = "[batch, time, k] → [batch, units], or [batch, time, units]";
const OF_STEPS: &str = "[batch, k], and states of [batch, units] → [batch, units], and as many states";
const SIMPLE_WEIGHTS: &[(&str, &str)] =
    &[("kernel", "[k, units]"), ("recurrent_kernel", "[units, units]"), ("bias", "[units]")];
const LSTM_WEIGHTS: &[(&str, &str)] =
    &[("kernel", "[k, 4 · units]"), ("recurrent_kernel", "[units, 4 · units]"), ("bias", "[4 · units]")];
const GRU_WEIGHTS: &[(&str, &str)] = &[
    ("kernel", "[k, 3 · units]"),
    ("recurrent_kernel", "[units, 3 · units]"),
    ("bias", "[2, 3 · units], or [3 · units] without reset_after"),
];

const fn entry(
    (name, class): (&'static str, &'static str),
    (doc, shapes): (&'static str, &'static str),
    params: &'static [Param],
    weights: &'static [(&'static str, &'static str)],
    apply: fn(&mut Builder, &Use) -> Result<Id, Reported>,
) -> Entry {
    let operands = Operands::AtLeast(1);
    Entry {
        name,
        aliases: &[],
        class,
        family: Family::Layer,
        masks: Masks::Refused,
        doc,
        shapes,
        operands,
        params,
        weights,
        apply,
    }
}

/// Keras: Recurrent layers.
pub const LAYERS: &[Entry] = &[
    entry(
        ("simple_rnn", "SimpleRNN"),
        (
            "`h = activation(x · kernel + h · recurrent_kernel + bias)` for each step. \
             Initial states are further inputs: `(x, h) >> simple_rnn(32)`.",
            OF_SEQUENCES,
        ),
        with_kernels![
            [UNITS],
            [],
            [],
            [ACTIVITY_REGULARIZER],
            [SEQUENCES, RETURN_STATE, BACKWARDS, STATEFUL, UNROLL, SEED, ZERO_OUTPUT]
        ],
        SIMPLE_WEIGHTS,
        layer::<SimpleRnn>,
    ),
    entry(
        ("lstm", "LSTM"),
        (
            "Long short-term memory (Hochreiter and Schmidhuber, 1997): a cell state behind gates for input, forgetting and \
             output, which lie in this order `i, f, c, o` in the weights. Initial states are further inputs: `(x, h, c) >> lstm(32)`.",
            OF_SEQUENCES,
        ),
        with_kernels![
            [UNITS],
            [GATES],
            [UNIT_FORGET_BIAS],
            [ACTIVITY_REGULARIZER],
            [SEED, SEQUENCES, RETURN_STATE, BACKWARDS, STATEFUL, UNROLL, ZERO_OUTPUT]
        ],
        LSTM_WEIGHTS,
        layer::<Lstm>,
    ),
    entry(
        ("gru", "GRU"),
        (
            "Gated recurrent unit (Cho et al., 2014): gates for update and reset, which lie in this order `z, r, h` in the \
             weights. `reset_after` resets behind the recurrent product rather than before it. The initial state is a \
             further input: `(x, h) >> gru(32)`.",
            OF_SEQUENCES,
        ),
        with_kernels![
            [UNITS],
            [GATES],
            [],
            [ACTIVITY_REGULARIZER],
            [SEED, SEQUENCES, RETURN_STATE, BACKWARDS, STATEFUL, UNROLL, RESET_AFTER, ZERO_OUTPUT]
        ],
        GRU_WEIGHTS,
        layer::<Gru>,
    ),
    entry(
        ("simple_rnn_cell", "SimpleRNNCell"),
        (
            "One step of `simple_rnn`: `let (y, h) = (x, h) >> simple_rnn_cell(32)`, in a `cell` of one's own or in `rnn(..)`.",
            OF_STEPS,
        ),
        with_kernels![[UNITS], [], [], [], [SEED]],
        SIMPLE_WEIGHTS,
        one_step::<SimpleRnn>,
    ),
    entry(
        ("lstm_cell", "LSTMCell"),
        (
            "One step of `lstm`: `let (y, h, c) = (x, h, c) >> lstm_cell(32)`, in a `cell` of one's own or in `rnn(..)`.",
            OF_STEPS,
        ),
        with_kernels![[UNITS], [GATES], [UNIT_FORGET_BIAS], [], [SEED]],
        LSTM_WEIGHTS,
        one_step::<Lstm>,
    ),
    entry(
        ("gru_cell", "GRUCell"),
        (
            "One step of `gru`: `let (y, h) = (x, h) >> gru_cell(32)`, in a `cell` of one's own or in `rnn(..)`.",
            OF_STEPS,
        ),
        with_kernels![[UNITS], [GATES], [], [], [RESET_AFTER, SEED]],
        GRU_WEIGHTS,
        one_step::<Gru>,
    ),
];

/// A cell for all steps of a sequence.
fn layer<C: Cell>(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let features = check_sequence(b, u)?;
    let cell = C::new(b, u, features)?;
    let wanted = cell.states();
    let mut steps = Steps::new(b, u.inputs, u.args, u.place)?;
    initial_states(b, u, &mut steps, &wanted)?;
    let x = cell.project(b, u.x());
    let x = steps.item(b, x);
    let next = cell.step(b, u, x, &steps.states)?;
    let done = steps.finish(b, u.args, next[0], next)?;
    b.set_mask(done.mask);
    done.states.into_iter().for_each(|state| b.also(state));
    Ok(done.output)
}

/// A cell for one step: the output, and the new states.
fn one_step<C: Cell>(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (name, shape) = (u.entry.name, b.shape(u.x()));
    let Some((given, [k])) = Some(&u.inputs[1..]).zip(shape.dims.first_chunk()).filter(|_| shape.rank() == 1)
    else {
        let headline = format!("`{name}` takes a step, [batch, features], but its input is {shape}");
        let message = u.misfit(&u.inputs[0], headline, format!("this cell is given {shape}"));
        let message = message.note(format!("`{}` makes {shape}", u.inputs[0].text));
        let help = match shape.rank() {
            2 => format!("over the steps of a sequence: `rnn({})`", u.text),
            _ => "give it the features of one step".to_string(),
        };
        return Err(b.diag.report(message.help(help)));
    };
    let cell = C::new(b, u, k.clone())?;
    let wanted = cell.states();
    if given.len() != wanted.len() {
        let states = &["h", "c"][..wanted.len()].join(", ");
        let headline = format!(
            "`{name}` takes an input and {} state{}, but gets {} tensor{}",
            wanted.len(),
            if wanted.len() == 1 { "" } else { "s" },
            u.inputs.len(),
            if u.inputs.len() == 1 { "" } else { "s" },
        );
        let help = format!(
            "write `let (y, {states}) = (x, {states}) >> {}`, or `rnn({})` for a sequence",
            u.text, u.text
        );
        return Err(b.diag.report(Message::new(u.place, headline).help(help)));
    }
    let mut states = vec![];
    for (state, dims) in given.iter().zip(&wanted) {
        states.push(fit_state(b, u, state, dims)?);
    }
    let x = cell.project(b, u.x());
    let next = cell.step(b, u, x, &states)?;
    b.set_mask(None);
    next.iter().for_each(|state| b.also(*state));
    Ok(next[0])
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

/// Gives `steps` its states: further inputs of the layer, what the batch before left, or zeros.
fn initial_states(b: &mut Builder, u: &Use, steps: &mut Steps, wanted: &[Vec<Dim>]) -> Result<(), Reported> {
    let given = &u.inputs[1..];
    if !given.is_empty() && given.len() != wanted.len() {
        let name = u.entry.name;
        let headline = format!(
            "`{name}` has {} state{}, but gets {} initial ones",
            wanted.len(),
            if wanted.len() == 1 { "" } else { "s" },
            given.len()
        );
        let states: Vec<String> = match wanted.len() {
            1 | 2 => ["h", "c"].into_iter().take(wanted.len()).map(String::from).collect(),
            n => (1..=n).map(|i| format!("s{i}")).collect(),
        };
        let message = Message::new(u.place, headline)
            .note("the first input is the sequence, the others are the initial states")
            .help(format!("give it all states, or none: `(x, {}) >> {}`", states.join(", "), u.text));
        return Err(b.diag.report(message));
    }
    for (i, dims) in wanted.iter().enumerate() {
        let start = match given.get(i) {
            Some(state) => Some(fit_state(b, u, state, dims)?),
            None => None,
        };
        steps.state(b, dims.clone(), start)?;
    }
    Ok(())
}

/// A state that the user gives, in the shape that the cell has.
fn fit_state(b: &mut Builder, u: &Use, state: &Tensor, dims: &[Dim]) -> Result<Id, Reported> {
    let (found, expected) = (b.shape(state.id), Shape::batched(dims.to_vec()));
    let kind = if is_cell(u.entry.name) { "a state" } else { "an initial state" };
    let fits = found.rank() == dims.len()
        && found.dims.iter().zip(dims).all(|(own, wanted)| {
            let sentence = format!("`{}` takes {kind} of {expected}", u.text);
            b.agree(own, wanted, u.place, &sentence)
        });
    if fits {
        return Ok(b.graph.reshape(state.id, dims.to_vec()));
    }
    let headline = format!("`{}` takes {kind} of {expected}, but is given {found}", u.text);
    let message = u.misfit(state, headline, format!("the state of this layer is {expected}"));
    let help = match dims {
        [units] => format!("make the state fit: `{} >> dense({units})`", state.text),
        _ => format!("make the state fit: `{} >> reshape([..])`", state.text),
    };
    Err(b.diag.report(message.note(format!("`{}` makes {found}", state.text)).help(help)))
}
