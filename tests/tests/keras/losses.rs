//! Every loss and its gradient, on outputs of one and of two dimensions.

use keras_runtime::loss::Losses;
use keras_runtime::prelude::*;
use ndarray::{Array2, ArrayD, s};

use crate::fixture::{Fixture, assert_close, assert_close_number, probe_gradient, still};

keras_model! {
    // Predictions go through an identity kernel, whose gradient tells theirs.
    Rows = dense(5, use_bias = false, kernel_initializer = identity, name = "probe", input = 5);
    Two(x: [5]) -> (near: [5], far: [3]) {
        let h = x >> dense(4, tanh);
        (h >> dense(5, name = "near"), h >> dense(3, name = "far"))
    }
    Tables = dense(5, use_bias = false, kernel_initializer = identity, name = "probe", input = [4, 5]);
}

fn check<M: Model>(fixture: &Fixture, model: M, case: &str, loss: impl Losses) -> Result<()> {
    let name = |part: &str| format!("{case}/{part}");
    let (y, p) = (fixture.get(&name("y_true")), fixture.get(&name("y_pred")));
    let mut model = model.compile(still(), loss, ());
    let score = model.train_on_batch(p, y)?;
    assert_close_number(&name("loss"), score.loss, f64::from(fixture.get(&name("loss"))[[0]]), 1e-5);
    let expected = probe_gradient(p, fixture.get(&name("grad")));
    assert_close(&name("grad"), &model.gradient("probe/kernel")?, &expected, 1e-5);
    Ok(())
}

macro_rules! losses {
    ($($test:ident: $($name:literal => $loss:expr;)*)*) => {$(
        #[test]
        fn $test() -> Result<()> {
            let fixture = Fixture::load("losses");
            $(
                check(&fixture, Rows::new(0), concat!($name, "/2d"), $loss)?;
                check(&fixture, Tables::new(0), concat!($name, "/3d"), $loss)?;
            )*
            Ok(())
        }
    )*};
}

losses! {
    categorical:
        "categorical_crossentropy" => CategoricalCrossentropy;
        "categorical_crossentropy_soft" => CategoricalCrossentropy;
        "categorical_crossentropy_unnormalised" => CategoricalCrossentropy;
        "categorical_crossentropy_edge" => CategoricalCrossentropy;
        "categorical_crossentropy_smooth" => CategoricalCrossentropy { label_smoothing: 0.1, ..CategoricalCrossentropy };
        "categorical_crossentropy_logits" => CategoricalCrossentropy { from_logits: true, ..CategoricalCrossentropy };
        "categorical_crossentropy_logits_soft" => CategoricalCrossentropy { from_logits: true, ..CategoricalCrossentropy };
        "categorical_crossentropy_logits_smooth" => CategoricalCrossentropy { from_logits: true, label_smoothing: 0.1 };
    sparse_categorical:
        "sparse_categorical_crossentropy" => SparseCategoricalCrossentropy;
        "sparse_categorical_crossentropy_unnormalised" => SparseCategoricalCrossentropy;
        "sparse_categorical_crossentropy_edge" => SparseCategoricalCrossentropy;
        "sparse_categorical_crossentropy_logits" => SparseCategoricalCrossentropy { from_logits: true, ..SparseCategoricalCrossentropy };
        "sparse_categorical_crossentropy_ignore" => SparseCategoricalCrossentropy { ignore_class: Some(1), ..SparseCategoricalCrossentropy };
    sums:
        "categorical_crossentropy_sum" => CategoricalCrossentropy.reduction(Reduction::Sum);
        "mean_squared_error_sum" => MeanSquaredError.reduction(Reduction::Sum);
    binary:
        "binary_crossentropy" => BinaryCrossentropy;
        "binary_crossentropy_soft" => BinaryCrossentropy;
        "binary_crossentropy_edge" => BinaryCrossentropy;
        "binary_crossentropy_smooth" => BinaryCrossentropy { label_smoothing: 0.2, ..BinaryCrossentropy };
        "binary_crossentropy_logits" => BinaryCrossentropy { from_logits: true, ..BinaryCrossentropy };
        "binary_crossentropy_logits_smooth" => BinaryCrossentropy { from_logits: true, label_smoothing: 0.2 };
    regression:
        "mean_squared_error" => MeanSquaredError;
        "mean_absolute_error" => MeanAbsoluteError;
        "mean_absolute_percentage_error" => MeanAbsolutePercentageError;
        "mean_squared_logarithmic_error" => MeanSquaredLogarithmicError;
        "huber" => Huber { delta: 0.7 };
        "huber_default" => Huber;
        "log_cosh" => LogCosh;
        "poisson" => Poisson;
    margins:
        "hinge" => Hinge;
        "squared_hinge" => SquaredHinge;
        "categorical_hinge" => CategoricalHinge;
    distributions:
        "kl_divergence" => KLDivergence;
        "cosine_similarity" => CosineSimilarity;
        "cosine_similarity_logits" => CosineSimilarity;
    focal:
        "binary_focal_crossentropy" => BinaryFocalCrossentropy;
        "binary_focal_crossentropy_set" => BinaryFocalCrossentropy { apply_class_balancing: true, alpha: 0.4, gamma: 1.5, ..BinaryFocalCrossentropy };
        "binary_focal_crossentropy_unbalanced" => BinaryFocalCrossentropy { alpha: 0.4, gamma: 0.5, ..BinaryFocalCrossentropy };
        "binary_focal_crossentropy_edge" => BinaryFocalCrossentropy;
        "binary_focal_crossentropy_smooth" => BinaryFocalCrossentropy { label_smoothing: 0.2, ..BinaryFocalCrossentropy };
        "binary_focal_crossentropy_logits" => BinaryFocalCrossentropy {
            from_logits: true,
            apply_class_balancing: true,
            label_smoothing: 0.1,
            ..BinaryFocalCrossentropy
        };
        "categorical_focal_crossentropy" => CategoricalFocalCrossentropy;
        "categorical_focal_crossentropy_set" => CategoricalFocalCrossentropy { alpha: 0.4, gamma: 1.5, ..CategoricalFocalCrossentropy };
        "categorical_focal_crossentropy_unnormalised" => CategoricalFocalCrossentropy;
        "categorical_focal_crossentropy_smooth" => CategoricalFocalCrossentropy { label_smoothing: 0.2, ..CategoricalFocalCrossentropy };
        "categorical_focal_crossentropy_logits" => CategoricalFocalCrossentropy {
            from_logits: true,
            gamma: 1.0,
            label_smoothing: 0.1,
            ..CategoricalFocalCrossentropy
        };
        "categorical_generalized_cross_entropy" => CategoricalGeneralizedCrossEntropy { q: 0.7 };
        "categorical_generalized_cross_entropy_q" => CategoricalGeneralizedCrossEntropy { q: 0.2 };
}

/// The loss and the gradients are sums over the outputs, each by its weight; the losses of the outputs are told as they are.
#[test]
fn outputs_count_what_their_weights_say() -> Result<()> {
    let x = Array2::from_shape_fn((7, 5), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 11.0 - 1.0);
    let (near, far) = (x.mapv(|x| x * x), x.slice(s![.., ..3]).to_owned());
    let step = |weights: (f32, f32)| -> Result<(Score, ArrayD<f32>)> {
        let losses = (MeanSquaredError.weighted(weights.0), MeanAbsoluteError.weighted(weights.1));
        let mut model = Two::new(3).compile(still(), losses, ());
        let score = model.train_on_batch(&x, (&near, &far))?;
        Ok((score, model.gradient("dense/kernel")?))
    };
    let ((first, of_first), (second, of_second)) = (step((1.0, 0.0))?, step((0.0, 1.0))?);
    let (both, of_both) = step((0.25, 3.0))?;
    assert_close_number("loss", both.loss, 0.25 * first.loss + 3.0 * second.loss, 1e-6);
    assert_close("gradient", &of_both, &(of_first * 0.25 + of_second * 3.0), 1e-6);
    assert_close_number("near_loss", both["near_loss"], first.loss, 1e-6);
    assert_close_number("far_loss", both["far_loss"], second.loss, 1e-6);
    Ok(())
}
