//! Nothing that Keras has around training goes without numbers of Keras's own.

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
