//! The device, and all that programs have made on it.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::error::{Code, Outcome};
use super::event::Event;
use super::kernel::Function;
use super::module::Module;
use super::stream::{Capture, Stream};
use super::work::Work;
use crate::config::Config;
use crate::counters::Tally;
use crate::memory::Memory;

/// Everything. Handles are numbers that are never used twice.
pub struct State {
    pub config: Config,
    pub initialized: bool,
    pub memory: Memory,
    /// Pinned memory: address and size.
    pub pinned: BTreeMap<usize, usize>,
    pub streams: HashMap<usize, Stream>,
    pub captures: HashMap<usize, Capture>,
    pub events: HashMap<usize, Event>,
    pub graphs: HashMap<usize, Arc<Vec<Work>>>,
    pub executables: HashMap<usize, Arc<Vec<Work>>>,
    pub modules: HashMap<usize, Module>,
    pub functions: HashMap<usize, Function>,
    /// The error after which nothing works any more.
    pub broken: Option<Code>,
    /// The text of the last fault.
    pub fault: String,
    /// The number of the last launch: shadows of device memory have it.
    pub launches: u32,
    pub counters: BTreeMap<String, Tally>,
    last_handle: usize,
}

thread_local! {
    /// Whether the device's context is this thread's.
    pub static CURRENT: Cell<bool> = const { Cell::new(false) };
}

/// The one lock.
pub fn lock() -> MutexGuard<'static, State> {
    static STATE: OnceLock<Mutex<State>> = OnceLock::new();
    let state = STATE.get_or_init(|| Mutex::new(State::new()));
    state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl State {
    fn new() -> Self {
        let config = Config::from_environment();
        if config.counters {
            super::extra::print_at_exit();
        }
        State {
            config,
            initialized: false,
            memory: Memory::new(),
            pinned: BTreeMap::new(),
            streams: HashMap::from([(0, Stream::legacy())]),
            captures: HashMap::new(),
            events: HashMap::new(),
            graphs: HashMap::new(),
            executables: HashMap::new(),
            modules: HashMap::new(),
            functions: HashMap::new(),
            broken: None,
            fault: String::new(),
            launches: 0,
            counters: BTreeMap::new(),
            last_handle: 0x10000,
        }
    }

    /// A number for something new.
    pub fn new_handle(&mut self) -> usize {
        self.last_handle += 16;
        self.last_handle
    }

    /// Whether there is a device.
    pub fn device(&self) -> Outcome {
        if self.config.devices == 0 {
            Err(Code::NO_DEVICE)
        } else if self.initialized {
            Ok(())
        } else {
            Err(Code::NOT_INITIALIZED)
        }
    }

    /// Whether this thread may use the device, and nothing broke it.
    pub fn ready(&self) -> Outcome {
        self.device()?;
        if !CURRENT.get() {
            return Err(Code::INVALID_CONTEXT);
        }
        self.broken.map_or(Ok(()), Err)
    }

    /// The same for functions that may not be called while this thread captures a stream.
    pub fn ready_outside_capture(&mut self) -> Outcome {
        self.ready()?;
        let mut found = false;
        for capture in self.captures.values_mut().filter(|c| c.forbids_unsafe_calls()) {
            capture.invalid = true;
            found = true;
        }
        if found { Err(Code::CAPTURE_UNSUPPORTED) } else { Ok(()) }
    }
}
