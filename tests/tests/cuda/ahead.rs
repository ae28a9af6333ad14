//! What is compiled before a program runs, and what the compiler says of it.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use keras_runtime::compiled::Spec;
use keras_runtime::device::cuda::{self, Precision, Target};
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;

use super::losses::losses;
use super::training::several;
use super::*;

/// Models that were compiled ahead need no NVRTC: here a program that cannot find one uses them.
#[test]
fn compiled_ahead() {
    let Some(gpu) = device() else { return };
    let adam = Adam::default();
    let bytes = cuda::precompile(
        Mlp::SPEC,
        Precision::Float32,
        &[&adam],
        &[],
        &[Target::ptx(7, 5), Target::cubin(8, 6)],
    )
    .unwrap();
    let bytes: &'static [u8] = bytes.leak();
    let (expected, _) = trained::<Mlp>(&gpu, Adam::default());
    let ahead = tests::gpu::another().unwrap().precompiled(bytes).unwrap();
    assert!(trained::<Mlp>(&ahead, Adam::default()).0 == expected);
    let cut = &bytes[..bytes.len() - 40];
    let error = tests::gpu::another().unwrap().precompiled(cut).unwrap_err().to_string();
    assert!(error.contains("cut off"), "{error}");
}

/// Losses compiled ahead run on the device of a program without NVRTC; others are the host's there.
#[test]
fn losses_compiled_ahead() {
    let Some(_) = device() else { return };
    let ahead: [&dyn Loss; 3] = [&KLDivergence, &Near, &Hinge];
    let bytes = cuda::precompile(
        Sigmoids::SPEC,
        Precision::Float32,
        &[&Sgd::default()],
        &ahead,
        &[Target::ptx(8, 0)],
    )
    .unwrap();
    let folder = std::env::temp_dir().join(format!("keras-cuda-ahead-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("ahead"), bytes).unwrap();
    let mut command = process::program("ahead");
    command.env("KERAS_EMULATOR_TRACE", "1");
    for name in ["KERAS_NVRTC", "KERAS_CUDA_CACHE", "HOME", "VIRTUAL_ENV"] {
        command.env(name, &folder);
    }
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if text.contains("NVRTC is there") {
        return println!("skipped: this machine has NVRTC where it is always found");
    }
    assert!(output.status.success(), "{text}");
    let read = |name: &str| {
        let step = text.split(&format!("== {name}\n")).nth(1).unwrap_or_else(|| panic!("{text}"));
        step.split("== end").next().unwrap().lines().filter(|line| line.contains("cuMemcpyDtoH")).count()
    };
    for loss in ahead {
        assert_eq!(read(loss.name()), 1, "{} is the host's", loss.name());
    }
    assert!(read("poisson") > 1, "{text}");
    // The same losses, and counts, are metrics of the device; predictions go to the host for others.
    let sent = |name: &str| -> usize {
        let step = text.split(&format!("== {name}\n")).nth(1).unwrap_or_else(|| panic!("{text}"));
        let lines = step.split("== end").next().unwrap().lines();
        let bytes = lines.filter_map(|line| line.strip_suffix(" bytes from the device"));
        bytes.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
    };
    let (losses, sums, words) = (20 * 4, 8 * (4 + 2 * 200), 2 * 20 * 10 * 4);
    assert_eq!(sent("measured"), 2 * (losses + sums), "{text}");
    assert_eq!(sent("unknown"), 2 * (losses + words), "{text}");
}

const ARCHITECTURES: [(u32, u32); 7] = [(7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0)];

/// What is wrong with the registers, the shared memory and the spills of the kernels of a text.
fn unfit(text: &str, (major, minor): (u32, u32)) -> Vec<String> {
    let report = match cuda::report(text, Target::cubin(major, minor)) {
        Ok(report) => report,
        Err(error) => return vec![error.to_string()],
    };
    let kernels = report.matches("Compiling entry function").count();
    let used: Vec<&str> = report.lines().filter(|line| line.contains("Used ")).collect();
    let spills: Vec<&str> = report.lines().filter(|line| line.contains("spill stores")).collect();
    if kernels == 0 || used.len() < kernels || spills.len() < kernels {
        return vec![format!("{kernels} kernels, and a report that does not tell of all: {report}")];
    }
    let spilled =
        spills.into_iter().filter(|line| !line.contains(" 0 bytes spill stores, 0 bytes spill loads"));
    let greedy = used.into_iter().filter(|line| {
        let before = |unit: &str| {
            let number = line.split(unit).next().filter(|number| number.len() < line.len());
            number.and_then(|number| number.rsplit(' ').next()?.parse::<u32>().ok())
        };
        // Two blocks of 256 threads in a multiprocessor's 65,536 registers, and in the 64 KiB of the least.
        before(" registers").is_none_or(|registers| registers > 128)
            || before(" bytes smem").unwrap_or(0) > 32 << 10
    });
    spilled.chain(greedy).map(str::to_string).collect()
}

/// All of these texts fit, each with what it is of and for which architecture: as many are compiled at once as there are cores.
fn all_fit(cases: &[(String, &str, (u32, u32))]) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((what, text, (major, minor))) = cases.get(next.fetch_add(1, Relaxed)) {
                    let problems = unfit(text, (*major, *minor));
                    let named =
                        problems.into_iter().map(|problem| format!("sm_{major}{minor} {what}: {problem}"));
                    wrong.lock().unwrap().extend(named);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} texts: {}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The kernels of these models, of every loss and of every optimizer, for each architecture.
#[test]
fn kernels_fit_every_architecture() {
    let Some(_) = device() else { return };
    let models: [&Spec; 4] = [Mlp::SPEC, Pictures::SPEC, Steps::SPEC, Attending::SPEC];
    let (adam, lamb, adafactor, muon) =
        (Adam::default(), Lamb::default(), Adafactor::default(), Muon::default());
    let several = several();
    let mut of_models = vec![];
    for architecture in ARCHITECTURES {
        for (i, spec) in models.iter().enumerate() {
            // One precision for each, so that all are seen.
            let precision = match architecture.0 {
                ..8 => Precision::Float32,
                _ => [Precision::Float32, Precision::Tf32, Precision::Bf16][i % 3],
            };
            of_models.push((spec.name, cuda::source(spec, precision), architecture));
        }
    }
    // Those of losses and optimizers are of 32-bit numbers everywhere: all of them for the first, some for the others.
    let losses = losses();
    let losses: Vec<&dyn Loss> = losses.iter().map(|loss| loss.as_ref()).collect();
    let of = |spec: &Spec, optimizers: &[&dyn Optimizer], losses: &[&dyn Loss]| {
        let mut texts = cuda::texts(spec, Precision::Float32, optimizers, losses);
        texts.retain(|text| *text != cuda::source(spec, Precision::Float32));
        texts
    };
    let mut texts = of(Mlp::SPEC, &[&adam, &lamb, &adafactor, &muon, &several], &losses);
    texts.extend(of(Embedded::SPEC, &[], &[&Circle]));
    texts.extend(of(Read::SPEC, &[], &[&Ctc]));
    assert!(texts.len() > 20);
    let of_models =
        of_models.iter().map(|(name, text, architecture)| (name.to_string(), &**text, *architecture));
    let mut cases: Vec<_> = of_models.collect();
    for (i, text) in texts.iter().enumerate() {
        let all = text.contains("double") && text.len() > 20_000;
        for (k, architecture) in ARCHITECTURES.into_iter().enumerate() {
            if all || i % ARCHITECTURES.len() == k {
                cases.push((format!("text {i}"), text, architecture));
            }
        }
    }
    all_fit(&cases);
}

/// Every kernel of every model in the tests for every architecture: `KERAS_CUDA_TEXTS` has gathered their texts, see `.ci/long`.
#[test]
#[ignore = "takes hours"]
fn kernels_of_all_tests_fit_every_architecture() {
    let folder = std::env::var_os("KERAS_CUDA_TEXTS").expect("`KERAS_CUDA_TEXTS` names the folder");
    let of = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.display().to_string(), std::fs::read_to_string(&path).unwrap())
    };
    let texts: Vec<(String, String)> = std::fs::read_dir(folder).unwrap().map(of).collect();
    assert!(texts.len() > 100, "only {} texts were gathered", texts.len());
    let mut cases = vec![];
    for (name, text) in &texts {
        // Tensor cores came with 8.0.
        let cores = text.contains("multiply_tf32(sum") || text.contains("multiply_bf16(sum");
        let able = ARCHITECTURES.into_iter().filter(|architecture| architecture.0 >= 8 || !cores);
        cases.extend(able.map(|architecture| (name.clone(), &**text, architecture)));
    }
    all_fit(&cases);
}
