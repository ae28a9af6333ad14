//! Programs that show the library; each is a `[[example]]` of this package. What those that measure share is here.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use keras_runtime::device::cpu::simd::{self, Isa};

/// A number of the environment.
fn number(name: &str) -> Option<f64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// The threads of a measurement: `BENCH_THREADS`, or else `default`.
pub fn threads(default: usize) -> usize {
    number("BENCH_THREADS").map_or(default, |threads| threads as usize)
}

/// Prints one measurement as a line of JSON; `more` is further fields.
pub fn line(workload: &str, metric: &str, value: f64, unit: &str, threads: usize, more: &[(&str, f64)]) {
    let more: String = more.iter().map(|(name, value)| format!(r#","{name}":{value:.6}"#)).collect();
    println!(
        r#"{{"peer":"ours","workload":"{workload}","metric":"{metric}","value":{value:.4},"unit":"{unit}","threads":{threads},"version":"{}"{more}}}"#,
        env!("CARGO_PKG_VERSION")
    );
}

/// Multiplies and adds on registers alone, in GFLOP/s of `threads` at the same time: what products cannot exceed. Cores of a virtual machine
/// may share one of its host: two threads then have less than one has twice.
pub fn peak(threads: usize) -> f64 {
    const ROUNDS: usize = 20;
    let (isa, start) = (Isa::detect(), Barrier::new(threads));
    let seconds = |_| {
        let round = |_| {
            start.wait();
            let since = Instant::now();
            let flops = simd::peak(isa, 1_000_000);
            (flops as f64, since.elapsed().as_secs_f64())
        };
        (0..ROUNDS).map(round).collect::<Vec<_>>()
    };
    let seconds = &seconds;
    let all: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || seconds(thread))).collect();
        running.into_iter().map(|thread| thread.join().expect("it only computes")).collect()
    });
    let rate = |round: usize| {
        let slowest = all.iter().map(|thread: &Vec<(f64, f64)>| thread[round].1).fold(0.0, f64::max);
        all.iter().map(|thread| thread[round].0).sum::<f64>() / slowest / 1e3
    };
    (0..ROUNDS).map(rate).fold(0.0, f64::max)
}

/// How long a measurement takes: `BENCH_SECONDS`, or else five.
pub fn seconds() -> f64 {
    number("BENCH_SECONDS").unwrap_or(5.0)
}

/// The seconds of runs of `run`, in order of length: `warm` that do not count, then `least` or more, until [`seconds`] have
/// passed or there are 50,000.
///
/// # Errors
/// When a run fails.
pub fn times<E>(warm: usize, least: usize, run: impl FnMut() -> Result<(), E>) -> Result<Vec<f64>, E> {
    times_within(seconds(), warm, least, run)
}

/// The same, until so many seconds have passed.
///
/// # Errors
/// When a run fails.
pub fn times_within<E>(
    seconds: f64,
    warm: usize,
    least: usize,
    mut run: impl FnMut() -> Result<(), E>,
) -> Result<Vec<f64>, E> {
    for _ in 0..warm {
        run()?;
    }
    let mut times = Vec::with_capacity(50_000);
    let begin = Instant::now();
    while times.len() < 50_000 && (times.len() < least || begin.elapsed().as_secs_f64() < seconds) {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
