//! Launches: kernels by name, and the steps of a phase one after another.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use cudarc::driver::sys::CUdevice_attribute;
use cudarc::driver::{CudaFunction, CudaModule, DriverError, LaunchConfig, PushKernelArg};

use super::memory::Memory;
use super::source::{Extent, Launch, Splits, THREADS, Work};
use super::{Gpu, compile};
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
        if timings.is_some() {
            self.gpu.stream.synchronize()?;
        }
        let start = Instant::now();
        // SAFETY: by the promise of the callers the kernel's parameters are these (of a model's: `KERNEL` in
        // `source/prelude.cu`), and the addresses are of memories that are large enough for the batch.
        unsafe { builder.launch(config) }?;
        if let Some(timings) = &mut *timings {
            self.gpu.stream.synchronize()?;
            let (launches, time) = timings.entry(name.into()).or_default();
            (*launches, *time) = (*launches + 1, *time + start.elapsed());
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

/// Multiply-adds of a thread in [`peak`], and their chains.
const STEPS: usize = 1 << 14;
const CHAINS: usize = 8;

/// See [`Cuda::peak`](super::Cuda::peak).
pub fn peak(gpu: &Arc<Gpu>) -> Result<f64> {
    let chains: String = (0..CHAINS).map(|i| format!("x{i} = fmaf(x{i}, a, b); ")).collect();
    let values: Vec<String> = (0..CHAINS).map(|i| format!("x{i}")).collect();
    let first: Vec<String> = values.iter().map(|x| format!("{x} = a")).collect();
    let text = format!(
        "extern \"C\" __global__ void __launch_bounds__(256) peak(float *to, float a, float b) {{\n    float {};\n#pragma unroll 16\n    for (int i = 0; i < {STEPS}; i++) {{ {chains}}}\n    to[blockIdx.x * 256 + threadIdx.x] = {};\n}}\n",
        first.join(", "),
        values.join(" + ")
    );
    let mut player = Player::new(gpu, &text)?;
    let failed = |error: DriverError| super::library::explain(&gpu.name, &error);
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
            gpu.stream.synchronize()?;
            let start = Instant::now();
            player.call("peak", super::backend::blocks_of(blocks), &parameters)?;
            gpu.stream.synchronize()?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok((2 * STEPS * CHAINS * blocks * THREADS) as f64 / best)
    };
    run().map_err(failed)
}
