//! Work divided among the threads of the current pool.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// A pointer that threads share, each for its own part of what it points to.
#[derive(Debug)]
pub struct Shared<T>(pub *mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Shared<T> {}

// SAFETY: whoever dereferences it keeps to parts that no other thread touches.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The pointer.
    pub fn get(self) -> *mut T {
        self.0
    }
}

/// Runs `body` on ranges that cover `0..len`, cut at multiples of `grain`, at most one for each of `threads`.
pub fn ranges(len: usize, grain: usize, threads: usize, body: &(impl Fn(Range<usize>) + Sync)) {
    let count = len.div_ceil(grain);
    let body = |units: Range<usize>| body(units.start * grain..(units.end * grain).min(len));
    if !WATCHED.load(Ordering::Relaxed) {
        return divide(0..count, threads.max(1), &body);
    }
    let (start, parts, largest) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    divide(0..count, threads.max(1), &|units: Range<usize>| {
        parts.fetch_add(1, Ordering::Relaxed);
        largest.fetch_max(units.len(), Ordering::Relaxed);
        body(units);
    });
    let region = Region {
        units: count,
        parts: parts.into_inner(),
        largest: largest.into_inner(),
        seconds: start.elapsed().as_secs_f64(),
    };
    REGIONS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(region);
}

/// Work that was divided.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// What cannot be divided further, such as samples or panels.
    pub units: usize,
    /// In how many parts they were worked on.
    pub parts: usize,
    /// Units of the largest part.
    pub largest: usize,
    /// From the division to the end of the last part.
    pub seconds: f64,
}

static WATCHED: AtomicBool = AtomicBool::new(false);
static REGIONS: Mutex<Vec<Region>> = Mutex::new(Vec::new());

/// What `run` divides, in the order in which it ends: for measurements. Whatever else divides work meanwhile is seen too.
pub fn watch(run: impl FnOnce()) -> Vec<Region> {
    WATCHED.store(true, Ordering::Relaxed);
    run();
    WATCHED.store(false, Ordering::Relaxed);
    std::mem::take(&mut *REGIONS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

fn divide(range: Range<usize>, parts: usize, body: &(impl Fn(Range<usize>) + Sync)) {
    if parts <= 1 || range.len() <= 1 {
        if !range.is_empty() {
            body(range);
        }
        return;
    }
    let left = parts / 2;
    let cut = range.start + (range.len() * left / parts).clamp(1, range.len() - 1);
    rayon::join(|| divide(range.start..cut, left, body), || divide(cut..range.end, parts - left, body));
}
