//! Bad data, settings and files: an error that names the thing, what was expected and what came; never a panic, and never
//! a model or a file that is half changed.

// Arrays are lent here, as users lend theirs.
#![allow(clippy::needless_borrows_for_generic_args)]

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use keras_runtime::prelude::*;
use ndarray::{Array1, Array2, Array3, ArrayD, IxDyn};

keras_model! {
    Net = dense(6, relu, input = 4) >> dense(3, softmax);
    Other = dense(7, relu, input = 4) >> dense(3, softmax) >> dense(2);
    Regression = dense(2, input = 4);
    Image = flatten(input = [2, 2]) >> dense(1);
    Two(x: [4], z: [3]) -> (kind: [3], size: [1]) {
        let both = concatenate(x, z);
        (both >> dense(3, softmax), both >> dense(1))
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The error's text holds every one of `words`.
#[track_caller]
fn tells<T: Debug>(result: Result<T>, words: &[&str]) {
    let error = result.expect_err("an error");
    let text = error.to_string();
    assert_eq!(text, format!("{error:?}"), "a `main` that returns it shows the same");
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in: {text}");
    }
}

fn sparse() -> Trainer<Net> {
    Net::new(1).compile(Adam::default(), SparseCategoricalCrossentropy, [Accuracy])
}

fn two() -> Trainer<Two> {
    Two::new(1).compile(Adam::default(), (SparseCategoricalCrossentropy, MeanSquaredError), ())
}

fn silent() -> Fit<'static> {
    Fit { verbose: Verbose::Silent, ..Fit::default() }
}

fn x(samples: usize) -> Array2<f32> {
    Array2::from_shape_fn((samples, 4), |(i, j)| (i + 2 * j) as f32 / 10.0)
}

/// A folder for one test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("keras-robustness-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    fn files(&self) -> std::io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn rows_disagree() {
    let words = ["targets", "has 5 samples", "has 6"];
    tells(sparse().fit(&x(6), &[0u8; 5], silent()), &words);
    tells(sparse().evaluate(&x(6), &[0u8; 5]), &words);
    tells(sparse().train_on_batch(&x(6), &[0u8; 5]), &words);
    tells(sparse().step_on_batch(&x(6), &[0u8; 5]), &words);
    tells(
        two().predict((&x(6), &Array2::<f32>::zeros((5, 3)))),
        &["input `z`", "5 samples", "input `x`", "has 6"],
    );
}

#[test]
fn samples_of_another_shape() {
    let wide = Array2::<f32>::zeros((6, 5));
    tells(
        sparse().fit(&wide, &[0u8; 6], silent()),
        &["input", "`Net`", "expected shape [batch, 4]", "found [6, 5]"],
    );
    tells(sparse().predict(&wide), &["expected shape [batch, 4]", "found [6, 5]"]);
    tells(sparse().predict_classes(&wide), &["expected shape [batch, 4]"]);
    // One sample without the dimension of the batch, and samples that are flat already.
    tells(sparse().predict(&Array1::<f32>::zeros(4)), &["found [4]", "help", "insert_axis(Axis(0))"]);
    tells(Image::new(1).predict(&x(6)), &["expected shape [batch, 2, 2]", "found [6, 4]", "help", "reshape"]);
    tells(
        Net::new(1).predict(&Array3::<f32>::zeros((6, 2, 2))),
        &["found [6, 2, 2]", "reshape the array to [batch, 4]"],
    );
    tells(Net::new(1).predict(&ndarray::arr0(1.0f32)), &["expected shape [batch, 4]", "found []"]);
}

#[test]
fn labels_that_are_no_classes() {
    let words = ["targets", "sparse_categorical_crossentropy", "of sample 1", "from 0 to 2"];
    tells(sparse().fit(&x(3), &[0u8, 3, 1], silent()), &words);
    tells(sparse().fit(&x(3), &[0i64, -1, 1], silent()), &words);
    tells(sparse().fit(&x(3), &[0.0f32, 1.5, 1.0], silent()), &words);
    tells(sparse().fit(&x(3), &[0.0f64, f64::NAN, 1.0], silent()), &words);
    tells(sparse().evaluate(&x(3), &[0u8, 255, 1]), &["label 255"]);
    tells(to_categorical(&[0u8, 1, 7], 3), &["to_categorical", "label 7 of sample 2", "from 0 to 2"]);
    tells(to_categorical(&[-1i32], 3), &["label -1 of sample 0"]);
    tells(to_categorical(&[0u8], 0), &["label 0", "classes given is 0"]);
}

#[test]
fn targets_for_another_loss() {
    let one_hot = Array2::<f32>::zeros((6, 3));
    tells(
        sparse().fit(&x(6), &one_hot, silent()),
        &["targets", "expected shape [batch]", "found [6, 3]", "CategoricalCrossentropy"],
    );
    let mut model = Net::new(1).compile(Adam::default(), CategoricalCrossentropy, [Accuracy]);
    let words = [
        "targets",
        "expected shape [batch, 3]",
        "found [6]",
        "SparseCategoricalCrossentropy",
        "to_categorical(&y, 3)",
    ];
    tells(model.fit(&x(6), &[0u8; 6], silent()), &words);
    let mut model = Regression::new(1).compile(Sgd::default(), MeanSquaredError, ());
    tells(
        model.fit(&x(6), &Array2::<f32>::zeros((6, 3)), silent()),
        &["mean_squared_error", "[batch, 2]", "[6, 3]"],
    );
    tells(model.fit(&x(6), &Array3::<f32>::zeros((6, 2, 2)), silent()), &["[batch, 2]", "[6, 2, 2]"]);
}

#[test]
fn numbers_that_are_none() {
    for (bad, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut x = x(6);
        x[[4, 2]] = bad;
        tells(sparse().fit(&x, &[0u8; 6], silent()), &["input", "sample 4", name]);
        tells(sparse().fit(&x.mapv(f64::from), &[0u8; 6], silent()), &["input", "sample 4", name]);
        tells(sparse().evaluate(&x, &[0u8; 6]), &["input", "sample 4", name]);
        tells(sparse().train_on_batch(&x, &[0u8; 6]), &["input", "sample 4", name]);
        tells(sparse().test_on_batch(&x, &[0u8; 6]), &["input", "sample 4", name]);
        tells(sparse().step_on_batch(&x, &[0u8; 6]), &["input", "sample 4", name]);
    }
    // A number of `f64` that no word of the model holds.
    let wide = x(6).mapv(|x| f64::from(x) * 1e300);
    tells(sparse().fit(&wide, &[0u8; 6], silent()), &["input", "sample 0"]);
}

#[test]
fn targets_that_are_no_numbers() -> Outcome {
    for (bad, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut y = Array2::<f32>::zeros((6, 2));
        y[[3, 1]] = bad;
        let words = ["targets of output `dense`", "sample 3", name];
        let mut model = Regression::new(1).compile(Sgd::default(), MeanSquaredError, ());
        let before = model.weights();
        tells(model.fit(&x(6), &y, silent()), &words);
        tells(model.fit(&x(6), &y.mapv(f64::from), silent()), &words);
        tells(model.evaluate(&x(6), &y), &words);
        tells(model.train_on_batch(&x(6), &y), &words);
        tells(model.test_on_batch(&x(6), &y), &words);
        tells(model.step_on_batch(&x(6), &y), &words);
        assert_eq!(model.weights(), before);
        assert_eq!(model.steps(), 0);
    }
    Ok(())
}

#[test]
fn data_to_validate_with_is_held_to_the_same() {
    let good = Array2::<f32>::zeros((6, 2));
    let mut model = Regression::new(1).compile(Sgd::default(), MeanSquaredError, ());
    let before = model.weights();
    let mut fit = |vx: &Array2<f32>, vy: &Array2<f32>, words: &[&str]| {
        let settings = Fit { validation_data: validation(vx, vy), ..silent() };
        tells(model.fit(&x(6), &good, settings), words);
    };
    let (mut bad_x, mut bad_y) = (x(6), good.clone());
    bad_x[[2, 0]] = f32::NAN;
    bad_y[[5, 1]] = f32::INFINITY;
    fit(&bad_x, &good, &["input", "sample 2", "NaN"]);
    fit(&x(6), &bad_y, &["targets of output `dense`", "sample 5", "inf"]);
    fit(&x(5), &good, &["targets of output `dense`", "has 6 samples", "has 5"]);
    fit(&x(0), &Array2::zeros((0, 2)), &["input", "holds no samples"]);
    fit(&x(6), &Array2::zeros((6, 3)), &["[batch, 2]", "[6, 3]"]);
    assert_eq!(model.weights(), before);
    let few = x(3);
    let settings = Fit { validation_data: validation(&few, &[0u8, 3, 1]), ..silent() };
    tells(sparse().fit(&x(6), &[0u8; 6], settings), &["label 3 of sample 1", "from 0 to 2"]);
}

#[test]
fn no_samples() -> Outcome {
    tells(sparse().fit(&x(0), &[0u8; 0], silent()), &["input", "holds no samples"]);
    tells(sparse().evaluate(&x(0), &[0u8; 0]), &["holds no samples"]);
    tells(sparse().train_on_batch(&x(0), &[0u8; 0]), &["holds no samples"]);
    assert_eq!(sparse().predict(&x(0))?.shape(), [0, 3]);
    Ok(())
}

#[test]
fn settings_out_of_range() -> Outcome {
    let mut model = sparse();
    let before = model.weights();
    let mut fit = |settings| model.fit(&x(6), &[0u8, 1, 2, 0, 1, 2], settings);
    tells(fit(Fit { batch_size: 0, ..silent() }), &["`batch_size` is 0", "at least 1"]);
    for (split, name) in [(1.0, "1"), (-0.1, "-0.1"), (f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        tells(
            fit(Fit { validation_split: split, ..silent() }),
            &[&format!("`validation_split` is {name}"), "[0, 1)"],
        );
    }
    tells(fit(Fit { validation_split: 0.9, ..silent() }), &["validation_split of 0.9", "holds no samples"]);
    let (wide, labels) = (Array2::<f32>::zeros((2, 5)), [0u8; 2]);
    tells(fit(Fit { validation_data: validation(&wide, &labels), ..silent() }), &["[batch, 4]", "[2, 5]"]);
    assert!(fit(Fit { epochs: 0, ..silent() })?.is_empty());
    assert_eq!(model.weights(), before);
    // More than there are samples is one batch.
    assert_eq!(model.fit(&x(6), &[0u8; 6], Fit { batch_size: usize::MAX, ..silent() })?.len(), 1);
    Ok(())
}

#[test]
fn counts_of_two_outputs() -> Outcome {
    let (x, z, kind, size) = (x(6), Array2::<f32>::zeros((6, 3)), [0u8; 6], [0.5f32; 6]);
    tells(two().predict(&x), &["inputs of `Two`", "expected 2, found 1", "x, z"]);
    tells(two().predict((&x, &z, &z)), &["inputs of `Two`", "expected 2, found 3"]);
    tells(two().fit((&x, &z), &kind, silent()), &["targets of `Two`", "expected 2, found 1", "kind, size"]);
    tells(two().fit((&x, &z), (&kind, &size, &size), silent()), &["targets of `Two`", "expected 2, found 3"]);
    tells(two().fit((&x, &z), (&kind, &z), silent()), &["`size`", "[batch, 1]", "[6, 3]"]);
    tells(two().fit((&x, &z), (&kind, &size[..5]), silent()), &["`size`", "5 samples"]);
    let mut model = Two::new(1).compile(Sgd::default(), [MeanSquaredError], ());
    tells(model.fit((&x, &z), (&kind, &size), silent()), &["losses of `Two`", "expected 2, found 1"]);
    assert_eq!(two().fit((&x, &z), (&kind, &size), silent())?.len(), 1);
    Ok(())
}

#[test]
fn weights_of_no_such_name_or_shape() {
    let mut model = Net::new(1);
    let known = ["no weight", "`dense_9/kernel`", "dense/kernel", "dense_1/bias"];
    let wrong = ArrayD::zeros(IxDyn(&[6, 4]));
    tells(model.weight("dense_9/kernel"), &known);
    tells(model.set_weight("dense_9/kernel", &wrong), &known);
    tells(model.set_weight("dense/kernel", &wrong), &["weight `dense/kernel`", "[4, 6]", "[6, 4]"]);
    tells(model.gradient("dense/kernel"), &["gradient", "before a training step"]);
    let mut words = [0.0; 17];
    tells(model.predict_into(&x(6), &mut words), &["6 predictions", "expected 18, found 17"]);
}

#[test]
fn a_round_trip_is_exact() -> Outcome {
    let folder = Folder::new("round-trip")?;
    let file = folder.0.join("net.safetensors");
    let (source, mut from_bytes, mut from_file) = (Net::new(1), Net::new(2), Net::new(3));
    source.save_weights(&file)?;
    from_bytes.load_weights_from(&fs::read(&file)?)?;
    from_file.load_weights(&file)?;
    let bits = |model: &Net| -> Vec<u32> {
        model
            .weights()
            .iter()
            .flat_map(|(_, values)| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
            .collect()
    };
    assert_eq!(bits(&source), bits(&from_bytes));
    assert_eq!(bits(&source), bits(&from_file));
    assert_eq!(bits(&source), bits(&Net::from_weights(&fs::read(&file)?)?));
    assert_eq!(bits(&source), bits(&Net::from_weights_file(&file)?));
    assert_eq!(folder.files()?, ["net.safetensors"]);
    Ok(())
}

#[test]
fn files_that_are_damaged() -> Outcome {
    let folder = Folder::new("damaged")?;
    let file = folder.0.join("net.safetensors");
    Net::new(1).save_weights(&file)?;
    let whole = fs::read(&file)?;
    let mut model = Net::new(2);
    let before = model.weights();
    tells(model.load_weights(folder.0.join("absent.safetensors")), &["cannot read", "absent.safetensors"]);
    tells(model.load_weights(&folder.0), &["cannot read"]);
    tells(Net::from_weights_file(folder.0.join("absent")).map(|_| ()), &["cannot read", "absent"]);
    for len in 0..whole.len() {
        tells(model.load_weights_from(&whole[..len]), &["the given bytes", "not a whole safetensors file"]);
        tells(Net::from_weights(&whole[..len]).map(|_| ()), &["not a whole safetensors file"]);
    }
    fs::write(&file, &whole[..whole.len() / 2])?;
    tells(model.load_weights(&file), &["net.safetensors", "not a whole safetensors file", "write it again"]);
    // Bytes of a generator, whose first eight say how long the header would be.
    let mut state = 1u64;
    for len in 0..300 {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..len {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.push((state >> 56) as u8);
        }
        tells(model.load_weights_from(&bytes), &["not a whole safetensors file"]);
        if let Some(head) = bytes.get_mut(..8) {
            head.copy_from_slice(&(len as u64 - 8).to_le_bytes());
            tells(model.load_weights_from(&bytes), &["not a whole safetensors file"]);
        }
    }
    assert_eq!(model.weights(), before);
    Ok(())
}

#[test]
fn files_of_another_model() -> Outcome {
    let folder = Folder::new("foreign")?;
    let file = folder.0.join("other.safetensors");
    Other::new(1).save_weights(&file)?;
    let mut model = Net::new(2);
    let before = model.weights();
    tells(
        model.load_weights(&file),
        &[
            "other.safetensors",
            "`Net`",
            "dense/kernel: expected [4, 6], found [4, 7]",
            "dense/bias: expected [6], found [7]",
            "dense_1/kernel: expected [6, 3], found [7, 3]",
            "dense_2/kernel: found [3, 2]",
            "dense_2/bias: found [2]",
        ],
    );
    assert_eq!(model.weights(), before);
    let words = ["other.safetensors", "`Net`", "dense/kernel: expected [4, 6], found [4, 7]"];
    tells(Net::from_weights_file(&file).map(|_| ()), &words);
    tells(Net::from_weights(&fs::read(&file)?).map(|_| ()), &["the given bytes", words[1], words[2]]);
    Net::new(1).save_weights(&file)?;
    tells(
        Other::new(1).load_weights(&file),
        &["dense_2/kernel: expected", "dense_2/bias: expected", "not there"],
    );
    Ok(())
}

#[test]
fn places_that_cannot_be_written() -> Outcome {
    let folder = Folder::new("places")?;
    let model = Net::new(1);
    tells(
        model.save_weights(folder.0.join("absent/net.safetensors")),
        &["cannot write", "absent/net.safetensors"],
    );
    // A folder has the file's name: the bytes were written beside it, and are gone again.
    let taken = folder.0.join("taken");
    fs::create_dir(&taken)?;
    tells(model.save_weights(&taken), &["cannot write", "taken"]);
    assert_eq!(folder.files()?, ["taken"]);
    tells(model.save_weights(""), &["cannot write"]);
    tells(model.save_weights("/"), &["cannot write"]);
    Ok(())
}

/// A full disk: the file that is written beside a good one is a link to `/dev/full`, which takes no bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_earlier_file() -> Outcome {
    let folder = Folder::new("full")?;
    let file = folder.0.join("net.safetensors");
    Net::new(1).save_weights(&file)?;
    let earlier = fs::read(&file)?;
    let beside = folder.0.join(format!(".net.safetensors.{}.tmp", std::process::id()));
    std::os::unix::fs::symlink("/dev/full", beside)?;
    tells(Net::new(2).save_weights(&file), &["cannot write", "net.safetensors", "No space left"]);
    assert_eq!(fs::read(&file)?, earlier);
    assert_eq!(folder.files()?, ["net.safetensors"]);

    let history = sparse().fit(&x(6), &[0u8; 6], silent())?;
    let table = folder.0.join("history.csv");
    history.to_csv(&table)?;
    let earlier = fs::read(&table)?;
    let beside = folder.0.join(format!(".history.csv.{}.tmp", std::process::id()));
    std::os::unix::fs::symlink("/dev/full", beside)?;
    tells(history.to_csv(&table), &["cannot write", "history.csv", "No space left"]);
    assert_eq!(fs::read(&table)?, earlier);
    Ok(())
}
