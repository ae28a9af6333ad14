//! Losses whose kernels are made when they are first met.

use keras_runtime::device::Device;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD, Dimension};

use super::*;

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
pub fn losses() -> Vec<Box<dyn Loss>> {
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
    ]
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
        if loss().compiled().is_some() {
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
