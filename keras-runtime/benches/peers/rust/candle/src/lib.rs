//! candle: W1's network.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::{Dropout, Linear, Module, VarBuilder, linear, ops::softmax};
use shared::Layer;

pub const CPU: Device = Device::Cpu;

/// W1's network.
pub struct Mlp {
    dense: [Linear; 3],
    dropout: [Dropout; 2],
}

impl Mlp {
    pub fn new(vb: VarBuilder) -> Result<Self> {
        let dense =
            [linear(784, 256, vb.pp("a"))?, linear(256, 128, vb.pp("b"))?, linear(128, 10, vb.pp("c"))?];
        Ok(Mlp { dense, dropout: [Dropout::new(0.4), Dropout::new(0.3)] })
    }

    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let x = self.dropout[0].forward(&self.dense[0].forward(x)?.relu()?, train)?;
        let x = self.dropout[1].forward(&self.dense[1].forward(&x)?.relu()?, train)?;
        self.dense[2].forward(&x)
    }

    pub fn with_weights(layers: &[Layer]) -> Result<Self> {
        let dense = [dense(&layers[0])?, dense(&layers[1])?, dense(&layers[2])?];
        Ok(Mlp { dense, dropout: [Dropout::new(0.4), Dropout::new(0.3)] })
    }

    /// Probabilities for `n` images.
    pub fn predict(&self, x: &[f32], n: usize) -> Result<Vec<f32>> {
        let logits = self.forward(&Tensor::from_slice(x, (n, 784), &CPU)?, false)?;
        softmax(&logits, D::Minus1)?.flatten_all()?.to_vec1::<f32>()
    }
}

/// A dense layer with these weights.
pub fn dense(layer: &Layer) -> Result<Linear> {
    let kernel = Tensor::from_vec(layer.transposed(), (layer.shape[1], layer.shape[0]), &CPU)?;
    Ok(Linear::new(kernel, Some(Tensor::from_slice(&layer.bias, layer.shape[1], &CPU)?)))
}
