//! Kernels of a training, compiled by NVRTC, through cudarc as a program for a GPU would use it.

mod emulated;

use cudarc::driver::{LaunchConfig, PushKernelArg, sys};
use emulated::{assert_close, compile, device, grid, numbers, nvrtc};

const SOURCE: &str = include_str!("../kernels/training.cu");

#[test]
fn vectors_are_added() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let add = device.kernel(compile(SOURCE, &[]), "vec_add");
    let stream = &device.stream;
    let count = 100_003;
    let (a, b) = (numbers(count, 1), numbers(count, 2));
    let (on_a, on_b) = (stream.clone_htod(&a).unwrap(), stream.clone_htod(&b).unwrap());
    let mut sum = stream.alloc_zeros::<f32>(count).unwrap();
    let config = LaunchConfig::for_num_elems(count as u32);
    // SAFETY: the kernel takes these arguments.
    unsafe {
        stream.launch_builder(&add).arg(&on_a).arg(&on_b).arg(&mut sum).arg(&(count as i32)).launch(config)
    }
    .unwrap();
    let wanted: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    assert_eq!(stream.clone_dtoh(&sum).unwrap(), wanted);
}

#[test]
fn a_dense_layer_with_shared_memory() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let gemm = device.kernel(compile(SOURCE, &[]), "gemm_bias_relu");
    let stream = &device.stream;
    for (m, n, k) in [(64usize, 64usize, 64usize), (50, 37, 83)] {
        let (a, b, bias) = (numbers(m * k, 3), numbers(k * n, 4), numbers(n, 5));
        let [on_a, on_b, on_bias] = [&a, &b, &bias].map(|x| stream.clone_htod(x).unwrap());
        let mut c = stream.alloc_zeros::<f32>(m * n).unwrap();
        let config = grid((n.div_ceil(32) as u32, m.div_ceil(32) as u32, 1), (16, 16, 1), 0);
        let mut launch = stream.launch_builder(&gemm);
        let (rows, columns, inner) = (m as i32, n as i32, k as i32);
        launch.arg(&on_a).arg(&on_b).arg(&on_bias).arg(&mut c).arg(&rows).arg(&columns).arg(&inner);
        // SAFETY: the kernel takes these arguments.
        unsafe { launch.launch(config) }.unwrap();
        let mut wanted = vec![];
        for row in 0..m {
            for column in 0..n {
                let sum: f64 = (0..k).map(|i| f64::from(a[row * k + i]) * f64::from(b[i * n + column])).sum();
                wanted.push(((sum + f64::from(bias[column])) as f32).max(0.0));
            }
        }
        assert_close(&stream.clone_dtoh(&c).unwrap(), &wanted, 2e-4);
    }
}

#[test]
fn dropout_draws_the_numbers_of_philox() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let kernel = device.kernel(compile(SOURCE, &[]), "bias_relu_dropout");
    let stream = &device.stream;
    let (rows, columns) = (64usize, 128usize);
    let (x, bias) = (numbers(rows * columns, 7), numbers(columns, 8));
    let (mut on_x, on_bias) = (stream.clone_htod(&x).unwrap(), stream.clone_htod(&bias).unwrap());
    let (quarter, threshold, scale) =
        ((rows * columns / 4) as i32, (0.2 * 4_294_967_296.0) as u32, 1.0 / 0.8f32);
    let mut launch = stream.launch_builder(&kernel);
    let width = columns as i32;
    launch.arg(&mut on_x).arg(&on_bias).arg(&quarter).arg(&width).arg(&threshold);
    launch.arg(&scale).arg(&42u32).arg(&7u32);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid(((quarter as u32).div_ceil(128), 1, 1), (128, 1, 1), 0)) }.unwrap();
    let mut wanted = x;
    for i in 0..quarter as u32 {
        for (at, random) in philox([i, 7, 0, 0], [42, 0x0123_4567]).into_iter().enumerate() {
            let element = 4 * i as usize + at;
            let value = (wanted[element] + bias[element % columns]).max(0.0);
            wanted[element] = if random < threshold { 0.0 } else { value * scale };
        }
    }
    assert_close(&stream.clone_dtoh(&on_x).unwrap(), &wanted, 1e-6);
}

fn philox(mut c: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let (low, high) = (0xd251_1f53 * u64::from(c[0]), 0xcd9e_8d57 * u64::from(c[2]));
        c = [
            (high >> 32) as u32 ^ c[1] ^ key[0],
            high as u32,
            (low >> 32) as u32 ^ c[3] ^ key[1],
            low as u32,
        ];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    c
}

#[test]
fn rows_are_summed_by_shuffles() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let kernel = device.kernel(compile(SOURCE, &[]), "row_sum");
    let stream = &device.stream;
    let (rows, columns) = (33usize, 1000usize);
    let x = numbers(rows * columns, 9);
    let on_x = stream.clone_htod(&x).unwrap();
    let mut out = stream.alloc_zeros::<f32>(rows).unwrap();
    let mut launch = stream.launch_builder(&kernel);
    let count = columns as i32;
    launch.arg(&on_x).arg(&mut out).arg(&count);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((rows as u32, 1, 1), (256, 1, 1), 0)) }.unwrap();
    let wanted: Vec<f32> =
        x.chunks(columns).map(|row| row.iter().map(|v| f64::from(*v)).sum::<f64>() as f32).collect();
    assert_close(&stream.clone_dtoh(&out).unwrap(), &wanted, 1e-4);
}

#[test]
fn softmax_cross_entropy_with_dynamic_shared_memory_and_atomics() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let kernel = device.kernel(compile(SOURCE, &[]), "softmax_xent");
    let stream = &device.stream;
    let (rows, columns) = (37usize, 10usize);
    let x = numbers(rows * columns, 11);
    let labels: Vec<i32> = (0..rows).map(|row| (row * 7 % columns) as i32).collect();
    let (on_x, on_labels) = (stream.clone_htod(&x).unwrap(), stream.clone_htod(&labels).unwrap());
    let (mut gradient, mut loss) =
        (stream.alloc_zeros::<f32>(rows * columns).unwrap(), stream.alloc_zeros::<f32>(1).unwrap());
    let mut launch = stream.launch_builder(&kernel);
    let (r, c, scale) = (rows as i32, columns as i32, 1.0 / rows as f32);
    launch.arg(&on_x).arg(&on_labels).arg(&mut gradient).arg(&mut loss).arg(&r).arg(&c).arg(&scale);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid(((rows as u32).div_ceil(4), 1, 1), (128, 1, 1), 4 * columns as u32 * 4)) }
        .unwrap();
    let (mut wanted, mut wanted_loss) = (vec![], 0f64);
    for (row, label) in x.chunks(columns).zip(&labels) {
        let powers: Vec<f64> = row.iter().map(|v| f64::from(*v).exp()).collect();
        let sum: f64 = powers.iter().sum();
        wanted_loss -= (powers[*label as usize] / sum).ln() / rows as f64;
        wanted.extend(powers.iter().enumerate().map(|(at, power)| {
            let hit = if at as i32 == *label { 1.0 } else { 0.0 };
            ((power / sum - hit) / rows as f64) as f32
        }));
    }
    assert_close(&stream.clone_dtoh(&gradient).unwrap(), &wanted, 1e-6);
    assert_close(&stream.clone_dtoh(&loss).unwrap(), &[wanted_loss as f32], 1e-5);
}

/// A step that is captured and replayed does what the same launches do one by one.
#[test]
fn a_replayed_graph_equals_single_launches() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let tick = "extern \"C\" __global__ void tick(int* x) { if (threadIdx.x == 0) *x += 1; }";
    let (tick, adam) =
        (device.kernel(compile(tick, &[]), "tick"), device.kernel(compile(SOURCE, &[]), "adam"));
    let count = 1000usize;
    let n = count as i32;
    let (start, gradient) = (numbers(count, 21), stream.clone_htod(&numbers(count, 22)).unwrap());
    let run = |captured: bool| {
        let mut p = stream.clone_htod(&start).unwrap();
        let (mut m, mut v) =
            (stream.alloc_zeros::<f32>(count).unwrap(), stream.alloc_zeros::<f32>(count).unwrap());
        let mut step = stream.clone_htod(&[0i32]).unwrap();
        let mut launch_all = || {
            // SAFETY: the kernels take these arguments.
            unsafe {
                stream.launch_builder(&tick).arg(&mut step).launch(grid((1, 1, 1), (32, 1, 1), 0)).unwrap();
                let mut launch = stream.launch_builder(&adam);
                launch.arg(&mut p).arg(&mut m).arg(&mut v).arg(&gradient).arg(&n);
                launch.arg(&1e-2f32).arg(&0.9f32).arg(&0.999f32).arg(&1e-8f32).arg(&step);
                launch.launch(grid(((count as u32).div_ceil(256), 1, 1), (256, 1, 1), 0)).unwrap();
            }
        };
        if captured {
            stream.begin_capture(sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL).unwrap();
            launch_all();
            let flags = sys::CUgraphInstantiate_flags::CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
            let graph = stream.end_capture(flags).unwrap().unwrap();
            assert_eq!(stream.clone_dtoh(&step).unwrap(), [0], "a capture runs nothing");
            graph.upload().unwrap();
            (0..5).for_each(|_| graph.launch().unwrap());
        } else {
            (0..5).for_each(|_| launch_all());
        }
        assert_eq!(stream.clone_dtoh(&step).unwrap(), [5]);
        stream.clone_dtoh(&p).unwrap()
    };
    let (single, replayed) = (run(false), run(true));
    assert_ne!(single, start);
    assert_eq!(single, replayed);
}

/// PTX for other architectures, and with fast mathematics, does the same.
#[test]
fn every_architecture() {
    if !nvrtc() {
        return;
    }
    let x: Vec<f32> = numbers(256 * 40, 30);
    let mut sums = vec![];
    for (architecture, capability, options) in [
        ("compute_75", "7.5", &[][..]),
        ("compute_80", "8.0", &["--use_fast_math"]),
        ("compute_89", "8.9", &[]),
        ("compute_90", "9.0", &[]),
        ("compute_100", "10.0", &[]),
        ("compute_120", "12.0", &["--use_fast_math"]),
    ] {
        let device = device();
        emulated::configure("capability", capability);
        let stream = &device.stream;
        let module = device.module(emulated::compile_for(architecture, SOURCE, options));
        let row_sum = module.load_function("row_sum").unwrap();
        let on_x = stream.clone_htod(&x).unwrap();
        let mut out = stream.alloc_zeros::<f32>(40).unwrap();
        // SAFETY: the kernel takes these arguments.
        unsafe {
            let mut launch = stream.launch_builder(&row_sum);
            launch.arg(&on_x).arg(&mut out).arg(&256i32).launch(grid((40, 1, 1), (256, 1, 1), 0)).unwrap();
        }
        sums.push(stream.clone_dtoh(&out).unwrap());
    }
    assert!(sums.iter().all(|s| *s == sums[0]));
}

/// Sums of floats by atomic operations of many blocks are the same each time, on however many threads.
#[test]
fn atomic_sums_are_the_same_each_time() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let source = "extern \"C\" __global__ void add_up(const float* x, float* sum, float* copy) {\
        int i = blockIdx.x * blockDim.x + threadIdx.x; copy[i] = 2.f * x[i]; atomicAdd(sum, x[i]); }";
    let kernel = device.kernel(compile(source, &[]), "add_up");
    let x = numbers(64 * 64, 31);
    let on_x = stream.clone_htod(&x).unwrap();
    let mut sums = vec![];
    for threads in ["1", "3", "8", "8"] {
        emulated::configure("threads", threads);
        let (mut sum, mut copy) =
            (stream.alloc_zeros::<f32>(1).unwrap(), stream.alloc_zeros::<f32>(x.len()).unwrap());
        let mut launch = stream.launch_builder(&kernel);
        launch.arg(&on_x).arg(&mut sum).arg(&mut copy);
        // SAFETY: the kernel takes these arguments.
        unsafe { launch.launch(grid((64, 1, 1), (64, 1, 1), 0)) }.unwrap();
        sums.push(stream.clone_dtoh(&sum).unwrap()[0].to_bits());
        let doubled: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
        assert_eq!(stream.clone_dtoh(&copy).unwrap(), doubled);
    }
    assert!(sums.iter().all(|sum| *sum == sums[0]));
}
