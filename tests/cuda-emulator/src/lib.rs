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
//! What it does not tell: speed on a GPU, faults of the compiler behind PTX, the exact rounding of tensor cores. A kernel with what
//! it does not know is refused when its module is loaded: `wgmma` and its like, `mbarrier`, bulk copies, clusters, `wmma`, textures,
//! `printf`, recursion, calls through pointers. Races are looked for between threads of a block in shared memory, and
//! between any threads in device memory, there not in accesses of less than four bytes. A barrier of some threads
//! counts as one of all; so does, behind a fence, an atomic operation in device memory that meets another thread's.
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
//! | `KERAS_EMULATOR_TRACE=1` | each call of the driver is printed, and how many bytes it copies from or to the host |
//! | `KERAS_EMULATOR_DRIVER=12080` | the version of CUDA that the driver says it is of; PTX of a later one is refused |
//! | `KERAS_EMULATOR_LOST=n` | after so many launches the device is lost |
//! | `KERAS_EMULATOR_DISGUISED=1` | the device has the name of a GPU: programs give it machine code, which it refuses |
//!
//! A program that has loaded the library finds in it beside the driver's functions:
//!
//! | function | meaning |
//! | --- | --- |
//! | `keras_emulator_configure(name, value)` | sets the same as the variables, named without their prefix and in small letters |
//! | `keras_emulator_last_fault(buffer, size)` | the text of the last fault |
//! | `keras_emulator_reset()` | a fresh start after a fault, without which nothing works any more, as on a GPU |
//! | `keras_emulator_counters(kernel, tally)` | what a kernel did: [`counters::Tally`] |
//! | `keras_emulator_reset_counters()` | sets all counts to zero |

mod config;
pub mod counters;
mod decode;
mod driver;
mod exec;
mod fault;
mod memory;
mod program;
mod ptx;
