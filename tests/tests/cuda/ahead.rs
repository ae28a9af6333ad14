//! What is compiled before a program runs, and what the compiler says of it.

use keras_runtime::compiled::Spec;
use keras_runtime::device::cuda::{self, Precision, Target};
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;

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
}

/// Registers, shared memory, spills of all kernels of these models for each architecture.
#[test]
fn kernels_fit_every_architecture() {
    let Some(_) = device() else { return };
    let models: [&Spec; 4] = [Mlp::SPEC, Pictures::SPEC, Steps::SPEC, Attending::SPEC];
    for (major, minor) in [(7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0)] {
        for (i, spec) in models.iter().enumerate() {
            // One precision for each, so that all are seen.
            let precision = if major < 8 {
                Precision::Float32
            } else {
                [Precision::Float32, Precision::Tf32, Precision::Bf16][i % 3]
            };
            let report = cuda::report(spec, precision, Target::cubin(major, minor)).unwrap();
            let kernels = report.matches("Compiling entry function").count();
            assert!(kernels > 5, "{report}");
            for line in report.lines().filter(|line| line.contains("spill stores")) {
                assert!(
                    line.contains(" 0 bytes spill stores, 0 bytes spill loads"),
                    "sm_{major}{minor} {}: {line}",
                    spec.name
                );
            }
            for line in report.lines().filter(|line| line.contains("Used ")) {
                let number = |after: &str| {
                    line.split(after)
                        .nth(1)
                        .and_then(|rest| rest.trim().split(' ').next())
                        .and_then(|x| x.parse::<u32>().ok())
                };
                let registers = number("Used ").unwrap();
                // Two blocks of 256 threads in a multiprocessor's 65,536 registers.
                assert!(registers <= 128, "sm_{major}{minor} {}: {line}", spec.name);
            }
        }
    }
}
