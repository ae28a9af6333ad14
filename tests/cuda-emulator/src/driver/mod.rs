//! The driver's functions that cudarc calls, and those that tests of this project add.
//!
//! All of them take one lock, and hold it while kernels run: the device is one, and does one thing at a time.

mod device;
mod error;
mod event;
mod extra;
mod graph;
mod kernel;
mod memory;
mod module;
mod state;
mod stream;
mod work;

use std::ffi::{CStr, c_char};

use error::{Code, Outcome};
use state::State;

/// A pointer of the caller that is written, or an error if it is null.
fn put<T>(out: *mut T, value: T) -> Outcome {
    if out.is_null() {
        return Err(Code::INVALID_VALUE);
    }
    // SAFETY: the driver's interface promises that the pointer leads to room for a value.
    unsafe { out.write(value) };
    Ok(())
}

/// A string of the caller.
fn text(from: *const c_char) -> Result<String, Code> {
    if from.is_null() {
        return Err(Code::INVALID_VALUE);
    }
    // SAFETY: the driver's interface promises a string that ends with zero.
    let text = unsafe { CStr::from_ptr(from) };
    Ok(text.to_string_lossy().into_owned())
}

/// Runs a function of the driver: traced, and with panics as errors.
fn guarded(name: &str, run: impl FnOnce(&mut State) -> Outcome) -> i32 {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut state = state::lock();
        if state.config.trace {
            eprintln!("[cuda-emulator] {name}");
        }
        run(&mut state)
    }));
    match done {
        Ok(Ok(())) => Code::SUCCESS.0,
        Ok(Err(code)) => code.0,
        Err(_) => {
            eprintln!("[cuda-emulator] {name} panicked: a fault of the emulator");
            // What waits may lead to memory that the caller is about to free.
            state::lock().give_up(Code::UNKNOWN);
            Code::UNKNOWN.0
        }
    }
}

/// Defines functions with the driver's calling convention.
macro_rules! driver {
    ($($(#[$attribute:meta])* fn $name:ident($state:ident $(, $argument:ident: $ty:ty)* $(,)?) $body:block)*) => {
        $(
            $(#[$attribute])*
            // The names are the driver's.
            #[allow(non_snake_case, clippy::too_many_arguments)]
            #[unsafe(no_mangle)]
            extern "C" fn $name($($argument: $ty),*) -> i32 {
                $crate::driver::guarded(stringify!($name), |$state| $body)
            }
        )*
    };
}
use driver;
