//! What Keras has around training is there, or is said to be left out: `TRAINING.md` is made of this, and held to the sources
//! and to Keras's own list (`tests/fixtures/names.py`).

#[path = "training/table.rs"]
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use table::Where::{self, Here, Left};
use table::{ARGUMENTS, NAMES, OF_CLASSES};

/// Sections of Keras's list: where what they name is defined here, and what the page calls them.
const SECTIONS: &[(&str, &[&str], &str)] = &[
    ("losses", &["src/loss"], "Losses"),
    ("metrics", &["src/metric", "src/loss"], "Metrics"),
    ("optimizers", &["src/optim"], "Optimizers"),
    ("optimizers.schedules", &["src/optim/schedule.rs"], "Schedules"),
    ("callbacks", &["src/callback", "src/train"], "Callbacks"),
    ("initializers", &["../keras-macros/src/layers/initializers.rs"], "Initializers"),
    ("regularizers", &["../keras-macros/src/layers/regularizers.rs"], "Regularizers"),
    ("constraints", &["../keras-macros/src/layers/constraints.rs"], "Constraints"),
    ("utils", &["src/data", "src/preprocessing", "src/view"], "Utilities"),
    ("preprocessing.image", &["src/data", "src/preprocessing"], "Preprocessing: images"),
    ("preprocessing.image.legacy", &["src/preprocessing"], "Preprocessing: images, as in Keras 2"),
    ("preprocessing.sequence", &["src/preprocessing"], "Preprocessing: sequences"),
    ("datasets", &["src/data/datasets"], "Data sets"),
    ("Model", &["src/model"], "Models"),
];

const KERAS: &str = include_str!("keras_training.txt");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust text of a file or folder.
fn text(path: &Path) -> String {
    if path.is_file() {
        return fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.is_dir() || path.extension().is_some_and(|e| e == "rs"))
        .map(|p| text(p))
        .collect()
}

/// `GlorotUniform` as the macro's language has it: `glorot_uniform`.
fn snake_case(name: &str) -> String {
    let mut words = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    words
}

/// Whether `text` defines `name` to the public: an item, a method of a trait, a field, a variant, or a word of the macro.
fn defines(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("const ");
        let rest = ["struct ", "enum ", "trait ", "fn ", "type ", "mod ", ""].iter().find_map(|word| {
            let rest = line.strip_prefix(word)?.strip_prefix(name)?;
            Some((*word, rest.chars().next()))
        });
        match rest {
            // A field, a variant, or a row of a table that defines items.
            Some(("", next)) => matches!(next, Some(':' | ',' | ' ')) || next.is_none(),
            Some((_, next)) => !next.is_some_and(|c| c.is_alphanumeric() || c == '_'),
            None => false,
        }
    }) || text
        .lines()
        // What Keras calls a thing in its files is no name here.
        .filter(|line| !["config!", "of_class(", "Some(\""].iter().any(|mark| line.contains(mark)))
        .any(|line| line.contains(&format!("\"{name}\"")))
}

/// What Keras has: `(section, name, arguments)`.
fn keras() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        let (section, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        (section, name, words.collect())
    };
    KERAS.lines().map(line).collect()
}

/// The text of a section's sources.
fn sources() -> BTreeMap<&'static str, String> {
    let of = |paths: &[&str]| paths.iter().map(|path| text(&root().join(path))).collect::<String>();
    SECTIONS.iter().map(|(section, paths, _)| (*section, of(paths))).collect()
}

fn own_name(section: &str, name: &str) -> String {
    match section {
        "initializers" | "regularizers" | "constraints" => snake_case(name),
        _ => name.to_string(),
    }
}

/// What the page says of one thing.
fn said(place: Where) -> String {
    match place {
        Here(path) => format!("`{path}`"),
        Left(why) => format!("left out: {why}"),
    }
}

#[test]
fn names_of_keras_are_there_or_left_out() {
    let (sources, mut wrong) = (sources(), vec![]);
    let everything = text(&root().join("src")) + &text(&root().join("../keras-macros/src/layers"));
    for (section, name, _) in keras() {
        let base = matches!(name, "Initializer" | "Regularizer" | "Constraint");
        let own = !base && defines(&sources[section], &own_name(section, name));
        let listed: Vec<_> = NAMES.iter().filter(|(s, n, _)| (*s, *n) == (section, name)).collect();
        match (&listed[..], own) {
            ([], true) | ([_], false) => {}
            ([], false) => wrong.push(format!("{section} {name}: neither there nor in the table")),
            ([_], true) => wrong.push(format!("{section} {name}: is there now; take it out of the table")),
            _ => wrong.push(format!("{section} {name}: twice in the table")),
        }
    }
    let places = NAMES.iter().map(|(.., place)| place).chain(ARGUMENTS.iter().map(|(.., place)| place));
    for place in places.chain(OF_CLASSES.iter().map(|(.., place)| place)) {
        if let Here(path) = place
            && !defines(&everything, path.rsplit("::").next().unwrap_or(path))
        {
            wrong.push(format!("`{path}` is defined nowhere"));
        }
    }
    for (section, name, _) in NAMES {
        if !keras().iter().any(|(s, n, _)| (s, n) == (section, name)) {
            wrong.push(format!("{section} {name}: Keras has none"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Sections whose arguments are compared; of models, the methods that train and read.
const WITH_ARGUMENTS: &[&str] = &[
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
];
const METHODS: &[(&str, &str)] = &[
    ("compile", ""),
    ("fit", "Fit"),
    ("evaluate", "Evaluate"),
    ("predict", "Evaluate"),
    ("train_on_batch", ""),
    ("test_on_batch", ""),
    ("predict_on_batch", ""),
    ("summary", "Summary"),
    ("load_weights", ""),
    ("save_weights", ""),
];

/// The body of the struct `name`.
fn body<'t>(text: &'t str, name: &str) -> &'t str {
    let start = [" {", "<"].iter().find_map(|end| text.find(&format!("pub struct {name}{end}")));
    let Some(start) = start else { return "" };
    let rest = &text[start..];
    &rest[..rest.find("\n}").unwrap_or(rest.len())]
}

/// Whether a class has an argument of this name: a field, or a word of the macro.
fn has(sources: &BTreeMap<&'static str, String>, section: &str, name: &str, argument: &str) -> bool {
    let own = match NAMES.iter().find(|(s, n, _)| (*s, *n) == (section, name)) {
        Some((_, _, Here(path))) => path.rsplit("::").next().unwrap_or(path),
        _ => name,
    };
    match section {
        "initializers" | "regularizers" | "constraints" => {
            sources[section].contains(&format!("\"{argument}\""))
        }
        "Model" => {
            let settings =
                METHODS.iter().find(|(method, _)| *method == name).map_or("", |(_, settings)| settings);
            let all = text(&root().join("src/train")) + &text(&root().join("src/view"));
            body(&all, settings).contains(&format!("pub {argument}:"))
        }
        _ => body(&sources[section], own).contains(&format!("pub {argument}:")),
    }
}

/// What the table says of an argument: for its class, or for its section.
fn listed(section: &str, name: &str, argument: &str) -> Option<Where> {
    let own = OF_CLASSES.iter().find(|(s, n, a, _)| (*s, *n, *a) == (section, name, argument));
    let all = ARGUMENTS.iter().find(|(s, a, _)| (*s, *a) == (section, argument));
    own.map(|(.., place)| *place).or(all.map(|(.., place)| *place))
}

/// The arguments that are compared: `(section, name, argument)`.
fn arguments() -> Vec<(&'static str, &'static str, &'static str)> {
    let left_out = |section: &str, name: &str| {
        let entry = NAMES.iter().find(|(s, n, _)| (*s, *n) == (section, name));
        entry.is_some_and(|(.., place)| matches!(place, Left(_)))
    };
    let wanted = |section: &str, name: &str| match section {
        "Model" => METHODS.iter().any(|(method, _)| *method == name),
        // Functions of images have theirs in an order of their own.
        "preprocessing.image.legacy" => name == "ImageDataGenerator",
        _ => WITH_ARGUMENTS.contains(&section) && !left_out(section, name),
    };
    let all = keras().into_iter().filter(|(section, name, _)| wanted(section, name));
    all.flat_map(|(section, name, arguments)| arguments.into_iter().map(move |a| (section, name, a)))
        .collect()
}

#[test]
fn arguments_of_keras_are_there_or_left_out() {
    let (sources, mut wrong) = (sources(), vec![]);
    for (section, name, argument) in arguments() {
        let own = OF_CLASSES.iter().any(|(s, n, a, _)| (*s, *n, *a) == (section, name, argument));
        match (listed(section, name, argument), has(&sources, section, name, argument)) {
            (None, false) => {
                wrong.push(format!("{section} {name}: `{argument}` is neither there nor in the table"))
            }
            (Some(_), true) if own => wrong.push(format!("{section} {name}: `{argument}` is there now")),
            _ => {}
        }
    }
    for (section, argument, _) in ARGUMENTS {
        if !arguments().iter().any(|(s, _, a)| (s, a) == (section, argument)) {
            wrong.push(format!("{section}: Keras has no argument `{argument}`"));
        }
    }
    for (section, name, argument, _) in OF_CLASSES {
        if !arguments().contains(&(section, name, argument)) {
            wrong.push(format!("{section} {name}: Keras has no argument `{argument}`"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The page: what has its own name is named, the rest is told.
fn page() -> String {
    let mut page = String::from(
        "<!-- Made from keras-runtime/tests/training: `KERAS_UPDATE=1 cargo test -p keras-runtime --test training` writes it \
         anew. -->\n\n# Around training: what Keras 3.15 has\n\nLayers, activations and functions are in `REFERENCE.md`. \
         Here is the rest: under Keras's own names, under others, and what is left out.\n",
    );
    for (section, _, title) in SECTIONS {
        let (mut same, mut rows) = (vec![], vec![]);
        for (of, name, _) in keras().into_iter().filter(|(of, ..)| of == section) {
            match NAMES.iter().find(|(s, n, _)| (*s, *n) == (of, name)) {
                Some((.., place)) => rows.push(format!("| `{name}` | {} |\n", said(*place))),
                None => same.push(format!("`{}`", own_name(section, name))),
            }
        }
        for (argument, place) in
            ARGUMENTS.iter().filter(|(s, ..)| s == section).map(|(_, a, place)| (a, place))
        {
            rows.push(format!("| argument `{argument}` | {} |\n", said(*place)));
        }
        for (_, name, argument, place) in OF_CLASSES.iter().filter(|(s, ..)| s == section) {
            rows.push(format!("| argument `{argument}` of `{name}` | {} |\n", said(*place)));
        }
        page.push_str(&format!("\n## {title}\n"));
        if !same.is_empty() {
            page.push_str(&format!("\nAs in Keras: {}.\n", same.join(", ")));
        }
        if !rows.is_empty() {
            page.push_str(&format!("\n| Keras | here |\n| --- | --- |\n{}", rows.concat()));
        }
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    let path = root().join("TRAINING.md");
    if std::env::var_os("KERAS_UPDATE").is_some() {
        fs::write(&path, page()).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page(), "TRAINING.md differs from the table: run with KERAS_UPDATE=1");
}
