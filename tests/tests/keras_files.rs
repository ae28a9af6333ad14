//! Weights in Keras's files: what Keras 2 and 3 have written, and back.

#[path = "keras/files.rs"]
mod files;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::path::{Path, PathBuf};

use files::{Folder, bits};
use fixture::{Fixture, assert_close};
use keras_runtime::data::write_npy;
use keras_runtime::prelude::*;

keras_model! {
    Inner = dense(4, relu, input = 3) >> batch_normalization() >> dense(4);

    block front() |x| {
        let a = x >> bidirectional(lstm(4, return_sequences = true)) >> time_distributed(dense(3));
        let b = (a, a) >> multi_head_attention(2, 3);
        (a, b) >> add() >> layer_normalization() >> rnn([lstm_cell(3), gru_cell(2)], return_sequences = true)
            >> spectral_normalization(conv1d(3, 2)) >> gru(3)
    }
    block back() |x| {
        x >> batch_normalization() >> dropout(0.5) >> dense(4, tanh) >> dense(2, name = "head")
    }
    Many(x: [6, 4]) { x >> front(name = "") >> Inner >> back(name = "") }
    /// The same without a model in it.
    Flat(x: [6, 4]) { x >> front(name = "") >> back(name = "") }
    /// With names of its own: its layers are found by their order.
    Renamed(x: [6, 4]) { x >> front(name = "front") >> Inner(name = "middle") >> back(name = "") }
    /// With a layer of another size.
    Other(x: [6, 4]) {
        x >> front(name = "") >> Inner >> batch_normalization() >> dropout(0.5) >> dense(5, tanh) >> dense(2, name = "head")
    }

    /// Cells within a bidirectional layer, and a chain within one that is distributed.
    Wrapped(x: [6, 4]) { x >> bidirectional(rnn(lstm_cell(3), return_sequences = true)) >> gru(2) >> dense(1) }
    Chain(x: [6, 4, 2]) { x >> time_distributed(flatten() >> dense(3) >> dense(2)) >> gru(2) }
    /// A chain that is distributed, arithmetic and functions between layers.
    Chained(x: [4, 3, 2]) {
        let h = x >> time_distributed(flatten() >> dense(4, relu) >> batch_normalization() >> dense(3));
        let e = exp(h * 0.5) - 1.0;
        (e >> time_distributed(dense(3))) / (1.0 + abs(e)) >> gru(2)
    }
    cell own(x: [3]; h: [2]) { let y = (x, h) >> concatenate() >> dense(2, tanh); (y, y) }
    Celled(x: [5, 3]) { x >> own() >> dense(1) }

    block part(filters) |x| {
        let h = x >> separable_conv2d(filters, 3, padding = same, use_bias = false) >> batch_normalization() >> relu
            >> separable_conv2d(filters, 3, padding = same, use_bias = false) >> batch_normalization();
        let short = x >> conv2d(filters, 1, strides = 2, padding = same, use_bias = false);
        (h >> max_pooling2d(3, strides = 2, padding = same), short >> batch_normalization()) >> add()
    }
    /// Emotions of faces (Arriaga et al., "Real-time Convolutional Neural Networks for Emotion and Gender Classification", 2017).
    Emotions = conv2d(8, 3, use_bias = false, input = [64, 64, 1]) >> batch_normalization() >> relu
        >> conv2d(8, 3, use_bias = false) >> batch_normalization() >> relu
        >> part(16) >> part(32) >> part(64) >> part(128)
        >> conv2d(7, 3, padding = same) >> global_average_pooling2d() >> softmax;
    /// Words as vectors (`chars2vec`).
    Chars = lstm(50, return_sequences = true, input = [7, 59]) >> lstm(50);
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/fixtures/models/{name}", env!("CARGO_MANIFEST_DIR")))
}

fn check<M: Model>(name: &str, case: &str) -> Result<()> {
    let fixture = Fixture::load("keras_files");
    let mut model = M::with_seed(1);
    model.load_weights(file(name))?;
    let found = model.predict(fixture.get(&format!("{case}/x")))?;
    assert_close(name, &found, fixture.get(&format!("{case}/y")), 1e-5);
    Ok(())
}

#[test]
fn files_of_keras_3_give_what_keras_gives() -> Result<()> {
    check::<Many>("many.weights.h5", "many")?;
    check::<Many>("many.keras", "many")?;
    check::<Many>("many.h5", "many")
}

#[test]
fn chains_and_operations_of_keras_are_read() -> Result<()> {
    check::<Chained>("chained.weights.h5", "chained")?;
    check::<Chained>("chained.keras", "chained")
}

#[test]
fn layers_of_other_names_are_found_by_their_order() -> Result<()> {
    check::<Renamed>("many.weights.h5", "many")?;
    check::<Renamed>("many.keras", "many")?;
    check::<Renamed>("many.h5", "many")
}

#[test]
fn files_of_keras_2_give_what_keras_gives() -> Result<()> {
    check::<Emotions>("mini_xception_fer.h5", "emotions")?;
    check::<Chars>("chars2vec_eng_50.weights.h5", "chars")
}

fn back<M: Model>(folder: &Path, names: &[&str]) -> Result<()> {
    let model = M::with_seed(7);
    for name in names {
        let path = folder.join(name);
        model.save_weights(&path)?;
        let mut other = M::with_seed(8);
        other.load_weights(&path)?;
        assert!(bits(&other) == bits(&model), "{name}");
        assert!(bits(&M::from_weights_file(&path)?) == bits(&model), "{name}, a new model");
    }
    Ok(())
}

/// `keras_files.py --check` loads the same files in Python.
#[test]
fn what_is_written_is_read_again() -> Result<()> {
    let out = Folder::for_python("");
    back::<Flat>(&out, &["flat.weights.h5", "flat.h5", "flat.HDF5", "flat.keras"])?;
    back::<Many>(&out, &["many.weights.h5", "many.keras"])?;
    back::<Renamed>(&out, &["renamed.h5", "renamed.keras"])?;
    back::<Wrapped>(&out, &["wrapped.weights.h5", "wrapped.h5", "wrapped.keras"])?;
    back::<Chain>(&out, &["chain.weights.h5", "chain.h5", "chain.keras"])?;
    back::<Chained>(&out, &["chained.weights.h5", "chained.h5", "chained.keras"])?;
    back::<Emotions>(&out, &["emotions.weights.h5", "emotions.h5", "emotions.keras"])?;
    let mut many = Many::new(0);
    many.load_weights(file("many.keras"))?;
    many.save_weights(out.join("many.h5"))?;
    let mut flat = Flat::new(0);
    flat.load_weights(out.join("flat.h5"))?;
    let y = flat.predict(Fixture::load("keras_files").get("many/x"))?;
    write_npy(out.join("flat.npy"), &y)
}

#[test]
fn a_file_of_another_architecture_is_told_layer_by_layer() {
    let problem = |result: Result<()>| result.expect_err("it is another").to_string();
    let mut other = Other::new(3);
    let before = bits(&other);
    for name in ["many.weights.h5", "many.keras", "many.h5"] {
        let text = problem(other.load_weights(file(name)));
        assert!(
            text.contains("expected `dense` with [4, 5], [5]: found `dense_3` with [4, 4], [4]"),
            "{name}: {text}"
        );
        assert!(text.contains("and 17 that fit") && text.lines().count() == 4, "{text}");
        assert!(text.contains("expected `head` with [5, 2], [2]: found `head` with [4, 2], [2]"), "{text}");
        assert!(bits(&other) == before, "nothing was changed");
    }
    let text = problem(Chars::new(0).load_weights(file("many.h5")));
    assert!(text.contains("and the model has no such layer"), "{text}");
    let text = problem(Celled::new(0).save_weights("never.weights.h5"));
    assert!(text.contains("`own` is a cell of your own") && text.contains("`.h5` instead"), "{text}");
    assert!(!std::path::Path::new("never.weights.h5").exists());
}
