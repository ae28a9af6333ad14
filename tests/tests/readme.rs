//! The models of the README, as they stand there.

use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    const WIDTH: usize = 32;

    // Sequential.
    pub Encoder = dense(WIDTH * 2, gelu, input = 16) >> dense(WIDTH);

    // Functional: inputs, outputs, values, layers that are shared, models as layers, arithmetic.
    pub Pair(left: [16], right: [16]) -> (same: [1], distance: [WIDTH]) {
        let encode = Encoder;
        let a = left >> encode;
        let b = right >> encode;
        let distance = abs(a - b);
        (distance >> dense(1, sigmoid), distance)
    }

    // Any expression is a layer, differentiated and fused as any other.
    pub Scaled = dense(8, input = 4) >> lambda(|x| x / sqrt(mean(square(x), axis = -1, keepdims = true) + 1e-6));
}

#[test]
fn an_expression_is_a_model() -> Result<()> {
    let mut model = keras_model!(dense(64, relu, input = 30) >> dense(1, sigmoid));
    let p = model.predict(Array2::<f32>::zeros((2, 30)))?;
    assert_eq!(p.shape(), [2, 1]);
    assert!(p.iter().all(|p| *p == 0.5), "nothing in, and no bias yet: {p}");
    Ok(())
}

#[test]
fn a_model_as_a_shared_layer_has_its_weights_once() -> Result<()> {
    let mut model = Pair::new(1);
    assert_eq!(model.count_params(), Encoder::new(1).count_params() + WIDTH + 1);
    let x = Array2::from_shape_fn((3, 16), |(i, j)| (i * 16 + j) as f32 / 48.0);
    let outputs = model.predict_outputs((&x, &x))?;
    assert_eq!((outputs[0].shape(), outputs[1].shape()), (&[3, 1][..], &[3, WIDTH][..]));
    assert!(outputs[1].iter().all(|d| *d == 0.0), "one encoder sees the same twice");
    Ok(())
}

#[test]
fn a_lambda_learns_through() -> Result<()> {
    let mut model =
        Scaled::new(3).compile(Adam { learning_rate: 0.05, ..Adam::default() }, MeanSquaredError, ());
    let x = Array2::from_shape_fn((64, 4), |(i, j)| ((i * 5 + j * 3) % 7) as f32 - 3.0);
    let y = Array2::from_shape_fn((64, 8), |(_, j)| if j % 2 == 0 { 1.0 } else { -1.0 });
    let settings = Fit { epochs: 60, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    let loss = history.get("loss").expect("a loss");
    assert!(loss[59] < 0.2 * loss[0], "{} to {}", loss[0], loss[59]);
    let rows = model.predict(&x)?;
    for row in rows.rows() {
        let mean = row.iter().map(|x| x * x).sum::<f32>() / 8.0;
        assert!((mean - 1.0).abs() < 1e-3, "rows have mean square 1, found {mean}");
    }
    Ok(())
}
