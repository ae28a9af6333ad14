//! What Keras in Python calls a thing, and the arguments that make it: for files that it reads.

#[cfg(feature = "keras-files")]
use serde_json::{Map, Value, json};

/// A class of Keras and its arguments.
#[cfg(feature = "keras-files")]
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub(crate) class: &'static str,
    arguments: Map<String, Value>,
}

#[cfg(feature = "keras-files")]
impl Config {
    pub(crate) fn new(class: &'static str) -> Self {
        Config { class, arguments: Map::new() }
    }

    /// With an argument.
    pub(crate) fn with(mut self, name: &str, value: &impl Argument) -> Self {
        self.arguments.insert(name.to_string(), value.json());
        self
    }

    /// The same arguments of another class.
    pub(crate) fn of_class(self, class: &'static str) -> Self {
        Config { class, ..self }
    }

    /// As Keras writes an object of `module`.
    pub(crate) fn json(self, module: &str) -> Value {
        json!({"module": module, "class_name": self.class, "config": self.arguments, "registered_name": null})
    }
}

/// What an argument may be.
#[cfg(feature = "keras-files")]
pub(crate) trait Argument {
    fn json(&self) -> Value;
}

#[cfg(feature = "keras-files")]
impl Argument for f32 {
    fn json(&self) -> Value {
        // In its shortest form: 0.9, and not 0.8999999761581421.
        self.to_string().parse::<f64>().map_or(Value::Null, Value::from)
    }
}

#[cfg(feature = "keras-files")]
impl<T: Argument> Argument for Option<T> {
    fn json(&self) -> Value {
        self.as_ref().map_or(Value::Null, Argument::json)
    }
}

#[cfg(feature = "keras-files")]
impl<T: Argument> Argument for Vec<T> {
    fn json(&self) -> Value {
        self.iter().map(Argument::json).collect()
    }
}

#[cfg(feature = "keras-files")]
macro_rules! arguments {
    ($($of:ty),*) => {$(
        impl Argument for $of {
            fn json(&self) -> Value {
                Value::from(self.clone())
            }
        }
    )*};
}
#[cfg(feature = "keras-files")]
arguments!(
    bool,
    i32,
    u32,
    u64,
    usize,
    f64,
    String,
    Value,
    &'static [isize],
    &'static [usize],
    &'static [f64]
);

/// The method `config` of what Keras has under the name `class`, with the same arguments as fields.
macro_rules! config {
    ($class:tt $($field:ident)*) => {
        #[cfg(feature = "keras-files")]
        fn config(&self) -> std::result::Result<$crate::config::Config, String> {
            Ok($crate::config::Config::new($class)$(.with(stringify!($field), &self.$field))*)
        }
    };
}
pub(crate) use config;

/// What Keras calls the values of an enum.
macro_rules! words {
    ($($of:ident { $($value:path => $word:literal),* $(,)? })*) => {$(
        #[cfg(feature = "keras-files")]
        impl crate::config::Argument for $of {
            fn json(&self) -> serde_json::Value {
                match self {
                    $($value => $word.into(),)*
                }
            }
        }
    )*};
}
pub(crate) use words;
