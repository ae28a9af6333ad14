//! What a training step makes of its batch: random layers whose bounds leave them one value are held to Keras, and others
//! are looked at.

use std::sync::{Arc, Mutex};

use keras_runtime::data::IntoTensor;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array4, ArrayD};

use crate::fixture::{Cotangent, Fixture, assert_close, probe_gradient, still};

/// The outputs of a training step, and what their gradient is: `sum(output * target)`.
#[derive(Debug)]
pub struct Watched {
    cotangent: Cotangent,
    seen: Arc<Mutex<Vec<f32>>>,
}

impl Loss for Watched {
    fn name(&self) -> &str {
        "watched"
    }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        self.seen.lock().expect("no thread has failed").extend_from_slice(p);
        self.cotangent.sample(y, p, classes, slope)
    }
}

/// What a layer does while predicting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Inferring {
    /// What it does while training.
    Same,
    /// Nothing.
    Nothing,
}

/// A model with one input that goes through the probe, and perhaps others that do not.
pub fn check<M: Model>(
    (file, tolerance): (&str, f32),
    model: M,
    name: &str,
    inputs: &[&str],
    inferring: Inferring,
) -> Result<()> {
    let fixture = Fixture::load(file);
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    let seen = Arc::default();
    let loss = Watched { cotangent: Cotangent { batch: 3 }, seen: Arc::clone(&seen) };
    // One thread, so that samples are seen in their order.
    let model = M::on(&Cpu::threads(1), model.network().seed())?;
    let mut model = model.compile(still(), vec![Box::new(loss) as Box<dyn Loss>], ());
    let x: Vec<_> = inputs.iter().map(|input| get(input).into_tensor()).collect();
    let expected = if inferring == Inferring::Same { get("output") } else { get("a") };
    assert_close(&format!("{name}, inferring"), &model.predict(x.clone())?, expected, tolerance);
    model.train_on_batch(x, get("cotangent"))?;
    let output = get("output");
    let seen = seen.lock().expect("no thread has failed").clone();
    let trained = ArrayD::from_shape_vec(output.shape(), seen).expect("the outputs of a batch");
    assert_close(name, &trained, output, tolerance);
    let gradient = probe_gradient(get("a"), get("grad/a"));
    assert_close(&format!("{name}: gradient"), &model.gradient("probe/kernel")?, &gradient, tolerance);
    Ok(())
}

/// What a training step sees of `x`, sample by sample.
pub fn while_training<M: Model>(model: M, x: &ArrayD<f32>) -> Result<Vec<Vec<f32>>> {
    let seen = Arc::default();
    let loss = Watched { cotangent: Cotangent { batch: 1 }, seen: Arc::clone(&seen) };
    let y = model.network().spec().outputs[0].shape;
    let width: usize = y.iter().product();
    let targets = ArrayD::<f32>::zeros([&[x.shape()[0]], y].concat());
    let device = Cpu::threads(1);
    let mut trainer =
        M::on(&device, model.network().seed())?.compile(still(), vec![Box::new(loss) as Box<dyn Loss>], ());
    trainer.train_on_batch(x, &targets)?;
    let seen = seen.lock().expect("no thread has failed").clone();
    Ok(seen.chunks(width).map(<[f32]>::to_vec).collect())
}

/// Images whose elements say where they are.
pub fn places(dims: (usize, usize, usize, usize)) -> ArrayD<f32> {
    let (_, height, width, channels) = dims;
    Array4::from_shape_fn(dims, |(_, i, j, c)| (((i * width) + j) * channels + c) as f32 + height as f32)
        .into_dyn()
}

/// Each image goes through an identity kernel over its channels, whose gradient tells that of the image.
macro_rules! images {
    ($fixture:expr, [$height:literal, $width:literal, $channels:literal];
     $($test:ident $model:ident ($($other:ident: $shape:tt),*) $inferring:ident { $($body:tt)* })*) => {
        keras_model! {
            $($model(a0: [$height, $width, $channels] $(, $other: $shape)*) {
                let a = a0 >> reshape([-1, $channels])
                    >> dense($channels, use_bias = false, kernel_initializer = identity, name = "probe")
                    >> reshape([$height, $width, $channels]);
                $($body)*
            })*
        }
        $(
            #[test]
            fn $test() -> Result<()> {
                let inferring = $crate::watched::Inferring::$inferring;
                $crate::watched::check($fixture, $model::new(0), stringify!($test), &["a" $(, stringify!($other))*], inferring)
            }
        )*
    };
}

pub(crate) use images;
