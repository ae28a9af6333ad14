//! Launches: kernels by name, and the steps of a phase one after another.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use cudarc::driver::sys::{CUdevice_attribute, CUevent_flags};
use cudarc::driver::{CudaEvent, CudaFunction, CudaModule, DriverError, LaunchConfig, PushKernelArg};

use super::memory::Memory;
use super::source::{Extent, Launch, PRELUDE, Precision, Splits, THREADS, Work};
use super::{Gpu, compile, library};
use crate::error::Result;

/// A parameter of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is rare, in lists that live for as long as a launch"
)]
pub enum Parameter {
    /// Where words are.
    Address(u64),
    /// A word: a whole number, or the bits of another.
    Word(u32),
    /// All memories of a model.
    Memory(Memory),
}

impl Parameter {
    /// A whole number.
    pub fn number(x: usize) -> Self {
        Parameter::Word(x as u32)
    }

    /// A number.
    pub fn float(x: f32) -> Self {
        Parameter::Word(x.to_bits())
    }
}

impl From<bool> for Parameter {
    fn from(x: bool) -> Self {
        Parameter::Word(u32::from(x))
    }
}

/// The kernels of one text.
#[derive(Debug)]
pub struct Player {
    gpu: Arc<Gpu>,
    module: Arc<CudaModule>,
    functions: HashMap<String, CudaFunction>,
}

impl Player {
    /// Compiles `text` for the GPU.
    pub fn new(gpu: &Arc<Gpu>, text: &str) -> Result<Self> {
        Ok(Player { gpu: gpu.clone(), module: compile::module(gpu, text)?, functions: HashMap::new() })
    }

    /// Looks kernels up, so that they are there when they are launched.
    pub fn find(&mut self, names: impl IntoIterator<Item = String>) -> Result<(), DriverError> {
        for name in names {
            if !self.functions.contains_key(&name) {
                let function = self.module.load_function(&name)?;
                self.functions.insert(name, function);
            }
        }
        Ok(())
    }

    /// Launches a kernel of a model on samples `[from, from + count)` of `batch`.
    pub fn launch(
        &self,
        memory: &Memory,
        launch: &Launch,
        batch: usize,
        (from, count): (usize, usize),
    ) -> Result<(), DriverError> {
        let splits = launch.splits.of(batch);
        let z = if matches!(launch.splits, Splits::Sum { .. }) { 1 } else { splits };
        let blocks = |extent: Extent| extent.of(count) as u32;
        let config = LaunchConfig {
            grid_dim: (blocks(launch.grid[0]), blocks(launch.grid[1]), z as u32),
            block_dim: (THREADS as u32, 1, 1),
            shared_mem_bytes: 0,
        };
        let words = [batch, launch.time, from + launch.part, count, splits].map(|word| word as u32);
        self.kernel(memory, &launch.kernel, config, words)
    }

    /// Launches one that is called like those of a model.
    pub fn kernel(
        &self,
        memory: &Memory,
        name: &str,
        config: LaunchConfig,
        words: [u32; 5],
    ) -> Result<(), DriverError> {
        let [a, b, c, d, e] = words.map(Parameter::Word);
        self.call(name, config, &[Parameter::Memory(*memory), a, b, c, d, e])
    }

    /// Launches a kernel; nothing, where it has no blocks. The parameters are those that its text has.
    pub fn call(
        &self,
        name: &str,
        config: LaunchConfig,
        parameters: &[Parameter],
    ) -> Result<(), DriverError> {
        if config.grid_dim.0 == 0 {
            return Ok(());
        }
        let mut builder = self.gpu.stream.launch_builder(&self.functions[name]);
        for parameter in parameters {
            match parameter {
                Parameter::Address(address) => builder.arg(address),
                Parameter::Word(word) => builder.arg(word),
                Parameter::Memory(memory) => builder.arg(memory),
            };
        }
        let mut timings = self.gpu.timings.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = timings.is_some().then(|| Clock::start(&self.gpu)).transpose()?;
        // SAFETY: by the promise of the callers the kernel's parameters are these (of a model's: `KERNEL` in
        // `source/prelude.cu`), and the addresses are of memories that are large enough for the batch.
        unsafe { builder.launch(config) }?;
        if let (Some(timings), Some(begun)) = (&mut *timings, begun) {
            let took = begun.stop(&self.gpu)?;
            let (launches, time) = timings.entry(name.into()).or_default();
            (*launches, *time) = (*launches + 1, *time + took);
        }
        Ok(())
    }

    /// Launches the kernels of a step on all of the batch, chunk by chunk.
    pub fn step(&self, memory: &Memory, launches: &[Launch], batch: usize) -> Result<(), DriverError> {
        let chunk =
            launches.iter().filter_map(|launch| launch.chunk).min().unwrap_or(batch).clamp(1, batch.max(1));
        for from in (0..batch).step_by(chunk) {
            let samples = (from, chunk.min(batch - from));
            launches.iter().try_for_each(|launch| self.launch(memory, launch, batch, samples))?;
        }
        Ok(())
    }
}

/// Words of workspace that `launches` need for a batch.
pub fn workspace<'a>(launches: impl Iterator<Item = &'a Launch>, batch: usize) -> usize {
    let words = launches.map(|launch| match launch.work {
        Work::None => 0,
        Work::PerSample(words) => words * launch.chunk.unwrap_or(batch).min(batch),
        Work::PerSplit(words) => words * launch.splits.of(batch),
    });
    words.max().unwrap_or(0)
}

/// When a launch began.
enum Clock {
    /// By the clock of the device.
    Device(CudaEvent),
    /// By that of the host, where the driver has no function for the other.
    Host(Instant),
}

/// The version of CUDA from which on a driver tells the time between two events by the function that is called.
const TELLS_TIME: i32 = 13_000;

impl Clock {
    fn start(gpu: &Gpu) -> Result<Self, DriverError> {
        gpu.stream.synchronize()?;
        match library::driver_version()? {
            ..TELLS_TIME => Ok(Clock::Host(Instant::now())),
            _ => gpu.stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT)).map(Clock::Device),
        }
    }

    fn stop(self, gpu: &Gpu) -> Result<Duration, DriverError> {
        match self {
            Clock::Device(start) => {
                let end = gpu.stream.record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))?;
                Ok(Duration::from_secs_f64(f64::from(start.elapsed_ms(&end)?.max(0.0)) * 1e-3))
            }
            Clock::Host(start) => {
                gpu.stream.synchronize()?;
                Ok(start.elapsed())
            }
        }
    }
}

/// Multiply-adds of a thread in [`peak`], or products of a warp on tensor cores, and their chains.
const STEPS: usize = 1 << 14;
const CHAINS: usize = 8;

/// See [`Cuda::peak`](super::Cuda::peak).
pub fn peak(gpu: &Arc<Gpu>, precision: Precision) -> Result<f64> {
    let chains = |one: fn(usize) -> String| (0..CHAINS).map(one).collect::<String>();
    // What a chain begins with, a link of it, what comes of it; and the operations of a thread in a link.
    let (first, link, last, operations, steps) = match precision {
        Precision::Float32 => (
            chains(|i| format!("float x{i} = a; ")),
            chains(|i| format!("x{i} = fmaf(x{i}, a, b); ")),
            chains(|i| format!(" + x{i}")),
            2,
            STEPS,
        ),
        Precision::Tf32 => (
            chains(|i| format!("float x{i}[4] = {{a, a, a, a}}; ")),
            chains(|i| format!("multiply_tf32(x{i}, left, right, right); ")),
            chains(|i| format!(" + x{i}[0] + x{i}[3]")),
            2 * 16 * 8 * 8 / 32,
            STEPS / 8,
        ),
        Precision::Bf16 => (
            chains(|i| format!("float x{i}[4] = {{a, a, a, a}}; ")),
            chains(|i| format!("multiply_bf16(x{i}, left, right, right); ")),
            chains(|i| format!(" + x{i}[0] + x{i}[3]")),
            2 * 16 * 8 * 16 / 32,
            STEPS / 8,
        ),
    };
    let prelude = if precision == Precision::Float32 { "" } else { PRELUDE };
    let text = format!(
        "{prelude}\nextern \"C\" __global__ void __launch_bounds__(256) peak(float *to, float a, float b) {{\n    {first}\n    unsigned int right = __float_as_uint(b), left[4] = {{right, right, right, right}};\n#pragma unroll 16\n    for (int i = 0; i < {steps}; i++) {{ {link}}}\n    to[blockIdx.x * 256 + threadIdx.x] = b + __uint_as_float(left[0]){last};\n}}\n"
    );
    let mut player = Player::new(gpu, &text)?;
    let failed = |error: DriverError| library::explain(&gpu.name, &error);
    player.find(["peak".into()]).map_err(failed)?;
    let run = || -> Result<f64, DriverError> {
        let processors =
            gpu.context.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
        let blocks = 8 * processors.unsigned_abs() as usize;
        let words = super::memory::Words::new(gpu, blocks * THREADS)?;
        let parameters =
            [Parameter::Address(words.address(0)), Parameter::float(0.999), Parameter::float(0.001)];
        let mut best = f64::INFINITY;
        for _ in 0..4 {
            let begun = Clock::start(gpu)?;
            player.call("peak", super::backend::blocks_of(blocks), &parameters)?;
            best = best.min(begun.stop(gpu)?.as_secs_f64());
        }
        Ok((operations * steps * CHAINS * blocks * THREADS) as f64 / best)
    };
    run().map_err(failed)
}
