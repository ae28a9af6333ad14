//! Losses with settings, of which the name alone is the default.

/// A constant of the struct's own name, and `Default`, with Keras's defaults.
macro_rules! defaults {
    ($($name:ident { $($field:ident: $value:expr),* })*) => {$(
        #[doc = concat!("[`struct@", stringify!($name), "`] with Keras's defaults.")]
        #[allow(non_upper_case_globals)]
        pub const $name: $name = $name { $($field: $value),* };

        impl Default for $name {
            fn default() -> Self {
                $name
            }
        }
    )*};
}
pub(crate) use defaults;
