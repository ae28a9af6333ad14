//! Nothing that Keras has around training goes without numbers of Keras's own.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// What needs no fixture: what is there to be built upon, and sums and comparisons whose documentation's examples are tests.
const PLAIN: &[&str] =
    &["Accuracy", "LearningRateSchedule", "Loss", "Mean", "MeanMetricWrapper", "Metric", "Optimizer", "Sum"];

#[test]
fn every_class_is_held_to_keras() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = here.join("../keras-runtime/tests/keras_training.txt");
    let list = fs::read_to_string(list).expect("the list of what Keras has");
    let mut files: Vec<_> = fs::read_dir(here.join("fixtures")).expect("fixtures").flatten().collect();
    files.retain(|file| file.path().extension().is_some_and(|extension| extension == "json"));
    // What the fixtures say of themselves.
    let said: String = files.iter().map(|file| fs::read_to_string(file.path()).expect("text")).collect();
    let sections = ["losses", "metrics", "optimizers", "optimizers.schedules"];
    let words = list.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let classes: Vec<String> =
        words.filter(|words| sections.contains(&words[0])).map(|words| words[1].to_string()).collect();
    assert!(classes.len() > 70, "{classes:?}");
    let seen = |class: &str| {
        let call = format!("{class}(");
        said.match_indices(&call).any(|(at, _)| !said[..at].ends_with(char::is_alphanumeric))
    };
    let missing: Vec<&String> =
        classes.iter().filter(|class| !PLAIN.contains(&class.as_str()) && !seen(class)).collect();
    assert!(missing.is_empty(), "without a fixture: {missing:?}");
}

/// Every case of a layer that Keras was asked for is one that a test is called like, or names.
#[test]
fn every_case_is_read() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    let mut folders = vec![here.join("tests")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).expect("a folder").flatten() {
            match file.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|extension| extension == "rs") => {
                    sources += &fs::read_to_string(path).expect("text");
                }
                _ => {}
            }
        }
    }
    let words: HashSet<&str> = sources.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let (mut read, mut missing) = (0, Vec::new());
    for file in fs::read_dir(here.join("fixtures")).expect("fixtures").flatten() {
        if file.path().extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(file.path()).expect("text");
        let about: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let cases = about.get("cases").and_then(|cases| cases.as_object());
        for case in cases.into_iter().flat_map(|cases| cases.keys()) {
            read += 1;
            if !words.contains(case.as_str()) {
                missing.push(format!("{}: {case}", file.file_name().to_string_lossy()));
            }
        }
    }
    assert!(read > 600, "{read} cases");
    assert!(missing.is_empty(), "without a test: {missing:?}");
}
