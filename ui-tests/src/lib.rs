//! Error messages of `keras_model!`, held by trybuild; see `tests/`.

/// A block of another crate, for errors inside of it.
pub mod blocks {
    use keras_runtime::keras_model;

    keras_model! {
        /// Halves a picture twice.
        pub block tower(filters, kernel_size = 5) |x| {
            x >> repeat 2 { conv2d(filters, kernel_size, strides = 2, activation = relu) }
        }
    }
}
