//! Work divided among threads: those of the current pool, or this one and its helpers.

use std::cell::RefCell;
use std::hint;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::ThreadPool;

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

thread_local! {
    /// Whose threads help this one, which is none of them.
    static HELPERS: RefCell<Option<Arc<ThreadPool>>> = const { RefCell::new(None) };
}

/// How long a thread that has done its part looks out for the others before it sleeps: waking takes about as long on a slow host.
const PATIENCE: Duration = Duration::from_micros(100);

/// Runs `work` in this thread, which the threads of `pool` help where work is divided. For a few divisions, that is faster than to
/// go to the pool and back: one thread less is woken, and nobody wakes this one.
pub fn helped<R>(pool: &Arc<ThreadPool>, work: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<ThreadPool>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            HELPERS.set(self.0.take());
        }
    }
    let _before = Restore(HELPERS.replace(Some(pool.clone())));
    work()
}

/// Runs `mine` in this thread, and `other` beside it if another one is free.
pub fn join(mine: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    let Some(pool) = HELPERS.with_borrow(Clone::clone) else {
        rayon::join(mine, other);
        return;
    };
    let done = AtomicBool::new(false);
    pool.in_place_scope(|scope| {
        scope.spawn(|_| {
            other();
            done.store(true, Ordering::Release);
        });
        mine();
        let since = Instant::now();
        while !done.load(Ordering::Acquire) && since.elapsed() < PATIENCE {
            hint::spin_loop();
        }
    });
}

/// Runs `body` on ranges that cover `0..len`, cut at multiples of `grain`, at most one for each of `threads`.
pub fn ranges(len: usize, grain: usize, threads: usize, body: &(dyn Fn(Range<usize>) + Sync)) {
    let count = len.div_ceil(grain);
    divide(0..count, threads.max(1), &|units: Range<usize>| {
        body(units.start * grain..(units.end * grain).min(len))
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
    join(|| divide(range.start..cut, left, body), || divide(cut..range.end, parts - left, body));
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::ThreadPoolBuilder;
    use std::panic::AssertUnwindSafe;
    use std::sync::Mutex;
    use std::thread;

    /// The ranges that `0..len` is divided into, in order, and the threads that they were done by.
    fn divided(len: usize, threads: usize) -> (Vec<Range<usize>>, Vec<thread::ThreadId>) {
        let seen = Mutex::new(vec![]);
        ranges(len, 1, threads, &|range| seen.lock().unwrap().push((range, thread::current().id())));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_by_key(|(range, _)| range.start);
        seen.into_iter().unzip()
    }

    #[test]
    fn helpers_divide_work_as_a_pool_does() {
        for threads in 2..6 {
            let pool = Arc::new(ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
            let (within, _) = pool.install(|| divided(17, threads));
            let (beside, by) = helped(&pool, || divided(17, threads));
            assert_eq!(within, beside);
            assert_eq!(within.len(), threads);
            assert_eq!(by[0], thread::current().id(), "the first part is the caller's");
            assert_ne!(by[threads - 1], thread::current().id(), "the last one is not");
        }
    }

    #[test]
    fn a_panic_of_a_helper_reaches_the_caller_who_goes_on_without_helpers() {
        let pool = Arc::new(ThreadPoolBuilder::new().num_threads(2).build().unwrap());
        let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
            helped(&pool, || join(|| (), || panic!("planted")))
        }));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"planted"));
        assert!(HELPERS.with_borrow(Option::is_none));
    }
}
