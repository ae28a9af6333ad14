//! A fresh process that classifies one digit: `start-tract mlp.onnx seven.raw`.

fn main() {
    let (file, picture) = shared::start();
    let plan = peer_tract::plan(&file, &[1, 784]).expect("a plan");
    shared::likely(&peer_tract::predict(&plan, &picture, &[1, 784]).expect("probabilities"));
}
