//! Every error of `keras_model!`, as rustc shows it.

#[test]
fn errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
