//! Everything at once, on handwritten digits: a model with two outputs whose losses weigh differently, samples that count by
//! their class, a schedule, clipping, and all the callbacks of a long training, which is also cut off and resumed.

use std::fs;
use std::path::{Path, PathBuf};

use keras_runtime::callback::UpdateFreq;
use keras_runtime::optim::schedule::CosineDecay;
use keras_runtime::prelude::*;
use keras_runtime::view::{ConfusionMatrix, ImageGrid};
use ndarray::Array2;

keras_model! {
    /// A digit, and whether it is even.
    Digits(x: [784]) -> ([10], [1]) {
        let code = x >> dense(32, relu) >> batch_normalization() >> dropout(0.1);
        (code >> dense(10, softmax, name = "digit"), code >> dense(1, sigmoid, name = "even"))
    }
}

/// The tags of event files, with steps and numbers. Lengths and checksums of all records are held to what they say.
fn events(folder: PathBuf) -> Vec<(String, u64, Option<f32>)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).expect("event files") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("an event file");
        let mut at = 0;
        while at < bytes.len() {
            let len = u64::from_le_bytes(bytes[at..at + 8].try_into().expect("a length")) as usize;
            assert_eq!(sum(&bytes, at + 8), masked(&bytes[at..at + 8]), "the length at {at}");
            assert_eq!(
                sum(&bytes, at + 12 + len),
                masked(&bytes[at + 12..at + 12 + len]),
                "the record at {at}"
            );
            let event = fields(&bytes[at + 12..at + 12 + len]);
            at += 12 + len + 4;
            let step = event.iter().find(|field| field.0 == 2).map_or(0, |field| field.1);
            let Some((_, _, summary)) = event.iter().find(|field| field.0 == 5) else { continue };
            for (_, _, value) in fields(summary) {
                let value = fields(value);
                let tag = String::from_utf8_lossy(value[0].2).into_owned();
                let number = (value[1].0 == 2).then(|| f32::from_bits(value[1].1 as u32));
                found.push((tag, step, number));
            }
        }
        assert_eq!(at, bytes.len());
    }
    found
}

/// Number, value and bytes of each field of a protocol buffer.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut found = vec![];
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let (value, len) = match key & 7 {
            0 => (varint(&mut bytes), 0),
            1 => (u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")), 8),
            5 => (u64::from(u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"))), 4),
            2 => (0, varint(&mut bytes) as usize),
            kind => panic!("no field is of kind {kind}"),
        };
        found.push((key >> 3, value, &bytes[..len]));
        bytes = &bytes[len..];
    }
    found
}

/// Images and labels of handwritten digits: the first `samples` of the test set.
fn digits(samples: usize) -> (Array2<f32>, Vec<u8>, Vec<f32>) {
    let mnist = datasets::mnist().expect("the digits of `examples/data/mnist`");
    let pixels = mnist.x_test.iter().take(samples * 784).map(|pixel| f32::from(*pixel) / 255.0);
    let x = Array2::from_shape_vec((samples, 784), pixels.collect()).expect("28 x 28 pixels");
    let labels: Vec<u8> = mnist.y_test.iter().take(samples).copied().collect();
    let even = labels.iter().map(|label| f32::from(1 - label % 2)).collect();
    (x, labels, even)
}

/// The number at `at`.
fn sum(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("a checksum"))
}

/// The masked CRC-32C of TensorFlow's records, by a table.
fn masked(data: &[u8]) -> u32 {
    let entry = |byte: u32| (0..8).fold(byte, |crc, _| (crc >> 1) ^ (0x82f6_3b78 * (crc & 1)));
    let table: Vec<u32> = (0..256).map(entry).collect();
    let crc = !data.iter().fold(!0u32, |crc, byte| (crc >> 8) ^ table[(crc as u8 ^ byte) as usize]);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

const EPOCHS: usize = 30;
const STEPS: usize = 29;

/// Fails in the middle of an epoch, as if the program had been killed.
#[derive(Debug)]
struct Cut(u64);

impl Callback for Cut {
    fn on_train_batch_begin(&mut self, _: usize, training: &mut Training<'_>) -> Result<()> {
        if training.steps() == self.0 { Err(Error::Empty { what: "the cut".into() }) } else { Ok(()) }
    }
}

fn build() -> Trainer<Digits> {
    let decay_steps = (EPOCHS * STEPS) as u64;
    let fall = CosineDecay { initial_learning_rate: 0.01, decay_steps, ..CosineDecay::default() };
    let losses = (SparseCategoricalCrossentropy.weighted(1.0), BinaryCrossentropy.weighted(0.3));
    Digits::new(1).compile(
        Adam::default().schedule(fall).global_clipnorm(1.0),
        losses,
        (Accuracy, Weighted(Accuracy)),
    )
}

/// What callbacks have seen in the end.
struct End {
    history: History,
    stopped: Option<usize>,
    best: (f64, usize),
    saved: PathBuf,
}

fn train(model: &mut Trainer<Digits>, folder: &Path, cut: Option<u64>) -> Result<End> {
    let (x, labels, even) = digits(1200);
    // Ones are easy, and eights are not.
    let by_class = |label: &u8| match label {
        1 => 0.5,
        8 => 2.0,
        _ => 1.0,
    };
    let (counts, all): (Vec<f32>, Vec<f32>) =
        (labels.iter().map(by_class).collect(), vec![1.0; labels.len()]);
    let mut stop = EarlyStopping { patience: 2, restore_best_weights: true, ..EarlyStopping::default() };
    let pattern = folder.join("{epoch:02d}-{val_digit_accuracy:.3f}.safetensors");
    let mut best = ModelCheckpoint::best_only(pattern.display().to_string());
    let board = TensorBoard::new(folder.join("board")).with_histograms(1).updating(UpdateFreq::Batches(10));
    let csv = CsvLogger::new(folder.join("log.csv"));
    let backup = BackupAndRestore::new(folder.join("backup")).every(SaveFreq::Batches(20));
    let mut list = callbacks(Cut(cut.unwrap_or(u64::MAX)));
    list.extend(callbacks((&mut stop, &mut best, csv, board, TerminateOnNaN::default(), backup)));
    let settings = Fit {
        epochs: EPOCHS,
        validation_split: 0.25,
        sample_weight: sample_weight((&counts, &all)),
        callbacks: list,
        verbose: Verbose::Silent,
        ..Fit::default()
    };
    let history = model.fit(&x, (&labels, &even), settings)?;
    let saved = best.last_saved().expect("a checkpoint").to_path_buf();
    Ok(End { history, stopped: stop.stopped_epoch(), best: stop.best().expect("a best epoch"), saved })
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("keras-together-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

#[test]
fn all_at_once_on_handwritten_digits() -> Result<()> {
    let (folder, mut model) = (folder("whole"), build());
    let End { history, stopped, best: (least, at), saved } = train(&mut model, &folder, None)?;
    let losses = history.get("val_loss").expect("losses");
    assert_eq!(stopped, Some(history.len() - 1), "it stops before {EPOCHS} epochs");
    assert_eq!(losses.iter().copied().fold(f64::INFINITY, f64::min), least);
    // The loss is the weighted sum of those of the outputs.
    let last = |name: &str| *history.get(name).expect("a column").last().expect("a value");
    let sum = last("loss") - (last("digit_loss") + 0.3 * last("even_loss"));
    assert!(sum.abs() < 1e-6, "{sum}");
    assert!(last("digit_accuracy") != last("digit_weighted_accuracy"));
    assert_eq!(last("even_accuracy"), last("even_weighted_accuracy"));
    // The restored model is the saved one, and the best one.
    let (x, labels, even) = digits(1200);
    let mut saved_model = Digits::new(0);
    saved_model.load_weights(&saved)?;
    assert_eq!(saved_model.weights(), model.weights());
    let (test, truth) = (x.slice(ndarray::s![900.., ..]), &labels[900..]);
    let score = model.evaluate(test, (truth, &even[900..]))?;
    let validated = history.get("val_digit_accuracy").expect("a column")[at];
    assert!((score["digit_accuracy"] - validated).abs() < 1e-6, "{score}, expected {validated}");
    assert!(score["digit_accuracy"] > 0.8 && score["even_accuracy"] > 0.85, "{score}");
    let matrix = ConfusionMatrix::new(truth, &model.predict_classes(test)?)?;
    assert!((matrix.accuracy() - score["digit_accuracy"]).abs() < 1e-6, "{matrix}");

    let text = fs::read_to_string(folder.join("log.csv")).expect("a log");
    assert_eq!(text.lines().count(), history.len() + 1);
    assert!(
        text.starts_with("epoch,digit_accuracy,digit_loss,digit_weighted_accuracy,even_accuracy,even_loss")
    );
    let board = folder.join("board");
    let (trained, tested) = (events(board.join("train")), events(board.join("validation")));
    let curve = |events: &[(String, u64, Option<f32>)], tag: &str| -> Vec<(u64, f32)> {
        let points = events.iter().filter(|event| event.0 == tag);
        points.map(|(_, step, value)| (*step, value.expect("a number"))).collect()
    };
    let expected: Vec<(u64, f32)> = (0..).zip(losses.iter().map(|loss| *loss as f32)).collect();
    assert_eq!(curve(&tested, "epoch_loss"), expected);
    assert_eq!(curve(&tested, "evaluation_loss_vs_iterations")[at].0, STEPS as u64 * (at as u64 + 1));
    assert_eq!(curve(&trained, "batch_digit_loss").len(), STEPS * history.len() / 10);
    let rates = curve(&trained, "epoch_learning_rate");
    assert!(rates.windows(2).all(|pair| pair[1].1 < pair[0].1) && rates[0].1 < 0.01, "{rates:?}");
    let histograms = trained.iter().filter(|event| event.0 == "digit/kernel/histogram" && event.2.is_none());
    assert_eq!(histograms.count(), history.len());
    assert!(!folder.join("backup").exists());
    pictures(&matrix, &x, &labels)?;
    fs::remove_dir_all(folder).expect("the test's own");
    Ok(())
}

/// Pictures, kept in the folder that `KERAS_PICTURES_OUT` names.
fn pictures(matrix: &ConfusionMatrix, x: &Array2<f32>, labels: &[u8]) -> Result<()> {
    let kept = std::env::var_os("KERAS_PICTURES_OUT").map(PathBuf::from);
    let out = kept.clone().unwrap_or_else(|| folder("pictures"));
    let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    matrix.plot(out.join("numbers.svg"))?;
    matrix.clone().labels(names)?.plot(out.join("names.svg"))?;
    let grid = ImageGrid::new(x.slice(ndarray::s![..23, ..]))?.columns(8);
    grid.save(out.join("digits.png"))?;
    let named = labels.iter().map(|label| names[usize::from(*label)]);
    grid.labels(named).save(out.join("digits.svg"))?;
    if kept.is_none() {
        fs::remove_dir_all(out).expect("the test's own");
    }
    Ok(())
}

#[test]
fn cut_off_it_goes_on_to_the_same_end() -> Result<()> {
    let (whole_folder, cut_folder) = (folder("alone"), folder("cut"));
    let (mut whole, mut cut) = (build(), build());
    let expected = train(&mut whole, &whole_folder, None)?;
    // In the middle of an epoch, and again some epochs later.
    for at in [STEPS as u64 + 13, 4 * STEPS as u64 + 5] {
        assert!(train(&mut cut, &cut_folder, Some(at)).is_err());
        cut = build();
    }
    let end = train(&mut cut, &cut_folder, None)?;
    assert_eq!(cut.weights(), whole.weights());
    assert_eq!((end.stopped, end.best), (expected.stopped, expected.best));
    for name in expected.history.names() {
        assert_eq!(end.history.get(&name), expected.history.get(&name), "{name}");
    }
    let log = |folder: &Path| fs::read_to_string(folder.join("log.csv")).expect("a log");
    assert_eq!(log(&cut_folder), log(&whole_folder));
    for folder in [whole_folder, cut_folder] {
        fs::remove_dir_all(folder).expect("the test's own");
    }
    Ok(())
}
