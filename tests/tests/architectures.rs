//! Networks of the literature, small: the gradient of every weight against differences of the loss.

use approx::assert_relative_eq;
use keras_runtime::data::IntoTensor;
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD, Axis, IxDyn, Slice};

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

    /// A variational auto-encoder (Kingma and Welling, 2014): a place is drawn between its halves.
    Recognition(x: [6]) -> (mean: [2], log_variance: [2]) {
        let h = x >> dense(5, tanh);
        (h >> dense(2), h >> dense(2))
    }
    Generation = dense(5, tanh, input = 2) >> dense(6, sigmoid)
    Autoencoder(x: [6]) -> [6] {
        let (mean, log_variance) = x >> Recognition;
        add_loss(-0.05 * (1.0 + log_variance - square(mean) - exp(log_variance)));
        mean + exp(0.5 * log_variance) * random_normal([2]) >> Generation
    }

    /// A step of a decoder that asks all steps of an encoder (Bahdanau et al., 2014).
    cell asking(x: [2], encoded: [6, 4]; h: [4], c: [4]) -> [5] {
        let question = reshape(h >> dense(3, use_bias = false, name = "question"), [1, 3]);
        let score = tanh((encoded >> dense(3, name = "key")) + question) >> dense(1, use_bias = false, name = "score");
        let context = sum(encoded * softmax(score, axis = 1), axis = 1);
        let (y, h, c) = (concatenate(x, context), h, c) >> lstm_cell(4, name = "lstm");
        (concatenate(y, context) >> dense(5, tanh, name = "answer"), h, c)
    }
    /// What the encoder ends with is what the decoder starts from.
    Translator(source: [6, 3], target: [4, 2]) -> (words: [4, 3]) {
        let (encoded, h, c) = source >> lstm(4, return_sequences = true, return_state = true, name = "encoder");
        (target, encoded, h, c) >> asking(return_sequences = true, name = "decoder") >> dense(3)
    }

    /// A layer of a Transformer's decoder: no step sees a later one, each sees all of the memory.
    block decoder(heads, size) |x, memory| {
        let own = layer_normalization(x + ((x, x) >> multi_head_attention(heads, size, use_causal_mask = true)));
        let told = layer_normalization(own + ((own, memory) >> multi_head_attention(heads, size)));
        layer_normalization(told + (told >> dense(9, gelu) >> dense(6)))
    }
    Decoder(x: [5, 6], memory: [4, 6]) -> (y: [5, 6]) {
        let x = (x, memory) >> decoder(2, 3);
        (x, memory) >> decoder(3, 2)
    }
    /// What the middle one of its steps owes to each of its inputs.
    DecoderSlopes(x: [5, 6], memory: [4, 6]) -> (of_x: [5, 6], of_memory: [4, 6]) {
        let middle = exp(slice((x, memory) >> Decoder, 1, 2, 1));
        (gradient(middle, x), gradient(middle, memory))
    }

    /// A generative adversarial network (Goodfellow et al., 2014): one draws, the other tells what is drawn from what is real.
    Generator = dense(12, tanh, input = 3) >> reshape([2, 2, 3]) >> conv2d_transpose(1, 3, strides = 2, padding = same, activation = tanh)
    Discriminator = conv2d(4, 3, padding = same, use_bias = false, input = [4, 4, 1]) >> batch_normalization() >> tanh >> flatten() >> dense(1, sigmoid)
    Adversary = Generator >> Discriminator(trainable = false)
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

/// Holds some elements of `gradient` to central differences of `loss` around `start`.
fn differences(
    name: &str,
    start: &ArrayD<f32>,
    gradient: &ArrayD<f32>,
    mut loss: impl FnMut(&ArrayD<f32>) -> Result<f64>,
) -> Result<()> {
    assert_eq!(start.shape(), gradient.shape(), "{name}");
    let scale = gradient.iter().fold(1e-3f32, |scale, slope| scale.max(slope.abs()));
    let stride = (gradient.len() / 4).max(1);
    for (at, slope) in gradient.iter().enumerate().step_by(stride) {
        let mut moved = |by: f32| {
            let mut values = start.clone();
            *values.iter_mut().nth(at).expect("an element") += by;
            loss(&values)
        };
        let difference = (moved(1e-2)? - moved(-1e-2)?) / 2e-2;
        let error = (difference - f64::from(*slope)).abs();
        assert!(error < 0.02 * f64::from(scale) + 3e-5, "{name}[{at}]: {slope} and {difference}");
    }
    Ok(())
}

/// Holds the gradients of all weights to differences of the loss of one step, which draws the same numbers each time.
fn check<M: Model>(model: M, x: &[ArrayD<f32>]) -> Result<()> {
    let output = &M::SPEC.outputs[0];
    let dims: Vec<usize> = std::iter::once(3).chain(output.shape.iter().copied()).collect();
    let y = numbers(&dims, 99).mapv(|y| y + 1.0);
    let mut model = model.compile(Sgd::default(), MeanSquaredError, ());
    let inputs: Vec<_> = x.iter().map(|x| x.into_tensor()).collect();
    let gradients = model.gradients(inputs.clone(), &y)?;
    for (name, gradient) in gradients.iter() {
        let start = model.weight(name)?;
        differences(name, &start, &gradient, |weight| {
            model.set_weight(name, weight)?;
            Ok(model.gradients(inputs.clone(), &y)?.loss())
        })?;
        model.set_weight(name, &start)?;
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

#[test]
fn variational_autoencoder() -> Result<()> {
    check(Autoencoder::new(8), &[numbers(&[3, 6], 10)])
}

/// A step draws others than the one before; predictions draw nothing, and what is added to their loss is the divergence.
#[test]
fn a_variational_autoencoder_draws_anew_each_step() -> Result<()> {
    let x = numbers(&[3, 6], 10);
    let mut model =
        Autoencoder::new(8).compile(Sgd { learning_rate: 0.0, ..Sgd::default() }, MeanSquaredError, ());
    let first = model.gradients(&x, &x)?;
    assert_eq!(model.gradients(&x, &x)?.flat(), first.flat());
    model.apply(&first)?;
    assert_ne!(model.gradients(&x, &x)?.loss(), first.loss());

    let (mut recognition, mut generation) = (Recognition::new(0), Generation::new(0));
    recognition.copy_weights_from_part(&*model, "recognition")?;
    generation.copy_weights_from_part(&*model, "generation")?;
    let places = recognition.predict_outputs(&x)?;
    let again = generation.predict(&places[0])?;
    let error = again.iter().zip(&x).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / 18.0;
    let divergence =
        places[0].iter().zip(&places[1]).map(|(m, v)| m * m + v.exp() - 1.0 - v).sum::<f32>() / 3.0;
    let score = model.test_on_batch(&x, &x)?;
    assert_relative_eq!(score.loss as f32, error + 0.05 * divergence, max_relative = 1e-5);
    Ok(())
}

#[test]
fn translator() -> Result<()> {
    check(Translator::new(9), &[numbers(&[3, 6, 3], 11), numbers(&[3, 4, 2], 12)])
}

#[test]
fn transformer_decoder() -> Result<()> {
    check(Decoder::new(10), &[numbers(&[3, 5, 6], 13), numbers(&[3, 4, 6], 14)])
}

/// Slopes of both inputs are those of differences; that of later steps is nothing at all.
#[test]
fn a_decoder_looks_back_and_at_all_of_its_memory() -> Result<()> {
    let (mut decoder, mut slopes) = (Decoder::new(10), DecoderSlopes::new(0));
    slopes.copy_part_from("decoder", &decoder)?;
    let (x, memory) = (numbers(&[3, 5, 6], 13), numbers(&[3, 4, 6], 14));
    let found = slopes.predict_outputs((&x, &memory))?;
    let mut middle = |x: &ArrayD<f32>, memory: &ArrayD<f32>| -> Result<f64> {
        let y = decoder.predict((x, memory))?;
        Ok(y.index_axis(Axis(1), 2).iter().map(|y| f64::from(y.exp())).sum())
    };
    differences("x", &x, &found[0], |x| middle(x, &memory))?;
    differences("memory", &memory, &found[1], |memory| middle(&x, memory))?;
    assert!(found[0].slice_axis(Axis(1), Slice::from(3..)).iter().all(|slope| *slope == 0.0));
    assert!(found[0].slice_axis(Axis(1), Slice::from(..3)).iter().all(|slope| *slope != 0.0));
    assert!(found[1].iter().all(|slope| *slope != 0.0));
    Ok(())
}

/// The generator learns through a discriminator that stays, moving averages too, though it can be trained by itself.
#[test]
fn a_generator_learns_through_a_frozen_discriminator() -> Result<()> {
    let loss = BinaryCrossentropy::default;
    let mut discriminator = Discriminator::new(11).compile(Adam::default(), loss(), ());
    let fresh = discriminator.weights();
    let told = Array2::from_shape_fn((6, 1), |(i, _)| f32::from(i < 3));
    let pictures = numbers(&[6, 4, 4, 1], 15);
    discriminator.train_on_batch(&pictures, &told)?;
    for ((name, before), (_, after)) in fresh.iter().zip(discriminator.weights()) {
        assert_ne!(*before, after, "{name}");
    }

    let mut generator = Generator::new(12);
    let optimizer = Adam { learning_rate: 0.01, ..Adam::default() };
    let mut adversary = Adversary::new(13).compile(optimizer, loss(), ());
    adversary.copy_part_from("generator", &generator)?;
    adversary.copy_part_from("discriminator", &*discriminator)?;
    let (noise, real) = (numbers(&[5, 3], 16), Array2::<f32>::ones((5, 1)));
    let gradients = adversary.gradients(&noise, &real)?;
    let names: Vec<&str> = gradients.iter().map(|(name, _)| name).collect();
    let own: Vec<String> = generator.weights().iter().map(|(name, _)| format!("generator/{name}")).collect();
    assert_eq!(names, own);
    // The loss is that of the two models by themselves, one after the other.
    for (name, start) in generator.weights() {
        let gradient = gradients.get(&format!("generator/{name}"))?;
        differences(name, &start, &gradient, |weight| {
            generator.set_weight(name, weight)?;
            Ok(discriminator.test_on_batch(&generator.predict(&noise)?, &real)?.loss)
        })?;
        generator.set_weight(name, &start)?;
    }

    for _ in 0..20 {
        adversary.step_on_batch(&noise, &real)?;
    }
    for (name, value) in discriminator.weights() {
        assert_eq!(adversary.weight(&format!("discriminator/{name}"))?, value, "{name}");
    }
    for (name, value) in generator.weights() {
        assert_ne!(adversary.weight(&format!("generator/{name}"))?, value, "{name}");
    }
    assert!(adversary.test_on_batch(&noise, &real)?.loss < 0.9 * gradients.loss());
    Ok(())
}
