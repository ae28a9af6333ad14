//! Functions of tensors against Keras: values, and gradients of what they are given.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;
use ndarray::{Array1, Array2};

layers! {
    ("functions", 1e-5);
    equal EqualF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { equal(round(a), round(b)) * a + b }
    not_equal NotEqualF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { not_equal(round(a), round(b)) * a + b }
    greater GreaterF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { greater(round(a), round(b)) * a + b }
    greater_equal GreaterEqualF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { greater_equal(round(a), round(b)) * a + b }
    less LessF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { less(round(a), round(b)) * a + b }
    less_equal LessEqualF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { less_equal(round(a), round(b)) * a + b }
    logical_and LogicalAndF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { logical_and(round(a), round(b)) * a + b }
    logical_or LogicalOrF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { logical_or(round(a), round(b)) * a + b }
    logical_xor LogicalXorF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { logical_xor(round(a), round(b)) * a + b }
    logical_not LogicalNotF (a a0 "probe_a" [4; 6]) { logical_not(round(a)) * a }
    divide DivideF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { divide(a, b + sign(b)) }
    divide_no_nan DivideNoNanF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { divide_no_nan(a, relu(b)) }
    floor_divide FloorDivideF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { floor_divide(a, b) + a * b }
    remainder RemainderF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { remainder(a, b + sign(b)) }
    hypot HypotF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { hypot(a, b) }
    logaddexp LogaddexpF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { logaddexp(a * 3.0, b * 3.0) }
    heaviside HeavisideF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { heaviside(round(a), b) * a }
    log10 Log10F (a a0 "probe_a" [4; 6]) { log10(abs(a) + 0.1) }
    log2 Log2F (a a0 "probe_a" [4; 6]) { log2(abs(a) + 0.1) }
    exp2 Exp2F (a a0 "probe_a" [4; 6]) { exp2(a) }
    erfc ErfcF (a a0 "probe_a" [4; 6]) { erfc(a) }
    cbrt CbrtF (a a0 "probe_a" [4; 6]) { cbrt(a + sign(a)) }
    trunc TruncF (a a0 "probe_a" [4; 6]) { trunc(a * 2.0) * a }
    sinc SincF (a a0 "probe_a" [4; 6]) { sinc(a) }
    deg2rad Deg2radF (a a0 "probe_a" [4; 6]) { deg2rad(a) }
    rad2deg Rad2degF (a a0 "probe_a" [4; 6]) { rad2deg(a) }
    likes LikesF (a a0 "probe_a" [4; 6]) { a * ones_like(a) + zeros_like(a) - full_like(a, 2.5) }
    binary_crossentropy BinaryCrossentropyF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { binary_crossentropy(sigmoid(a), sigmoid(b)) }
    binary_crossentropy_logits BinaryCrossentropyLogitsF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { binary_crossentropy(sigmoid(a), b * 5.0, from_logits = true) }
    categorical_crossentropy CategoricalCrossentropyF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { categorical_crossentropy(softmax(a), sigmoid(b)) }
    categorical_crossentropy_logits CategoricalCrossentropyLogitsF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { categorical_crossentropy(softmax(a), b, from_logits = true) }
    logsumexp LogsumexpF (a a0 "probe_a" [4; 6]) { logsumexp(a * 20.0, axis = 2) }
    logsumexp_kept LogsumexpKeptF (a a0 "probe_a" [3, 4; 5]) { logsumexp(a, axis = [1, 3], keepdims = true) }
    var VarF (a a0 "probe_a" [3, 4; 5]) { var(a, axis = [2, 3]) }
    std StdF (a a0 "probe_a" [3, 4; 5]) { std(a, axis = 1, keepdims = true) }
    any AnyF (a a0 "probe_a" [4; 6]) { any(round(a * 0.4), axis = 2, keepdims = true) * a }
    all AllF (a a0 "probe_a" [4; 6]) { all(round(a * 2.0), axis = 1, keepdims = true) * a }
    count_nonzero CountNonzeroF (a a0 "probe_a" [4; 6]) { count_nonzero(round(a), axis = 2, keepdims = true) * a }
    norm NormF (a a0 "probe_a" [4; 6]) { norm(a, axis = 2) }
    ptp PtpF (a a0 "probe_a" [4; 6]) { ptp(a, axis = 1) }
    moments MomentsF (a a0 "probe_a" [3, 4; 5]) { let (mean, variance) = moments(a, axes = [1, 2]); concatenate(mean, variance) }
    normalize NormalizeF (a a0 "probe_a" [4; 6]) { normalize(a, axis = 1) }
    argmax ArgmaxF (a a0 "probe_a" [4; 6]) { argmax(floor(a), axis = 2, keepdims = true) * a }
    argmin ArgminF (a a0 "probe_a" [4; 6]) { argmin(floor(a), axis = 1, keepdims = true) * a }
    argmax_of_all ArgmaxOfAllF (a a0 "probe_a" [4; 6]) { expand_dims(argmax(a), axis = 1) * flatten(a) }
    cumsum CumsumF (a a0 "probe_a" [3, 4; 5]) { cumsum(a, axis = 2) }
    cumsum_last CumsumLastF (a a0 "probe_a" [4; 6]) { cumsum(a, axis = -1) }
    cumprod CumprodF (a a0 "probe_a" [3, 4; 5]) { cumprod(a, axis = 2) }
    cumprod_first CumprodFirstF (a a0 "probe_a" [4; 6]) { cumprod(a, axis = 1) }
    diff DiffF (a a0 "probe_a" [3, 4; 5]) { diff(a, axis = 1) }
    flip FlipF (a a0 "probe_a" [3, 4; 5]) { flip(a, axis = [1, 3]) }
    repeat_elements RepeatElementsF (a a0 "probe_a" [3, 4; 5]) { repeat_elements(a, 3, axis = 2) }
    tile TileF (a a0 "probe_a" [3, 4; 5]) { tile(a, [1, 2, 1, 3]) }
    stack StackF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { stack(a, b, axis = 1) }
    stack_last StackLastF (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { stack(a, b, a, axis = -1) }
    split SplitF (a a0 "probe_a" [3, 4; 5]) { let (first, second) = split(a, 2, axis = 2); concatenate(second, first * 2.0, axis = 1) }
    swapaxes SwapaxesF (a a0 "probe_a" [3, 4; 5]) { swapaxes(a, 1, -1) }
    moveaxis MoveaxisF (a a0 "probe_a" [3, 4; 5]) { moveaxis(a, 3, 1) }
    moveaxis_back MoveaxisBackF (a a0 "probe_a" [3, 4; 5]) { moveaxis(a, 1, -1) }
    roll RollF (a a0 "probe_a" [3, 4; 5]) { roll(a, 3, axis = 3) }
    roll_back RollBackF (a a0 "probe_a" [3, 4; 5]) { roll(a, -5, axis = 1) }
    pad PadF (a a0 "probe_a" [3, 4; 5]) { pad(a, [[0, 0], [1, 2], [0, 0], [3, 0]], constant_values = 0.5) }
    take TakeF (a a0 "probe_a" [3, 4; 5]) { take(a, [3, 0, 1, -1, 0], axis = 2) }
    tril TrilF (a a0 "probe_a" [3, 4; 5]) { tril(a) }
    tril_below TrilBelowF (a a0 "probe_a" [3, 4; 5]) { tril(a, -1) }
    triu TriuF (a a0 "probe_a" [3, 4; 5]) { triu(a, 2) }
    trace TraceF (a a0 "probe_a" [3, 4; 5]) { trace(a) }
    matmul MatmulF (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [3, 5; 2]) { matmul(a, b) }
    matmul_wide MatmulWideF (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [1, 5; 2]) { matmul(a, b) }
    matmul_fixed MatmulFixedF (a a0 "probe_a" [4; 5]) { matmul(a, eye(5, 3, -1)) }
    matmul_fixed_left MatmulFixedLeftF (a a0 "probe_a" [4; 5]) { matmul(ones([2, 4]), a) }
    outer OuterF (a a0 "probe_a" [; 4], b b0 "probe_b" [; 3]) { outer(a, b) }
    made_up MadeUpF (a a0 "probe_a" [4; 6]) { a * linspace(-1.0, 2.0, 6) + eye(4, 6) + full([4, 1], 0.5) + zeros([6]) - ones([6]) }
    batch_dot BatchDotF (a a0 "probe_a" [4; 5], b b0 "probe_b" [3; 5]) { batch_dot(a, b, axes = 2) }
}

keras_model! {
    TopK(target: [i32;], scores: [5]) { in_top_k(target, scores, 2) }
    Phases(x: [3]) { in_train_phase(x * 2.0, x * 3.0) }
    Rows(x: [4, 5], y: [5]) -> (column: [4], row: [3]) { (matmul(x, y), matmul(y, eye(5, 3))) }
    Zeros(x: [4]) { cumprod(x >> dense(4, use_bias = false, kernel_initializer = identity, name = "probe"), axis = 1) }
}

/// Equal scores do not push the target out, as in Keras.
#[test]
fn in_top_k() -> Result<()> {
    let target = Array1::from(vec![1i32, 0, 4, 2]);
    let scores = Array2::from_shape_vec(
        (4, 5),
        vec![
            0.1f32, 0.5, 0.2, 0.1, 0.1, 0.1, 0.5, 0.2, 0.1, 0.1, 0.3, 0.3, 0.3, 0.1, 0.3, 0.4, 0.3, 0.3, 0.3,
            0.3,
        ],
    )
    .expect("four rows");
    let found = TopK::new(0).predict((target, scores))?;
    assert_eq!(found.into_raw_vec_and_offset().0, [1.0, 0.0, 1.0, 1.0]);
    Ok(())
}

#[test]
fn phases() -> Result<()> {
    let x = Array2::<f32>::ones((2, 3));
    let mut model = Phases::new(0);
    assert!(model.predict(&x)?.iter().all(|y| *y == 3.0));
    let mut model = model.compile(Sgd::default(), MeanAbsoluteError, ());
    // It is |2 - 0| while training.
    let zeros = Array2::<f32>::zeros((2, 3));
    let loss = model.train_on_batch(&x, &zeros)?;
    assert!((loss.loss - 2.0).abs() < 1e-6);
    Ok(())
}

#[test]
fn rows_and_columns() -> Result<()> {
    let x = ndarray::Array3::from_shape_fn((1, 4, 5), |(_, i, j)| (i * 5 + j) as f32);
    let y = Array2::from_shape_fn((1, 5), |(_, j)| j as f32);
    let outputs = Rows::new(0).predict_outputs((x, y))?;
    assert_eq!(outputs[0].clone().into_raw_vec_and_offset().0, [30.0, 80.0, 130.0, 180.0]);
    assert_eq!(outputs[1].clone().into_raw_vec_and_offset().0, [0.0, 1.0, 2.0]);
    Ok(())
}

/// A running product has a gradient where an element is 0.
#[test]
fn a_running_product_of_zeros() -> Result<()> {
    let mut model = Zeros::new(0).compile(Sgd::default(), MeanSquaredError, ());
    model.train_on_batch(
        ndarray::arr2(&[[2.0f32, 0.0, 3.0, 4.0]]),
        ndarray::arr2(&[[0.0f32, -1.0, 0.0, 0.0]]),
    )?;
    let gradient = model.gradient("probe/kernel")?;
    // d/dx of the mean of (2)^2, (2 x + 1)^2, (6 x)^2, (24 x)^2 at x = 0 is that of the second alone: 4 / 4, times inputs.
    let expected = [2.0, 0.0, 3.0, 4.0].map(|input| 2.0 * 2.0 / 4.0 * input);
    for (i, expected) in expected.into_iter().enumerate() {
        assert!((gradient[[i, 1]] - expected).abs() < 1e-5, "{gradient}");
    }
    Ok(())
}
