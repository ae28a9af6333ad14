//! Kernels of other kinds, compiled by NVRTC: tensor cores, NVIDIA's mathematics, functions that are called.

mod emulated;

use cudarc::driver::PushKernelArg;
use emulated::{assert_close, compile, device, grid, last_fault, numbers, nvrtc};

fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

fn from_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// A product with `cp.async`, `ldmatrix` and `mma.sync`, double-buffered; without its last barrier it races, and that is found.
#[test]
fn tensor_cores() {
    if !nvrtc() {
        return;
    }
    let (m, n, k) = (128usize, 192usize, 160usize);
    let bf16 = |count, seed| numbers(count, seed).into_iter().map(to_bf16).collect::<Vec<_>>();
    let (a, b, bias) = (bf16(m * k, 1), bf16(k * n, 2), numbers(n, 3));
    for bug in [false, true] {
        let device = device();
        let stream = &device.stream;
        let sizes = [("M", m), ("N", n), ("K", k)].map(|(name, size)| format!("-D{name}={size}"));
        let mut options: Vec<&str> = sizes.iter().map(String::as_str).collect();
        options.extend(bug.then_some("-DBUG"));
        let kernel = device.kernel(compile(include_str!("../kernels/tensor_cores.cu"), &options), "gemm_tc");
        let (on_a, on_b, on_bias) = (
            stream.clone_htod(&a).unwrap(),
            stream.clone_htod(&b).unwrap(),
            stream.clone_htod(&bias).unwrap(),
        );
        let mut c = stream.alloc_zeros::<f32>(m * n).unwrap();
        let mut launch = stream.launch_builder(&kernel);
        launch.arg(&on_a).arg(&on_b).arg(&on_bias).arg(&mut c);
        // SAFETY: the kernel takes these arguments.
        unsafe { launch.launch(grid((n as u32 / 64, m as u32 / 64, 1), (128, 1, 1), 0)) }.unwrap();
        if bug {
            stream.synchronize().expect_err("a barrier is missing");
            assert!(last_fault().starts_with("race: kernel gemm_tc"), "{}", last_fault());
            let _ = device.context.check_err();
            continue;
        }
        let mut wanted = vec![];
        for row in 0..m {
            for column in 0..n {
                let product =
                    |i: usize| f64::from(from_bf16(a[row * k + i])) * f64::from(from_bf16(b[i * n + column]));
                let sum: f64 = (0..k).map(product).sum();
                wanted.push((sum as f32 + bias[column]).max(0.0));
            }
        }
        assert_close(&stream.clone_dtoh(&c).unwrap(), &wanted, 1e-4);
    }
}

/// NVIDIA's own functions arrive as PTX: what they come to is within a few units in the last place.
#[test]
fn mathematics() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let kernel = device.kernel(compile(include_str!("../kernels/mathematics.cu"), &[]), "mathk");
    let count = 500usize;
    let x: Vec<f32> = (0..count).map(|i| (i as f32 - 250.0) * 0.0317 + 0.001).collect();
    let on_x = stream.clone_htod(&x).unwrap();
    let mut out = stream.alloc_zeros::<f32>(16 * count).unwrap();
    let n = count as i32;
    let mut launch = stream.launch_builder(&kernel);
    launch.arg(&on_x).arg(&mut out).arg(&n);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid(((count as u32).div_ceil(128), 1, 1), (128, 1, 1), 0)) }.unwrap();
    let got = stream.clone_dtoh(&out).unwrap();
    let positive = |v: f64| f64::from((v as f32).abs() + 1e-3);
    type Exact<'a> = &'a dyn Fn(f64) -> f64;
    let functions: [(usize, f64, Exact); 13] = [
        (0, 2.0, &f64::exp),
        (1, 2.0, &|v| positive(v).ln()),
        (2, 3.0, &f64::tanh),
        (4, 4.0, &|v| positive(v).powf(f64::from(1.7f32))),
        (5, 3.0, &|v| f64::from(v as f32 * 100.0).sin()),
        (6, 3.0, &f64::cos),
        (7, 2.0, &|v| 1.0 / positive(v).sqrt()),
        (8, 2.0, &|v| positive(v).ln_1p()),
        (9, 2.0, &f64::exp_m1),
        (10, 1.0, &|v| positive(v).sqrt()),
        (11, 1.0, &|v| 1.0 / v),
        (12, 0.5, &|v| v % f64::from(0.3f32)),
        (14, 4.0, &|v| v.atan2(positive(v))),
    ];
    for (row, units, exact) in functions {
        for (at, x) in x.iter().enumerate() {
            let (got, wanted) = (got[row * count + at], exact(f64::from(*x)));
            let unit = f64::from((wanted as f32).abs().next_up() - (wanted as f32).abs()).max(1e-44);
            let error = (f64::from(got) - wanted).abs() / unit;
            assert!(error <= units, "function {row} of {x}: {got} instead of {wanted}, {error} units");
        }
    }
}

#[test]
fn layer_normalization_constants_and_local_arrays() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let module = device.module(compile(include_str!("../kernels/mathematics.cu"), &[]));
    let (rows, columns) = (5usize, 200usize);
    let (x, gamma, beta) = (numbers(rows * columns, 1), numbers(columns, 2), numbers(columns, 3));
    let [on_x, on_gamma, on_beta] = [&x, &gamma, &beta].map(|v| stream.clone_htod(v).unwrap());
    let mut y = stream.alloc_zeros::<f32>(rows * columns).unwrap();
    let layernorm = module.load_function("layernorm").unwrap();
    let c = columns as i32;
    let mut launch = stream.launch_builder(&layernorm);
    launch.arg(&on_x).arg(&on_gamma).arg(&on_beta).arg(&mut y).arg(&c);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((rows as u32, 1, 1), (128, 1, 1), 0)) }.unwrap();
    let mut wanted = vec![];
    for row in x.chunks(columns) {
        let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / columns as f64;
        let variance = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / columns as f64;
        let scale = 1.0 / (variance + 1e-5).sqrt();
        let terms = row.iter().zip(&gamma).zip(&beta);
        wanted.extend(terms.map(|((v, g), b)| ((f64::from(*v) - mean) * scale) as f32 * g + b));
    }
    assert_close(&stream.clone_dtoh(&y).unwrap(), &wanted, 1e-5);

    let (height, width) = (9usize, 13usize);
    let weights = numbers(9, 4);
    let mut constant = module.get_global("cw", stream).unwrap();
    let bytes: Vec<u8> = weights.iter().flat_map(|w| w.to_le_bytes()).collect();
    stream.memcpy_htod(&bytes, &mut constant).unwrap();
    let image = numbers(height * width, 5);
    let on_image = stream.clone_htod(&image).unwrap();
    let mut out = stream.alloc_zeros::<f32>(height * width).unwrap();
    let convolution = module.load_function("conv3").unwrap();
    let (h, w) = (height as i32, width as i32);
    let mut launch = stream.launch_builder(&convolution);
    launch.arg(&on_image).arg(&mut out).arg(&h).arg(&w);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((2, 2, 1), (8, 8, 1), 0)) }.unwrap();
    let pixel = |y: i32, x: i32| {
        let inside = (0..h).contains(&y) && (0..w).contains(&x);
        if inside { image[(y * w + x) as usize] } else { 0.0 }
    };
    let window = |y: i32, x: i32| {
        (0..9).map(|k| pixel(y + k / 3 - 1, x + k % 3 - 1) * weights[k as usize]).sum::<f32>()
    };
    let wanted: Vec<f32> =
        (0..h).flat_map(|y| (0..w).map(move |x| (y, x))).map(|(y, x)| window(y, x)).collect();
    assert_close(&stream.clone_dtoh(&out).unwrap(), &wanted, 1e-5);
}

/// What a C program passes for `struct Pair`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Pair {
    x: f32,
    n: i32,
    w: f64,
}

// SAFETY: it lies in memory as the kernel's parameter does.
unsafe impl cudarc::driver::DeviceRepr for Pair {}

#[test]
fn functions_that_are_called_with_structures() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let ptx = compile(include_str!("../kernels/functions.cu"), &[]);
    assert!(ptx.to_src().contains("call.uni"), "the functions must not be inlined");
    let kernel = device.kernel(ptx, "calls");
    let count = 100usize;
    let x = numbers(count, 8);
    let on_x = stream.clone_htod(&x).unwrap();
    let mut out = stream.alloc_zeros::<f64>(count).unwrap();
    let pair = Pair { x: 0.25, n: 4, w: 1.5 };
    let n = count as i32;
    let mut launch = stream.launch_builder(&kernel);
    launch.arg(&on_x).arg(&mut out).arg(&n).arg(&pair);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((4, 1, 1), (32, 1, 1), 0)) }.unwrap();
    for (at, got) in stream.clone_dtoh(&out).unwrap().into_iter().enumerate() {
        let mut p = Pair { x: pair.x + x[at], ..pair };
        if at % 3 != 0 {
            p = Pair { x: p.x * p.x * p.x * 0.5, n: p.n + 1, w: p.w * 2.0 + f64::from(p.n + 1) };
        }
        let wanted = f64::from(p.x + p.n as f32) + p.w;
        assert!((got - wanted).abs() < 1e-6, "{at}: {got} instead of {wanted}");
    }
}

#[test]
fn switches_and_packed_halves() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let module = device.module(compile(include_str!("../kernels/functions.cu"), &[]));
    let count = 200usize;
    let x: Vec<i32> = (0..count as i32).map(|i| (i * 7919) % 4001 - 2000).collect();
    let on_x = stream.clone_htod(&x).unwrap();
    let mut out = stream.alloc_zeros::<i32>(count).unwrap();
    let switches = module.load_function("switches").unwrap();
    let n = count as i32;
    let mut launch = stream.launch_builder(&switches);
    launch.arg(&on_x).arg(&mut out).arg(&n);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((4, 1, 1), (64, 1, 1), 0)) }.unwrap();
    for (v, got) in x.iter().copied().zip(stream.clone_dtoh(&out).unwrap()) {
        let r = match v & 7 {
            0 => v * 3,
            1 => v - 100,
            2 => v ^ 0x55,
            3 => v << 3,
            4 => v / 7,
            5 => v % 11,
            6 => -v,
            _ => !v,
        };
        let mut local = [0; 8];
        (0..8).for_each(|k| local[((k * 5 + v) & 7) as usize] = r + k);
        assert_eq!(got, local[(v & 7) as usize] + local[(v >> 3 & 7) as usize], "{v}");
    }

    // One, two, … in both formats, in both halves.
    let (a, b) = (
        stream.clone_htod(&vec![0x4000_3c00u32; 32]).unwrap(),
        stream.clone_htod(&vec![0x3c00_4200u32; 32]).unwrap(),
    );
    let (mut sum, mut fused) =
        (stream.alloc_zeros::<u32>(32).unwrap(), stream.alloc_zeros::<u32>(32).unwrap());
    let packed = module.load_function("packed").unwrap();
    let mut launch = stream.launch_builder(&packed);
    launch.arg(&a).arg(&b).arg(&mut sum).arg(&mut fused).arg(&32i32);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((1, 1, 1), (32, 1, 1), 0)) }.unwrap();
    // 2 + 1 and 1 + 3 as f16.
    assert_eq!(stream.clone_dtoh(&sum).unwrap(), vec![0x4200_4400; 32]);
    let each = |at: u32| {
        let of = |x: u32| from_bf16((x >> at) as u16);
        u32::from(to_bf16(of(0x4000_3c00).mul_add(of(0x3c00_4200), of(0x4000_3c00)))) << at
    };
    assert_eq!(stream.clone_dtoh(&fused).unwrap(), vec![each(16) | each(0); 32]);
}

/// The last block adds up what all blocks left behind a fence.
#[test]
fn a_reduction_in_one_launch() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let kernel = device.kernel(compile(include_str!("../kernels/functions.cu"), &[]), "reduce_all");
    let x = numbers(5000, 12);
    let on_x = stream.clone_htod(&x).unwrap();
    let (mut partial, mut ticket) =
        (stream.alloc_zeros::<f32>(6).unwrap(), stream.alloc_zeros::<u32>(1).unwrap());
    let mut out = stream.alloc_zeros::<f32>(1).unwrap();
    let mut launch = stream.launch_builder(&kernel);
    launch.arg(&on_x).arg(&mut partial).arg(&mut ticket).arg(&mut out).arg(&5000i32);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((6, 1, 1), (256, 1, 1), 0)) }.unwrap();
    let wanted = x.iter().map(|v| f64::from(*v)).sum::<f64>() as f32;
    assert_close(&stream.clone_dtoh(&out).unwrap(), &[wanted], 1e-3);
}

/// What a C program passes for `struct Table`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Table {
    v: [f32; 6],
    n: i32,
}

// SAFETY: it lies in memory as the kernel's parameter does.
unsafe impl cudarc::driver::DeviceRepr for Table {}

#[test]
fn parameters_that_are_chosen_at_run_time() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let kernel = device.kernel(compile(include_str!("../kernels/functions.cu"), &[]), "picks");
    let table = Table { v: [1.0, 2.5, -3.0, 4.0, 0.5, 8.0], n: 3 };
    let mut out = stream.alloc_zeros::<f32>(32).unwrap();
    // SAFETY: the kernel takes these arguments.
    unsafe {
        stream.launch_builder(&kernel).arg(&table).arg(&mut out).launch(grid((1, 1, 1), (32, 1, 1), 0))
    }
    .unwrap();
    let wanted: Vec<f32> = (0..32).map(|i| table.v[i * 5 % 6] * 3.0 + table.v[i % 6]).collect();
    assert_eq!(stream.clone_dtoh(&out).unwrap(), wanted);
}
