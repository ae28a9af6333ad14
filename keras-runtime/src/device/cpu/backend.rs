//! The memories of a model on the CPU.

#[cfg(feature = "cuda")]
mod ends;
mod passes;
mod reduce;

use std::cell::OnceCell;
use std::sync::Arc;

use passes::Given;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::aligned::Aligned;
use super::matmul::Packing;
use super::simd::Isa;
use super::winograd::{Stamped, Transformed};
use super::{constraint, split};
use crate::compiled::Spec;
use crate::data::gather::{gather, in_place};
use crate::data::{Selection, Tensor};
use crate::device::{ALONE_BELOW, Backend, Device, Passed, average_of, other_batch, settle};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::optim::{LossScaling, Optimizer, ScaleState, Scratch, Update};

/// The CPU as a device.
///
/// ```
/// use keras_runtime::prelude::*;
/// let one_core = Cpu::threads(1);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    threads: Option<usize>,
}

impl Cpu {
    /// With at most `threads` threads (at least one). The default is one for each core.
    pub fn threads(threads: usize) -> Self {
        Cpu { threads: Some(threads.max(1)) }
    }
}

impl Device for Cpu {
    fn backend(&self, spec: &'static Spec, seed: u64) -> Result<Box<dyn Backend>> {
        Ok(Box::new(CpuBackend::new(spec, self.threads, seed)?))
    }
}

/// Inputs or outputs that a pass describes without the heap.
const PORTS: usize = 8;

/// One model's memory.
#[derive(Debug)]
pub struct CpuBackend {
    spec: &'static Spec,
    isa: Isa,
    /// At most; one for each core, if nobody has said. The system is asked when it matters: it reads several files for that, which takes
    /// longer than to classify an image.
    threads: OnceCell<usize>,
    /// Threads of the pool that the current call runs in: one outside of [`Backend::scope`].
    active: usize,
    pool: Option<Arc<ThreadPool>>,
    seed: u64,
    batch: usize,
    params: Stamped,
    transformed: Transformed,
    packing: Packing,
    grads: Aligned,
    /// The optimizer's: so many words for each trainable one.
    state: Aligned,
    /// For sums over the gradient.
    scratch: Scratch,
    /// Whether the weights and their moving average have changed places.
    swapped: bool,
    arena: Aligned,
    fixed: Aligned,
    /// What lives from batch to batch, and what it becomes.
    carried: Aligned,
    /// Samples that it is of.
    carried_samples: usize,
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    targets: Vec<Vec<f32>>,
    /// Words of a target for each sample.
    widths: Vec<usize>,
    sample_weights: Vec<Vec<f32>>,
    /// Weights for each sample; 0 where there are none.
    weight_widths: Vec<usize>,
    /// Which steps count.
    masks: Vec<Vec<f32>>,
    losses: Vec<Vec<f32>>,
    /// What the mean of the losses is multiplied with at each output: its reduction.
    shares: Vec<f64>,
    /// Of losses over the whole batch: the factor of each sample, and the slope by each prediction.
    factors: Vec<f32>,
    slopes: Vec<Vec<f32>>,
    /// What the last pass adds to the loss.
    added_loss: f64,
    /// What the loss was multiplied with, of which the gradient is.
    scale: f32,
    scaling: ScaleState,
}

impl CpuBackend {
    fn new(spec: &'static Spec, threads: Option<usize>, seed: u64) -> Result<Self> {
        let ports = spec.inputs.len().max(spec.outputs.len());
        if ports > PORTS {
            let problem = format!("the model has {ports} inputs or outputs; {PORTS} are supported");
            return Err(Error::Device { device: "CPU".into(), problem });
        }
        Ok(CpuBackend {
            spec,
            isa: Isa::detect(),
            threads: threads.map_or_else(OnceCell::new, OnceCell::from),
            active: 1,
            pool: None,
            seed,
            batch: 0,
            params: Stamped::new(Aligned::zeros(spec.params_len)),
            transformed: Transformed::default(),
            packing: Packing::default(),
            grads: Aligned::new(),
            state: Aligned::new(),
            scratch: vec![],
            swapped: false,
            arena: Aligned::new(),
            fixed: Aligned::new(),
            carried: Aligned::new(),
            carried_samples: 0,
            inputs: vec![vec![]; spec.inputs.len()],
            outputs: vec![vec![]; spec.outputs.len()],
            targets: vec![vec![]; spec.outputs.len()],
            widths: vec![0; spec.outputs.len()],
            sample_weights: vec![vec![]; spec.outputs.len()],
            weight_widths: vec![0; spec.outputs.len()],
            masks: vec![vec![]; spec.outputs.len()],
            losses: vec![vec![]; spec.outputs.len()],
            shares: vec![1.0; spec.outputs.len()],
            factors: vec![],
            slopes: vec![vec![]; spec.outputs.len()],
            added_loss: 0.0,
            scale: 1.0,
            scaling: ScaleState::default(),
        })
    }

    fn threads(&self) -> usize {
        *self.threads.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// The pool of its threads, which are made when they are first asked for; none where there is but one thread, or where the
    /// system gives no more: the work is done by the caller's then.
    fn pool(&mut self) -> Option<Arc<ThreadPool>> {
        let threads = self.threads();
        if threads > 1 && self.pool.is_none() {
            self.pool = ThreadPoolBuilder::new().num_threads(threads).build().ok().map(Arc::new);
        }
        self.pool.clone()
    }

    /// Says of how many samples the batch is.
    fn begin_batch(&mut self, samples: usize) -> Result<()> {
        if self.spec.state_words > 0 && self.carried_samples != samples {
            if self.carried_samples > 0 {
                return Err(other_batch(self.spec, self.carried_samples, samples));
            }
            self.set_carried(samples, &[]);
        }
        self.batch = samples;
        Ok(())
    }

    /// Copies the selected samples of input `i`.
    fn load_input(&mut self, i: usize, tensor: &Tensor<'_>, rows: Selection<'_>) {
        let len = rows.len() * tensor.shape().width();
        grow(&mut self.inputs[i], len);
        gather(tensor, rows, &mut self.inputs[i][..len], self.active);
    }
}

fn grow(words: &mut Vec<f32>, len: usize) {
    if words.len() < len {
        words.resize(len, 0.0);
    }
}

impl Backend for CpuBackend {
    fn description(&self) -> String {
        format!("CPU, {:?}, {} threads", self.isa, self.threads())
    }

    fn complete(&mut self, spec: &'static Spec) {
        self.spec = spec;
    }

    fn params(&self) -> &[f32] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [f32] {
        &mut self.params
    }

    fn grads(&self) -> &[f32] {
        &self.grads
    }

    fn grads_mut(&mut self) -> &mut [f32] {
        self.grads.grow(self.spec.trainable_len);
        self.scale = 1.0;
        &mut self.grads
    }

    fn state(&self) -> &[f32] {
        &self.state
    }

    fn set_state(&mut self, state: &[f32], shows_average: bool) {
        self.swapped = shows_average;
        self.state.resize(state.len());
        self.state.copy_from_slice(state);
    }

    fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn reserve(&mut self, batch: usize, training: Option<&dyn Optimizer>) -> Result<()> {
        let spec = self.spec;
        let training = training.is_some();
        let phase = if training { &spec.train } else { &spec.infer };
        self.arena.grow(phase.arena_words * batch);
        self.fixed.grow(phase.fixed_words);
        // Predictions work in their caller's memory.
        if training {
            for (words, input) in self.inputs.iter_mut().zip(spec.inputs) {
                grow(words, batch * input.shape.iter().product::<usize>());
            }
            for (words, output) in self.outputs.iter_mut().zip(spec.outputs) {
                grow(words, batch * output.shape.iter().product::<usize>());
            }
            for (losses, (targets, width)) in
                self.losses.iter_mut().zip(self.targets.iter_mut().zip(&self.widths))
            {
                grow(losses, batch);
                grow(targets, batch * width);
            }
            self.grads.grow(spec.trainable_len);
        }
        Ok(())
    }

    fn load_inputs(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()> {
        self.begin_batch(rows.len())?;
        for (i, tensor) in inputs.iter().enumerate() {
            self.load_input(i, tensor, rows);
        }
        Ok(())
    }

    fn predict(
        &mut self,
        inputs: &[Tensor<'_>],
        rows: Selection<'_>,
        outputs: &mut [&mut [f32]],
    ) -> Result<()> {
        self.begin_batch(rows.len())?;
        let phase = &self.spec.infer;
        let mut work = |backend: &mut Self| {
            let mut given = Given::default();
            for (i, tensor) in inputs.iter().enumerate() {
                given.inputs[i] = in_place(tensor, rows);
                if given.inputs[i].is_none() {
                    backend.load_input(i, tensor, rows);
                }
            }
            for (given, output) in given.outputs.iter_mut().zip(outputs.iter_mut()) {
                *given = Some(output);
            }
            backend.pass(phase, None, 0, false, given);
            backend.take_over(phase);
        };
        if rows.len() * phase.flops < ALONE_BELOW || self.active > 1 {
            work(self);
            return Ok(());
        }
        match self.pool() {
            None => work(self),
            Some(pool) => {
                self.active = self.threads();
                split::helped(&pool, || work(self));
                self.active = 1;
            }
        }
        Ok(())
    }

    fn carried(&self) -> (usize, &[f32]) {
        (self.carried_samples, &self.carried[..self.carried.len() / 2])
    }

    fn set_carried(&mut self, samples: usize, words: &[f32]) {
        self.carried_samples = samples;
        self.carried.resize(0);
        self.carried.resize(2 * self.spec.state_words * samples);
        self.carried[..words.len()].copy_from_slice(words);
    }

    fn load_targets(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>) {
        for ((tensor, words), width) in targets.iter().zip(&mut self.targets).zip(&mut self.widths) {
            *width = tensor.shape().width();
            let len = rows.len() * *width;
            grow(words, len);
            gather(tensor, rows, &mut words[..len], self.active);
        }
    }

    fn load_sample_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>) {
        self.weight_widths.fill(0);
        for ((tensor, words), width) in
            weights.iter().zip(&mut self.sample_weights).zip(&mut self.weight_widths)
        {
            *width = tensor.shape().width();
            let len = rows.len() * *width;
            grow(words, len);
            gather(tensor, rows, &mut words[..len], self.active);
        }
    }

    fn infer(&mut self, losses: Option<&[Box<dyn Loss>]>) {
        let spec = self.spec;
        match losses {
            None => self.run(&spec.infer, None, 0, false),
            Some(_) => {
                self.run(&spec.evaluate, losses, 0, false);
                self.penalise(false);
            }
        }
    }

    fn gradients(&mut self, losses: &[Box<dyn Loss>], step: u64, scale: f32) {
        let spec = self.spec;
        // What a model adds to its loss has no factor in the compiled code: its gradient is scaled when it is looked at.
        self.scale = if spec.train.adds_loss { 1.0 } else { scale };
        self.grads.grow(spec.trainable_len);
        self.run(&spec.train, Some(losses), step, true);
        for update in spec.train.updates {
            let values = &self.fixed[update.from..update.from + update.len];
            self.params[update.to..update.to + update.len].copy_from_slice(values);
        }
        self.penalise(true);
    }

    fn loss_scale(&self) -> ScaleState {
        self.scaling
    }

    fn set_loss_scale(&mut self, state: ScaleState) {
        self.scaling = state;
    }

    fn update(&mut self, optimizer: &dyn Optimizer, step: u64) {
        let len = self.spec.trainable_len;
        self.show_average(optimizer, false);
        let scaling = optimizer.options().loss_scale;
        if let Some(LossScaling::Dynamic(how)) = scaling {
            let missing = self.scaling.factor(scaling) / self.scale;
            let finite = self.grads[..len].iter().all(|g| (g * missing).is_finite());
            self.scaling = self.scaling.after(how, finite);
            if !finite {
                return;
            }
        }
        let scale = std::mem::replace(&mut self.scale, 1.0);
        if scale != 1.0 {
            self.grads[..len].iter_mut().for_each(|g| *g /= scale);
        }
        let step = step - self.scaling.skipped;
        let words = optimizer.state_words() * len;
        if self.state.len() < words {
            self.state.resize(words);
            for (slot, words) in self.state.chunks_exact_mut(len).enumerate() {
                words.fill(optimizer.state_start(slot));
            }
        }
        Update {
            isa: self.isa,
            threads: self.active,
            weights: self.spec.weights,
            params: &mut self.params[..len],
            grads: &mut self.grads[..len],
            state: &mut self.state,
            scratch: &mut self.scratch,
        }
        .run(optimizer, step);
        for weight in self.spec.weights.iter().filter(|weight| weight.trainable) {
            if let Some(constraint) = weight.constraint {
                constraint::apply(weight, constraint, &mut self.params);
            }
        }
    }

    fn show_average(&mut self, optimizer: &dyn Optimizer, show: bool) {
        if self.swapped != show
            && let Some(average) = average_of(optimizer, self.spec, self.state.len())
        {
            self.params[..average.len()].swap_with_slice(&mut self.state[average]);
            self.swapped = show;
        }
    }

    fn shows_average(&self) -> bool {
        self.swapped
    }

    fn take_average(&mut self, optimizer: &dyn Optimizer) {
        if let Some(average) = average_of(optimizer, self.spec, self.state.len()) {
            let weights = &mut self.params[..average.len()];
            settle(std::mem::take(&mut self.swapped), weights, &mut self.state[average]);
        }
    }

    fn record(&mut self, to: &mut dyn FnMut(&dyn Passed)) {
        to(self);
    }

    fn scope(&mut self, work: &mut (dyn FnMut(&mut dyn Backend) + Send)) {
        match self.pool() {
            Some(pool) if self.active == 1 => {
                self.active = self.threads();
                pool.install(|| work(self));
                self.active = 1;
            }
            _ => work(self),
        }
    }
}
