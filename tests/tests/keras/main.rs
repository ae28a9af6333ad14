//! Against Keras 3: outputs, losses, gradients and optimizer steps of real Keras, kept in `tests/fixtures` with the script
//! that made them.

mod activations;
mod cases;
mod fixture;
mod layers;
mod losses;
mod mlp;
mod optimizers;
mod seen;
