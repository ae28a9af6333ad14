//! Graphs: captured work that can be submitted again and again.

use std::ffi::c_ulonglong;

use super::error::Code;
use super::work::Work;
use super::{driver, put};

driver! {
    fn cuGraphInstantiateWithFlags(state, out: *mut usize, graph: usize, _flags: c_ulonglong) {
        let work = state.graphs.get(&graph).ok_or(Code::INVALID_HANDLE)?.clone();
        let handle = state.new_handle();
        state.executables.insert(handle, work);
        put(out, handle)
    }

    fn cuGraphUpload(state, executable: usize, stream: usize) {
        state.ready()?;
        state.stream(stream)?;
        if state.executables.contains_key(&executable) { Ok(()) } else { Err(Code::INVALID_HANDLE) }
    }

    fn cuGraphLaunch(state, executable: usize, stream: usize) {
        state.ready()?;
        let work = state.executables.get(&executable).ok_or(Code::INVALID_HANDLE)?.clone();
        state.submit(stream, Work::Graph(work))
    }

    fn cuGraphExecDestroy(state, executable: usize) {
        state.executables.remove(&executable).map(drop).ok_or(Code::INVALID_HANDLE)
    }

    fn cuGraphDestroy(state, graph: usize) {
        state.graphs.remove(&graph).map(drop).ok_or(Code::INVALID_HANDLE)
    }

    fn cuGraphGetNodes(state, graph: usize, nodes: *mut usize, count: *mut usize) {
        let work = state.graphs.get(&graph).ok_or(Code::INVALID_HANDLE)?;
        // Nodes have no handles; how many there are can be asked for.
        if nodes.is_null() { put(count, work.len()) } else { Err(Code::NOT_SUPPORTED) }
    }
}
