//! Windows of series, norms, parts of data sets, pixels for well-known networks, and tokenizers as JSON, against Keras.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::applications::imagenet::{ClassIndex, Mode, decode_predictions, preprocess_input};
use keras_runtime::data::{Batches, Size, normalize, split_dataset};
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::standardize::Standardizer;
use keras_runtime::preprocessing::text::{MatrixMode, Tokenizer, hashing_trick, md5, one_hot};
use keras_runtime::preprocessing::timeseries::{
    Timeseries, TimeseriesGenerator, timeseries_dataset_from_array, timeseries_generator,
};
use ndarray::{ArrayD, Axis, Ix4, concatenate};
use serde_json::Value;

fn about() -> Value {
    serde_json::from_str(include_str!("../fixtures/windows.json")).expect("JSON")
}

/// Inputs and targets of a pass, and the number of its batches.
fn all(dataset: &mut Dataset) -> Result<(ArrayD<f32>, Option<ArrayD<f32>>, usize)> {
    let (mut x, mut y) = (vec![], vec![]);
    dataset.begin(0)?;
    while let Some(batch) = dataset.next()? {
        x.push(batch.x[0].to_array());
        y.extend(batch.y.first().map(|y| y.to_array()));
    }
    let joined = |parts: &[ArrayD<f32>]| {
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        concatenate(Axis(0), &views).expect("batches of one shape")
    };
    Ok((joined(&x), (!y.is_empty()).then(|| joined(&y)), x.len()))
}

#[test]
fn windows_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("windows");
    let (series, targets) = (fixture.get("series"), fixture.get("targets"));
    let plain = Timeseries::new;
    for (name, settings) in [
        ("plain", plain(4)),
        ("sparse", Timeseries { sequence_stride: 2, sampling_rate: 3, batch_size: 5, ..plain(3) }),
        ("part", Timeseries { start_index: 3, end_index: Some(20), batch_size: 4, ..plain(5) }),
    ] {
        let none = None::<Vec<f32>>;
        let (x, y, _) = all(&mut timeseries_dataset_from_array(series.clone(), none, &settings)?)?;
        assert_eq!((&x, y), (fixture.get(&format!("{name}/x")), None), "{name}");
        let mut dataset = timeseries_dataset_from_array(series.clone(), Some(targets.clone()), &settings)?;
        let (x, y, batches) = all(&mut dataset)?;
        let expected = (fixture.get(&format!("{name}/x_y")), fixture.get(&format!("{name}/y")));
        assert_eq!((&x, y.as_ref()), (expected.0, Some(expected.1)), "{name}");
        assert_eq!(batches, x.shape()[0].div_ceil(settings.batch_size));
        // In a random order, every window comes once.
        let shuffled = Timeseries { shuffle: Some(3), ..settings };
        let mut dataset = timeseries_dataset_from_array(series.clone(), Some(targets.clone()), &shuffled)?;
        let other = all(&mut dataset)?.1.expect("targets");
        let sorted = |y: &ArrayD<f32>| {
            let mut y: Vec<f32> = y.iter().copied().collect();
            y.sort_by(f32::total_cmp);
            y
        };
        assert!(other != *expected.1 && sorted(&other) == sorted(expected.1), "{name}");
    }
    Ok(())
}

#[test]
fn generators_are_those_of_keras() -> Result<()> {
    let (fixture, about) = (Fixture::load("windows"), about());
    let (series, targets) = (fixture.get("series"), fixture.get("targets"));
    let plain = TimeseriesGenerator::new;
    for (name, settings) in [
        ("generator", plain(4)),
        (
            "generator_sparse",
            TimeseriesGenerator { sampling_rate: 3, stride: 2, batch_size: 4, reverse: true, ..plain(7) },
        ),
        (
            "generator_part",
            TimeseriesGenerator { start_index: 5, end_index: Some(17), batch_size: 5, ..plain(3) },
        ),
    ] {
        let (x, y, batches) = all(&mut timeseries_generator(series.clone(), targets.clone(), &settings)?)?;
        let expected = (fixture.get(&format!("{name}/x")), fixture.get(&format!("{name}/y")));
        assert_eq!(
            (&x, y.as_ref(), Some(batches as u64)),
            (expected.0, Some(expected.1), about[name].as_u64()),
            "{name}"
        );
    }
    Ok(())
}

#[test]
fn windows_that_do_not_fit_are_told() {
    let series = || vec![0.0f32; 10];
    let plain = || Timeseries::new(3);
    for (settings, name) in [
        (Timeseries { sequence_length: 0, ..plain() }, "sequence_length"),
        (Timeseries { sequence_stride: 0, ..plain() }, "sequence_stride"),
        (Timeseries { sequence_stride: 10, ..plain() }, "sequence_stride"),
        (Timeseries { sampling_rate: 10, ..plain() }, "sampling_rate"),
        (Timeseries { start_index: 10, ..plain() }, "start_index"),
        (Timeseries { start_index: 5, end_index: Some(5), ..plain() }, "end_index"),
        (Timeseries { end_index: Some(10), ..plain() }, "end_index"),
        (Timeseries { batch_size: 0, ..plain() }, "batch_size"),
        (Timeseries { sequence_length: 11, ..plain() }, "no samples"),
        (Timeseries { sequence_length: usize::MAX, sampling_rate: 9, ..plain() }, "no samples"),
    ] {
        let problem = timeseries_dataset_from_array(series(), None::<Vec<f32>>, &settings).map(drop);
        let problem = problem.expect_err(name).to_string();
        assert!(problem.contains(name), "{problem}");
    }
    // Row i is the target of the window that begins there, wherever the first one begins.
    let late = Timeseries { start_index: 6, ..Timeseries::new(2) };
    assert!(timeseries_dataset_from_array(series(), Some(vec![0.0f32; 3]), &late).is_err());
    let generator = TimeseriesGenerator::new(3);
    assert!(timeseries_generator(series(), vec![0.0f32; 9], &generator).is_err());
    assert!(timeseries_generator(series(), series(), &TimeseriesGenerator::new(10)).is_err());
    assert!(
        timeseries_generator(series(), series(), &TimeseriesGenerator { stride: 0, ..generator }).is_err()
    );
}

#[test]
fn pixels_and_norms_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("windows");
    let pixels = fixture.get("pixels");
    for (name, mode) in [("caffe", Mode::Caffe), ("tf", Mode::Tf), ("torch", Mode::Torch)] {
        let what = format!("pixels_{name}");
        assert_close(&what, &preprocess_input(pixels, mode)?, fixture.get(&what), 1e-6);
        let first = preprocess_input(&pixels.index_axis(Axis(0), 0).to_owned(), mode)?;
        assert_close(&what, &first, &fixture.get(&what).index_axis(Axis(0), 0).to_owned(), 1e-6);
    }
    assert!(preprocess_input(&ArrayD::zeros(vec![2, 2, 4]), Mode::Tf).is_err());
    for axis in [-1, 0, 1] {
        for (name, order) in [("1", 1.0), ("2", 2.0), ("inf", f64::INFINITY)] {
            let what = format!("norms_{axis}_{name}");
            assert_close(&what, &normalize(fixture.get("norms"), axis, order)?, fixture.get(&what), 1e-6);
        }
    }
    for (axis, order) in [(3, 2.0), (-4, 2.0), (isize::MIN, 2.0), (0, 0.0), (0, f64::NAN)] {
        assert!(normalize(fixture.get("norms"), axis, order).is_err());
    }
    Ok(())
}

#[test]
fn images_are_made_alike_as_keras_does() -> Result<()> {
    let fixture = Fixture::load("windows");
    let plain = Standardizer::default;
    for (name, images, mut standardizer) in [
        ("samplewise", "images", Standardizer { samplewise_center: true, ..plain() }),
        (
            "samplewise_std",
            "images",
            Standardizer { samplewise_std_normalization: true, rescale: Some(0.5), ..plain() },
        ),
        ("featurewise", "images", Standardizer { featurewise_center: true, ..plain() }),
        (
            "featurewise_std",
            "images",
            Standardizer { featurewise_std_normalization: true, rescale: Some(0.25), ..plain() },
        ),
        ("zca", "images", Standardizer { zca_epsilon: Some(1e-6), ..plain() }),
        ("zca_few", "few_images", Standardizer { zca_epsilon: Some(0.5), ..plain() }),
    ] {
        let images = fixture.get(images).clone().into_dimensionality::<Ix4>().expect("images");
        standardizer.fit(&images)?;
        let expected = fixture.get(&format!("standardized_{name}"));
        for (image, expected) in images.outer_iter().zip(expected.outer_iter()) {
            // Keras finds singular values in single precision.
            let found = standardizer.standardize(image.into_dyn())?;
            assert_close(
                name,
                &found,
                &expected.to_owned(),
                if name.starts_with("zca") { 1e-4 } else { 1e-5 },
            );
        }
    }
    let image = ArrayD::zeros(vec![3, 2, 3]);
    let mut unlearnt = Standardizer { featurewise_center: true, ..plain() };
    assert!(unlearnt.standardize(image.view()).is_err_and(|error| error.to_string().contains("fit")));
    assert!(unlearnt.fit(&ndarray::Array4::zeros((0, 3, 2, 3))).is_err());
    unlearnt.fit(&ndarray::Array4::ones((2, 3, 2, 1)))?;
    assert!(unlearnt.standardize(image.view()).is_err());
    Ok(())
}

#[test]
fn predictions_have_names() -> Result<()> {
    let path = std::env::temp_dir().join(format!("keras-classes-{}.json", std::process::id()));
    let names = r#"{"0": ["n01", "tench"], "2": ["n03", "shark"], "1": ["n02", "goldfish"]}"#;
    std::fs::write(&path, names).expect("a file");
    let index = ClassIndex::open(&path)?;
    let rows = ndarray::array![[0.1f32, 0.7, 0.2], [0.5, 0.2, 0.3]];
    let guesses = decode_predictions(rows.view(), 2, &index)?;
    let found: Vec<(&str, &str, f32)> =
        guesses.iter().flatten().map(|guess| (&guess.wordnet[..], &guess.name[..], guess.score)).collect();
    let expected =
        [("n02", "goldfish", 0.7), ("n03", "shark", 0.2), ("n01", "tench", 0.5), ("n03", "shark", 0.3)];
    assert_eq!(found, expected);
    assert!(decode_predictions(ndarray::Array2::zeros((1, 4)).view(), 1, &index).is_err());
    for bad in ["[]", r#"{"0": ["n01", "tench"], "3": ["n03", "shark"]}"#, r#"{"0": 1}"#] {
        std::fs::write(&path, bad).expect("a file");
        assert!(ClassIndex::open(&path).is_err(), "{bad}");
    }
    std::fs::remove_file(path).ok();
    Ok(())
}

#[test]
fn data_sets_are_split() -> Result<()> {
    let dataset = || Dataset::from_arrays((0..11).map(|i| i as f32).collect::<Vec<f32>>(), vec![0u8; 11]);
    for (left, right, sizes) in [
        (Some(Size::Share(0.7)), None, (8, 3)),
        (None, Some(Size::Samples(2)), (9, 2)),
        (Some(Size::Samples(4)), Some(Size::Share(0.5)), (4, 6)),
    ] {
        let (mut first, mut last) = split_dataset(dataset()?, left, right, None)?;
        let (first, last) = (all(&mut first)?.0, all(&mut last)?.0);
        assert_eq!((first.len(), last.len()), sizes);
        assert_eq!((first[[0]], last[[sizes.1 - 1]]), (0.0, 10.0));
    }
    let (mut first, mut last) = split_dataset(dataset()?, Some(Size::Samples(8)), None, Some(1))?;
    let (first, last) = (all(&mut first)?.0, all(&mut last)?.0);
    let mut both: Vec<f32> = first.iter().chain(&last).copied().collect();
    assert!(both.windows(2).any(|pair| pair[0] > pair[1]), "in another order");
    both.sort_by(f32::total_cmp);
    assert_eq!(both, (0..11).map(|i| i as f32).collect::<Vec<f32>>());
    for (left, right) in [
        (None, None),
        (Some(Size::Samples(0)), None),
        (Some(Size::Samples(11)), None),
        (Some(Size::Share(1.0)), None),
        (Some(Size::Share(0.01)), None),
        (Some(Size::Samples(6)), Some(Size::Samples(6))),
    ] {
        assert!(split_dataset(dataset()?, left, right, None).is_err(), "{left:?} {right:?}");
    }
    Ok(())
}

const TEXTS: [&str; 4] = [
    "The cat sat on the mat.",
    "The dog -- a big dog! -- sat on the cat; the cat ran",
    "",
    "Élan vital: a mat,\tA Mat\nthe MAT",
];
const NEW: [&str; 4] = ["the elephant sat on a mat", "dog dog dog cat unknown", "...", "vital élan THE"];

fn lists(value: &Value) -> Vec<Vec<u32>> {
    serde_json::from_value(value.clone()).expect("lists of numbers")
}

#[test]
fn tokenizers_go_to_keras_and_back() -> Result<()> {
    let json = include_str!("../fixtures/tokenizer.json");
    let read = Tokenizer::from_json(json)?;
    assert_eq!(read.texts_to_sequences(&NEW), lists(&about()["tokenizer"]));
    let mut fitted = Tokenizer { oov_token: Some("<unk>".into()), ..Tokenizer::new(9) };
    fitted.fit_on_texts(&TEXTS);
    for mode in [MatrixMode::Count, MatrixMode::TfIdf] {
        assert_eq!(read.texts_to_matrix(&NEW, mode)?, fitted.texts_to_matrix(&NEW, mode)?);
    }
    // The same JSON, but for the order in which Python keeps sets: the texts within are compared as what they say.
    let unpacked = |text: &str| -> Value {
        let mut whole: Value = serde_json::from_str(text).expect("JSON");
        for name in ["word_counts", "word_docs", "index_docs", "index_word", "word_index"] {
            let inner = whole["config"][name].as_str().expect("a text").to_string();
            whole["config"][name] = serde_json::from_str(&inner).expect("JSON");
        }
        whole
    };
    assert_eq!(unpacked(&fitted.to_json()), unpacked(json));
    assert_eq!(unpacked(&read.to_json()), unpacked(json));
    // One that was read learns on.
    let mut more = Tokenizer::from_json(&fitted.to_json())?;
    more.fit_on_texts(&["dog dog dog dog"]);
    fitted.fit_on_texts(&["dog dog dog dog"]);
    assert_eq!(more.vocabulary(), fitted.vocabulary());
    for (from, to) in [
        ("\"config\"", "\"other\""),
        ("\"lower\": true", "\"lower\": 3"),
        ("\"num_words\": 9", "\"num_words\": -9"),
        ("\"document_count\": 4", "\"document_count\": 99999999999"),
        ("{\\\"1\\\": ", "{\\\"77\\\": "),
    ] {
        assert!(json.contains(from));
        assert!(Tokenizer::from_json(&json.replacen(from, to, 1)).is_err(), "{from}");
    }
    assert!(Tokenizer::from_json(&json[..json.len() - 1]).is_err());
    Ok(())
}

#[test]
fn words_are_hashed_as_keras_does() -> Result<()> {
    for (text, expected) in NEW.iter().zip(lists(&about()["hashing_trick"])) {
        assert_eq!(hashing_trick(text, 1000, md5)?, expected);
        assert_eq!(one_hot(text, 1000)?, expected);
    }
    assert_eq!(hashing_trick("a b", 7, |_, below| below - 1)?, [6, 6]);
    assert!(one_hot("a", 1).is_err());
    Ok(())
}
