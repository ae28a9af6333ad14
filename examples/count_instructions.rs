//! Counts the instructions of representative steps on one thread and compares them with `data/instructions.txt`: unlike times,
//! counts do not wobble. A rise of more than 3 % fails. `keras-runtime/benches/README.md` says when to renew the table.
//!
//!     cargo run --release --example count_instructions [-- names]
//!
//! The program starts itself once for each step and follows that process with `ptrace`, one instruction at a time, from a
//! signal before the step to one behind it: no counters of the processor are needed, which virtual machines lack.

use std::fmt::Write;
use std::process::ExitCode;

use keras_runtime::prelude::*;
use ndarray::{ArrayD, IxDyn};

keras_model! {
    Mlp = dense(64, relu, input = 196) >> dropout(0.4) >> dense(32, relu) >> dropout(0.3) >> dense(10, softmax);
    Cnn = conv2d(8, 3, activation = relu, input = [12, 12, 1]) >> conv2d(16, 3, activation = relu)
        >> max_pooling2d(2) >> dropout(0.25) >> flatten() >> dense(10, softmax);
    Text = lstm(32, input = [10, 16]) >> dense(10, softmax);
    Digits = dense(256, relu, input = 784) >> dense(128, relu) >> dense(10, softmax);
    Attention(x: [16, 32]) {
        let h = x + ((x, x) >> multi_head_attention(2, 16)) >> layer_normalization();
        h >> global_average_pooling1d() >> dense(10, softmax)
    }
    Wide = dense(10, input = 2048);
}

/// A step under count: its name, and what makes the process that does it.
type Workload = (&'static str, fn() -> Result<()>);

const WORKLOADS: [Workload; 6] = [
    ("mlp_train_16", || train(Mlp::on(&Cpu::threads(1), 1)?, RmsProp::default(), 16)),
    ("cnn_train_4", || train(Cnn::on(&Cpu::threads(1), 1)?, Adam::default(), 4)),
    ("lstm_train_4", || train(Text::on(&Cpu::threads(1), 1)?, RmsProp::default(), 4)),
    ("attention_train_2", || train(Attention::on(&Cpu::threads(1), 1)?, Adam::default(), 2)),
    // One sample: what takes its time is the update of the weights.
    ("adam_update_20490", || train(Wide::on(&Cpu::threads(1), 1)?, Adam::default(), 1)),
    ("mlp_predict_1", || {
        let (mut model, x, mut p) = (Digits::on(&Cpu::threads(1), 1)?, data(&[1, 784]), [0.0; 10]);
        third(|| model.predict_into(&x, &mut p))
    }),
];

fn data(shape: &[usize]) -> ArrayD<f32> {
    let words = (0..shape.iter().product()).map(|i: usize| (i * 31 % 97) as f32 / 97.0);
    ArrayD::from_shape_vec(IxDyn(shape), words.collect()).expect("as many words")
}

fn train<M: Model, O: Optimizer + 'static>(model: M, optimizer: O, batch: usize) -> Result<()> {
    let mut shape = vec![batch];
    shape.extend(M::SPEC.inputs[0].shape);
    let x = data(&shape);
    let y = to_categorical((0..batch).map(|i| (i % 10) as u8).collect::<Vec<u8>>(), 10)?;
    let mut model = model.compile(optimizer, CategoricalCrossentropy, ());
    third(|| model.train_on_batch(&x, &y).map(drop))
}

/// Two steps that find memory and measure nothing, and one between two marks.
fn third(mut step: impl FnMut() -> Result<()>) -> Result<()> {
    step()?;
    step()?;
    trace::mark();
    let result = step();
    trace::mark();
    result
}

/// The table: which compiler it was made with, and a count for each name.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/instructions.txt");
/// What a count may rise by, in percent.
const RISE: f64 = 3.0;

/// The compiler of this folder, as it names itself.
fn compiler() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let told = std::process::Command::new(rustc).arg("-V").current_dir(env!("CARGO_MANIFEST_DIR")).output();
    told.map_or_else(
        |_| "an unknown rustc".into(),
        |told| String::from_utf8_lossy(&told.stdout).trim().into(),
    )
}

/// Counts all steps named; the lines that tell of each, and whether one rose.
fn compare(names: &[String]) -> std::result::Result<bool, String> {
    let renew = std::env::var("KERAS_UPDATE").is_ok_and(|value| value == "1");
    let compiler = compiler();
    let mut table = format!("{compiler}\n");
    let old = if renew {
        String::new()
    } else {
        std::fs::read_to_string(TABLE)
            .map_err(|error| format!("{TABLE}: {error}; KERAS_UPDATE=1 writes it"))?
    };
    let same = old.lines().next() == Some(&compiler);
    if !renew && !same {
        println!(
            "the table is of {}, this is {compiler}: counts are told, not judged",
            old.lines().next().unwrap_or("")
        );
    }
    let mut rose = false;
    for (name, _) in
        WORKLOADS.iter().filter(|(name, _)| renew || names.is_empty() || names.iter().any(|n| n == name))
    {
        let found = trace::count(name)?;
        writeln!(table, "{name} {found}").expect("text takes all");
        let line = old.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let Some(expected) = line.and_then(|count| count.parse::<u64>().ok()) else {
            println!("{name:20} {found:>9} instructions, not in the table");
            rose |= !renew;
            continue;
        };
        let change = 100.0 * (found as f64 / expected as f64 - 1.0);
        let remark = match change {
            _ if !same => "",
            change if change > RISE => ": it rose",
            change if change < -RISE => ": it fell; KERAS_UPDATE=1 keeps it so",
            _ => "",
        };
        println!("{name:20} {found:>9} instructions, {expected:>9} expected: {change:+.2} %{remark}");
        rose |= same && change > RISE;
    }
    if renew {
        std::fs::write(TABLE, table).map_err(|error| format!("{TABLE}: {error}"))?;
    }
    Ok(rose)
}

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(trace::CHILD) {
        let (_, step) = WORKLOADS.iter().find(|(other, _)| *other == name).expect("the parent names a step");
        step().expect("the step's shapes are right");
        return ExitCode::SUCCESS;
    }
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = names.iter().find(|name| WORKLOADS.iter().all(|(other, _)| other != name)) {
        eprintln!("no step `{unknown}`; there are {}", WORKLOADS.map(|(name, _)| name).join(", "));
        return ExitCode::FAILURE;
    }
    if let Some(reason) = trace::missing() {
        println!("skipped: {reason}");
        // A gate that nobody passes through is none.
        return if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        };
    }
    match compare(&names) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => {
            eprintln!(
                "instructions rose by more than {RISE} %; where that is meant, KERAS_UPDATE=1 writes {TABLE} anew"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Following a process.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trace {
    use std::io::Error;
    use std::os::unix::process::CommandExt;
    use std::process::Command;
    use std::ptr::null_mut;

    use libc::{SIGTRAP, SIGUSR1, c_int, pid_t};

    /// The variable that tells the process under count what to do.
    pub const CHILD: &str = "KERAS_COUNT_STEP";

    /// Why nothing can be counted here.
    pub fn missing() -> Option<&'static str> {
        if cfg!(debug_assertions) {
            return Some("only what `--release` builds is counted");
        }
        if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
            return Some("the table is of AVX2, which this processor lacks");
        }
        let mut probe = Command::new("/proc/self/exe");
        let child = follow(&mut probe).spawn();
        let refused = matches!(&child, Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied);
        if let Ok(mut child) = child {
            let _ = child.kill();
            let _ = child.wait();
        }
        refused.then_some("this machine lets no process follow another (ptrace)")
    }

    /// The process of `command` will wait for this one at its beginning.
    fn follow(command: &mut Command) -> &mut Command {
        // SAFETY: both are system calls, which is all that may happen between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong);
                match libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) {
                    0 => Ok(()),
                    _ => Err(Error::last_os_error()),
                }
            })
        }
    }

    /// Where counting begins and ends: a signal that the parent takes.
    pub fn mark() {
        // SAFETY: raising a signal touches no memory; its tracer keeps it from the process.
        unsafe { libc::raise(SIGUSR1) };
    }

    /// Lets the stopped process go on (`PTRACE_CONT`) or do one instruction (`PTRACE_SINGLESTEP`), and gives its next stop's signal.
    fn go(pid: pid_t, how: libc::c_uint, signal: c_int) -> Result<c_int, String> {
        let mut status = 0;
        // SAFETY: the process is a stopped child of this thread; the status outlives the call.
        let failed = unsafe {
            libc::ptrace(how, pid, null_mut::<u8>(), signal as usize as *mut u8) < 0
                || libc::waitpid(pid, &mut status, 0) < 0
        };
        if failed {
            return Err(format!("following the step's process: {}", Error::last_os_error()));
        }
        match libc::WIFSTOPPED(status) {
            true => Ok(libc::WSTOPSIG(status)),
            false => Err(format!("the step's process ended before its second mark, with status {status:#x}")),
        }
    }

    /// The instructions between the marks of the step `name`.
    pub fn count(name: &str) -> Result<u64, String> {
        let program = std::env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
        let mut command = Command::new(program);
        // The same environment and addresses everywhere, and copies by the same instructions on every processor.
        command
            .env_clear()
            .env(CHILD, name)
            .env("KERAS_ISA", "avx2")
            .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-RTM");
        let mut child = follow(&mut command)
            .spawn()
            .map_err(|error| format!("starting a process to follow (is ptrace allowed?): {error}"))?;
        let counted = between_marks(child.id() as pid_t);
        let _ = child.kill();
        let _ = child.wait();
        counted.map_err(|error| format!("{name}: {error}"))
    }

    fn between_marks(pid: pid_t) -> Result<u64, String> {
        let mut status = 0;
        // SAFETY: the process is a child, which stops at its exec; the status outlives the call.
        if unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
            return Err(Error::last_os_error().to_string());
        }
        let mut signal = 0;
        loop {
            signal = match go(pid, libc::PTRACE_CONT, signal)? {
                SIGUSR1 => break,
                SIGTRAP => 0,
                other => other,
            };
        }
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
        if threads != 1 {
            return Err(format!("its step should run on one thread; the process has {threads}"));
        }
        let (mut count, mut signal) = (0, 0);
        loop {
            signal = match go(pid, libc::PTRACE_SINGLESTEP, signal)? {
                SIGUSR1 => return Ok(count),
                SIGTRAP => 0,
                other => other,
            };
            count += 1;
        }
    }
}

/// No following of processes.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod trace {
    pub const CHILD: &str = "KERAS_COUNT_STEP";

    pub fn missing() -> Option<&'static str> {
        Some("instructions are counted on Linux with x86-64")
    }

    pub fn mark() {}

    pub fn count(_: &str) -> Result<u64, String> {
        Err("instructions are counted on Linux with x86-64".into())
    }
}
