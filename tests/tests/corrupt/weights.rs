//! Files of weights and of trainings.

#[path = "../keras/files.rs"]
#[allow(dead_code)]
mod files;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use files::bits;
use keras_runtime::optim::LossScale;
use keras_runtime::prelude::*;

use super::{Case, fixture};

keras_model! {
    Small = dense(6, relu, input = 4) >> batch_normalization() >> dense(3, softmax);
    /// As those of Python are.
    Trained = dense(5, tanh, input = 4) >> batch_normalization() >> dense(3, softmax);
    Inner = dense(4, relu, input = 3) >> batch_normalization() >> dense(4);
    Many(x: [6, 4]) {
        let a = x >> bidirectional(lstm(4, return_sequences = true)) >> time_distributed(dense(3));
        let b = (a, a) >> multi_head_attention(2, 3);
        (a, b) >> add() >> layer_normalization() >> rnn([lstm_cell(3), gru_cell(2)], return_sequences = true)
            >> spectral_normalization(conv1d(3, 2)) >> gru(3) >> Inner
            >> batch_normalization() >> dropout(0.5) >> dense(4, tanh) >> dense(2, name = "head")
    }
    Chars = lstm(50, return_sequences = true, input = [7, 59]) >> lstm(50);
    Carrying = gru(3, stateful = true, input = [4, 2]) >> dense(1);
}

/// Weights and trainings, of this project and of Python.
pub fn cases() -> Vec<Case> {
    let load = |path: &Path| Small::new(1).load_weights(path);
    let saved = |name: &str| {
        let path = std::env::temp_dir().join(format!("keras-corrupt-{}-{name}", std::process::id()));
        Small::new(2).save_weights(&path).expect("weights are written");
        let bytes = fs::read(&path).expect("weights");
        fs::remove_file(path).ok();
        bytes
    };
    let mut cases = vec![];
    for (name, file) in [
        ("safetensors", "weights.safetensors"),
        ("Keras 3's weights", "small.weights.h5"),
        ("Keras 2's files", "small.h5"),
    ] {
        cases.push(Case { name, file, bytes: saved(file), read: Box::new(load) });
    }
    // A whole model's file has the weights in it as they are.
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("model.weights.h5", stored).expect("a file");
    archive.write_all(&saved("small.weights.h5")).expect("its bytes");
    let bytes = archive.finish().expect("an archive").into_inner();
    cases.push(Case { name: "Keras 3's archives", file: "small.keras", bytes, read: Box::new(load) });
    let checkpoint = |stateful: bool| {
        let path = std::env::temp_dir().join(format!("keras-corrupt-{}.checkpoint", std::process::id()));
        if stateful {
            let mut model = Carrying::new(1).compile(Adam::default(), MeanSquaredError, ());
            model.step_on_batch(ndarray::Array3::<f32>::zeros((2, 4, 2)), &[0.0f32; 2]).expect("a step");
            model.save_checkpoint(&path).expect("a checkpoint");
        } else {
            let mut model = Small::new(1).compile(Adam::default(), SparseCategoricalCrossentropy, ());
            model.step_on_batch(ndarray::Array2::<f32>::zeros((2, 4)), &[0u8; 2]).expect("a step");
            model.save_checkpoint(&path).expect("a checkpoint");
        }
        let bytes = fs::read(&path).expect("a checkpoint");
        fs::remove_file(path).ok();
        bytes
    };
    cases.push(Case {
        name: "checkpoints",
        file: "checkpoint.safetensors",
        bytes: checkpoint(false),
        read: Box::new(|path| {
            let mut model = Small::new(1).compile(Adam::default(), SparseCategoricalCrossentropy, ());
            model.load_checkpoint(path)?;
            model.step_on_batch(ndarray::Array2::<f32>::zeros((2, 4)), &[0u8; 2]).map(drop)
        }),
    });
    cases.push(Case {
        name: "checkpoints with states",
        file: "states.safetensors",
        bytes: checkpoint(true),
        read: Box::new(|path| {
            let mut model = Carrying::new(1).compile(Adam::default(), MeanSquaredError, ());
            model.load_checkpoint(path)?;
            model.step_on_batch(ndarray::Array3::<f32>::zeros((2, 4, 2)), &[0.0f32; 2]).map(drop)
        }),
    });
    cases.extend(python());
    cases
}

/// What Keras itself has written.
fn python() -> Vec<Case> {
    let mut cases = vec![];
    for (name, file) in [
        ("Keras 3's weights of many layers", "many.weights.h5"),
        ("Keras 3's archives of many layers", "many.keras"),
        ("Keras 3's legacy files", "many.h5"),
    ] {
        let read = |path: &Path| Many::new(0).load_weights(path);
        cases.push(Case { name, file, bytes: fixture(&format!("models/{file}")), read: Box::new(read) });
    }
    cases.push(Case {
        name: "Keras 2's weights",
        file: "chars2vec_eng_50.weights.h5",
        bytes: fixture("models/chars2vec_eng_50.weights.h5"),
        read: Box::new(|path| Chars::new(0).load_weights(path)),
    });
    for (name, file) in
        [("Keras 3's trainings", "scaled.keras"), ("Keras 3's weights of trainings", "scaled.weights.h5")]
    {
        let read = |path: &Path| {
            let optimizer = Adam::default().loss_scale(LossScale::default());
            let mut model = Trained::new(1).compile(optimizer, CategoricalCrossentropy, ());
            let before = bits(&*model);
            let read = model.load_checkpoint(path).map(drop);
            assert!(
                read.is_ok() || (bits(&*model) == before && model.steps() == 0),
                "an error changes nothing"
            );
            read
        };
        let bytes = fixture(&format!("models/trained/{file}"));
        cases.push(Case { name, file, bytes, read: Box::new(read) });
    }
    cases
}
