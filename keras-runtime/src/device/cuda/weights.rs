//! The step of an optimizer on a GPU, and what comes before and after it.

use std::ops::Range;

use cudarc::driver::{DriverError, PushKernelArg};

use super::backend::{CudaBackend, blocks_of};
use super::player::Player;
use super::source::{self, THREADS};
use crate::compiled::Spec;
use crate::device::cpu::simd::Isa;
use crate::error::Result;
use crate::optim::{LossScaling, Moment, MovingAverage, Optimizer, Pieces, Update, pieces};

/// Words of a piece whose squares a block adds up.
const SQUARES: usize = 4096;

/// Copies words on the device, as a kernel: graphs hold it like any other.
pub fn copy(backend: &CudaBackend, from: u64, to: u64, len: usize) -> Result<(), DriverError> {
    let len = len as u32;
    let mut builder = backend.gpu.stream.launch_builder(backend.player.function("copy"));
    builder.arg(&from).arg(&to).arg(&len);
    // SAFETY: the parameters of `copy`; the caller's words are there.
    unsafe { builder.launch(blocks_of(len.div_ceil(THREADS as u32) as usize)) }.map(|_| ())
}

/// Takes the scale of the loss off the gradient; whether there is a step, which a gradient that is not finite forbids.
pub fn unscale(backend: &mut CudaBackend, optimizer: &dyn Optimizer) -> bool {
    let len = backend.spec.trainable_len;
    let scaling = optimizer.options().loss_scale;
    if let Some(LossScaling::Dynamic(how)) = scaling {
        let missing = backend.scaling.factor(scaling) / backend.scale;
        let finite = backend.grads.read()[..len].iter().all(|g| (g * missing).is_finite());
        backend.scaling = backend.scaling.after(how, finite);
        if !finite {
            return false;
        }
    }
    let scale = std::mem::replace(&mut backend.scale, 1.0);
    if scale != 1.0 {
        backend.grads.write()[..len].iter_mut().for_each(|g| *g /= scale);
    }
    true
}

/// The step after `step - 1` batches, or what takes its place while gradients are collected.
pub fn update(backend: &mut CudaBackend, optimizer: &dyn Optimizer, step: u64) {
    let len = backend.spec.trainable_len;
    let words = optimizer.state_words() * len;
    if backend.state.len() < words {
        let starts = (0..optimizer.state_words()).map(|slot| optimizer.state_start(slot));
        let state: Vec<f32> = starts.flat_map(|start| std::iter::repeat_n(start, len)).collect();
        backend.state.replace(&state);
    }
    if backend.fault.is_set() || len == 0 {
        return;
    }
    let done = match optimizer.whole_weights() {
        true => {
            on_host(backend, optimizer, step);
            Ok(())
        }
        false => on_device(backend, optimizer, step),
    };
    if let Err(error) = done {
        backend.fault.keep(error);
        return;
    }
    let constrained = constrain(backend);
    backend.fault.note(constrained);
}

/// An optimizer that looks at whole weights: they come here, and go back.
fn on_host(backend: &mut CudaBackend, optimizer: &dyn Optimizer, step: u64) {
    let len = backend.spec.trainable_len;
    Update {
        isa: Isa::detect(),
        threads: 1,
        weights: backend.spec.weights,
        params: &mut backend.params.write()[..len],
        grads: &mut backend.grads.write()[..len],
        state: backend.state.write(),
        scratch: &mut backend.scratch,
    }
    .run(optimizer, step);
}

fn on_device(backend: &mut CudaBackend, optimizer: &dyn Optimizer, step: u64) -> Result<()> {
    let options = optimizer.options();
    let count = optimizer.state_words() - options.state_words();
    [&mut backend.params, &mut backend.grads, &mut backend.state]
        .into_iter()
        .for_each(|words| words.changes());
    let batches = u64::from(options.accumulate.max(1));
    let last = step.is_multiple_of(batches);
    if batches > 1 {
        let collected = collect(backend, count, batches, last);
        backend.fault.note(collected);
    }
    if last {
        let base = moment(step.div_ceil(batches), optimizer.learning_rate_at(step - 1));
        let spec = backend.spec;
        let fault = backend.fault.clone();
        let norm = |range| fault.note(norm(backend, range)).unwrap_or(f32::NAN);
        let mut work = Ranges { norm, found: vec![] };
        pieces(optimizer, &options, spec.weights, base, &mut work);
        let ranges = work.found;
        apply(backend, optimizer, count, ranges)?;
    }
    if let Some(average) = options.average {
        let done = average_of(backend, average, optimizer.state_words() - 1, (step - 1) / batches);
        backend.fault.note(done);
    }
    Ok(())
}

/// The ranges of a step, and where its norms come from.
struct Ranges<N> {
    norm: N,
    found: Vec<(Moment, Range<usize>)>,
}

impl<N: FnMut(Range<usize>) -> f32> Pieces for Ranges<N> {
    fn norm(&mut self, range: Range<usize>) -> f32 {
        (self.norm)(range)
    }

    fn piece(&mut self, at: &Moment, range: Range<usize>) {
        self.found.push((*at, range));
    }
}

/// The kernels of an optimizer for a model: one for each kind of range.
pub fn texts(optimizer: &dyn Optimizer, spec: &Spec) -> Vec<String> {
    let options = optimizer.options();
    let count = optimizer.state_words() - options.state_words();
    let mut work = Ranges { norm: |_| 1.0, found: vec![] };
    pieces(optimizer, &options, spec.weights, moment(1, optimizer.learning_rate()), &mut work);
    let pieces = work.found.iter().filter_map(|(at, _)| source::update(optimizer, at, count));
    let mut texts: Vec<String> = pieces.map(|piece| format!("{}{}", source::PRELUDE, piece.text)).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// What the ranges of a step have in common.
fn moment(step: u64, learning_rate: f32) -> Moment {
    Moment {
        isa: Isa::Symbolic,
        threads: 1,
        step,
        learning_rate,
        keep: 1.0,
        scale: 1.0,
        clip: None,
        weight: None,
    }
}

/// The Euclidean norm of a range of the gradient.
fn norm(backend: &mut CudaBackend, range: Range<usize>) -> Result<f32, DriverError> {
    let blocks = range.len().div_ceil(SQUARES);
    backend.extra.grow(blocks)?;
    let (words, sums) = (backend.grads.device.address(range.start), backend.extra.address(0));
    let len = range.len() as u32;
    let mut builder = backend.gpu.stream.launch_builder(backend.player.function("squares"));
    builder.arg(&words).arg(&sums).arg(&len);
    // SAFETY: the parameters of `squares`; the range is one of the gradient.
    unsafe { builder.launch(blocks_of(blocks)) }?;
    let mut parts = vec![0.0f32; blocks];
    backend.extra.get(0, &mut parts)?;
    Ok(parts.iter().map(|x| f64::from(*x)).sum::<f64>().sqrt() as f32)
}

/// Launches the formula of each range, with the numbers of this step.
fn apply(
    backend: &mut CudaBackend,
    optimizer: &dyn Optimizer,
    count: usize,
    ranges: Vec<(Moment, Range<usize>)>,
) -> Result<()> {
    let mut constants = vec![];
    let mut launches = vec![];
    for (at, range) in ranges {
        let piece = source::update(optimizer, &at, count).ok_or_else(|| crate::error::Error::Device {
            device: backend.gpu.name.clone(),
            problem: format!("the step of {} is no formula for each weight", optimizer.name()),
        })?;
        if !backend.updates.contains_key(&piece.text) {
            let mut player = Player::new(&backend.gpu, &format!("{}{}", source::PRELUDE, piece.text))?;
            player
                .find(["update".into()])
                .map_err(|error| super::library::explain(&backend.gpu.name, &error))?;
            backend.updates.insert(piece.text.clone(), player);
        }
        launches.push((piece.text, constants.len(), range));
        constants.extend(piece.constants);
    }
    let done = launch(backend, &constants, launches);
    backend.fault.note(done);
    Ok(())
}

fn launch(
    backend: &mut CudaBackend,
    constants: &[f32],
    launches: Vec<(String, usize, Range<usize>)>,
) -> Result<(), DriverError> {
    backend.extra.grow(constants.len())?;
    backend.extra.put(0, constants)?;
    let addresses = [&backend.params, &backend.grads, &backend.state].map(|words| words.device.address(0));
    let stride = backend.spec.trainable_len as u32;
    for (text, first, range) in launches {
        let numbers = backend.extra.address(first);
        let (start, len) = (range.start as u32, range.len() as u32);
        let mut builder = backend.gpu.stream.launch_builder(backend.updates[&text].function("update"));
        builder.arg(&addresses[0]).arg(&addresses[1]).arg(&addresses[2]);
        builder.arg(&numbers).arg(&start).arg(&len).arg(&stride);
        // SAFETY: the parameters of `update`; the range is one of the trainable words.
        unsafe { builder.launch(blocks_of(range.len().div_ceil(THREADS))) }?;
    }
    Ok(())
}

/// Adds the gradient to those of the last batches; the last one becomes their mean.
fn collect(backend: &CudaBackend, slot: usize, batches: u64, last: bool) -> Result<(), DriverError> {
    let len = backend.spec.trainable_len;
    let (grads, sums) = (backend.grads.device.address(0), backend.state.device.address(slot * len));
    let (words, batches, last) = (len as u32, batches as f32, u32::from(last));
    let mut builder = backend.gpu.stream.launch_builder(backend.player.function("collect"));
    builder.arg(&grads).arg(&sums).arg(&words).arg(&batches).arg(&last);
    // SAFETY: the parameters of `collect`; both have a word for each trainable one.
    unsafe { builder.launch(blocks_of(len.div_ceil(THREADS))) }.map(|_| ())
}

/// The average of the weights after `before` steps and one.
fn average_of(
    backend: &CudaBackend,
    average: MovingAverage,
    slot: usize,
    before: u64,
) -> Result<(), DriverError> {
    let len = backend.spec.trainable_len;
    let (params, means) = (backend.params.device.address(0), backend.state.device.address(slot * len));
    let momentum = if before == 0 { 0.0 } else { average.momentum };
    let overwrite = average.overwrite_frequency.is_some_and(|each| (before + 1).is_multiple_of(each));
    let (words, overwrite) = (len as u32, u32::from(overwrite));
    let mut builder = backend.gpu.stream.launch_builder(backend.player.function("average"));
    builder.arg(&params).arg(&means).arg(&words).arg(&momentum).arg(&overwrite);
    // SAFETY: the parameters of `average`; both have a word for each trainable one.
    unsafe { builder.launch(blocks_of(len.div_ceil(THREADS))) }.map(|_| ())
}

/// Makes weights what their constraints ask for.
fn constrain(backend: &mut CudaBackend) -> Result<(), DriverError> {
    let constrained = backend.spec.weights.iter().enumerate();
    let constrained = constrained.filter(|(_, weight)| weight.trainable && weight.constraint.is_some());
    let mut first = true;
    for (i, weight) in constrained {
        if std::mem::take(&mut first) {
            backend.params.changes();
        }
        let Some(constraint) = weight.constraint else { continue };
        let blocks = blocks_of(source::groups(weight, constraint));
        backend.player.kernel(&backend.memory(), &format!("constraint_{i}"), blocks, [0, 0, 0, 0, 1])?;
    }
    Ok(())
}
