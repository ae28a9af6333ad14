//! Networks of the literature, small: the gradient of every weight against differences of the loss.

use keras_runtime::data::IntoTensor;
use keras_runtime::prelude::*;
use ndarray::{Array, ArrayD, IxDyn};

keras_model! {
    const SLOTS: usize = 7;
    const WIDTH: usize = 4;

    /// Where a head of a neural Turing machine looks (Graves et al., 2014, section 3.3): by content, moved on by a gate,
    /// shifted around the ring of slots, sharpened.
    block head(slots = SLOTS) |control, memory, before| {
        let key = control >> dense(WIDTH, tanh) >> reshape([1, WIDTH]);
        let strength = control >> dense(1, softplus);
        let gate = control >> dense(1, sigmoid);
        let shift = control >> dense(3, softmax);
        let sharpness = (control >> dense(1, softplus)) + 1.0;
        let likeness = sum(memory * key, axis = -1)
            / (sqrt(sum(square(memory), axis = -1) + 1e-6) * sqrt(sum(square(key), axis = -1) + 1e-6));
        let content = softmax(likeness * strength);
        let moved = gate * content + (1.0 - gate) * before;
        let last = slice(moved, 1, slots - 1, 1);
        let first = slice(moved, 1, 0, 1);
        let forward = concatenate(last, slice(moved, 1, 0, slots - 1));
        let backward = concatenate(slice(moved, 1, 1, slots - 1), first);
        let shifted = slice(shift, 1, 0, 1) * forward + slice(shift, 1, 1, 1) * moved + slice(shift, 1, 2, 1) * backward;
        let sharp = power(shifted + 1e-6, sharpness);
        sharp / sum(sharp, axis = -1, keepdims = true)
    }

    /// A step of a neural Turing machine with one head that reads and one that writes.
    cell turing(x: [3]; memory: [SLOTS, WIDTH], at_read: [SLOTS], at_write: [SLOTS], read: [WIDTH]) -> [2] {
        let control = concatenate(x, read) >> dense(6, tanh);
        let at_write = (control, memory, at_write) >> head();
        let erase = reshape(control >> dense(WIDTH, sigmoid), [1, WIDTH]);
        let add = reshape(control >> dense(WIDTH, tanh), [1, WIDTH]);
        let place = reshape(at_write, [SLOTS, 1]);
        let memory = memory * (1.0 - place * erase) + place * add;
        let at_read = (control, memory, at_read) >> head();
        let read = sum(memory * reshape(at_read, [SLOTS, 1]), axis = 1);
        (concatenate(control, read) >> dense(2), memory, at_read, at_write, read)
    }
    TuringMachine(x: [5, 3]) -> (y: [5, 2]) { x >> turing(return_sequences = true) }

    /// An end-to-end memory network with two hops (Sukhbaatar et al., 2015).
    MemoryNetwork(story: [i32; 6, 4], question: [i32; 4]) -> (answer: [9]) {
        let keys = sum(story >> embedding(9, 5, name = "keys"), axis = 2);
        let values = sum(story >> embedding(9, 5, name = "values"), axis = 2);
        let asked = sum(question >> embedding(9, 5, name = "asked"), axis = 1);
        let first = dot(softmax(dot(keys, asked, axes = (2, 1))), values, axes = (1, 1)) + (asked >> dense(5));
        let second = dot(softmax(dot(keys, first, axes = (2, 1))), values, axes = (1, 1)) + first;
        second >> dense(9, softmax)
    }

    block unit(filters, strides = 1) |x| {
        let h = x >> conv2d(filters, 3, strides = strides, padding = same, use_bias = false) >> batch_normalization() >> tanh
            >> conv2d(filters, 3, padding = same, use_bias = false) >> batch_normalization();
        tanh(h + (x >> conv2d(filters, 1, strides = strides)))
    }
    /// A residual network (He et al., 2015), with a smooth activation for the sake of the differences.
    ResNet = conv2d(3, 3, input = [6, 6, 2]) >> unit(3) >> unit(5, strides = 2) >> global_average_pooling2d() >> dense(2)

    /// A U-Net (Ronneberger et al., 2015).
    UNet(x: [6, 6, 1]) -> (y: [6, 6, 2]) {
        let wide = x >> conv2d(3, 3, activation = tanh, padding = same);
        let deep = wide >> average_pooling2d(2) >> conv2d(4, 3, activation = tanh, padding = same);
        let up = deep >> conv2d_transpose(3, 2, strides = 2);
        concatenate(wide, up) >> conv2d(2, 3, padding = same)
    }

    /// A layer of a Transformer's encoder (Vaswani et al., 2017).
    block encoder(heads, size) |x| {
        let x = layer_normalization(x + ((x, x) >> multi_head_attention(heads, size)));
        layer_normalization(x + (x >> time_distributed(dense(9, gelu)) >> time_distributed(dense(6))))
    }
    Transformer(x: [5, 6]) -> (y: [5, 6]) { x >> repeat 2 { encoder(2, 3) } }

    /// Positions that are learned, through layers that see no sample.
    Positions(x: [5, 4]) -> (y: [5, 4]) {
        x * (arange(5) >> embedding(5, 3) >> time_distributed(dense(4, tanh))) + (arange(4) >> dense(4, sigmoid))
    }

    /// A Siamese network over sequences (Bromley et al., 1993).
    Siamese(a: [4, 3], b: [4, 3]) -> (same: [1]) {
        let tower = bidirectional(lstm(3)) >> dense(4, tanh);
        abs((a >> tower) - (b >> tower)) >> dense(1)
    }
}

fn numbers(dims: &[usize], seed: u64) -> ArrayD<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    Array::from_shape_simple_fn(IxDyn(dims), &mut next)
}

fn words(dims: &[usize], seed: u64) -> ArrayD<f32> {
    numbers(dims, seed).mapv(|x| ((x + 1.0) * 4.49).floor())
}

/// Holds some elements of every gradient to central differences of the loss of a training step that changes nothing.
fn check<M: Model>(model: M, x: &[ArrayD<f32>]) -> Result<()> {
    let output = &M::SPEC.outputs[0];
    let dims: Vec<usize> = std::iter::once(3).chain(output.shape.iter().copied()).collect();
    let y = numbers(&dims, 99).mapv(|y| y + 1.0);
    let still = Sgd { learning_rate: 0.0, ..Sgd::default() };
    let mut model = model.compile(still, MeanSquaredError, ());
    let inputs: Vec<_> = x.iter().map(|x| x.into_tensor()).collect();
    let loss = |model: &mut Trainer<M>| model.train_on_batch(inputs.clone(), &y).map(|score| score.loss);
    for weight in M::SPEC.weights.iter().filter(|weight| weight.trainable) {
        loss(&mut model)?;
        let start = model.weight(weight.name)?;
        let gradient = model.gradient(weight.name)?;
        let scale = gradient.iter().fold(1e-3f32, |scale, slope| scale.max(slope.abs()));
        let stride = (gradient.len() / 4).max(1);
        for (at, slope) in gradient.iter().enumerate().step_by(stride) {
            let mut moved = |by: f32| -> Result<f64> {
                let mut weights = start.clone();
                *weights.iter_mut().nth(at).expect("an element") += by;
                model.set_weight(weight.name, &weights)?;
                loss(&mut model)
            };
            let difference = (moved(1e-2)? - moved(-1e-2)?) / 2e-2;
            model.set_weight(weight.name, &start)?;
            let error = (difference - f64::from(*slope)).abs();
            assert!(
                error < 0.02 * f64::from(scale) + 3e-5,
                "{}[{at}]: {slope} and {difference}",
                weight.name
            );
        }
    }
    Ok(())
}

#[test]
fn turing_machine() -> Result<()> {
    check(TuringMachine::new(1), &[numbers(&[3, 5, 3], 1)])
}

#[test]
fn memory_network() -> Result<()> {
    check(MemoryNetwork::new(2), &[words(&[3, 6, 4], 2), words(&[3, 4], 3)])
}

#[test]
fn residual_network() -> Result<()> {
    check(ResNet::new(3), &[numbers(&[3, 6, 6, 2], 4)])
}

#[test]
fn u_net() -> Result<()> {
    check(UNet::new(4), &[numbers(&[3, 6, 6, 1], 5)])
}

#[test]
fn transformer() -> Result<()> {
    check(Transformer::new(5), &[numbers(&[3, 5, 6], 6)])
}

#[test]
fn siamese() -> Result<()> {
    check(Siamese::new(6), &[numbers(&[3, 4, 3], 7), numbers(&[3, 4, 3], 8)])
}

#[test]
fn learned_positions() -> Result<()> {
    check(Positions::new(7), &[numbers(&[3, 5, 4], 9)])
}
