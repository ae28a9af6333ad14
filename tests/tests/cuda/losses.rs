//! Losses whose kernels are made when they are first met.

use keras_runtime::device::Device;
use keras_runtime::loss::{Loss, Scope};
use keras_runtime::prelude::*;
use ndarray::{Array, Array2, ArrayD, Dimension};

use super::*;

/// Trains for two epochs, with weights of samples.
fn trained_on<M: Model>(device: &dyn Device, loss: Box<dyn Loss>, y: &ArrayD<f32>) -> Vec<f32> {
    let weights = Array::from_shape_fn(40, |i| 0.5 + (i % 3) as f32);
    let sample_weight = keras_runtime::train::sample_weight(&weights);
    let fit = Fit { sample_weight, ..quiet(2, 16) };
    trained_with::<M>(device, Sgd::default(), loss, (), y, fit).0
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
        Box::new(Dice),
        Box::new(Dice { axis: Some(&[-1]) }.weighted(0.5)),
        Box::new(Tversky { alpha: 0.3, beta: 0.8, axis: Some(&[0]) }),
        Box::new(Tversky { alpha: 0.3, ..Tversky }.reduction(Reduction::Sum)),
    ]
}

/// Embeddings of classes, of which some samples have none beside them; and sequences of labels.
pub fn losses_of_batches_and_sequences() -> Vec<Box<dyn Loss>> {
    vec![
        Box::new(Circle { gamma: 4.0, ..Circle }),
        Box::new(Circle { gamma: 4.0, remove_diagonal: false, margin: 0.2 }.reduction(Reduction::Sum)),
        Box::new(Circle { gamma: 4.0, ..Circle }.reduction(Reduction::MeanWithSampleWeight).weighted(0.5)),
        Box::new(Ctc),
        Box::new(Ctc.reduction(Reduction::Sum)),
    ]
}

pub fn labels_of(loss: &dyn Loss) -> ArrayD<f32> {
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
    type Made = fn() -> Box<dyn Loss>;
    let losses: [(Made, &ArrayD<f32>); 6] = [
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
