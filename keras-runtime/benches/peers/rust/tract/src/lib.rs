//! tract: networks of W4 as ONNX files.

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::prelude::*;

pub type Plan = Arc<TypedRunnableModel>;

/// The network of this file for batches of this shape.
pub fn plan(file: &[u8], shape: &[usize]) -> TractResult<Plan> {
    let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(file))?;
    model.with_input_fact(0, f32::fact(shape).into())?.into_optimized()?.into_runnable()
}

/// Its probabilities for these images.
pub fn predict(plan: &Plan, x: &[f32], shape: &[usize]) -> TractResult<Vec<f32>> {
    let p = plan.run(tvec!(Tensor::from_shape(shape, x)?.into()))?;
    Ok(p[0].try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
}
