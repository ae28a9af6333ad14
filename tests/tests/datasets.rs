//! The readers of data sets, on small files in Keras's formats, against Keras's own loaders.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::path::PathBuf;

use fixture::Fixture;
use keras_runtime::data::datasets::{
    Cifar, Houses, LabelMode, Mnist, REUTERS_LABELS, Store, TextSettings, Texts, Version,
};
use keras_runtime::prelude::*;
use ndarray::{Array, ArrayD, Axis, Dimension, Slice};

fn files() -> PathBuf {
    PathBuf::from(format!("{}/fixtures/datasets", env!("CARGO_MANIFEST_DIR")))
}

fn store() -> Store {
    Store::at(files())
}

fn words<T: Copy + Into<f32>, D: Dimension>(array: &Array<T, D>) -> ArrayD<f32> {
    array.mapv(Into::into).into_dyn()
}

/// The rows and columns of images that the fixture keeps.
fn some(images: ArrayD<f32>) -> ArrayD<f32> {
    let mut images = images;
    images.slice_axis_inplace(Axis(1), Slice::from(..).step_by(9));
    images.slice_axis_inplace(Axis(2), Slice::from(..).step_by(7));
    images
}

fn assert_texts(case: &str, found: &Texts, fixture: &Fixture) {
    for (name, texts) in [("x_train", &found.x_train), ("x_test", &found.x_test)] {
        let expected = fixture.get(&format!("{case}/{name}"));
        assert_eq!(texts.len(), expected.shape()[0], "{case}/{name}");
        for (text, row) in texts.iter().zip(expected.outer_iter()) {
            let row: Vec<u32> = row.iter().skip(1).take(row[0] as usize).map(|word| *word as u32).collect();
            assert_eq!(text, &row, "{case}/{name}");
        }
    }
    assert_eq!(&words(&found.y_train), fixture.get(&format!("{case}/y_train")), "{case}");
    assert_eq!(&words(&found.y_test), fixture.get(&format!("{case}/y_test")), "{case}");
}

#[test]
fn texts_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("datasets");
    let plain = TextSettings::default();
    for (name, settings) in [
        ("plain", plain.clone()),
        ("few", TextSettings { num_words: Some(20), skip_top: 3, maxlen: Some(18), ..plain.clone() }),
        (
            "left_out",
            TextSettings { num_words: Some(50), oov_char: None, start_char: None, seed: 7, ..plain.clone() },
        ),
        (
            "raw",
            TextSettings {
                num_words: Some(9),
                oov_char: Some(0),
                skip_top: 2,
                start_char: None,
                index_from: 0,
                ..plain.clone()
            },
        ),
    ] {
        assert_texts(&format!("imdb_{name}"), &store().imdb(&settings)?, &fixture);
        assert_texts(&format!("reuters_{name}"), &store().reuters(0.3, &settings)?, &fixture);
    }
    let none =
        store().imdb(&TextSettings { maxlen: Some(1), ..plain.clone() }).expect_err("no text is empty");
    assert!(none.to_string().contains("`maxlen` is 1"), "{none}");
    let share = store().reuters(1.0, &plain).expect_err("nothing to train with");
    assert!(share.to_string().contains("`test_split` is 1"), "{share}");
    Ok(())
}

#[test]
fn words_have_numbers_and_topics_names() -> Result<()> {
    for index in [store().imdb_word_index()?, store().reuters_word_index()?] {
        assert_eq!((index.len(), index["the"], index["café"], index["a\"b"]), (4, 1, 12, 88587));
    }
    assert_eq!((REUTERS_LABELS[3], REUTERS_LABELS[45]), ("earn", "lead"));
    Ok(())
}

fn assert_images(case: &str, found: &Mnist, fixture: &Fixture) {
    for (name, found) in [
        ("x_train", some(words(&found.x_train))),
        ("y_train", words(&found.y_train)),
        ("x_test", some(words(&found.x_test))),
        ("y_test", words(&found.y_test)),
    ] {
        assert_eq!(&found, fixture.get(&format!("{case}/{name}")), "{case}/{name}");
    }
}

fn assert_colours(case: &str, found: &Cifar, fixture: &Fixture) {
    for (name, found) in [
        ("x_train", some(words(&found.x_train))),
        ("y_train", words(&found.y_train)),
        ("x_test", some(words(&found.x_test))),
        ("y_test", words(&found.y_test)),
    ] {
        assert_eq!(&found, fixture.get(&format!("{case}/{name}")), "{case}/{name}");
    }
}

#[test]
fn images_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("datasets");
    assert_images("mnist", &store().mnist()?, &fixture);
    assert_images("fashion_mnist", &store().fashion_mnist()?, &fixture);
    assert_colours("cifar10", &store().cifar10()?, &fixture);
    assert_colours("cifar100_fine", &store().cifar100(LabelMode::Fine)?, &fixture);
    assert_colours("cifar100_coarse", &store().cifar100(LabelMode::Coarse)?, &fixture);
    Ok(())
}

#[test]
fn houses_are_those_of_keras() -> Result<()> {
    let fixture = Fixture::load("datasets");
    let check = |case: &str, found: &Houses, every: isize| {
        let mut x = found.x_train.clone();
        x.slice_axis_inplace(Axis(0), Slice::from(..).step_by(every));
        assert_eq!(
            &x.as_standard_layout().to_owned().into_dyn(),
            fixture.get(&format!("{case}/x_train")),
            "{case}"
        );
        assert_eq!(&words(&found.y_train), fixture.get(&format!("{case}/y_train")), "{case}");
        assert_eq!(found.x_test.nrows(), found.y_test.len());
        if !found.y_test.is_empty() {
            assert_eq!(&words(&found.x_test), fixture.get(&format!("{case}/x_test")), "{case}");
            assert_eq!(&words(&found.y_test), fixture.get(&format!("{case}/y_test")), "{case}");
        }
    };
    check("boston_housing", &store().boston_housing(0.3, 5)?, 1);
    check("california_large", &store().california_housing(Version::Large, 0.2, 113)?, 50);
    check("california_small", &store().california_housing(Version::Small, 0.0, 113)?, 50);
    for share in [-0.1, 1.0, f64::NAN] {
        assert!(store().california_housing(Version::Large, share, 1).is_err());
    }
    Ok(())
}

#[test]
fn what_the_repository_holds_is_found() -> Result<()> {
    let boston = datasets::boston_housing(0.2, 113)?;
    assert_eq!((boston.x_train.dim(), boston.x_test.dim()), ((404, 13), (102, 13)));
    // The first row of Keras's own.
    let first = [1.23247, 0.0, 8.14, 0.0, 0.538, 6.142, 91.7, 3.9769, 4.0, 307.0, 21.0, 396.9, 18.72];
    assert_eq!(
        (boston.x_train.row(0).to_vec(), boston.y_train[0], boston.y_test[0]),
        (first.to_vec(), 15.2, 7.2)
    );
    for (table, dim, classes, last) in [
        (datasets::iris()?, (150, 4), 3, 2),
        (datasets::wine()?, (178, 13), 3, 2),
        (datasets::breast_cancer()?, (569, 30), 2, 1),
        (datasets::digits()?, (1797, 64), 10, 8),
    ] {
        assert_eq!((table.x.dim(), table.y.len(), table.classes.len()), (dim, dim.0, classes));
        assert_eq!(table.y[dim.0 - 1], last);
    }
    let weather = datasets::nyc_weather("JFK")?;
    assert_eq!(
        (weather.values.dim(), weather.times.len(), weather.names[0].as_str()),
        ((8706, 9), 8706, "temp")
    );
    assert!(weather.values.iter().any(|value| value.is_nan()));
    assert!(datasets::nyc_weather("SFO").expect_err("no such airport").to_string().contains("EWR, JFK, LGA"));
    let births = datasets::us_births()?;
    assert_eq!((births.dates[0], births.births[0], births.births.len()), ([1969, 1, 1, 3], 8486.0, 7305));
    assert!(datasets::alice()?.contains("Down the Rabbit-Hole"));
    assert_eq!(datasets::tiny_shakespeare()?.lines().next(), Some("First Citizen:"));
    Ok(())
}

#[test]
fn what_is_nowhere_can_be_put_by_hand() {
    let empty = std::env::temp_dir().join(format!("keras-no-datasets-{}", std::process::id()));
    let store = Store::at(&empty);
    let text = store.california_housing(Version::Large, 0.2, 1).expect_err("nothing is there").to_string();
    let place = empty.join("california_housing.npz").display().to_string();
    assert!(text.contains(&place) && text.contains("tf-keras-datasets/california_housing.npz"), "{text}");
    let text = store.fashion_mnist().expect_err("nothing is there").to_string();
    assert!(text.contains(&empty.join("fashion-mnist").join("train-images").display().to_string()), "{text}");
    assert!(store.iris().expect_err("nothing is there").to_string().contains("iris.csv"));
}

/// The folder is one of the process: this asks another one.
#[test]
fn the_folder_of_keras_is_looked_in() -> Result<()> {
    let home = std::env::temp_dir().join(format!("keras-home-{}", std::process::id()));
    if std::env::var_os("KERAS_HOME_OF_TEST").is_some() {
        assert_eq!(datasets::imdb(&TextSettings::default())?.x_train.len(), 23);
        assert_eq!(datasets::cifar10()?.x_test.dim(), (2, 32, 32, 3));
        return Ok(());
    }
    let cache = home.join("datasets");
    std::fs::create_dir_all(&cache).expect("a folder");
    std::fs::copy(files().join("imdb.npz"), cache.join("imdb.npz")).expect("a copy");
    std::fs::copy(files().join("cifar-10-python.tar.gz"), cache.join("cifar-10-batches-py-target_archive"))
        .expect("a copy");
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "the_folder_of_keras_is_looked_in"])
        .env("KERAS_HOME", &home)
        .env("KERAS_HOME_OF_TEST", "1")
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::remove_dir_all(home).ok();
    Ok(())
}

#[test]
fn broken_files_are_errors() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("keras-broken-datasets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let store = Store::at(&folder);
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("a file");
    // Another data set under this name, a cut archive, and Python code.
    std::fs::copy(files().join("mnist.npz"), folder.join("imdb.npz")).expect("a copy");
    let wrong = store.imdb(&TextSettings::default()).expect_err("no texts").to_string();
    assert!(wrong.contains("imdb.npz: `x_train` is of `|u1`, and should be of lists"), "{wrong}");
    let whole = std::fs::read(files().join("cifar-10-python.tar.gz")).expect("a file");
    put("cifar-10-python.tar.gz", &whole[..whole.len() / 2]);
    assert!(store.cifar10().is_err());
    std::fs::create_dir_all(folder.join("cifar-100-python")).expect("a folder");
    put("cifar-100-python/train", b"\x80\x02cos\nsystem\nU\x04true\x85R.");
    put("cifar-100-python/test", b"");
    let wrong = store.cifar100(LabelMode::Fine).expect_err("a program").to_string();
    assert!(wrong.contains("asks for the Python object `os.system`"), "{wrong}");
    put("iris.csv", b"2,2,a,b\n1,2,0\n1,2\n");
    let wrong = store.iris().expect_err("a short line").to_string();
    assert!(wrong.contains("line 3: 2 numbers instead of 3"), "{wrong}");
    put("iris.csv", b"2,2,a,b\n1,2,0\n1,2,7\n");
    assert!(store.iris().expect_err("no such class").to_string().contains("class 7"));
    std::fs::remove_dir_all(folder).ok();
    Ok(())
}
