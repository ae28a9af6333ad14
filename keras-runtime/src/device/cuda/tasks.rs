//! Launches beside those of a pass, as values: a list of them that comes again is played as the graph that it was captured as.

use std::borrow::Cow;
use std::sync::Arc;

use cudarc::driver::{CudaGraph, CudaStream, DriverError, sys};

use super::backend::{CudaBackend, blocks_of};
use super::player::{Parameter, Player};

/// The module that a kernel is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Module {
    /// The model's.
    Model,
    /// The one that reads arrays.
    Gather,
    /// That of an optimizer: which of those that were compiled.
    Update(usize),
    /// One that metrics are added up by: which of those that were compiled.
    Measure(usize),
}

/// A launch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Task {
    module: Module,
    kernel: Cow<'static, str>,
    blocks: usize,
    parameters: Vec<Parameter>,
}

impl Task {
    /// A launch of so many blocks of a kernel.
    pub fn new(
        module: Module,
        kernel: impl Into<Cow<'static, str>>,
        blocks: usize,
        parameters: impl Into<Vec<Parameter>>,
    ) -> Self {
        Task { module, kernel: kernel.into(), blocks, parameters: parameters.into() }
    }

    pub fn launch(&self, backend: &CudaBackend) -> Result<(), DriverError> {
        let player: &Player = match self.module {
            Module::Model => &backend.player,
            Module::Gather => backend.gather.as_ref().expect("loads are of a batch, which has compiled it"),
            Module::Update(at) => &backend.updates[at].player,
            Module::Measure(at) => &backend.measuring[at].1,
        };
        player.call(&self.kernel, blocks_of(self.blocks), &self.parameters)
    }
}

/// A graph, which one thread at a time has.
pub struct Graph(CudaGraph);

// SAFETY: a graph may be used from any thread, by one at a time; a backend is never shared.
unsafe impl Send for Graph {}

impl Graph {
    /// What `work` launches on the stream; none where that is nothing.
    pub fn capture(
        stream: &Arc<CudaStream>,
        work: impl FnOnce() -> Result<(), DriverError>,
    ) -> Result<Option<Self>, DriverError> {
        stream.begin_capture(sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)?;
        let done = work();
        let flags = sys::CUgraphInstantiate_flags::CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
        let graph = stream.end_capture(flags);
        done?;
        Ok(graph?.map(Graph))
    }

    /// Launches all of it.
    pub fn launch(&self) -> Result<(), DriverError> {
        self.0.launch()
    }
}

/// Launches `tasks` one after another.
pub fn play(backend: &mut CudaBackend, tasks: Vec<Task>) -> Result<(), DriverError> {
    let all = |backend: &CudaBackend| tasks.iter().try_for_each(|task| task.launch(backend));
    let Some(graphs) = &backend.graphs else { return all(backend) };
    if let Some(graph) = graphs.updates.get(&tasks) {
        return graph.launch();
    }
    let stream = backend.gpu.stream.clone();
    let graph = Graph::capture(&stream, || all(backend))?;
    if let Some(graph) = graph {
        graph.launch()?;
        if let Some(graphs) = &mut backend.graphs {
            graphs.updates.insert(tasks, graph);
        }
    }
    Ok(())
}
