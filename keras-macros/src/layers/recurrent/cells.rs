//! The steps of Keras's recurrent layers.

use super::super::Use;
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Init, Shape, Start, Unary};

/// A step of a recurrent layer, and its weights.
pub trait Cell: Sized {
    /// Makes the weights for steps of `k` features.
    fn new(b: &mut Builder, u: &Use, k: Dim) -> Result<Self, Reported>;

    /// Shapes of the states, the first of which is the output.
    fn states(&self) -> Vec<Vec<Dim>>;

    /// What the input brings: of one step, or of all at once.
    fn project(&self, b: &mut Builder, x: Id) -> Id;

    /// The new states, from what [`Cell::project`] makes of a step and the states before it.
    fn step(&self, b: &mut Builder, u: &Use, x: Id, states: &[Id]) -> Result<Vec<Id>, Reported>;
}

/// What the cells have in common.
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
    /// Makes the weights of `gates` gates; `bias` is the bias's shape and start.
    fn new(
        b: &mut Builder,
        u: &Use,
        k: Dim,
        gates: usize,
        bias: (Vec<Dim>, Start),
    ) -> Result<Self, Reported> {
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
        let input_mask = dropped(b, u, "dropout", &[k]);
        let state_mask = dropped(b, u, "recurrent_dropout", std::slice::from_ref(&units));
        Ok(Recurrence { units, kernel, recurrent, bias, input_mask, state_mask })
    }

    /// `x · kernel + bias`.
    fn project(&self, b: &mut Builder, x: Id, bias: Option<Id>) -> Id {
        let x = masked(b, x, self.input_mask);
        let product = b.graph.matmul(x, self.kernel, false);
        add(b, product, bias)
    }

    /// Part `gate` of `x`, in which as many values as there are units belong to each gate.
    fn gate(&self, b: &mut Builder, x: Id, gate: usize) -> Id {
        part(b, x, gate, &self.units)
    }
}

/// Part `gate` of the last axis of `x`, in parts of `size`.
pub fn part(b: &mut Builder, x: Id, gate: usize, size: &Dim) -> Id {
    let axis = b.graph.shape(x).rank() - 1;
    b.graph.slice(x, axis, size.mul(&gate.into()), size.clone())
}

/// What drops a value of shape `dims` by the rate of argument `name`, the same in all steps, if it drops anything.
pub fn dropped(b: &mut Builder, u: &Use, name: &'static str, dims: &[Dim]) -> Option<Id> {
    let rate = u.args.number(name) as f32;
    (rate > 0.0).then(|| {
        let one = b.graph.constant(1.0);
        let ones = b.graph.broadcast_to(one, &Shape::batched(dims.to_vec()));
        b.graph.dropout(ones, rate)
    })
}

/// `x` with what a mask drops, if there is one.
pub fn masked(b: &mut Builder, x: Id, mask: Option<Id>) -> Id {
    match mask {
        Some(mask) => b.graph.binary(Binary::Mul, x, mask),
        None => x,
    }
}

fn add(b: &mut Builder, x: Id, y: Option<Id>) -> Id {
    match y {
        Some(y) => b.graph.binary(Binary::Add, x, y),
        None => x,
    }
}

/// How the bias of an LSTM starts: that of the forget gate as 1, where `unit_forget_bias` says so.
pub fn forget_start(b: &Builder, u: &Use) -> Result<Start, Reported> {
    let start = u.args.initializer("bias_initializer");
    let init = match (u.args.flag("unit_forget_bias"), start.init) {
        (false, init) => init,
        (true, Init::Zeros) => Init::UnitForget { others: 0.0 },
        (true, Init::Ones) => Init::Ones,
        (true, Init::Constant { value }) => Init::UnitForget { others: value },
        (true, _) => {
            let place = u.args.place("bias_initializer");
            let headline =
                format!("`unit_forget_bias` of `{}` needs a constant `bias_initializer`", u.entry.name);
            let message = Message::new(place, headline)
                .help("write `unit_forget_bias = false`, or leave `bias_initializer` out");
            return Err(b.diag.report(message));
        }
    };
    Ok(Start { init, ..start })
}

/// The new output and cell state of an LSTM, from its gates `i, f, c, o` before their functions.
pub fn remember(b: &mut Builder, u: &Use, gates: [Id; 4], c: Id) -> Result<Vec<Id>, Reported> {
    let [i, f, content, o] = gates;
    let [i, f, o] = [
        b.activate(u, "recurrent_activation", i)?,
        b.activate(u, "recurrent_activation", f)?,
        b.activate(u, "recurrent_activation", o)?,
    ];
    let content = b.activate(u, "activation", content)?;
    let kept = b.graph.binary(Binary::Mul, f, c);
    let added = b.graph.binary(Binary::Mul, i, content);
    let c = b.graph.binary(Binary::Add, kept, added);
    let shown = b.activate(u, "activation", c)?;
    Ok(vec![b.graph.binary(Binary::Mul, o, shown), c])
}

/// `keras.layers.SimpleRNNCell`.
pub struct SimpleRnn(Recurrence);

impl Cell for SimpleRnn {
    fn new(b: &mut Builder, u: &Use, k: Dim) -> Result<Self, Reported> {
        let bias = (vec![u.args.size("units")], u.args.initializer("bias_initializer"));
        Ok(SimpleRnn(Recurrence::new(b, u, k, 1, bias)?))
    }

    fn states(&self) -> Vec<Vec<Dim>> {
        vec![vec![self.0.units.clone()]]
    }

    fn project(&self, b: &mut Builder, x: Id) -> Id {
        self.0.project(b, x, self.0.bias)
    }

    fn step(&self, b: &mut Builder, u: &Use, x: Id, states: &[Id]) -> Result<Vec<Id>, Reported> {
        let h = masked(b, states[0], self.0.state_mask);
        let recurrent = b.graph.matmul(h, self.0.recurrent, false);
        let sum = b.graph.binary(Binary::Add, x, recurrent);
        Ok(vec![b.activate(u, "activation", sum)?])
    }
}

/// `keras.layers.LSTMCell`.
pub struct Lstm(Recurrence);

impl Cell for Lstm {
    fn new(b: &mut Builder, u: &Use, k: Dim) -> Result<Self, Reported> {
        let bias = (vec![u.args.size("units").mul(&4.into())], forget_start(b, u)?);
        Ok(Lstm(Recurrence::new(b, u, k, 4, bias)?))
    }

    fn states(&self) -> Vec<Vec<Dim>> {
        vec![vec![self.0.units.clone()]; 2]
    }

    fn project(&self, b: &mut Builder, x: Id) -> Id {
        self.0.project(b, x, self.0.bias)
    }

    fn step(&self, b: &mut Builder, u: &Use, x: Id, states: &[Id]) -> Result<Vec<Id>, Reported> {
        let h = masked(b, states[0], self.0.state_mask);
        let recurrent = b.graph.matmul(h, self.0.recurrent, false);
        let z = b.graph.binary(Binary::Add, x, recurrent);
        let gates = [0, 1, 2, 3].map(|gate| self.0.gate(b, z, gate));
        remember(b, u, gates, states[1])
    }
}

/// `keras.layers.GRUCell`.
pub struct Gru {
    of: Recurrence,
    /// Of the input's product, and of the state's.
    biases: [Option<Id>; 2],
    /// The recurrent kernel of the gates, and that of the content, where the state is reset before its product.
    kernels: Option<(Id, Id)>,
}

impl Cell for Gru {
    fn new(b: &mut Builder, u: &Use, k: Dim) -> Result<Self, Reported> {
        let (units, after) = (u.args.size("units"), u.args.flag("reset_after"));
        let three = units.mul(&3.into());
        let bias = if after { vec![2.into(), three.clone()] } else { vec![three.clone()] };
        let of = Recurrence::new(b, u, k, 3, (bias, u.args.initializer("bias_initializer")))?;
        let mut biases = [of.bias, None];
        if let (Some(bias), true) = (of.bias, after) {
            biases = [0, 1].map(|row| {
                let row = b.graph.slice(bias, 0, row.into(), 1.into());
                Some(b.graph.reshape(row, vec![three.clone()]))
            });
        }
        let kernels = (!after).then(|| {
            let gates = b.graph.slice(of.recurrent, 1, 0.into(), units.mul(&2.into()));
            (gates, of.gate(b, of.recurrent, 2))
        });
        Ok(Gru { of, biases, kernels })
    }

    fn states(&self) -> Vec<Vec<Dim>> {
        vec![vec![self.of.units.clone()]]
    }

    fn project(&self, b: &mut Builder, x: Id) -> Id {
        self.of.project(b, x, self.biases[0])
    }

    fn step(&self, b: &mut Builder, u: &Use, x: Id, states: &[Id]) -> Result<Vec<Id>, Reported> {
        let h = masked(b, states[0], self.of.state_mask);
        let [xz, xr, xh] = [0, 1, 2].map(|gate| self.of.gate(b, x, gate));
        let product = b.graph.matmul(h, self.kernels.map_or(self.of.recurrent, |(gates, _)| gates), false);
        let recurrent = add(b, product, self.biases[1]);
        let [hz, hr] = [0, 1].map(|gate| self.of.gate(b, recurrent, gate));
        let z = b.graph.binary(Binary::Add, xz, hz);
        let z = b.activate(u, "recurrent_activation", z)?;
        let r = b.graph.binary(Binary::Add, xr, hr);
        let r = b.activate(u, "recurrent_activation", r)?;
        let hh = match self.kernels {
            None => {
                let hh = self.of.gate(b, recurrent, 2);
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
    }
}
