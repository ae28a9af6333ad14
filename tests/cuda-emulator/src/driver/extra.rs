//! What no driver has: settings, counters, and a fresh start after a fault.

use std::ffi::{c_char, c_int};

use super::error::Code;
use super::state::{self, State};
use super::{driver, put, text};
use crate::counters::Tally;

impl State {
    /// Forgets everything that was made, as if the program began anew.
    pub fn reset(&mut self) {
        for stream in self.streams.values_mut() {
            stream.waiting.clear();
            stream.capture = None;
        }
        self.captures.clear();
        self.broken = None;
    }
}

driver! {
    /// Sets what an environment variable `KERAS_EMULATOR_NAME` would.
    fn keras_emulator_configure(state, name: *const c_char, value: *const c_char) {
        if state.config.set(&text(name)?, &text(value)?) { Ok(()) } else { Err(Code::INVALID_VALUE) }
    }

    /// What a kernel did in all its launches; all zero for one that was not launched.
    fn keras_emulator_counters(state, kernel: *const c_char, out: *mut Tally) {
        put(out, state.counters.get(&text(kernel)?).copied().unwrap_or_default())
    }

    /// Sets all counts to zero.
    fn keras_emulator_reset_counters(state) {
        state.counters.clear();
        Ok(())
    }

    /// The text of the last fault, cut to the size and closed by zero.
    fn keras_emulator_last_fault(state, out: *mut c_char, size: usize) {
        let length = state.fault.len().min(size.checked_sub(1).ok_or(Code::INVALID_VALUE)?);
        for (at, byte) in state.fault.as_bytes()[..length].iter().enumerate() {
            put(out.wrapping_add(at), *byte as c_char)?;
        }
        put(out.wrapping_add(length), 0)
    }

    /// After a fault nothing works any more, until this is called: work that waits is dropped, and memory stays.
    fn keras_emulator_reset(state) {
        state.reset();
        state.fault.clear();
        Ok(())
    }
}

unsafe extern "C" {
    safe fn atexit(function: extern "C" fn()) -> c_int;
}

/// Prints a table of all counts when the program ends.
pub fn print_at_exit() {
    atexit(print);
}

extern "C" fn print() {
    let state = state::lock();
    if state.counters.is_empty() {
        return;
    }
    eprintln!(
        "[cuda-emulator] what kernels did (thread instructions; sectors, conflicts a request; bytes of the sectors that were asked for)"
    );
    eprintln!(
        "{:<40} {:>8} {:>14} {:>14} {:>14} {:>10} {:>14} {:>8} {:>7} {:>9} {:>7}",
        "kernel",
        "launches",
        "fma",
        "alu",
        "memory",
        "mma",
        "other",
        "sectors",
        "wide %",
        "conflicts",
        "used %"
    );
    for (name, t) in &state.counters {
        let per = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        eprintln!(
            "{name:<40} {:>8} {:>14} {:>14} {:>14} {:>10} {:>14} {:>8.2} {:>7.1} {:>9.2} {:>7.1}",
            t.launches,
            t.fma,
            t.alu,
            t.memory,
            t.mma,
            t.other,
            per(t.global_sectors, t.global_requests),
            100.0 * per(t.global_wide, t.global_accesses),
            per(t.shared_conflicts, t.shared_requests),
            100.0 * per(t.global_bytes, 32 * t.global_sectors),
        );
    }
}
