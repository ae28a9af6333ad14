//! Passes over a batch: kernels one after another, or all of them as a graph.

use std::cell::OnceCell;

use cudarc::driver::DriverError;

use super::{CudaBackend, Key, Kind, blocks_of};
use crate::compiled::{Buf, Space};
use crate::device::cuda::log::{Entry, Part, What};
use crate::device::cuda::memory::{Memory, Mirror, Words};
use crate::device::cuda::player::Parameter;
use crate::device::cuda::source::{End, PORTS, Slope, Step};
use crate::device::cuda::tasks::{Graph, Module, Task};
use crate::device::cuda::{library, losses as heads, weights};
use crate::error::Result;
use crate::loss::Loss;
use crate::optim::{LossScaling, Optimizer};

impl CudaBackend {
    /// A pass over the batch and, for a training step, that of an optimizer: together where both are the device's.
    pub(super) fn run(
        &mut self,
        kind: Kind,
        losses: Option<&[Box<dyn Loss>]>,
        step: u64,
        then: Option<(&dyn Optimizer, u64)>,
    ) {
        if let Err(error) = self.try_run(kind, losses, step, then) {
            self.fault.keep(error);
        }
    }

    fn try_run(
        &mut self,
        kind: Kind,
        losses: Option<&[Box<dyn Loss>]>,
        step: u64,
        mut then: Option<(&dyn Optimizer, u64)>,
    ) -> Result<()> {
        let gpu = self.gpu.clone();
        let failed = |error: DriverError| library::explain(&gpu.name, &error);
        self.added_loss = OnceCell::new();
        self.adds = (self.phase(kind).0.adds_loss, kind != Kind::Infer);
        self.make_room(kind, self.batch);
        let slopes = heads::slopes(self, losses)?;
        let host = slopes.contains(&Slope::Host);
        let graph = !host && self.graphs.is_some();
        let scaled = match then {
            Some((optimizer, _)) => self.scale_step(optimizer, graph),
            None => false,
        };
        self.bring_ends(losses.unwrap_or_default(), host, step).map_err(failed)?;
        self.ends.begin(self.batch, losses.unwrap_or_default(), self.scale);
        let mut after = if losses.is_some() { self.records().map_err(failed)? } else { vec![] };
        self.control(losses, step);
        self.params.push();
        self.carried.push();
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
        if self.fault.is_set() || self.batch == 0 {
            return Ok(());
        }
        if graph
            && let Some((optimizer, step)) = then
            && let Some(tasks) = weights::launches(self, optimizer, step)?
        {
            after.extend(tasks);
            then = None;
        }
        let key = Key { kind, batch: self.batch, scaled, loads: self.arrays.loads(), slopes, after };
        self.arrays.arrive().map_err(failed)?;
        match graph {
            true => self.replay(key).map_err(failed)?,
            false => self.play(&key, losses).map_err(failed)?,
        }
        self.arrays.consumed().map_err(failed)?;
        if let Some((optimizer, step)) = then {
            weights::update(self, optimizer, step);
        }
        self.ask_scaling();
        Ok(())
    }

    /// Scales the loss of the next step of a training; whether by what the device has for it, since its judgement of the steps before
    /// need not be known here.
    fn scale_step(&mut self, optimizer: &dyn Optimizer, graph: bool) -> bool {
        let scaling = optimizer.options().loss_scale;
        match scaling {
            Some(LossScaling::Dynamic(how)) if graph && weights::goes_ahead(optimizer, self.spec) => {
                self.place_scaling(how);
                self.set_scale(1.0);
                self.scaled = !self.spec.train.adds_loss;
                self.scaled
            }
            _ => {
                let scale = self.scaling().factor(scaling);
                self.set_scale(scale);
                false
            }
        }
    }

    /// Launches a graph of the pass, which is captured the first time.
    fn replay(&mut self, key: Key) -> Result<(), DriverError> {
        if let Some(graph) = self.graphs.as_ref().and_then(|graphs| graphs.passes.get(&key)) {
            return graph.launch();
        }
        let stream = self.gpu.stream.clone();
        let Some(graph) = Graph::capture(&stream, || self.play(&key, None))? else { return Ok(()) };
        graph.launch()?;
        if let Some(graphs) = &mut self.graphs {
            graphs.passes.insert(key, graph);
        }
        Ok(())
    }

    /// Launches the kernels of a pass, and of what comes after it.
    fn play(&mut self, key: &Key, losses: Option<&[Box<dyn Loss>]>) -> Result<(), DriverError> {
        let (memory, batch) = (self.memory(), self.batch);
        if key.scaled {
            let parameters = [self.control_address(), self.scaling_address()].map(Parameter::Address);
            Task::new(Module::Model, "scale_loss", 1, parameters).launch(self)?;
        }
        self.gathers().iter().try_for_each(|task| task.launch(self))?;
        for at in 0..self.phase(key.kind).1.len() {
            match &self.phase(key.kind).1[at] {
                Step::Launch(launches) => self.player.step(&memory, launches, batch)?,
                Step::Head(end) => {
                    let end = *end;
                    match key.slopes[end.output] {
                        Slope::Host => self.host_end(end, losses.unwrap_or_default())?,
                        slope => heads::head(self, &memory, slope, &end)?,
                    }
                }
            }
        }
        self.finish(key.kind, &memory)?;
        key.after.iter().try_for_each(|task| task.launch(self))
    }

    /// The launches that put what the pass leaves into the log; none where that is too much for it.
    fn records(&mut self) -> Result<Vec<Task>, DriverError> {
        let mut parts: Vec<Part> = vec![];
        let mut add = |what: What, words: &Words, len: usize| {
            let at = parts.last().map_or(0, Part::end);
            if len > 0 {
                parts.push(Part { what, from: words.address(0), at, len });
            }
        };
        for i in 0..self.spec.outputs.len() {
            let mut part = |what: What, words: &Mirror| add(what, &words.device, words.len());
            part(What::Losses(i), &self.losses[i]);
            let metrics = self.watched.get(i).map_or(&[][..], |metrics| metrics);
            if metrics.iter().any(Option::is_none) {
                part(What::Predictions(i), &self.outputs[i]);
                part(What::Targets(i), &self.targets[i]);
                part(What::Weights(i), &self.sample_weights[i]);
                part(What::Mask(i), &self.masks[i]);
            }
            for (k, watched) in metrics.iter().enumerate() {
                add(What::Sums(i, k), &self.measures, watched.map_or(0, |watched| watched.words()));
            }
        }
        let (own, penalised) = self.adds;
        add(What::Own, &self.fixed, usize::from(own));
        if penalised && self.spec.weights.iter().any(|weight| weight.penalty.is_some()) {
            add(What::Penalties, &self.penalties, self.spec.weights.len());
        }
        let entry = Entry { samples: self.batch, parts, shares: [1.0; PORTS] };
        self.logged = None;
        if !self.log.make_room(entry.words())? {
            return Ok(vec![]);
        }
        let [log, control] = [self.log.address(), self.control_address()].map(Parameter::Address);
        let mut tasks = vec![];
        for part in &entry.parts {
            if let What::Sums(i, k) = part.what {
                let of = |words: &Mirror| (words.device.address(0), words.len());
                let words =
                    [&self.outputs[i], &self.targets[i], &self.sample_weights[i], &self.masks[i]].map(of);
                let room = self.measures.address(0);
                let watched = self.watched[i][k].expect("has sums");
                tasks.extend(watched.tasks(&self.spec.outputs[i], words, room, [log, control], part.at));
                continue;
            }
            let [at, len] = [part.at, part.len].map(Parameter::number);
            let parameters = [Parameter::Address(part.from), log, at, len, control];
            tasks.push(Task::new(Module::Model, "record", weights::fours(part.len), parameters));
        }
        self.logged = Some(entry);
        Ok(tasks)
    }

    /// What comes after the kernels of a pass: penalties, moving averages, states for the next batch.
    fn finish(&mut self, kind: Kind, memory: &Memory) -> Result<(), DriverError> {
        let spec = self.spec;
        if kind == Kind::Train {
            for update in spec.train.updates {
                let (from, to) = (self.fixed.address(update.from), self.params.device.address(update.to));
                weights::copy(self, from, to, update.len)?;
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
            weights::copy(self, from, to, carried)?;
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
