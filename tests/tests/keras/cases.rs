//! Layers and functions against Keras: outputs, and gradients of inputs and weights, on small functional models.

use keras_runtime::data::IntoTensor;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;

use crate::fixture::{Cotangent, Fixture, assert_close, probe_gradient, still};

/// Holds `model` to case `name` of a fixture, element by element to `tolerance` of the tensor's scale.
pub fn check<M: Model>((file, tolerance): (&str, f32), model: M, name: &str, inputs: &[&str]) -> Result<()> {
    let fixture = Fixture::load(file);
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    let batch = get(inputs[0]).shape()[0];
    let losses: Vec<Box<dyn Loss>> =
        M::SPEC.outputs.iter().map(|_| Box::new(Cotangent { batch }) as _).collect();
    let mut model = model.compile(still(), losses, ());
    let weights =
        || M::SPEC.weights.iter().map(|weight| weight.name).filter(|weight| !weight.starts_with("probe"));
    for weight in weights() {
        model.set_weight(weight, get(weight))?;
    }
    let x: Vec<_> = inputs.iter().map(|input| get(input).into_tensor()).collect();
    let outputs = model.predict_outputs(x.clone())?;
    let part =
        |part: &str, i: usize| if outputs.len() > 1 { format!("{part}_{i}") } else { part.to_string() };
    for (i, output) in outputs.iter().enumerate() {
        assert_close(&format!("{name}: {}", part("output", i)), output, get(&part("output", i)), tolerance);
    }
    let y: Vec<_> = (0..outputs.len()).map(|i| get(&part("cotangent", i)).into_tensor()).collect();
    model.train_on_batch(x, y)?;
    for weight in weights() {
        assert_close(
            &format!("{name}: {weight}"),
            &model.gradient(weight)?,
            get(&format!("grad/{weight}")),
            tolerance,
        );
    }
    for input in inputs {
        let expected = probe_gradient(get(input), get(&format!("grad/{input}")));
        let found = model.gradient(&format!("probe_{input}/kernel"))?;
        assert_close(&format!("{name}: gradient of {input}"), &found, &expected, tolerance);
    }
    Ok(())
}

/// Each input goes through an identity kernel over its last axis, whose gradient tells that of the input.
macro_rules! layers {
    ($fixture:expr; $($test:ident $model:ident ($($value:ident $input:ident $probe:literal [$($lead:literal),*; $k:literal]),*) { $($body:tt)* })*) => {
        keras_model! {
            $(
                $model($($input: [$($lead,)* $k]),*) {
                    $(
                        let $value = $input >> reshape([-1, $k])
                            >> dense($k, use_bias = false, kernel_initializer = identity, name = $probe)
                            >> reshape([$($lead,)* $k]);
                    )*
                    $($body)*
                }
            )*
        }
        $(
            #[test]
            fn $test() -> Result<()> {
                $crate::cases::check($fixture, $model::new(0), stringify!($test), &[$(stringify!($value)),*])
            }
        )*
    };
}

pub(crate) use layers;
