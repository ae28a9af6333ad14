//! A fresh process that classifies one digit: `start-burn mlp.safetensors seven.raw`.

use burn::tensor::Device;

fn main() {
    let (weights, picture) = shared::start();
    let device = Device::flex();
    let model = peer_burn::Mlp::with_weights(&shared::mlp(&weights), &device);
    shared::likely(&model.predict(picture, 1, &device));
}
