//! Integration tests of the workspace; see `tests/`. Here are models that those use as layers from another crate.

/// Models that are parts of others.
pub mod models {
    use keras_runtime::keras_model;

    mod sizes {
        pub const HIDDEN: usize = 6;
        pub const SCALE: f32 = 0.5;
        pub const fn twice(n: usize) -> usize {
            2 * n
        }
    }

    keras_model! {
        const CODE: usize = 4;

        block mlp(units, act = relu) |x| { x >> dense(units, act) >> dense(CODE) }

        /// Sees five numbers through constants that only this module can name.
        pub Encoder(x: [5]) -> [CODE] {
            let (h, _) = (x * sizes::SCALE, x);
            h >> mlp(sizes::HIDDEN) >> repeat 2 { dense(CODE, tanh) }
        }
        /// One tensor in, two out.
        pub Fork(x: [CODE]) -> (left: [2], right: [3]) { (x >> dense(2), x >> dense(3)) }
        /// For this crate alone.
        pub(crate) Inner = dense(sizes::twice(3), input = CODE)
    }

    /// A model of a model of another module.
    pub mod deep {
        use keras_runtime::keras_model;

        keras_model! {
            /// Models of the module above, by path.
            pub Deep = super::Encoder >> super::Inner >> dense(2)
        }
    }
}

/// The README, whose programs are doctests of this package: they compile as they stand there.
#[doc = include_str!(concat!(env!("OUT_DIR"), "/README.md"))]
pub mod readme {}
