//! What the Rust peers share: data and weights that every program reads, and the lines of JSON that it prints. The twin of
//! `../../common.py`.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

pub const BATCH: usize = 128;
pub const TRAIN: usize = 48_000;
/// Characters, words and time steps of W3.
pub const CHARACTERS: usize = 57;
pub const WORDS: usize = 20_000;
pub const TEXT: usize = 40;
pub const REVIEW: usize = 80;

fn number(name: &str) -> Option<f64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// A file of the folder that `gen_data.py` filled.
pub fn data(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os("PEERS_DATA").expect("PEERS_DATA names the folder of the data")).join(name)
}

/// A workload's name, and a variant's where one is given.
pub fn arguments() -> (String, String) {
    let mut arguments = std::env::args().skip(1);
    (arguments.next().expect("a workload"), arguments.next().unwrap_or_default())
}

/// How a program's lines are labelled.
pub struct Peer {
    pub name: String,
    pub workload: String,
    pub version: &'static str,
    pub threads: usize,
}

impl Peer {
    pub fn new(name: &str, workload: &str, version: &'static str) -> Self {
        let threads = if matches!(workload, "W4a" | "W4c") { 1.0 } else { 2.0 };
        let threads = number("BENCH_THREADS").unwrap_or(threads) as usize;
        Peer { name: name.into(), workload: workload.into(), version, threads }
    }

    fn line(&self, metric: &str, value: f64, unit: &str, more: &[(&str, f64)]) {
        let more: String = more.iter().map(|(name, value)| format!(r#", "{name}": {value:.6}"#)).collect();
        println!(
            r#"{{"peer": "{}", "workload": "{}", "metric": "{metric}", "value": {value:.6}, "unit": "{unit}", "threads": {}, "version": "{}", "peak_rss_mb": {:.1}{more}}}"#,
            self.name,
            self.workload,
            self.threads,
            self.version,
            peak_memory()
        );
    }

    fn unit(&self) -> &'static str {
        match self.workload.as_str() {
            "W2" | "W4d" => "images/s",
            "W4b" => "samples/s",
            _ => "sequences/s",
        }
    }

    /// W1: one epoch to warm up, then the mean of up to three. `epoch` returns the mean loss.
    pub fn epochs(&self, mut epoch: impl FnMut() -> f64) {
        let seconds = number("BENCH_SECONDS").unwrap_or(5.0);
        let (first, begin) = (epoch(), Instant::now());
        let (mut n, mut last) = (0, 0.0);
        while n < 3 && (n == 0 || begin.elapsed().as_secs_f64() < seconds) {
            last = epoch();
            n += 1;
        }
        let mean = begin.elapsed().as_secs_f64() / f64::from(n);
        self.line("train", mean, "s/epoch", &[("loss_first", first), ("loss_last", last)]);
    }

    /// Training: `step` does one step on those rows of `of` and returns the loss.
    pub fn steps(&self, of: usize, batch: usize, mut step: impl FnMut(Range<usize>) -> f64) {
        let mut losses = Vec::new();
        let times = times(2, 3, || {
            let from = losses.len() % (of / batch) * batch;
            losses.push(step(from..from + batch));
        });
        let ends = [("loss_first", losses[0]), ("loss_last", losses[losses.len() - 1])];
        self.line("train", batch as f64 / times[times.len() / 2], self.unit(), &ends);
    }

    /// W4: `predict` takes images of the host through the model and returns probabilities on the host.
    pub fn predictions(&self, mut predict: impl FnMut(&[f32], usize) -> Vec<f32>) {
        let batches: &[usize] = match self.workload.as_str() {
            "W4b" => &[128, 10_000],
            "W4d" => &[128],
            _ => &[1],
        };
        let (images, _) = images("t10k", 10_000);
        for &batch in batches {
            let x = &images[..batch * 784];
            let check = [("check", f64::from(predict(x, batch)[0]))];
            if batch == 1 {
                let times = times(200, 100, || drop(std::hint::black_box(predict(x, 1))));
                self.line("p50 latency", times[times.len() / 2] * 1e6, "us", &check);
                self.line("p99 latency", times[times.len() * 99 / 100] * 1e6, "us", &check);
            } else {
                let times = times(2, 3, || drop(std::hint::black_box(predict(x, batch))));
                let metric =
                    if self.workload == "W4b" { format!("infer, batch {batch}") } else { "infer".into() };
                self.line(&metric, batch as f64 / times[times.len() / 2], self.unit(), &check);
            }
        }
    }
}

/// Megabytes.
fn peak_memory() -> f64 {
    // SAFETY: `getrusage` fills a value of plain numbers.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    usage.ru_maxrss as f64 / 1024.0
}

/// Seconds of `run`, in order of length: after `warm` calls, `least` or more within BENCH_SECONDS.
fn times(warm: usize, least: usize, mut run: impl FnMut()) -> Vec<f64> {
    (0..warm).for_each(|_| run());
    let (seconds, begin) = (number("BENCH_SECONDS").unwrap_or(5.0), Instant::now());
    let mut times = Vec::new();
    while times.len() < 50_000 && (times.len() < least || begin.elapsed().as_secs_f64() < seconds) {
        let start = Instant::now();
        run();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times
}

/// The first images of `train` or `t10k`, 784 numbers in 0..1 each, and their labels.
pub fn images(split: &str, count: usize) -> (Vec<f32>, Vec<u8>) {
    let read =
        |kind: &str| fs::read(data(&format!("{split}-{kind}-ubyte"))).expect("gen_data.py has written it");
    let pixels =
        read("images-idx3")[16..][..count * 784].iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    (pixels, read("labels-idx1")[8..][..count].to_vec())
}

/// One-hot characters [count, 40, 57], and the one that follows.
pub fn text(count: usize) -> (Vec<f32>, Vec<u8>) {
    let character = |i: usize, t: usize| (i * 7 + t * 3) % CHARACTERS;
    let mut x = vec![0.0; count * TEXT * CHARACTERS];
    for i in 0..count {
        (0..TEXT).for_each(|t| x[(i * TEXT + t) * CHARACTERS + character(i, t)] = 1.0);
    }
    (x, (0..count).map(|i| character(i, TEXT) as u8).collect())
}

/// Words [count, 80], of which each is the rarer the greater its number, and labels.
pub fn reviews(count: usize) -> (Vec<u32>, Vec<u8>) {
    let word = |i: usize| (WORDS as f64).powf((i as f64 * 0.618_033_988_75) % 1.0) as u32;
    ((0..count * REVIEW).map(word).collect(), (0..count).map(|i| (i % 2) as u8).collect())
}

/// Numbers 0 to `n` in another order each time.
pub struct Shuffle {
    order: Vec<usize>,
    state: u64,
}

impl Shuffle {
    pub fn new(n: usize) -> Self {
        Shuffle { order: (0..n).collect(), state: 0x9E37_79B9_7F4A_7C15 }
    }

    pub fn again(&mut self) -> &[usize] {
        for i in (1..self.order.len()).rev() {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            self.order.swap(i, (self.state % (i as u64 + 1)) as usize);
        }
        &self.order
    }
}

/// Rows of `width` numbers of `x` in this order.
pub fn rows<T: Copy>(x: &[T], width: usize, order: &[usize]) -> Vec<T> {
    let mut rows = Vec::with_capacity(order.len() * width);
    order.iter().for_each(|&row| rows.extend_from_slice(&x[row * width..][..width]));
    rows
}

/// A layer's kernel and bias.
pub struct Layer {
    pub shape: Vec<usize>,
    pub kernel: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Layer {
    /// The kernel of a dense layer as [outputs, inputs].
    pub fn transposed(&self) -> Vec<f32> {
        let &[inputs, outputs] = &self.shape[..] else { panic!("a matrix") };
        (0..inputs * outputs).map(|i| self.kernel[i % inputs * outputs + i / inputs]).collect()
    }
}

fn layers(file: &[u8], names: &[&str]) -> Vec<Layer> {
    let file = safetensors::SafeTensors::deserialize(file).expect("a file of safetensors");
    let tensor = |name: String| {
        let tensor = file.tensor(&name).expect("a weight of that name");
        let words = tensor
            .data()
            .chunks_exact(4)
            .map(|word| f32::from_le_bytes(word.try_into().expect("four bytes")));
        (tensor.shape().to_vec(), words.collect::<Vec<f32>>())
    };
    let layer = |name: &&str| {
        let (shape, kernel) = tensor(format!("{name}/kernel"));
        Layer { shape, kernel, bias: tensor(format!("{name}/bias")).1 }
    };
    names.iter().map(layer).collect()
}

/// The three dense layers of W1's network.
pub fn mlp(file: &[u8]) -> Vec<Layer> {
    layers(file, &["dense", "dense_1", "dense_2"])
}

/// The layers of W2's network, for images whose channels come first: convolutions' kernels as [outputs, inputs, 3, 3].
pub fn cnn(file: &[u8]) -> Vec<Layer> {
    let mut layers = layers(file, &["conv2d", "conv2d_1", "dense", "dense_1"]);
    for layer in &mut layers[..2] {
        let (inputs, outputs) = (layer.shape[2], layer.shape[3]);
        let at = |i: usize| layer.kernel[(i % 9 * inputs + i / 9 % inputs) * outputs + i / 9 / inputs];
        layer.kernel = (0..9 * inputs * outputs).map(at).collect();
        layer.shape = vec![outputs, inputs, 3, 3];
    }
    let order: Vec<usize> = (0..9216).map(|row| row % 144 * 64 + row / 144).collect();
    layers[2].kernel = rows(&layers[2].kernel, 128, &order);
    layers
}

/// The weights of W4's networks, from the file that all programs share.
pub fn weights(workload: &str) -> Vec<Layer> {
    let read = |name| std::fs::read(data(name)).expect("gen_data.py has written it");
    if matches!(workload, "W4c" | "W4d") {
        cnn(&read("cnn.safetensors"))
    } else {
        mlp(&read("mlp.safetensors"))
    }
}

/// What a program that classifies one digit is given: the bytes of a file of weights, and a picture.
pub fn start() -> (Vec<u8>, Vec<f32>) {
    let read = |argument| {
        let path = std::env::args_os().nth(argument).expect("a file of weights, and a picture of 784 bytes");
        std::fs::read(path).expect("a file that can be read")
    };
    (read(1), read(2).into_iter().map(|pixel| f32::from(pixel) / 255.0).collect())
}

/// Prints the likeliest digit.
pub fn likely(p: &[f32]) {
    let digit = (0..10).max_by(|&a, &b| p[a].total_cmp(&p[b])).expect("there are ten");
    println!("{digit}, with probability {:.4}", p[digit]);
}
