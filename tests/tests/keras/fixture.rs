//! Reading fixtures, and comparing with them.

use std::collections::HashMap;

use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array2, ArrayD, IxDyn};

/// The tensors of one file.
pub struct Fixture {
    tensors: HashMap<String, ArrayD<f32>>,
}

impl Fixture {
    /// Reads `tests/fixtures/NAME.safetensors`.
    pub fn load(name: &str) -> Self {
        let path = format!("{}/fixtures/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let tensors = file.tensors().into_iter().map(|(name, view)| {
            let words = view.data().chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]]);
            let values: Vec<f32> = match view.dtype() {
                safetensors::Dtype::F32 => words.map(f32::from_le_bytes).collect(),
                safetensors::Dtype::I32 => words.map(|b| i32::from_le_bytes(b) as f32).collect(),
                other => panic!("{name} is of {other:?}"),
            };
            (name, ArrayD::from_shape_vec(IxDyn(view.shape()), values).expect("as many values"))
        });
        Fixture { tensors: tensors.collect() }
    }

    #[allow(dead_code)]
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    pub fn get(&self, name: &str) -> &ArrayD<f32> {
        self.tensors.get(name).unwrap_or_else(|| panic!("the fixture has no {name}"))
    }
}

/// Every element agrees to `tolerance`, relative to the greatest of the tensor. Where all of it is 0 but for rounding, the
/// terms of its sums are not: they are of the order of 0.1 at least.
pub fn assert_close(what: &str, found: &ArrayD<f32>, expected: &ArrayD<f32>, tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: {:?} instead of {:?}", found.shape(), expected.shape());
    let scale = expected.iter().fold(0.1f32, |scale, x| scale.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}[{i}]: {a} instead of {b} (scale {scale})");
    }
}

/// A scalar that agrees to `tolerance`.
pub fn assert_close_number(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1e-3),
        "{what}: {found} instead of {expected}"
    );
}

/// `sum(output * target)` over the whole batch, so that targets are the gradient of the output.
#[derive(Debug)]
pub struct Cotangent {
    pub batch: usize,
}

impl Loss for Cotangent {
    fn name(&self) -> &str {
        "cotangent"
    }

    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        // A model's loss is the mean over the batch.
        let n = self.batch as f32;
        if let Some(slope) = slope {
            slope.iter_mut().zip(y).for_each(|(slope, y)| *slope = n * y);
        }
        n * y.iter().zip(p).map(|(y, p)| y * p).sum::<f32>()
    }
}

/// `xᵀ · dx` over all but the last axis: the gradient of an identity kernel through which `x` went.
pub fn probe_gradient(x: &ArrayD<f32>, dx: &ArrayD<f32>) -> ArrayD<f32> {
    let k = *x.shape().last().expect("a shape");
    let rows = |a: &ArrayD<f32>| {
        Array2::from_shape_vec((a.len() / k, k), a.iter().copied().collect()).expect("whole rows")
    };
    rows(x).t().dot(&rows(dx)).into_dyn()
}

/// A step that changes nothing, for its gradients.
pub fn still() -> Sgd {
    Sgd { learning_rate: 0.0, ..Sgd::default() }
}
