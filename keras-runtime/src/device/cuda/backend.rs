//! The memories of a model on a GPU.

mod control;
mod load;
mod pass;
mod scaling;
mod seam;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use cudarc::driver::{DriverError, LaunchConfig};

use self::control::CONTROL;
pub(super) use self::scaling::AHEAD;
use self::scaling::Scaling;
use super::arrays::{ALL, Arrays, Load};
use super::log::{Entry, Log};
use super::losses::Met;
use super::memory::{Fault, Memory, Mirror, Words};
use super::metrics::Watched;
use super::pinned::Uploads;
use super::player::{Player, workspace};
use super::source::{self, PORTS, Program, Slope, Step, THREADS};
use super::tasks::{Graph, Task};
use super::weights::Known;
use super::{Gpu, library};
use crate::compiled::{Phase, Spec};
use crate::device::cpu::ends::Ends;
use crate::error::{Error, Result};
use crate::optim::Scratch;

/// The passes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Infer,
    Evaluate,
    Train,
}

/// What a backend does as its device was told to.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// Passes are captured as graphs.
    pub graphs: bool,
    /// Arrays are held where there is room.
    pub resident: bool,
}

/// A captured pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    batch: usize,
    /// Whether the device multiplies the loss with its scale.
    scaled: bool,
    /// What its ports read.
    loads: [Option<Load>; ALL],
    slopes: [Slope; PORTS],
    /// What comes after its kernels: what goes into the log, and the step of an optimizer.
    after: Vec<Task>,
}

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
    /// Kernels of optimizers.
    pub(super) updates: Vec<Known>,
    /// The kernels that read arrays, once there is a batch.
    pub(super) gather: Option<Player>,
    arrays: Arrays,
    pub(super) uploads: Uploads,
    log: Log,
    /// Of each output its metrics; none for one that looks at predictions itself.
    watched: Vec<Vec<Option<Watched>>>,
    /// The kernels of those that not every model has, by their text.
    pub(super) measuring: Vec<(String, Player)>,
    /// Where metrics are added up.
    pub(super) measures: Words,
    /// What the last pass has put into the log.
    logged: Option<Entry>,
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
    /// Of a step: its numbers, and those that it may have; sums of pieces, what they are together, and what gradients are multiplied with.
    pub(super) numbers: Words,
    pub(super) table: Words,
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
    /// Losses that the host computes, and what it needs for them: whether losses ask for it, and whether it is that of the batch.
    ends: Ends,
    ends_needed: bool,
    ends_loaded: bool,
    /// What the loss is multiplied with, of which the gradient is.
    pub(super) scale: f32,
    /// Whether that is another number than 1, which the device has.
    pub(super) scaled: bool,
    scaling: Scaling,
    /// The device may have been told to leave a step out.
    stopped: bool,
    losses: Vec<Mirror>,
    /// What a pass is told, and the rows of its batch.
    control: Words,
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
        How { graphs, resident }: How,
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
            table: words(0)?,
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
            ends_needed: false,
            ends_loaded: false,
            scale: 1.0,
            scaled: false,
            scaling: Scaling::new(&gpu, words(Scaling::WORDS)?).map_err(failed)?,
            stopped: true,
            losses: many(outputs)?,
            control: words(CONTROL)?,
            added_loss: OnceCell::from(0.0),
            adds: (false, false),
            graphs: graphs.then(Graphs::default),
            updates: vec![],
            gather: None,
            arrays: Arrays::new(&gpu, resident).map_err(failed)?,
            uploads: Uploads::default(),
            log: Log::new(&gpu, spec).map_err(failed)?,
            watched: vec![],
            measuring: vec![],
            measures: words(0)?,
            logged: None,
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

    /// Words of workspace that a pass needs.
    fn workspace(&self, kind: Kind, batch: usize) -> usize {
        let launches = self.phase(kind).1.iter();
        let launches =
            launches.filter_map(|step| if let Step::Launch(all) = step { Some(all) } else { None });
        workspace(launches.flatten(), batch)
    }

    /// Bytes of the device that a pass and the state of an optimizer need beside what there is.
    fn missing(&self, kind: Kind, batch: usize, state: usize) -> usize {
        let phase = self.phase(kind).0;
        let mut bytes = self.arena.missing(phase.arena_words * batch)
            + self.fixed.missing(phase.fixed_words)
            + self.work.missing(self.workspace(kind, batch))
            + self.control.missing(CONTROL + batch);
        for (words, input) in self.inputs.iter().zip(self.spec.inputs) {
            bytes += words.device.missing(batch * input.shape.iter().product::<usize>());
        }
        let ports = self.outputs.iter().zip(&self.losses).zip(&self.masks).zip(self.spec.outputs);
        for (((predictions, losses), mask), output) in ports {
            bytes += predictions.device.missing(batch * output.shape.iter().product::<usize>())
                + losses.device.missing(batch)
                + mask.device.missing(batch * output.mask);
        }
        if kind == Kind::Train {
            bytes += self.grads.device.missing(self.spec.trainable_len) + self.state.device.missing(state);
        }
        if kind == Kind::Infer { bytes } else { bytes + self.log.missing() }
    }

    /// Whether there is room for a pass.
    fn check_room(&self, kind: Kind, batch: usize, state: usize) -> Result<()> {
        let needed = self.missing(kind, batch, state);
        if needed == 0 {
            return Ok(());
        }
        let free =
            self.gpu.context.mem_get_info().map_err(|error| library::explain(&self.gpu.name, &error))?.0;
        if needed <= free {
            return Ok(());
        }
        let what = if kind == Kind::Train { "a training step" } else { "a pass" };
        Err(Error::Device {
            device: self.gpu.name.clone(),
            problem: format!(
                "its memory does not suffice: {what} of `{}` with {batch} samples needs {} more, and {} are free; take smaller \
                 batches, or end other programs that use it",
                self.spec.name,
                mebibytes(needed),
                mebibytes(free)
            ),
        })
    }

    /// What the loss is multiplied with, of which the next pass takes the gradient.
    fn set_scale(&mut self, scale: f32) {
        // As on the CPU: what a model adds to its loss has no factor.
        self.scale = if self.spec.train.adds_loss { 1.0 } else { scale };
        self.scaled = self.scale != 1.0;
    }

    /// Makes room for a pass; graphs of before are of no use if something had to move.
    fn make_room(&mut self, kind: Kind, batch: usize) {
        if self.control.missing(CONTROL + batch) > 0 {
            // That there is a step goes with it.
            self.stopped = true;
        }
        let (phase, work) = (self.phase(kind).0, self.workspace(kind, batch));
        let (arena, fixed) = (phase.arena_words * batch, phase.fixed_words);
        let mut moved = false;
        let mut grown = vec![
            self.arena.grow(arena),
            self.fixed.grow(fixed),
            self.work.grow(work),
            self.control.grow(CONTROL + batch),
        ];
        if kind != Kind::Infer {
            grown.push(self.log.grow());
        }
        for grown in grown {
            moved |= self.fault.note(grown).unwrap_or(false);
        }
        let reserved = self.uploads.reserve(&self.gpu, CONTROL + batch);
        self.fault.note(reserved);
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

    pub(super) fn control_address(&self) -> u64 {
        self.control.address(0)
    }
}

/// Bytes, for people.
fn mebibytes(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

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
