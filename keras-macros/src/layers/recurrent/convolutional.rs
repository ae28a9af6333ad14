//! Recurrence whose products are convolutions.

use super::super::convolution::{DILATION, FILTERS, KERNEL_SIZE, STRIDES, product, windows};
use super::super::spatial::{DATA_FORMAT, PADDING, Spatial};
use super::cells::{dropped, forget_start, masked, part, remember};
use super::steps::Steps;
use super::*;
use crate::ir::{Binary, Window};

const DOC: &str = "`lstm` over images or the like, with convolutions for products (Shi et al., 2015). The gates lie side by side \
     in the weights, in the order `i, f, c, o`. Initial states are further inputs, of the shape of the output.";
const WEIGHTS: &[(&str, &str)] = &[
    ("kernel", "[...kernel_size, channels, 4 · filters]"),
    ("recurrent_kernel", "[...kernel_size, filters, 4 · filters]"),
    ("bias", "[4 · filters]"),
];
const PARAMS: &[Param] = with_kernels![
    [FILTERS, KERNEL_SIZE, STRIDES, PADDING, DATA_FORMAT, DILATION],
    [GATES],
    [UNIT_FORGET_BIAS],
    [ACTIVITY_REGULARIZER],
    [SEED, SEQUENCES, RETURN_STATE, BACKWARDS, STATEFUL, ZERO_OUTPUT]
];

/// Keras: Recurrent layers, with convolutions.
pub const LAYERS: &[Entry] = &[
    entry(
        ("conv_lstm1d", "ConvLSTM1D"),
        (
            DOC,
            "[batch, time, steps, channels] → [batch, new steps, filters], or [batch, time, new steps, filters]",
        ),
        PARAMS,
        WEIGHTS,
        |b, u| conv_lstm(b, u, 1),
    ),
    entry(
        ("conv_lstm2d", "ConvLSTM2D"),
        (
            DOC,
            "[batch, time, height, width, channels] → [batch, new height, new width, filters], or with time",
        ),
        PARAMS,
        WEIGHTS,
        |b, u| conv_lstm(b, u, 2),
    ),
    entry(
        ("conv_lstm3d", "ConvLSTM3D"),
        (DOC, "[batch, time, depth, height, width, channels] → [batch, ...new sizes, filters], or with time"),
        PARAMS,
        WEIGHTS,
        |b, u| conv_lstm(b, u, 3),
    ),
];

/// The recurrent product, with as many places as the state.
struct Recurrent {
    kernel: Id,
    windows: Vec<Window>,
    extents: Vec<usize>,
    filters: Dim,
}

impl Recurrent {
    fn product(&self, b: &mut Builder, u: &Use, s: &Spatial, h: Id) -> Result<Id, Reported> {
        let state = s.of_step(h, self.extents.clone(), self.filters.clone());
        let h = state.padded(b, u, &self.windows, "same", 0.0)?;
        Ok(product(b, h, 0, &self.windows, self.kernel))
    }
}

fn conv_lstm(b: &mut Builder, u: &Use, axes: usize) -> Result<Id, Reported> {
    let windows = windows(b, u, axes, true)?;
    let s = u.spatial_steps(b, axes)?;
    let filters = u.args.size("filters");
    let gates = filters.mul(&4.into());
    let weight = |b: &mut Builder, name: &'static str, channels: &Dim| {
        let sizes = windows.iter().map(|window| Dim::known(window.size));
        let shape: Vec<Dim> = sizes.chain([channels.clone(), gates.clone()]).collect();
        let rows = Dim::product(&shape[..=axes]);
        let start = if name == "kernel" { "kernel_initializer" } else { "recurrent_initializer" };
        let kernel = b.weight(u, name, shape, u.args.initializer(start))?;
        Ok(b.graph.reshape(kernel, vec![rows, gates.clone()]))
    };
    let kernel = weight(b, "kernel", &s.channels)?;
    let recurrent = weight(b, "recurrent_kernel", &filters)?;
    let bias = match u.args.flag("use_bias") {
        true => {
            let start = forget_start(b, u)?;
            Some(b.weight(u, "bias", vec![gates.clone()], start)?)
        }
        false => None,
    };
    let step: Vec<Dim> = s.extents.iter().copied().map(Dim::known).chain([s.channels.clone()]).collect();
    let drops = dropped(b, u, "dropout", &step);
    let x = masked(b, s.x, drops);
    let x = s.of(x, s.channels.clone()).padded(
        b,
        u,
        &windows,
        u.args.text("padding").expect("it has a default"),
        0.0,
    )?;
    let mut x = product(b, x, s.leading(), &windows, kernel);
    if let Some(bias) = bias {
        x = b.graph.binary(Binary::Add, x, bias);
    }
    let shape = b.shape(x);
    let extents = shape.dims[1..=axes].to_vec();
    let known = extents.iter().map(|extent| extent.as_known().expect("the input's are known")).collect();
    let plain = windows.iter().map(|window| Window { size: window.size, stride: 1, dilation: 1 }).collect();
    let cell = Recurrent { kernel: recurrent, windows: plain, extents: known, filters: filters.clone() };
    let own = [&extents[..], std::slice::from_ref(&filters)].concat();
    let drops = dropped(b, u, "recurrent_dropout", &own);

    let wanted = vec![s.shape_of_step(&extents, &filters); 2];
    let mut steps = Steps::new(b, u.inputs, u.args, u.place)?;
    initial_states(b, u, &mut steps, &wanted)?;
    let states: Vec<Id> = steps.states.iter().map(|state| s.channels_last(&mut b.graph, *state)).collect();
    let item = steps.item(b, x);
    let h = masked(b, states[0], drops);
    let product = cell.product(b, u, &s, h)?;
    let z = b.graph.binary(Binary::Add, item, product);
    let gates = [0, 1, 2, 3].map(|gate| part(b, z, gate, &filters));
    let next = remember(b, u, gates, states[1])?;
    let next: Vec<Id> = next.into_iter().map(|next| s.finish(&mut b.graph, next)).collect();
    let done = steps.finish(b, u.args, next[0], next)?;
    b.set_mask(done.mask);
    done.states.into_iter().for_each(|state| b.also(state));
    Ok(done.output)
}
