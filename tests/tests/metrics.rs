//! Every metric against Keras's, over uneven batches.

#[allow(dead_code)]
#[path = "keras/fixture.rs"]
mod fixture;

use fixture::{Fixture, assert_close_number, still};
use keras_runtime::metric::{Aggregation, Average, Mean, Metrics, Sum};
use keras_runtime::prelude::*;
use keras_runtime::train::Evaluate;

keras_model! {
    // Predictions go through unchanged.
    Rows = dense(5, use_bias = false, kernel_initializer = identity, input = 5);
    Words = dense(1, use_bias = false, kernel_initializer = identity, input = 1);
}

fn check(fixture: &Fixture, case: &str, metric: impl Metrics + Copy) -> Result<()> {
    check_by::<Rows>(fixture, case, metric)
}

fn check_by<M: Model>(fixture: &Fixture, case: &str, metric: impl Metrics + Copy) -> Result<()> {
    let name = |part: &str| format!("{case}/{part}");
    let (y, p) = (fixture.get(&name("y_true")), fixture.get(&name("y_pred")));
    let losses: Vec<Box<dyn Loss>> = match y.ndim() {
        1 => vec![Box::new(SparseCategoricalCrossentropy)],
        _ => vec![Box::new(MeanSquaredError)],
    };
    let mut model = M::with_seed(0).compile(still(), losses, (metric, Weighted(metric)));
    let weight = match UNWEIGHTED.contains(&case) {
        true => None,
        false => sample_weight(fixture.get(&name("weight"))),
    };
    let expected = if weight.is_some() { &["value", "weighted"][..] } else { &["value", "value"] };
    let settings = Evaluate { batch_size: 9, sample_weight: weight, ..Evaluate::default() };
    let score = model.evaluate_with(p, y, settings)?;
    let values: Vec<f64> = score.iter().filter(|(name, _)| *name != "loss").map(|(_, value)| value).collect();
    assert_eq!(values.len(), 2);
    for (value, expected) in values.into_iter().zip(expected) {
        let number = f64::from(*fixture.get(&name(expected)).first().unwrap());
        assert_close_number(&name(expected), value, number, 1e-5);
    }
    Ok(())
}

/// Those that Keras gives no weights of samples.
const UNWEIGHTED: [&str; 2] = ["binary_iou", "binary_iou_of_one"];

#[test]
fn one_word_is_right_on_its_side() -> Result<()> {
    check_by::<Words>(&Fixture::load("metrics"), "accuracy_of_two", Accuracy)
}

/// Numbers of a training loop of one's own, over uneven batches.
#[test]
fn running_numbers() {
    let fixture = Fixture::load("metrics");
    let [values, weights] = ["values", "weight"].map(|name| {
        fixture.get(&format!("running/{name}")).iter().map(|x| f64::from(*x)).collect::<Vec<_>>()
    });
    let number = |name: &str| f64::from(*fixture.get(&format!("running/{name}")).first().unwrap());
    let (mut mean, mut sum) = (Mean::default(), Sum::default());
    let (mut weighted_mean, mut weighted_sum) = (Mean::default(), Sum::default());
    for rows in [0..9, 9..18, 18..23] {
        mean.update(values[rows.clone()].iter().copied());
        sum.update(values[rows.clone()].iter().copied());
        for row in rows {
            weighted_mean.update_weighted(values[row], weights[row]);
            weighted_sum.update_weighted(values[row], weights[row]);
        }
    }
    assert_close_number("Mean", mean.result(), number("Mean"), 1e-5);
    assert_close_number("Sum", sum.result(), number("Sum"), 1e-5);
    assert_close_number("weighted Mean", weighted_mean.result(), number("Mean/weighted"), 1e-5);
    assert_close_number("weighted Sum", weighted_sum.result(), number("Sum/weighted"), 1e-5);
}

macro_rules! metrics {
    ($($test:ident: $($name:literal => $metric:expr;)*)*) => {$(
        #[test]
        fn $test() -> Result<()> {
            let fixture = Fixture::load("metrics");
            $(check(&fixture, $name, $metric)?;)*
            Ok(())
        }
    )*};
}

metrics! {
    accuracies:
        "accuracy" => Accuracy;
        "accuracy_of_labels" => Accuracy;
        "binary_accuracy" => BinaryAccuracy { threshold: 0.4 };
        "categorical_accuracy" => CategoricalAccuracy;
        "sparse_categorical_accuracy" => SparseCategoricalAccuracy;
        "top_k_categorical_accuracy" => TopKCategoricalAccuracy { k: 2 };
        "sparse_top_k_categorical_accuracy" => SparseTopKCategoricalAccuracy { k: 2, from_sorted_ids: false };
        "top_of_sorted_ids" => SparseTopKCategoricalAccuracy { k: 3, from_sorted_ids: true };
    precision_and_recall:
        "precision" => Precision { threshold: Some(0.6), top_k: None, class_id: None };
        "precision_top_k" => Precision { threshold: None, top_k: Some(2), class_id: None };
        "precision_of_class" => Precision { threshold: None, top_k: None, class_id: Some(1) };
        "recall" => Recall { threshold: Some(0.6), top_k: None, class_id: None };
        "recall_top_k" => Recall { threshold: None, top_k: Some(2), class_id: None };
    confusion:
        "true_positives" => TruePositives { threshold: 0.3 };
        "true_negatives" => TrueNegatives { threshold: 0.3 };
        "false_positives" => FalsePositives { threshold: 0.3 };
        "false_negatives" => FalseNegatives { threshold: 0.3 };
    curves:
        "auc" => AUC { ..AUC };
        "auc_few" => AUC { num_thresholds: 7, summation_method: Summation::Minoring, ..AUC };
        "auc_majoring" => AUC { num_thresholds: 7, summation_method: Summation::Majoring, ..AUC };
        "auc_pr" => AUC { curve: Curve::PR, ..AUC };
        "auc_multi_label" => AUC { multi_label: true, ..AUC };
        "auc_multi_label_weights" =>
            AUC { multi_label: true, label_weights: Some(&[0.5, 1.0, 2.0, 0.0, 3.0]), num_thresholds: 9, ..AUC };
        "auc_multi_label_pr" =>
            AUC { multi_label: true, label_weights: Some(&[0.5, 1.0, 2.0, 0.0, 3.0]), curve: Curve::PR, ..AUC };
        "auc_label_weights" => AUC { label_weights: Some(&[0.5, 1.0, 2.0, 0.0, 3.0]), ..AUC };
        "sensitivity_of_class" => SensitivityAtSpecificity { class_id: Some(2), ..SensitivityAtSpecificity::new(0.6) };
        "specificity_of_class" => SpecificityAtSensitivity { class_id: Some(0), ..SpecificityAtSensitivity::new(0.6) };
        "precision_of_class_at_recall" => PrecisionAtRecall { class_id: Some(4), ..PrecisionAtRecall::new(0.5) };
        "recall_of_class_at_precision" => RecallAtPrecision { class_id: Some(1), ..RecallAtPrecision::new(0.4) };
        "sensitivity_at_specificity" => SensitivityAtSpecificity::new(0.7);
        "specificity_at_sensitivity" => SpecificityAtSensitivity::new(0.7);
        "precision_at_recall" => PrecisionAtRecall::new(0.6);
        "recall_at_precision" => RecallAtPrecision::new(0.55);
    scores:
        "f1_macro" => F1Score { average: Average::Macro, threshold: Some(0.5) };
        "f1_micro" => F1Score { average: Average::Micro, threshold: None };
        "fbeta_weighted" => FBetaScore { average: Average::Weighted, beta: 2.0, threshold: Some(0.4) };
        "binary_iou" => BinaryIoU { threshold: 0.4, ..BinaryIoU };
        "binary_iou_of_one" => BinaryIoU { target_class_ids: &[1], ..BinaryIoU };
        "mean_iou" => MeanIoU;
        "iou" => IoU { target_class_ids: Some(&[0, 3]), ..IoU };
        "iou_ignoring" => IoU { target_class_ids: Some(&[1, 2, 4]), ignore_class: Some(3) };
        "one_hot_iou" => IoU { target_class_ids: Some(&[2]), ..IoU };
        "mean_iou_ignoring" => IoU { ignore_class: Some(1), ..IoU };
        "one_hot_mean_iou" => MeanIoU;
    means:
        "root_mean_squared_error" => RootMeanSquaredError;
        "mean_absolute_error" => MeanOf(MeanAbsoluteError);
        "cosine_similarity" => CosineSimilarity;
        "categorical_crossentropy" => CategoricalCrossentropy;
        "sparse_categorical_crossentropy" => SparseCategoricalCrossentropy;
        "sparse_categorical_crossentropy_ignoring" =>
            SparseCategoricalCrossentropy { ignore_class: Some(2), ..SparseCategoricalCrossentropy };
        "categorical_crossentropy_logits" => CategoricalCrossentropy { from_logits: true, ..CategoricalCrossentropy };
        "hinge" => MeanOf(Hinge);
        "kl_divergence" => MeanOf(KLDivergence);
        "mean_squared_error" => MeanOf(MeanSquaredError);
        "mean_squared_logarithmic_error" => MeanOf(MeanSquaredLogarithmicError);
        "mean_absolute_percentage_error" => MeanOf(MeanAbsolutePercentageError);
        "log_cosh_error" => MeanOf(LogCosh);
        "poisson" => MeanOf(Poisson);
        "squared_hinge" => MeanOf(SquaredHinge);
        "categorical_hinge" => MeanOf(CategoricalHinge);
        "binary_crossentropy" => BinaryCrossentropy;
        "binary_crossentropy_logits" => BinaryCrossentropy { from_logits: true, label_smoothing: 0.1 };
    correlations:
        "r2_score" => R2Score;
        "r2_score_weighted" => R2Score { class_aggregation: Aggregation::VarianceWeighted, ..R2Score };
        "r2_score_adjusted" => R2Score { num_regressors: 4, ..R2Score };
        "pearson_correlation" => PearsonCorrelation;
        "concordance_correlation" => ConcordanceCorrelation;
}
