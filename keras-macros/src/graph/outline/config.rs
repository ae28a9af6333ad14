//! The arguments of a layer as Keras's `get_config` gives them: those that were written, for the others are Keras's.

use super::{Builder, Described, has_class};
use crate::ir::{DType, Init, Penalty, Start};
use crate::layers::args::{Args, Clipping, Value};
use crate::layers::audio;
use crate::layers::constraints::Constraint;
use crate::layers::regularizers::Regularizer;
use crate::layers::{Family, Use};

/// `,"key":value`
pub(super) fn with(key: &str, value: &str) -> String {
    format!(",\"{key}\":{value}")
}

/// A string of JSON.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// What Keras makes an object of; `config` has a comma before each of its entries.
pub(super) fn object(module: &str, class: &str, config: &str, registered: &str) -> String {
    let registered = if registered == "Functional" { quoted(registered) } else { "null".into() };
    format!(
        "{{\"module\":{},\"class_name\":{},\"config\":{{{}}},\"registered_name\":{registered}}}",
        quoted(module),
        quoted(class),
        config.trim_start_matches(',')
    )
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// One as itself, several as a list.
fn one_or_list<T: ToString>(items: &[T]) -> String {
    match items {
        [one] => one.to_string(),
        items => list(items.iter().map(T::to_string)),
    }
}

/// Arguments that Keras takes as lists, however few they are.
const LISTS: &[&str] = &["dims", "bin_boundaries", "value_range"];

impl Builder<'_> {
    /// The layer that `u` makes, with what is in it.
    pub(super) fn described(
        &mut self,
        name: &str,
        u: &Use,
        trainable: bool,
        inner: &[Described],
    ) -> Described {
        match self.config(name, u, trainable, inner) {
            Ok((class, config)) => Described { module: "keras.layers", class, config, problem: None },
            Err(problem) => Described { problem: Some(problem), ..Described::default() },
        }
    }

    fn config(
        &mut self,
        name: &str,
        u: &Use,
        trainable: bool,
        inner: &[Described],
    ) -> Result<(&'static str, String), String> {
        has_class(u)?;
        let mut config = String::new();
        if u.entry.family == Family::Activation {
            if u.args.given().next().is_some() {
                return self.activation(u.entry.name, u.args);
            }
            return Ok(("Activation", with("activation", &quoted(u.entry.name))));
        }
        if !trainable {
            config += &with("trainable", "false");
        }
        if u.args.given_flag("stateful") {
            return Err(format!("`{name}` is stateful, for which Keras asks for the size of the batch"));
        }
        for (argument, value) in u.args.given() {
            if let Some(value) = self.json(argument, value)? {
                config += &with(argument, &value);
            }
        }
        if u.entry.is_wrapper() {
            config += &wrapped(name, u, inner)?;
        }
        Ok((u.entry.class, config))
    }

    /// Keras's layer for an activation with arguments.
    fn activation(&mut self, name: &str, args: &Args) -> Result<(&'static str, String), String> {
        let class = match name {
            "relu" => "ReLU",
            "leaky_relu" => "LeakyReLU",
            "elu" => "ELU",
            "softmax" => "Softmax",
            _ => return Err(format!("`{name}` with arguments is a function in Keras, and no layer")),
        };
        let mut config = String::new();
        for (argument, value) in args.given() {
            if let Some(value) = self.json(argument, value)? {
                config += &with(argument, &value);
            }
        }
        Ok((class, config))
    }

    /// A value of an argument, unless it is told elsewhere.
    pub(super) fn json(&mut self, name: &str, value: &Value) -> Result<Option<String>, String> {
        Ok(Some(match value {
            Value::None => "null".into(),
            Value::Size(dim) => self.outline_size(dim),
            Value::Integer(n) => n.to_string(),
            Value::Number(x) => number(*x),
            Value::Flag(flag) => flag.to_string(),
            Value::Activation(activation) => {
                if activation.args.given().next().is_some() {
                    // Keras takes a layer for a function.
                    let (class, config) = self.activation(activation.entry.name, &activation.args)?;
                    return Ok(Some(object("keras.layers", class, &config, "")));
                }
                quoted(activation.entry.name)
            }
            Value::Initializer(start) => initializer(start),
            Value::Regularizer(regularizer) => self::regularizer(regularizer),
            Value::Constraint(constraint) => self::constraint(constraint),
            Value::Integers(all) if LISTS.contains(&name) => list(all.iter().map(i64::to_string)),
            Value::Integers(all) => one_or_list(all),
            Value::Numbers(all) if LISTS.contains(&name) => list(all.iter().map(|x| number(*x))),
            Value::Numbers(all) => one_or_list(&all.iter().map(|x| number(*x)).collect::<Vec<_>>()),
            Value::Margins(all) => {
                let sides: Vec<String> = all.iter().map(|sides| one_or_list(sides)).collect();
                // One axis has two sides, each of which is written as a list of one.
                one_or_list(&sides)
            }
            Value::Extents(all) => {
                let sizes: Vec<String> = all
                    .iter()
                    .map(|size| size.as_ref().map_or("-1".into(), |dim| self.outline_size(dim)))
                    .collect();
                list(sizes.into_iter())
            }
            // `none` is a word here, and no word in Keras.
            Value::Text(text) if text == "none" => "null".into(),
            Value::Text(text) => quoted(text),
            Value::Clipping(Clipping { rmax, rmin, dmax }) => {
                let bounds = [("rmax", rmax), ("rmin", rmin), ("dmax", dmax)];
                let given = bounds
                    .iter()
                    .filter_map(|(name, bound)| Some(format!("\"{name}\":{}", number((**bound)?))));
                format!("{{{}}}", given.collect::<Vec<_>>().join(","))
            }
            Value::Closure(_) => return Err(format!("`{name}` is a closure")),
            Value::DType(dtype) => quoted(match dtype {
                DType::F32 => "float32",
                DType::U8 => "uint8",
                DType::I8 => "int8",
                DType::I32 => "int32",
                DType::U32 => "uint32",
                DType::I64 => "int64",
            }),
            Value::Layer(_) => return Ok(None),
        }))
    }
}

/// The layers in a wrapper.
fn wrapped(name: &str, u: &Use, inner: &[Described]) -> Result<String, String> {
    if let Some(problem) = inner.iter().find_map(|inner| inner.problem.clone()) {
        return Err(problem);
    }
    let objects: Vec<String> = inner
        .iter()
        .map(|Described { module, class, config, .. }| object(module, class, config, ""))
        .collect();
    match (u.entry.class, &objects[..]) {
        ("Bidirectional", [forward, backward]) => {
            let own = u.args.layer("backward_layer").map(|_| with("backward_layer", backward));
            Ok(with("layer", forward) + &own.unwrap_or_default())
        }
        ("RNN", [cell]) => Ok(with("cell", cell)),
        ("StackedRNNCells", cells) => Ok(with("cells", &list(cells.iter().cloned()))),
        (_, [layer]) => Ok(with("layer", layer)),
        // As in Keras, a chain is a model of its own.
        ("TimeDistributed", layers) => {
            let chain = with("name", "\"chain\"") + &with("layers", &list(layers.iter().cloned()));
            Ok(with("layer", &object("keras", "Sequential", &chain, "")))
        }
        _ => Err(format!("`{name}` has a chain of layers in it")),
    }
}

fn number(x: f64) -> String {
    // As it was written: numbers of 32 bits are shortest in their own digits.
    format!("{x:?}")
}

fn single(x: f32) -> String {
    format!("{x:?}")
}

fn initializer(start: &Start) -> String {
    let (class, config) = match start.init {
        Init::Constant { value } => ("Constant", with("value", &single(value))),
        Init::Identity { gain } => ("Identity", with("gain", &single(gain))),
        Init::Orthogonal { gain } => ("Orthogonal", with("gain", &single(gain))),
        Init::RandomNormal { mean, stddev } => {
            ("RandomNormal", with("mean", &single(mean)) + &with("stddev", &single(stddev)))
        }
        Init::TruncatedNormal { mean, stddev } => {
            ("TruncatedNormal", with("mean", &single(mean)) + &with("stddev", &single(stddev)))
        }
        Init::RandomUniform { minval, maxval } => {
            ("RandomUniform", with("minval", &single(minval)) + &with("maxval", &single(maxval)))
        }
        Init::ScaledUniform { scale, fan_in, .. } => ("VarianceScaling", scaling(scale, fan_in, "uniform")),
        Init::ScaledNormal { scale, fan_in, .. } => {
            ("VarianceScaling", scaling(scale, fan_in, "untruncated_normal"))
        }
        Init::ScaledTruncatedNormal { scale, fan_in, .. } => {
            ("VarianceScaling", scaling(scale, fan_in, "truncated_normal"))
        }
        Init::Stft { imaginary, window, periodic, scaling } => {
            let named = |name: &str, value: &str| match value {
                "None" => with(name, "null"),
                value => with(name, &quoted(value)),
            };
            let side = with("side", &quoted(if imaginary { "imag" } else { "real" }));
            let window = named("window", audio::WINDOWS[window]);
            let scaling = named("scaling", audio::SCALINGS[scaling]);
            ("STFT", side + &window + &scaling + &with("periodic", &periodic.to_string()))
        }
        Init::Zeros => ("Zeros", String::new()),
        // The forget gate of its own is said by `unit_forget_bias`.
        Init::Ones | Init::UnitForget { .. } => ("Ones", String::new()),
        Init::GlorotUniform => ("GlorotUniform", String::new()),
        Init::GlorotNormal => ("GlorotNormal", String::new()),
        Init::HeUniform => ("HeUniform", String::new()),
        Init::HeNormal => ("HeNormal", String::new()),
        Init::LecunUniform => ("LecunUniform", String::new()),
        Init::LecunNormal => ("LecunNormal", String::new()),
    };
    let seed = start.seed.map_or(String::new(), |seed| with("seed", &seed.to_string()));
    object("keras.initializers", class, &(config + &seed), "")
}

fn scaling(scale: f32, fan_in: f32, distribution: &str) -> String {
    let mode = match fan_in {
        0.0 => "fan_out",
        1.0 => "fan_in",
        _ => "fan_avg",
    };
    with("scale", &single(scale))
        + &with("mode", &quoted(mode))
        + &with("distribution", &quoted(distribution))
}

fn regularizer(regularizer: &Regularizer) -> String {
    let (class, config) = match regularizer {
        Regularizer::Penalty(Penalty { l1, l2 }) => {
            ("L1L2", with("l1", &single(*l1)) + &with("l2", &single(*l2)))
        }
        Regularizer::Orthogonal { factor, rows } => {
            let mode = if *rows { "rows" } else { "columns" };
            ("OrthogonalRegularizer", with("factor", &single(*factor)) + &with("mode", &quoted(mode)))
        }
    };
    object("keras.regularizers", class, &config, "")
}

fn constraint(constraint: &Constraint) -> String {
    let (class, config) = match constraint {
        Constraint::NonNeg => ("NonNeg", String::new()),
        Constraint::Norm { min, max, rate, axes } => {
            let config = with("min_value", &single(*min)) + &with("max_value", &single(*max));
            ("MinMaxNorm", config + &with("rate", &single(*rate)) + &with("axis", &one_or_list(axes)))
        }
    };
    object("keras.constraints", class, &config, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_of_json() {
        assert_eq!(quoted("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
        assert_eq!(
            object("m", "C", &with("a", "1"), ""),
            "{\"module\":\"m\",\"class_name\":\"C\",\"config\":{\"a\":1},\"registered_name\":null}"
        );
    }
}
