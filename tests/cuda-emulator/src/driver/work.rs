//! Work that waits in a stream, and its execution.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::error::{Code, Outcome};
use super::state::State;
use crate::exec::{Checks, LAST_LAUNCH, Launch};
use crate::fault::FaultKind;
use crate::program::Kernel;

/// A function of the caller that a stream calls.
pub type Callback = extern "C" fn(*mut c_void);

/// Something that a stream does.
#[derive(Clone)]
pub enum Work {
    Launch(Arc<KernelLaunch>),
    ToDevice { to: u64, from: Source, bytes: usize },
    ToHost { to: usize, from: u64, bytes: usize },
    OnDevice { to: u64, from: u64, bytes: usize },
    Fill { at: u64, value: u32, width: usize, count: usize },
    Free(u64),
    Record(Arc<Record>),
    Wait(Arc<Record>),
    Graph(Arc<Vec<Work>>),
    Call(Callback, usize),
}

/// Where a copy to the device comes from.
#[derive(Clone)]
pub enum Source {
    /// Bytes that were taken when the copy was submitted: the caller may change its memory at once.
    Taken(Arc<Vec<u8>>),
    /// Pinned memory, which is read when the copy is done.
    Pinned(usize),
}

/// A kernel with its arguments.
pub struct KernelLaunch {
    pub kernel: Arc<Kernel>,
    pub grid: [u32; 3],
    pub block: [u32; 3],
    pub dynamic_shared: usize,
    pub parameters: Vec<u8>,
}

/// A place in a stream that an event stands for.
pub struct Record {
    pub queue: usize,
    pub done: AtomicBool,
    pub time: Mutex<Option<Instant>>,
}

impl Record {
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }
}

impl State {
    /// Puts work into a stream, or into the graph that it is captured for.
    pub fn submit(&mut self, stream: usize, work: Work) -> Outcome {
        let stream = self.stream(stream)?;
        let (handle, queue, capture) = (stream.handle, stream.queue, stream.capture);
        if let Some(capture) = capture {
            return self.capture_work(handle, capture, work);
        }
        self.queue(queue).push_back(work);
        if self.config.eager { self.drain(queue) } else { Ok(()) }
    }

    fn queue(&mut self, queue: usize) -> &mut VecDeque<Work> {
        &mut self.streams.get_mut(&queue).expect("queues live as long as their streams").waiting
    }

    /// Does all work of a queue.
    pub fn drain(&mut self, queue: usize) -> Outcome {
        while let Some(work) = self.streams.get_mut(&queue).and_then(|s| s.waiting.pop_front()) {
            self.perform(&work)?;
        }
        self.broken.map_or(Ok(()), Err)
    }

    /// Does all work of all streams.
    pub fn drain_all(&mut self) -> Outcome {
        let mut queues: Vec<usize> = self.streams.keys().copied().collect();
        queues.sort_unstable();
        for queue in queues {
            self.drain(queue)?;
        }
        self.broken.map_or(Ok(()), Err)
    }

    /// Does work of a queue until a record is reached.
    pub fn drain_until(&mut self, record: &Record) -> Outcome {
        while !record.is_done() && self.step(record.queue)? {}
        self.broken.map_or(Ok(()), Err)
    }

    /// Does one thing of a queue; whether there was one.
    pub fn step(&mut self, queue: usize) -> Result<bool, Code> {
        match self.streams.get_mut(&queue).and_then(|s| s.waiting.pop_front()) {
            Some(work) => self.perform(&work).map(|()| true),
            None => Ok(false),
        }
    }

    /// After an error nothing works any more, as on a GPU.
    fn perform(&mut self, work: &Work) -> Outcome {
        let outcome = self.perform_one(work);
        if let Err(code) = outcome {
            self.give_up(code);
        }
        outcome
    }

    /// Drops all work, and takes no more.
    pub fn give_up(&mut self, code: Code) {
        self.broken.get_or_insert(code);
        for stream in self.streams.values_mut() {
            stream.waiting.clear();
        }
    }

    fn perform_one(&mut self, work: &Work) -> Outcome {
        match work {
            Work::Launch(launch) => self.launch(launch),
            Work::ToDevice { to, from, bytes } => {
                self.check_range("copy to device memory", *to, *bytes)?;
                let from = match from {
                    Source::Taken(taken) => taken.as_ptr(),
                    Source::Pinned(address) => *address as *const u8,
                };
                // SAFETY: the range lies in an allocation, and the caller vouches for its own memory.
                unsafe { std::ptr::copy_nonoverlapping(from, *to as *mut u8, *bytes) };
                self.memory.mark_written(*to, *bytes);
                Ok(())
            }
            Work::ToHost { to, from, bytes } => {
                self.check_range("copy from device memory", *from, *bytes)?;
                // SAFETY: as above.
                unsafe { std::ptr::copy_nonoverlapping(*from as *const u8, *to as *mut u8, *bytes) };
                Ok(())
            }
            Work::OnDevice { to, from, bytes } => {
                self.check_range("copy from device memory", *from, *bytes)?;
                self.check_range("copy to device memory", *to, *bytes)?;
                // SAFETY: both ranges lie in allocations.
                unsafe { std::ptr::copy(*from as *const u8, *to as *mut u8, *bytes) };
                self.memory.copy_shadow(*to, *from, *bytes);
                Ok(())
            }
            Work::Fill { at, value, width, count } => {
                self.check_range("fill of device memory", *at, width * count)?;
                // SAFETY: the range lies in an allocation.
                let range = unsafe { std::slice::from_raw_parts_mut(*at as *mut u8, width * count) };
                match width {
                    1 => range.fill(*value as u8),
                    width => range
                        .chunks_exact_mut(*width)
                        .for_each(|e| e.copy_from_slice(&value.to_le_bytes()[..*width])),
                }
                self.memory.mark_written(*at, width * count);
                Ok(())
            }
            Work::Free(address) => {
                if self.memory.free(*address) {
                    Ok(())
                } else {
                    Err(Code::INVALID_VALUE)
                }
            }
            Work::Record(record) => {
                *record.time.lock().unwrap_or_else(|p| p.into_inner()) = Some(Instant::now());
                record.done.store(true, Ordering::Release);
                Ok(())
            }
            Work::Wait(record) => self.drain_until(record),
            Work::Graph(graph) => graph.iter().try_for_each(|work| self.perform_one(work)),
            Work::Call(function, data) => {
                function(*data as *mut c_void);
                Ok(())
            }
        }
    }

    fn check_range(&mut self, what: &str, at: u64, bytes: usize) -> Outcome {
        if self.memory.contains(at, bytes) {
            return Ok(());
        }
        self.report(format!("out of bounds: {what}: {bytes} bytes at {at:#x}"));
        Err(Code::INVALID_VALUE)
    }

    /// Tells of a fault.
    pub fn report(&mut self, fault: String) {
        eprintln!("[cuda-emulator] {fault}");
        self.fault = fault;
    }

    fn launch(&mut self, launch: &KernelLaunch) -> Outcome {
        if self.launches == LAST_LAUNCH {
            self.memory.forget_launches();
            self.launches = 0;
        }
        self.launches += 1;
        match self.config.lost {
            u32::MAX => {}
            0 => {
                self.report(format!("the device is lost before kernel {}", launch.kernel.name));
                return Err(Code::UNKNOWN);
            }
            left => self.config.lost = left - 1,
        }
        let view = self.memory.view();
        let run = Launch {
            kernel: &launch.kernel,
            grid: launch.grid,
            block: launch.block,
            dynamic_shared: launch.dynamic_shared,
            parameters: &launch.parameters,
            view: &view,
            checks: Checks {
                races: self.config.races,
                uninitialised: self.config.uninitialised,
                count: self.config.counters,
            },
            number: self.launches,
            branches: self.config.branches,
            threads: self.config.threads,
        };
        let (mut tally, outcome) = run.run();
        tally.launches = 1;
        self.counters.entry(launch.kernel.name.clone()).or_default().add(&tally);
        outcome.map_err(|fault| {
            self.report(fault.to_string());
            match fault.kind {
                FaultKind::OutOfBounds => Code::ILLEGAL_ADDRESS,
                FaultKind::Misaligned => Code::MISALIGNED,
                FaultKind::Endless => Code::LAUNCH_TIMEOUT,
                // What a GPU would not notice is a failed launch.
                _ => Code::LAUNCH_FAILED,
            }
        })
    }
}
