//! The network of the Keras overview, and a narrow one: one pass, forward and backward.

use keras_runtime::prelude::*;

use crate::fixture::{Fixture, assert_close, assert_close_number, still};

keras_model! {
    Mnist = dense(256, relu, input = 784) >> dense(128, relu) >> dense(10, softmax);
    Small = dense(32, relu, input = 784) >> dense(16, relu) >> dense(10, softmax);
}

fn check<M: Model>(model: M, name: &str) -> Result<()> {
    let fixture = Fixture::load(name);
    let mut model = model.compile(still(), CategoricalCrossentropy, [Accuracy]);
    for weight in M::SPEC.weights {
        model.set_weight(weight.name, fixture.get(weight.name))?;
    }
    let (x, y) = (fixture.get("x"), fixture.get("y"));
    assert_close("output", &model.predict(x)?, fixture.get("output"), 1e-5);
    let score = model.train_on_batch(x, y)?;
    assert_close_number("loss", score.loss, f64::from(fixture.get("loss")[[0]]), 1e-5);
    assert_close_number("evaluated loss", model.evaluate(x, y)?.loss, score.loss, 1e-6);
    for weight in M::SPEC.weights {
        let expected = fixture.get(&format!("grad/{}", weight.name));
        assert_close(weight.name, &model.gradient(weight.name)?, expected, 1e-5);
    }
    Ok(())
}

#[test]
fn the_overview_network() -> Result<()> {
    check(Mnist::new(0), "mnist_mlp")
}

#[test]
fn a_narrow_one() -> Result<()> {
    check(Small::new(0), "mnist_mlp_small")
}
