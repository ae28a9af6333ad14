//! Integration tests of the workspace; see `tests/`. Here are models that those use as layers from another crate.

pub mod gpu;

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
        /// Halves the picture, if it is told to.
        pub block stage(filters, act = relu, halve = true, pooling = max) |x| {
            let h = x >> conv2d(filters, 3, activation = act, padding = same, name = "conv");
            if halve {
                h >> if pooling == max { max_pooling2d(2) } else if pooling == avg { average_pooling2d(2) }
            } else { h }
        }
        /// Uses a block and a constant of its own.
        pub block tower(width, deep = false) |x| {
            x >> stage(width) >> stage(if deep { CODE * 2 } else { CODE }, pooling = avg)
              >> if deep { repeat 2 { stage(CODE, halve = false) } }
        }

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
