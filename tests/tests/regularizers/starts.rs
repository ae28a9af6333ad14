//! How weights start, held to what Keras was seen to draw: constants and orthogonal matrices exactly, the others by their mean,
//! their deviation and their greatest magnitude over many models.

use keras_runtime::prelude::*;
use ndarray::ArrayD;
use serde_json::Value;

const MODELS: u64 = 200;

keras_model! {
    AdditiveAttention(a: [3, 40], b: [4, 40]) { (a, b) >> additive_attention() }
    ReversibleEmbedding(a: [i32; 4]) { a >> reversible_embedding(9, 5, tie_weights = false) }
    RmsNormalization = rms_normalization(input = [4, 3]);
    LstmPlain = lstm(5, unit_forget_bias = false, input = [4, 3]);
    DepthwiseScaled = depthwise_conv2d(2, depth_multiplier = 5, input = [5, 4, 3], bias_initializer = constant(0.25),
        depthwise_initializer = variance_scaling(2.0, mode = fan_out, distribution = uniform));
    SeparableScaled = separable_conv2d(5, 2, depth_multiplier = 2, input = [5, 4, 3], depthwise_initializer = he_normal,
        pointwise_initializer = lecun_uniform, bias_initializer = ones);
    TransposeHe = conv2d_transpose(9, 3, input = [3, 4, 2], kernel_initializer = he_normal,
        bias_initializer = truncated_normal(1.0, 0.2));
    ConvOrthogonal = conv2d(7, [2, 3], input = [3, 4, 2], kernel_initializer = orthogonal(1.5),
        bias_initializer = random_uniform(-0.1, 0.3));
    LstmStarted = lstm(5, input = [4, 3], kernel_initializer = random_normal(0.1, 0.3), recurrent_initializer = glorot_normal,
        bias_initializer = constant(0.5));
    HeadsStarted(a: [4, 5], b: [3, 6]) {
        (a, b) >> multi_head_attention(2, 9, kernel_initializer = he_uniform, bias_initializer = glorot_uniform)
    }
    EinsumLecun = einsum_dense("abc,cde->abde", [4, 2, 7], input = [4, 5], kernel_initializer = lecun_normal);
}

/// What `starts.py` has written.
pub fn read() -> Value {
    let path = format!("{}/fixtures/starts.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("it is JSON")
}

/// Holds the weights of many models to case `name`. The host draws them, wherever a model is to run.
pub fn check<M: Model>(fixture: &Value, name: &str) -> Result<()> {
    let models = (0..MODELS).map(|seed| M::on(&Cpu::threads(1), seed)).collect::<Result<Vec<_>>>()?;
    for weight in M::SPEC.weights {
        let what = format!("{name}: {}", weight.name);
        let expected = &fixture["cases"][name][weight.name];
        let number = |key: &str| expected[key].as_f64().unwrap_or_else(|| panic!("{what}: no `{key}`"));
        let drawn = models.iter().map(|model| model.weight(weight.name)).collect::<Result<Vec<_>>>()?;
        if let Some(values) = expected["values"].as_array() {
            let values: Vec<f32> = values.iter().map(|x| x.as_f64().expect("a number") as f32).collect();
            assert!(drawn.iter().all(|drawn| drawn.iter().eq(&values)), "{what} is {:?}", drawn[0]);
        } else if expected["gain"].is_number() {
            drawn.iter().for_each(|drawn| assert_orthogonal(&what, drawn, number("gain")));
        } else {
            let all: Vec<f64> = drawn.iter().flatten().map(|x| f64::from(*x)).collect();
            let n = all.len() as f64;
            let mean = all.iter().sum::<f64>() / n;
            let deviation = (all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
            let greatest = all.iter().fold(0.0f64, |greatest, x| greatest.max(x.abs()));
            // Of as many numbers as there are on either side, chance brings means and deviations so far apart.
            let chance = 4.0 * (1.0 / n + 1.0 / number("numbers")).sqrt();
            let spread = number("deviation");
            assert!((mean - number("mean")).abs() < chance * spread, "{what}: its mean is {mean}");
            assert!((deviation / spread - 1.0).abs() < chance, "{what}: {deviation} instead of {spread}");
            // Normal numbers have no end.
            let near = if number("greatest") > 3.0 * spread { 0.5 } else { 0.06 };
            let expected = number("greatest");
            assert!(
                (greatest / expected - 1.0).abs() < near,
                "{what}: up to {greatest} instead of {expected}"
            );
        }
    }
    Ok(())
}

/// The shorter of a matrix's rows and columns are orthogonal, and of length `gain`.
fn assert_orthogonal(what: &str, weight: &ArrayD<f32>, gain: f64) {
    let columns = *weight.shape().last().expect("a shape");
    let matrix = weight.to_shape((weight.len() / columns, columns)).expect("whole rows");
    let products = if matrix.nrows() < columns { matrix.dot(&matrix.t()) } else { matrix.t().dot(&matrix) };
    for ((i, j), product) in products.indexed_iter() {
        let expected = if i == j { gain * gain } else { 0.0 };
        assert!((f64::from(*product) - expected).abs() < 1e-4, "{what}: {product} at {i}, {j}");
    }
}

#[test]
fn weights_start_as_their_initializers_say() -> Result<()> {
    let fixture = read();
    check::<AdditiveAttention>(&fixture, "additive_attention")?;
    check::<ReversibleEmbedding>(&fixture, "reversible_embedding")?;
    check::<RmsNormalization>(&fixture, "rms_normalization")?;
    check::<LstmPlain>(&fixture, "lstm_plain")?;
    check::<DepthwiseScaled>(&fixture, "depthwise_scaled")?;
    check::<SeparableScaled>(&fixture, "separable_scaled")?;
    check::<TransposeHe>(&fixture, "transpose_he")?;
    check::<ConvOrthogonal>(&fixture, "conv_orthogonal")?;
    check::<LstmStarted>(&fixture, "lstm_started")?;
    check::<HeadsStarted>(&fixture, "heads_started")?;
    check::<EinsumLecun>(&fixture, "einsum_lecun")
}
