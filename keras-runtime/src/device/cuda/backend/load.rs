//! A batch: what its ports read, and what of it the host has to know.

use cudarc::driver::DriverError;
use ndarray::ArrayView2;

use super::CudaBackend;
use super::control::{CONTROL, SOURCES};
use crate::compiled::OutputSpec;
use crate::data::{IntoTensor, Selection, Tensor};
use crate::device::cuda::arrays::{Load, input, target, weight};
use crate::device::cuda::library;
use crate::device::cuda::memory::Mirror;
use crate::device::cuda::player::{Parameter, Player};
use crate::device::cuda::source::{self, PORTS};
use crate::device::cuda::tasks::{Module, Task};
use crate::device::cuda::weights;
use crate::error::Result;
use crate::loss::{LeftOut, Loss, Reduction, Scope};

impl CudaBackend {
    /// Begins a batch of these inputs.
    pub(super) fn begin(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()> {
        if self.gather.is_none() {
            let mut player = Player::new(&self.gpu, &source::gather())?;
            let found = player.find(source::gather_kernels());
            found.map_err(|error| library::explain(&self.gpu.name, &error))?;
            self.gather = Some(player);
        }
        self.batch = rows.len();
        self.ends_loaded = false;
        self.arrays.begin();
        for (i, tensor) in inputs.iter().enumerate() {
            self.load(input(i), tensor, rows);
        }
        Ok(())
    }

    /// Says what a port reads.
    fn load(&mut self, port: usize, tensor: &Tensor<'_>, rows: Selection<'_>) {
        let loaded = self.arrays.load(port, tensor, rows);
        self.fault.note(loaded);
        self.resize(port, rows.len() * tensor.shape().width());
    }

    /// Makes room for the words of a port, which the next pass writes.
    fn resize(&mut self, port: usize, len: usize) {
        let ports = match port / PORTS {
            0 => &mut self.inputs,
            1 => &mut self.targets,
            _ => &mut self.sample_weights,
        };
        let words = &mut ports[port % PORTS];
        let moved = words.resize(len);
        words.changes();
        if moved {
            self.forget();
        }
    }

    /// Adds targets to the batch.
    pub(super) fn add_targets(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>) {
        self.ends_loaded = self.ends_needed;
        if self.ends_needed {
            self.ends.load(targets, rows);
        }
        for (i, tensor) in targets.iter().enumerate().take(self.targets.len()) {
            self.load(target(i), tensor, rows);
        }
    }

    /// Adds what its samples count.
    pub(super) fn add_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>) {
        if self.ends_needed {
            self.ends.load_weights(weights, rows);
        }
        for i in 0..self.sample_weights.len() {
            match weights.get(i) {
                Some(tensor) => self.load(weight(i), tensor, rows),
                None => self.resize(weight(i), 0),
            }
        }
    }

    /// The launches that read arrays.
    pub(super) fn gathers(&self) -> Vec<Task> {
        let ports = [&self.inputs, &self.targets, &self.sample_weights];
        let loads = self.arrays.loads().into_iter().enumerate();
        let tasks = loads.filter_map(|(port, load)| {
            let Load { kind, width } = load?;
            let words = ports[port / PORTS].get(port % PORTS)?;
            let [control, to] = [self.control_address(), words.device.address(0)].map(Parameter::Address);
            let [at, rows, width, len] =
                [SOURCES + 4 * port, CONTROL, width, words.len()].map(Parameter::number);
            let blocks = weights::fours(words.len());
            let parameters = [control, at, rows, to, width, len];
            Some(Task::new(Module::Gather, source::gather_kernel(kind), blocks, parameters))
        });
        tasks.collect()
    }

    /// Gives the host targets and weights of the batch, where losses are its own or are divided by what only they tell. From the second
    /// batch on it is given them when they are loaded.
    pub(super) fn bring_ends(
        &mut self,
        losses: &[Box<dyn Loss>],
        host: bool,
        step: u64,
    ) -> Result<(), DriverError> {
        let weighted = self.sample_weights.iter().any(|words| words.len() > 0);
        let by_batch = |(loss, output): (&dyn Loss, &OutputSpec<'_>)| {
            match (loss.scope(output.shape), loss.reduced_by()) {
                // The device sees itself which samples have a loss.
                (Scope::Batch { .. }, _) if loss.left_out() == Some(LeftOut::Zeros) => false,
                // Each sample has the values of the batch, where it has a weight.
                (Scope::Batch { .. }, Reduction::Sum) => weighted,
                (_, reduction) => loss.left_out().is_some() || reduction == Reduction::MeanWithSampleWeight,
            }
        };
        if self.ends_loaded || self.batch == 0 || self.fault.is_set() {
            return Ok(());
        }
        self.ends.load_weights(&[], Selection::Range { start: 0, len: self.batch });
        if !host && !losses.iter().map(|loss| &**loss).zip(self.spec.outputs).any(by_batch) {
            return Ok(());
        }
        (self.ends_needed, self.ends_loaded) = (true, true);
        self.control(None, step);
        self.arrays.arrive()?;
        self.gathers().iter().try_for_each(|task| task.launch(self))?;
        let rows = Selection::Range { start: 0, len: self.batch };
        let tensors = |words: &[Mirror]| -> Vec<Tensor<'static>> {
            let each = words.iter().filter(|words| words.len() > 0).map(|words| {
                let shape = (self.batch, words.len() / self.batch);
                let view = ArrayView2::from_shape(shape, words.read()).expect("as many as the shape says");
                view.to_owned().into_tensor()
            });
            each.collect()
        };
        let (targets, weights) = (tensors(&self.targets), tensors(&self.sample_weights));
        self.ends.load(&targets, rows);
        self.ends.load_weights(&weights, rows);
        Ok(())
    }
}
