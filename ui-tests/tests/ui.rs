//! Every error of `keras_model!`, as rustc shows it, and every form that has none.

#[test]
fn errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn forms() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}
