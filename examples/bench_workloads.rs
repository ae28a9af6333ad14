//! Training and prediction of networks of every kind, as lines of JSON: rates or latencies, and shares of what products cannot
//! exceed. `keras-runtime/benches/peers/README.md` says what each workload is.
//!
//!     cargo run --release --example bench_workloads -- W2
//!
//! `BENCH_THREADS` and `BENCH_SECONDS`, of each measurement, are heeded, and `PEERS_DATA`, the folder of the weights that W4's
//! programs share.

use std::hint::black_box;
use std::path::Path;

use examples::{line, peak, threads, times};
use keras_runtime::data::Element;
use keras_runtime::prelude::*;
use ndarray::{Array, Array3, ArrayD, ArrayViewD, Axis};

keras_model! {
    Digits = dense(256, relu, input = 784) >> dropout(0.4) >> dense(128, relu) >> dropout(0.3) >> dense(10, softmax);

    Pictures = conv2d(32, 3, activation = relu, input = [28, 28, 1]) >> conv2d(64, 3, activation = relu)
            >> max_pooling2d(2) >> dropout(0.25) >> flatten()
            >> dense(128, relu) >> dropout(0.5) >> dense(10, softmax);

    Characters = lstm(128, input = [40, 57]) >> dense(57, softmax);
    Stacked = lstm(128, return_sequences = true, input = [40, 57]) >> lstm(128) >> dense(57, softmax);
    Reviews(x: [u32; 80]) { x >> embedding(20000, 128) >> lstm(128) >> dense(1, sigmoid) }

    block unit(filters, size = 3, strides = 1) |x| {
        x >> conv2d(filters, size, strides = strides, padding = same, use_bias = false) >> batch_normalization()
    }
    block residual(filters, strides = 1) |x| {
        let shortcut = x >> if strides > 1 { unit(filters, 1, strides) };
        (shortcut, x >> unit(filters, 3, strides) >> relu >> unit(filters)) >> add() >> relu
    }
    Residual(x: [32, 32, 3]) {
        x >> unit(64) >> relu >> residual(64) >> residual(64) >> residual(128, 2) >> residual(128)
          >> residual(256, 2) >> residual(256) >> residual(512, 2) >> residual(512)
          >> global_average_pooling2d() >> dense(10, softmax)
    }

    block encoder() |x| {
        let x = x + ((x, x) >> multi_head_attention(8, 32)) >> layer_normalization();
        x + (x >> dense(1024, relu) >> dense(256)) >> layer_normalization()
    }
    Encoder(x: [128, 256]) {
        x >> encoder() >> encoder() >> encoder() >> encoder() >> global_average_pooling1d() >> dense(10, softmax)
    }
}

/// What is printed of one workload.
struct Workload {
    name: String,
    /// What a sample is, in the plural.
    samples: &'static str,
    threads: usize,
    /// GFLOP/s of one thread.
    /// Of all its threads.
    peak: f64,
}

impl Workload {
    fn new(name: &str, samples: &'static str) -> Self {
        let threads = threads(if name == "W4c" { 1 } else { 2 });
        let peak = peak(threads);
        line(name, "fma peak", peak, "GFLOP/s", threads, &[]);
        Workload { name: name.into(), samples, threads, peak }
    }

    /// The rate of batches that take `seconds` (sorted), and its share of the peak.
    fn rate(&self, metric: &str, seconds: &[f64], batch: usize, flops: usize, more: &[(&str, f64)]) {
        let rate = batch as f64 / seconds[seconds.len() / 2];
        line(&self.name, metric, rate, &format!("{}/s", self.samples), self.threads, more);
        let share = 100.0 * rate * flops as f64 / 1e9 / self.peak;
        line(&self.name, &format!("{metric}, share of the peak"), share, "%", self.threads, &[]);
    }

    /// Training steps on one batch of `x` and `y` after another.
    fn train<M: Model, T: Element>(
        &self,
        mut model: Trainer<M>,
        x: &ArrayD<T>,
        y: &ArrayD<f32>,
        batch: usize,
    ) -> Result<()> {
        let (batches, mut step, mut losses) = (x.len_of(Axis(0)) / batch, 0, Vec::with_capacity(60_000));
        let seconds = times(2, 3, || {
            let from = step % batches * batch;
            let rows = from..from + batch;
            let loss = model.step_on_batch(part(x, rows.clone()), part(y, rows))?;
            losses.push(loss);
            step += 1;
            Ok(())
        })?;
        let ends = [("loss_first", losses[0]), ("loss_last", losses[losses.len() - 1])];
        self.rate("train", &seconds, batch, M::SPEC.train.flops, &ends);
        Ok(())
    }

    /// The rate of predictions of `batch` samples into given memory.
    fn infer<M: Model>(&self, metric: &str, model: &mut M, x: &ArrayD<f32>, batch: usize) -> Result<()> {
        let mut p = vec![0.0; batch * 10];
        let seconds = times(3, 5, || model.predict_into(part(x, 0..batch), &mut p))?;
        self.rate(metric, &seconds, batch, M::SPEC.infer.flops, &[("check", p[0].into())]);
        Ok(())
    }

    /// The latency of a prediction for one sample.
    fn latency<M: Model>(&self, model: &mut M, x: &ArrayD<f32>) -> Result<()> {
        let mut p = [0.0; 10];
        let seconds = times(200, 100, || {
            model.predict_into(part(x, 0..1), &mut p)?;
            black_box(&p);
            Ok(())
        })?;
        let check = [("check", p[0].into())];
        line(&self.name, "p50 latency", seconds[seconds.len() / 2] * 1e6, "us", self.threads, &check);
        line(&self.name, "p99 latency", seconds[seconds.len() * 99 / 100] * 1e6, "us", self.threads, &check);
        Ok(())
    }

    fn device(&self) -> Cpu {
        Cpu::threads(self.threads)
    }

    /// The model with the weights that all programs share, where they are.
    fn shared<M: Model>(&self, file: &str) -> Result<M> {
        let mut model = M::on(&self.device(), 1)?;
        if let Some(folder) = std::env::var_os("PEERS_DATA") {
            model.load_weights(Path::new(&folder).join(file))?;
        }
        Ok(model)
    }
}

fn part<T>(x: &ArrayD<T>, rows: std::ops::Range<usize>) -> ArrayViewD<'_, T> {
    x.slice_axis(Axis(0), rows.into())
}

/// The first `count` images of MNIST's training or test set, each in `shape`, and their labels.
fn mnist(test: bool, count: usize, shape: &[usize]) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
    let mnist = datasets::mnist()?;
    let (x, y) = if test { (mnist.x_test, mnist.y_test) } else { (mnist.x_train, mnist.y_train) };
    let shape: Vec<usize> = [count].into_iter().chain(shape.iter().copied()).collect();
    let pixels = x.iter().take(count * 784).map(|pixel| f32::from(*pixel) / 255.0);
    let x = ArrayD::from_shape_vec(shape, pixels.collect()).expect("as many images");
    Ok((x, to_categorical(&y.as_slice().expect("in order")[..count], 10)?.into_dyn()))
}

/// Training of `M` on sequences of 40 of 57 characters, and the one that comes next.
fn text<M: Model>(workload: &Workload) -> Result<()> {
    let count = 2560;
    let character = |i: usize, t: usize| (i * 7 + t * 3) % 57;
    let x = Array3::from_shape_fn((count, 40, 57), |(i, t, c)| f32::from(u8::from(c == character(i, t))));
    let next: Vec<u8> = (0..count).map(|i| character(i, 40) as u8).collect();
    let model = M::on(&workload.device(), 1)?.compile(RmsProp::default(), CategoricalCrossentropy, ());
    workload.train(model, &x.into_dyn(), &to_categorical(&next, 57)?.into_dyn(), 128)
}

/// Reviews of 80 of 20,000 words, of which each is the rarer the greater its number, and whether they are good.
fn reviews(count: usize) -> (ArrayD<u32>, ArrayD<f32>) {
    let word = |i: usize, t: usize| 20_000f64.powf(((i * 80 + t) as f64 * 0.618_033_988_75) % 1.0) as u32;
    let x = Array::from_shape_fn((count, 80), |(i, t)| word(i, t));
    let y = Array::from_shape_fn((count, 1), |(i, _)| (i % 2) as f32);
    (x.into_dyn(), y.into_dyn())
}

/// Waves in the place of data, of ten classes.
fn waves(shape: &[usize]) -> Result<(ArrayD<f32>, ArrayD<f32>)> {
    let words = (0..shape.iter().product::<usize>()).map(|i| (i as f64 * 0.37).sin() as f32);
    let x = ArrayD::from_shape_vec(shape, words.collect()).expect("as many words");
    let labels: Vec<u8> = (0..shape[0]).map(|i| (i % 10) as u8).collect();
    Ok((x, to_categorical(&labels, 10)?.into_dyn()))
}

/// Training and prediction of `M`, `batch` samples of `shape` at a time.
fn both<M: Model>(workload: &Workload, optimizer: impl Optimizer + 'static, shape: &[usize]) -> Result<()> {
    let batch = shape[0] / 2;
    let (x, y) = waves(shape)?;
    let model = M::on(&workload.device(), 1)?.compile(optimizer, CategoricalCrossentropy, ());
    workload.train(model, &x, &y, batch)?;
    workload.infer("infer", &mut M::on(&workload.device(), 1)?, &x, batch)
}

fn main() -> Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let workload = |samples| Workload::new(&name, samples);
    match name.as_str() {
        "W2" => {
            let w = workload("images");
            let (x, y) = mnist(false, 8192, &[28, 28, 1])?;
            let model = Pictures::on(&w.device(), 1)?.compile(Adam::default(), CategoricalCrossentropy, ());
            w.train(model, &x, &y, 128)
        }
        "W3a" => text::<Characters>(&workload("sequences")),
        "W3b" => text::<Stacked>(&workload("sequences")),
        "W3c" => {
            let w = workload("sequences");
            let (x, y) = reviews(2560);
            let model = Reviews::on(&w.device(), 1)?.compile(Adam::default(), BinaryCrossentropy, ());
            w.train(model, &x, &y, 32)
        }
        "W4b" => {
            let w = workload("samples");
            let (x, _) = mnist(true, 10_000, &[784])?;
            let mut model: Digits = w.shared("mlp.safetensors")?;
            w.infer("infer, batch 128", &mut model, &x, 128)?;
            w.infer("infer, batch 10000", &mut model, &x, 10_000)
        }
        "W4c" => {
            let w = workload("images");
            let (x, _) = mnist(true, 1, &[28, 28, 1])?;
            w.latency(&mut w.shared::<Pictures>("cnn.safetensors")?, &x)
        }
        "W4d" => {
            let w = workload("images");
            let (x, _) = mnist(true, 128, &[28, 28, 1])?;
            w.infer("infer", &mut w.shared::<Pictures>("cnn.safetensors")?, &x, 128)
        }
        "W7a" => {
            let sgd = Sgd { momentum: 0.9, ..Sgd::default() };
            both::<Residual>(&workload("images"), sgd, &[128, 32, 32, 3])
        }
        "W7b" => {
            let adam = Adam { learning_rate: 1e-4, ..Adam::default() };
            both::<Encoder>(&workload("sequences"), adam, &[32, 128, 256])
        }
        _ => {
            eprintln!("one of W2, W3a, W3b, W3c, W4b, W4c, W4d, W7a, W7b");
            std::process::exit(2)
        }
    }
}
