//! A launch: all blocks of a grid.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::block::Block;
use crate::counters::Tally;
use crate::fault::Fault;
use crate::memory::View;
use crate::program::Kernel;

/// What is checked besides bounds and alignment, and whether instructions are counted.
#[derive(Clone, Copy, Debug)]
pub struct Checks {
    /// Races between threads of a block and between blocks.
    pub races: bool,
    /// Reads of what was never written.
    pub uninitialised: bool,
    /// Whether requests to memory are counted.
    pub count: bool,
}

/// A kernel, its parameters and its grid.
pub struct Launch<'a> {
    /// The kernel.
    pub kernel: &'a Kernel,
    /// Blocks in the grid.
    pub grid: [u32; 3],
    /// Threads in a block.
    pub block: [u32; 3],
    /// Bytes of shared memory that the launch adds.
    pub dynamic_shared: usize,
    /// The parameters' bytes.
    pub parameters: &'a [u8],
    /// Device memory.
    pub view: &'a View,
    /// What is checked.
    pub checks: Checks,
    /// A number from 1 that no other launch has in the shadows of device memory, which say with it what they are from.
    pub number: u32,
    /// How many branches the warps of a block may take.
    pub branches: u64,
    /// On how many threads blocks may run.
    pub threads: usize,
}

impl Launch<'_> {
    /// Runs all blocks and adds up what they counted.
    pub fn run(&self) -> (Tally, Result<(), Fault>) {
        let blocks: u64 = self.grid.iter().map(|n| u64::from(*n)).product();
        let total = Mutex::new(Tally::default());
        let fault = Mutex::new(None);
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let work = || {
            let mut block = Block::new(self);
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= blocks {
                    break;
                }
                if let Err(found) = block.run(index) {
                    stop.store(true, Ordering::Relaxed);
                    lock(&fault).get_or_insert(found);
                }
            }
            lock(&total).add(&block.tally);
        };
        // Atomic operations of several blocks happen in the order of blocks, so that sums of floats are the same each time.
        let threads = if self.kernel.atomics || blocks < 4 { 1 } else { self.threads.min(blocks as usize) };
        if threads <= 1 {
            work();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(work);
                }
            });
        }
        let fault = lock(&fault).take();
        let tally = std::mem::take(&mut *lock(&total));
        (tally, fault.map_or(Ok(()), Err))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
