//! What of the losses a GPU computes itself: kernels for each that has none together with its activation, made when a loss is first
//! met.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};

use cudarc::driver::DriverError;

use super::backend::{CudaBackend, blocks_of};
use super::library;
use super::memory::{Memory, Words};
use super::player::{Player, workspace};
use super::source::{self, End, Launch, PORTS, Program, Room, Slope, Step};
use crate::compiled::{OutputSpec, Spec};
use crate::error::Result;
use crate::loss::{Fused, LeftOut, Loss, Reduction, Told};

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
    /// One that is told: a hash of all that its kernels depend on.
    Told(u64),
    /// A model: the address of its description.
    Model(usize),
}

#[derive(Debug)]
struct Kernels {
    player: Player,
    how: Played,
}

/// What is launched for a head.
#[derive(Debug)]
enum Played {
    /// A kernel that does all of it.
    One,
    /// After predictions some kernels.
    Several { heads: Vec<(End, Vec<Launch>)>, room: Room, work: Words },
    /// After predictions those of a model, and one that ends what they have left.
    Model(Box<LossModel>),
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
    Told(Told<'a>),
    Model(&'static Spec),
}

/// The kernels of a loss at an output.
struct Text {
    text: String,
    /// Those that are launched.
    names: Vec<String>,
    how: Printed,
}

/// What is launched of a text: see [`Played`].
enum Printed {
    One,
    Several(Vec<(End, Vec<Launch>)>, Room),
    Model(&'static Spec, Program),
}

/// What there is for a loss at `output` to be told by; nothing for what is fused with its activation, and what is the host's.
fn how<'a>(loss: &'a dyn Loss, output: &OutputSpec<'_>) -> Option<How<'a>> {
    match (loss.fused(output.head), loss.told(), loss.compiled()) {
        (None, Some(told), _) => Some(How::Told(told)),
        (None, None, Some(spec)) => Some(How::Model(spec)),
        _ => None,
    }
}

impl How<'_> {
    fn which(&self) -> Which {
        match self {
            How::Told(told) => {
                let mut seen = Seen(DefaultHasher::new());
                let _ = write!(seen, "{told:?}");
                Which::Told(seen.0.finish())
            }
            How::Model(spec) => Which::Model(std::ptr::from_ref(*spec).addr()),
        }
    }

    /// The kernels at output `i` of a program.
    fn text(&self, i: usize, output: &OutputSpec<'_>, of: &Program) -> Text {
        let phases = [&of.evaluate[..], &of.train];
        match self {
            How::Told(Told::Rows(told)) => {
                let (text, names) = source::rows(i, output, *told, phases);
                Text { text, names, how: Printed::One }
            }
            How::Told(told) => {
                let source::Several { text, heads, room } = source::several(i, output, told, phases);
                let launches = heads.iter().flat_map(|(_, launches)| launches);
                let names = launches.map(|launch| launch.kernel.clone()).collect();
                Text { text, names, how: Printed::Several(heads, room) }
            }
            How::Model(spec) => {
                let program = Program::of_loss(spec);
                let (closing, mut names) = source::closing(i, output, phases);
                names.extend(program.kernels(&[Slope::Activation]));
                let text = format!("{}{closing}", program.text);
                Text { text, names, how: Printed::Model(spec, program) }
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
    let own =
        outputs.filter_map(|(i, output)| how(loss, output).map(|how| how.text(i, output, program).text));
    // The same loss may be a metric.
    own.chain(super::metrics::texts(loss, spec)).collect()
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
                Some(how) => own(backend, i, output, (loss.name(), &how))?,
                None => Slope::Host,
            },
        };
    }
    Ok(slopes)
}

/// The kernels of a loss, which are compiled the first time.
fn own(
    backend: &mut CudaBackend,
    i: usize,
    output: &OutputSpec<'_>,
    (name, how): (&str, &How<'_>),
) -> Result<Slope> {
    let which = how.which();
    let known = backend.met.iter().position(|met| met.output == i && met.which == which);
    let at = match known {
        Some(at) => at,
        None => {
            let owner = || format!("the loss `{name}` of output `{}`", output.name);
            let kernels = meet(backend, i, output, how).map_err(|error| library::of(&owner(), error))?;
            backend.met.push(Met { output: i, which, kernels });
            backend.met.len() - 1
        }
    };
    let Some(kernels) = &mut backend.met[at].kernels else { return Ok(Slope::Host) };
    let batch = backend.batch;
    let moved = match &mut kernels.how {
        Played::One => Ok(false),
        Played::Several { room, work, .. } => {
            work.grow(room.words(batch, backend.targets[i].len() / batch.max(1)))
        }
        Played::Model(model) => model.make_room(batch),
    };
    if backend.fault.note(moved) == Some(true) {
        backend.forget();
    }
    Ok(Slope::Own(at))
}

/// What a loss says to its kernels beside numbers that are part of them: how what has a loss is reduced, where others are left out.
pub fn setting(loss: &dyn Loss) -> f32 {
    match (loss.left_out(), loss.reduced_by()) {
        (Some(LeftOut::Zeros), Reduction::Sum) => 1.0,
        (Some(LeftOut::Zeros), Reduction::MeanWithSampleWeight) => 2.0,
        _ => 0.0,
    }
}

/// Compiles the kernels of a loss; none where nothing can be compiled.
fn meet(backend: &CudaBackend, i: usize, output: &OutputSpec<'_>, how: &How<'_>) -> Result<Option<Kernels>> {
    let Text { text, names, how } = how.text(i, output, &backend.program);
    let mut player = match Player::new(&backend.gpu, &text) {
        Err(_) if library::nvrtc().is_err() => return Ok(None),
        player => player?,
    };
    let failed = |error: DriverError| library::explain(&backend.gpu.name, &error);
    player.find(names).map_err(failed)?;
    let words = || Words::new(&backend.gpu, 0).map_err(failed);
    let how = match how {
        Printed::One => Played::One,
        Printed::Several(heads, room) => Played::Several { heads, room, work: words()? },
        Printed::Model(spec, program) => {
            let [arena, fixed, work, slopes] = [words()?, words()?, words()?, words()?];
            Played::Model(Box::new(LossModel { spec, program, arena, fixed, work, slopes }))
        }
    };
    Ok(Some(Kernels { player, how }))
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
    let predict = || launch(&backend.player, memory, &Slope::Activation.kernel(end), batch);
    match own {
        None => launch(&backend.player, memory, &slope.kernel(end), batch),
        Some(Kernels { player, how: Played::One }) => launch(player, memory, &slope.kernel(end), batch),
        Some(Kernels { player, how: Played::Several { heads, work, .. } }) => {
            predict()?;
            let memory = Memory { work: work.address(0), ..*memory };
            let launches = heads.iter().filter(|(of, _)| of == end).flat_map(|(_, launches)| launches);
            launches.into_iter().try_for_each(|launch| player.launch(&memory, launch, batch, (0, batch)))
        }
        Some(Kernels { player, how: Played::Model(model) }) => {
            predict()?;
            model.play(player, memory, end, batch)?;
            let memory = Memory { work: model.slopes.address(0), ..*memory };
            launch(player, &memory, &slope.kernel(end), batch)
        }
    }
}
