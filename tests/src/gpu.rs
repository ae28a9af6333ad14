//! The GPU of tests: the machine's, or the emulator.

use std::path::PathBuf;

use keras_runtime::device::cuda;
use keras_runtime::prelude::*;

/// Where cargo puts the emulator: beside the programs of tests.
pub fn emulator() -> PathBuf {
    let program = std::env::current_exe().expect("a test knows its program");
    program.with_file_name("libkeras_cuda_emulator.so")
}

/// The first GPU of this machine; the emulator, where it has none.
///
/// # Errors
/// Without NVRTC: the reason. Where `CI` is set that is a panic, since tests that look for nothing would pass.
pub fn open() -> std::result::Result<Cuda, String> {
    let opened = another().and_then(|gpu| cuda::compiler().map(|()| gpu)).map_err(|error| error.to_string());
    match opened {
        Err(reason) if std::env::var_os("CI").is_some() => panic!("{reason}"),
        opened => opened,
    }
}

/// One more handle of it.
///
/// # Errors
/// When there is neither.
pub fn another() -> Result<Cuda> {
    Cuda::new(0).or_else(|_| {
        cuda::load_driver(&emulator())?;
        Cuda::new(0)
    })
}
