//! Models on a GPU, or on the emulator where there is none, beside the same models on the CPU.
//!
//! Every other test of this package runs on a GPU too, if `KERAS_DEVICE=cuda` is set; here is what they do not see.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use keras_runtime::compiled::Spec;
use keras_runtime::device::Device;
use keras_runtime::device::cuda::{self, Precision, Target};
use keras_runtime::loss::Loss;
use keras_runtime::optim::Optimizer;
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD};

keras_model! {
    Mlp = dense(64, relu, input = 40) >> dropout(0.4) >> dense(32, tanh) >> dense(10, softmax);
    Wide = dense(256, relu, input = 784) >> dense(128, relu) >> dense(16, softmax);
    Deep = conv2d(32, 3, activation = relu, input = [12, 12, 16]) >> conv2d(64, 3, activation = relu) >> flatten()
        >> dense(16, softmax);
    Dropped = dropout(0.5, input = 64) >> dense(1);
    // Attention in tiles, the gradient of whose last kernel tells what part of the weights is kept.
    Kept(x: [256, 1]) {
        (x, x) >> attention(dropout = 0.5) >> flatten() >> dense(1, use_bias = false, kernel_initializer = zeros)
    }
    Pictures = reshape([5, 8, 1], input = 40) >> conv2d(8, 3, padding = same) >> batch_normalization() >> relu
        >> max_pooling2d(2) >> conv2d(20, 2, activation = relu) >> spatial_dropout2d(0.2) >> flatten()
        >> dense(10, softmax, kernel_regularizer = l2(0.01), kernel_constraint = max_norm(2.0));
    Steps = reshape([10, 4], input = 40) >> lstm(12, return_sequences = true) >> layer_normalization()
        >> gru(9, dropout = 0.2) >> dense(10, softmax);
    Attending(x: [10, 4]) -> [10] {
        let h = x + multi_head_attention(x, x, num_heads = 2, key_dim = 4);
        h >> group_normalization(4) >> global_average_pooling1d() >> dense(10, softmax)
    }
}

/// A GPU, or the emulator; nothing without NVRTC, where the machine is nobody's that must have it.
fn device() -> Option<Cuda> {
    static DEVICE: OnceLock<Option<Cuda>> = OnceLock::new();
    DEVICE.get_or_init(|| tests::gpu::open().map_err(|reason| println!("skipped: {reason}")).ok()).clone()
}

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array::from_shape_fn((40, 40), |(i, j)| ((i * 37 + j * 11) as f32 * 0.31).sin());
    let y: Vec<u32> = (0..40).map(|i| (i * 7 % 10) as u32).collect();
    (x, to_categorical(&y, 10).unwrap())
}

/// Inputs in the shape that a model wants.
fn inputs<M: Model>(x: Array2<f32>) -> ArrayD<f32> {
    let shape: Vec<usize> = [40].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    x.into_shape_with_order(shape).unwrap()
}

/// Trains for 21 steps, the last of each epoch with fewer samples; gives the weights and the losses.
fn trained<M: Model>(device: &dyn Device, optimizer: impl Optimizer + 'static) -> (Vec<f32>, Vec<f64>) {
    let (x, y) = data();
    let x = inputs::<M>(x);
    let mut model = M::on(device, 3).unwrap().compile(optimizer, CategoricalCrossentropy, [Accuracy]);
    let fit = Fit { epochs: 7, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, fit).unwrap();
    (model.network().params().to_vec(), history.get("loss").unwrap())
}

fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    let scale = expected.iter().fold(0.0f32, |scale, x| scale.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "word {i}: {a} instead of {b}");
    }
}

fn as_on_the_cpu<M: Model>() {
    let Some(gpu) = device() else { return };
    let (by_graph, losses) = trained::<M>(&gpu, Sgd::default());
    let (by_launch, _) = trained::<M>(&gpu.clone().graphs(false), Sgd::default());
    assert!(by_graph == by_launch, "a replayed graph gives other bits than its launches");
    let (again, _) = trained::<M>(&gpu, Sgd::default());
    assert!(by_graph == again, "the same steps give other bits");
    let (cpu, expected) = trained::<M>(&Cpu::threads(1), Sgd::default());
    close(&by_graph, &cpu, 2e-5);
    for (a, b) in losses.iter().zip(expected) {
        assert!((a - b).abs() < 2e-5 * b.abs().max(1.0), "{a} instead of {b}");
    }
}

#[test]
fn a_perceptron_is_trained_as_on_the_cpu() {
    as_on_the_cpu::<Mlp>();
}

#[test]
fn convolutions_are_trained_as_on_the_cpu() {
    as_on_the_cpu::<Pictures>();
}

#[test]
fn loops_are_trained_as_on_the_cpu() {
    as_on_the_cpu::<Steps>();
}

#[test]
fn attention_is_trained_as_on_the_cpu() {
    as_on_the_cpu::<Attending>();
}

/// What comes around an optimizer: clipping by norms, decay, sums of gradients, averages; and one that the host computes.
#[test]
fn optimizers_step_as_on_the_cpu() {
    let Some(gpu) = device() else { return };
    fn same(gpu: &Cuda, run: impl Fn(&dyn Device) -> Vec<f32>) {
        close(&run(gpu), &run(&Cpu::threads(1)), 1e-4);
    }
    same(&gpu, |device| trained::<Mlp>(device, Sgd::default().clipnorm(0.05).decay(0.01)).0);
    let momentum = || Sgd { momentum: 0.9, ..Sgd::default() };
    same(&gpu, |device| trained::<Mlp>(device, momentum().global_clipnorm(0.1)).0);
    same(&gpu, |device| trained::<Mlp>(device, RmsProp::default().gradient_accumulation(3).ema(0.9)).0);
    same(&gpu, |device| trained::<Mlp>(device, Adam::default().clipvalue(0.01).rate("dense_1", 0.5)).0);
    same(&gpu, |device| trained::<Mlp>(device, Lamb::default()).0);
}

/// A gradient is zero just where an input was dropped.
#[test]
fn what_is_dropped_is_the_same_on_both() {
    let Some(gpu) = device() else { return };
    let x = Array2::<f32>::ones((1, 64));
    let y = Array2::<f32>::ones((1, 1));
    let masks = [&gpu as &dyn Device, &Cpu::threads(1)].map(|device| {
        let mut model = Dropped::on(device, 11).unwrap().compile(Sgd::default(), MeanSquaredError, ());
        let mut masks = vec![];
        for _ in 0..5 {
            let gradients = model.gradients(&x, &y).unwrap();
            let kernel: ArrayD<f32> = gradients.get("dense/kernel").unwrap();
            masks.push(kernel.iter().map(|g| *g == 0.0).collect::<Vec<bool>>());
            model.apply(&gradients).unwrap();
        }
        masks
    });
    assert_eq!(masks[0], masks[1]);
    assert!(masks[0][0] != masks[0][1], "every step drops the same");
}

#[test]
fn what_is_dropped_in_tiles_is_the_same_on_both() {
    let Some(gpu) = device() else { return };
    let x = Array::<f32, _>::ones((2, 256, 1));
    let y = Array2::<f32>::ones((2, 1));
    let kept = [&gpu as &dyn Device, &Cpu::threads(2)].map(|device| {
        let mut model = Kept::on(device, 11).unwrap().compile(Sgd::default(), MeanSquaredError, ());
        let kernel: ArrayD<f32> = model.gradients(&x, &y).unwrap().get("dense/kernel").unwrap();
        kernel.iter().copied().collect::<Vec<f32>>()
    });
    close(&kept[0], &kept[1], 1e-6);
    assert_ne!(kept[0][..128], kept[0][128..], "every tile drops the same");
}

/// The heads that a loss of the host's, and weights of samples, take.
#[test]
fn losses_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    let (x, y) = data();
    let weights = Array::from_shape_fn(40, |i| 0.5 + (i % 3) as f32);
    fn run(
        device: &dyn Device,
        loss: impl Loss + 'static,
        x: &Array2<f32>,
        y: &Array2<f32>,
        weights: &ndarray::Array1<f32>,
    ) -> Vec<f32> {
        let mut model = Mlp::on(device, 5).unwrap().compile(Sgd::default(), loss, ());
        let fit = Fit {
            epochs: 2,
            batch_size: 16,
            sample_weight: keras_runtime::train::sample_weight(weights),
            verbose: Verbose::Silent,
            ..Fit::default()
        };
        model.fit(x, y, fit).unwrap();
        model.network().params().to_vec()
    }
    let same = |loss: &dyn Fn(&dyn Device) -> Vec<f32>| {
        let by_graph = loss(&gpu);
        close(&by_graph, &loss(&Cpu::threads(1)), 1e-5);
        assert!(by_graph == loss(&gpu.clone().graphs(false)), "a graph gives other bits than its launches");
    };
    same(&|device| run(device, CategoricalCrossentropy, &x, &y, &weights));
    // A function of the host's.
    same(&|device| run(device, KLDivergence, &x, &y, &weights));
    // Means of terms.
    same(&|device| run(device, MeanSquaredError.reduction(Reduction::Sum), &x, &y, &weights));
    same(&|device| run(device, MeanAbsoluteError, &x, &y, &weights));
    same(&|device| run(device, MeanSquaredLogarithmicError, &x, &y, &weights));
    same(&|device| run(device, Huber { delta: 0.3 }, &x, &y, &weights));
    same(&|device| run(device, LogCosh.weighted(0.5), &x, &y, &weights));
    same(&|device| run(device, Poisson, &x, &y, &weights));
    same(&|device| run(device, BinaryFocalCrossentropy, &x, &y, &weights));
}

/// Sums of products of shortened numbers, not so far from those of 32-bit ones; and not the same.
#[test]
fn tensor_cores_are_a_choice() {
    let Some(gpu) = device() else { return };
    fn predict<M: Model>(device: &dyn Device) -> Vec<f32> {
        let x = inputs::<M>(data().0);
        M::on(device, 3).unwrap().predict(&x).unwrap().into_raw_vec_and_offset().0
    }
    fn differ<M: Model>(gpu: &Cuda) {
        let exact = predict::<M>(gpu);
        for (precision, tolerance) in [(Precision::Tf32, 5e-3), (Precision::Bf16, 5e-2)] {
            let near = predict::<M>(&gpu.clone().precision(precision));
            close(&near, &exact, tolerance);
            assert!(near != exact, "{precision:?} gives the bits of 32-bit products");
        }
    }
    differ::<Mlp>(&gpu);
    differ::<Pictures>(&gpu);
    differ::<Attending>(&gpu);
}

/// Models that were compiled ahead need no NVRTC: here a program that cannot find one uses them.
#[test]
fn compiled_ahead() {
    let Some(gpu) = device() else { return };
    let adam = Adam::default();
    let bytes =
        cuda::precompile(Mlp::SPEC, Precision::Float32, &[&adam], &[Target::ptx(7, 5), Target::cubin(8, 6)])
            .unwrap();
    let bytes: &'static [u8] = bytes.leak();
    let (expected, _) = trained::<Mlp>(&gpu, Adam::default());
    let ahead = tests::gpu::another().unwrap().precompiled(bytes).unwrap();
    assert!(trained::<Mlp>(&ahead, Adam::default()).0 == expected);
    let cut = &bytes[..bytes.len() - 40];
    let error = tests::gpu::another().unwrap().precompiled(cut).unwrap_err().to_string();
    assert!(error.contains("cut off"), "{error}");
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

/// What is missing is told, with what brings it; `Auto` goes on with the CPU.
#[test]
fn errors_tell_a_remedy() {
    let Some(_) = device() else { return };
    let error = Cuda::new(99).unwrap_err().to_string();
    assert!(error.contains("GPU 99") && error.contains("the first is 0"), "{error}");
    // Programs of their own, since a library stays loaded.
    let run = |task: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "in_a_process_of_its_own", "--nocapture", "--ignored"]).env("TASK", task);
        for (name, value) in variables {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let emulator = tests::gpu::emulator().to_string_lossy().into_owned();
    let none = run("auto", &[("KERAS_CUDA_DRIVER", &emulator), ("KERAS_EMULATOR_DEVICES", "0")]);
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
            ("KERAS_CUDA_DRIVER", &emulator),
            ("KERAS_NVRTC", &folder),
            ("KERAS_CUDA_CACHE", &folder),
            ("HOME", &folder),
            ("VIRTUAL_ENV", &folder),
        ],
    );
    assert!(without.contains("nvidia-cuda-nvrtc") || Path::new("/usr/local/cuda").exists(), "{without}");
    let small = run("train", &[("KERAS_CUDA_DRIVER", &emulator), ("KERAS_EMULATOR_MEMORY", "20000")]);
    assert!(small.contains("its memory does not suffice"), "{small}");
    std::fs::remove_dir_all(&empty).unwrap();
}

/// What the hot kernels do with memory, as the emulator counts it: requests without wasted sectors, four words at a time, no
/// two threads in one bank of shared memory; tensor cores where they were asked for.
#[test]
fn hot_kernels_use_memory_well() {
    let Some(_) = device() else { return };
    let emulator = tests::gpu::emulator().to_string_lossy().into_owned();
    for tf32 in [false, true] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "in_a_process_of_its_own", "--nocapture", "--ignored"]).env("TASK", "count");
        command.env("KERAS_CUDA_DRIVER", &emulator).env("KERAS_EMULATOR_COUNTERS", "1");
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
        _ => {}
    }
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
