//! GPUs of NVIDIA (feature `cuda`).
//!
//! What a compiled model does is written down once as a list of kernels (`device::record`), printed as one
//! self-contained CUDA C text whose only number that is no literal is that of the samples (`source`), compiled by
//! NVRTC for the GPU at hand (`compile`), and played as one CUDA graph for each size of batch (`player`), together with the reading of
//! the batch (`arrays`) and the step of the optimizer (`tasks`). What it leaves is kept there until it is asked for (`log`). Kernels add
//! in an order that shapes alone decide: the same seed and data give the same bits, launch by launch or as a graph.
//!
//! The feature builds without any of NVIDIA's software. To run, a machine needs the driver, and NVRTC for the first run of
//! a model: `pip install nvidia-cuda-nvrtc` brings it. What it makes is kept in a cache.

mod arrays;
mod backend;
mod compile;
mod library;
mod log;
mod losses;
mod memory;
mod metrics;
mod pinned;
mod player;
mod source;
mod tasks;
mod weights;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cudarc::driver::{CudaContext, CudaStream, DriverError};

use self::backend::{CudaBackend, How};
use self::compile::Precompiled;
pub use self::compile::{Architecture, Target};
pub use self::source::Precision;
use self::source::Program;
use super::{Backend, Cpu, Device};
use crate::compiled::Spec;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::optim::Optimizer;

/// A GPU of NVIDIA as a device.
///
/// ```no_run
/// use keras_runtime::prelude::*;
///
/// # fn main() -> Result<()> {
/// let device = Cuda::new(0)?;
/// let model = keras_model!(dense(256, relu, input = 784) >> dense(10, softmax));
/// let mut model = model.to(&device)?;
/// # let _ = &mut model;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Cuda {
    gpu: Arc<Gpu>,
    graphs: bool,
    resident: bool,
    precision: Precision,
}

/// An open GPU, and a stream of it. Each model has a stream of its own: what one thread captures as a graph must not hold
/// the work of another.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub context: Arc<CudaContext>,
    pub stream: Arc<CudaStream>,
    pub name: String,
    pub architecture: Architecture,
    pub precompiled: Arc<Mutex<Precompiled>>,
    pub timings: Arc<Mutex<Option<Timings>>>,
}

/// Its name, and its architecture.
impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Architecture { major, minor } = self.architecture;
        write!(f, "{}, sm_{major}{minor}", self.name)
    }
}

/// The name of the GPU, and its architecture.
impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gpu.fmt(f)
    }
}

impl Gpu {
    /// The same GPU with another stream.
    fn fork(&self) -> Result<Arc<Gpu>, DriverError> {
        Ok(Arc::new(Gpu {
            stream: self.context.new_stream()?,
            context: self.context.clone(),
            name: self.name.clone(),
            architecture: self.architecture,
            precompiled: self.precompiled.clone(),
            timings: self.timings.clone(),
        }))
    }
}

/// Launches of each kernel, and the time that they took.
pub(crate) type Timings = BTreeMap<String, (u64, Duration)>;

/// What a kernel took: see [`Cuda::timed`].
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Its name in [`source`].
    pub kernel: String,
    /// How often it ran.
    pub launches: u64,
    /// All of them together, in seconds, by the clock of the device; with a driver of before CUDA 13 by that of the host, of which the launch of one and
    /// the wait for it are part.
    pub seconds: f64,
}

impl Cuda {
    /// GPU `ordinal` of this machine; the first is 0.
    ///
    /// # Errors
    /// Without a driver, or without such a GPU: what is missing, and what brings it.
    pub fn new(ordinal: usize) -> Result<Self> {
        library::driver()?;
        let count = CudaContext::device_count().map_err(|error| library::explain("CUDA", &error))?;
        if ordinal >= usize::try_from(count).unwrap_or(0) {
            return Err(Error::Device {
                device: format!("GPU {ordinal}"),
                problem: format!("this machine has {count} of them; the first is 0"),
            });
        }
        let open = || -> Result<Gpu, DriverError> {
            let context = CudaContext::new(ordinal)?;
            // SAFETY: one stream does everything, so nothing has to wait for another.
            unsafe { context.disable_event_tracking() };
            let stream = context.new_stream()?;
            let (major, minor) = context.compute_capability()?;
            let name = context.name()?;
            let architecture = Architecture { major: major.unsigned_abs(), minor: minor.unsigned_abs() };
            Ok(Gpu {
                stream,
                name,
                architecture,
                context,
                precompiled: Arc::default(),
                timings: Arc::default(),
            })
        };
        let gpu = open().map_err(|error| library::explain(&format!("GPU {ordinal}"), &error))?;
        Ok(Cuda { gpu: Arc::new(gpu), graphs: true, resident: true, precision: Precision::Float32 })
    }

    /// The GPUs of this machine.
    ///
    /// # Errors
    /// Without a driver.
    pub fn count() -> Result<usize> {
        library::driver()?;
        let count = CudaContext::device_count().map_err(|error| library::explain("CUDA", &error))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Launches kernel by kernel from now on, and takes the time of each, for all models on this GPU: see
    /// [`Cuda::timings`].
    #[must_use]
    pub fn timed(self) -> Self {
        *self.gpu.timings.lock().unwrap_or_else(PoisonError::into_inner) = Some(Timings::new());
        self.graphs(false)
    }

    /// What each kernel has taken since [`Cuda::timed`], the longest first.
    pub fn timings(&self) -> Vec<Timing> {
        let timings = self.gpu.timings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut timings: Vec<Timing> = timings
            .iter()
            .flatten()
            .map(|(kernel, (launches, time))| Timing {
                kernel: kernel.clone(),
                launches: *launches,
                seconds: time.as_secs_f64(),
            })
            .collect();
        timings.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        timings
    }

    /// Floating-point operations in a second of a loop of multiply-adds on every multiprocessor, or of products on its tensor cores, by
    /// [`Cuda::precision`]: what no product of such numbers exceeds.
    ///
    /// # Errors
    /// Without NVRTC, or when the device fails.
    pub fn peak(&self) -> Result<f64> {
        player::peak(&self.gpu, self.possible())
    }

    /// With what numbers matrices are multiplied; 32-bit ones unless told otherwise.
    #[must_use]
    pub fn precision(self, precision: Precision) -> Self {
        Cuda { precision, ..self }
    }

    /// The precision, where the GPU has what it takes.
    fn possible(&self) -> Precision {
        if self.gpu.architecture.major >= 8 { self.precision } else { Precision::Float32 }
    }

    /// Takes models that were compiled ahead by [`precompile`], for example of `include_bytes!`: those need neither NVRTC
    /// nor a cache.
    ///
    /// # Errors
    /// When the bytes are cut off or foreign.
    pub fn precompiled(self, bytes: &'static [u8]) -> Result<Self> {
        self.gpu.precompiled.lock().unwrap_or_else(PoisonError::into_inner).add(bytes)?;
        Ok(self)
    }

    /// Whether passes are captured as CUDA graphs and replayed, as they are unless told otherwise, or launched kernel by
    /// kernel. The bits are the same.
    #[must_use]
    pub fn graphs(self, graphs: bool) -> Self {
        Cuda { graphs, ..self }
    }

    /// Whether the arrays of a `fit`, `evaluate` or `predict` are copied to the GPU once, where its memory has room for them, as they are
    /// unless told otherwise, or batch by batch. The bits are the same.
    #[must_use]
    pub fn resident(self, resident: bool) -> Self {
        Cuda { resident, ..self }
    }
}

impl Device for Cuda {
    fn backend(&self, spec: &'static Spec, seed: u64) -> Result<Box<dyn Backend>> {
        let precision = self.possible();
        let gpu = self.gpu.fork().map_err(|error| library::explain(&self.gpu.name, &error))?;
        let how = How { graphs: self.graphs, resident: self.resident };
        Ok(Box::new(CudaBackend::new(gpu, Program::new(spec, precision), spec, seed, how)?))
    }
}

/// The best device of this machine: the first GPU, or the CPU where there is none, which it says once.
#[derive(Debug, Clone)]
pub struct Auto {
    gpu: Option<Cuda>,
}

impl Auto {
    /// Looks for a GPU. Without one, the reason goes to standard error, once in a process.
    pub fn detect() -> Self {
        static SAID: std::sync::Once = std::sync::Once::new();
        match Cuda::new(0) {
            Ok(gpu) => Auto { gpu: Some(gpu) },
            Err(error) => {
                SAID.call_once(|| eprintln!("running on the CPU: {error}"));
                Auto { gpu: None }
            }
        }
    }

    /// Whether it is a GPU.
    pub fn is_gpu(&self) -> bool {
        self.gpu.is_some()
    }
}

impl Device for Auto {
    fn backend(&self, spec: &'static Spec, seed: u64) -> Result<Box<dyn Backend>> {
        match &self.gpu {
            Some(gpu) => gpu.backend(spec, seed),
            None => Cpu::default().backend(spec, seed),
        }
    }
}

/// Loads a library in the place of the driver, for the rest of the process: an emulator, on machines without a GPU. The
/// environment variable `KERAS_CUDA_DRIVER` does the same.
///
/// # Errors
/// When it cannot be loaded.
pub fn load_driver(path: &std::path::Path) -> Result<()> {
    library::load(path)
}

/// Whether NVRTC is there, which compiles what is in no cache and was not compiled ahead.
///
/// # Errors
/// When it is not: how to get it.
pub fn compiler() -> Result<()> {
    library::nvrtc()
}

/// The CUDA C text of a model, as it is compiled for a GPU.
pub fn source(spec: &Spec, precision: Precision) -> String {
    Program::new(spec, precision).text
}

/// Compiles a model ahead for `targets`, with the steps of `optimizers` and what `losses` need if it is to be trained, for
/// [`Cuda::precompiled`]. Needs NVRTC, and no GPU. Where a program meets a loss, or a loss as a metric, that was not compiled ahead, and has
/// no NVRTC, the host computes it.
///
/// # Errors
/// Without NVRTC, or where it does not know a target.
pub fn precompile(
    spec: &Spec,
    precision: Precision,
    optimizers: &[&dyn Optimizer],
    losses: &[&dyn Loss],
    targets: &[Target],
) -> Result<Vec<u8>> {
    Precompiled::write(&texts(spec, precision, optimizers, losses), targets)
}

/// All that is compiled for a model: its own kernels, those that feed it and count what metrics ask for, those of the steps of `optimizers`, and what
/// `losses` need beside them, as losses and as metrics.
pub fn texts(
    spec: &Spec,
    precision: Precision,
    optimizers: &[&dyn Optimizer],
    losses: &[&dyn Loss],
) -> Vec<String> {
    let program = Program::new(spec, precision);
    let mut texts: Vec<String> =
        losses.iter().flat_map(|loss| losses::texts(*loss, spec, &program)).collect();
    texts.extend([program.text, source::gather(), metrics::counting()]);
    for optimizer in optimizers {
        texts.extend(weights::texts(*optimizer, spec));
    }
    texts
}

/// What NVRTC says of the kernels of a text: their registers, shared memory, and what had to be spilled.
///
/// # Errors
/// Without NVRTC, or where it does not know the target.
pub fn report(text: &str, target: Target) -> Result<String> {
    compile::report(text, target)
}
