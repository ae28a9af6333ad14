//! Passes over a batch: kernels one after another, or all of them as a graph.

use std::cell::OnceCell;

use cudarc::driver::DriverError;

use super::{CudaBackend, Key, Kind, blocks_of};
use crate::compiled::{Buf, Space};
use crate::device::cuda::memory::{Memory, Mirror};
use crate::device::cuda::source::{End, PORTS, Slope, Step};
use crate::device::cuda::tasks::Graph;
use crate::device::cuda::{losses, weights};
use crate::loss::Loss;

impl CudaBackend {
    pub(super) fn run(&mut self, kind: Kind, losses: Option<&[Box<dyn Loss>]>, step: u64) {
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
        let slopes = match losses::slopes(self, losses) {
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
                        slope => losses::head(self, &memory, slope, &end)?,
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
