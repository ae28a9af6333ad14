//! dfdx: `peer-dfdx W1|W4a|W4b`.

use dfdx::optim::{RMSprop, RMSpropConfig};
use dfdx::prelude::*;
use peer_dfdx::{Mlp, with_weights};
use shared::{BATCH, Peer, TRAIN};

fn main() {
    dfdx::flush_denormals_to_zero();
    let (workload, _) = shared::arguments();
    let peer = Peer::new("dfdx", &workload, "0.13.0");
    let cpu = Cpu::default();
    match workload.as_str() {
        "W1" => {
            let (x, y) = shared::images("train", TRAIN);
            let mut shuffle = shared::Shuffle::new(TRAIN);
            let mut model = cpu.build_module::<Mlp, f32>();
            (model.0.2.p, model.1.2.p) = (0.4, 0.3);
            let config = RMSpropConfig { lr: 1e-3, alpha: 0.9, eps: 1e-7, ..Default::default() };
            let mut optimizer = RMSprop::new(&model, config);
            let mut gradients = Some(model.alloc_grads());
            let mut step = |order: &[usize]| {
                let rows: Tensor<Rank2<BATCH, 784>, f32, Cpu> =
                    cpu.tensor_from_vec(shared::rows(&x, 784, order), (Const, Const));
                let mut targets = vec![0.0; BATCH * 10];
                order.iter().enumerate().for_each(|(i, &row)| targets[i * 10 + usize::from(y[row])] = 1.0);
                let targets: Tensor<Rank2<BATCH, 10>, f32, Cpu> =
                    cpu.tensor_from_vec(targets, (Const, Const));
                let logits = model.forward_mut(rows.traced(gradients.take().expect("left by the last step")));
                let loss = cross_entropy_with_logits_loss(logits, targets);
                let value = loss.array();
                let mut of = loss.backward();
                optimizer.update(&mut model, &of).expect("every weight is used");
                model.zero_grads(&mut of);
                gradients = Some(of);
                f64::from(value)
            };
            peer.epochs(|| {
                let losses = shuffle.again().chunks(BATCH).map(&mut step);
                losses.sum::<f64>() / (TRAIN / BATCH) as f64
            });
        }
        "W4a" | "W4b" => {
            let model = with_weights(&cpu, &shared::weights(&workload));
            peer.predictions(|x, n| {
                let x = cpu.tensor_from_vec(x.to_vec(), (n, Const::<784>));
                model.forward(x).softmax::<Axis<1>>().as_vec()
            });
        }
        _ => panic!("no workload `{workload}`"),
    }
}
