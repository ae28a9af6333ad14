//! candle: `peer-candle WORKLOAD`.

use candle_core::{D, DType, Result, Tensor, Var, backprop::GradStore};
use candle_nn::{
    AdamW, Conv2d, Dropout, Embedding, LSTM, LSTMConfig, Linear, Module, Optimizer, ParamsAdamW, RNN,
    VarBuilder, VarMap, conv2d, embedding, linear, loss, ops::softmax,
};
use peer_candle::{CPU, Mlp, dense};
use shared::{BATCH, CHARACTERS, Layer, Peer, REVIEW, TEXT, TRAIN, WORDS};

struct Cnn {
    conv: [Conv2d; 2],
    dense: [Linear; 2],
    dropout: [Dropout; 2],
}

impl Cnn {
    fn new(vb: VarBuilder) -> Result<Self> {
        let config = Default::default();
        Ok(Cnn {
            conv: [conv2d(1, 32, 3, config, vb.pp("a"))?, conv2d(32, 64, 3, config, vb.pp("b"))?],
            dense: [linear(9216, 128, vb.pp("c"))?, linear(128, 10, vb.pp("d"))?],
            dropout: [Dropout::new(0.25), Dropout::new(0.5)],
        })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let x = self.conv[1].forward(&self.conv[0].forward(x)?.relu()?)?.relu()?.max_pool2d(2)?;
        let x = self.dropout[0].forward(&x, train)?.flatten_from(1)?;
        let x = self.dropout[1].forward(&self.dense[0].forward(&x)?.relu()?, train)?;
        self.dense[1].forward(&x)
    }
}

/// Keras's RMSprop: candle has none.
struct RmsProp {
    vars: Vec<(Var, Var)>,
}

impl RmsProp {
    fn new(vars: Vec<Var>) -> Result<Self> {
        let vars = vars.into_iter().map(|var| Ok((Var::from_tensor(&var.zeros_like()?)?, var)));
        Ok(RmsProp { vars: vars.collect::<Result<_>>()? })
    }

    fn step(&mut self, gradients: &GradStore) -> Result<()> {
        for (squares, var) in &self.vars {
            let Some(gradient) = gradients.get(var) else { continue };
            squares.set(&((squares.as_tensor() * 0.9)? + (gradient.sqr()? * 0.1)?)?)?;
            var.set(&(var.as_tensor() - ((gradient * 1e-3)? / (squares.sqrt()? + 1e-7)?)?)?)?;
        }
        Ok(())
    }
}

fn adam(map: &VarMap) -> Result<AdamW> {
    AdamW::new(map.all_vars(), ParamsAdamW { lr: 1e-3, eps: 1e-7, weight_decay: 0.0, ..Default::default() })
}

fn number(loss: &Tensor) -> Result<f64> {
    Ok(f64::from(loss.to_scalar::<f32>()?))
}

fn labels(y: &[u8]) -> Result<Tensor> {
    Tensor::from_vec(y.iter().map(|&label| u32::from(label)).collect::<Vec<_>>(), y.len(), &CPU)
}

fn convolution(layer: &Layer) -> Result<Conv2d> {
    let kernel = Tensor::from_slice(&layer.kernel, &layer.shape[..], &CPU)?;
    Ok(Conv2d::new(kernel, Some(Tensor::from_slice(&layer.bias, layer.shape[0], &CPU)?), Default::default()))
}

fn main() -> Result<()> {
    let (workload, _) = shared::arguments();
    let name = if candle_core::utils::has_mkl() { "candle-mkl" } else { "candle-gemm" };
    let peer = Peer::new(name, &workload, "0.11.1");
    let map = VarMap::new();
    let vb = VarBuilder::from_varmap(&map, DType::F32, &CPU);
    match workload.as_str() {
        "W1" => {
            let (x, y) = shared::images("train", TRAIN);
            let mut shuffle = shared::Shuffle::new(TRAIN);
            let model = Mlp::new(vb)?;
            let mut optimizer = RmsProp::new(map.all_vars())?;
            let mut step = |order: &[usize]| {
                let rows = Tensor::from_vec(shared::rows(&x, 784, order), (BATCH, 784), &CPU)?;
                let loss =
                    loss::cross_entropy(&model.forward(&rows, true)?, &labels(&shared::rows(&y, 1, order))?)?;
                optimizer.step(&loss.backward()?)?;
                number(&loss)
            };
            peer.epochs(|| {
                let losses = shuffle.again().chunks(BATCH).map(|order| step(order).expect("a step"));
                losses.sum::<f64>() / (TRAIN / BATCH) as f64
            });
        }
        "W2" => {
            let (x, y) = shared::images("train", 8192);
            let model = Cnn::new(vb)?;
            let mut optimizer = adam(&map)?;
            let mut step = |rows: std::ops::Range<usize>| {
                let pixels =
                    Tensor::from_slice(&x[rows.start * 784..rows.end * 784], (128, 1, 28, 28), &CPU)?;
                let loss = loss::cross_entropy(&model.forward(&pixels, true)?, &labels(&y[rows])?)?;
                optimizer.step(&loss.backward()?)?;
                number(&loss)
            };
            peer.steps(8192, 128, |rows| step(rows).expect("a step"));
        }
        "W3a" => {
            let (x, y) = shared::text(2560);
            let x = Tensor::from_vec(x, (2560, TEXT, CHARACTERS), &CPU)?;
            let lstm = LSTM::new(CHARACTERS, 128, LSTMConfig::default(), vb.pp("a"))?;
            let dense = linear(128, CHARACTERS, vb.pp("b"))?;
            let mut optimizer = RmsProp::new(map.all_vars())?;
            let mut step = |rows: std::ops::Range<usize>| {
                let states = lstm.seq(&x.narrow(0, rows.start, rows.len())?)?;
                let loss = loss::cross_entropy(&dense.forward(states[TEXT - 1].h())?, &labels(&y[rows])?)?;
                optimizer.step(&loss.backward()?)?;
                number(&loss)
            };
            peer.steps(2560, 128, |rows| step(rows).expect("a step"));
        }
        "W3c" => {
            let (x, y) = shared::reviews(2560);
            let x = Tensor::from_vec(x, (2560, REVIEW), &CPU)?;
            let y = labels(&y)?.to_dtype(DType::F32)?.unsqueeze(1)?;
            let words: Embedding = embedding(WORDS, 128, vb.pp("a"))?;
            let lstm = LSTM::new(128, 128, LSTMConfig::default(), vb.pp("b"))?;
            let dense = linear(128, 1, vb.pp("c"))?;
            let mut optimizer = adam(&map)?;
            let mut step = |rows: std::ops::Range<usize>| {
                let states = lstm.seq(&words.forward(&x.narrow(0, rows.start, rows.len())?)?)?;
                let y = y.narrow(0, rows.start, rows.len())?;
                let loss =
                    loss::binary_cross_entropy_with_logit(&dense.forward(states[REVIEW - 1].h())?, &y)?;
                optimizer.step(&loss.backward()?)?;
                number(&loss)
            };
            peer.steps(2560, 32, |rows| step(rows).expect("a step"));
        }
        "W4a" | "W4b" => {
            let layers = shared::weights(&workload);
            let model = Mlp::with_weights(&layers)?;
            peer.predictions(|x, n| model.predict(x, n).expect("probabilities"));
        }
        "W4c" | "W4d" => {
            let layers = shared::weights(&workload);
            let model = Cnn {
                conv: [convolution(&layers[0])?, convolution(&layers[1])?],
                dense: [dense(&layers[2])?, dense(&layers[3])?],
                dropout: [Dropout::new(0.25), Dropout::new(0.5)],
            };
            let predict = |x: &[f32], n: usize| {
                let logits = model.forward(&Tensor::from_slice(x, (n, 1, 28, 28), &CPU)?, false)?;
                softmax(&logits, D::Minus1)?.flatten_all()?.to_vec1::<f32>()
            };
            peer.predictions(|x, n| predict(x, n).expect("probabilities"));
        }
        _ => panic!("no workload `{workload}`"),
    }
    Ok(())
}
