//! Streams, and the capture of what is submitted to them.

use std::collections::{HashMap, VecDeque};
use std::ffi::{c_int, c_uint};
use std::sync::Arc;
use std::thread::ThreadId;

use super::error::{Code, Outcome};
use super::state::State;
use super::work::{Callback, Work};
use super::{driver, put};

/// A stream.
pub struct Stream {
    pub handle: usize,
    /// Whose queue its work waits in: its own, or that of the legacy stream, which such streams are in step with.
    pub queue: usize,
    pub waiting: VecDeque<Work>,
    /// The capture that it takes part in.
    pub capture: Option<usize>,
}

/// A capture of one stream, and of those that wait for it.
pub struct Capture {
    origin: usize,
    work: Vec<Work>,
    /// For each stream: how many things it did, and up to which of them another one waited for it.
    streams: HashMap<usize, (usize, usize)>,
    mode: c_int,
    thread: ThreadId,
    /// Something was done that spoils it.
    pub invalid: bool,
}

/// A place in a captured stream.
#[derive(Clone, Copy)]
pub struct CapturePlace {
    pub capture: usize,
    pub stream: usize,
    pub count: usize,
}

const NON_BLOCKING: c_uint = 1;
const MODE_THREAD_LOCAL: c_int = 1;
const MODE_RELAXED: c_int = 2;

impl Stream {
    /// The legacy stream, whose handle is null.
    pub fn legacy() -> Self {
        Stream { handle: 0, queue: 0, waiting: VecDeque::new(), capture: None }
    }
}

impl Capture {
    fn is_of_another_thread(&self) -> bool {
        self.thread != std::thread::current().id()
    }

    /// Whether calls that could wait for the device are errors, for the thread that asks.
    pub fn forbids_unsafe_calls(&self) -> bool {
        match self.mode {
            MODE_RELAXED => false,
            MODE_THREAD_LOCAL => self.thread == std::thread::current().id(),
            _ => true,
        }
    }
}

impl State {
    /// A stream by its handle; 1 and 2 are names of default streams.
    pub fn stream(&mut self, handle: usize) -> Result<&mut Stream, Code> {
        let handle = if handle <= 2 { 0 } else { handle };
        self.streams.get_mut(&handle).ok_or(Code::INVALID_HANDLE)
    }

    /// Waits for a stream.
    pub fn synchronize(&mut self, handle: usize) -> Outcome {
        let stream = self.stream(handle)?;
        let (queue, capture) = (stream.queue, stream.capture);
        if let Some(capture) = capture.and_then(|c| self.captures.get_mut(&c)) {
            capture.invalid = true;
            if capture.is_of_another_thread() {
                self.report("a thread waits for a stream that another thread captures".to_owned());
            }
            return Err(Code::CAPTURE_UNSUPPORTED);
        }
        self.drain(queue)
    }

    /// Adds work to a capture.
    pub fn capture_work(&mut self, stream: usize, capture: usize, work: Work) -> Outcome {
        let capture = self.captures.get_mut(&capture).ok_or(Code::INVALID_HANDLE)?;
        if capture.invalid {
            return Err(Code::CAPTURE_INVALIDATED);
        }
        capture.streams.entry(stream).or_default().0 += 1;
        capture.work.push(work);
        // A driver allows it, and the graph then repeats what nobody meant to be in it.
        if capture.is_of_another_thread() {
            self.report("the work of a thread gets into a graph that another thread captures".to_owned());
        }
        Ok(())
    }

    /// Where a captured stream is now.
    pub fn capture_place(&mut self, stream: usize) -> Result<Option<CapturePlace>, Code> {
        let stream = self.stream(stream)?;
        let (handle, Some(capture)) = (stream.handle, stream.capture) else { return Ok(None) };
        let count = self.captures.get(&capture).and_then(|c| c.streams.get(&handle)).map_or(0, |s| s.0);
        Ok(Some(CapturePlace { capture, stream: handle, count }))
    }

    /// A stream waits for a place in a captured one: it becomes part of the capture.
    pub fn join_capture(&mut self, handle: usize, place: CapturePlace) -> Outcome {
        let stream = self.stream(handle)?;
        let handle = stream.handle;
        if stream.capture.is_some_and(|c| c != place.capture) {
            return Err(Code::CAPTURE_MERGE);
        }
        if handle == 0 {
            return Err(Code::CAPTURE_UNSUPPORTED);
        }
        let Some(capture) = self.captures.get_mut(&place.capture) else { return Err(Code::INVALID_VALUE) };
        // A stream that joins must be waited for, even if it does nothing.
        capture.streams.entry(handle).or_insert((1, 0));
        if place.stream != handle
            && let Some(waited) = capture.streams.get_mut(&place.stream)
        {
            waited.1 = waited.1.max(place.count);
        }
        self.stream(handle)?.capture = Some(place.capture);
        Ok(())
    }

    fn begin_capture(&mut self, handle: usize, mode: c_int) -> Outcome {
        let stream = self.stream(handle)?;
        if stream.handle == 0 {
            return Err(Code::CAPTURE_UNSUPPORTED);
        }
        if stream.capture.is_some() {
            return Err(Code::INVALID_VALUE);
        }
        let capture = self.new_handle();
        self.stream(handle)?.capture = Some(capture);
        let streams = HashMap::from([(handle, (0, 0))]);
        let thread = std::thread::current().id();
        self.captures
            .insert(capture, Capture { origin: handle, work: vec![], streams, mode, thread, invalid: false });
        Ok(())
    }

    fn end_capture(&mut self, handle: usize) -> Result<usize, Code> {
        let capture = self.stream(handle)?.capture.ok_or(Code::INVALID_VALUE)?;
        if self.captures[&capture].origin != handle {
            return Err(Code::CAPTURE_UNMATCHED);
        }
        let capture = self.captures.remove(&capture).ok_or(Code::INVALID_HANDLE)?;
        for stream in capture.streams.keys() {
            if let Some(stream) = self.streams.get_mut(stream) {
                stream.capture = None;
            }
        }
        if capture.invalid {
            return Err(Code::CAPTURE_INVALIDATED);
        }
        let unjoined = |(stream, (did, waited)): (&usize, &(usize, usize))| *stream != handle && waited < did;
        if capture.streams.iter().any(unjoined) {
            return Err(Code::CAPTURE_UNJOINED);
        }
        let graph = self.new_handle();
        self.graphs.insert(graph, Arc::new(capture.work));
        Ok(graph)
    }
}

fn create(state: &mut State, out: *mut usize, flags: c_uint) -> Outcome {
    state.ready()?;
    let handle = state.new_handle();
    let queue = if flags & NON_BLOCKING != 0 { handle } else { 0 };
    state.streams.insert(handle, Stream { handle, queue, waiting: VecDeque::new(), capture: None });
    put(out, handle)
}

driver! {
    fn cuStreamCreate(state, out: *mut usize, flags: c_uint) {
        create(state, out, flags)
    }

    fn cuStreamCreateWithPriority(state, out: *mut usize, flags: c_uint, _priority: c_int) {
        create(state, out, flags)
    }

    // The work that waits is done first, as a GPU would do it sooner or later.
    fn cuStreamDestroy_v2(state, stream: usize) {
        if stream <= 2 {
            return Err(Code::INVALID_HANDLE);
        }
        let queue = state.stream(stream)?.queue;
        let outcome = state.drain(queue);
        state.streams.remove(&stream);
        outcome
    }

    fn cuStreamSynchronize(state, stream: usize) {
        state.ready()?;
        state.synchronize(stream)
    }

    // Somebody who asks again and again waits, so each question brings the stream forward by one piece of work.
    fn cuStreamQuery(state, stream: usize) {
        state.ready()?;
        let stream = state.stream(stream)?;
        if stream.capture.is_some() {
            return Err(Code::CAPTURE_UNSUPPORTED);
        }
        let queue = stream.queue;
        if state.step(queue)? { Err(Code::NOT_READY) } else { Ok(()) }
    }

    fn cuStreamGetFlags(state, stream: usize, out: *mut c_uint) {
        let stream = state.stream(stream)?;
        put(out, if stream.queue == 0 { 0 } else { NON_BLOCKING })
    }

    fn cuStreamWaitEvent(state, stream: usize, event: usize, _flags: c_uint) {
        state.ready()?;
        state.wait_event(stream, event)
    }

    fn cuStreamBeginCapture_v2(state, stream: usize, mode: c_int) {
        state.ready()?;
        state.begin_capture(stream, mode)
    }

    fn cuStreamEndCapture(state, stream: usize, out: *mut usize) {
        put(out, 0)?;
        let graph = state.end_capture(stream)?;
        put(out, graph)
    }

    fn cuStreamIsCapturing(state, stream: usize, out: *mut c_int) {
        let capture = state.stream(stream)?.capture;
        let invalid = capture.and_then(|c| state.captures.get(&c)).map(|c| c.invalid);
        put(out, match invalid { None => 0, Some(false) => 1, Some(true) => 2 })
    }

    fn cuLaunchHostFunc(state, stream: usize, function: Option<Callback>, data: usize) {
        state.ready()?;
        let function = function.ok_or(Code::INVALID_VALUE)?;
        state.submit(stream, Work::Call(function, data))
    }
}
