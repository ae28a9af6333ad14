//! The memories of a model on a GPU, and its passes over them.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::Arc;

use cudarc::driver::{CudaSlice, DevicePtr, DriverError, LaunchConfig};

use super::losses::Met;
use super::memory::{Fault, Memory, Mirror, Words};
use super::player::{Player, workspace};
use super::source::{self, End, PORTS, Program, Slope, Step, THREADS};
use super::tasks::{Graph, Task};
use super::{Gpu, library};
use crate::compiled::{Buf, Phase, Space, Spec};
use crate::data::gather::gather;
use crate::data::{Selection, Tensor};
use crate::device::Backend;
use crate::device::cpu::ends::Ends;
use crate::error::{Error, Result};
use crate::loss::{Fused, Loss};
use crate::optim::{LossScale, Optimizer, ScaleState, Scratch};

/// The passes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Infer,
    Evaluate,
    Train,
}

/// A captured pass: of which kind, over how many samples, with which heads.
type Key = (Kind, usize, [Slope; PORTS]);

/// What was captured.
#[derive(Default)]
pub(super) struct Graphs {
    passes: HashMap<Key, Graph>,
    /// Steps of optimizers.
    pub updates: HashMap<Vec<Task>, Graph>,
}

/// One model's memory on a GPU.
pub struct CudaBackend {
    pub(super) gpu: Arc<Gpu>,
    pub(super) spec: &'static Spec,
    pub(super) program: Program,
    pub(super) player: Player,
    /// Losses with kernels of their own.
    pub(super) met: Vec<Met>,
    /// Kernels of optimizers, by their text.
    pub(super) updates: Vec<(String, Player)>,
    pub(super) graphs: Option<Graphs>,
    pub(super) fault: Fault,
    seed: u64,
    pub(super) batch: usize,
    pub(super) params: Mirror,
    pub(super) grads: Mirror,
    /// The optimizer's: so many words for each trainable one.
    pub(super) state: Mirror,
    pub(super) swapped: bool,
    pub(super) scratch: Scratch,
    arena: Words,
    fixed: Words,
    work: Words,
    /// The penalty of each weight.
    penalties: Words,
    /// Of a step: its numbers, sums of pieces, what they are together, and what gradients are multiplied with.
    pub(super) numbers: Words,
    pub(super) sums: Words,
    pub(super) folded: Words,
    pub(super) scales: Words,
    carried: Mirror,
    carried_samples: usize,
    inputs: Vec<Mirror>,
    outputs: Vec<Mirror>,
    pub(super) targets: Vec<Mirror>,
    sample_weights: Vec<Mirror>,
    /// Which steps count, at outputs that have a mask.
    masks: Vec<Mirror>,
    /// Losses that the host computes, and what it needs for them.
    ends: Ends,
    /// What the loss is multiplied with, of which the gradient is.
    pub(super) scale: f32,
    scaling: Cell<ScaleState>,
    /// How the scale goes on from the last step, of which the device knows whether it was taken.
    judged: Cell<Option<LossScale>>,
    /// The device was told to leave a step out.
    stopped: Cell<bool>,
    losses: Vec<Mirror>,
    control: CudaSlice<u32>,
    /// What the last pass adds to the loss, once it was asked for.
    added_loss: OnceCell<f64>,
    /// Whether the first word of `fixed`, and penalties, are part of it.
    adds: (bool, bool),
}

impl std::fmt::Debug for CudaBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CudaBackend").field("model", &self.spec.name).field("gpu", &self.gpu.name).finish()
    }
}

impl CudaBackend {
    pub(super) fn new(
        gpu: Arc<Gpu>,
        program: Program,
        spec: &'static Spec,
        seed: u64,
        graphs: bool,
    ) -> Result<Self> {
        let ports = spec.inputs.len().max(spec.outputs.len());
        if ports > PORTS {
            let problem = format!("the model has {ports} inputs or outputs; {PORTS} are supported");
            return Err(Error::Device { device: gpu.name.clone(), problem });
        }
        if std::env::var("KERAS_CUDA_DUMP").is_ok_and(|name| name == spec.name || name == "all") {
            eprintln!("{}\n{:#?}", program.text, (&program.infer, &program.train));
        }
        let mut player = Player::new(&gpu, &program.text)?;
        let fault = Fault::default();
        let failed = |error: DriverError| library::explain(&gpu.name, &error);
        player.find(names(spec, &program)).map_err(failed)?;
        let mirror = |len: usize| Mirror::new(&gpu, len, &fault).map_err(failed);
        let words = |len: usize| Words::new(&gpu, len).map_err(failed);
        let many = |count: usize| (0..count).map(|_| mirror(0)).collect::<Result<Vec<_>>>();
        let (inputs, outputs) = (spec.inputs.len(), spec.outputs.len());
        Ok(CudaBackend {
            params: mirror(spec.params_len)?,
            grads: mirror(0)?,
            state: mirror(0)?,
            swapped: false,
            scratch: vec![],
            arena: words(0)?,
            fixed: words(0)?,
            work: words(0)?,
            penalties: words(spec.weights.len())?,
            numbers: words(0)?,
            sums: words(0)?,
            folded: words(0)?,
            scales: words(0)?,
            carried: mirror(0)?,
            carried_samples: 0,
            inputs: many(inputs)?,
            outputs: many(outputs)?,
            targets: many(outputs)?,
            sample_weights: many(outputs)?,
            masks: many(outputs)?,
            ends: Ends::new(spec)?,
            scale: 1.0,
            scaling: Cell::default(),
            judged: Cell::default(),
            stopped: Cell::new(true),
            losses: many(outputs)?,
            control: gpu.stream.alloc_zeros(CONTROL).map_err(failed)?,
            added_loss: OnceCell::from(0.0),
            adds: (false, false),
            graphs: graphs.then(Graphs::default),
            updates: vec![],
            met: vec![],
            seed,
            batch: 0,
            program,
            player,
            fault,
            spec,
            gpu,
        })
    }

    fn phase(&self, kind: Kind) -> (&'static Phase, &[Step]) {
        match kind {
            Kind::Infer => (&self.spec.infer, &self.program.infer),
            Kind::Evaluate => (&self.spec.evaluate, &self.program.evaluate),
            Kind::Train => (&self.spec.train, &self.program.train),
        }
    }

    /// Makes room for a pass; graphs of before are of no use if something had to move.
    fn make_room(&mut self, kind: Kind, batch: usize) {
        let (phase, steps) = self.phase(kind);
        let launches =
            steps.iter().filter_map(|step| if let Step::Launch(all) = step { Some(all) } else { None });
        let work = workspace(launches.flatten(), batch);
        let (arena, fixed) = (phase.arena_words * batch, phase.fixed_words);
        let mut moved = false;
        for grown in [self.arena.grow(arena), self.fixed.grow(fixed), self.work.grow(work)] {
            moved |= self.fault.note(grown).unwrap_or(false);
        }
        for ((output, losses), spec) in self.outputs.iter_mut().zip(&mut self.losses).zip(self.spec.outputs) {
            moved |= output.resize(batch * spec.shape.iter().product::<usize>());
            moved |= losses.resize(batch);
        }
        for (mask, spec) in self.masks.iter_mut().zip(self.spec.outputs) {
            moved |= mask.resize(batch * spec.mask);
        }
        if kind == Kind::Train {
            moved |= self.grads.resize(self.spec.trainable_len);
        }
        if moved {
            self.forget();
        }
    }

    /// Graphs hold addresses: when one changes, they are worth nothing.
    pub(super) fn forget(&mut self) {
        if let Some(graphs) = &mut self.graphs {
            *graphs = Graphs::default();
        }
    }

    pub(super) fn memory(&self) -> Memory {
        let of = |words: &[Mirror]| {
            std::array::from_fn(|i| words.get(i).map_or(0, |words| words.device.address(0)))
        };
        Memory {
            params: self.params.device.address(0),
            grads: self.grads.device.address(0),
            arena: self.arena.address(0),
            fixed: self.fixed.address(0),
            state: self.carried.device.address(0),
            work: self.work.address(0),
            inputs: of(&self.inputs),
            outputs: of(&self.outputs),
            losses: of(&self.losses),
            targets: of(&self.targets),
            weights: of(&self.sample_weights),
            masks: of(&self.masks),
            control: self.control_address(),
        }
    }

    /// Tells the device the numbers of a pass.
    fn control(&mut self, losses: Option<&[Box<dyn Loss>]>, step: u64) {
        let mut words = [0u32; CONTROL];
        let halves = |x: u64| [x as u32, (x >> 32) as u32];
        words[..2].copy_from_slice(&halves(self.seed));
        words[2..4].copy_from_slice(&halves(step));
        words[SCALE] = self.scale.to_bits();
        words[GO] = 1;
        self.scaling();
        self.stopped.set(false);
        for (i, output) in self.spec.outputs.iter().enumerate() {
            let Some(loss) = losses.and_then(|losses| losses.get(i)) else { continue };
            let setting = match loss.fused(output.head) {
                Some(Fused::Softmax { sparse: true, ignore, .. }) => ignore.unwrap_or(f32::NAN),
                Some(Fused::Softmax { smoothing, .. } | Fused::Sigmoid { smoothing }) => smoothing,
                None => super::losses::setting(loss.as_ref()),
            };
            let scale = loss.weight() / self.batch as f32 * self.ends.share(i) as f32 * self.scale;
            let width = |words: usize| (words / self.batch.max(1)) as u32;
            words[HEADS + 4 * i..][..4].copy_from_slice(&[
                width(self.targets[i].len()),
                width(self.sample_weights[i].len()),
                scale.to_bits(),
                setting.to_bits(),
            ]);
        }
        self.fault.note(self.gpu.stream.memcpy_htod(&words, &mut self.control));
    }

    fn run(&mut self, kind: Kind, losses: Option<&[Box<dyn Loss>]>, step: u64) {
        self.added_loss = OnceCell::new();
        self.make_room(kind, self.batch);
        self.ends.begin(self.batch, losses.unwrap_or_default(), self.scale);
        self.control(losses, step);
        self.params.push();
        self.carried.push();
        let given = [&mut self.inputs, &mut self.targets, &mut self.sample_weights];
        given.into_iter().flatten().for_each(Mirror::push);
        if kind == Kind::Train {
            self.grads.changes();
        }
        if self.spec.state_words > 0 {
            self.carried.changes();
        }
        if kind == Kind::Train && !self.spec.train.updates.is_empty() {
            self.params.changes();
        }
        self.outputs.iter_mut().chain(&mut self.losses).for_each(Mirror::changes);
        if losses.is_some() {
            self.masks.iter_mut().for_each(Mirror::changes);
        }
        self.adds = (self.phase(kind).0.adds_loss, kind != Kind::Infer);
        if self.fault.is_set() || self.batch == 0 {
            return;
        }
        let slopes = match super::losses::slopes(self, losses) {
            Ok(slopes) => slopes,
            Err(error) => return self.fault.keep(error),
        };
        let device = !slopes.contains(&Slope::Host);
        let done = match device && self.graphs.is_some() {
            true => self.replay((kind, self.batch, slopes)),
            false => self.play(kind, slopes, losses),
        };
        self.fault.note(done);
    }

    pub(super) fn control_address(&self) -> u64 {
        self.control.device_ptr(&self.gpu.stream).0
    }

    /// How far the scale of the loss has come; the device is asked about the last step, if nobody has yet.
    pub(super) fn scaling(&self) -> ScaleState {
        if let Some(how) = self.judged.take() {
            let mut go = [1];
            let stream = &self.gpu.stream;
            let asked = stream.memcpy_dtoh(&self.control.slice(GO..CONTROL), &mut go);
            self.fault.note(asked.and_then(|()| stream.synchronize()));
            self.stopped.set(go[0] == 0);
            self.scaling.set(self.scaling.get().after(how, go[0] != 0));
        }
        self.scaling.get()
    }

    pub(super) fn set_scaling(&mut self, state: ScaleState) {
        self.judged.set(None);
        self.scaling.set(state);
    }

    /// The device is about to see whether there is a step.
    pub(super) fn judged(&mut self, how: LossScale) {
        self.judged.set(Some(how));
    }

    /// Lets steps be taken, where one was left out and no pass has come since.
    pub(super) fn go_on(&mut self) {
        self.scaling();
        if self.stopped.take() {
            let told = self.gpu.stream.memcpy_htod(&[1], &mut self.control.slice_mut(GO..CONTROL));
            self.fault.note(told);
        }
    }

    /// Launches a graph of the pass, which is captured the first time.
    fn replay(&mut self, key: Key) -> Result<(), DriverError> {
        if let Some(graph) = self.graphs.as_ref().and_then(|graphs| graphs.passes.get(&key)) {
            return graph.launch();
        }
        let stream = self.gpu.stream.clone();
        let Some(graph) = Graph::capture(&stream, || self.play(key.0, key.2, None))? else { return Ok(()) };
        graph.launch()?;
        if let Some(graphs) = &mut self.graphs {
            graphs.passes.insert(key, graph);
        }
        Ok(())
    }

    /// Launches the kernels of a pass.
    fn play(
        &mut self,
        kind: Kind,
        slopes: [Slope; PORTS],
        losses: Option<&[Box<dyn Loss>]>,
    ) -> Result<(), DriverError> {
        let (memory, batch) = (self.memory(), self.batch);
        for at in 0..self.phase(kind).1.len() {
            match &self.phase(kind).1[at] {
                Step::Launch(launches) => self.player.step(&memory, launches, batch)?,
                Step::Head(end) => {
                    let end = *end;
                    match slopes[end.output] {
                        Slope::Host => self.host_end(end, losses.unwrap_or_default())?,
                        slope => super::losses::head(self, &memory, slope, &end)?,
                    }
                }
            }
        }
        self.finish(kind, &memory)
    }

    /// What comes after the kernels of a pass: penalties, moving averages, states for the next batch.
    fn finish(&mut self, kind: Kind, memory: &Memory) -> Result<(), DriverError> {
        let spec = self.spec;
        if kind == Kind::Train {
            for update in spec.train.updates {
                let (from, to) = (self.fixed.address(update.from), self.params.device.address(update.to));
                super::weights::copy(self, from, to, update.len)?;
            }
        }
        if kind != Kind::Infer {
            let memory = Memory { work: self.penalties.address(0), ..*memory };
            for (i, weight) in spec.weights.iter().enumerate() {
                if weight.penalty.is_some() {
                    let slopes = u32::from(kind == Kind::Train);
                    self.player.kernel(
                        &memory,
                        &format!("penalty_{i}"),
                        blocks_of(1),
                        [0, 0, i as u32, slopes, 1],
                    )?;
                }
            }
        }
        let carried = spec.state_words * self.batch;
        if carried > 0 {
            let (from, to) = (self.carried.device.address(carried), self.carried.device.address(0));
            super::weights::copy(self, from, to, carried)?;
        }
        Ok(())
    }

    /// A loss that is a function of the host's: logits come here, predictions, losses and slopes go back.
    fn host_end(&mut self, end: End, losses: &[Box<dyn Loss>]) -> Result<(), DriverError> {
        let End { output, z, dz, weights } = end;
        let (logits, steps) = (self.words(Some(z))?, self.words(weights)?);
        let ended = self.ends.end(output, [&logits, &steps], losses, dz.is_some());
        self.outputs[output].device.put(0, ended.predictions)?;
        self.losses[output].device.put(0, ended.losses)?;
        if let Some(dz) = dz {
            self.arena.put(dz.offset * self.batch, ended.slopes)?;
        }
        self.masks[output].device.put(0, self.ends.mask(output).unwrap_or_default())
    }

    /// What lies at `buf` for the batch; nothing, if it is none.
    fn words(&self, buf: Option<Buf>) -> Result<Vec<f32>, DriverError> {
        let Some(buf) = buf else { return Ok(vec![]) };
        let samples = if buf.space.is_batched() { self.batch } else { 1 };
        let mut words = vec![0.0; samples * buf.len];
        let from = match buf.space {
            Space::Fixed => &self.fixed,
            Space::Input(i) => &self.inputs[i].device,
            Space::Output(i) => &self.outputs[i].device,
            Space::State => &self.carried.device,
            Space::Params => &self.params.device,
            Space::Grads => &self.grads.device,
            Space::Arena => &self.arena,
        };
        from.get(buf.offset * samples, &mut words)?;
        Ok(words)
    }
}

/// Words of control: those of the pass, then four for each output.
const CONTROL: usize = GO + 1;
const HEADS: usize = 4;
const SCALE: usize = HEADS + 4 * PORTS;
const GO: usize = SCALE + 1;

/// So many blocks in a row.
pub(super) fn blocks_of(blocks: usize) -> LaunchConfig {
    LaunchConfig { grid_dim: (blocks as u32, 1, 1), block_dim: (THREADS as u32, 1, 1), shared_mem_bytes: 0 }
}

/// Every kernel that may be launched.
fn names(spec: &Spec, program: &Program) -> Vec<String> {
    let mut names: Vec<String> = source::COMMON_KERNELS.map(String::from).to_vec();
    names.extend(program.kernels(&Slope::ALL));
    for (i, weight) in spec.weights.iter().enumerate() {
        names.extend(weight.penalty.map(|_| format!("penalty_{i}")));
        names.extend(weight.constraint.map(|_| format!("constraint_{i}")));
    }
    names
}

impl Backend for CudaBackend {
    fn description(&self) -> String {
        let source = self.gpu.architecture;
        format!("{}, sm_{}{}", self.gpu.name, source.major, source.minor)
    }

    fn params(&self) -> &[f32] {
        self.params.read()
    }

    fn params_mut(&mut self) -> &mut [f32] {
        self.params.write()
    }

    fn grads(&self) -> &[f32] {
        self.grads.read()
    }

    fn grads_mut(&mut self) -> &mut [f32] {
        if self.grads.len() == 0 && self.grads.replace(&vec![0.0; self.spec.trainable_len]) {
            self.forget();
        }
        self.scale = 1.0;
        self.grads.write()
    }

    fn state(&self) -> &[f32] {
        self.state.read()
    }

    fn set_state(&mut self, state: &[f32], shows_average: bool) {
        self.swapped = shows_average;
        self.state.replace(state);
    }

    fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn reserve(&mut self, batch: usize, training: bool) {
        self.make_room(if training { Kind::Train } else { Kind::Infer }, batch);
    }

    fn load_inputs(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()> {
        self.fault.check()?;
        if self.spec.state_words > 0 && self.carried_samples != rows.len() {
            if self.carried_samples > 0 {
                return Err(super::super::other_batch(self.spec, self.carried_samples, rows.len()));
            }
            self.set_carried(rows.len(), &[]);
        }
        self.batch = rows.len();
        let mut moved = false;
        for (tensor, words) in inputs.iter().zip(&mut self.inputs) {
            let (host, new) = words.renew(rows.len() * tensor.shape().width());
            gather(tensor, rows, host, 1);
            moved |= new;
        }
        if moved {
            self.forget();
        }
        Ok(())
    }

    fn carried(&self) -> (usize, &[f32]) {
        (self.carried_samples, &self.carried.read()[..self.carried.len() / 2])
    }

    fn set_carried(&mut self, samples: usize, words: &[f32]) {
        self.carried_samples = samples;
        let (host, moved) = self.carried.renew(2 * self.spec.state_words * samples);
        host.fill(0.0);
        host[..words.len()].copy_from_slice(words);
        if moved {
            self.forget();
        }
    }

    fn load_targets(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>) {
        self.ends.load(targets, rows);
        let mut moved = false;
        for (i, words) in self.targets.iter_mut().enumerate().take(targets.len()) {
            moved |= words.replace(self.ends.targets(i));
        }
        if moved {
            self.forget();
        }
    }

    fn load_sample_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>) {
        self.ends.load_weights(weights, rows);
        let mut moved = false;
        for (i, words) in self.sample_weights.iter_mut().enumerate() {
            moved |= words.replace(self.ends.weights(i).unwrap_or_default());
        }
        if moved {
            self.forget();
        }
    }

    fn infer(&mut self, losses: Option<&[Box<dyn Loss>]>) {
        match losses {
            None => self.run(Kind::Infer, None, 0),
            Some(_) => self.run(Kind::Evaluate, losses, 0),
        }
    }

    fn gradients(&mut self, losses: &[Box<dyn Loss>], step: u64, scale: f32) {
        // As on the CPU: what a model adds to its loss has no factor.
        self.scale = if self.spec.train.adds_loss { 1.0 } else { scale };
        self.run(Kind::Train, Some(losses), step);
    }

    fn loss_scale(&self) -> ScaleState {
        self.scaling()
    }

    fn set_loss_scale(&mut self, state: ScaleState) {
        self.set_scaling(state);
    }

    fn update(&mut self, optimizer: &dyn Optimizer, step: u64) {
        self.show_average(optimizer, false);
        super::weights::update(self, optimizer, step);
    }

    fn show_average(&mut self, optimizer: &dyn Optimizer, show: bool) {
        if self.swapped == show {
            return;
        }
        let (len, slots) = (self.spec.trainable_len, optimizer.state_words());
        if optimizer.options().average.is_some() && self.state.len() >= slots * len {
            let average = &mut self.state.write()[(slots - 1) * len..slots * len];
            self.params.write()[..len].swap_with_slice(average);
            self.swapped = show;
        }
    }

    fn shows_average(&self) -> bool {
        self.swapped
    }

    fn take_average(&mut self, optimizer: &dyn Optimizer) {
        let (len, slots) = (self.spec.trainable_len, optimizer.state_words());
        if optimizer.options().average.is_some() && self.state.len() >= slots * len {
            let average = &mut self.state.write()[(slots - 1) * len..slots * len];
            let weights = &mut self.params.write()[..len];
            match std::mem::take(&mut self.swapped) {
                true => average.copy_from_slice(weights),
                false => weights.copy_from_slice(average),
            }
        }
    }

    fn output(&self, i: usize) -> &[f32] {
        self.outputs[i].read()
    }

    fn targets(&self, i: usize) -> &[f32] {
        self.ends.targets(i)
    }

    fn sample_weights(&self, i: usize) -> Option<&[f32]> {
        self.ends.weights(i)
    }

    fn mask(&self, i: usize) -> Option<&[f32]> {
        (self.spec.outputs[i].mask > 0).then(|| self.masks[i].read())
    }

    fn loss_share(&self, i: usize) -> f64 {
        self.ends.share(i)
    }

    fn sample_losses(&self, i: usize) -> &[f32] {
        self.losses[i].read()
    }

    fn added_loss(&self) -> f64 {
        *self.added_loss.get_or_init(|| {
            let (own, penalised) = self.adds;
            let mut first = [0.0];
            if own {
                self.fault.note(self.fixed.get(0, &mut first));
            }
            let mut sum = f64::from(first[0]);
            if penalised && self.spec.weights.iter().any(|weight| weight.penalty.is_some()) {
                let mut values = vec![0.0; self.spec.weights.len()];
                self.fault.note(self.penalties.get(0, &mut values));
                let each =
                    self.spec.weights.iter().zip(values).filter(|(weight, _)| weight.penalty.is_some());
                sum += each.map(|(_, value)| f64::from(value)).sum::<f64>();
            }
            sum
        })
    }

    fn health(&self) -> Result<()> {
        self.fault.check()
    }

    fn scope(&mut self, work: &mut (dyn FnMut(&mut dyn Backend) + Send)) {
        work(self);
    }
}
