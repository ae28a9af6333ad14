//! Work divided among the threads of the current pool.

use std::ops::Range;

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
pub fn ranges(len: usize, grain: usize, threads: usize, body: &(dyn Fn(Range<usize>) + Sync)) {
    divide(0..len.div_ceil(grain), threads.max(1), &|units: Range<usize>| {
        body(units.start * grain..(units.end * grain).min(len));
    });
}

/// By way of a pointer: what divides work is in a program once, and not around each kind of work.
fn divide(range: Range<usize>, parts: usize, body: &(dyn Fn(Range<usize>) + Sync)) {
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
