//! What needs a program of its own: another environment, or an emulator that tells of each call.

use std::path::Path;
use std::process::Command;

use keras_runtime::device::cuda::{self, Precision};
use keras_runtime::loss::Loss;
use keras_runtime::optim::{LossScale, Optimizer};
use keras_runtime::prelude::*;
use ndarray::Array;

use super::losses::losses;
use super::*;

/// A program that does a task of [`in_a_process_of_its_own`], on the emulator.
pub fn program(task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process::in_a_process_of_its_own", "--nocapture", "--ignored"])
        .env("TASK", task);
    command.env("KERAS_CUDA_DRIVER", tests::gpu::emulator());
    command
}

/// A step leaves nothing to the host: what comes back are the losses of the samples, and nothing in between.
#[test]
fn steps_stay_on_the_device() {
    let Some(_) = device() else { return };
    let output = program("trace").env("KERAS_EMULATOR_TRACE", "1").output().unwrap();
    let trace = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{trace}");
    let mut seen = 0;
    for step in trace.split("== ").skip(1) {
        let (name, calls) = step.split_once('\n').unwrap();
        let count = |call: &str| calls.lines().filter(|line| line.contains(call)).count();
        if name == "end" {
            continue;
        }
        // A scale of the loss that follows the gradients is one word more: whether the step before was taken.
        let expected = if name == "scaled" { 2 } else { 1 };
        assert_eq!(count("cuMemcpyDtoH"), expected, "{name} asks the device more often:\n{calls}");
        // The pass, and the step of the optimizer.
        assert_eq!(count("cuGraphLaunch"), 2, "{name} is launched kernel by kernel:\n{calls}");
        assert_eq!(count("cuLaunchKernel"), 0, "{name} is launched kernel by kernel:\n{calls}");
        seen += 1;
    }
    assert!(seen >= losses().len(), "{trace}");
}
/// What is missing is told, with what brings it; `Auto` goes on with the CPU.
#[test]
fn errors_tell_a_remedy() {
    let Some(_) = device() else { return };
    let error = Cuda::new(99).unwrap_err().to_string();
    assert!(error.contains("GPU 99") && error.contains("the first is 0"), "{error}");
    // Programs of their own, since a library stays loaded.
    let run = |task: &str, variables: &[(&str, &str)]| {
        let output = program(task).envs(variables.iter().copied()).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let none = run("auto", &[("KERAS_EMULATOR_DEVICES", "0")]);
    assert!(
        none.contains("running on the CPU") && none.contains("there is no GPU of NVIDIA in this machine"),
        "{none}"
    );
    let foreign = run("auto", &[("KERAS_CUDA_DRIVER", "/nowhere/libcuda.so")]);
    assert!(foreign.contains("KERAS_CUDA_DRIVER") && foreign.contains("cannot be loaded"), "{foreign}");
    let empty = std::env::temp_dir().join(format!("keras-cuda-empty-{}", std::process::id()));
    std::fs::create_dir_all(&empty).unwrap();
    let folder = empty.to_string_lossy().into_owned();
    let without = run(
        "train",
        &[
            ("KERAS_NVRTC", &folder),
            ("KERAS_CUDA_CACHE", &folder),
            ("HOME", &folder),
            ("VIRTUAL_ENV", &folder),
        ],
    );
    assert!(without.contains("nvidia-cuda-nvrtc") || Path::new("/usr/local/cuda").exists(), "{without}");
    let small = run("train", &[("KERAS_EMULATOR_MEMORY", "20000")]);
    assert!(small.contains("its memory does not suffice"), "{small}");
    std::fs::remove_dir_all(&empty).unwrap();
}

/// What the hot kernels do with memory, as the emulator counts it: requests without wasted sectors, four words at a time, no
/// two threads in one bank of shared memory; tensor cores where they were asked for.
#[test]
fn hot_kernels_use_memory_well() {
    let Some(_) = device() else { return };
    for tf32 in [false, true] {
        let mut command = program("count");
        command.env("KERAS_EMULATOR_COUNTERS", "1");
        if tf32 {
            command.env("TF32", "1");
        }
        let output = command.output().unwrap();
        let table = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut seen = 0;
        for line in table.lines().filter(|line| line.starts_with("matmul")) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let number = |i: usize| columns[i].parse::<f64>().unwrap();
            let (fma, products, wide, conflicts) = (number(2), number(5), number(8), number(9));
            assert!(wide > 10.0, "words are moved one by one: {line}");
            assert!(conflicts < 0.1, "threads meet in a bank: {line}");
            match tf32 {
                true => assert!(products > 0.0 && fma == 0.0, "no tensor cores: {line}"),
                false => assert!(products == 0.0 && fma > 0.0, "{line}"),
            }
            seen += 1;
        }
        assert!(seen >= 10, "{table}");
    }
}

/// What tests run that need an environment of their own.
#[test]
#[ignore = "a part of other tests"]
fn in_a_process_of_its_own() {
    match std::env::var("TASK").as_deref() {
        Ok("auto") => {
            let auto = Auto::detect();
            assert!(!auto.is_gpu());
            let (x, _) = data();
            assert_eq!(
                Mlp::on(&auto, 3).unwrap().predict(&x).unwrap(),
                Mlp::on(&Cpu::default(), 3).unwrap().predict(&x).unwrap()
            );
        }
        Ok("train") => {
            let error = Cuda::new(0).and_then(|gpu| Mlp::on(&gpu, 3).map(|_| ())).unwrap_err();
            println!("{error}");
        }
        Ok("count") => {
            let tf32 = std::env::var_os("TF32").is_some();
            let gpu =
                Cuda::new(0).unwrap().precision(if tf32 { Precision::Tf32 } else { Precision::Float32 });
            step::<Wide>(&gpu, 128);
            step::<Deep>(&gpu, 8);
        }
        Ok("ahead") => {
            if cuda::compiler().is_ok() {
                return println!("NVRTC is there");
            }
            let folder = std::env::var("KERAS_CUDA_CACHE").unwrap();
            let bytes = std::fs::read(Path::new(&folder).join("ahead")).unwrap().leak();
            let gpu = Cuda::new(0).unwrap().precompiled(bytes).unwrap();
            let losses: [Box<dyn Loss>; 4] =
                [Box::new(KLDivergence), Box::new(Near), Box::new(Hinge), Box::new(Poisson)];
            for loss in losses {
                let name = loss.name().to_string();
                traced(&gpu, &name, Sgd::default(), loss);
            }
        }
        Ok("trace") => {
            let gpu = Cuda::new(0).unwrap();
            for i in 0..losses().len() {
                let loss = losses().remove(i);
                let name = loss.name().to_string();
                traced(&gpu, &name, Sgd::default(), loss);
            }
            fn stepped(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static) {
                traced(gpu, name, optimizer, Box::new(MeanSquaredError));
            }
            stepped(&gpu, "adam", Adam::default());
            stepped(&gpu, "averaged", Adam::default().ema(0.9).decay(0.01).loss_scale_factor(8.0));
            stepped(&gpu, "clipped", Sgd::default().clipnorm(0.1));
            stepped(&gpu, "clipped together", Adam::default().global_clipnorm(0.1));
            stepped(&gpu, "lamb", Lamb::default().clipnorm(0.1));
            stepped(&gpu, "adafactor", Adafactor::default().global_clipnorm(0.1));
            stepped(&gpu, "scaled", Adam::default().loss_scale(LossScale::default()));
        }
        _ => {}
    }
}

/// A step like the ones before it, between marks.
fn traced(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static, loss: Box<dyn Loss>) {
    let (x, y) = data();
    let mut model = Sigmoids::on(gpu, 5).unwrap().compile(optimizer, loss, ());
    for _ in 0..2 {
        model.train_on_batch(&x, &y).unwrap();
    }
    eprintln!("== {name}");
    model.train_on_batch(&x, &y).unwrap();
    eprintln!("== end");
}

fn step<M: Model>(gpu: &Cuda, samples: usize) {
    let width: usize = M::SPEC.inputs[0].shape.iter().product();
    let x = Array::from_shape_fn((samples, width), |(i, j)| ((i * 7 + j) as f32 * 0.1).sin());
    let shape: Vec<usize> = [samples].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    let x = x.into_shape_with_order(shape).unwrap();
    let y: Vec<u32> = (0..samples as u32).map(|i| i % 16).collect();
    let mut model = M::on(gpu, 3).unwrap().compile(Sgd::default(), CategoricalCrossentropy, ());
    let y = to_categorical(&y, 16).unwrap();
    model.train_on_batch(&x, &y).unwrap();
}
