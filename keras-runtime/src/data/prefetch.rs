//! Threads that make batches ahead of those who take them.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::Batch;
use super::dataset::Pass;
use crate::error::{Error, Result};

/// Batches of one pass, made by several threads, given in order.
pub(super) struct Prefetch {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    pass: Arc<Pass>,
    /// The most batches that are ready or being made.
    ahead: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The next batch that a thread makes.
    make: usize,
    /// The next batch that is given.
    give: usize,
    ready: BTreeMap<usize, Result<Batch>>,
    stop: bool,
}

impl fmt::Debug for Prefetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} threads, {} batches ahead", self.threads.len(), self.shared.ahead)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic happens under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does until all batches are made.
    fn work(&self) {
        loop {
            let mut state = self.state();
            while !state.stop && state.make >= state.give + self.ahead {
                state = self.wait(state);
            }
            if state.stop || state.make >= self.pass.batches() {
                return;
            }
            let i = state.make;
            state.make += 1;
            drop(state);
            // A closure of the user's that panics is an error of this batch: nobody waits for ever.
            let made = catch_unwind(AssertUnwindSafe(|| self.pass.batch(i)));
            let made = made.unwrap_or_else(|_| {
                Err(Error::Format {
                    file: format!("batch {i} of the data set"),
                    problem: "a map panicked".into(),
                })
            });
            self.state().ready.insert(i, made);
            self.changed.notify_all();
        }
    }
}

impl Prefetch {
    /// Makes batches from `first` on.
    pub fn new(pass: &Arc<Pass>, first: usize, threads: usize, ahead: usize) -> Self {
        let state = State { make: first, give: first, ready: BTreeMap::new(), stop: false };
        let shared =
            Arc::new(Shared { pass: pass.clone(), ahead, state: Mutex::new(state), changed: Condvar::new() });
        let spawn = |_| {
            let shared = shared.clone();
            std::thread::Builder::new().name("batches".into()).spawn(move || shared.work()).ok()
        };
        let threads = (0..threads).filter_map(spawn).collect();
        Prefetch { shared, threads }
    }

    /// The next batch, of which there is one.
    pub fn next(&mut self) -> Result<Batch> {
        let mut state = self.shared.state();
        let i = state.give;
        let batch = loop {
            match state.ready.remove(&i) {
                Some(batch) => break batch,
                // The system had no thread for it.
                None if self.threads.is_empty() => break self.shared.pass.batch(i),
                None => state = self.shared.wait(state),
            }
        };
        state.give += 1;
        self.shared.changed.notify_all();
        batch
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.shared.state().stop = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
