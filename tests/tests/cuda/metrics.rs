//! Metrics that the device adds up, beside those of the CPU.

use keras_runtime::device::Device;
use keras_runtime::metric::{Aggregation, Average, Metric, Metrics};
use keras_runtime::prelude::*;
use ndarray::{Array, ArrayD};

use super::*;

/// Each twice: as it is, and with what samples count.
fn twice(metrics: Vec<Box<dyn Metric>>) -> Vec<Box<dyn Metric>> {
    let weighted = Weighted(metrics.iter().map(|metric| metric.boxed()).collect::<Vec<_>>());
    (metrics, weighted).into_metrics()
}

/// Values of three epochs and of an evaluation, over uneven batches.
fn told<M: Model>(
    device: &dyn Device,
    metrics: fn() -> Vec<Box<dyn Metric>>,
    x: &ArrayD<f32>,
    y: &ArrayD<f32>,
    weights: &ArrayD<f32>,
) -> Vec<(String, f64)> {
    let mut model = M::on(device, 3).unwrap().compile(Sgd::default(), MeanSquaredError, twice(metrics()));
    let fit = Fit { sample_weight: sample_weight(weights), ..quiet(3, 9) };
    let history = model.fit(x, y, fit).unwrap();
    let mut told = vec![];
    for name in history.names() {
        told.extend(history.get(&name).unwrap().into_iter().map(|value| (name.clone(), value)));
    }
    let settings = Evaluate { batch_size: 7, sample_weight: sample_weight(weights), ..Evaluate::default() };
    let score = model.evaluate_with(x, y, settings).unwrap();
    told.extend(score.iter().map(|(name, value)| (name.to_string(), value)));
    told
}

fn same<M: Model>(
    gpu: &Cuda,
    metrics: fn() -> Vec<Box<dyn Metric>>,
    x: &ArrayD<f32>,
    y: &ArrayD<f32>,
    weights: &ArrayD<f32>,
) {
    assert!(metrics().iter().all(|metric| metric.told().is_some()), "one is the host's");
    let found = told::<M>(gpu, metrics, x, y, weights);
    let expected = told::<M>(&Cpu::threads(1), metrics, x, y, weights);
    assert!(
        found == told::<M>(&gpu.clone().graphs(false), metrics, x, y, weights),
        "launches give other bits"
    );
    assert_eq!(found.len(), expected.len());
    for ((name, a), (_, b)) in found.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{name}: {a} instead of {b}");
    }
}

/// Weights of which some are nothing.
fn counts(shape: &[usize]) -> ArrayD<f32> {
    let len: usize = shape.iter().product();
    Array::from_shape_fn(len, |i| (i % 4) as f32 * 0.5).into_shape_with_order(shape).unwrap().into_dyn()
}

#[test]
fn metrics_of_words_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = data().0.into_dyn();
    let y = Array::from_shape_fn((40, 10), |(i, k)| f32::from(u8::from((i * 7 + k * k) % 3 == 0))).into_dyn();
    let counted = || -> Vec<Box<dyn Metric>> {
        let rates = (
            Precision { top_k: Some(3), ..Precision::default() },
            Recall { threshold: Some(0.4), class_id: Some(2), ..Recall::default() },
            Precision { top_k: Some(2), class_id: Some(4), ..Precision::default() },
            Recall::default(),
        );
        let counts = (
            TruePositives { threshold: 0.3 },
            TrueNegatives::default(),
            FalsePositives::default(),
            FalseNegatives::default(),
        );
        (
            BinaryAccuracy { threshold: 0.45 },
            RootMeanSquaredError,
            MeanSquaredError,
            MeanAbsoluteError,
            rates.into_metrics(),
            counts.into_metrics(),
        )
            .into_metrics()
    };
    same::<Sigmoids>(&gpu, counted, &x, &y, &counts(&[40]));
}

#[test]
fn right_answers_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = inputs::<Places>(data().0);
    // Of equal targets the first counts.
    let y =
        Array::from_shape_fn((40, 4, 10), |(i, t, k)| f32::from(u8::from((i + t * 3) % 10 == k || k == 7)))
            .into_dyn();
    let answers = || -> Vec<Box<dyn Metric>> {
        (Accuracy, CategoricalAccuracy, TopKCategoricalAccuracy { k: 3 }, TopKCategoricalAccuracy::default())
            .into_metrics()
    };
    same::<Places>(&gpu, answers, &x, &y, &counts(&[40, 4]));
    let y = Array::from_shape_fn((40, 1), |(i, _)| (i % 2) as f32).into_dyn();
    let x = Array::from_shape_fn((40, 64), |(i, j)| ((i * 5 + j * 3) as f32).sin()).into_dyn();
    same::<Dropped>(&gpu, || Accuracy.into_metrics(), &x, &y, &counts(&[40]));
}

#[test]
fn right_answers_to_indices_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = inputs::<Places>(data().0);
    let labels = Array::from_shape_fn((40, 4), |(i, t)| ((i * 3 + t) % 10) as f32).into_dyn();
    let run = |device: &dyn Device| {
        let metrics = (
            Accuracy,
            SparseCategoricalAccuracy,
            SparseTopKCategoricalAccuracy { k: 2, ..SparseTopKCategoricalAccuracy::default() },
        );
        let mut model =
            Places::on(device, 3).unwrap().compile(Sgd::default(), SparseCategoricalCrossentropy, metrics);
        let history = model.fit(&x, &labels, quiet(3, 9)).unwrap();
        history.names().iter().flat_map(|name| history.get(name).unwrap()).collect::<Vec<f64>>()
    };
    for (a, b) in run(&gpu).into_iter().zip(run(&Cpu::threads(1))) {
        assert!((a - b).abs() < 1e-5 * b.abs().max(1.0), "{a} instead of {b}");
    }
}

/// Steps that a mask leaves out are no part of means, and of counts they are.
#[test]
fn masks_count_in_metrics_as_on_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = Array::from_shape_fn((12, 5, 3), |(i, t, k)| {
        if (i + t) % 4 == 0 { 0.0 } else { ((i * 7 + t * 3 + k) as f32).sin() }
    })
    .into_dyn();
    let y = Array::from_shape_fn((12, 5, 2), |(i, t, k)| f32::from(u8::from((i + t) % 2 == k))).into_dyn();
    let metrics = || -> Vec<Box<dyn Metric>> {
        (Accuracy, BinaryAccuracy::default(), MeanAbsoluteError, RootMeanSquaredError, Precision::default())
            .into_metrics()
    };
    same::<Masked>(&gpu, metrics, &x, &y, &counts(&[12, 5]));
}

/// Curves over thresholds, scores of classes, overlaps, correlations.
#[test]
fn counts_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    const LABELS: [f64; 10] = [1.0, 0.5, 2.0, 0.0, 1.5, 1.0, 0.25, 3.0, 1.0, 0.75];
    let x = data().0.into_dyn();
    // No row is all the same, of which there is no correlation.
    let y = Array::from_shape_fn((40, 10), |(i, k)| f32::from(u8::from((i * 7 + k * 5) % 3 == 0))).into_dyn();
    let curves = || -> Vec<Box<dyn Metric>> {
        let areas = (
            AUC,
            AUC { num_thresholds: 7, curve: Curve::PR, ..AUC },
            AUC { multi_label: true, num_thresholds: 33, label_weights: Some(&LABELS), ..AUC },
            // Together more numbers than a block has threads.
            AUC {
                num_thresholds: 30,
                label_weights: Some(&LABELS),
                summation_method: Summation::Minoring,
                ..AUC
            },
        );
        let others = (
            SensitivityAtSpecificity::new(0.4),
            SpecificityAtSensitivity {
                class_id: Some(3),
                num_thresholds: 50,
                ..SpecificityAtSensitivity::new(0.5)
            },
            PrecisionAtRecall::new(0.3),
            RecallAtPrecision::new(0.2),
        );
        (areas.into_metrics(), others.into_metrics()).into_metrics()
    };
    same::<Sigmoids>(&gpu, curves, &x, &y, &counts(&[40]));
    let counted = || -> Vec<Box<dyn Metric>> {
        let scores = (
            F1Score,
            F1Score { average: Average::Micro, threshold: Some(0.45) },
            FBetaScore { beta: 2.0, average: Average::Weighted, ..FBetaScore },
        );
        let overlaps = (
            MeanIoU,
            IoU { target_class_ids: Some(&[1, 4]), ..IoU },
            BinaryIoU { threshold: 0.45, ..BinaryIoU },
        );
        let correlations = (
            R2Score,
            R2Score { class_aggregation: Aggregation::VarianceWeighted, num_regressors: 3 },
            PearsonCorrelation,
            ConcordanceCorrelation,
        );
        (scores.into_metrics(), overlaps.into_metrics(), correlations.into_metrics()).into_metrics()
    };
    same::<Sigmoids>(&gpu, counted, &x, &y, &counts(&[40]));
    // Classes by their indices, of which one does not count.
    let (steps, labels) = (
        inputs::<Places>(data().0),
        Array::from_shape_fn((40, 4), |(i, t)| ((i * 3 + t) % 10) as f32).into_dyn(),
    );
    let run = |device: &dyn Device| {
        let metrics = (MeanIoU, IoU { ignore_class: Some(3), ..IoU });
        let model = Places::on(device, 3).unwrap();
        let mut model = model.compile(Sgd::default(), SparseCategoricalCrossentropy, metrics);
        let history = model.fit(&steps, &labels, quiet(3, 9)).unwrap();
        history.names().iter().flat_map(|name| history.get(name).unwrap()).collect::<Vec<f64>>()
    };
    for (a, b) in run(&gpu).into_iter().zip(run(&Cpu::threads(1))) {
        assert!((a - b).abs() < 1e-5 * b.abs().max(1.0), "{a} instead of {b}");
    }
}

/// Each loss that Keras has as a metric, and one by [`MeanOf`].
fn losses_as_metrics() -> Vec<Box<dyn Metric>> {
    let errors = (
        MeanAbsolutePercentageError,
        MeanSquaredLogarithmicError,
        Huber::default(),
        LogCosh,
        Poisson,
        Hinge,
        SquaredHinge,
        CategoricalHinge,
    );
    let distributions = (
        KLDivergence,
        CosineSimilarity,
        BinaryCrossentropy { label_smoothing: 0.1, ..BinaryCrossentropy },
        CategoricalCrossentropy { label_smoothing: 0.1, ..CategoricalCrossentropy },
        BinaryFocalCrossentropy::default(),
        CategoricalFocalCrossentropy::default(),
        MeanOf(Huber { delta: 0.1 }),
    );
    (errors.into_metrics(), distributions.into_metrics()).into_metrics()
}

#[test]
fn losses_as_metrics_are_those_of_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = data().0.into_dyn();
    let y = data().1.into_dyn();
    same::<Sigmoids>(&gpu, losses_as_metrics, &x, &y, &counts(&[40]));
    // Steps with weights of their own; where there is a mask, positions that it leaves.
    let x = inputs::<Places>(data().0);
    let y =
        Array::from_shape_fn((40, 4, 10), |(i, t, k)| f32::from(u8::from((i + t * 3) % 10 == k))).into_dyn();
    let some = || (KLDivergence, CosineSimilarity, CategoricalCrossentropy).into_metrics();
    same::<Places>(&gpu, some, &x, &y, &counts(&[40, 4]));
    let x = Array::from_shape_fn((12, 5, 3), |(i, t, k)| {
        if (i + t) % 4 == 0 { 0.0 } else { ((i * 7 + t * 3 + k) as f32).sin() }
    });
    let y = Array::from_shape_fn((12, 5, 2), |(i, t, k)| f32::from(u8::from((i + t) % 2 == k))).into_dyn();
    let masked = || {
        (BinaryCrossentropy, CosineSimilarity, ConcordanceCorrelation, AUC, F1Score, BinaryIoU, R2Score)
            .into_metrics()
    };
    same::<Masked>(&gpu, masked, &x.into_dyn(), &y, &counts(&[12, 5]));
}

/// Metrics of logits take their loss's activation; classes that have no loss do not count where samples weigh something.
#[test]
fn losses_of_logits_are_measured_as_on_the_cpu() {
    let Some(gpu) = device() else { return };
    let x = data().0.into_dyn();
    let words = data().1.into_dyn();
    let labels = Array::from_shape_fn((40, 1), |(i, _)| (i * 3 % 10) as f32).into_dyn();
    let of_words = || {
        (
            CategoricalCrossentropy { from_logits: true, ..CategoricalCrossentropy },
            BinaryCrossentropy { from_logits: true, ..BinaryCrossentropy },
        )
            .into_metrics()
    };
    let of_labels = || {
        (
            SparseCategoricalCrossentropy { from_logits: true, ..SparseCategoricalCrossentropy },
            SparseCategoricalCrossentropy { from_logits: true, ignore_class: Some(3) },
        )
            .into_metrics()
    };
    let run = |device: &dyn Device, y: &ArrayD<f32>, metrics: Vec<Box<dyn Metric>>, sparse: bool| {
        let loss: Box<dyn Loss> = match sparse {
            true => {
                Box::new(SparseCategoricalCrossentropy { from_logits: true, ..SparseCategoricalCrossentropy })
            }
            false => Box::new(MeanSquaredError),
        };
        let mut model = Logits::on(device, 3).unwrap().compile(Sgd::default(), loss, twice(metrics));
        let weights = counts(&[40]);
        let fit = Fit { sample_weight: sample_weight(&weights), ..quiet(3, 9) };
        let history = model.fit(&x, y, fit).unwrap();
        history.names().iter().flat_map(|name| history.get(name).unwrap()).collect::<Vec<f64>>()
    };
    for (y, metrics, sparse) in
        [(&words, of_words as fn() -> Vec<Box<dyn Metric>>, false), (&labels, of_labels, true)]
    {
        assert!(metrics().iter().all(|metric| metric.told().is_some()));
        let (found, expected) =
            (run(&gpu, y, metrics(), sparse), run(&Cpu::threads(1), y, metrics(), sparse));
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-5 * b.abs().max(1.0), "{a} instead of {b}: {found:?} {expected:?}");
        }
    }
}
