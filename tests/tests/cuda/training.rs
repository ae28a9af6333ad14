//! Whole trainings: as on the CPU to rounding, and replayed graphs as launches to the bit.

use keras_runtime::device::Device;
use keras_runtime::device::cuda::Precision;
use keras_runtime::optim::schedule::ExponentialDecay;
use keras_runtime::optim::{LossScale, Moment, MultiOptimizer, Optimizer};
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD};

use super::*;

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
    same(&gpu, |device| trained::<Mlp>(device, momentum().loss_scale(growing()).ema(0.9)).0);
    same(&gpu, |device| trained::<Mlp>(device, Lamb::default().loss_scale(growing())).0);
    same(&gpu, |device| {
        trained::<Mlp>(device, Adam::default().loss_scale(growing()).gradient_accumulation(2)).0
    });
    // Numbers of a step depend on how many were left out before it.
    let rate =
        ExponentialDecay { initial_learning_rate: 0.01, decay_steps: 2, decay_rate: 0.9, staircase: false };
    same(&gpu, |device| {
        trained::<Mlp>(device, Adam::default().schedule(rate.clone()).loss_scale(growing())).0
    });
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

/// A scale that soon is too large, grows again, and so on.
pub fn growing() -> LossScale {
    LossScale { initial_scale: 2f32.powi(125), dynamic_growth_steps: 3 }
}

/// A scale that follows the gradients goes the same way whether the host hears of each step at once, later, or computes all of it.
#[test]
fn a_scale_follows_the_gradients_as_on_the_cpu() {
    let Some(gpu) = device() else { return };
    let run = |device: &dyn Device| {
        let (x, y) = data();
        let optimizer = Adam::default().loss_scale(growing()).ema(0.9).clipnorm(0.5);
        // So great a loss that its factor overflows from 2^123 on.
        let loss = CategoricalCrossentropy.weighted(64.0);
        let mut model = Mlp::on(device, 3).unwrap().compile(optimizer, loss, [Accuracy]);
        let mut scales = vec![];
        for epochs in [4, 3] {
            model.fit(&x, &y, quiet(epochs, 2)).unwrap();
            scales.push(model.loss_scale());
        }
        // Steps that are asked for one by one, and the two halves of one.
        for _ in 0..5 {
            model.train_on_batch(&x, &y).unwrap();
            scales.push(model.loss_scale());
            let gradients = model.gradients(&x, &y).unwrap();
            model.apply(&gradients).unwrap();
            scales.push(model.loss_scale());
        }
        (scales, model.network().params().to_vec())
    };
    let ((scales, found), (expected, params)) = (run(&gpu), run(&Cpu::threads(1)));
    assert_eq!(scales, expected);
    assert!(scales.iter().any(|scale| *scale != scales[0]), "nothing follows anything: {scales:?}");
    close(&found, &params, 1e-4);
    assert!((scales, found) == run(&gpu.clone().graphs(false)), "launches give other bits than a graph");
}

/// One for each kernel of [`Mlp`] and for all biases, with what optimizers within another may have.
pub fn several() -> MultiOptimizer {
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
