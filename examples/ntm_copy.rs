//! A neural Turing machine (Graves, Wayne and Danihelka, 2014) learns to copy: it sees a sequence of 8-bit vectors and, after a
//! marker, has to write it down from memory.
//!
//!     cargo run --release --example ntm_copy [-- batches seed]

use keras_runtime::prelude::*;
use ndarray::{Array3, s};

const BITS: usize = 8;
/// The longest sequence of the training.
const LONGEST: usize = 20;
const BATCH: usize = 32;

keras_model! {
    const SLOTS: usize = 128;
    const WIDTH: usize = 20;

    /// Where a head looks (section 3.3): by content, moved on by a gate, shifted around the ring of slots, sharpened.
    block head(controls = 100) |control, memory, before| {
        let key = control >> dense(WIDTH, tanh) >> reshape([1, WIDTH]);
        let strength = control >> dense(1, softplus);
        let gate = control >> dense(1, sigmoid);
        let shift = control >> dense(3, softmax);
        let sharpness = (control >> dense(1, softplus)) + 1.0;
        let likeness = sum(memory * key, axis = -1)
            / (sqrt(sum(square(memory), axis = -1) + 1e-6) * sqrt(sum(square(key), axis = -1) + 1e-6));
        let content = softmax(likeness * strength);
        let moved = gate * content + (1.0 - gate) * before;
        let forward = concatenate(slice(moved, 1, SLOTS - 1, 1), slice(moved, 1, 0, SLOTS - 1));
        let backward = concatenate(slice(moved, 1, 1, SLOTS - 1), slice(moved, 1, 0, 1));
        let shifted = slice(shift, 1, 0, 1) * forward + slice(shift, 1, 1, 1) * moved + slice(shift, 1, 2, 1) * backward;
        let sharp = power(shifted + 1e-6, sharpness);
        sharp / sum(sharp, axis = -1, keepdims = true)
    }

    /// A step: the controller writes, then reads, then answers.
    cell turing(x: [10]; memory: [SLOTS, WIDTH], at_read: [SLOTS], at_write: [SLOTS], read: [WIDTH]) -> [8] {
        let control = concatenate(x, read) >> dense(100, tanh);
        let at_write = (control, memory, at_write) >> head();
        let erase = reshape(control >> dense(WIDTH, sigmoid), [1, WIDTH]);
        let add = reshape(control >> dense(WIDTH, tanh), [1, WIDTH]);
        let place = reshape(at_write, [SLOTS, 1]);
        let memory = memory * (1.0 - place * erase) + place * add;
        let at_read = (control, memory, at_read) >> head();
        let read = sum(memory * reshape(at_read, [SLOTS, 1]), axis = 1);
        (concatenate(control, read) >> dense(8), memory, at_read, at_write, read)
    }

    /// The machine with an empty memory and both heads at its first slot.
    block machine() |x| {
        let first = arange(SLOTS) < 0.5;
        let empty = reshape(arange(SLOTS * WIDTH) * 0.0 + 0.001, [SLOTS, WIDTH]);
        let bits = (x, empty, first, first, arange(WIDTH) * 0.0) >> turing(return_sequences = true, name = "turing");
        sigmoid(bits)
    }
    /// For sequences of up to 20 vectors, a marker, and their copies.
    Copy = input([2 * 20 + 1, 10]) >> machine(name = "machine")
    /// The same machine for sequences of 40.
    LongCopy = input([2 * 40 + 1, 10]) >> machine(name = "machine")
}

/// Random sequences of `length(i)` vectors, and what has to be written: all zeros but for the copies.
fn sequences(
    samples: usize,
    longest: usize,
    random: &mut impl FnMut() -> f32,
    length: impl Fn(f32) -> usize,
) -> (Array3<f32>, Array3<f32>, Vec<usize>) {
    let steps = 2 * longest + 1;
    let (mut x, mut y) = (Array3::zeros((samples, steps, BITS + 2)), Array3::zeros((samples, steps, BITS)));
    let mut lengths = vec![];
    for i in 0..samples {
        let n = length(random());
        for t in 0..n {
            for bit in 0..BITS {
                let value = f32::from(random() < 0.5);
                x[[i, t, bit]] = value;
                y[[i, n + 1 + t, bit]] = value;
            }
            x[[i, t, BITS]] = 1.0;
        }
        x[[i, n, BITS + 1]] = 1.0;
        lengths.push(n);
    }
    (x, y, lengths)
}

/// Bits of the copies that are wrong, per sequence.
fn wrong(model: &mut impl Model, x: &Array3<f32>, y: &Array3<f32>, lengths: &[usize]) -> Result<f64> {
    let p = model.predict(x)?.into_dimensionality::<ndarray::Ix3>().expect("steps of bits");
    let mut count = 0;
    for (i, &n) in lengths.iter().enumerate() {
        let (p, y) = (p.slice(s![i, n + 1..2 * n + 1, ..]), y.slice(s![i, n + 1..2 * n + 1, ..]));
        count += p.iter().zip(y).filter(|(p, y)| (**p > 0.5) != (**y > 0.5)).count();
    }
    Ok(count as f64 / lengths.len() as f64)
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (batches, seed) = (args.next().unwrap_or(4000), args.next().unwrap_or(1));
    let mut state: u64 = seed as u64 * 2 + 1;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    let rate: f32 = std::env::var("RATE").ok().and_then(|r| r.parse().ok()).unwrap_or(1e-3);
    let optimizer = Adam { learning_rate: rate, ..Adam::default() };
    let mut model = Copy::new(seed as u64).compile(optimizer, BinaryCrossentropy::default(), ());
    let start = std::time::Instant::now();
    // Short sequences first: they get longer whenever the last ones were copied well.
    let mut longest = 2;
    for batch in 1..=batches {
        let (x, y, lengths) = sequences(BATCH, LONGEST, &mut random, |r| 1 + (r * longest as f32) as usize);
        let loss = model.step_on_batch(&x, &y)?;
        if batch % 20 == 0 {
            let wrong = wrong(&mut *model, &x, &y, &lengths)?;
            if wrong < 0.5 && longest < LONGEST {
                longest += 1;
            }
            if batch % 200 == 0 {
                let seconds = start.elapsed().as_secs_f64();
                println!(
                    "batch {batch}: up to {longest}: loss {loss:.5}, {wrong:.2} bits wrong per sequence ({seconds:.0} s)"
                );
            }
        }
    }
    let (x, y, lengths) = sequences(200, LONGEST, &mut random, |_| LONGEST);
    println!("length {LONGEST}: {:.3} bits wrong per sequence", wrong(&mut *model, &x, &y, &lengths)?);
    let mut long = LongCopy::new(0);
    long.copy_weights_from(&*model)?;
    let (x, y, lengths) = sequences(200, 40, &mut random, |_| 40);
    println!("length 40: {:.3} bits wrong per sequence", wrong(&mut long, &x, &y, &lengths)?);
    Ok(())
}
