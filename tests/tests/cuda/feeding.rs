//! How data come to the device, and how losses and metrics come back: to the bits of a step-by-step way, and without waits.

use keras_runtime::data::{Element, IntoTensor};
use keras_runtime::device::Device;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array, Array1, Array2, Array3};

use super::*;

keras_model! {
    /// Bytes and words in; classes, and two words for each step that a mask leaves, out.
    Several(bytes: [u8; 36], words: [u32; 5]) -> (label: [10], tags: [5, 2]) {
        let e = words >> embedding(20, 4, mask_zero = true);
        let tags = e >> gru(3, return_sequences = true) >> dense(2, softmax, name = "tags");
        let seen = bytes >> rescaling(1.0 / 255.0) >> dense(8, relu, kernel_regularizer = l2(0.01)) >> dropout(0.2);
        let label = concatenate(seen, e >> lstm(4)) >> dense(10, softmax, name = "label");
        (label, tags)
    }
    /// One value of each type of element.
    Types(a: [3]) { a >> dense(3, use_bias = false, name = "d") }
    /// So many words out that a few steps fill the log.
    Broad = dense(6000, input = 40);
}

/// Bytes, words, classes, words of steps, and what samples and steps count.
type Data = (Array2<u8>, Array2<i64>, Array2<u8>, Array3<f64>, Array1<f32>, Array2<f32>);

fn several(samples: usize) -> Data {
    (
        Array::from_shape_fn((samples, 36), |(i, j)| (i * 37 + j * 11) as u8),
        Array::from_shape_fn((samples, 5), |(i, j)| ((i * 7 + j * 3) % 20) as i64),
        Array::from_shape_fn((samples, 10), |(i, k)| u8::from(i * 7 % 10 == k)),
        Array::from_shape_fn((samples, 5, 2), |(i, t, k)| f64::from(u8::from((i + t) % 2 == k))),
        Array::from_shape_fn(samples, |i| 0.5 + (i % 3) as f32),
        Array::from_shape_fn((samples, 5), |(i, t)| 0.5 + ((i + t) % 4) as f32),
    )
}

/// What a training tells and leaves: histories, scores, predictions, weights.
fn told(device: &dyn Device, losses: [Box<dyn Loss>; 2], shuffle: bool) -> Vec<f64> {
    let (bytes, words, label, tags, counts, steps) = several(44);
    let metrics = PerOutput(((Accuracy, Weighted(CategoricalAccuracy)), MeanAbsoluteError));
    let [first, second] = losses;
    let optimizer = Adam::default().clipnorm(0.5).ema(0.9);
    let mut model = Several::on(device, 3).unwrap().compile(optimizer, (first, second), metrics);
    let fit = Fit {
        shuffle,
        validation_split: 0.25,
        validation_batch_size: 8,
        sample_weight: sample_weight((&counts, &steps)),
        ..quiet(3, 16)
    };
    let history = model.fit((&bytes, &words), (&label, &tags), fit).unwrap();
    let mut told: Vec<f64> = history.names().iter().flat_map(|name| history.get(name).unwrap()).collect();
    let settings =
        Evaluate { batch_size: 10, sample_weight: sample_weight((&counts, &steps)), ..Evaluate::default() };
    let score = model.evaluate_with((&bytes, &words), (&label, &tags), settings).unwrap();
    told.extend(score.iter().map(|(_, value)| value));
    let settings = Evaluate { batch_size: 10, ..Evaluate::default() };
    let predicted = model.predict_with((&bytes, &words), settings).unwrap();
    told.extend(predicted.iter().flatten().map(|p| f64::from(*p)));
    told.extend(model.network().params().iter().map(|w| f64::from(*w)));
    told
}

/// Losses that the device computes, ones whose mean is over what is not left out, and a user's, which is the host's.
fn pairs() -> Vec<[Box<dyn Loss>; 2]> {
    vec![
        [Box::new(CategoricalCrossentropy), Box::new(CategoricalCrossentropy)],
        [Box::new(MeanSquaredError.reduction(Reduction::MeanWithSampleWeight)), Box::new(MeanSquaredError)],
        [Box::new(Dice::default()), Box::new(CategoricalCrossentropy)],
    ]
}

#[test]
fn resident_data_give_the_bits_of_streamed_ones() {
    let Some(gpu) = device() else { return };
    for (i, shuffle) in (0..pairs().len()).flat_map(|i| [(i, true), (i, false)]) {
        let told = |device: &dyn Device| told(device, pairs().remove(i), shuffle);
        let resident = told(&gpu);
        assert!(resident == told(&gpu.clone().resident(false)), "streamed data give other bits: {i}");
        assert!(resident == told(&gpu.clone().graphs(false)), "launches give other bits than a graph: {i}");
        let cpu = told(&Cpu::threads(1));
        assert_eq!(resident.len(), cpu.len());
        for (a, b) in resident.iter().zip(&cpu) {
            assert!((a - b).abs() < 1e-4 * b.abs().max(1.0), "{i}: {a} instead of {b}");
        }
    }
}

/// Every type of element becomes the very word that it is on the CPU.
#[test]
fn elements_of_every_type_are_the_words_of_the_cpu() {
    let Some(gpu) = device() else { return };
    fn same<'a>(gpu: &Cuda, x: impl IntoTensor<'a> + Copy) {
        let words = |device: &dyn Device| {
            let mut model = Types::on(device, 1).unwrap().compile(Sgd::default(), MeanSquaredError, ());
            model.set_weight("d/kernel", &Array2::eye(3).into_dyn()).unwrap();
            let settings = || Evaluate { batch_size: 3, ..Evaluate::default() };
            model.predict_with(x, settings()).unwrap().remove(0)
        };
        let cpu = words(&Cpu::threads(1));
        assert_eq!(words(gpu), cpu);
        assert_eq!(words(&gpu.clone().resident(false)), cpu);
    }
    fn all<T: Element + Default>(gpu: &Cuda, odd: [T; 3]) {
        same(gpu, &Array::from_shape_fn((7, 3), |(i, j)| odd[(i * 2 + j) % 3]));
    }
    all(&gpu, [f32::MIN_POSITIVE / 8.0, -3.25, 1e30]);
    all(&gpu, [0.1f64, 1.0 + 2f64.powi(-25), -1e-42]);
    all(&gpu, [0u8, 7, 255]);
    all(&gpu, [-128i8, 7, 127]);
    all(&gpu, [0u16, 258, 65_535]);
    all(&gpu, [-32_768i16, 258, 32_767]);
    all(&gpu, [16_777_217u32, 5, u32::MAX]);
    all(&gpu, [-16_777_219i32, 5, i32::MAX]);
    all(&gpu, [(1u64 << 40) + (1 << 16) + 1, 5, u64::MAX]);
    all(&gpu, [-(1i64 << 40) - 1, 5, i64::MIN]);
    all(&gpu, [usize::MAX, 1 << 33, 3]);
    all(&gpu, [true, false, true]);
}

/// What a loop of one's own does in two calls is a training step, to the bit.
#[test]
fn a_step_is_gradients_and_their_application() {
    let Some(gpu) = device() else { return };
    let (x, y) = data();
    let new = || Mlp::on(&gpu, 3).unwrap().compile(Adam::default(), CategoricalCrossentropy, Accuracy);
    let (mut whole, mut halves) = (new(), new());
    for _ in 0..3 {
        let score = whole.train_on_batch(&x, &y).unwrap();
        let gradients = halves.gradients(&x, &y).unwrap();
        assert_eq!(gradients.loss(), score.loss);
        halves.apply(&gradients).unwrap();
        assert!(whole.network().params() == halves.network().params());
    }
}

/// More than the log holds: it is sent in pieces, and the history is that of a log read step by step.
#[test]
fn a_log_that_is_full_is_sent() {
    let Some(gpu) = device() else { return };
    let x = Array::from_shape_fn((64, 40), |(i, j)| ((i * 37 + j * 11) as f32 * 0.31).sin());
    let history = |each: bool| {
        let mut model =
            Broad::on(&gpu, 3).unwrap().compile(Sgd::default(), MeanSquaredError, MeanAbsoluteError);
        let callbacks: Vec<Box<dyn Callback>> = match each {
            true => vec![Box::new(LambdaCallback::default().train_batch_end(|_, _, _| {}))],
            false => vec![],
        };
        let y = Array2::from_shape_fn((64, 6000), |(i, j)| ((i + j) % 5) as f32);
        let fit = Fit { callbacks, ..quiet(2, 4) };
        let history = model.fit(&x, &y, fit).unwrap();
        [history.get("loss").unwrap(), history.get("mean_absolute_error").unwrap()]
    };
    assert_eq!(history(false), history(true));
}
