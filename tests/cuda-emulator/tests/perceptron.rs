//! Training steps of a perceptron 784-256-128-10 with batches of 128, as a graph, beside the same steps on the CPU.

mod emulated;

use std::sync::Arc;

use cudarc::driver::{CudaModule, CudaSlice, CudaStream, LaunchConfig, PushKernelArg, sys};
use emulated::{compile, device, grid, numbers, nvrtc};

const WIDTHS: [usize; 4] = [784, 256, 128, 10];
const BATCH: usize = 128;
const RATE: f32 = 0.1;

/// Parameters and what a step leaves beside them.
struct Net {
    module: Arc<CudaModule>,
    stream: Arc<CudaStream>,
    weights: Vec<CudaSlice<f32>>,
    biases: Vec<CudaSlice<f32>>,
    values: Vec<CudaSlice<f32>>,
    slopes: Vec<CudaSlice<f32>>,
    weight_slopes: Vec<CudaSlice<f32>>,
    bias_slopes: Vec<CudaSlice<f32>>,
    losses: CudaSlice<f32>,
    labels: CudaSlice<i32>,
}

fn linear(count: usize) -> LaunchConfig {
    grid(((count as u32).div_ceil(128), 1, 1), (128, 1, 1), 0)
}

impl Net {
    /// The three products: `forward`, `weights`, `inputs`; addresses of zero mean no bias and no gate.
    fn product(
        &self,
        name: &str,
        [a, b, c]: [&CudaSlice<f32>; 3],
        extra: [Option<&CudaSlice<f32>>; 2],
        relu: bool,
        size: [usize; 3],
    ) {
        use cudarc::driver::DevicePtr;
        let function = self.module.load_function(name).unwrap();
        let address =
            |slice: Option<&CudaSlice<f32>>| slice.map_or(0, |slice| slice.device_ptr(&self.stream).0);
        let (bias, gate) = (address(extra[0]), address(extra[1]));
        let (relu, [m, n, k]) = (i32::from(relu), size.map(|s| s as i32));
        let mut launch = self.stream.launch_builder(&function);
        launch.arg(a).arg(b).arg(c).arg(&bias).arg(&gate).arg(&relu).arg(&m).arg(&n).arg(&k);
        let blocks = (size[1].div_ceil(64) as u32, size[0].div_ceil(64) as u32, 1);
        // SAFETY: the kernel takes these arguments.
        unsafe { launch.launch(grid(blocks, (256, 1, 1), 0)) }.unwrap();
    }

    fn step(&self) {
        let layers = WIDTHS.len() - 1;
        for l in 0..layers {
            let size = [BATCH, WIDTHS[l + 1], WIDTHS[l]];
            let extra = [Some(&self.biases[l]), None];
            let operands = [&self.values[l], &self.weights[l], &self.values[l + 1]];
            self.product("forward", operands, extra, l + 1 < layers, size);
        }
        let (rows, classes) = (BATCH as i32, WIDTHS[layers] as i32);
        let head = self.module.load_function("head").unwrap();
        let mut launch = self.stream.launch_builder(&head);
        launch
            .arg(&self.values[layers])
            .arg(&self.labels)
            .arg(&self.slopes[layers])
            .arg(&self.losses)
            .arg(&rows)
            .arg(&classes);
        // SAFETY: the kernel takes these arguments.
        unsafe { launch.launch(grid((BATCH as u32 / 4, 1, 1), (128, 1, 1), 0)) }.unwrap();
        for l in (0..layers).rev() {
            let (from, to) = (WIDTHS[l], WIDTHS[l + 1]);
            let slopes = &self.slopes[l + 1];
            let operands = [&self.values[l], slopes, &self.weight_slopes[l]];
            self.product("weights", operands, [None; 2], false, [from, to, BATCH]);
            if l > 0 {
                let extra = [None, Some(&self.values[l])];
                let operands = [slopes, &self.weights[l], &self.slopes[l]];
                self.product("inputs", operands, extra, false, [BATCH, from, to]);
            }
            let (columns, width) = (self.module.load_function("columns").unwrap(), to as i32);
            let mut launch = self.stream.launch_builder(&columns);
            launch.arg(slopes).arg(&self.bias_slopes[l]).arg(&rows).arg(&width);
            // SAFETY: the kernel takes these arguments.
            unsafe { launch.launch(linear(to)) }.unwrap();
            self.descend(&self.weights[l], &self.weight_slopes[l], from * to);
            self.descend(&self.biases[l], &self.bias_slopes[l], to);
        }
    }

    fn descend(&self, parameters: &CudaSlice<f32>, slopes: &CudaSlice<f32>, count: usize) {
        let (function, length) = (self.module.load_function("descend").unwrap(), count as i32);
        let mut launch = self.stream.launch_builder(&function);
        launch.arg(parameters).arg(slopes).arg(&RATE).arg(&length);
        // SAFETY: the kernel takes these arguments.
        unsafe { launch.launch(linear(count)) }.unwrap();
    }
}

/// The same step on the CPU, in `f64`; the mean loss.
fn step_on_cpu(weights: &mut [Vec<f64>], biases: &mut [Vec<f64>], x: &[f32], labels: &[i32]) -> f64 {
    let layers = WIDTHS.len() - 1;
    let mut values = vec![x.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()];
    for l in 0..layers {
        let (from, to) = (WIDTHS[l], WIDTHS[l + 1]);
        let mut out = vec![0.0; BATCH * to];
        for row in 0..BATCH {
            let sums = &mut out[row * to..][..to];
            sums.copy_from_slice(&biases[l]);
            for i in 0..from {
                let value = values[l][row * from + i];
                sums.iter_mut().zip(&weights[l][i * to..][..to]).for_each(|(sum, w)| *sum += value * w);
            }
            if l + 1 < layers {
                sums.iter_mut().for_each(|sum| *sum = sum.max(0.0));
            }
        }
        values.push(out);
    }
    let classes = WIDTHS[layers];
    let (mut slopes, mut loss) = (vec![0.0; BATCH * classes], 0.0);
    for row in 0..BATCH {
        let powers: Vec<f64> = values[layers][row * classes..][..classes].iter().map(|v| v.exp()).collect();
        let (sum, label) = (powers.iter().sum::<f64>(), labels[row] as usize);
        loss -= (powers[label] / sum).ln() / BATCH as f64;
        for (c, power) in powers.iter().enumerate() {
            slopes[row * classes + c] = (power / sum - f64::from(u8::from(c == label))) / BATCH as f64;
        }
    }
    for l in (0..layers).rev() {
        let (from, to) = (WIDTHS[l], WIDTHS[l + 1]);
        let mut below = vec![0.0; BATCH * from];
        let mut steps = vec![0.0; from * to];
        for row in 0..BATCH {
            let above = &slopes[row * to..][..to];
            for i in 0..from {
                let value = values[l][row * from + i];
                let weights = &weights[l][i * to..][..to];
                if l > 0 && value > 0.0 {
                    below[row * from + i] = above.iter().zip(weights).map(|(s, w)| s * w).sum();
                }
                steps[i * to..][..to].iter_mut().zip(above).for_each(|(step, s)| *step += value * s);
            }
            biases[l].iter_mut().zip(above).for_each(|(bias, s)| *bias -= f64::from(RATE) * s);
        }
        weights[l].iter_mut().zip(&steps).for_each(|(w, step)| *w -= f64::from(RATE) * step);
        slopes = below;
    }
    loss
}

#[test]
fn three_steps_as_a_graph() {
    if !nvrtc() {
        return;
    }
    let device = device();
    let stream = &device.stream;
    let x = numbers(BATCH * WIDTHS[0], 1);
    let labels: Vec<i32> = (0..BATCH).map(|row| (row * 7 % 10) as i32).collect();
    let layers = WIDTHS.windows(2).enumerate();
    let start: Vec<Vec<f32>> = layers
        .map(|(l, w)| {
            numbers(w[0] * w[1], 2 + l as u32).iter().map(|v| v * (3.0 / w[0] as f32).sqrt()).collect()
        })
        .collect();
    let zeros = |count: usize| stream.alloc_zeros::<f32>(count).unwrap();
    let mut values = vec![stream.clone_htod(&x).unwrap()];
    values.extend(WIDTHS[1..].iter().map(|w| zeros(BATCH * w)));
    let net = Net {
        module: device.module(compile(include_str!("../kernels/perceptron.cu"), &[])),
        stream: stream.clone(),
        weights: start.iter().map(|w| stream.clone_htod(w).unwrap()).collect(),
        biases: WIDTHS[1..].iter().map(|w| zeros(*w)).collect(),
        values,
        slopes: WIDTHS.iter().map(|w| zeros(BATCH * w)).collect(),
        weight_slopes: WIDTHS.windows(2).map(|w| zeros(w[0] * w[1])).collect(),
        bias_slopes: WIDTHS[1..].iter().map(|w| zeros(*w)).collect(),
        losses: zeros(BATCH),
        labels: stream.clone_htod(&labels).unwrap(),
    };
    stream.begin_capture(sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL).unwrap();
    net.step();
    let flags = sys::CUgraphInstantiate_flags::CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
    let graph = stream.end_capture(flags).unwrap().unwrap();

    let mut weights: Vec<Vec<f64>> =
        start.iter().map(|w| w.iter().map(|v| f64::from(*v)).collect()).collect();
    let mut biases: Vec<Vec<f64>> = WIDTHS[1..].iter().map(|w| vec![0.0; *w]).collect();
    let mut last = f64::INFINITY;
    for _ in 0..3 {
        graph.launch().unwrap();
        let losses = stream.clone_dtoh(&net.losses).unwrap();
        let loss = losses.iter().map(|l| f64::from(*l)).sum::<f64>() / BATCH as f64;
        let wanted = step_on_cpu(&mut weights, &mut biases, &x, &labels);
        assert!((loss - wanted).abs() < 1e-5 * wanted, "{loss} instead of {wanted}");
        assert!(loss < last, "the loss falls");
        last = loss;
    }
    for (got, wanted) in net.weights.iter().zip(&weights).chain(net.biases.iter().zip(&biases)) {
        for (got, wanted) in stream.clone_dtoh(got).unwrap().iter().zip(wanted) {
            assert!((f64::from(*got) - wanted).abs() < 1e-5, "{got} instead of {wanted}");
        }
    }
}
