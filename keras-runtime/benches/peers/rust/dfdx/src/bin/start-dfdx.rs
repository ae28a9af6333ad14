//! A fresh process that classifies one digit: `start-dfdx mlp.safetensors seven.raw`.

use dfdx::prelude::*;

fn main() {
    let (weights, picture) = shared::start();
    let cpu = Cpu::default();
    let model = peer_dfdx::with_weights(&cpu, &shared::mlp(&weights));
    let x: Tensor<Rank1<784>, f32, Cpu> = cpu.tensor_from_vec(picture, (Const,));
    shared::likely(&model.forward(x).softmax().as_vec());
}
