//! A fresh process that classifies one digit: `start-candle mlp.safetensors seven.raw`.

fn main() -> candle_core::Result<()> {
    let (weights, picture) = shared::start();
    let model = peer_candle::Mlp::with_weights(&shared::mlp(&weights))?;
    shared::likely(&model.predict(&picture, 1)?);
    Ok(())
}
