//! What of the losses a GPU computes itself: kernels for each that has none together with its activation, made when a loss is first
//! met.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};

use cudarc::driver::DriverError;

use super::backend::{CudaBackend, blocks_of};
use super::library;
use super::memory::{Memory, Words};
use super::player::{Player, workspace};
use super::source::{self, End, PORTS, Program, Slope, Step};
use crate::compiled::{OutputSpec, Spec};
use crate::error::Result;
use crate::loss::{Fused, Loss, Told};

/// A loss at an output, as it was met.
#[derive(Debug)]
pub struct Met {
    output: usize,
    which: Which,
    /// None where there is no compiler and it was not compiled ahead: the host computes the loss then.
    kernels: Option<Kernels>,
}

/// Which loss it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// One that is told by rows: a hash of all that its formula depends on.
    Rows(u64),
    /// A model: the address of its description.
    Model(usize),
}

#[derive(Debug)]
struct Kernels {
    player: Player,
    model: Option<LossModel>,
}

/// A loss that is a model of targets and predictions, and its memories.
#[derive(Debug)]
struct LossModel {
    spec: &'static Spec,
    program: Program,
    arena: Words,
    fixed: Words,
    work: Words,
    /// By each prediction.
    slopes: Words,
}

/// How a loss is told, if it is.
enum How<'a> {
    Rows(&'a dyn Told),
    Model(&'static Spec),
}

/// What there is for a loss at `output` to be told by; nothing for what is fused with its activation, and what is the host's.
fn how<'a>(loss: &'a dyn Loss, output: &OutputSpec<'_>) -> Option<How<'a>> {
    match (loss.fused(output.head), loss.told(), loss.compiled()) {
        (None, Some(told), _) => Some(How::Rows(told)),
        // Such a loss is one of whole samples: it knows of no steps.
        (None, None, Some(spec)) if output.mask == 0 => Some(How::Model(spec)),
        _ => None,
    }
}

impl How<'_> {
    fn which(&self) -> Which {
        match self {
            How::Rows(told) => {
                let mut seen = Seen(DefaultHasher::new());
                let _ = write!(seen, "{told:?}");
                Which::Rows(seen.0.finish())
            }
            How::Model(spec) => Which::Model(std::ptr::from_ref(*spec).addr()),
        }
    }

    /// The program of a model, the text of all kernels at output `i`, and the names of those in it that are launched.
    fn text(
        &self,
        i: usize,
        output: &OutputSpec<'_>,
        of: &Program,
    ) -> (Option<Program>, String, Vec<String>) {
        let phases = [&of.evaluate[..], &of.train];
        match self {
            How::Rows(told) => {
                let (text, names) = source::rows(i, output, *told, phases);
                (None, text, names)
            }
            How::Model(spec) => {
                let program = Program::of_loss(spec);
                let (closing, mut names) = source::closing(i, output, phases);
                names.extend(program.kernels(&[Slope::Activation]));
                let text = format!("{}{closing}", program.text);
                (Some(program), text, names)
            }
        }
    }
}

/// What is written, hashed.
struct Seen(DefaultHasher);

impl Write for Seen {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// The texts of the kernels that `loss` has at the outputs of a model.
pub fn texts(loss: &dyn Loss, spec: &Spec, program: &Program) -> Vec<String> {
    let outputs = spec.outputs.iter().enumerate();
    outputs.filter_map(|(i, output)| how(loss, output).map(|how| how.text(i, output, program).1)).collect()
}

/// The head of each output: what the device computes itself of its loss.
pub fn slopes(backend: &mut CudaBackend, losses: Option<&[Box<dyn Loss>]>) -> Result<[Slope; PORTS]> {
    let mut slopes = [Slope::Activation; PORTS];
    for (i, output) in backend.spec.outputs.iter().enumerate() {
        let Some(loss) = losses.and_then(|losses| losses.get(i)) else { continue };
        slopes[i] = match loss.fused(output.head) {
            Some(Fused::Softmax { sparse: true, .. }) => Slope::Sparse,
            Some(Fused::Softmax { .. }) => Slope::Softmax,
            Some(Fused::Sigmoid { .. }) => Slope::Sigmoid,
            None => match how(loss.as_ref(), output) {
                Some(how) => own(backend, i, output, &how)?,
                None => Slope::Host,
            },
        };
    }
    Ok(slopes)
}

/// The kernels of a loss, which are compiled the first time.
fn own(backend: &mut CudaBackend, i: usize, output: &OutputSpec<'_>, how: &How<'_>) -> Result<Slope> {
    let which = how.which();
    let known = backend.met.iter().position(|met| met.output == i && met.which == which);
    let at = match known {
        Some(at) => at,
        None => {
            let kernels = meet(backend, i, output, how)?;
            backend.met.push(Met { output: i, which, kernels });
            backend.met.len() - 1
        }
    };
    let Some(kernels) = &mut backend.met[at].kernels else { return Ok(Slope::Host) };
    if let Some(model) = &mut kernels.model {
        let moved = model.make_room(backend.batch);
        if backend.fault.note(moved) == Some(true) {
            backend.forget();
        }
    }
    Ok(Slope::Own(at))
}

/// Compiles the kernels of a loss; none where nothing can be compiled.
fn meet(backend: &CudaBackend, i: usize, output: &OutputSpec<'_>, how: &How<'_>) -> Result<Option<Kernels>> {
    let (program, text, names) = how.text(i, output, &backend.program);
    let mut player = match Player::new(&backend.gpu, &text) {
        Err(_) if library::nvrtc().is_err() => return Ok(None),
        player => player?,
    };
    let failed = |error: DriverError| library::explain(&backend.gpu.name, &error);
    player.find(names).map_err(failed)?;
    let words = || Words::new(&backend.gpu, 0).map_err(failed);
    let model = match (program, how) {
        (Some(program), How::Model(spec)) => {
            let [arena, fixed, work, slopes] = [words()?, words()?, words()?, words()?];
            Some(LossModel { spec, program, arena, fixed, work, slopes })
        }
        _ => None,
    };
    Ok(Some(Kernels { player, model }))
}

impl LossModel {
    /// Makes room for a batch; whether something had to move.
    fn make_room(&mut self, batch: usize) -> std::result::Result<bool, DriverError> {
        let LossModel { spec, program, arena, fixed, work, slopes } = self;
        let most = |of: fn(&crate::compiled::Phase) -> usize| of(&spec.infer).max(of(&spec.train));
        let predictions: usize = spec.inputs[1].shape.iter().product();
        let launches = program.infer.iter().chain(&program.train).filter_map(|step| match step {
            Step::Launch(launches) => Some(launches),
            Step::Head(_) => None,
        });
        let mut moved = arena.grow(most(|phase| phase.arena_words) * batch)?;
        moved |= fixed.grow(most(|phase| phase.fixed_words))?;
        moved |= work.grow(workspace(launches.flatten(), batch))?;
        Ok(moved | slopes.grow(predictions * batch)?)
    }

    /// Leaves the loss of each sample at output `i` of a model and, for a training step, the slopes.
    fn play(&self, player: &Player, memory: &Memory, end: &End, batch: usize) -> Result<(), DriverError> {
        let mut own = Memory {
            arena: self.arena.address(0),
            fixed: self.fixed.address(0),
            work: self.work.address(0),
            control: memory.control,
            ..Memory::default()
        };
        own.inputs[..2].copy_from_slice(&[memory.targets[end.output], memory.outputs[end.output]]);
        own.outputs[..2].copy_from_slice(&[memory.losses[end.output], self.slopes.address(0)]);
        let steps = if end.dz.is_some() { &self.program.train } else { &self.program.infer };
        steps.iter().try_for_each(|step| match step {
            Step::Launch(launches) => player.step(&own, launches, batch),
            Step::Head(end) => launch(player, &own, &Slope::Activation.kernel(end), batch),
        })
    }
}

/// Launches a kernel that gives each warp a sample.
fn launch(player: &Player, memory: &Memory, name: &str, batch: usize) -> Result<(), DriverError> {
    let samples = batch as u32;
    player.kernel(memory, name, blocks_of(batch.div_ceil(source::SAMPLES)), [samples, 0, 0, samples, 1])
}

/// Ends an output, with a loss that is not the host's.
pub fn head(backend: &CudaBackend, memory: &Memory, slope: Slope, end: &End) -> Result<(), DriverError> {
    let batch = backend.batch;
    let own = match slope {
        Slope::Own(at) => backend.met[at].kernels.as_ref(),
        _ => None,
    };
    let Some(Kernels { player, model }) = own else {
        return launch(&backend.player, memory, &slope.kernel(end), batch);
    };
    let Some(model) = model else { return launch(player, memory, &slope.kernel(end), batch) };
    launch(&backend.player, memory, &Slope::Activation.kernel(end), batch)?;
    model.play(player, memory, end, batch)?;
    let memory = Memory { work: model.slopes.address(0), ..*memory };
    launch(player, &memory, &slope.kernel(end), batch)
}
