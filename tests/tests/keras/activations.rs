//! Every activation and its derivative, with its defaults and with other numbers.

use keras_runtime::prelude::*;

use crate::fixture::{Cotangent, Fixture, assert_close, probe_gradient, still};

fn check<M: Model>(model: M, name: &str) -> Result<()> {
    let fixture = Fixture::load("activations");
    let (x, y) = (fixture.get("x"), fixture.get(&format!("{name}/y")));
    let mut model = model.compile(still(), Cotangent { batch: x.shape()[0] }, ());
    assert_close(name, &model.predict(x)?, y, 1e-5);
    // A gate halves its axis: it has the first columns of the cotangent.
    let cotangent = fixture.get("cotangent");
    let cotangent = cotangent.slice_each_axis(|axis| match axis.axis.index() {
        1 => (..y.shape()[1]).into(),
        _ => (..).into(),
    });
    model.train_on_batch(x, cotangent)?;
    let expected = probe_gradient(x, fixture.get(&format!("{name}/dx")));
    assert_close(&format!("{name}: derivative"), &model.gradient("probe/kernel")?, &expected, 1e-5);
    Ok(())
}

macro_rules! activations {
    ($($test:ident $model:ident $activation:expr;)*) => {
        keras_model! {
            $(
                // Numbers go through an identity kernel, whose gradient tells theirs.
                $model = dense(6, $activation, use_bias = false, kernel_initializer = identity, name = "probe", input = 6);
            )*
        }
        $(
            #[test]
            fn $test() -> Result<()> {
                check($model::new(0), stringify!($test))
            }
        )*
    };
}

activations! {
    celu Celu celu;
    celu_alpha CeluAlpha celu(alpha=0.5);
    elu Elu elu;
    elu_alpha EluAlpha elu(alpha=0.3);
    exponential Exponential exponential;
    gelu Gelu gelu;
    gelu_approximate GeluApproximate gelu(approximate=true);
    glu Glu glu;
    hard_shrink HardShrink hard_shrink;
    hard_shrink_threshold HardShrinkThreshold hard_shrink(threshold=1.2);
    hard_sigmoid HardSigmoid hard_sigmoid;
    hard_silu HardSilu hard_silu;
    hard_swish HardSwish hard_swish;
    hard_tanh HardTanh hard_tanh;
    leaky_relu LeakyRelu leaky_relu;
    leaky_relu_slope LeakyReluSlope leaky_relu(negative_slope=0.05);
    linear Linear linear;
    log_sigmoid LogSigmoid log_sigmoid;
    log_softmax LogSoftmax log_softmax;
    mish Mish mish;
    relu Relu relu;
    relu_slope ReluSlope relu(negative_slope=0.1);
    relu_max ReluMax relu(max_value=2.0);
    relu_threshold ReluThreshold relu(threshold=1.1);
    relu_all ReluAll relu(negative_slope=0.1, max_value=2.0, threshold=1.1);
    relu6 Relu6 relu6;
    selu Selu selu;
    sigmoid Sigmoid sigmoid;
    soft_shrink SoftShrink soft_shrink;
    soft_shrink_threshold SoftShrinkThreshold soft_shrink(threshold=1.2);
    softmax Softmax softmax;
    softplus Softplus softplus;
    softsign Softsign softsign;
    sparse_plus SparsePlus sparse_plus;
    sparse_sigmoid SparseSigmoid sparse_sigmoid;
    squareplus Squareplus squareplus;
    squareplus_b SquareplusB squareplus(b=1);
    silu Silu silu;
    swish Swish swish;
    tanh Tanh tanh;
    tanh_shrink TanhShrink tanh_shrink;
    threshold Threshold threshold(threshold=0.7, default_value=-0.2);
}

keras_model! { Sparsemax = activation(sparsemax, input = 6) }

/// Keras 3.15 gives rows of zeros where the support has several elements, which is no point of the simplex: held to the
/// definition of Martins and Astudillo instead, the nearest point that sums to 1.
#[test]
fn sparsemax() -> Result<()> {
    let fixture = Fixture::load("activations");
    let x = fixture.get("x");
    let p = Sparsemax::new(0).predict(x)?;
    for (x, p) in x.rows().into_iter().zip(p.rows()) {
        let mut sorted = x.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let sums: Vec<f32> = sorted
            .iter()
            .scan(0.0, |sum, z| {
                *sum += z;
                Some(*sum)
            })
            .collect();
        let size = (1..=6)
            .rev()
            .find(|k| 1.0 + *k as f32 * sorted[k - 1] > sums[k - 1])
            .expect("the first always does");
        let tau = (sums[size - 1] - 1.0) / size as f32;
        for (x, p) in x.iter().zip(p) {
            assert!((p - (x - tau).max(0.0)).abs() < 1e-5, "{p} for {x}");
        }
    }
    Ok(())
}
