//! tract: `peer-tract W4a|W4b|W4c|W4d`, on the files that `gen_data.py` writes.

use peer_tract::{plan, predict};
use shared::Peer;
use tract_linalg::multithread::{Executor, set_default_executor};

fn main() {
    let (workload, _) = shared::arguments();
    let peer = Peer::new("tract", &workload, "0.23.9");
    if peer.threads > 1 {
        set_default_executor(Executor::multithread(peer.threads));
    }
    let pictures = matches!(workload.as_str(), "W4c" | "W4d");
    let file = std::fs::read(shared::data(if pictures { "cnn.onnx" } else { "mlp.onnx" }))
        .expect("gen_data.py has written it");
    // A plan for each size of batch, as tract knows its shapes when it optimizes.
    let mut plans = std::collections::HashMap::new();
    peer.predictions(|x, n| {
        let shape = if pictures { vec![n, 1, 28, 28] } else { vec![n, 784] };
        let plan = plans.entry(n).or_insert_with(|| plan(&file, &shape).expect("a plan"));
        predict(plan, x, &shape).expect("probabilities")
    });
}
