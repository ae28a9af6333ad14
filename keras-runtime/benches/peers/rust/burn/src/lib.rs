//! burn: W1's network.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use shared::Layer;

/// W1's network.
#[derive(Module, Debug)]
pub struct Mlp {
    dense: [Linear; 3],
    dropout: [Dropout; 2],
}

impl Mlp {
    pub fn new(device: &Device) -> Self {
        Mlp {
            dense: [(784, 256), (256, 128), (128, 10)].map(|(i, o)| LinearConfig::new(i, o).init(device)),
            dropout: [0.4, 0.3].map(|rate| DropoutConfig::new(rate).init()),
        }
    }

    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.dropout[0].forward(relu(self.dense[0].forward(x)));
        let x = self.dropout[1].forward(relu(self.dense[1].forward(x)));
        self.dense[2].forward(x)
    }

    pub fn with_weights(layers: &[Layer], device: &Device) -> Self {
        let mut model = Mlp::new(device);
        model.dense.iter_mut().zip(layers).for_each(|(dense, layer)| set(dense, layer, device));
        model.valid()
    }

    /// Probabilities for `n` images.
    pub fn predict(&self, x: Vec<f32>, n: usize, device: &Device) -> Vec<f32> {
        softmax(self.forward(floats(x, [n, 784], device)), 1).into_data().try_into_vec().expect("numbers")
    }
}

pub fn floats<const D: usize>(x: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(x, shape), device)
}

/// Gives a layer its weights.
pub fn set(dense: &mut Linear, layer: &Layer, device: &Device) {
    let shape = [layer.shape[0], layer.shape[1]];
    dense.weight = Param::from_tensor(floats(layer.kernel.clone(), shape, device));
    dense.bias = Some(Param::from_tensor(floats(layer.bias.clone(), [shape[1]], device)));
}
