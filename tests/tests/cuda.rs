//! Models on a GPU, or on the emulator where there is none, beside the same models on the CPU.
//!
//! Every other test of this package runs on a GPU too, if `KERAS_DEVICE=cuda` is set; here is what they do not see.

#[path = "cuda/errors.rs"]
mod errors;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use keras_runtime::compiled::Spec;
use keras_runtime::device::Device;
use keras_runtime::device::cuda::{self, Precision, Target};
use keras_runtime::loss::{Loss, Scope};
use keras_runtime::optim::{LossScale, Moment, MultiOptimizer, Optimizer};
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD, Dimension};

keras_model! {
    Mlp = dense(64, relu, input = 40) >> dropout(0.4) >> dense(32, tanh) >> dense(10, softmax);
    Wide = dense(256, relu, input = 784) >> dense(128, relu) >> dense(16, softmax);
    Deep = conv2d(32, 3, activation = relu, input = [12, 12, 16]) >> conv2d(64, 3, activation = relu) >> flatten()
        >> dense(16, softmax);
    Dropped = dropout(0.5, input = 64) >> dense(1);
    // Attention in tiles, the gradient of whose last kernel tells what part of the weights is kept.
    Kept(x: [256, 1]) {
        (x, x) >> attention(dropout = 0.5) >> flatten() >> dense(1, use_bias = false, kernel_initializer = zeros)
    }
    Pictures = reshape([5, 8, 1], input = 40) >> conv2d(8, 3, padding = same) >> batch_normalization() >> relu
        >> max_pooling2d(2) >> conv2d(20, 2, activation = relu) >> spatial_dropout2d(0.2) >> flatten()
        >> dense(10, softmax, kernel_regularizer = l2(0.01), kernel_constraint = max_norm(2.0));
    Seen = reshape([5, 8, 1], input = 40) >> conv2d(8, 3, activation = tanh) >> conv2d(20, 2, activation = tanh)
        >> flatten() >> dense(10, softmax);
    Steps = reshape([10, 4], input = 40) >> lstm(12, return_sequences = true) >> layer_normalization()
        >> gru(9, dropout = 0.2) >> dense(10, softmax);
    Sigmoids = dense(12, tanh, input = 40) >> dense(10, sigmoid);
    Places = reshape([4, 10], input = 40) >> dense(10, softmax);
    Embedded = dense(6, tanh, input = 40) >> unit_normalization();
    Read = reshape([10, 4], input = 40) >> gru(6, return_sequences = true) >> dense(5);
    Masked = masking(input = [5, 3]) >> gru(4, return_sequences = true) >> dense(2, sigmoid);
    loss Whole(y: [5, 2], p: [5, 2]) { mean(square(y - p)) }
    loss Squares(y: [10], p: [10]) { mean(square(y - p), axis = -1) }
    loss Near(y: [10], p: [10]) {
        let near = softmax(y * p, axis = -1);
        sum(near * near, axis = -1) + mean(log(cosh(p - y)), axis = -1)
    }
    Attending(x: [10, 4]) -> [10] {
        let h = x + multi_head_attention(x, x, num_heads = 2, key_dim = 4);
        h >> group_normalization(4) >> global_average_pooling1d() >> dense(10, softmax)
    }
}

/// A GPU, or the emulator; nothing without NVRTC, where the machine is nobody's that must have it.
fn device() -> Option<Cuda> {
    static DEVICE: OnceLock<Option<Cuda>> = OnceLock::new();
    DEVICE.get_or_init(|| tests::gpu::open().map_err(|reason| println!("skipped: {reason}")).ok()).clone()
}

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array::from_shape_fn((40, 40), |(i, j)| ((i * 37 + j * 11) as f32 * 0.31).sin());
    let y: Vec<u32> = (0..40).map(|i| (i * 7 % 10) as u32).collect();
    (x, to_categorical(&y, 10).unwrap())
}

/// Inputs in the shape that a model wants.
fn inputs<M: Model>(x: Array2<f32>) -> ArrayD<f32> {
    let shape: Vec<usize> = [40].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    x.into_shape_with_order(shape).unwrap()
}

/// Trains for 21 steps, the last of each epoch with fewer samples; gives the weights and the losses.
fn trained<M: Model>(device: &dyn Device, optimizer: impl Optimizer + 'static) -> (Vec<f32>, Vec<f64>) {
    let (x, y) = data();
    let x = inputs::<M>(x);
    let mut model = M::on(device, 3).unwrap().compile(optimizer, CategoricalCrossentropy, [Accuracy]);
    let fit = Fit { epochs: 7, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, fit).unwrap();
    (model.network().params().to_vec(), history.get("loss").unwrap())
}

fn close(found: &[f32], expected: &[f32], tolerance: f32) {
    close_for("word", found, expected, tolerance);
}

fn close_for(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0f32, |scale, x| scale.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what} {i}: {a} instead of {b}");
    }
}

fn as_on_the_cpu<M: Model>() {
    let Some(gpu) = device() else { return };
    let (by_graph, losses) = trained::<M>(&gpu, Sgd::default());
    let (by_launch, _) = trained::<M>(&gpu.clone().graphs(false), Sgd::default());
    assert!(by_graph == by_launch, "a replayed graph gives other bits than its launches");
    let (again, _) = trained::<M>(&gpu, Sgd::default());
    assert!(by_graph == again, "the same steps give other bits");
    let (cpu, expected) = trained::<M>(&Cpu::threads(1), Sgd::default());
    close(&by_graph, &cpu, 2e-5);
    for (a, b) in losses.iter().zip(expected) {
        assert!((a - b).abs() < 2e-5 * b.abs().max(1.0), "{a} instead of {b}");
    }
}

#[test]
fn a_perceptron_is_trained_as_on_the_cpu() {
    as_on_the_cpu::<Mlp>();
}

#[test]
fn convolutions_are_trained_as_on_the_cpu() {
    as_on_the_cpu::<Pictures>();
}

#[test]
fn loops_are_trained_as_on_the_cpu() {
    as_on_the_cpu::<Steps>();
}

#[test]
fn attention_is_trained_as_on_the_cpu() {
    as_on_the_cpu::<Attending>();
}

/// What comes around an optimizer: clipping by norms, decay, sums of gradients, averages; and those that look at whole weights.
#[test]
fn optimizers_step_as_on_the_cpu() {
    let Some(gpu) = device() else { return };
    fn same(gpu: &Cuda, run: impl Fn(&dyn Device) -> Vec<f32>) {
        close(&run(gpu), &run(&Cpu::threads(1)), 1e-4);
    }
    same(&gpu, |device| trained::<Mlp>(device, Sgd::default().clipnorm(0.05).decay(0.01)).0);
    let momentum = || Sgd { momentum: 0.9, ..Sgd::default() };
    same(&gpu, |device| trained::<Mlp>(device, momentum().global_clipnorm(0.1)).0);
    same(&gpu, |device| trained::<Mlp>(device, RmsProp::default().gradient_accumulation(3).ema(0.9)).0);
    same(&gpu, |device| trained::<Mlp>(device, Adam::default().clipvalue(0.01).rate("dense_1", 0.5)).0);
    same(&gpu, |device| trained::<Mlp>(device, Lamb::default()).0);
    same(&gpu, |device| trained::<Mlp>(device, Lamb::default().decay(0.1).clipnorm(0.05)).0);
    same(&gpu, |device| {
        trained::<Mlp>(device, Sgd::default().loss_scale_factor(64.0).global_clipnorm(0.1)).0
    });
    let growing = LossScale { initial_scale: 2f32.powi(125), dynamic_growth_steps: 3 };
    same(&gpu, |device| trained::<Mlp>(device, momentum().loss_scale(growing).ema(0.9)).0);
    same(&gpu, |device| trained::<Mlp>(device, Lamb::default().loss_scale(growing)).0);
    let adafactor = || Adafactor { learning_rate: 0.05, ..Adafactor::default() };
    same(&gpu, |device| trained::<Mlp>(device, adafactor()).0);
    let cut = Adafactor { clip_threshold: 0.5, beta_2_decay: -0.5, ..adafactor() };
    same(&gpu, |device| trained::<Mlp>(device, cut.clone().decay(0.01).clipnorm(0.05)).0);
    // Kernels of convolutions, and of heads: more axes than two, in panels and not.
    same(&gpu, |device| trained::<Seen>(device, adafactor().clipvalue(0.02)).0);
    let muon = || Muon { learning_rate: 0.01, ..Muon::default() };
    same(&gpu, |device| trained::<Mlp>(device, muon()).0);
    let plain = Muon {
        nesterov: false,
        rms_rate: None,
        ns_steps: 3,
        exclude_layers: vec!["dense_2".into()],
        ..muon()
    };
    same(&gpu, |device| trained::<Seen>(device, plain.clone().clipnorm(0.05)).0);
    same(&gpu, |device| trained::<Mlp>(device, several().global_clipnorm(0.2).ema(0.9)).0);
    same(&gpu, |device| trained::<Mlp>(device, several().clipvalue(0.02).gradient_accumulation(3)).0);
    // A formula of the user's is the host's.
    same(&gpu, |device| trained::<Mlp>(device, Signs { learning_rate: 0.001 }).0);
}

/// One for each kernel of [`Mlp`] and for all biases, with what optimizers within another may have.
fn several() -> MultiOptimizer {
    let inner = MultiOptimizer::new(Sgd { momentum: 0.9, ..Sgd::default() }.clipnorm(0.01));
    MultiOptimizer::new(RmsProp::default().clipvalue(0.01))
        .on("dense/kernel", Adam::default().clipnorm(0.05).decay(0.01).rate("dense", 0.5))
        .on("dense_1/kernel", Lamb::default().clipnorm(0.02))
        .on("dense_2/kernel", inner)
}

/// `w -= learning_rate * sign(g)`, as users write optimizers.
#[derive(Debug)]
struct Signs {
    learning_rate: f32,
}

impl Optimizer for Signs {
    fn name(&self) -> &str {
        "signs"
    }
    fn state_words(&self) -> usize {
        0
    }
    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: f32) {
        self.learning_rate = learning_rate;
    }
    fn step(&self, at: &Moment, params: &mut [f32], grads: &[f32], _: &mut [&mut [f32]]) {
        for (w, g) in params.iter_mut().zip(grads) {
            *w -= at.learning_rate
                * if *g > 1e-6 {
                    1.0
                } else if *g < -1e-6 {
                    -1.0
                } else {
                    0.0
                };
        }
    }
}

/// A gradient is zero just where an input was dropped.
#[test]
fn what_is_dropped_is_the_same_on_both() {
    let Some(gpu) = device() else { return };
    let x = Array2::<f32>::ones((1, 64));
    let y = Array2::<f32>::ones((1, 1));
    let masks = [&gpu as &dyn Device, &Cpu::threads(1)].map(|device| {
        let mut model = Dropped::on(device, 11).unwrap().compile(Sgd::default(), MeanSquaredError, ());
        let mut masks = vec![];
        for _ in 0..5 {
            let gradients = model.gradients(&x, &y).unwrap();
            let kernel: ArrayD<f32> = gradients.get("dense/kernel").unwrap();
            masks.push(kernel.iter().map(|g| *g == 0.0).collect::<Vec<bool>>());
            model.apply(&gradients).unwrap();
        }
        masks
    });
    assert_eq!(masks[0], masks[1]);
    assert!(masks[0][0] != masks[0][1], "every step drops the same");
}

#[test]
fn what_is_dropped_in_tiles_is_the_same_on_both() {
    let Some(gpu) = device() else { return };
    let x = Array::<f32, _>::ones((2, 256, 1));
    let y = Array2::<f32>::ones((2, 1));
    let kept = [&gpu as &dyn Device, &Cpu::threads(2)].map(|device| {
        let mut model = Kept::on(device, 11).unwrap().compile(Sgd::default(), MeanSquaredError, ());
        let kernel: ArrayD<f32> = model.gradients(&x, &y).unwrap().get("dense/kernel").unwrap();
        kernel.iter().copied().collect::<Vec<f32>>()
    });
    close(&kept[0], &kept[1], 1e-6);
    assert_ne!(kept[0][..128], kept[0][128..], "every tile drops the same");
}

/// Trains for two epochs, with weights of samples.
fn trained_on<M: Model>(device: &dyn Device, loss: Box<dyn Loss>, y: &ArrayD<f32>) -> Vec<f32> {
    let x = inputs::<M>(data().0);
    let weights = Array::from_shape_fn(40, |i| 0.5 + (i % 3) as f32);
    let mut model = M::on(device, 5).unwrap().compile(Sgd::default(), loss, ());
    let fit = Fit {
        epochs: 2,
        batch_size: 16,
        sample_weight: keras_runtime::train::sample_weight(&weights),
        verbose: Verbose::Silent,
        ..Fit::default()
    };
    model.fit(&x, y, fit).unwrap();
    model.network().params().to_vec()
}

/// Every loss that the device computes: fused ones, means of terms, those of rows, and models of the user's. Under each activation.
fn losses() -> Vec<Box<dyn Loss>> {
    vec![
        Box::new(CategoricalCrossentropy),
        Box::new(CategoricalCrossentropy { label_smoothing: 0.1, ..CategoricalCrossentropy }),
        Box::new(MeanSquaredError.reduction(Reduction::Sum)),
        Box::new(MeanAbsoluteError),
        Box::new(MeanSquaredLogarithmicError),
        Box::new(Huber { delta: 0.3 }),
        Box::new(LogCosh.weighted(0.5)),
        Box::new(Poisson),
        Box::new(BinaryCrossentropy),
        Box::new(BinaryFocalCrossentropy),
        Box::new(CategoricalFocalCrossentropy { label_smoothing: 0.1, ..CategoricalFocalCrossentropy }),
        Box::new(CategoricalFocalCrossentropy { from_logits: true, ..CategoricalFocalCrossentropy }),
        Box::new(KLDivergence),
        Box::new(CosineSimilarity.reduction(Reduction::MeanWithSampleWeight)),
        Box::new(Hinge),
        Box::new(SquaredHinge),
        Box::new(CategoricalHinge),
        Box::new(Squares),
        Box::new(Near.weighted(0.5)),
        Box::new(Dice),
        Box::new(Dice { axis: Some(&[-1]) }.weighted(0.5)),
        Box::new(Tversky { alpha: 0.3, beta: 0.8, axis: Some(&[0]) }),
        Box::new(Tversky { alpha: 0.3, ..Tversky }.reduction(Reduction::Sum)),
    ]
}

/// Embeddings of classes, of which some samples have none beside them; and sequences of labels.
fn losses_of_batches_and_sequences() -> Vec<Box<dyn Loss>> {
    vec![
        Box::new(Circle { gamma: 4.0, ..Circle }),
        Box::new(Circle { gamma: 4.0, remove_diagonal: false, margin: 0.2 }.reduction(Reduction::Sum)),
        Box::new(Circle { gamma: 4.0, ..Circle }.reduction(Reduction::MeanWithSampleWeight).weighted(0.5)),
        Box::new(Ctc),
        Box::new(Ctc.reduction(Reduction::Sum)),
    ]
}

fn labels_of(loss: &dyn Loss) -> ArrayD<f32> {
    match loss.name() {
        "circle" => {
            Array::from_shape_fn(40, |i| if i % 9 == 0 { 20.0 + i as f32 } else { (i % 4) as f32 }).into_dyn()
        }
        _ => Array::from_shape_fn(
            (40, 4),
            |(i, k)| if k > i % 5 { 0.0 } else { (1 + (i + k * (i % 3)) % 4) as f32 },
        )
        .into_dyn(),
    }
}

#[test]
fn losses_of_batches_and_sequences_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    for i in 0..losses_of_batches_and_sequences().len() {
        let loss = || losses_of_batches_and_sequences().remove(i);
        let (name, y) = (loss().name().to_string(), labels_of(loss().as_ref()));
        let (x, _) = data();
        let weights = Array::from_shape_fn(40, |i| (i % 3) as f32 * 0.75);
        fn run<M: Model>(
            device: &dyn Device,
            loss: Box<dyn Loss>,
            data: (&Array2<f32>, &ArrayD<f32>),
            weights: &ArrayD<f32>,
        ) -> (Vec<f32>, Vec<f32>) {
            let (x, y) = data;
            let mut model =
                M::on(device, 5).unwrap().compile(Sgd { learning_rate: 1e-3, ..Sgd::default() }, loss, ());
            let mut told = vec![];
            for _ in 0..3 {
                told.push(model.train_on_batch(x, y).unwrap().loss as f32);
                told.push(model.train_on_batch_weighted(x, y, weights).unwrap().loss as f32);
            }
            let score = model.evaluate(x, y).unwrap();
            told.push(score.loss as f32);
            (told, model.network().params().to_vec())
        }
        let run = |device: &dyn Device| match name.as_str() {
            "circle" => run::<Embedded>(device, loss(), (&x, &y), &weights.clone().into_dyn()),
            _ => run::<Read>(device, loss(), (&x, &y), &weights.clone().into_dyn()),
        };
        let (by_graph, (told, params)) = (run(&gpu), run(&Cpu::threads(1)));
        close_for(&name, &by_graph.0, &told, 1e-5);
        close_for(&name, &by_graph.1, &params, 1e-5);
        assert!(told.windows(2).all(|two| two[0] != two[1]), "{name}: nothing changes: {told:?}");
        assert!(
            by_graph == run(&gpu.clone().graphs(false)),
            "{name}: a graph gives other bits than its launches"
        );
    }
}

fn same_losses<M: Model>() {
    let Some(gpu) = device() else { return };
    let shape: Vec<usize> = [40].into_iter().chain(M::SPEC.outputs[0].shape.iter().copied()).collect();
    let y =
        ArrayD::from_shape_fn(shape, |at| f32::from(u8::from((at[0] * 7 + at[1]) % 10 == at[at.ndim() - 1])));
    let wide = M::SPEC.outputs[0].shape.len() > 1;
    for (i, loss) in losses().into_iter().enumerate() {
        let name = loss.name().to_string();
        // Those are declared for vectors.
        if wide && loss.compiled().is_some() {
            continue;
        }
        let loss = || losses().remove(i);
        let by_graph = trained_on::<M>(&gpu, loss(), &y);
        close_for(&name, &by_graph, &trained_on::<M>(&Cpu::threads(1), loss(), &y), 1e-5);
        let by_launch = trained_on::<M>(&gpu.clone().graphs(false), loss(), &y);
        assert!(by_graph == by_launch, "{name}: a graph gives other bits than its launches");
    }
}

#[test]
fn losses_are_those_of_the_cpu() {
    same_losses::<Mlp>();
}

#[test]
fn losses_under_a_sigmoid_are_those_of_the_cpu() {
    same_losses::<Sigmoids>();
}

#[test]
fn losses_of_places_are_those_of_the_cpu() {
    same_losses::<Places>();
}

/// Class indices, and those that are left out.
#[test]
fn losses_of_class_indices_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    fn same<M: Model>(gpu: &Cuda, loss: impl Loss + Copy + 'static, ignored: bool) {
        let shape: Vec<usize> = [40].into_iter().chain(M::SPEC.outputs[0].shape.iter().copied()).collect();
        let places = &shape[..shape.len() - 1];
        let classes = shape[shape.len() - 1];
        let y = ArrayD::from_shape_fn(places, |at| {
            let class = (at[0] * 7 + at[at.ndim() - 1]) % (classes + 1);
            if class == classes { if ignored { -1.0 } else { 0.0 } } else { class as f32 }
        });
        let y = if places.len() == 1 { y.insert_axis(ndarray::Axis(1)) } else { y };
        let found = trained_on::<M>(gpu, Box::new(loss), &y);
        close_for(loss.name(), &found, &trained_on::<M>(&Cpu::threads(1), Box::new(loss), &y), 1e-5);
    }
    let left_out = SparseCategoricalCrossentropy { ignore_class: Some(-1), ..SparseCategoricalCrossentropy };
    same::<Mlp>(&gpu, SparseCategoricalCrossentropy, false);
    same::<Mlp>(&gpu, left_out, true);
    same::<Sigmoids>(&gpu, SparseCategoricalCrossentropy, false);
    same::<Sigmoids>(&gpu, left_out, true);
    same::<Places>(&gpu, left_out, true);
    same::<Mlp>(&gpu, CategoricalGeneralizedCrossEntropy, false);
    same::<Places>(&gpu, CategoricalGeneralizedCrossEntropy { q: 0.3 }, false);
}

/// Steps that a mask leaves out, under losses of every kind.
#[test]
fn masks_count_as_on_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = Array::from_shape_fn((12, 5, 3), |(i, t, k)| {
        if (i + t) % 4 == 0 { 0.0 } else { ((i * 7 + t * 3 + k) as f32).sin() }
    });
    let y = Array::from_shape_fn((12, 5, 2), |(i, t, k)| f32::from(u8::from((i + t) % 2 == k)));
    let weights = Array2::from_shape_fn((12, 5), |(i, t)| 0.5 + ((i + t) % 3) as f32);
    for i in 0..losses().len() {
        let loss = || losses().remove(i);
        // Those of whole samples are another test's.
        if loss().scope(&[5, 2]) != Scope::Positions {
            continue;
        }
        let run = |device: &dyn Device| {
            let mut model = Masked::on(device, 2).unwrap().compile(Sgd::default(), loss(), MeanAbsoluteError);
            let mut told = vec![];
            for _ in 0..3 {
                told.push(model.train_on_batch_weighted(&x, &y, &weights).unwrap().loss as f32);
                let score = model.train_on_batch(&x, &y).unwrap();
                told.extend([score.loss as f32, score["mean_absolute_error"] as f32]);
            }
            told.push(model.evaluate(&x, &y).unwrap().loss as f32);
            (told, model.network().params().to_vec())
        };
        let ((told, found), (expected, params)) = (run(&gpu), run(&Cpu::threads(1)));
        close_for(loss().name(), &told, &expected, 1e-5);
        close_for(loss().name(), &found, &params, 1e-5);
    }
}

/// A number of a whole sample counts as its steps do in the mean; one of each step as that does.
#[test]
fn losses_of_samples_under_masks_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    let x =
        Array::from_shape_fn(
            (12, 5, 3),
            |(i, t, k)| {
                if t > i % 5 { 0.0 } else { ((i * 7 + t * 3 + k) as f32).sin() }
            },
        );
    let y = Array::from_shape_fn((12, 5, 2), |(i, t, k)| f32::from(u8::from((i + t) % 2 == k))).into_dyn();
    let labels = Array::from_shape_fn((12, 3), |(i, k)| f32::from(u8::from(k <= i % 3))).into_dyn();
    let weights = Array::from_shape_fn(12, |i| 0.5 + (i % 3) as f32);
    let losses: [(fn() -> Box<dyn Loss>, &ArrayD<f32>); 6] = [
        (|| Box::new(Whole), &y),
        (|| Box::new(Ctc), &labels),
        (|| Box::new(Dice), &y),
        (|| Box::new(Dice { axis: Some(&[2]) }), &y),
        (|| Box::new(Dice { axis: Some(&[1, 2]) }), &y),
        (|| Box::new(Tversky { alpha: 0.2, beta: 0.6, axis: Some(&[-2]) }), &y),
    ];
    for (loss, y) in losses {
        let run = |device: &dyn Device| {
            let mut model = Masked::on(device, 2).unwrap().compile(Sgd::default(), loss(), ());
            let mut told = vec![];
            for _ in 0..3 {
                told.push(model.train_on_batch_weighted(&x, y, &weights).unwrap().loss as f32);
                told.push(model.train_on_batch(&x, y).unwrap().loss as f32);
            }
            (told, model.network().params().to_vec())
        };
        let ((told, found), (expected, params)) = (run(&gpu), run(&Cpu::threads(1)));
        close_for(loss().name(), &told, &expected, 1e-5);
        close_for(loss().name(), &found, &params, 1e-5);
    }
}

/// A step leaves nothing to the host: what comes back are the losses of the samples, and nothing in between.
#[test]
fn steps_stay_on_the_device() {
    let Some(_) = device() else { return };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "in_a_process_of_its_own", "--nocapture", "--ignored"]).env("TASK", "trace");
    command.env("KERAS_CUDA_DRIVER", tests::gpu::emulator()).env("KERAS_EMULATOR_TRACE", "1");
    let output = command.output().unwrap();
    let trace = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{trace}");
    let mut seen = 0;
    for step in trace.split("== ").skip(1) {
        let (name, calls) = step.split_once('\n').unwrap();
        let count = |call: &str| calls.lines().filter(|line| line.contains(call)).count();
        if name == "end" {
            continue;
        }
        // A scale of the loss that follows the gradients is one word more: whether the step before was taken.
        let expected = if name == "scaled" { 2 } else { 1 };
        assert_eq!(count("cuMemcpyDtoH"), expected, "{name} asks the device more often:\n{calls}");
        // The pass, and the step of the optimizer.
        assert_eq!(count("cuGraphLaunch"), 2, "{name} is launched kernel by kernel:\n{calls}");
        assert_eq!(count("cuLaunchKernel"), 0, "{name} is launched kernel by kernel:\n{calls}");
        seen += 1;
    }
    assert!(seen >= losses().len() + losses_of_batches_and_sequences().len(), "{trace}");
}

/// Sums of products of shortened numbers, not so far from those of 32-bit ones; and not the same.
#[test]
fn tensor_cores_are_a_choice() {
    let Some(gpu) = device() else { return };
    fn predict<M: Model>(device: &dyn Device) -> Vec<f32> {
        let x = inputs::<M>(data().0);
        M::on(device, 3).unwrap().predict(&x).unwrap().into_raw_vec_and_offset().0
    }
    fn differ<M: Model>(gpu: &Cuda) {
        let exact = predict::<M>(gpu);
        for (precision, tolerance) in [(Precision::Tf32, 5e-3), (Precision::Bf16, 5e-2)] {
            let near = predict::<M>(&gpu.clone().precision(precision));
            close(&near, &exact, tolerance);
            assert!(near != exact, "{precision:?} gives the bits of 32-bit products");
        }
    }
    differ::<Mlp>(&gpu);
    differ::<Pictures>(&gpu);
    differ::<Attending>(&gpu);
}

/// Models that were compiled ahead need no NVRTC: here a program that cannot find one uses them.
#[test]
fn compiled_ahead() {
    let Some(gpu) = device() else { return };
    let adam = Adam::default();
    let bytes = cuda::precompile(
        Mlp::SPEC,
        Precision::Float32,
        &[&adam],
        &[],
        &[Target::ptx(7, 5), Target::cubin(8, 6)],
    )
    .unwrap();
    let bytes: &'static [u8] = bytes.leak();
    let (expected, _) = trained::<Mlp>(&gpu, Adam::default());
    let ahead = tests::gpu::another().unwrap().precompiled(bytes).unwrap();
    assert!(trained::<Mlp>(&ahead, Adam::default()).0 == expected);
    let cut = &bytes[..bytes.len() - 40];
    let error = tests::gpu::another().unwrap().precompiled(cut).unwrap_err().to_string();
    assert!(error.contains("cut off"), "{error}");
}

/// Losses compiled ahead run on the device of a program without NVRTC; others are the host's there.
#[test]
fn losses_compiled_ahead() {
    let Some(_) = device() else { return };
    let ahead: [&dyn Loss; 3] = [&KLDivergence, &Near, &Hinge];
    let bytes = cuda::precompile(
        Sigmoids::SPEC,
        Precision::Float32,
        &[&Sgd::default()],
        &ahead,
        &[Target::ptx(8, 0)],
    )
    .unwrap();
    let folder = std::env::temp_dir().join(format!("keras-cuda-ahead-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("ahead"), bytes).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "in_a_process_of_its_own", "--nocapture", "--ignored"]).env("TASK", "ahead");
    command.env("KERAS_CUDA_DRIVER", tests::gpu::emulator()).env("KERAS_EMULATOR_TRACE", "1");
    for name in ["KERAS_NVRTC", "KERAS_CUDA_CACHE", "HOME", "VIRTUAL_ENV"] {
        command.env(name, &folder);
    }
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if text.contains("NVRTC is there") {
        return println!("skipped: this machine has NVRTC where it is always found");
    }
    assert!(output.status.success(), "{text}");
    let read = |name: &str| {
        let step = text.split(&format!("== {name}\n")).nth(1).unwrap_or_else(|| panic!("{text}"));
        step.split("== end").next().unwrap().lines().filter(|line| line.contains("cuMemcpyDtoH")).count()
    };
    for loss in ahead {
        assert_eq!(read(loss.name()), 1, "{} is the host's", loss.name());
    }
    assert!(read("poisson") > 1, "{text}");
}

/// Registers, shared memory, spills of all kernels of these models for each architecture.
#[test]
fn kernels_fit_every_architecture() {
    let Some(_) = device() else { return };
    let models: [&Spec; 4] = [Mlp::SPEC, Pictures::SPEC, Steps::SPEC, Attending::SPEC];
    for (major, minor) in [(7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0)] {
        for (i, spec) in models.iter().enumerate() {
            // One precision for each, so that all are seen.
            let precision = if major < 8 {
                Precision::Float32
            } else {
                [Precision::Float32, Precision::Tf32, Precision::Bf16][i % 3]
            };
            let report = cuda::report(spec, precision, Target::cubin(major, minor)).unwrap();
            let kernels = report.matches("Compiling entry function").count();
            assert!(kernels > 5, "{report}");
            for line in report.lines().filter(|line| line.contains("spill stores")) {
                assert!(
                    line.contains(" 0 bytes spill stores, 0 bytes spill loads"),
                    "sm_{major}{minor} {}: {line}",
                    spec.name
                );
            }
            for line in report.lines().filter(|line| line.contains("Used ")) {
                let number = |after: &str| {
                    line.split(after)
                        .nth(1)
                        .and_then(|rest| rest.trim().split(' ').next())
                        .and_then(|x| x.parse::<u32>().ok())
                };
                let registers = number("Used ").unwrap();
                // Two blocks of 256 threads in a multiprocessor's 65,536 registers.
                assert!(registers <= 128, "sm_{major}{minor} {}: {line}", spec.name);
            }
        }
    }
}

/// What the hot kernels do with memory, as the emulator counts it: requests without wasted sectors, four words at a time, no
/// two threads in one bank of shared memory; tensor cores where they were asked for.
#[test]
fn hot_kernels_use_memory_well() {
    let Some(_) = device() else { return };
    let emulator = tests::gpu::emulator().to_string_lossy().into_owned();
    for tf32 in [false, true] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "in_a_process_of_its_own", "--nocapture", "--ignored"]).env("TASK", "count");
        command.env("KERAS_CUDA_DRIVER", &emulator).env("KERAS_EMULATOR_COUNTERS", "1");
        if tf32 {
            command.env("TF32", "1");
        }
        let output = command.output().unwrap();
        let table = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut seen = 0;
        for line in table.lines().filter(|line| line.starts_with("matmul")) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let number = |i: usize| columns[i].parse::<f64>().unwrap();
            let (fma, products, wide, conflicts) = (number(2), number(5), number(8), number(9));
            assert!(wide > 10.0, "words are moved one by one: {line}");
            assert!(conflicts < 0.1, "threads meet in a bank: {line}");
            match tf32 {
                true => assert!(products > 0.0 && fma == 0.0, "no tensor cores: {line}"),
                false => assert!(products == 0.0 && fma > 0.0, "{line}"),
            }
            seen += 1;
        }
        assert!(seen >= 10, "{table}");
    }
}

/// What tests run that need an environment of their own.
#[test]
#[ignore = "a part of other tests"]
fn in_a_process_of_its_own() {
    match std::env::var("TASK").as_deref() {
        Ok("count") => {
            let tf32 = std::env::var_os("TF32").is_some();
            let gpu =
                Cuda::new(0).unwrap().precision(if tf32 { Precision::Tf32 } else { Precision::Float32 });
            step::<Wide>(&gpu, 128);
            step::<Deep>(&gpu, 8);
        }
        Ok("ahead") => {
            if cuda::compiler().is_ok() {
                return println!("NVRTC is there");
            }
            let folder = std::env::var("KERAS_CUDA_CACHE").unwrap();
            let bytes = std::fs::read(Path::new(&folder).join("ahead")).unwrap().leak();
            let gpu = Cuda::new(0).unwrap().precompiled(bytes).unwrap();
            let losses: [Box<dyn Loss>; 4] =
                [Box::new(KLDivergence), Box::new(Near), Box::new(Hinge), Box::new(Poisson)];
            for loss in losses {
                let name = loss.name().to_string();
                traced(&gpu, &name, Sgd::default(), loss);
            }
        }
        Ok("trace") => {
            let gpu = Cuda::new(0).unwrap();
            for i in 0..losses().len() {
                let loss = losses().remove(i);
                let name = loss.name().to_string();
                traced(&gpu, &name, Sgd::default(), loss);
            }
            for i in 0..losses_of_batches_and_sequences().len() {
                let loss = losses_of_batches_and_sequences().remove(i);
                let (name, y) = (loss.name().to_string(), labels_of(loss.as_ref()));
                match name.as_str() {
                    "circle" => traced_on::<Embedded>(&gpu, &name, Sgd::default(), loss, &y),
                    _ => traced_on::<Read>(&gpu, &name, Sgd::default(), loss, &y),
                }
            }
            fn stepped(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static) {
                traced(gpu, name, optimizer, Box::new(MeanSquaredError));
            }
            stepped(&gpu, "adam", Adam::default());
            stepped(&gpu, "averaged", Adam::default().ema(0.9).decay(0.01).loss_scale_factor(8.0));
            stepped(&gpu, "clipped", Sgd::default().clipnorm(0.1));
            stepped(&gpu, "clipped together", Adam::default().global_clipnorm(0.1));
            stepped(&gpu, "lamb", Lamb::default().clipnorm(0.1));
            stepped(&gpu, "adafactor", Adafactor::default().global_clipnorm(0.1));
            stepped(&gpu, "muon", Muon::default().clipnorm(0.1));
            stepped(&gpu, "several", several());
            stepped(&gpu, "scaled", Adam::default().loss_scale(LossScale::default()));
        }
        _ => {}
    }
}

/// A step like the ones before it, between marks.
fn traced(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static, loss: Box<dyn Loss>) {
    traced_on::<Sigmoids>(gpu, name, optimizer, loss, &data().1.into_dyn());
}

fn traced_on<M: Model>(
    gpu: &Cuda,
    name: &str,
    optimizer: impl Optimizer + 'static,
    loss: Box<dyn Loss>,
    y: &ArrayD<f32>,
) {
    let (x, _) = data();
    let mut model = M::on(gpu, 5).unwrap().compile(optimizer, loss, ());
    for _ in 0..2 {
        model.train_on_batch(&x, y).unwrap();
    }
    eprintln!("== {name}");
    model.train_on_batch(&x, y).unwrap();
    eprintln!("== end");
}

fn step<M: Model>(gpu: &Cuda, samples: usize) {
    let width: usize = M::SPEC.inputs[0].shape.iter().product();
    let x = Array::from_shape_fn((samples, width), |(i, j)| ((i * 7 + j) as f32 * 0.1).sin());
    let shape: Vec<usize> = [samples].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    let x = x.into_shape_with_order(shape).unwrap();
    let y: Vec<u32> = (0..samples as u32).map(|i| i % 16).collect();
    let mut model = M::on(gpu, 3).unwrap().compile(Sgd::default(), CategoricalCrossentropy, ());
    let y = to_categorical(&y, 16).unwrap();
    model.train_on_batch(&x, &y).unwrap();
}
