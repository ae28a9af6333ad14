//! The step of an optimizer on a GPU, and what comes before and after it.

use std::ops::Range;

use cudarc::driver::DriverError;

use super::backend::{AHEAD, CudaBackend};
use super::library;
use super::player::{Parameter, Player};
use super::source::{self, Pass, Shape, THREADS};
use super::tasks::{self, Module, Task};
use crate::compiled::Spec;
use crate::device::cpu::simd::Isa;
use crate::error::Result;
use crate::optim::{Clip, LossScaling, Moment, Optimizer, Pieces, ScaleState, Update, pieces};

/// Words of a piece whose sum a block adds up.
const PIECE: usize = 4096;

/// Blocks for so many words, one to a thread.
fn threads(len: usize) -> usize {
    len.div_ceil(THREADS)
}

/// Blocks for so many words, four to a thread.
pub fn fours(len: usize) -> usize {
    len.div_ceil(4 * THREADS)
}

/// Copies words on the device, as a kernel: graphs hold it like any other.
pub fn copy(backend: &CudaBackend, from: u64, to: u64, len: usize) -> Result<(), DriverError> {
    let parameters = [Parameter::Address(from), Parameter::Address(to), Parameter::number(len)];
    backend.player.call("copy", super::backend::blocks_of(fours(len)), &parameters)
}

/// A range of the parameters that are treated alike.
struct Found<'o> {
    optimizer: &'o dyn Optimizer,
    at: Moment,
    range: Range<usize>,
    /// Pieces of the state.
    state: Range<usize>,
}

/// What a range of the gradient is multiplied with.
struct Clipped {
    clip: Clip,
    range: Range<usize>,
    /// What it was multiplied with before: which of those that were found before this one.
    before: Option<usize>,
}

/// The ranges of a step, and what the gradient is clipped by.
struct Ranges<'o> {
    optimizer: &'o dyn Optimizer,
    found: Vec<Found<'o>>,
    clips: Vec<Clipped>,
}

impl Pieces for Ranges<'_> {
    fn scale(&mut self, clip: Clip, range: Range<usize>) -> f32 {
        self.clipped(clip, range, 1.0)
    }

    fn piece(&mut self, at: &Moment, range: Range<usize>) {
        let (mut optimizer, mut at, mut state) = (self.optimizer, *at, 0..own_words(self.optimizer));
        while let Some(part) = optimizer.part(&at) {
            (optimizer, at) = (part.optimizer, part.at);
            state = state.start + part.state.start..state.start + part.state.end;
            if let Some(clip) = part.clip {
                at.scale = self.clipped(clip, range.clone(), at.scale);
            }
        }
        // Neighbours that are treated alike in the end are one range.
        if let Some(last) = self.found.last_mut()
            && (last.at == at && at.weight.is_none())
            && (last.state == state && std::ptr::addr_eq(last.optimizer, optimizer))
        {
            last.range.end = range.end;
            return;
        }
        self.found.push(Found { optimizer, at, range, state });
    }
}

/// Words of state that an optimizer has for each parameter, without those of what is said behind it.
fn own_words(optimizer: &dyn Optimizer) -> usize {
    optimizer.state_words() - optimizer.options().state_words()
}

impl<'o> Ranges<'o> {
    /// Those of a step.
    fn of(optimizer: &'o dyn Optimizer, spec: &Spec, (step, learning_rate): (u64, f32)) -> Self {
        let base = Moment::new(Isa::Symbolic, 1, step, learning_rate);
        let mut ranges = Ranges { optimizer, found: vec![], clips: vec![] };
        pieces(optimizer, &optimizer.options(), spec.weights, base, &mut ranges);
        ranges
    }

    /// The number that stands for what the device finds, of a gradient that was multiplied with `before`.
    fn clipped(&mut self, clip: Clip, range: Range<usize>, before: f32) -> f32 {
        self.clips.push(Clipped { clip, range, before: source::slot_of(before) });
        source::on_device(self.clips.len() - 1)
    }

    /// The kernels of each range; none if the step of one is no formula.
    fn kernels(&self) -> Option<Vec<source::Piece>> {
        self.found.iter().map(|of| source::update(of.optimizer, &of.at, of.state.len())).collect()
    }
}

/// The kernels of an optimizer for a model: one text for each kind of range.
pub fn texts(optimizer: &dyn Optimizer, spec: &Spec) -> Vec<String> {
    let kernels = Ranges::of(optimizer, spec, (1, optimizer.learning_rate())).kernels();
    let mut texts: Vec<String> =
        kernels.into_iter().flatten().map(|piece| piece.shape.printed().text).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// The step after `step - 1` batches, or what takes its place while gradients are collected; none, where the loss has a scale of
/// its own and the gradient is not finite.
pub fn update(backend: &mut CudaBackend, optimizer: &dyn Optimizer, step: u64) {
    let done = match launches(backend, optimizer, step) {
        Ok(Some(tasks)) => {
            let done = tasks::play(backend, tasks);
            done.map_err(|error| library::explain(&backend.gpu.name, &error))
        }
        Ok(None) if backend.fault.is_set() => return,
        Ok(None) => on_host(backend, optimizer, step - backend.scaling().skipped),
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        backend.fault.keep(error);
    }
    backend.ask_scaling();
}

/// The words of an optimizer's state.
pub fn state_words(optimizer: &dyn Optimizer, spec: &Spec) -> usize {
    optimizer.state_words() * spec.trainable_len
}

/// Whether steps can be launched before it is known which of the last ones were taken, where the loss has a scale of its own.
pub fn goes_ahead(optimizer: &dyn Optimizer, spec: &Spec) -> bool {
    // Collected gradients are a step after so many that were taken.
    optimizer.options().accumulate <= 1 && steps(optimizer, spec, &[1]).is_some()
}

/// The ranges of a step, with the kernels of each of these, which differ in nothing but numbers; none where one is no formula.
fn steps<'o>(
    optimizer: &'o dyn Optimizer,
    spec: &Spec,
    steps: &[u64],
) -> Option<(Ranges<'o>, Vec<Vec<source::Piece>>)> {
    let batches = u64::from(optimizer.options().accumulate.max(1));
    // As Keras: schedules count batches, formulas count steps.
    let moment = |step: u64| (step.div_ceil(batches), optimizer.learning_rate_at(step - 1));
    let ranges: Vec<Ranges<'_>> =
        steps.iter().map(|step| Ranges::of(optimizer, spec, moment(*step))).collect();
    let kernels = ranges.iter().map(Ranges::kernels).collect::<Option<Vec<_>>>()?;
    let alike = |pieces: &Vec<source::Piece>| {
        pieces.len() == kernels[0].len()
            && pieces.iter().zip(&kernels[0]).all(|(piece, first)| piece.shape.is_like(&first.shape))
    };
    let same = kernels.iter().all(alike);
    Some((ranges.into_iter().next()?, kernels)).filter(|_| same)
}

/// What [`update`] launches, when its numbers are on the way to the device; none if the step is no formula, or the device has failed.
pub fn launches(
    backend: &mut CudaBackend,
    optimizer: &dyn Optimizer,
    step: u64,
) -> Result<Option<Vec<Task>>> {
    backend.go_on();
    let len = backend.spec.trainable_len;
    if backend.state.len() < state_words(optimizer, backend.spec) {
        let starts = (0..optimizer.state_words()).map(|slot| optimizer.state_start(slot));
        let state: Vec<f32> = starts.flat_map(|start| std::iter::repeat_n(start, len)).collect();
        if backend.state.replace(&state) {
            backend.forget();
        }
    }
    if backend.fault.is_set() {
        return Ok(None);
    }
    if len == 0 {
        return Ok(Some(vec![]));
    }
    let dynamic = matches!(optimizer.options().loss_scale, Some(LossScaling::Dynamic(_)));
    let (mut known, mut pending) = match dynamic && optimizer.options().accumulate <= 1 {
        true => backend.scaling_so_far(),
        false => (backend.scaling(), 0),
    };
    // For each count of steps that may have been left out since, the step that this is then.
    let counted = |known: ScaleState, pending: usize| -> Vec<u64> {
        (0..=pending as u64).map(|left| step - known.skipped - left).collect()
    };
    let mut numbers = counted(known, pending);
    let mut found = steps(optimizer, backend.spec, &numbers);
    if found.is_none() && pending > 0 {
        (known, pending) = (backend.scaling(), 0);
        numbers = counted(known, pending);
        found = steps(optimizer, backend.spec, &numbers);
    }
    let Some((ranges, kernels)) = found else { return Ok(None) };
    let first = dynamic.then_some(known.skipped as u32);
    on_device(backend, optimizer, &numbers, first, &ranges, kernels).map(Some)
}

/// An optimizer that is no formula: everything comes here, and goes back.
fn on_host(backend: &mut CudaBackend, optimizer: &dyn Optimizer, step: u64) -> Result<()> {
    let len = backend.spec.trainable_len;
    let scaling = optimizer.options().loss_scale;
    if let Some(LossScaling::Dynamic(how)) = scaling {
        let missing = backend.scaling().factor(scaling) / backend.scale;
        let finite = backend.grads.read()[..len].iter().all(|g| (g * missing).is_finite());
        backend.set_scaling(backend.scaling().after(how, finite));
        if !finite {
            return Ok(());
        }
    }
    let scale = std::mem::replace(&mut backend.scale, 1.0);
    backend.scaled = false;
    if scale != 1.0 {
        backend.grads.write()[..len].iter_mut().for_each(|g| *g /= scale);
    }
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
    backend.params.changes();
    let constraints = constraints(backend);
    tasks::play(backend, constraints).map_err(|error| library::explain(&backend.gpu.name, &error))
}

/// The launches of a step: the one of `steps` that it is by what was left out since `first`, or the only one.
fn on_device(
    backend: &mut CudaBackend,
    optimizer: &dyn Optimizer,
    steps: &[u64],
    first: Option<u32>,
    ranges: &Ranges<'_>,
    kernels: Vec<Vec<source::Piece>>,
) -> Result<Vec<Task>> {
    let pieces = &kernels[0];
    let known =
        pieces.iter().zip(&ranges.found).map(|(piece, of)| known(backend, piece, of.optimizer.name()));
    let known = known.collect::<Result<Vec<_>>>()?;
    let [params, grads, state] = [&mut backend.params, &mut backend.grads, &mut backend.state];
    [params, grads, state].into_iter().for_each(|words| words.changes());
    let options = optimizer.options();
    let (count, batches) = (own_words(optimizer), u64::from(options.accumulate.max(1)));
    // Of each step its numbers, and what its average does.
    let mut numbers: Vec<f32> = first.map(f32::from_bits).into_iter().collect();
    for (step, pieces) in steps.iter().zip(&kernels) {
        numbers.extend(pieces.iter().flat_map(|piece| piece.constants.iter().copied()));
        if let Some(average) = options.average {
            let before = (step - 1) / batches;
            let momentum = if before == 0 { 0.0 } else { average.momentum };
            let overwrite = average.overwrite_frequency.is_some_and(|each| (before + 1).is_multiple_of(each));
            numbers.extend([momentum, f32::from(u8::from(overwrite))]);
        }
    }
    let each = (numbers.len() - usize::from(first.is_some())) / steps.len();
    let room = Room::new(backend, ranges, &known, each);
    let room = room.map_err(|error| library::explain(&backend.gpu.name, &error))?;
    let mut tasks = vec![];
    scaled(backend, optimizer, &room, each, &mut tasks);
    let len = backend.spec.trainable_len;
    let slot = |slot: usize| Parameter::Address(backend.state.device.address(slot * len));
    let [params, grads] = [&backend.params, &backend.grads].map(|words| words.device.address(0));
    let [params, grads] = [params, grads].map(Parameter::Address);
    let last = steps[0].is_multiple_of(batches);
    if batches > 1 {
        let batches = Parameter::float(batches as f32);
        let parameters =
            [grads, slot(count), Parameter::number(len), batches, Parameter::from(last), room.control];
        tasks.push(Task::new(Module::Model, "collect", fours(len), parameters));
    }
    let mut at = 0;
    if last {
        for (i, of) in ranges.clips.iter().enumerate() {
            clipped(backend, of, room.scale(i), &room, &mut tasks);
        }
        for ((of, piece), kernels) in ranges.found.iter().zip(pieces).zip(known) {
            let scale = room.scale(source::slot_of(of.at.scale).unwrap_or(0));
            let numbers = Parameter::Address(backend.numbers.address(at));
            let words = [params, grads, slot(of.state.start), numbers, scale];
            apply(&backend.updates[kernels], kernels, &of.range, words, len, &room, &mut tasks);
            at += piece.constants.len();
        }
    }
    if options.average.is_some() {
        let means = slot(optimizer.state_words() - 1);
        let how = Parameter::Address(backend.numbers.address(each - 2));
        let parameters = [params, means, Parameter::number(len), how, room.control];
        tasks.push(Task::new(Module::Model, "average", fours(len), parameters));
    }
    tasks.extend(constraints(backend));
    let to = if first.is_some() { backend.table.address(0) } else { backend.numbers.address(0) };
    // SAFETY: there is room for all numbers.
    let sent = unsafe { backend.uploads.send(&backend.gpu, &numbers, to) };
    sent.map_err(|error| library::explain(&backend.gpu.name, &error)).map(|()| tasks)
}

/// The kernels of a step, which were printed and compiled when one like it was met.
#[derive(Debug)]
pub struct Known {
    shape: Shape,
    passes: Vec<(usize, Pass)>,
    folded: usize,
    pub player: Player,
}

/// Which of the known steps has the kernels of a piece.
fn known(backend: &mut CudaBackend, piece: &source::Piece, name: &str) -> Result<usize> {
    if let Some(at) = backend.updates.iter().position(|known| known.shape.is_like(&piece.shape)) {
        return Ok(at);
    }
    let source::Printed { text, passes, folded } = piece.shape.printed();
    let player = Player::new(&backend.gpu, &text);
    let mut player = player.map_err(|error| library::of(&format!("the optimizer `{name}`"), error))?;
    let names = passes.iter().map(|(kernel, _)| source::update_name(*kernel));
    player.find(names).map_err(|error| library::explain(&backend.gpu.name, &error))?;
    backend.updates.push(Known { shape: piece.shape.clone(), passes, folded, player });
    Ok(backend.updates.len() - 1)
}

/// Where a step keeps what it needs beside weights, gradients and state.
struct Room {
    /// Sums of pieces.
    sums: Parameter,
    scales: u64,
    folded: Parameter,
    control: Parameter,
}

impl Room {
    fn new(
        backend: &mut CudaBackend,
        ranges: &Ranges<'_>,
        known: &[usize],
        numbers: usize,
    ) -> Result<Self, DriverError> {
        let pieces = backend.spec.trainable_len.div_ceil(PIECE);
        let most = known.iter().map(|at| backend.updates[*at].folded).max().unwrap_or(0);
        let mut moved = backend.numbers.grow(numbers)?;
        moved |= backend.table.grow(1 + (AHEAD + 1) * numbers)?;
        // Sums have 64 bits.
        moved |= backend.sums.grow(2 * pieces)?;
        moved |= backend.scales.grow(ranges.clips.len())?;
        moved |= backend.folded.grow(most)?;
        if moved {
            backend.forget();
        }
        Ok(Room {
            sums: Parameter::Address(backend.sums.address(0)),
            scales: backend.scales.address(0),
            folded: Parameter::Address(backend.folded.address(0)),
            control: Parameter::Address(backend.control_address()),
        })
    }

    /// Where the factor of clipping `i` is.
    fn scale(&self, i: usize) -> Parameter {
        Parameter::Address(self.scales + 4 * i as u64)
    }
}

/// Takes the scale of the loss off the gradient; where that is one of its own, sees whether there is a step, and which numbers it has.
fn scaled(
    backend: &mut CudaBackend,
    optimizer: &dyn Optimizer,
    room: &Room,
    numbers: usize,
    tasks: &mut Vec<Task>,
) {
    let (len, grads) = (backend.spec.trainable_len, Parameter::Address(backend.grads.device.address(0)));
    let was = std::mem::take(&mut backend.scaled);
    backend.scale = 1.0;
    if let Some(LossScaling::Dynamic(how)) = optimizer.options().loss_scale {
        backend.place_scaling(how);
        let scaling = Parameter::Address(backend.scaling_address());
        let pieces = len.div_ceil(PIECE);
        let parameters =
            [grads, room.sums, Parameter::number(len), scaling, Parameter::from(was), room.control];
        tasks.push(Task::new(Module::Model, "infinite", pieces, parameters));
        let growth = Parameter::Word(how.dynamic_growth_steps);
        let parameters = [room.sums, Parameter::number(pieces), room.control, scaling, growth];
        tasks.push(Task::new(Module::Model, "judge", 1, parameters));
        let [table, to] =
            [&backend.table, &backend.numbers].map(|words| Parameter::Address(words.address(0)));
        let parameters = [table, to, Parameter::number(numbers), scaling, room.control];
        tasks.push(Task::new(Module::Model, "choose", threads(numbers), parameters));
        backend.judged();
    }
    if was {
        let parameters = [grads, Parameter::number(len), room.control];
        tasks.push(Task::new(Module::Model, "unscale", fours(len), parameters));
    }
}

/// The factor of a range of the gradient, by its norm.
fn clipped(
    backend: &CudaBackend,
    Clipped { clip, range, before }: &Clipped,
    to: Parameter,
    room: &Room,
    tasks: &mut Vec<Task>,
) {
    let (most, global) = match *clip {
        Clip::Value(most) | Clip::Norm(most) => (most, false),
        Clip::GlobalNorm(most) => (most, true),
    };
    let (words, pieces) =
        (Parameter::Address(backend.grads.device.address(range.start)), range.len().div_ceil(PIECE));
    let parameters = [words, room.sums, Parameter::number(range.len())];
    tasks.push(Task::new(Module::Model, "squares", pieces, parameters));
    let how = [Parameter::float(most), Parameter::from(global)];
    let before = before.map_or(Parameter::Address(0), |slot| room.scale(slot));
    let parameters = [room.sums, to, Parameter::number(pieces), how[0], how[1], before];
    tasks.push(Task::new(Module::Model, "clip", 1, parameters));
}

/// The formula of a range: a kernel for each pass over it, and one for each sum.
fn apply(
    known: &Known,
    at: usize,
    range: &Range<usize>,
    words: [Parameter; 5],
    stride: usize,
    room: &Room,
    tasks: &mut Vec<Task>,
) {
    let place = [range.start, range.len(), stride].map(Parameter::number);
    let mut folded = 0;
    for (kernel, pass) in &known.passes {
        let pieces = range.len().div_ceil(PIECE);
        let mut parameters = words.to_vec();
        parameters.extend([room.folded, room.sums, room.control]);
        parameters.extend(place);
        let blocks = match pass {
            Pass::Each => threads(range.len()),
            Pass::Fours => fours(range.len()),
            Pass::Folds => pieces,
            Pass::Blocks(blocks) => *blocks,
        };
        tasks.push(Task::new(Module::Update(at), source::update_name(*kernel), blocks, parameters));
        if *pass == Pass::Folds {
            let parameters = [room.sums, room.folded, Parameter::number(pieces), Parameter::number(folded)];
            tasks.push(Task::new(Module::Model, "total", 1, parameters));
            folded += 1;
        }
    }
}

/// Makes weights what their constraints ask for.
fn constraints(backend: &CudaBackend) -> Vec<Task> {
    let memory = backend.memory();
    let weights = backend.spec.weights.iter().enumerate().filter(|(_, weight)| weight.trainable);
    let tasks = weights.filter_map(|(i, weight)| {
        let blocks = source::groups(weight, weight.constraint?);
        let mut parameters = vec![Parameter::Memory(memory)];
        parameters.extend([0, 0, 0, 0, 1].map(Parameter::number));
        Some(Task::new(Module::Model, format!("constraint_{i}"), blocks, parameters))
    });
    tasks.collect()
}
