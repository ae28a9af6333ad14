//! Whole models as Keras's files: `.keras`, which Python loads without a word of code.

#[path = "keras/files.rs"]
mod files;

use std::fs;
use std::path::Path;

use files::{Folder, bits};
use keras_runtime::data::write_npy;
use keras_runtime::prelude::*;
use ndarray::ArrayD;

/// Sizes that only the compiler knows.
const WIDTH: usize = 6;

keras_model! {
    /// Layers of one class at several depths, which Keras orders by these; arithmetic that Keras has layers for.
    Branches(x: [9, 8, 3]) -> [4] {
        let a = x >> conv2d(4, 3, padding = same, activation = relu) >> batch_normalization(momentum = 0.9);
        let b = x >> conv2d(4, 1, kernel_initializer = variance_scaling(2.0, fan_out), bias_initializer = ones);
        let c = b >> conv2d(4, 3, padding = same, use_bias = false, kernel_regularizer = l1_l2(0.01, 0.02)) >> batch_normalization();
        let d = x >> conv2d(4, (3, 1), padding = same, dilation_rate = 2) >> leaky_relu(0.1);
        let sum = (a + c) * d - b;
        (sum, b, c) >> concatenate() >> conv2d(5, 3, strides = (2, 1)) >> relu >> global_average_pooling2d()
            >> dropout(0.2) >> dense(4, softmax, kernel_constraint = max_norm(1.5, axis = 0))
    }
    Code = dense(WIDTH, tanh, input = 4) >> batch_normalization() >> dense(4, name = "code");
    Deeper(x: [4]) { let h = x >> Code >> dense(4, elu); (h, x) >> add() >> Code(name = "again") }
    /// Embeddings, masks, and layers and models that are used twice.
    Shared(x: [u32; 7], y: [u32; 7]) -> (same: [1], code: [4]) {
        let words = embedding(20, 5, mask_zero = true);
        let read = lstm(4, recurrent_regularizer = l2(0.001));
        let inner = Deeper;
        let (a, b) = (x >> words >> read >> inner, y >> words >> read >> inner);
        ((a, b) >> subtract() >> dense(1, sigmoid), b)
    }
    /// States from one layer to another.
    Translate(x: [5, 3], y: [4, 3]) -> [4, 2] {
        let (code, h, c) = x >> lstm(WIDTH, return_state = true);
        let g = code >> dense(4);
        let (back, last) = (y, g) >> gru(4, return_sequences = true, return_state = true, go_backwards = true);
        let out = (y, h, c) >> lstm(WIDTH, return_sequences = true);
        let all = (out, back, last >> repeat_vector(4)) >> concatenate();
        all >> bidirectional(gru(3, return_sequences = true), merge_mode = sum) >> time_distributed(dense(2))
    }
    /// Attention of every kind.
    Attentive(q: [6, 8], v: [5, 8]) -> [6, 8] {
        let a = (q, v) >> attention(use_scale = true);
        let b = (q, v, v) >> additive_attention();
        let c = (q, v) >> multi_head_attention(2, 4, value_dim = 3, dropout = 0.1, use_bias = false);
        let d = (q, v) >> group_query_attention(4, 4, 2);
        (a, b, c, d) >> average() >> layer_normalization(epsilon = 0.01)
    }
    /// Many layers, one after another.
    Zoo = rescaling(0.5, offset = 0.1, input = [8, 8, 4]) >> zero_padding2d(((1, 2), (0, 3)))
        >> separable_conv2d(6, 3, depth_multiplier = 2) >> group_normalization(groups = 3) >> prelu(shared_axes = [1, 2])
        >> depthwise_conv2d(2, activation = "gelu") >> conv2d_transpose(4, 3, strides = 2, padding = same)
        >> cropping2d((1, 2)) >> up_sampling2d(2, interpolation = bilinear) >> spatial_dropout2d(0.1)
        >> max_pooling2d(3, strides = 2, padding = same) >> average_pooling2d(2) >> unit_normalization()
        >> permute([2, 1, 3]) >> reshape([-1, 4]) >> conv1d(5, 2, padding = causal) >> elu(0.7)
        >> rms_normalization() >> simple_rnn(5, return_sequences = true) >> flatten() >> repeat_vector(3)
        >> einsum_dense("abc,cd->abd", [3, 4], bias_axes = "d") >> global_max_pooling1d() >> softmax();
    Video = conv_lstm2d(3, 2, padding = same, input = [3, 5, 4, 2]) >> conv2d(2, 2) >> flatten() >> dense(2);
    Volume = conv3d(2, 2, input = [4, 5, 4, 2]) >> max_pooling3d() >> gaussian_noise(0.1) >> flatten()
        >> normalization() >> dense(3);
    /// Sequential, in sequential, in sequential.
    Boxes = Code >> dense(4, relu) >> Code(name = "more", trainable = false) >> activation(softplus);

    cell own(x: [3]; h: [2]) { let y = (x, h) >> concatenate() >> dense(2, tanh); (y, y) }
    /// Arithmetic with numbers, with tensors of fewer axes, and comparisons.
    Arithmetic(x: [6], y: [3, 6]) -> (a: [3, 6], b: [3, 6]) {
        let h = x >> dense(6, tanh);
        let a = 2.0 - h * 3.0 / (1.5 + square(h));
        let b = y * a + a / WIDTH;
        let c = (b > 0.1) * b - (b != y) + where(b <= 0.5, b, -y);
        let tower = dense(6, tanh, name = "tower");
        (c, exp(b >> tower) * (logical_and(c, b) >> tower) + pow(abs(b), 1.5))
    }
    /// Functions, in a pipeline too, of which some have several results.
    Functions(x: [4, 6]) -> (a: [4, 3], b: [4], c: [4, 12], d: [4, 4]) {
        let h = x >> dense(6) >> gelu(approximate = true) >> celu(0.5) >> squareplus(2.0) >> threshold(0.2, 0.1);
        let (l, r) = split(h, 2, axis = 2);
        let (m, v) = moments(h, axes = 2, keepdims = true);
        let n = ((l - m) * rsqrt(v + 0.1), r) >> maximum();
        let s = logsumexp(n, axis = 2) + norm(n, axis = 2) + max(h, axis = 2) - std(h, axis = -1);
        let p = s + argmax(h, axis = 2) + count_nonzero(l > r, axis = 2) + sum(h) + mean(h, axis = [1, 2]);
        let q = (take(h, [5, 0, 1], axis = 2), slice(h, 2, 1, 3)) >> concatenate();
        let t = flip(roll(q, 2, axis = 2), axis = 1) >> pad([[0, 0], [0, 0], [2, 4]], constant_values = 0.5);
        let e = stack(sin(l), cos(r), axis = 3) >> squeeze_mean();
        let w = stop_gradient(cumsum(n, axis = 1)) + clip(e, -0.5, 0.5) + trunc(3.0 * erf(r)) + round(l);
        let g = matmul(n, swapaxes(n, 1, 2)) + tril(matmul(l, moveaxis(r, 1, 2)), k = 1);
        (w, p, t, g + repeat_elements(expand_dims(trace(g), axis = 1), 4, axis = 1) + full_like(g, 0.25))
    }
    block squeeze_mean() |x| { squeeze(mean(x, axis = 3, keepdims = true), axis = 3) }
    /// Functions that index, contract and rearrange.
    Rearranged(x: [4, 6], y: [4, 6]) -> (a: [4, 6], b: [4], c: [4, 2, 3]) {
        let h = x >> dense(6, tanh);
        let p = take_along_axis(h, argmax(y, axis = 2, keepdims = true), axis = 2) * einsum("bij,bkj->bik", h, y);
        let q = slice_update(h, [0, 0, 2], p) + erfinv(h * 0.9) + i0(y);
        let corner = cross(slice(h, 2, 0, 3), slice(y, 2, 1, 3)) + cross(slice(h, 2, 0, 2), slice(y, 2, 1, 3));
        let image = depth_to_space(expand_dims(einsum("bij->bji", h), axis = 1), 2);
        let windows = unfold(fold(unfold(expand_dims(q, axis = 1), 3), [4, 6], 3), [4, 3], stride = 3);
        let d = trapezoid(cdist(h, y), dx = 0.5) + sum(corner, axis = 2) + sum(windows) + sum(space_to_depth(image, 2));
        (q, d, extract_sequences(y, 3, 3) * expand_dims(expand_dims(d, axis = 2), axis = 3))
    }
    Closure = dense(3, input = 3) >> lambda(|x| x * 2.0) >> dense(1);
    Slope(x: [3]) { let h = x >> dense(2); gradient(h, x) }
    Own(x: [5, 3]) { x >> own() >> dense(1) }
    Looped(x: [5, 3]) { x >> rnn(own()) }
    Stateful(x: [5, 3]) { x >> lstm(2, stateful = true) }
    Argument(x: [3]) { x >> dense(2, activation = celu(0.5)) }
    /// Activations with arguments that Keras has layers for, and a chain in a wrapper.
    Arguments(x: [4, 5, 2]) {
        let h = x >> time_distributed(flatten() >> dense(4, activation = leaky_relu(0.1)) >> layer_normalization() >> dense(3));
        h >> relu(max_value = 0.8, negative_slope = 0.05) >> lstm(3, activation = elu(0.5), return_sequences = true)
            >> softmax(axis = 1) >> time_distributed(dense(2, activation = relu(threshold = 0.1, negative_slope = 0.3)))
    }
}

/// Numbers that Python computes too.
fn inputs<M: Model>(samples: usize) -> Vec<ArrayD<f32>> {
    let of = |input: &keras_runtime::compiled::InputSpec| {
        let shape: Vec<usize> = std::iter::once(samples).chain(input.shape.iter().copied()).collect();
        let value = |i: usize| match input.below {
            Some(below) => ((i * 37 + 11) % below) as f32,
            None => ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0,
        };
        let words = (0..shape.iter().product()).map(value).collect();
        ArrayD::from_shape_vec(shape, words).expect("the shape")
    };
    M::SPEC.inputs.iter().map(of).collect()
}

fn write<M: Model>(folder: &Path, name: &str) -> Result<()> {
    let mut model = M::with_seed(3);
    for (k, (weight, value)) in model.weights().into_iter().enumerate() {
        let mut i = k * 13;
        let value = value.mapv(|_| {
            i += 1;
            let x = ((i * 29 + 7) % 83) as f32 / 83.0 * 0.8 - 0.35;
            if weight.ends_with("variance") { x.abs() + 0.2 } else { x }
        });
        model.set_weight(weight, &value)?;
    }
    let path = folder.join(format!("{name}.keras"));
    model.save_weights(&path)?;
    let mut read = M::from_weights_file(&path)?;
    assert!(bits(&read) == bits(&model), "{name}");
    let inputs = inputs::<M>(3);
    let tensors: Vec<_> = inputs.iter().map(keras_runtime::data::IntoTensor::into_tensor).collect();
    for (i, y) in read.predict_outputs(tensors)?.iter().enumerate() {
        write_npy(folder.join(format!("{name}.{i}.npy")), y)?;
    }
    Ok(())
}

/// `keras_files.py --check` loads them with `keras.models.load_model`, and compares what they predict.
#[test]
fn whole_models_are_written() -> Result<()> {
    let out = Folder::for_python("models");
    write::<Branches>(&out, "branches")?;
    write::<Shared>(&out, "shared")?;
    write::<Translate>(&out, "translate")?;
    write::<Attentive>(&out, "attentive")?;
    write::<Zoo>(&out, "zoo")?;
    write::<Video>(&out, "video")?;
    write::<Volume>(&out, "volume")?;
    write::<Boxes>(&out, "boxes")?;
    write::<Arguments>(&out, "arguments")?;
    write::<Arithmetic>(&out, "arithmetic")?;
    write::<Functions>(&out, "functions")?;
    write::<Rearranged>(&out, "rearranged")?;
    // In any moment the same bytes, and by a callback too.
    let bytes = fs::read(out.join("boxes.keras")).expect("a file");
    write::<Boxes>(&out, "boxes")?;
    assert!(fs::read(out.join("boxes.keras")).expect("a file") == bytes);
    let path = out.join("best.keras");
    let mut model = Boxes::new(1).compile(Sgd::default(), MeanSquaredError, ());
    let list = callbacks(ModelCheckpoint::new(path.display().to_string()).weights());
    let x = inputs::<Boxes>(8).swap_remove(0);
    model.fit(&x, &x, Fit { callbacks: list, verbose: Verbose::Silent, ..Fit::default() })?;
    assert!(bits(&Boxes::from_weights_file(&path)?) == bits(&*model));
    fs::remove_file(path).expect("the test's own");
    Ok(())
}

#[test]
fn what_keras_has_no_layer_for_is_told() {
    fn problem<M: Model>(wanted: &[&str]) {
        let text =
            M::with_seed(0).save_weights("never.keras").expect_err("Keras has no such layer").to_string();
        let all = [wanted, &[M::SPEC.name, "write `.weights.h5`"]].concat();
        assert!(all.iter().all(|part| text.contains(part)), "{text}");
        assert!(!Path::new("never.keras").exists());
    }
    problem::<Closure>(&["`lambda`"]);
    problem::<Slope>(&["`gradient` is no operation of Keras"]);
    problem::<Own>(&["`own` is a cell of your own"]);
    problem::<Looped>(&["`rnn/own` is a cell of your own"]);
    problem::<Stateful>(&["`lstm` is stateful"]);
    problem::<Argument>(&["`celu` with arguments is a function"]);
}
