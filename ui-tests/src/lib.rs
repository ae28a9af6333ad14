//! Error messages of `keras_model!`, held by trybuild; see `tests/`.
