//! Spectral normalization against Keras.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close, assert_close_number};
use keras_runtime::prelude::*;

keras_model! {
    Dense = spectral_normalization(dense(3), input = 4);
    Iterations = spectral_normalization(dense(5, tanh, use_bias = false), power_iterations = 3, input = 4) >> dense(3, name = "dense_1");
    Conv = spectral_normalization(conv2d(3, 2), input = [5, 4, 2]) >> flatten();
    Regularized = spectral_normalization(dense(3, kernel_regularizer = l2(0.1)), input = 4);
    Zeros = spectral_normalization(dense(3, kernel_initializer = zeros), input = 4);
    Words = spectral_normalization(embedding(6, 3), input = [4]) >> flatten() >> dense(1);
    /// A critic of two inputs, with one kernel.
    Twice(x: [4], y: [4]) {
        let critic = spectral_normalization(dense(3));
        (x >> critic) - (y >> critic)
    }
}

fn check<M: Model>(case: &str) -> Result<()> {
    let fixture = Fixture::load("spectral");
    let of = |name: &str| fixture.get(&format!("{case}/{name}"));
    let mut model = M::with_seed(0);
    for weight in M::SPEC.weights {
        model.set_weight(weight.name, of(weight.name))?;
    }
    assert_close(&format!("{case}: before"), &model.predict(of("x"))?, of("before"), 1e-5);
    let sgd = Sgd { learning_rate: 0.1, ..Sgd::default() };
    let mut model = model.compile(sgd, MeanSquaredError, ());
    for step in 0..3 {
        let score = model.train_on_batch(of("x"), of("y"))?;
        let what = format!("{case}: step {step}");
        assert_close_number(&what, score.loss, f64::from(of("losses")[step]), 1e-5);
        for weight in M::SPEC.weights {
            let expected = of(&format!("{step}/{}", weight.name));
            assert_close(&format!("{what}: {}", weight.name), &model.weight(weight.name)?, expected, 1e-5);
        }
    }
    assert_close(&format!("{case}: after"), &model.predict(of("x"))?, of("after"), 1e-5);
    Ok(())
}

#[test]
fn steps_are_those_of_keras() -> Result<()> {
    check::<Dense>("dense")?;
    check::<Iterations>("dense_iterations")?;
    check::<Conv>("conv2d")?;
    check::<Regularized>("regularized")?;
    check::<Zeros>("zeros")
}

/// A table of embeddings, and a kernel that two inputs share: after a step without an update the greatest singular value is 1.
#[test]
fn the_greatest_singular_value_becomes_1() -> Result<()> {
    let still = || Sgd { learning_rate: 0.0, ..Sgd::default() };
    let mut words = Words::new(3).compile(still(), MeanSquaredError, ());
    let (x, y) = (ndarray::array![[0u8, 1, 2, 3], [5, 4, 3, 3]], ndarray::array![[1.0f32], [2.0]]);
    let mut twice = Twice::new(3).compile(still(), MeanSquaredError, ());
    let (a, b) = (ndarray::Array2::<f32>::ones((2, 4)), ndarray::Array2::<f32>::zeros((2, 4)));
    let c = ndarray::Array2::<f32>::ones((2, 3));
    for _ in 0..60 {
        words.train_on_batch(&x, &y)?;
        twice.train_on_batch((&a, &b), &c)?;
    }
    let norm = |m: &ndarray::ArrayD<f32>| {
        let m = m.clone().into_dimensionality::<ndarray::Ix2>().expect("a matrix");
        let mut u = ndarray::Array1::<f32>::ones(m.ncols());
        for _ in 0..200 {
            u = m.t().dot(&m.dot(&u));
            u /= u.dot(&u).sqrt();
        }
        m.dot(&u).dot(&m.dot(&u)).sqrt()
    };
    for (name, matrix) in [
        ("embeddings", words.weight("spectral_normalization/embedding/embeddings")?),
        ("kernel", twice.weight("spectral_normalization/dense/kernel")?),
    ] {
        assert!((norm(&matrix) - 1.0).abs() < 1e-4, "{name}: {}", norm(&matrix));
    }
    Ok(())
}
