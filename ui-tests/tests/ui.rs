//! Every error of `keras_model!`, as rustc shows it, and every form that has none.

#[test]
fn errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn forms() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

/// No layer is without an error that somebody has looked at: one that names it, or one within its parentheses.
#[test]
fn every_layer_has_an_error() {
    let read = |path: std::path::PathBuf| {
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    };
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(here.join("tests/ui")).expect("the folder of errors");
    let paths = files.map(|file| file.expect("a file").path());
    let shown = paths.filter(|path| path.extension().is_some_and(|kind| kind == "stderr")).map(read);
    let shown = shown.collect::<String>();
    let lines: Vec<&str> = shown.lines().collect();
    let named = lines.iter().copied().filter(|line| line.starts_with("error")).map(String::from);
    // A line of a model, and marks below it.
    let within = lines
        .windows(2)
        .filter_map(|pair| Some(format!("`{}`", callee(pair[0].get(..pair[1].find('^')?)?)?)));
    let said = named.chain(within).collect::<Vec<String>>();
    let page = read(here.join("../keras-runtime/REFERENCE.md"));
    let layers = page.split("\n## ").find(|section| section.starts_with("Layers\n")).expect("the layers");
    let names =
        layers.lines().filter_map(|line| line.strip_prefix("- `")?.split_once('(')).map(|(name, _)| name);
    let is_said = |name: &&str| {
        said.iter().any(|said| said.contains(&format!("`{name}`")) || said.contains(&format!("`{name}(")))
    };
    let missing: Vec<&str> = names.filter(|name| !is_said(name)).collect();
    assert!(missing.is_empty(), "no error is shown of {missing:?}");
}

/// The layer whose arguments `text` ends in.
fn callee(text: &str) -> Option<&str> {
    let (before, _) = text.rsplit_once('(')?;
    before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()
}
