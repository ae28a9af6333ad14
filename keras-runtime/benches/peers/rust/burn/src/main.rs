//! burn: `peer-burn WORKLOAD flex|ndarray [fused]`; `fused`: an LSTM of our own, whose gates are one product.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Embedding, EmbeddingConfig, Linear, LinearConfig, Lstm, LstmConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, RmsPropConfig};
use burn::tensor::activation::{relu, sigmoid, softmax, tanh};
use burn::tensor::{Device, Int, Tensor, TensorData};
use peer_burn::{Mlp, floats, set};
use shared::{BATCH, CHARACTERS, Peer, REVIEW, TEXT, TRAIN, WORDS};

#[derive(Module, Debug)]
struct Cnn {
    conv: [Conv2d; 2],
    pool: MaxPool2d,
    dense: [Linear; 2],
    dropout: [Dropout; 2],
}

impl Cnn {
    fn new(device: &Device) -> Self {
        Cnn {
            conv: [[1, 32], [32, 64]].map(|channels| Conv2dConfig::new(channels, [3, 3]).init(device)),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            dense: [(9216, 128), (128, 10)].map(|(i, o)| LinearConfig::new(i, o).init(device)),
            dropout: [0.25, 0.5].map(|rate| DropoutConfig::new(rate).init()),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = relu(self.conv[1].forward(relu(self.conv[0].forward(x))));
        let x = self.dropout[0].forward(self.pool.forward(x)).flatten(1, 3);
        let x = self.dropout[1].forward(relu(self.dense[0].forward(x)));
        self.dense[1].forward(x)
    }
}

/// An LSTM of 128 units whose gates are one product, and inputs of all steps another.
#[derive(Module, Debug)]
struct Fused {
    inputs: Linear,
    states: Linear,
}

impl Fused {
    fn new(inputs: usize, device: &Device) -> Self {
        Fused {
            inputs: LinearConfig::new(inputs, 512).init(device),
            states: LinearConfig::new(128, 512).with_bias(false).init(device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let [batch, steps, _] = x.dims();
        let (mut cell, mut hidden) =
            (Tensor::zeros([batch, 128], &x.device()), Tensor::zeros([batch, 128], &x.device()));
        let x = self.inputs.forward(x.swap_dims(0, 1));
        for t in 0..steps {
            let gates = x.clone().slice([t..t + 1]).reshape([batch, 512]) + self.states.forward(hidden);
            let gate = |i: usize| gates.clone().slice([0..batch, i * 128..(i + 1) * 128]);
            cell = sigmoid(gate(1)) * cell + sigmoid(gate(0)) * tanh(gate(2));
            hidden = sigmoid(gate(3)) * tanh(cell.clone());
        }
        hidden
    }
}

#[derive(Module, Debug)]
enum Recurrent {
    Plain(Lstm),
    Fused(Fused),
}

impl Recurrent {
    fn new(inputs: usize, fused: bool, device: &Device) -> Self {
        if fused {
            Recurrent::Fused(Fused::new(inputs, device))
        } else {
            Recurrent::Plain(LstmConfig::new(inputs, 128, true).init(device))
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        match self {
            Recurrent::Plain(lstm) => lstm.forward(x, None).1.hidden,
            Recurrent::Fused(lstm) => lstm.forward(x),
        }
    }
}

#[derive(Module, Debug)]
struct Characters {
    lstm: Recurrent,
    dense: Linear,
}

#[derive(Module, Debug)]
struct Reviews {
    embedding: Embedding,
    lstm: Recurrent,
    dense: Linear,
}

fn labels(y: &[u8], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(y.iter().map(|&label| i32::from(label)).collect(), [y.len()]), device)
}

/// One step of `optimizer`, and the loss.
fn step<M: Module>(
    model: &mut Option<M>,
    optimizer: &mut ModuleOptimizer,
    loss: impl FnOnce(&M) -> Tensor<1>,
) -> f64 {
    let module = model.take().expect("left by the last step");
    let loss = loss(&module);
    let gradients = GradientsParams::from_grads(loss.backward(), &module);
    *model = Some(optimizer.step(1e-3, module, gradients));
    f64::from(loss.into_data().as_slice::<f32>().expect("a number")[0])
}

fn main() {
    let (workload, backend) = shared::arguments();
    let device = match backend.as_str() {
        #[cfg(feature = "ndarray")]
        #[expect(deprecated, reason = "burn recommends `flex`; this is to see which is faster")]
        "ndarray" => Device::ndarray(),
        "flex" => Device::flex(),
        _ => panic!("no backend `{backend}`: a feature of the build names it"),
    };
    let fused = std::env::args().nth(3).is_some_and(|variant| variant == "fused");
    let name = format!("burn-{backend}{}", if fused { "-fused" } else { "" });
    let peer = Peer::new(&name, &workload, "0.22.1");
    let trains = device.clone().autodiff();
    let crossentropy = CrossEntropyLossConfig::new().init(&trains);
    let rmsprop = RmsPropConfig::new().with_alpha(0.9).with_momentum(0.0).with_epsilon(1e-7);
    let mut rmsprop = rmsprop.init();
    let mut adam = AdamConfig::new().with_epsilon(1e-7).init();
    match workload.as_str() {
        "W1" => {
            let (x, y) = shared::images("train", TRAIN);
            let mut shuffle = shared::Shuffle::new(TRAIN);
            let mut model = Some(Mlp::new(&trains).train());
            peer.epochs(|| {
                let batches = shuffle.again().chunks(BATCH);
                let losses = batches.map(|order| {
                    let rows = floats(shared::rows(&x, 784, order), [BATCH, 784], &trains);
                    let targets = labels(&shared::rows(&y, 1, order), &trains);
                    step(&mut model, &mut rmsprop, |model| crossentropy.forward(model.forward(rows), targets))
                });
                losses.sum::<f64>() / (TRAIN / BATCH) as f64
            });
        }
        "W2" => {
            let (x, y) = shared::images("train", 8192);
            let mut model = Some(Cnn::new(&trains).train());
            peer.steps(8192, 128, |rows| {
                let pixels = x[rows.start * 784..rows.end * 784].to_vec();
                let (x, y) = (floats(pixels, [128, 1, 28, 28], &trains), labels(&y[rows], &trains));
                step(&mut model, &mut adam, |model| crossentropy.forward(model.forward(x), y))
            });
        }
        "W3a" => {
            let (x, y) = shared::text(2560);
            let x = floats(x, [2560, TEXT, CHARACTERS], &trains);
            let dense = LinearConfig::new(128, CHARACTERS).init(&trains);
            let mut model =
                Some(Characters { lstm: Recurrent::new(CHARACTERS, fused, &trains), dense }.train());
            peer.steps(2560, 128, |rows| {
                let (x, y) = (x.clone().slice([rows.clone()]), labels(&y[rows], &trains));
                let logits = |model: &Characters| model.dense.forward(model.lstm.forward(x));
                step(&mut model, &mut rmsprop, |model| crossentropy.forward(logits(model), y))
            });
        }
        "W3c" => {
            let (x, y) = shared::reviews(2560);
            let x: Vec<i32> = x.into_iter().map(|word| word as i32).collect();
            let x = Tensor::<2, Int>::from_data(TensorData::new(x, [2560, REVIEW]), &trains);
            let crossentropy = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&trains);
            let embedding = EmbeddingConfig::new(WORDS, 128).init(&trains);
            let dense = LinearConfig::new(128, 1).init(&trains);
            let mut model =
                Some(Reviews { embedding, lstm: Recurrent::new(128, fused, &trains), dense }.train());
            peer.steps(2560, 32, |rows| {
                let (x, y) = (x.clone().slice([rows.clone()]), labels(&y[rows], &trains));
                let logits =
                    |model: &Reviews| model.dense.forward(model.lstm.forward(model.embedding.forward(x)));
                step(&mut model, &mut adam, |model| crossentropy.forward(logits(model).flatten(0, 1), y))
            });
        }
        "W4a" | "W4b" => {
            let model = Mlp::with_weights(&shared::weights(&workload), &device);
            peer.predictions(|x, n| model.predict(x.to_vec(), n, &device));
        }
        "W4c" | "W4d" => {
            let mut model = Cnn::new(&device);
            let layers = shared::weights(&workload);
            for (conv, layer) in model.conv.iter_mut().zip(&layers) {
                let shape = [layer.shape[0], layer.shape[1], 3, 3];
                conv.weight = Param::from_tensor(floats(layer.kernel.clone(), shape, &device));
                conv.bias = Some(Param::from_tensor(floats(layer.bias.clone(), [shape[0]], &device)));
            }
            model.dense.iter_mut().zip(&layers[2..]).for_each(|(dense, layer)| set(dense, layer, &device));
            let model = model.valid();
            peer.predictions(|x, n| {
                let p = softmax(model.forward(floats(x.to_vec(), [n, 1, 28, 28], &device)), 1);
                p.into_data().try_into_vec().expect("numbers")
            });
        }
        _ => panic!("no workload `{workload}`"),
    }
}
