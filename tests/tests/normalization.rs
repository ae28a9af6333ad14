//! Normalization against Keras: outputs while training and not, gradients of inputs and weights, moving averages.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Cotangent, Fixture, assert_close, probe_gradient, still};
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;

keras_model! {
    Layer(a0: [5]) { let a = a0 >> reshape([-1, 5]) >> dense(5, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([5]); a >> layer_normalization(name = "n") }
    LayerRank3(a0: [4, 3, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 3, 6]); a >> layer_normalization(name = "n") }
    LayerAxes(a0: [4, 3, 5]) { let a = a0 >> reshape([-1, 5]) >> dense(5, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 3, 5]); a >> layer_normalization(axis = [1, 3], epsilon = 0.1, name = "n") }
    LayerPlain(a0: [4, 17]) { let a = a0 >> reshape([-1, 17]) >> dense(17, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 17]); a >> layer_normalization(center = false, scale = false, name = "n") }
    Group(a0: [4, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 6]); a >> group_normalization(3, name = "n") }
    GroupImage(a0: [3, 4, 8]) { let a = a0 >> reshape([-1, 8]) >> dense(8, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([3, 4, 8]); a >> group_normalization(2, epsilon = 0.01, name = "n") }
    GroupInstance(a0: [5, 3]) { let a = a0 >> reshape([-1, 3]) >> dense(3, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([5, 3]); a >> group_normalization(-1, center = false, name = "n") }
    GroupFirst(a0: [4, 3, 5]) { let a = a0 >> reshape([-1, 5]) >> dense(5, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 3, 5]); a >> group_normalization(2, axis = 1, name = "n") }
    Rms(a0: [4, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 6]); a >> rms_normalization(name = "n") }
    RmsAxes(a0: [3, 4, 2]) { let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([3, 4, 2]); a >> rms_normalization(axis = (2, 3), epsilon = 0.5, name = "n") }
    Unit(a0: [4, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 6]); a >> unit_normalization() }
    UnitAxes(a0: [3, 4, 2]) { let a = a0 >> reshape([-1, 2]) >> dense(2, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([3, 4, 2]); a >> unit_normalization(axis = (1, 2)) }
    Batch(a0: [5]) { let a = a0 >> reshape([-1, 5]) >> dense(5, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([5]); a >> batch_normalization(name = "n") }
    BatchAlone(a: [5]) { a >> batch_normalization(name = "n") }
    BatchImage(a0: [4, 3, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 3, 6]); a >> batch_normalization(momentum = 0.8, epsilon = 0.1, name = "n") }
    BatchImageAlone(a: [4, 3, 6]) { a >> batch_normalization(momentum = 0.8, epsilon = 0.1, name = "n") }
    BatchFirst(a0: [4, 3, 5]) { let a = a0 >> reshape([-1, 5]) >> dense(5, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 3, 5]); a >> batch_normalization(axis = 1, name = "n") }
    BatchFirstAlone(a: [4, 3, 5]) { a >> batch_normalization(axis = 1, name = "n") }
    BatchPlain(a0: [4, 17]) { let a = a0 >> reshape([-1, 17]) >> dense(17, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 17]); a >> batch_normalization(center = false, scale = false, name = "n") }
    BatchPlainAlone(a: [4, 17]) { a >> batch_normalization(center = false, scale = false, name = "n") }
    BatchFrozen(a0: [4, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 6]); a >> batch_normalization(trainable = false, name = "n") }
    BatchFrozenAlone(a: [4, 6]) { a >> batch_normalization(trainable = false, name = "n") }
    BatchTwice(a0: [6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([6]); a >> batch_normalization(name = "n") >> dense(4, tanh, name = "d") >> batch_normalization(name = "m") }
    BatchTwiceAlone(a: [6]) { a >> batch_normalization(name = "n") >> dense(4, tanh, name = "d") >> batch_normalization(name = "m") }
    BatchRenorm(a0: [5]) { let a = a0 >> reshape([-1, 5]) >> dense(5, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([5]); a >> batch_normalization(renorm = true, name = "n") }
    BatchRenormAlone(a: [5]) { a >> batch_normalization(renorm = true, name = "n") }
    BatchRenormClipped(a0: [4, 3, 6]) { let a = a0 >> reshape([-1, 6]) >> dense(6, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 3, 6]); a >> batch_normalization(renorm = true, renorm_clipping = clipping(rmax = 1.1, rmin = 0.8, dmax = 0.1), renorm_momentum = 0.7, momentum = 0.8, moving_variance_initializer = constant(2.0), name = "n") }
    BatchRenormClippedAlone(a: [4, 3, 6]) { a >> batch_normalization(renorm = true, renorm_clipping = clipping(rmax = 1.1, rmin = 0.8, dmax = 0.1), renorm_momentum = 0.7, momentum = 0.8, moving_variance_initializer = constant(2.0), name = "n") }
    BatchRenormPlain(a0: [4, 7]) { let a = a0 >> reshape([-1, 7]) >> dense(7, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([4, 7]); a >> batch_normalization(axis = 1, center = false, scale = false, renorm = true, renorm_clipping = clipping(rmax = 0.9), epsilon = 0.1, name = "n") }
    BatchRenormPlainAlone(a: [4, 7]) { a >> batch_normalization(axis = 1, center = false, scale = false, renorm = true, renorm_clipping = clipping(rmax = 0.9), epsilon = 0.1, name = "n") }
    BatchMasked(a0: [5, 3]) { let a = a0 >> reshape([-1, 3]) >> dense(3, use_bias = false, kernel_initializer = identity, name = "probe_a") >> reshape([5, 3]); (a * (slice(a, 2, 0, 1) > -0.5)) >> masking() >> batch_normalization(name = "n") >> drop_mask() }
    BatchMaskedAlone(a: [5, 3]) { (a * (slice(a, 2, 0, 1) > -0.5)) >> masking() >> batch_normalization(name = "n") }
}

/// A file of cases, and how many samples they have.
type Cases = (&'static str, usize);

const FOUR: Cases = ("normalization", 4);
const ONE: Cases = ("normalization_one", 1);

/// The gradient of the output's product with a fixed tensor.
fn gradients<M: Model>((file, batch): Cases, model: M, name: &str) -> Result<()> {
    let fixture = Fixture::load(file);
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    let losses: Vec<Box<dyn Loss>> = vec![Box::new(Cotangent { batch })];
    let mut model = model.compile(still(), losses, ());
    let own = || M::SPEC.weights.iter().filter(|w| w.trainable && !w.name.starts_with("probe"));
    for weight in own() {
        model.set_weight(weight.name, get(weight.name))?;
    }
    model.train_on_batch(get("a"), get("cotangent"))?;
    for weight in own() {
        let found = model.gradient(weight.name)?;
        assert_close(
            &format!("{name}: {}", weight.name),
            &found,
            get(&format!("grad/{}", weight.name)),
            1e-5,
        );
    }
    let found = model.gradient("probe_a/kernel")?;
    assert_close(&format!("{name}: input"), &found, &probe_gradient(get("a"), get("grad/a")), 2e-5);
    Ok(())
}

/// Predictions of layers that do the same in both phases.
fn output<M: Model>(mut model: M, name: &str) -> Result<()> {
    let fixture = Fixture::load("normalization");
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    for weight in M::SPEC.weights.iter().filter(|weight| !weight.name.starts_with("probe")) {
        model.set_weight(weight.name, get(weight.name))?;
    }
    assert_close(name, &model.predict(get("a"))?, get("output"), 1e-5);
    Ok(())
}

/// Moving averages: they make the predictions, and a training step moves them.
fn moving<M: Model>((file, batch): Cases, mut model: M, name: &str) -> Result<()> {
    let (fixture, moving) = (Fixture::load(file), Fixture::load(&format!("{file}_moving")));
    for weight in M::SPEC.weights {
        let key = format!("{name}/{}", weight.name);
        let file = if moving.has(&key) { &moving } else { &fixture };
        model.set_weight(weight.name, file.get(&key))?;
    }
    let x = fixture.get(&format!("{name}/a"));
    assert_close(name, &model.predict(x)?, moving.get(&format!("{name}/inference")), 1e-5);
    let losses: Vec<Box<dyn Loss>> = vec![Box::new(Cotangent { batch })];
    let mut model = model.compile(still(), losses, ());
    model.train_on_batch(x, fixture.get(&format!("{name}/cotangent")))?;
    for weight in M::SPEC.weights.iter().filter(|weight| !weight.trainable) {
        let key = format!("{name}/after/{}", weight.name);
        assert_close(&key, &model.weight(weight.name)?, moving.get(&key), 1e-5);
    }
    Ok(())
}

#[test]
fn gradients_are_those_of_keras() -> Result<()> {
    gradients(FOUR, Layer::new(0), "layer")?;
    gradients(FOUR, LayerRank3::new(0), "layer_rank3")?;
    gradients(FOUR, LayerAxes::new(0), "layer_axes")?;
    gradients(FOUR, LayerPlain::new(0), "layer_plain")?;
    gradients(FOUR, Group::new(0), "group")?;
    gradients(FOUR, GroupImage::new(0), "group_image")?;
    gradients(FOUR, GroupInstance::new(0), "group_instance")?;
    gradients(FOUR, GroupFirst::new(0), "group_first")?;
    gradients(FOUR, Rms::new(0), "rms")?;
    gradients(FOUR, RmsAxes::new(0), "rms_axes")?;
    gradients(FOUR, Unit::new(0), "unit")?;
    gradients(FOUR, UnitAxes::new(0), "unit_axes")?;
    gradients(FOUR, Batch::new(0), "batch")?;
    gradients(FOUR, BatchImage::new(0), "batch_image")?;
    gradients(FOUR, BatchFirst::new(0), "batch_first")?;
    gradients(FOUR, BatchPlain::new(0), "batch_plain")?;
    gradients(FOUR, BatchFrozen::new(0), "batch_frozen")?;
    gradients(FOUR, BatchTwice::new(0), "batch_twice")?;
    gradients(FOUR, BatchMasked::new(0), "batch_masked")?;
    gradients(FOUR, BatchRenorm::new(0), "batch_renorm")?;
    gradients(FOUR, BatchRenormClipped::new(0), "batch_renorm_clipped")?;
    gradients(FOUR, BatchRenormPlain::new(0), "batch_renorm_plain")?;
    Ok(())
}

#[test]
fn outputs_are_those_of_keras() -> Result<()> {
    output(Layer::new(0), "layer")?;
    output(LayerRank3::new(0), "layer_rank3")?;
    output(LayerAxes::new(0), "layer_axes")?;
    output(LayerPlain::new(0), "layer_plain")?;
    output(Group::new(0), "group")?;
    output(GroupImage::new(0), "group_image")?;
    output(GroupInstance::new(0), "group_instance")?;
    output(GroupFirst::new(0), "group_first")?;
    output(Rms::new(0), "rms")?;
    output(RmsAxes::new(0), "rms_axes")?;
    output(Unit::new(0), "unit")?;
    output(UnitAxes::new(0), "unit_axes")?;
    Ok(())
}

#[test]
fn moving_averages_are_those_of_keras() -> Result<()> {
    moving(FOUR, BatchAlone::new(0), "batch")?;
    moving(FOUR, BatchImageAlone::new(0), "batch_image")?;
    moving(FOUR, BatchFirstAlone::new(0), "batch_first")?;
    moving(FOUR, BatchPlainAlone::new(0), "batch_plain")?;
    moving(FOUR, BatchFrozenAlone::new(0), "batch_frozen")?;
    moving(FOUR, BatchTwiceAlone::new(0), "batch_twice")?;
    moving(FOUR, BatchMaskedAlone::new(0), "batch_masked")?;
    moving(FOUR, BatchRenormAlone::new(0), "batch_renorm")?;
    moving(FOUR, BatchRenormClippedAlone::new(0), "batch_renorm_clipped")?;
    moving(FOUR, BatchRenormPlainAlone::new(0), "batch_renorm_plain")?;
    Ok(())
}

/// A sample alone varies only from place to place: where it has one place, nothing is left of it.
#[test]
fn single_samples() -> Result<()> {
    gradients(ONE, Layer::new(0), "layer")?;
    gradients(ONE, GroupImage::new(0), "group_image")?;
    gradients(ONE, Batch::new(0), "batch")?;
    gradients(ONE, BatchImage::new(0), "batch_image")?;
    gradients(ONE, BatchFirst::new(0), "batch_first")?;
    gradients(ONE, BatchFrozen::new(0), "batch_frozen")?;
    moving(ONE, BatchAlone::new(0), "batch")?;
    moving(ONE, BatchImageAlone::new(0), "batch_image")?;
    moving(ONE, BatchFirstAlone::new(0), "batch_first")?;
    moving(ONE, BatchFrozenAlone::new(0), "batch_frozen")
}
