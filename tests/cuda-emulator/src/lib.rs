//! A stand-in for NVIDIA's driver library on machines without a GPU: it runs PTX on the CPU.
//!
//! Built as a dynamic library it has the functions of `libcuda.so` that cudarc calls; the PTX comes from the real NVRTC. A program
//! that has loaded it by its path finds it under the name `libcuda.so` from then on (`build.rs` says how), and runs unchanged.
//!
//! It runs a kernel more slowly than a GPU and looks more closely: accesses outside allocations, races, reads of what was never
//! written, barriers that not all threads reach, and copies that were not waited for are errors, which name the kernel, the block,
//! the thread and the line of the PTX on standard error, and reach the caller as codes of the driver. Work that is submitted to a
//! stream is done when somebody waits for it, and not before: a missing synchronization shows.
//!
//! What it does not tell: speed on a GPU, faults of the compiler behind PTX, the exact rounding of tensor cores.
//!
//! | environment variable | meaning |
//! | --- | --- |
//! | `KERAS_EMULATOR_DEVICES=0` | there is no device |
//! | `KERAS_EMULATOR_MEMORY=bytes` | how much memory it has (4 GiB) |
//! | `KERAS_EMULATOR_CAPABILITY=8.0` | its compute capability |
//! | `KERAS_EMULATOR_RACES=0` | races are not looked for |
//! | `KERAS_EMULATOR_UNINITIALISED=0` | memory may be read before it is written |
//! | `KERAS_EMULATOR_EAGER=1` | work is done when it is submitted |
//! | `KERAS_EMULATOR_THREADS=n` | on how many threads blocks run (all cores) |
//! | `KERAS_EMULATOR_BRANCHES=n` | after how many branches of a block's warps it counts as endless (2³⁰) |
//! | `KERAS_EMULATOR_COUNTERS=1` | what kernels did is counted, and printed as a table at exit |
//! | `KERAS_EMULATOR_TRACE=1` | each call of the driver is printed |
//!
//! `keras_emulator_configure(name, value)` sets the same while the program runs, without the prefix and in small letters.

mod config;
pub mod counters;
mod decode;
mod driver;
mod exec;
mod fault;
mod memory;
mod program;
mod ptx;
