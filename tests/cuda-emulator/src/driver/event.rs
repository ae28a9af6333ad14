//! Events.

use std::ffi::c_uint;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::error::{Code, Outcome};
use super::state::State;
use super::stream::CapturePlace;
use super::work::{Record, Work};
use super::{driver, put};

/// An event: the place in a stream where it was last recorded.
pub struct Event {
    timing: bool,
    recorded: Option<Arc<Record>>,
    captured: Option<CapturePlace>,
}

const DISABLE_TIMING: c_uint = 2;

impl State {
    fn event(&mut self, handle: usize) -> Result<&mut Event, Code> {
        self.events.get_mut(&handle).ok_or(Code::INVALID_HANDLE)
    }

    fn record(&mut self, event: usize, stream: usize) -> Outcome {
        self.ready()?;
        self.event(event)?;
        if let Some(place) = self.capture_place(stream)? {
            let event = self.event(event)?;
            (event.recorded, event.captured) = (None, Some(place));
            return Ok(());
        }
        let queue = self.stream(stream)?.queue;
        let record = Arc::new(Record { queue, done: AtomicBool::new(false), time: Mutex::new(None) });
        let recorded = self.event(event)?;
        (recorded.recorded, recorded.captured) = (Some(record.clone()), None);
        self.submit(stream, Work::Record(record))
    }

    /// A stream waits for an event.
    pub fn wait_event(&mut self, stream: usize, event: usize) -> Outcome {
        let event = self.event(event)?;
        let (recorded, captured) = (event.recorded.clone(), event.captured);
        match (captured, recorded) {
            (Some(place), _) => self.join_capture(stream, place),
            (None, Some(record)) if !record.is_done() => self.submit(stream, Work::Wait(record)),
            _ => Ok(()),
        }
    }

    fn time(&mut self, event: usize) -> Result<Instant, Code> {
        let event = self.event(event)?;
        let (true, Some(record)) = (event.timing, &event.recorded) else { return Err(Code::INVALID_HANDLE) };
        let time = *record.time.lock().unwrap_or_else(|p| p.into_inner());
        time.ok_or(Code::NOT_READY)
    }

    fn elapsed(&mut self, out: *mut f32, start: usize, end: usize) -> Outcome {
        let (start, end) = (self.time(start)?, self.time(end)?);
        let forward = end.saturating_duration_since(start).as_secs_f32();
        let backward = start.saturating_duration_since(end).as_secs_f32();
        put(out, (forward - backward) * 1e3)
    }
}

driver! {
    fn cuEventCreate(state, out: *mut usize, flags: c_uint) {
        state.ready()?;
        let handle = state.new_handle();
        let timing = flags & DISABLE_TIMING == 0;
        state.events.insert(handle, Event { timing, recorded: None, captured: None });
        put(out, handle)
    }

    fn cuEventDestroy_v2(state, event: usize) {
        state.events.remove(&event).map(drop).ok_or(Code::INVALID_HANDLE)
    }

    fn cuEventRecord(state, event: usize, stream: usize) {
        state.record(event, stream)
    }

    fn cuEventRecordWithFlags(state, event: usize, stream: usize, _flags: c_uint) {
        state.record(event, stream)
    }

    fn cuEventSynchronize(state, event: usize) {
        state.ready()?;
        let event = state.event(event)?;
        if event.captured.is_some() {
            return Err(Code::CAPTURE_UNSUPPORTED);
        }
        match event.recorded.clone() {
            Some(record) => state.drain_until(&record),
            None => Ok(()),
        }
    }

    // As for streams: who asks again and again waits.
    fn cuEventQuery(state, event: usize) {
        state.ready()?;
        let Some(record) = state.event(event)?.recorded.clone() else { return Ok(()) };
        if record.is_done() {
            return Ok(());
        }
        state.step(record.queue)?;
        Err(Code::NOT_READY)
    }

    fn cuEventElapsedTime(state, out: *mut f32, start: usize, end: usize) {
        state.elapsed(out, start, end)
    }

    fn cuEventElapsedTime_v2(state, out: *mut f32, start: usize, end: usize) {
        state.elapsed(out, start, end)
    }
}
