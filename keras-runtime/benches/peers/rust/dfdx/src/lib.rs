//! dfdx: W1's network.

use dfdx::prelude::*;
use shared::Layer;

pub type Hidden<const I: usize, const O: usize> = (Linear<I, O>, ReLU, Dropout);
pub type Mlp = (Hidden<784, 256>, Hidden<256, 128>, Linear<128, 10>);
pub type Built = <Mlp as BuildOnDevice<Cpu, f32>>::Built;

/// The network with these weights.
pub fn with_weights(cpu: &Cpu, layers: &[Layer]) -> Built {
    let mut model = cpu.build_module::<Mlp, f32>();
    model.0.0.weight.copy_from(&layers[0].transposed());
    model.0.0.bias.copy_from(&layers[0].bias);
    model.1.0.weight.copy_from(&layers[1].transposed());
    model.1.0.bias.copy_from(&layers[1].bias);
    model.2.weight.copy_from(&layers[2].transposed());
    model.2.bias.copy_from(&layers[2].bias);
    model
}
